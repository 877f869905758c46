//! Where to find a binding by something else than its address.

use crate::PoolDigest;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{
    Binding, BindingStatus, Client, HardwareAddress, LeaseInstant, PoolCounts,
};

/// Which client holds, or last held, an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum ClientKey {
    Identifier(Vec<u8>),
    Hardware(HardwareAddress),
}

impl ClientKey {
    fn of(client: &Client) -> Self {
        match client.own_name() {
            Some(identifier) => Self::Identifier(identifier.to_vec()),
            None => Self::Hardware(*client.hardware()),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Pool {
    /// Available addresses, those unused for longest first.
    pub(super) free: BTreeSet<(LeaseInstant, Ipv4Addr)>,
    pub(super) backup: BTreeSet<(LeaseInstant, Ipv4Addr)>,
    /// EXPIRED, RELEASED and RESET addresses.
    pub(super) transitional: BTreeSet<(LeaseInstant, Ipv4Addr)>,
    /// How many of `free` and `backup` take part in balancing.
    pub(super) balanced: PoolCounts,
    /// Of the ranges.
    pub(super) addresses: PoolDigest,
    /// Of what the embedder adds.
    pub(super) settings: PoolDigest,
}

/// Where to find a binding by something else than its address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Indexes {
    pub(super) pools: Vec<Pool>,
    /// Addresses that are in no server's share.
    pub(super) reserved: BTreeSet<Ipv4Addr>,
    /// Where the R flag of the binding and `reserved` differ.
    pub(super) misreserved: BTreeSet<Ipv4Addr>,
    by_client: BTreeMap<ClientKey, BTreeSet<Ipv4Addr>>,
    /// ACTIVE and ABANDONED addresses by the end of their time.
    pub(super) by_expiry: BTreeSet<(LeaseInstant, Ipv4Addr)>,
}

impl Indexes {
    /// A binding of this pool changes; most changes are none to an index.
    pub(super) fn change(&mut self, pool: usize, old: &Binding, new: &Binding) {
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

    pub(super) fn compare_reservation(&mut self, binding: &Binding) {
        if binding.flags.reserved == self.reserved.contains(&binding.address) {
            self.misreserved.remove(&binding.address);
        } else {
            self.misreserved.insert(binding.address);
        }
    }

    pub(super) fn leaves_pool(&mut self, pool: usize, old: &Binding) {
        let is_reserved = self.reserved.contains(&old.address);
        let Some(pool) = self.pools.get_mut(pool) else { return };
        let entry = (old.start_of_state, old.address);
        let was_there = pool.set(old.status).is_some_and(|set| set.remove(&entry));
        if let Some(count) = pool.count(old, is_reserved).filter(|_| was_there) {
            *count = count.saturating_sub(1);
        }
    }

    pub(super) fn joins_pool(&mut self, pool: usize, new: &Binding) {
        let is_reserved = self.reserved.contains(&new.address);
        let Some(pool) = self.pools.get_mut(pool) else { return };
        if let Some(set) = pool.set(new.status) {
            set.insert((new.start_of_state, new.address));
        }
        if let Some(count) = pool.count(new, is_reserved) {
            *count = count.saturating_add(1);
        }
    }

    /// What is on record for a client.
    pub(super) fn addresses_of(&self, client: &Client) -> impl Iterator<Item = Ipv4Addr> {
        self.by_client.get(&ClientKey::of(client)).into_iter().flatten().copied()
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
