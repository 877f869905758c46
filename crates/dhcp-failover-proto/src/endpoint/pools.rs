//! Sharing the available addresses (draft-12 §5.4, §7.6, §7.7).

use super::Endpoint;
use super::supply::Watch;
use crate::timer::Timer;
use crate::{Balance, Bindings, Cause, Event, Monotonic, Outcome, Service, State, rule_for};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{Client, LeaseInstant, Mutant, Role, Selection, Transfer, balance};
use dhcp_failover_wire::{Message, PoolResp};
use dhcp_loadbalance::{HashBuckets, hash};

/// Addresses looked at in one call at most: something of the call's budget must be left for telling
/// of those that move.
const LOOK_CHUNK: usize = 512;
/// The pools are looked at this often,
const PERIOD_MS: u64 = 5_000;
/// and this soon after a binding has changed, so that many changes lead to one look (§5.4:
/// "whenever the number of available addresses ... changes").
const STIRRED_MS: u64 = 250;
/// The secondary asks this often, in case the primary looks only when it is asked (§7.6),
const ASK_PERIOD_MS: u64 = 60_000;
/// and this often while one of its pools is empty (isc-L05: no more often than that).
const ASK_EMPTY_MS: u64 = 10_000;
/// What a dhcpd strives for.
const HALVES: Balance = Balance::LoadBalance { primary_percent: 50 };

/// What the endpoint keeps on its pools.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Pools {
    pub(super) round: Option<PoolWork>,
    asked_at: Option<Monotonic>,
    /// How the supply of each pool develops.
    pub(super) watched: BTreeMap<usize, Watch>,
    /// Addresses of which it was said that the reservations differ.
    pub(super) different: BTreeSet<Ipv4Addr>,
}

impl Pools {
    /// A pair begins to work together.
    pub(super) fn begin(&mut self) {
        self.asked_at = None;
        self.different.clear();
    }

    /// What was going on with the partner is over.
    pub(super) fn link_lost(&mut self) {
        self.round = None;
        self.asked_at = None;
    }

    /// Counts moments from `origin` instead of 0 and forgets what is for people only.
    pub(super) fn rebase(
        &mut self,
        origin: Monotonic,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
    ) {
        self.watched.clear();
        self.different.clear();
        self.asked_at = self.asked_at.map(|at| {
            let ago = origin.ms_since(at).min(ASK_PERIOD_MS);
            Monotonic::from_ms(ASK_PERIOD_MS.saturating_sub(ago))
        });
        for (at, _) in self.round.iter_mut().filter_map(|round| round.after.as_mut()) {
            *at = if *at == LeaseInstant::ZERO { *at } else { shift(*at) };
        }
    }
}

/// A round through the pools, some addresses at a time.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct PoolWork {
    /// The POOLREQ to answer, if one began this.
    asked_by: Option<u32>,
    pool: usize,
    /// What is left to be moved in this pool.
    left: Option<Transfer>,
    /// The last address looked at, and when it took on its status.
    after: Option<(LeaseInstant, Ipv4Addr)>,
    to_secondary: u32,
    to_primary: u32,
}

impl Endpoint {
    /// A binding has changed: soon look at the pools.
    pub(super) fn pools_stirred(&mut self) {
        self.timers.bring_forward(Timer::Pools, self.now.plus_ms(STIRRED_MS));
    }

    /// The time has come to look at the pools, or to have the primary do so.
    pub(super) fn pools_due<B: Bindings>(&mut self, bindings: &B) {
        self.watch_supply(bindings);
        self.tell_changed_pools(bindings);
        if Service::of(self.state) == Service::Nobody {
            return;
        }
        self.timers.set(Timer::Pools, self.now.plus_ms(PERIOD_MS));
        self.check_reservations(bindings);
        if self.state != State::Normal || !self.is_connected() {
            return;
        }
        if !self.is_primary() {
            return self.ask_for_addresses(bindings);
        }
        let (mut moves, mut asks) = (false, false);
        for due in (0..bindings.pool_count()).map(|pool| self.due(pool, bindings)) {
            moves |= self.may_move(due);
            asks |= due != Transfer::None && !self.may_move(due);
        }
        if moves {
            self.begin_round(None);
        }
        if asks {
            self.ask_every(ASK_PERIOD_MS);
        }
    }

    /// Whether it is for this server to move these. Only the primary decides what a share is (§5.4);
    /// the secondary gives back what it has beyond its own if it is asked. A dhcpd takes FREE even for
    /// an address that it has leased meanwhile (isc-L14): nothing is taken from it, it is asked.
    fn may_move(&self, transfer: Transfer) -> bool {
        match transfer {
            Transfer::None => false,
            Transfer::ToSecondary(_) => self.is_primary(),
            Transfer::ToPrimary(_) => !self.is_primary() || !self.partner_is_dhcpd(),
        }
    }

    /// What should change hands in a pool now.
    fn due<B: Bindings>(&self, pool: usize, bindings: &B) -> Transfer {
        if self.quarantine.holds(pool) {
            return Transfer::None; // nobody knows what the partner would do with them (S15)
        }
        let share = match self.partner_is_dhcpd() {
            // It strives for halves, and would give back each minute what it gets beyond (isc-L05).
            true => HALVES,
            false => self.config.balance,
        };
        balance(bindings.counts(pool), share.pool_share())
    }

    /// §7.6: now and then, and sooner if a pool of this server is empty and should not be. Nothing
    /// waits for the answer: some dhcpd servers give none.
    fn ask_for_addresses<B: Bindings>(&mut self, bindings: &B) {
        let empty = (0..bindings.pool_count()).any(|pool| {
            bindings.counts(pool).backup == 0
                && matches!(self.due(pool, bindings), Transfer::ToSecondary(_))
        });
        self.ask_every(if empty { ASK_EMPTY_MS } else { ASK_PERIOD_MS });
    }

