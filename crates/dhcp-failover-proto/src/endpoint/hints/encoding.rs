//! How hints are written: a version, then items of type, length and value. An item of an unknown
//! type or a length it cannot have is skipped, so that either server may be newer than the other.

use alloc::vec::Vec;

/// The first byte; with another the rest is not looked at.
const VERSION: u8 = 2;

const FLAGS: u8 = 1;
const HEARD_SERVING: u8 = 2;
const ALONE_SINCE: u8 = 3;
const ALL_POOLS: u8 = 6;
const EACH_POOL: u8 = 7;
const LONGEST_MESSAGE: u8 = 8;
const CONNECTION: u8 = 9;
const HEARD_CONNECTION: u8 = 10;
const WAITS: u8 = 11;

const RAN_FAILOVER: u8 = 1;
const STARTS_ALONE: u8 = 2;

/// Pools that are told one by one; of more only the digest of them all is.
pub(crate) const POOLS_TOLD: usize = 200;

/// What a partner that is one of ours says beside the draft. Times are on the clock of the server
/// that wrote them, unless it is said otherwise; 0 is none.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Hints {
    /// It remembers that this relationship has run before.
    pub(crate) ran_failover: bool,
    /// It takes its partner for down if it does not find it at the start.
    pub(crate) starts_alone: bool,
    /// When it last heard the receiver in a state in which clients are served, in the receiver's
    /// own time.
    pub(crate) heard_serving: u32,
    /// Since when it is in PARTNER-DOWN by an operator's order, if the receiver has not returned
    /// since.
    pub(crate) alone_since: u32,
    /// The number this connection has for it, if it comes to be.
    pub(crate) connection: u32,
    /// The number of the last one that came to be, as the receiver told it.
    pub(crate) heard_connection: u32,
    /// The MCLT it waits by, in seconds, if leases may still run under a longer one than it tells in
    /// CONNECT.
    pub(crate) waits_s: u32,
    /// The longest message it reads, in bytes.
    pub(crate) longest_message: u16,
    /// Its pools.
    pub(crate) pools: Option<PoolDigests>,
}

/// What is told of pools to find out whether both servers have the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct PoolDigests {
    /// Of all together.
    pub(crate) all: u64,
    /// Of each, in no particular order; nothing if there are more than [`POOLS_TOLD`].
    pub(crate) each: Vec<u32>,
}

impl Hints {
    /// With its times renamed, for comparing endpoints, and without the numbers of connections.
    pub(crate) fn with_times(&self, renamed: &dyn Fn(u32) -> u32) -> Self {
        Self {
            heard_serving: renamed(self.heard_serving),
            alone_since: renamed(self.alone_since),
            connection: 0,
            heard_connection: 0,
            ..self.clone()
        }
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let [VERSION, rest @ ..] = bytes else { return None };
        let mut hints = Self::default();
        let mut each = Vec::new();
        for (kind, value) in items(rest) {
            match (kind, value) {
                (FLAGS, [flags, ..]) => {
                    hints.ran_failover = flags & RAN_FAILOVER != 0;
                    hints.starts_alone = flags & STARTS_ALONE != 0;
                }
                (HEARD_SERVING, value) => take(&mut hints.heard_serving, value),
                (ALONE_SINCE, value) => take(&mut hints.alone_since, value),
                (CONNECTION, value) => take(&mut hints.connection, value),
                (HEARD_CONNECTION, value) => take(&mut hints.heard_connection, value),
                (WAITS, value) => take(&mut hints.waits_s, value),
                (LONGEST_MESSAGE, value) => {
                    let bytes = value.try_into().map(u16::from_be_bytes);
                    hints.longest_message = bytes.unwrap_or(0);
                }
                (ALL_POOLS, value) => {
                    let all = value.try_into().map(u64::from_be_bytes);
                    hints.pools = all.ok().map(|all| PoolDigests { all, each: Vec::new() });
                }
                (EACH_POOL, value) => {
                    let digests = value.as_chunks().0.iter().take(POOLS_TOLD);
                    each = digests.map(|digest| u32::from_be_bytes(*digest)).collect();
                }
                _ => {}
            }
        }
        if let Some(pools) = &mut hints.pools {
            pools.each = each;
        }
        Some(hints)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = alloc::vec![VERSION];
        let flag = |set, flag| if set { flag } else { 0 };
        let flags = flag(self.ran_failover, RAN_FAILOVER) | flag(self.starts_alone, STARTS_ALONE);
        put(&mut bytes, FLAGS, &[flags]);
        for (kind, number) in [
            (HEARD_SERVING, self.heard_serving),
            (ALONE_SINCE, self.alone_since),
            (CONNECTION, self.connection),
            (HEARD_CONNECTION, self.heard_connection),
            (WAITS, self.waits_s),
        ] {
            if number != 0 {
                put(&mut bytes, kind, &number.to_be_bytes());
            }
        }
        if self.longest_message != 0 {
            put(&mut bytes, LONGEST_MESSAGE, &self.longest_message.to_be_bytes());
        }
        if let Some(pools) = &self.pools {
            put(&mut bytes, ALL_POOLS, &pools.all.to_be_bytes());
            if !pools.each.is_empty() && pools.each.len() <= POOLS_TOLD {
                let digests = pools.each.iter().flat_map(|digest| digest.to_be_bytes());
                put(&mut bytes, EACH_POOL, &digests.collect::<Vec<_>>());
            }
        }
        bytes
    }
}

