//! Sharing the available addresses (draft-12 §5.4, §7.6, §7.7).

use super::Endpoint;
use crate::timer::Timer;
use crate::{Bindings, Cause, Event, Outcome, State, rule_for};
use alloc::string::String;
use dhcp_failover_lease::{BindingStatus, Client, Role, Selection, Transfer, balance};
use dhcp_failover_wire::{Message, PoolResp};
use dhcp_loadbalance::{HashBuckets, hash};

/// Addresses moved in one call at most.
const MOVE_CHUNK: usize = 512;
/// The primary looks at the pools this often; the secondary asks this often.
const PERIOD_MS: u64 = 5_000;
const ASK_PERIOD_MS: u64 = 60_000;

/// A round through the pools, some addresses at a time.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct PoolWork {
    /// The POOLREQ to answer, if one began this.
    asked_by: Option<u32>,
    pool: usize,
    to_secondary: u32,
    to_primary: u32,
}

impl Endpoint {
    /// The time has come to look at the pools, or to have the primary do so.
    pub(super) fn pools_due<B: Bindings>(&mut self, bindings: &B) {
        if self.state != State::Normal || !self.is_connected() {
            return;
        }
        if !self.is_primary() {
            self.send_new(Message::PoolReq);
            return self.timers.set(Timer::Pools, self.now.plus_ms(ASK_PERIOD_MS));
        }
        self.timers.set(Timer::Pools, self.now.plus_ms(PERIOD_MS));
        let unbalanced = (0..bindings.pool_count()).any(|pool| {
            let share = self.config.balance.pool_share();
            balance(bindings.counts(pool), share) != Transfer::None
        });
        if unbalanced {
            self.begin_round(None);
        }
    }

    pub(super) fn pool_request(&mut self, xid: u32) {
        let rule = rule_for(self.config.role, self.state, Cause::PoolRequest);
        if rule.outcome == Outcome::Stay {
            self.begin_round(Some(xid));
        } else {
            if !self.is_primary() {
                // §7.6.2: report an error; dhcpd does this, so no more than that.
                let message = String::from("POOLREQ from the primary");
                self.event(Event::PeerError { message });
            }
            self.answer_pool_request(xid, 0);
        }
    }

    /// §7.7.2 has the secondary ask again whenever addresses came; our primary moves all it is
    /// going to move in one round, so asking again would only be the ping-pong of H11.
    pub(super) fn pool_response(&mut self, addresses_transferred: u32) {
        let (to_secondary, to_primary) = (addresses_transferred, 0);
        if to_secondary == 0 {
            return;
        }
        self.event(Event::PoolMoved { to_secondary, to_primary });
    }

    fn begin_round(&mut self, asked_by: Option<u32>) {
        match &mut self.pools {
            Some(round) if round.asked_by.is_none() => round.asked_by = asked_by,
            Some(_) => {
                if let Some(xid) = asked_by {
                    self.answer_pool_request(xid, 0);
                }
            }
            None => {
                let round = PoolWork { asked_by, pool: 0, to_secondary: 0, to_primary: 0 };
                self.pools = Some(round);
            }
        }
    }

    /// Moves addresses until the pools are balanced, or enough for one call.
    pub(super) fn move_pools<B: Bindings>(&mut self, bindings: &B) {
        let Some(mut round) = self.pools.take() else { return };
        let share = self.config.balance.pool_share();
        let mut budget = MOVE_CHUNK;
        while round.pool < bindings.pool_count() && self.state == State::Normal {
            let transfer = balance(bindings.counts(round.pool), share);
            let Some(selection) = Selection::new(transfer, budget) else {
                round.pool = round.pool.saturating_add(1);
                continue;
            };
            let to = selection.to();
            let moved = self.move_addresses(round.pool, selection, bindings);
            let count = u32::try_from(moved).unwrap_or(u32::MAX);
            match to {
                BindingStatus::Backup => {
                    round.to_secondary = round.to_secondary.saturating_add(count);
                }
                _ => round.to_primary = round.to_primary.saturating_add(count),
            }
            budget = budget.saturating_sub(moved);
            if budget == 0 || moved > 0 && self.budget.is_spent() {
                // The view does not count what this call moved; the next one goes on.
                self.pools = Some(round);
                return;
            }
            round.pool = round.pool.saturating_add(1);
        }
        let PoolWork { asked_by, to_secondary, to_primary, .. } = round;
        if to_secondary > 0 || to_primary > 0 {
            self.event(Event::PoolMoved { to_secondary, to_primary });
        }
        if let Some(xid) = asked_by {
            self.answer_pool_request(xid, to_secondary);
        }
    }

    fn move_addresses<B: Bindings>(
        &mut self,
        pool: usize,
        mut selection: Selection,
        bindings: &B,
    ) -> usize {
        let primary: HashBuckets = self.record.primary_buckets.into();
        let served_by = |client: &Client| match primary.contains(hash(client.balance_key())) {
            true => Role::Primary,
            false => Role::Secondary,
        };
        let mut candidates = bindings.available(pool, selection.from());
        while !selection.is_complete() && self.budget.take() {
            let Some(address) = candidates.next() else { break };
            if bindings.is_pinned(address) || self.staged.contains_key(&address) {
                continue;
            }
            if let Some(binding) = self.binding(address, bindings) {
                selection.consider(&binding, served_by);
            }
        }
        let to = selection.to();
        let addresses = selection.into_addresses();
        for address in &addresses {
            let Some(binding) = self.binding(*address, bindings) else { continue };
            let mut binding = binding.made_available(to, self.lease_now);
            binding.version = binding.version.saturating_add(1);
            // With the same record that says whose it is now: nobody may use an address in two
            // ways, however the next crash falls (H2, S4).
            binding.knowledge.told = binding.knowledge.told.with(to);
            self.binding_changed(&binding);
            self.persist_binding(binding);
        }
        addresses.len()
    }

    fn answer_pool_request(&mut self, xid: u32, addresses_transferred: u32) {
        self.send_as(xid, Message::PoolResp(PoolResp { addresses_transferred }));
    }
}