    fn ask_every(&mut self, pause_ms: u64) {
        if self.pools.asked_at.is_none_or(|at| self.now.ms_since(at) >= pause_ms) {
            self.pools.asked_at = Some(self.now);
            self.send_new(Message::PoolReq);
        }
    }

    pub(super) fn pool_request(&mut self, xid: u32) {
        let rule = rule_for(self.config.role, self.state, Cause::PoolRequest);
        if !self.is_primary() && !self.partner_is_dhcpd() {
            // §7.6.2: report an error. dhcpd does this, and it gets what it asks for.
            let message = String::from("POOLREQ from the primary");
            self.event(Event::PeerError { message });
        }
        if rule.outcome == Outcome::Stay {
            self.begin_round(Some(xid));
        } else {
            self.answer_pool_request(xid, 0);
        }
    }

    /// §7.7.2 has the secondary ask again whenever addresses came; our primary moves all it is
    /// going to move in one round, so asking again would only be the ping-pong of H11.
    pub(super) fn pool_response(&mut self, addresses_transferred: u32) {
        if addresses_transferred == 0 {
            return;
        }
        let (to_secondary, to_primary) = match self.is_primary() {
            true => (0, addresses_transferred),
            false => (addresses_transferred, 0),
        };
        self.event(Event::PoolMoved { to_secondary, to_primary });
    }

    fn begin_round(&mut self, asked_by: Option<u32>) {
        match &mut self.pools.round {
            Some(round) if round.asked_by.is_none() => round.asked_by = asked_by,
            Some(_) => {
                if let Some(xid) = asked_by {
                    self.answer_pool_request(xid, 0);
                }
            }
            None => self.pools.round = Some(PoolWork { asked_by, ..PoolWork::default() }),
        }
    }

    /// Moves addresses until the pools are balanced, or enough were looked at for one call.
    pub(super) fn move_pools<B: Bindings>(&mut self, bindings: &B) {
        let Some(mut round) = self.pools.round.take() else { return };
        let mut budget = LOOK_CHUNK.min(self.budget.left());
        while round.pool < bindings.pool_count() && self.state == State::Normal {
            let left = round.left.unwrap_or_else(|| self.due(round.pool, bindings));
            let mine = self.may_move(left);
            let Some(selection) = Selection::new(left, budget).filter(|_| mine) else {
                round.next_pool();
                continue;
            };
            if budget == 0 {
                break;
            }
            self.move_addresses(&mut round, left, selection, &mut budget, bindings);
        }
        if budget == 0 && round.pool < bindings.pool_count() && self.state == State::Normal {
            self.pools.round = Some(round);
            return;
        }
        let PoolWork { asked_by, to_secondary, to_primary, .. } = round;
        if to_secondary > 0 || to_primary > 0 {
            self.event(Event::PoolMoved { to_secondary, to_primary });
        }
        if let Some(xid) = asked_by {
            let transferred = if self.is_primary() { to_secondary } else { to_primary };
            self.answer_pool_request(xid, transferred);
        }
    }

    /// One step of a transfer: to its end, or to that of the budget.
    fn move_addresses<B: Bindings>(
        &mut self,
        round: &mut PoolWork,
        left: Transfer,
        mut selection: Selection,
        budget: &mut usize,
        bindings: &B,
    ) {
        let primary: HashBuckets = self.record.primary_buckets.into();
        let served_by = |client: &Client| match primary.contains(hash(client.balance_key())) {
            true => Role::Primary,
            false => Role::Secondary,
        };
        let from = selection.from();
        for address in bindings.available_after(round.pool, from, round.after).take(*budget) {
            if selection.is_complete() {
                break;
            }
            *budget = budget.saturating_sub(1);
            self.budget.take();
            let Some(binding) = bindings.get(address) else { continue };
            round.after = Some((binding.start_of_state, address));
            let stays = bindings.is_pinned(address) && !Mutant::OfferedMoved.is_on()
                || bindings.is_reserved(address)
                || self.staged.contains_key(&address);
            if !stays {
                selection.consider(&binding, served_by);
            }
        }
        let complete = selection.is_complete();
        let to = selection.to();
        let addresses = selection.into_addresses();
        for address in &addresses {
            let Some(binding) = bindings.get(*address) else { continue };
            let mut binding = binding.made_available(to, self.lease_now);
            binding.version = binding.version.saturating_add(1);
            // With the same record that says whose it is now: nobody may use an address in two
            // ways, however the next crash falls (H2, S4).
            binding.knowledge.told = binding.knowledge.told.with(to);
            self.binding_changed(&binding);
            self.persist_binding(binding);
        }
        round.moved(left, u32::try_from(addresses.len()).unwrap_or(u32::MAX));
        if complete || *budget > 0 {
            round.next_pool();
        }
    }

    fn answer_pool_request(&mut self, xid: u32, addresses_transferred: u32) {
        self.send_as(xid, Message::PoolResp(PoolResp { addresses_transferred }));
    }
}

impl PoolWork {
    fn next_pool(&mut self) {
        self.pool = self.pool.saturating_add(1);
        self.left = None;
        self.after = None;
    }

    fn moved(&mut self, transfer: Transfer, count: u32) {
        let (moved, left) = match transfer {
            Transfer::None => return,
            Transfer::ToSecondary(wanted) => {
                (&mut self.to_secondary, Transfer::ToSecondary(wanted.saturating_sub(count)))
            }
            Transfer::ToPrimary(wanted) => {
                (&mut self.to_primary, Transfer::ToPrimary(wanted.saturating_sub(count)))
            }
        };
        *moved = moved.saturating_add(count);
        self.left = Some(left);
    }
}
