//! A ready-made table of bindings.

use super::indexes::{Indexes, Pool};
use super::{Bindings, Subnet, TableError};
use crate::PoolDigest;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::ops::RangeInclusive;
use dhcp_failover_lease::{Binding, BindingStatus, Client, LeaseInstant, PoolCounts};

/// Bindings in memory, with the indexes a DHCP server and its failover endpoint need.
///
/// About 200 bytes for a lease and 30 for an address nobody ever had. Not durable by itself: load
/// it at the start from what was stored, and [`apply`](Self::apply) every record the endpoint asks
/// to persist.
///
/// ```
/// use dhcp_failover_proto::{BindingTable, Bindings};
/// use dhcp_failover_proto::lease::BindingStatus;
/// let mut table = BindingTable::new();
/// let pool = table.add_pool(["192.0.2.10".parse()?..="192.0.2.19".parse()?])?;
/// assert_eq!(table.counts(pool).free, 10);
/// assert_eq!(
///     table.available(pool, BindingStatus::Free).next(),
///     Some("192.0.2.10".parse()?)
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BindingTable {
    /// First address of a range, to its last address and pool.
    ranges: BTreeMap<Ipv4Addr, (Ipv4Addr, usize)>,
    used: BTreeMap<Ipv4Addr, Binding>,
    indexes: Indexes,
    pinned: BTreeSet<Ipv4Addr>,
    subnets: BTreeMap<Ipv4Addr, Subnet>,
}

impl BindingTable {
    /// A table without pools.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pool of address ranges and returns its number.
    ///
    /// # Errors
    /// [`TableError::Overlap`] if an address is in a pool already; nothing is added then.
    pub fn add_pool(
        &mut self,
        ranges: impl IntoIterator<Item = RangeInclusive<Ipv4Addr>>,
    ) -> Result<usize, TableError> {
        let ranges: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        let mut extended = self.ranges.clone();
        let number = self.indexes.pools.len();
        for range in &ranges {
            let before = extended.range(..=*range.end()).next_back();
            if let Some((_, (last, _))) = before.filter(|(_, (last, _))| last >= range.start()) {
                return Err(TableError::Overlap((*range.start()).max(*last.min(range.end()))));
            }
            extended.insert(*range.start(), (*range.end(), number));
        }
        self.ranges = extended;
        let mut pool = Pool { addresses: digest_of(&ranges), ..Pool::default() };
        for range in ranges {
            for bits in range.start().to_bits()..=range.end().to_bits() {
                let address = Ipv4Addr::from_bits(bits);
                pool.free.insert((LeaseInstant::ZERO, address));
                if self.indexes.reserved.contains(&address) {
                    self.indexes.misreserved.insert(address);
                } else {
                    pool.balanced.free = pool.balanced.free.saturating_add(1);
                }
            }
        }
        self.indexes.pools.push(pool);
        Ok(number)
    }

    /// Takes a pool out; those after it are numbered one less. Gives back the bindings that were not
    /// unused, for the day its addresses come again: keep them on disk
    /// ([`Input::Configure`](crate::Input::Configure)). Nothing if there is no such pool.
    pub fn remove_pool(&mut self, pool: usize) -> Vec<Binding> {
        let ranges: Vec<_> = self
            .ranges
            .iter()
            .filter(|(_, (_, number))| *number == pool)
            .map(|(first, (last, _))| *first..=*last)
            .collect();
        let gone = |address: &Ipv4Addr| ranges.iter().any(|range| range.contains(address));
        let addresses: Vec<_> = self.used.keys().copied().filter(gone).collect();
        let mut removed = Vec::new();
        for binding in addresses.iter().filter_map(|address| self.used.remove(address)) {
            self.indexes.change(pool, &binding, &Binding::unused(binding.address));
            removed.push(binding);
        }
        self.pinned.retain(|address| !gone(address));
        self.indexes.misreserved.retain(|address| !gone(address));
        self.ranges.retain(|_, (_, number)| *number != pool);
        for (_, number) in self.ranges.values_mut().filter(|(_, number)| *number > pool) {
            *number = number.saturating_sub(1);
        }
        if pool < self.indexes.pools.len() {
            self.indexes.pools.remove(pool);
        }
        removed
    }

