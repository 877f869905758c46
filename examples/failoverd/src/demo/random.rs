//! A small seeded generator, so that a run can be repeated from its printed seed.

/// SplitMix64: the same seed gives the same numbers for ever.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed from the operating system's per-process entropy, to be printed by the caller.
    pub fn fresh_seed() -> u64 {
        use std::hash::{BuildHasher, Hasher};
        std::hash::RandomState::new().build_hasher().finish() & 0xffff_ffff
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next_u64() % limit }
    }

    /// `value` changed by at most a tenth, either way.
    pub fn jitter(&mut self, value: u64) -> u64 {
        let tenth = value / 10;
        value - tenth + self.below(2 * tenth + 1)
    }

    /// `length` random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next_u64().to_le_bytes()).flatten().take(length).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let mut first = Random::new(7);
        let mut second = Random::new(7);
        assert_eq!([first.next_u64(), first.next_u64()], [second.next_u64(), second.next_u64()]);
        assert_ne!(Random::new(8).next_u64(), Random::new(7).next_u64());
    }

    #[test]
    fn jitter_stays_within_a_tenth() {
        let mut random = Random::new(1);
        for _ in 0..1000 {
            assert!((900..=1100).contains(&random.jitter(1000)));
        }
        assert_eq!(random.jitter(5), 5);
        assert_eq!(random.below(0), 0);
    }
}
