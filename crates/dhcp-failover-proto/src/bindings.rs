//! The bindings an endpoint looks at, and a ready-made table of them.

use crate::PoolDigest;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;
use core::ops::RangeInclusive;
use dhcp_failover_lease::{
    Binding, BindingStatus, Client, HardwareAddress, LeaseInstant, PoolCounts,
};

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

/// Which client holds, or last held, an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum ClientKey {
    Identifier(Vec<u8>),
    Hardware(HardwareAddress),
}

impl ClientKey {
    fn of(client: &Client) -> Self {
        match client.identifier() {
            Some(identifier) => Self::Identifier(identifier.to_vec()),
            None => Self::Hardware(*client.hardware()),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Pool {
    /// Available addresses, those unused for longest first.
    free: BTreeSet<(LeaseInstant, Ipv4Addr)>,
    backup: BTreeSet<(LeaseInstant, Ipv4Addr)>,
    /// EXPIRED, RELEASED and RESET addresses.
    transitional: BTreeSet<(LeaseInstant, Ipv4Addr)>,
    /// How many of `free` and `backup` take part in balancing.
    balanced: PoolCounts,
    /// Of the ranges.
    addresses: PoolDigest,
    /// Of what the embedder adds.
    settings: PoolDigest,
}

/// Where to find a binding by something else than its address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Indexes {
    pools: Vec<Pool>,
    /// Addresses that are in no server's share.
    reserved: BTreeSet<Ipv4Addr>,
    /// Where the R flag of the binding and `reserved` differ.
    misreserved: BTreeSet<Ipv4Addr>,
    by_client: BTreeMap<ClientKey, BTreeSet<Ipv4Addr>>,
    /// ACTIVE and ABANDONED addresses by the end of their time.
    by_expiry: BTreeSet<(LeaseInstant, Ipv4Addr)>,
}

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
    scopes: BTreeMap<Ipv4Addr, RangeInclusive<Ipv4Addr>>,
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

    /// Names a scope (subnet) by its address, for partners that ask for the bindings of single ones.
    pub fn add_scope(&mut self, id: Ipv4Addr, addresses: RangeInclusive<Ipv4Addr>) {
        self.scopes.insert(id, addresses);
    }

    /// The pool of an address.
    #[must_use]
    pub fn pool_of(&self, address: Ipv4Addr) -> Option<usize> {
        let (_, (last, pool)) = self.ranges.range(..=address).next_back()?;
        (address <= *last).then_some(*pool)
    }

    /// The addresses on record for a client, whatever their status.
    pub fn addresses_of(&self, client: &Client) -> impl Iterator<Item = Ipv4Addr> {
        self.indexes.by_client.get(&ClientKey::of(client)).into_iter().flatten().copied()
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

impl Indexes {
    /// A binding of this pool changes; most changes are none to an index.
    fn change(&mut self, pool: usize, old: &Binding, new: &Binding) {
        let place = |it: &Binding| (it.status, it.start_of_state, it.is_balanced());
        if place(old) != place(new) {
            self.leaves_pool(pool, old);
            self.joins_pool(pool, new);
        }
        if old.flags.reserved != new.flags.reserved {
            self.compare_reservation(new);
        }
        if ends(old) != ends(new) {
            if let Some(at) = ends(old) {
                self.by_expiry.remove(&(at, old.address));
            }
            if let Some(at) = ends(new) {
                self.by_expiry.insert((at, new.address));
            }
        }
        match (&old.client, &new.client) {
            (Some(old), Some(new)) if old.is_same(new) => {}
            (before, now) => {
                before.iter().for_each(|client| self.forget_client(client, old.address));
                if let Some(client) = now {
                    self.by_client.entry(ClientKey::of(client)).or_default().insert(new.address);
                }
            }
        }
    }

    fn compare_reservation(&mut self, binding: &Binding) {
        if binding.flags.reserved == self.reserved.contains(&binding.address) {
            self.misreserved.remove(&binding.address);
        } else {
            self.misreserved.insert(binding.address);
        }
    }

    fn leaves_pool(&mut self, pool: usize, old: &Binding) {
        let is_reserved = self.reserved.contains(&old.address);
        let Some(pool) = self.pools.get_mut(pool) else { return };
        let entry = (old.start_of_state, old.address);
        let was_there = pool.set(old.status).is_some_and(|set| set.remove(&entry));
        if let Some(count) = pool.count(old, is_reserved).filter(|_| was_there) {
            *count = count.saturating_sub(1);
        }
    }

    fn joins_pool(&mut self, pool: usize, new: &Binding) {
        let is_reserved = self.reserved.contains(&new.address);
        let Some(pool) = self.pools.get_mut(pool) else { return };
        if let Some(set) = pool.set(new.status) {
            set.insert((new.start_of_state, new.address));
        }
        if let Some(count) = pool.count(new, is_reserved) {
            *count = count.saturating_add(1);
        }
    }

    fn forget_client(&mut self, client: &Client, address: Ipv4Addr) {
        let key = ClientKey::of(client);
        if let Some(addresses) = self.by_client.get_mut(&key) {
            addresses.remove(&address);
            if addresses.is_empty() {
                self.by_client.remove(&key);
            }
        }
    }
}

/// When a binding's time is over, if it has one.
fn ends(binding: &Binding) -> Option<LeaseInstant> {
    matches!(binding.status, BindingStatus::Active | BindingStatus::Abandoned)
        .then_some(binding.expiries.lease)
}

impl Pool {
    fn set(&mut self, status: BindingStatus) -> Option<&mut BTreeSet<(LeaseInstant, Ipv4Addr)>> {
        match status {
            BindingStatus::Free => Some(&mut self.free),
            BindingStatus::Backup => Some(&mut self.backup),
            status if status.is_transitional() => Some(&mut self.transitional),
            _ => None,
        }
    }

    /// Where this binding is counted, if it takes part in balancing.
    fn count(&mut self, binding: &Binding, is_reserved: bool) -> Option<&mut u32> {
        match binding.status {
            _ if is_reserved || !binding.is_balanced() => None,
            BindingStatus::Free => Some(&mut self.balanced.free),
            _ => Some(&mut self.balanced.backup),
        }
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

    fn scope(&self, id: Ipv4Addr) -> Option<RangeInclusive<Ipv4Addr>> {
        self.scopes.get(&id).cloned()
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

#[cfg(test)]
mod tests {
    use super::*;
    use dhcp_failover_lease::BindingFlags;

    fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 0, 2, last)
    }

    fn client(last: u8) -> Client {
        Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
    }

    #[test]
    fn indexes_follow_every_change_of_a_binding() {
        let mut table = BindingTable::new();
        let pool = table.add_pool([ip(10)..=ip(12)]).unwrap();
        let mut lease = Binding {
            status: BindingStatus::Active,
            client: Some(client(1)),
            version: 1,
            ..Binding::unused(ip(10))
        };
        lease.expiries.lease = LeaseInstant::from_unix_s(50);
        assert!(table.apply(lease.clone()));
        assert_eq!(table.counts(pool).free, 2);
        assert_eq!(table.addresses_of(&client(1)).collect::<Vec<_>>(), [ip(10)]);
        assert_eq!(table.ended(LeaseInstant::from_unix_s(49)).count(), 0);
        assert_eq!(table.ended(LeaseInstant::from_unix_s(50)).count(), 1);

        let freed = Binding { version: 2, ..lease.clone() }
            .made_available(BindingStatus::Backup, LeaseInstant::from_unix_s(60));
        assert!(table.apply(freed));
        assert_eq!(table.counts(pool), PoolCounts { free: 2, backup: 1 });
        assert_eq!(table.ended(LeaseInstant::NEVER).count(), 0);
        let taken = Binding { version: 3, client: Some(client(2)), ..table.get(ip(10)).unwrap() };
        assert!(table.apply(taken));
        assert_eq!(table.addresses_of(&client(1)).count(), 0);
    }

    #[test]
    fn addresses_outside_the_pools_are_refused() {
        let mut table = BindingTable::new();
        table.add_pool([ip(10)..=ip(12)]).unwrap();
        assert!(!table.apply(Binding { version: 1, ..Binding::unused(ip(13)) }));
        assert_eq!(table.get(ip(9)), None);
        assert_eq!(table.add_pool([ip(1)..=ip(10)]), Err(TableError::Overlap(ip(10))));
        assert_eq!(table.add_pool([ip(11)..=ip(11)]), Err(TableError::Overlap(ip(11))));
        assert!(table.add_pool([ip(13)..=ip(13)]).is_ok());
    }

    /// §5.13, §5.14: what is not to be balanced does not count, whatever order it is told in
    /// (isc-L04: the counts are always those of a recount).
    #[test]
    fn reserved_and_bootp_addresses_are_in_nobodys_share() {
        let mut table = BindingTable::new();
        table.set_reserved(ip(11), true);
        let pool = table.add_pool([ip(10)..=ip(15)]).unwrap();
        let recount = |table: &BindingTable| {
            let all: Vec<_> = (10..=15).filter_map(|last| table.get(ip(last))).collect();
            PoolCounts::of(&all, |binding| table.is_reserved(binding.address))
        };
        assert_eq!(table.counts(pool), PoolCounts { free: 5, backup: 0 });
        table.set_reserved(ip(12), true);
        table.set_reserved(ip(12), true);
        let flags = |bootp, reserved| BindingFlags { bootp, reserved };
        let changed = |last, status, flags| Binding {
            version: 1,
            status,
            flags,
            ..Binding::unused(ip(last))
        };
        for (last, status, flags) in [
            (11, BindingStatus::Backup, flags(false, true)),
            (12, BindingStatus::Backup, flags(false, false)),
            (13, BindingStatus::Free, flags(true, false)),
            (14, BindingStatus::Backup, flags(false, true)),
            (15, BindingStatus::Backup, flags(false, false)),
            (15, BindingStatus::Active, flags(false, false)),
        ] {
            assert!(table.apply(changed(last, status, flags)));
            assert_eq!(table.counts(pool), recount(&table), "{last} {status}");
        }
        assert_eq!(table.counts(pool), PoolCounts { free: 1, backup: 0 });
        table.set_reserved(ip(12), false);
        assert_eq!(table.counts(pool), PoolCounts { free: 1, backup: 1 });
        assert_eq!(table.counts(pool), recount(&table));
        table.set_reserved(ip(99), true);
        assert_eq!(table.available(pool, BindingStatus::Backup).count(), 3, "all can be given");
    }

    /// S15: what makes two pools the same, and what does not.
    #[test]
    fn s15_a_digest_is_that_of_the_addresses_and_settings() {
        let digest = |ranges: &[RangeInclusive<Ipv4Addr>]| {
            let mut table = BindingTable::new();
            let pool = table.add_pool(ranges.iter().cloned()).unwrap();
            (table.pool_digest(pool).unwrap(), table)
        };
        let (whole, mut table) = digest(&[ip(10)..=ip(20)]);
        for same in [[ip(10)..=ip(14), ip(15)..=ip(20)], [ip(12)..=ip(20), ip(10)..=ip(11)]] {
            assert_eq!(digest(&same).0, whole);
        }
        for other in [[ip(10)..=ip(14), ip(16)..=ip(20)], [ip(10)..=ip(20), ip(22)..=ip(22)]] {
            assert_ne!(digest(&other).0, whole);
        }
        // Which addresses are reserved the servers tell each other one by one (H3).
        table.set_reserved(ip(11), true);
        assert_eq!(table.pool_digest(0), Some(whole));
        table.set_pool_settings(0, PoolDigest::new().with_setting("bootp", 1));
        assert_ne!(table.pool_digest(0), Some(whole));
        table.set_pool_settings(0, PoolDigest::new());
        assert_eq!(table.pool_digest(0), Some(whole));
    }

    /// S15: a pool that is taken out leaves nothing behind, and comes again as it was.
    #[test]
    fn s15_a_removed_pool_leaves_no_trace() {
        let mut table = BindingTable::new();
        table.add_pool([ip(10)..=ip(12)]).unwrap();
        let other = table.clone();
        table.add_pool([ip(20)..=ip(22), ip(30)..=ip(31)]).unwrap();
        table.add_pool([ip(25)..=ip(26)]).unwrap();
        table.remove_pool(0);
        let mut lease = Binding { version: 1, client: Some(client(1)), ..Binding::unused(ip(21)) };
        lease.status = BindingStatus::Active;
        lease.flags.reserved = true;
        assert!(table.apply(lease.clone()));
        table.pin(ip(22));
        assert_eq!(table.misreserved().count(), 1);
        assert_eq!((table.pool_of(ip(21)), table.pool_of(ip(25))), (Some(0), Some(1)));

        assert_eq!(table.remove_pool(5), []);
        assert_eq!(table.remove_pool(0), [lease.clone()]);
        assert_eq!((table.pool_of(ip(21)), table.pool_of(ip(25))), (None, Some(0)));
        assert!(!table.apply(lease.clone()));
        assert_eq!(table.counts(0), PoolCounts { free: 2, backup: 0 });
        assert_eq!(table.remove_pool(0), []);
        assert_eq!(table, BindingTable::new());

        table.add_pool([ip(10)..=ip(12)]).unwrap();
        assert_eq!(table, other);
        table.add_pool([ip(20)..=ip(22)]).unwrap();
        assert!(table.apply(lease));
        assert_eq!(table.addresses_of(&client(1)).collect::<Vec<_>>(), [ip(21)]);
    }

    #[test]
    fn a_search_for_addresses_goes_on_where_it_stopped() {
        let mut table = BindingTable::new();
        let pool = table.add_pool([ip(10)..=ip(13)]).unwrap();
        let at = |last| table.get(ip(last)).map(|it| (it.start_of_state, it.address));
        let rest =
            |after| -> Vec<_> { table.available_after(pool, BindingStatus::Free, after).collect() };
        assert_eq!(rest(at(11)), [ip(12), ip(13)]);
        assert!(rest(at(13)).is_empty());
    }

    #[test]
    fn addresses_unused_for_longest_come_first() {
        let mut table = BindingTable::new();
        let pool = table.add_pool([ip(10)..=ip(12)]).unwrap();
        for (last, freed) in [(10, 90), (11, 80)] {
            let freed = LeaseInstant::from_unix_s(freed);
            table.apply(Binding { version: 1, start_of_state: freed, ..Binding::unused(ip(last)) });
        }
        let order: Vec<_> = table.available(pool, BindingStatus::Free).collect();
        assert_eq!(order, [ip(12), ip(11), ip(10)]);
    }
}
