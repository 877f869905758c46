//! Whether both servers have the same pools, and settings that are safe together (S15, H3).

use super::Endpoint;
use super::hints::{Hints, POOLS_TOLD, PoolDigests};
use crate::{Bindings, Event, PoolDifference, Quarantine, StartupPolicy, UnsafeSettings};
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
        let difference = match (partners, Self::own_pools(bindings)) {
            (Some(partners), Some(own)) if own != *partners => difference(partners, bindings),
            _ => None, // the same, or nobody can tell
        };
        let quarantine = match &difference {
            None => Quarantine::NONE,
            Some(PoolDifference { pools: None, .. }) => Quarantine::ALL,
            Some(PoolDifference { pools: Some(pools), .. }) => {
                Quarantine::of(pools.iter().copied())
            }
        };
        let had = !self.quarantine.is_empty();
        if self.quarantine != quarantine {
            self.quarantine = quarantine;
            self.epoch = self.epoch.saturating_add(1);
        }
        if self.record.pools_differ == quarantine.is_empty() {
            self.record.pools_differ = !quarantine.is_empty();
            self.persist_record();
        }
        match difference {
            Some(difference) => self.event(Event::PoolsDiffer(difference)),
            None if had => self.event(Event::PoolsAgree),
            None => {}
        }
    }

    /// After this server's pools have changed the partner must compare anew, which it does when it
    /// connects.
    pub(super) fn tell_changed_pools<B: Bindings>(&mut self, bindings: &B) {
        let partner_compares = self.partner_hints().is_some_and(|hints| hints.pools.is_some());
        if partner_compares && self.pools_told != Self::own_pools(bindings).map(|own| own.all) {
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