    /// Says what else of a pool both servers must have alike, beside its addresses: for which clients
    /// they are reserved, for example.
    pub fn set_pool_settings(&mut self, pool: usize, settings: PoolDigest) {
        if let Some(pool) = self.indexes.pools.get_mut(pool) {
            pool.settings = settings;
        }
    }

    /// Says which subnet addresses are in, which a partner of Windows needs to know
    /// ([`Bindings::subnet_of`]). Subnets do not overlap.
    pub fn add_subnet(&mut self, subnet: Subnet) {
        self.subnets.insert(subnet.id, subnet);
    }

    /// The pool of an address.
    #[must_use]
    pub fn pool_of(&self, address: Ipv4Addr) -> Option<usize> {
        let (_, (last, pool)) = self.ranges.range(..=address).next_back()?;
        (address <= *last).then_some(*pool)
    }

    /// The addresses on record for a client, whatever their status.
    pub fn addresses_of(&self, client: &Client) -> impl Iterator<Item = Ipv4Addr> {
        self.indexes.addresses_of(client)
    }

    /// EXPIRED, RELEASED and RESET addresses of a pool, the oldest first.
    pub fn transitional(&self, pool: usize) -> impl Iterator<Item = Ipv4Addr> {
        let addresses = self.indexes.pools.get(pool).map(|pool| &pool.transitional);
        addresses.into_iter().flatten().map(|(_, address)| *address)
    }

    /// How many addresses of a pool are FREE, or BACKUP; unlike
    /// [`counts`](Bindings::counts) with those that are in nobody's share.
    #[must_use]
    pub fn available_count(&self, pool: usize, status: BindingStatus) -> usize {
        let Some(pool) = self.indexes.pools.get(pool) else { return 0 };
        match status {
            BindingStatus::Free => pool.free.len(),
            BindingStatus::Backup => pool.backup.len(),
            _ => 0,
        }
    }

    /// ACTIVE leases and ABANDONED addresses whose time ended at or before `now`, the earliest
    /// first. Ask [`ServiceView::ends_at`](crate::ServiceView::ends_at) before reporting one.
    pub fn ended(&self, now: LeaseInstant) -> impl Iterator<Item = &Binding> {
        self.indexes
            .by_expiry
            .iter()
            .take_while(move |(ends, _)| *ends <= now)
            .filter_map(|(_, address)| self.used.get(address))
    }

    /// All bindings that are not unused, by address.
    pub fn iter(&self) -> impl Iterator<Item = &Binding> {
        self.used.values()
    }

    /// What is on record of an address, unless it is unused; nothing is copied.
    #[must_use]
    pub fn used(&self, address: Ipv4Addr) -> Option<&Binding> {
        self.used.get(&address)
    }

    /// Keeps an address from changing hands while it is offered; undone by [`unpin`](Self::unpin).
    pub fn pin(&mut self, address: Ipv4Addr) {
        self.pinned.insert(address);
    }

    /// Ends a [`pin`](Self::pin).
    pub fn unpin(&mut self, address: Ipv4Addr) {
        self.pinned.remove(&address);
    }

    /// Says that the configuration reserves an address for one client, or does not any more; the
    /// endpoint notices within seconds.
    pub fn set_reserved(&mut self, address: Ipv4Addr, reserved: bool) {
        let present = self.pool_of(address).zip(self.get(address));
        if let Some((pool, binding)) = &present {
            self.indexes.leaves_pool(*pool, binding);
        }
        if reserved {
            self.indexes.reserved.insert(address);
        } else {
            self.indexes.reserved.remove(&address);
        }
        if let Some((pool, binding)) = &present {
            self.indexes.joins_pool(*pool, binding);
            self.indexes.compare_reservation(binding);
        }
    }