/// Type and value of each whole item.
fn items(mut rest: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    core::iter::from_fn(move || {
        let [kind, high, low, after @ ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (value, after) = after.split_at_checked(length)?;
        rest = after;
        Some((*kind, value))
    })
}

fn take(field: &mut u32, value: &[u8]) {
    if let Ok(bytes) = value.try_into() {
        *field = u32::from_be_bytes(bytes);
    }
}

/// Nothing is written that is longer than its length can say.
fn put(bytes: &mut Vec<u8>, kind: u8, value: &[u8]) {
    if let Ok(length) = u16::try_from(value.len()) {
        bytes.push(kind);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(pools: usize) -> Hints {
        Hints {
            ran_failover: true,
            starts_alone: true,
            heard_serving: 0x0102_0304,
            alone_since: 5,
            connection: u32::MAX,
            heard_connection: 7,
            waits_s: 86_400,
            longest_message: 8_192,
            pools: Some(PoolDigests {
                all: 8,
                each: (0..pools).filter_map(|n| u32::try_from(n).ok()).collect(),
            }),
        }
    }

    #[test]
    fn hints_survive_the_wire() {
        for hints in [Hints::default(), full(0), full(1), full(POOLS_TOLD)] {
            assert_eq!(Hints::parse(&hints.to_bytes()), Some(hints));
        }
        for flags in 0..4 {
            let hints = Hints {
                ran_failover: flags & 1 != 0,
                starts_alone: flags & 2 != 0,
                ..Hints::default()
            };
            assert_eq!(Hints::parse(&hints.to_bytes()), Some(hints));
        }
    }

    /// A message holds 2048 bytes, and CONNECT a name and buckets beside these.
    #[test]
    fn hints_of_many_pools_stay_short() {
        assert!(full(POOLS_TOLD).to_bytes().len() < 900);
        let more = Hints::parse(&full(POOLS_TOLD + 1).to_bytes());
        assert_eq!(more, Some(full(0)));
    }

    #[test]
    fn what_a_newer_partner_adds_is_skipped() {
        let hints = full(3);
        let mut bytes = hints.to_bytes();
        bytes.extend_from_slice(&[200, 0, 2, 9, 9]);
        bytes.extend_from_slice(&[ALONE_SINCE, 0, 3, 1, 1, 1]); // of an impossible length
        assert_eq!(Hints::parse(&bytes), Some(hints.clone()));
        bytes.extend_from_slice(&[HEARD_SERVING, 0, 5, 1]); // cut off
        assert_eq!(Hints::parse(&bytes), Some(hints));
    }

    #[test]
    fn what_is_not_ours_is_no_hint() {
        for bytes in [&[][..], &[1, 1, 0, 0, 0, 0], &[0], &[255, 1, 0, 1, 1]] {
            assert_eq!(Hints::parse(bytes), None);
        }
        assert_eq!(Hints::parse(&[VERSION]), Some(Hints::default()));
    }

    /// S16: whatever comes, it is read without a panic into something bounded, and what was read is
    /// written in a form that reads the same.
    #[test]
    fn s16_any_bytes_are_read() {
        let mut state = 0x9e37_79b9_u32;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let mut understood = 0;
        for _ in 0..20_000 {
            let mut bytes = alloc::vec![VERSION];
            for _ in 0..next() % 6 {
                let length = [0, 1, 4, 8, next() % 20][(next() % 5) as usize];
                let told = if next() % 16 == 0 { next() % 300 } else { length };
                bytes.extend([(next() % 13) as u8, (told >> 8) as u8, told as u8]);
                bytes.extend((0..length).map(|_| (next() % 256) as u8));
            }
            let Some(hints) = Hints::parse(&bytes) else { continue };
            understood += usize::from(hints != Hints::default());
            assert!(hints.pools.iter().all(|pools| pools.each.len() <= POOLS_TOLD));
            assert_eq!(Hints::parse(&hints.to_bytes()), Some(hints), "{bytes:?}");
        }
        assert!(understood > 1_000, "{understood}");
        let long = [&[VERSION, EACH_POOL, 0xff, 0xff][..], &[7; 0xffff]].concat();
        assert_eq!(Hints::parse(&long), Some(Hints::default()));
    }
}
