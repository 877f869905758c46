//! Which bindings the partner must be told of, and of which it has not answered.

mod acks;
mod barrier;
mod convert;
mod disputes;
mod outgoing;
mod sweep;
mod windows;

use barrier::{Answer, Interlock};
pub(super) use convert::status_from_wire;
pub use disputes::Dispute;
pub(super) use windows::same_station;

use super::{Endpoint, Link, Renaming};
use alloc::collections::{BTreeMap, btree_map::Entry};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{Binding, BindingStatus, Client, LeaseInstant, Mutant};
use disputes::Disputes;
use sweep::Sweep;

/// Addresses remembered as to be told, at most. What does not fit is found again by a sweep: every
/// binding says itself whether the partner has it.
const MAX_DIRTY: usize = 65_536;

/// Counts the moments at which something came to be told, so that "all that was to be told then" is
/// one number.
type Turn = u64;

/// An update the partner has not answered: what it said.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Sent {
    address: Ipv4Addr,
    version: u64,
    instance: u32,
    status: BindingStatus,
    client: Option<Client>,
    potential: LeaseInstant,
    start_of_state: LeaseInstant,
}

/// An address with an update that the partner has not answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Busy {
    xid: u32,
    /// Since when it was to be told.
    turn: Turn,
    /// When the binding changed again while the update was under way.
    changed: Option<Turn>,
}

/// A BNDUPD the partner has not answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Outstanding {
    at: LeaseInstant,
    updates: Vec<Sent>,
}

/// Which bindings the partner must be told of. A set of addresses, not a queue of messages: it
/// coalesces, is bounded, and what is sent is always the newest.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Updates {
    /// To be sent, and since when.
    dirty: BTreeMap<Ipv4Addr, Turn>,
    /// The one sent last: the next is the one after it, so that busy addresses starve no others.
    last_sent: Option<Ipv4Addr>,
    /// Sent on this connection and not answered; one update per address, none of them dirty.
    busy: BTreeMap<Ipv4Addr, Busy>,
    /// The messages these are in, by xid.
    outstanding: BTreeMap<u32, Outstanding>,
    disputes: Disputes,
    /// A look through all bindings for what else there is to tell.
    sweep: Option<Sweep>,
    turn: Turn,
    /// The partner's UPDREQ or UPDREQALL, being answered.
    pub(super) answer: Option<Answer>,
    /// Stands between PARTNER-DOWN and NORMAL (H21).
    pub(super) interlock: Option<Interlock>,
    /// The partner copes with several updates in one message.
    batches_work: bool,
    /// It did not.
    one_by_one: bool,
}

impl Updates {
    /// At the start the bindings are still to be looked through.
    pub(super) fn starting() -> Self {
        let mut updates = Self::default();
        updates.sweep_anew();
        updates
    }

    /// Bindings to be told or not answered, as far as known; at least one while a sweep goes on.
    pub(super) fn pending(&self) -> usize {
        let known = self.dirty.len().saturating_add(self.busy.len());
        known.max(usize::from(self.sweep.is_some()))
    }

    /// Updates sent and not answered.
    pub(super) fn under_way(&self) -> usize {
        self.busy.len()
    }

    /// Bindings the partner refused.
    pub(super) fn disputed(&self) -> usize {
        self.disputes.count()
    }

    pub(super) fn is_busy(&self, address: Ipv4Addr) -> bool {
        self.busy.contains_key(&address)
    }

    const fn next_turn(&mut self) -> Turn {
        self.turn = self.turn.saturating_add(1);
        self.turn
    }

    /// The partner must be told of this address. New data end a dispute.
    fn mark(&mut self, address: Ipv4Addr) {
        self.disputes.settle(address);
        let turn = self.next_turn();
        if let Some(busy) = self.busy.get_mut(&address) {
            busy.changed.get_or_insert(turn);
        } else if self.dirty.len() < MAX_DIRTY || self.dirty.contains_key(&address) {
            self.waits_since(address, turn);
        } else {
            self.sweep_past(address);
        }
    }

    /// To be told since `turn`, or longer.
    fn waits_since(&mut self, address: Ipv4Addr, turn: Turn) {
        let before = match self.dirty.entry(address) {
            Entry::Vacant(entry) => {
                entry.insert(turn);
                None
            }
            Entry::Occupied(entry) if *entry.get() <= turn => return,
            Entry::Occupied(mut entry) => Some(entry.insert(turn)),
        };
        self.recount(address, before, Some(turn));
    }

