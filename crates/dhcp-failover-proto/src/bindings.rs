//! The bindings an endpoint looks at, and a ready-made table of them.

mod indexes;
mod table;
#[cfg(test)]
mod tests;

pub use table::BindingTable;

use crate::PoolDigest;
use core::fmt;
use core::net::Ipv4Addr;
use core::ops::RangeInclusive;
use dhcp_failover_lease::{Binding, BindingStatus, LeaseInstant, PoolCounts};

/// The bindings of one relationship, as the embedder keeps them: a read-only view in memory.
///
/// [`BindingTable`] implements it; a server with a table of its own implements it there. Every call
/// must be answered from memory: the endpoint never waits.
pub trait Bindings {
    /// The binding of an address, [`Binding::unused`] if nobody ever had it, or `None` if it is in
    /// no pool of this relationship.
    fn get(&self, address: Ipv4Addr) -> Option<Binding>;

    /// The bindings that are not unused, by ascending address, beginning after `after`.
    fn used_after(&self, after: Option<Ipv4Addr>) -> impl Iterator<Item = &Binding>;

    /// How many pools there are; they are numbered from 0.
    fn pool_count(&self) -> usize;

    /// How many addresses of a pool are FREE and BACKUP, as [`PoolCounts::of`] counts them: without
    /// reserved ones (§5.13) and those last given to a BOOTP client (§5.14), which are in nobody's
    /// share. Asked several times a second for every pool: keep the counts.
    fn counts(&self, pool: usize) -> PoolCounts;

    /// The addresses of a pool with `status` FREE or BACKUP, reserved ones too, those unused for
    /// longest first: ascending by [`start_of_state`](Binding::start_of_state) and address,
    /// beginning after `after`.
    fn available_after(
        &self,
        pool: usize,
        status: BindingStatus,
        after: Option<(LeaseInstant, Ipv4Addr)>,
    ) -> impl Iterator<Item = Ipv4Addr>;

    /// All of them.
    fn available(&self, pool: usize, status: BindingStatus) -> impl Iterator<Item = Ipv4Addr> {
        self.available_after(pool, status, None)
    }

    /// Whether the address is offered to a client at the moment, and so must not change hands.
    fn is_pinned(&self, address: Ipv4Addr) -> bool;

    /// The subnet of an address, which Windows calls its scope: it is told of it with every binding,
    /// and asks for the bindings of single ones. Only a table without a partner of that make does
    /// without: each address is a subnet then, and whoever asks hears that its scopes are unknown.
    fn subnet_of(&self, address: Ipv4Addr) -> Option<Subnet> {
        let _ = address;
        None
    }

    /// Whether this server's configuration reserves the address for one client (§5.13). A server
    /// without reservations answers `false`, and a partner that has them is told of that.
    fn is_reserved(&self, address: Ipv4Addr) -> bool;

    /// Addresses whose [`flags`](Binding::flags) say otherwise than
    /// [`is_reserved`](Self::is_reserved): the primary marks them and tells its partner.
    fn misreserved(&self) -> impl Iterator<Item = Ipv4Addr>;

    /// The pool of an address; needed where [`pool_digest`](Self::pool_digest) is.
    fn pool_of(&self, address: Ipv4Addr) -> Option<usize> {
        let _ = address;
        None
    }

    /// What must be alike at both servers in a pool (S15): asked when the servers connect and every
    /// few seconds for every pool, so keep it. Without it pools are not compared, and servers with
    /// unlike ones give addresses twice; both servers must then be configured alike by other means.
    fn pool_digest(&self, pool: usize) -> Option<PoolDigest> {
        let _ = pool;
        None
    }
}

/// A subnet: a scope, as Windows calls it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Subnet {
    /// Its first address.
    pub id: Ipv4Addr,
    /// Its mask.
    pub mask: Ipv4Addr,
}

impl Subnet {
    /// The subnet that an address is in, with a prefix of so many bits; more than 32 count as 32.
    ///
    /// ```
    /// use dhcp_failover_proto::Subnet;
    /// let subnet = Subnet::new([192, 0, 2, 77].into(), 26);
    /// assert_eq!(subnet.id.to_string(), "192.0.2.64");
    /// assert_eq!(subnet.mask.to_string(), "255.255.255.192");
    /// assert_eq!(subnet.addresses().end().to_string(), "192.0.2.127");
    /// ```
    #[must_use]
    pub const fn new(address: Ipv4Addr, prefix_len: u8) -> Self {
        let host_bits = 32u32.saturating_sub(prefix_len as u32);
        let mask = match u32::MAX.checked_shl(host_bits) {
            Some(mask) => mask,
            None => 0,
        };
        Self { id: Ipv4Addr::from_bits(address.to_bits() & mask), mask: Ipv4Addr::from_bits(mask) }
    }

    /// All its addresses.
    #[must_use]
    pub const fn addresses(self) -> RangeInclusive<Ipv4Addr> {
        self.id..=Ipv4Addr::from_bits(self.id.to_bits() | !self.mask.to_bits())
    }
}

/// Why a pool was not added.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TableError {
    /// The address is already in a pool.
    Overlap(Ipv4Addr),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap(address) => write!(f, "{address} is already in a pool"),
        }
    }
}

impl core::error::Error for TableError {}
