//! Address ranges: cutting holes into them, and counting through them.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// Addresses that can be counted through in constant memory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Ranges {
    /// The number of addresses before each range, and the range.
    ranges: Vec<(u64, RangeInclusive<Ipv4Addr>)>,
    length: u64,
}

impl Ranges {
    /// `ranges`, in their order, without the addresses of `holes`.
    pub(super) fn new(
        ranges: &[RangeInclusive<Ipv4Addr>],
        holes: impl Iterator<Item = RangeInclusive<Ipv4Addr>>,
    ) -> Self {
        let mut holes: Vec<_> = holes.collect();
        holes.sort_by_key(|hole| *hole.start());
        let mut counted = Self::default();
        for range in ranges {
            for rest in without(range, &holes) {
                let before = counted.length;
                counted.length +=
                    u64::from(rest.end().to_bits()) - u64::from(rest.start().to_bits()) + 1;
                counted.ranges.push((before, rest));
            }
        }
        counted
    }

    pub(super) fn as_vec(&self) -> Vec<RangeInclusive<Ipv4Addr>> {
        self.ranges.iter().map(|(_, range)| range.clone()).collect()
    }

    pub(super) fn contains(&self, address: Ipv4Addr) -> bool {
        self.ranges.iter().any(|(_, range)| range.contains(&address))
    }

    /// `count` addresses, the first at place `start`, in steps that spread them over all there are;
    /// each at most once. What is offered, and what is the partner's, lies side by side: a walk from
    /// neighbour to neighbour would see nothing else.
    pub(super) fn walk(&self, start: u64, count: u64) -> impl Iterator<Item = Ipv4Addr> {
        let length = self.length.max(1);
        let stride = stride(length);
        let steps = 0..count.min(self.length);
        steps.filter_map(move |step| self.at((start % length + step * stride) % length))
    }

    fn at(&self, place: u64) -> Option<Ipv4Addr> {
        let after = self.ranges.partition_point(|(before, _)| *before <= place);
        let (before, range) = self.ranges.get(after.checked_sub(1)?)?;
        let offset = u32::try_from(place - before).ok()?;
        range.start().to_bits().checked_add(offset).map(Ipv4Addr::from_bits)
    }
}

/// Near the golden section of `length`, where multiples spread most evenly, and without a common
/// factor with it, so that they come to every place.
fn stride(length: u64) -> u64 {
    let gcd = |mut a: u64, mut b: u64| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let near = length * 618 / 1_000;
    (1..=near).rev().find(|stride| gcd(length, *stride) == 1).unwrap_or(1)
}

/// `range` without `holes`, which are sorted.
fn without(
    range: &RangeInclusive<Ipv4Addr>,
    holes: &[RangeInclusive<Ipv4Addr>],
) -> Vec<RangeInclusive<Ipv4Addr>> {
    let last = u64::from(range.end().to_bits());
    // 64 bits, so that the end of the address space is no special case.
    let mut next = u64::from(range.start().to_bits());
    let mut rest = Vec::new();
    let mut push = |first: u64, last: u64| {
        if let (Ok(first), Ok(last)) = (u32::try_from(first), u32::try_from(last)) {
            rest.push(Ipv4Addr::from_bits(first)..=Ipv4Addr::from_bits(last));
        }
    };
    for hole in holes {
        let (start, end) = (u64::from(hole.start().to_bits()), u64::from(hole.end().to_bits()));
        if end < next || start > last {
            continue;
        }
        if start > next {
            push(next, start - 1);
        }
        next = end + 1;
    }
    if next <= last {
        push(next, last);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn range(text: &str) -> RangeInclusive<Ipv4Addr> {
        let (first, last) = text.split_once('-').unwrap();
        first.parse().unwrap()..=last.parse().unwrap()
    }

    fn cut(ranges: &[&str], holes: &[&str]) -> Vec<RangeInclusive<Ipv4Addr>> {
        let ranges: Vec<_> = ranges.iter().map(|text| range(text)).collect();
        Ranges::new(&ranges, holes.iter().map(|text| range(text))).as_vec()
    }

    #[test]
    fn holes_are_cut_out_wherever_they_are() {
        let all = ["0.0.0.0-255.255.255.255"];
        assert_eq!(
            cut(&all, &["1.0.0.0-1.0.0.255"]),
            [range("0.0.0.0-0.255.255.255"), range("1.0.1.0-255.255.255.255")]
        );
        assert_eq!(cut(&all, &all), []);
        assert_eq!(cut(&all, &["0.0.0.0-0.0.0.0"]), [range("0.0.0.1-255.255.255.255")]);
        assert_eq!(
            cut(&["10.0.0.0-10.0.0.9"], &["10.0.0.4-10.0.0.6", "10.0.0.0-10.0.0.1"]),
            [range("10.0.0.2-10.0.0.3"), range("10.0.0.7-10.0.0.9")]
        );
        let overlapping = ["10.0.0.2-10.0.0.8", "10.0.0.3-10.0.0.4", "10.0.1.0-10.0.1.9"];
        assert_eq!(
            cut(&["10.0.0.0-10.0.0.9"], &overlapping),
            [range("10.0.0.0-10.0.0.1"), range("10.0.0.9-10.0.0.9")]
        );
    }

    #[test]
    fn a_walk_goes_round_and_meets_each_address_once() {
        let ranges = [range("10.0.0.0-10.0.0.1"), range("10.0.0.5-10.0.0.6")];
        let ranges = Ranges::new(&ranges, std::iter::empty());
        let walk = |start, count| -> Vec<u8> {
            ranges.walk(start, count).map(|address| address.octets()[3]).collect()
        };
        let all = |mut walk: Vec<u8>| {
            walk.sort_unstable();
            walk
        };
        assert_eq!(all(walk(0, 9)), [0, 1, 5, 6]);
        assert_eq!(walk(3, 3)[0], 6);
        assert_eq!(walk(u64::MAX, 1).len(), 1);
        assert_eq!(Ranges::default().walk(3, 3).count(), 0);
        for length in 1..=200u8 {
            let last = Ipv4Addr::new(10, 0, 0, length - 1);
            let ranges = Ranges::new(&[Ipv4Addr::new(10, 0, 0, 0)..=last], std::iter::empty());
            let met: BTreeSet<_> = ranges.walk(7, 255).collect();
            assert_eq!(met.len(), usize::from(length));
        }
    }

    /// However it begins, a walk over a quarter of the addresses meets a free eighth of them.
    #[test]
    fn a_walk_sees_every_part() {
        let all = [range("10.0.0.0-10.0.3.255")];
        let ranges = Ranges::new(&all, std::iter::empty());
        for start in 0..1_024 {
            for eighth in 0..8 {
                let is_free = |address: &Ipv4Addr| (address.to_bits() & 0x3ff) / 128 == eighth;
                assert!(ranges.walk(start, 256).filter(is_free).count() >= 30, "{start} {eighth}");
            }
        }
    }
}
