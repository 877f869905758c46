//! A number for what both servers must have alike in a pool (S15, H3).

use core::net::Ipv4Addr;
use core::ops::RangeInclusive;

/// What both servers of a pair must have alike in one pool, as a number: its addresses, its
/// reservations, and whatever else the embedder names.
///
/// Servers of this implementation compare these when they connect. A pool that is not the same at
/// both gives out no new lease and moves no address until it is ([`Quarantine`](crate::Quarantine)).
/// The order in which things are added does not matter, and how addresses are cut into ranges does
/// not either as long as [`BindingTable::add_pool`](crate::BindingTable::add_pool) does it. It finds
/// mistakes, not attacks.
///
/// ```
/// use dhcp_failover_proto::PoolDigest;
/// let printer = |mac: &[u8]| PoolDigest::new()
///     .with_range([192, 0, 2, 10].into()..=[192, 0, 2, 99].into())
///     .with_reservation([192, 0, 2, 10].into(), mac);
/// assert_eq!(printer(b"02:00:00:00:00:01"), printer(b"02:00:00:00:00:01"));
/// assert_ne!(printer(b"02:00:00:00:00:01"), printer(b"02:00:00:00:00:02"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PoolDigest(u64);

impl PoolDigest {
    /// Of a pool without addresses.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// With these addresses, too.
    #[must_use]
    pub fn with_range(self, range: RangeInclusive<Ipv4Addr>) -> Self {
        self.plus(of(&[b"range", &range.start().octets(), &range.end().octets()]))
    }

    /// With an address that is reserved for a client (§5.13). `client` is what both servers'
    /// configurations call the client by, written in one way.
    #[must_use]
    pub fn with_reservation(self, address: Ipv4Addr, client: &[u8]) -> Self {
        self.plus(of(&[b"reservation", &address.octets(), client]))
    }

    /// With another setting of the pool on which both servers must agree, such as whether BOOTP
    /// clients get addresses of it (§5.14).
    #[must_use]
    pub fn with_setting(self, name: &str, value: u64) -> Self {
        self.plus(of(&[b"setting", name.as_bytes(), &value.to_be_bytes()]))
    }

    /// With what is in both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// Without what was added before.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// A short form for telling: one mismatch in four thousand million looks equal.
    pub(crate) const fn folded(self) -> u32 {
        let mixed = mix(self.0);
        ((mixed >> 32) ^ (mixed & 0xffff_ffff)) as u32
    }
}

/// FNV-1a over the parts and their lengths, then mixed, so that sums of them differ too.
fn of(parts: &[&[u8]]) -> PoolDigest {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    for part in parts {
        part.iter().for_each(|byte| add(*byte));
        part.len().to_be_bytes().into_iter().for_each(&mut add);
    }
    PoolDigest(mix(hash))
}

/// Spreads every bit over all (the finalizer of SplitMix64).
const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 0, 2, last)
    }

    #[test]
    fn the_order_does_not_matter_and_everything_else_does() {
        let base = PoolDigest::new().with_range(ip(10)..=ip(20));
        let both = base.with_reservation(ip(10), b"a").with_setting("bootp", 1);
        assert_eq!(both, base.with_setting("bootp", 1).with_reservation(ip(10), b"a"));
        let one = PoolDigest::new().with_reservation(ip(10), b"a");
        assert_eq!(both.minus(one), base.with_setting("bootp", 1));
        let others = [
            base,
            PoolDigest::new(),
            base.with_range(ip(30)..=ip(30)),
            base.with_reservation(ip(11), b"a").with_setting("bootp", 1),
            base.with_reservation(ip(10), b"b").with_setting("bootp", 1),
            base.with_reservation(ip(10), b"a").with_setting("bootp", 0),
            base.with_reservation(ip(10), b"abootp").with_setting("", 1),
        ];
        for other in others {
            assert_ne!(both, other);
            assert_ne!(both.folded(), other.folded());
        }
    }

    /// A reservation twice is not the same as none.
    #[test]
    fn nothing_cancels_out() {
        let twice = PoolDigest::new().with_reservation(ip(1), b"a").with_reservation(ip(1), b"a");
        assert_ne!(twice, PoolDigest::new());
    }
}