    /// There is nothing to tell any more.
    fn settled(&mut self, address: Ipv4Addr) {
        self.disputes.settle(address);
        if let Some(turn) = self.dirty.remove(&address) {
            self.recount(address, Some(turn), None);
        }
        if let Some(interlock) = &mut self.interlock {
            interlock.is_safe(address);
        }
    }

    /// The next to be sent.
    fn next_dirty(&self) -> Option<(Ipv4Addr, Turn)> {
        use core::ops::Bound::{Excluded, Unbounded};
        let start = self.last_sent.map_or(Unbounded, Excluded);
        let next =
            self.dirty.range((start, Unbounded)).next().or_else(|| self.dirty.first_key_value());
        next.map(|(address, turn)| (*address, *turn))
    }

    /// It is being sent with this xid.
    fn begin(&mut self, address: Ipv4Addr, xid: u32, turn: Turn) {
        self.dirty.remove(&address);
        self.last_sent = Some(address);
        self.busy.insert(address, Busy { xid, turn, changed: None });
    }

    /// An update was answered; since when there is more to tell of its address, if there is.
    fn answered(&mut self, address: Ipv4Addr, before: Turn, again: Option<Turn>) {
        if let Some(turn) = again {
            self.dirty.insert(address, turn);
        }
        self.recount(address, Some(before), again);
    }

    /// A partner of this implementation is known to cope with batches.
    pub(super) const fn partner_is_ours(&mut self) {
        self.batches_work = true;
        self.one_by_one = false;
    }

    /// What was not answered on a connection must be sent again on the next (§8.6).
    pub(super) fn link_lost(&mut self) {
        // §6.3 demands that batches be read, but dhcpd closes the connection on one (isc-C09).
        let batch = self.outstanding.values().any(|message| message.updates.len() > 1);
        self.one_by_one |= batch && !self.batches_work;
        self.answer = None;
        self.interlock = None;
        self.disputes.link_lost();
        if !Mutant::WindowNotGivenBack.is_on() {
            self.outstanding.clear();
        }
        let mut unanswered = core::mem::take(&mut self.busy);
        unanswered.retain(|_, _| !Mutant::DropUnackedOnReconnect.is_on());
        self.dirty.extend(unanswered.into_iter().map(|(address, busy)| (address, busy.turn)));
    }

    /// Counts this server's transactions back from the next one, and turns by how they compare with
    /// those that matter, for comparing endpoints.
    pub(super) fn rebase(
        &mut self,
        link: Option<&Link>,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
        renaming: &Renaming<'_>,
    ) {
        let next_xid = link.map_or(0, Link::next_xid);
        let marks = [
            self.sweep.as_ref().map(|sweep| sweep.turn),
            self.answer.as_ref().map(|answer| answer.barrier.up_to),
            self.interlock.as_ref().map(|interlock| interlock.barrier.up_to),
        ];
        let rank = |turn: &mut Turn| {
            let before = marks.iter().flatten().filter(|mark| **mark < *turn).count();
            *turn = u64::try_from(before).unwrap_or(u64::MAX);
        };
        self.dirty.values_mut().for_each(rank);
        for busy in self.busy.values_mut() {
            busy.xid = next_xid.wrapping_sub(busy.xid);
            rank(&mut busy.turn);
            busy.changed.iter_mut().for_each(rank);
        }
        let outstanding = core::mem::take(&mut self.outstanding).into_iter();
        self.outstanding =
            outstanding.map(|(xid, message)| (next_xid.wrapping_sub(xid), message)).collect();
        for message in self.outstanding.values_mut() {
            message.at = shift(message.at);
            for sent in &mut message.updates {
                sent.instance = (renaming.instances)(sent.instance);
                sent.version = (renaming.versions)(sent.address, sent.version);
                sent.potential = shift(sent.potential);
                sent.start_of_state = shift(sent.start_of_state);
            }
        }
        self.sweep.iter_mut().for_each(|sweep| rank(&mut sweep.turn));
        self.answer.iter_mut().for_each(|answer| {
            rank(&mut answer.barrier.up_to);
            answer.forget_numbers();
            answer.xid = link.map_or(0, |link| (renaming.partners_xids)(link.id, answer.xid));
        });
        self.interlock.iter_mut().for_each(|interlock| rank(&mut interlock.barrier.up_to));
        self.turn = 0;
        self.disputes.rebase();
    }
}

impl Endpoint {
    /// A binding has changed here, by a client or by the partner: tell it, or stop telling it.
    pub(super) fn binding_changed(&mut self, binding: &Binding) {
        if binding.needs_telling(self.record.instance) {
            self.updates.mark(binding.address);
        } else if !self.updates.is_busy(binding.address) {
            self.updates.settled(binding.address);
        }
    }
}