    /// Puts a binding in the place of what is on record for its address. Returns `false`, and
    /// keeps nothing, if the address is in no pool.
    pub fn apply(&mut self, binding: Binding) -> bool {
        let address = binding.address;
        let Some(pool) = self.pool_of(address) else { return false };
        match self.used.get_mut(&address) {
            Some(known) if !binding.is_unused() => {
                self.indexes.change(pool, known, &binding);
                *known = binding;
            }
            _ => {
                let old = self.used.remove(&address);
                let old = old.unwrap_or_else(|| Binding::unused(address));
                self.indexes.change(pool, &old, &binding);
                if !binding.is_unused() {
                    self.used.insert(address, binding);
                }
            }
        }
        true
    }
}

impl Bindings for BindingTable {
    fn get(&self, address: Ipv4Addr) -> Option<Binding> {
        match self.used.get(&address) {
            Some(binding) => Some(binding.clone()),
            None => self.pool_of(address).map(|_| Binding::unused(address)),
        }
    }

    fn used_after(&self, after: Option<Ipv4Addr>) -> impl Iterator<Item = &Binding> {
        use core::ops::Bound::{Excluded, Unbounded};
        let start = after.map_or(Unbounded, Excluded);
        self.used.range((start, Unbounded)).map(|(_, binding)| binding)
    }

    fn pool_count(&self) -> usize {
        self.indexes.pools.len()
    }

    fn counts(&self, pool: usize) -> PoolCounts {
        self.indexes.pools.get(pool).map_or(PoolCounts::default(), |pool| pool.balanced)
    }

    fn available_after(
        &self,
        pool: usize,
        status: BindingStatus,
        after: Option<(LeaseInstant, Ipv4Addr)>,
    ) -> impl Iterator<Item = Ipv4Addr> {
        use core::ops::Bound::{Excluded, Unbounded};
        let pool = self.indexes.pools.get(pool);
        let addresses = match status {
            BindingStatus::Free => pool.map(|pool| &pool.free),
            BindingStatus::Backup => pool.map(|pool| &pool.backup),
            _ => None,
        };
        let start = after.map_or(Unbounded, Excluded);
        let addresses = addresses.into_iter().flat_map(move |set| set.range((start, Unbounded)));
        addresses.map(|(_, address)| *address)
    }

    fn is_pinned(&self, address: Ipv4Addr) -> bool {
        self.pinned.contains(&address)
    }

    fn subnet_of(&self, address: Ipv4Addr) -> Option<Subnet> {
        let (_, subnet) = self.subnets.range(..=address).next_back()?;
        subnet.addresses().contains(&address).then_some(*subnet)
    }

    fn is_reserved(&self, address: Ipv4Addr) -> bool {
        self.indexes.reserved.contains(&address)
    }

    fn misreserved(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.indexes.misreserved.iter().copied()
    }

    fn pool_of(&self, address: Ipv4Addr) -> Option<usize> {
        Self::pool_of(self, address)
    }

    fn pool_digest(&self, pool: usize) -> Option<PoolDigest> {
        self.indexes.pools.get(pool).map(|pool| pool.addresses.plus(pool.settings))
    }
}

/// Of the addresses, however they are cut into ranges.
fn digest_of(ranges: &[RangeInclusive<Ipv4Addr>]) -> PoolDigest {
    let mut bounds: Vec<_> = ranges.iter().map(|it| (*it.start(), *it.end())).collect();
    bounds.sort_unstable();
    let mut digest = PoolDigest::new();
    let mut rest = bounds.into_iter().peekable();
    while let Some((first, mut last)) = rest.next() {
        let follows =
            |next: Ipv4Addr, last: Ipv4Addr| last.to_bits().checked_add(1) == Some(next.to_bits());
        while let Some((_, end)) = rest.next_if(|(next, _)| follows(*next, last)) {
            last = end;
        }
        digest = digest.with_range(first..=last);
    }
    digest
}
