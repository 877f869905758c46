//! What the partner refused, and what this server refused of the partner (draft-12 §7.2.1, §7.2.2;
//! H7, L7).

use crate::Bindings;
use crate::endpoint::{Endpoint, ms};
use crate::timer::Timer;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_wire::RejectReason;

/// A disputed binding is offered again by itself so many times, this far apart.
const RETRIES: u8 = 5;
const RETRY_PERIOD_MS: u64 = 60_000;
/// Disputes remembered at most; of others the partner hears again when it asks for updates.
const MAX_DISPUTES: usize = 10_000;
/// Of the partner's words so much is kept, in characters.
const MAX_TEXT: usize = 200;
/// A server that refuses an update answers with its own record after so long (§7.2.1: "a
/// considerable delay"), so many times for an address and connection.
const CORRECTION_DELAY_MS: u64 = 30_000;
const CORRECTIONS: u8 = 2;
/// Addresses that may wait for that.
const MAX_CORRECTIONS: usize = 10_000;

/// A binding the partner refused to take.
///
/// It is offered again when it changes, on a new connection, when the partner asks for updates, and
/// a few times by itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Dispute {
    /// The partner's reason, of the last time.
    pub reason: RejectReason,
    /// The partner's words, at most 200 characters of them; what the reason says if there were
    /// none.
    pub message: String,
    /// When the partner first refused what is on record now.
    pub since: LeaseInstant,
    /// How often it was offered again by itself since a reason to hope (0 to 5).
    pub tries: u8,
}

/// An update of the partner's that this server refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Refused {
    /// How often this server has sent its own record because of that.
    answers: u8,
    /// It is to do so when the delay is over.
    due: bool,
}

/// Both kinds of disagreement.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Disputes {
    by_partner: BTreeMap<Ipv4Addr, Dispute>,
    /// On this connection.
    by_us: BTreeMap<Ipv4Addr, Refused>,
}

impl Disputes {
    pub(super) fn contains(&self, address: Ipv4Addr) -> bool {
        self.by_partner.contains_key(&address)
    }

    pub(super) fn count(&self) -> usize {
        self.by_partner.len()
    }

    pub(super) fn settle(&mut self, address: Ipv4Addr) {
        self.by_partner.remove(&address);
    }

    pub(super) fn link_lost(&mut self) {
        self.by_us.clear();
    }

    pub(super) fn rebase(&mut self) {
        self.by_partner.values_mut().for_each(|dispute| dispute.since = LeaseInstant::ZERO);
    }
}

impl Endpoint {
    /// The bindings the partner refused to take, by address; 10,000 at most.
    ///
    /// They are also counted in [`Status::disputed`](crate::Status::disputed), and each refusal is
    /// told by an [`Event::UpdateRejected`](crate::Event::UpdateRejected).
    pub fn disputes(&self) -> impl Iterator<Item = (Ipv4Addr, &Dispute)> {
        self.updates.disputes.by_partner.iter().map(|(address, dispute)| (*address, dispute))
    }

    /// The partner refused the update of what is on record.
    pub(super) fn dispute(&mut self, address: Ipv4Addr, reason: RejectReason, message: &str) {
        let message: String = message.chars().take(MAX_TEXT).collect();
        let disputed = &mut self.updates.disputes.by_partner;
        if let Some(dispute) = disputed.get_mut(&address) {
            (dispute.reason, dispute.message) = (reason, message);
        } else if disputed.len() < MAX_DISPUTES {
            disputed.insert(address, Dispute { reason, message, since: self.lease_now, tries: 0 });
        }
        if !self.timers.is_set(Timer::Disputes) {
            self.timers.set(Timer::Disputes, self.now.plus_ms(RETRY_PERIOD_MS));
        }
    }

    /// Whether the partner refused this server's record because it has another client on its own:
    /// until that is settled the lease is not taken up again here, for the partner may be doing the
    /// same for its client (S1).
    pub(in crate::endpoint) fn has_lost_dispute(&self, address: Ipv4Addr) -> bool {
        let dispute = self.updates.disputes.by_partner.get(&address);
        dispute.is_some_and(|dispute| dispute.reason == RejectReason::FATAL_CONFLICT)
    }

    /// Offers all disputed bindings again, because the partner asks or the pair begins anew (H7).
    pub(in crate::endpoint) fn reopen_disputes(&mut self) {
        let disputed = &mut self.updates.disputes.by_partner;
        disputed.values_mut().for_each(|dispute| dispute.tries = 0);
        if disputed.len() >= MAX_DISPUTES {
            self.updates.sweep_anew(); // there may be more
        }
        self.retry_disputed();
    }

    /// Offers those again that have not been offered too often.
    pub(in crate::endpoint) fn retry_disputed(&mut self) {
        if !self.may_send_updates() && self.updates.answer.is_none() {
            return; // what is not sent does not count; entering NORMAL reopens them
        }
        let mut again = Vec::new();
        for (address, dispute) in &mut self.updates.disputes.by_partner {
            if dispute.tries < RETRIES {
                dispute.tries = dispute.tries.saturating_add(1);
                again.push(*address);
            }
        }
        if !again.is_empty() {
            self.timers.set(Timer::Disputes, self.now.plus_ms(RETRY_PERIOD_MS));
        }
        let turn = self.updates.next_turn();
        for address in again {
            if !self.updates.is_busy(address) {
                self.updates.waits_since(address, turn);
            }
        }
    }

    /// This server refused an update because it knows better: the partner is to hear that, but not
    /// at once, and not again and again (§7.2.1).
    pub(in crate::endpoint) fn will_answer_refused(&mut self, address: Ipv4Addr) {
        let refused = &mut self.updates.disputes.by_us;
        if refused.len() >= MAX_CORRECTIONS && !refused.contains_key(&address) {
            return;
        }
        let entry = refused.entry(address).or_default();
        entry.due = entry.answers < CORRECTIONS;
        if entry.due && !self.timers.is_set(Timer::Corrections) {
            self.timers.set(Timer::Corrections, self.now.plus_ms(CORRECTION_DELAY_MS));
        }
    }

    /// The same for a dhcpd that ended a lease at the very second it was told, while this server allows
    /// for clocks that count whole seconds. It would not end it again by itself, and is told when it
    /// can.
    pub(in crate::endpoint) fn will_answer_early_end(
        &mut self,
        address: Ipv4Addr,
        ends: LeaseInstant,
    ) {
        self.will_answer_refused(address);
        let pause_ms = ms(ends - self.lease_now).saturating_add(1_000);
        if pause_ms < CORRECTION_DELAY_MS {
            self.timers.set(Timer::Corrections, self.now.plus_ms(pause_ms));
        }
    }

    /// Sends this server's own record of what it refused, unless that is on its way or disputed
    /// anyway. The partner has acknowledged it before: so that it is news, it gets a new version.
    pub(in crate::endpoint) fn answer_refused<B: Bindings>(&mut self, bindings: &B) {
        while let Some((&address, refused)) =
            self.updates.disputes.by_us.iter_mut().find(|(_, refused)| refused.due)
        {
            if !self.budget.take() {
                return self.timers.set(Timer::Corrections, self.now);
            }
            refused.due = false;
            let Some(mut binding) = self.binding(address, bindings) else { continue };
            if binding.is_unused() || binding.needs_telling(self.record.instance) {
                continue;
            }
            if let Some(refused) = self.updates.disputes.by_us.get_mut(&address) {
                refused.answers = refused.answers.saturating_add(1);
            }
            binding.version = binding.version.saturating_add(1);
            self.binding_changed(&binding);
            self.persist_binding(binding);
        }
    }
}
