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

    /// The addresses of a scope (subnet), by its address. Only Windows asks for the bindings of
    /// single scopes; without scopes it hears that they are unknown.
    fn scope(&self, id: Ipv4Addr) -> Option<RangeInclusive<Ipv4Addr>> {
        let _ = id;
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
