//! Whether both servers have the same pools, and settings that are safe together (S15, H3).

use super::Endpoint;
use super::hints::{Hints, POOLS_TOLD, PoolDigests};
use super::pools::Pools;
use crate::{
    Bindings, EndpointConfig, EndpointRecord, Event, PoolDifference, Quarantine, StartupPolicy,
    State, UnsafeSettings,
};
use alloc::string::String;
use alloc::vec::Vec;
use dhcp_failover_wire::RejectReason;

impl Endpoint {
    /// What to tell of this server's pools; nothing if the embedder does not say what they are.
    pub(super) fn own_pools<B: Bindings>(bindings: &B) -> Option<PoolDigests> {
        let pools = (0..bindings.pool_count()).map(|pool| bindings.pool_digest(pool));
        let mut each = pools.collect::<Option<Vec<_>>>()?;
        each.sort_unstable_by_key(|digest| digest.as_u64());
        let all =
            each.iter().fold(each.len() as u64, |all, digest| all.rotate_left(5) ^ digest.as_u64());
        let each = if each.len() <= POOLS_TOLD { each } else { Vec::new() };
        Some(PoolDigests { all, each: each.iter().map(|digest| digest.folded()).collect() })
    }

    /// The pools that give no new lease when a server starts: if they differed from its partner's, or
    /// are not those it ran with, none does before the partner has told what it knows. A comparison
    /// that is interrupted would not hold it back (§9.11.2).
    pub(super) fn unsettled(record: &EndpointRecord, config: &EndpointConfig) -> Quarantine {
        match record.pools_differ || record.pools_digest != config.pools_digest {
            true => Quarantine::ALL,
            false => Quarantine::NONE,
        }
    }

    /// Looks for settings that make the pair unsafe. The connection is not refused for them: as long
    /// as the servers hear each other all is well, and without it both would be alone at once.
    pub(super) fn compare_settings(&mut self, hints: &Hints) {
        let start_alone = self.config.startup_policy == StartupPolicy::PartnerDown;
        if start_alone && hints.starts_alone {
            self.event(Event::UnsafeSettings(UnsafeSettings::BothStartAlone));
        }
    }

    /// Compares the pools with what the partner told of its own.
    pub(super) fn compare_pools<B: Bindings>(
        &mut self,
        partners: Option<&PoolDigests>,
        bindings: &B,
    ) {
        let own = Self::own_pools(bindings);
        let difference = match (partners, &own) {
            (Some(partners), Some(own)) if own != partners => difference(partners, bindings),
            _ => None, // the same, or nobody can tell
        };
        if self.pools_told != own {
            // They changed while CONNECT was on its way: the two have not compared the same. They may
            // change back before anybody looks, so what was told does not count.
            self.pools_told = None;
        }
        self.differing = difference.as_ref().map_or(Quarantine::NONE, PoolDifference::quarantine);
        if let Some(difference) = difference {
            self.event(Event::PoolsDiffer(difference));
        }
        // What was in it before stays there until the partner has told what it knows.
        self.quarantine_only(self.quarantine.and(self.differing));
    }

    fn quarantine_only(&mut self, quarantine: Quarantine) {
        if self.quarantine != quarantine {
            self.quarantine = quarantine;
            self.epoch = self.epoch.saturating_add(1);
        }
        if self.record.pools_differ == quarantine.is_empty() {
            self.record.pools_differ = !quarantine.is_empty();
            self.persist_record();
        }
    }

    /// While a pool was not the same at both, the partner may have renewed leases of which this
    /// server would not hear, or had leases there before: they come first, and then the pool is used.
    pub(super) fn fetch_before_use(&mut self) {
        if self.quarantine != self.differing && self.state == State::Normal && self.is_connected() {
            self.request_updates();
        }
    }

    /// The partner has told everything since the pools were compared.
    pub(super) fn end_quarantine(&mut self) {
        if self.quarantine == self.differing {
            return;
        }
        self.quarantine_only(self.differing);
        if self.quarantine.is_empty() {
            self.event(Event::PoolsAgree);
        }
    }

    /// This server's pools are changed by its operator, and have been already in the view. Those that
    /// are new since the partner was told give no lease before both servers have them; where they
    /// cannot be told from the others, none does.
    pub(super) fn pools_changed<B: Bindings>(&mut self, bindings: &B) {
        let told = self.pools_told.as_ref().filter(|_| self.quarantine.is_empty());
        let new = told.and_then(|told| difference(told, bindings));
        let new = new.map_or(Quarantine::ALL, |new| new.quarantine());
        self.quarantine = self.quarantine.and(new);
        self.record.pools_differ = !self.quarantine.is_empty();
        self.record.pools_digest = self.config.pools_digest;
        // Pools may have other numbers now, and leases there that were given before.
        self.pools = Pools::default();
        self.updates.sweep_anew();
    }

    /// After this server's pools have changed the partner must compare anew, which it does when it
    /// connects.
    pub(super) fn tell_changed_pools<B: Bindings>(&mut self, bindings: &B) {
        let partner_compares = self.partner_hints().is_some_and(|hints| hints.pools.is_some());
        if partner_compares && self.pools_told != Self::own_pools(bindings) {
            let why = String::from("this server's pools have changed: connecting anew to compare");
            self.disconnect(RejectReason::UNKNOWN_ERROR, why);
        }
    }
}

fn difference<B: Bindings>(partners: &PoolDigests, bindings: &B) -> Option<PoolDifference> {
    let count = bindings.pool_count();
    if partners.each.is_empty() || count > POOLS_TOLD {
        return Some(PoolDifference { pools: None, partners: 0 });
    }
    // How often each digest occurs there; pools that are alike are counted off.
    let mut theirs: Vec<u32> = partners.each.clone();
    let mut pools = Vec::new();
    for pool in 0..count {
        let digest = bindings.pool_digest(pool)?.folded();
        match theirs.iter().position(|other| *other == digest) {
            Some(at) => drop(theirs.swap_remove(at)),
            None => pools.push(pool),
        }
    }
    // What looks alike one by one, and is not alike together, cannot be told apart.
    let alike = pools.is_empty() && theirs.is_empty();
    Some(PoolDifference { pools: (!alike).then_some(pools), partners: theirs.len() })
}
