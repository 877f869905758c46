//! UPDREQ, UPDREQALL and UPDDONE (draft-12 §7.3 - §7.5, §5.16, §5.17).

use super::{Endpoint, ms};
use crate::{Bindings, Cause, Event, Monotonic, Outcome, State, rule_for};
use alloc::collections::BTreeSet;
use alloc::string::String;
use core::net::Ipv4Addr;
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_wire::{Message, Packet, RejectReason, UpdReq};

/// Used bindings looked at in one call, so that no call stalls the server.
const SCAN_CHUNK: usize = 1_024;

/// Addresses whose updates must all be answered before something may happen.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Barrier {
    waiting_for: BTreeSet<Ipv4Addr>,
    /// Of these, the ones with an update under way since before, which may be out of date.
    under_way: BTreeSet<Ipv4Addr>,
    /// A scan is still finding more of them.
    growing: bool,
}

impl Barrier {
    pub(super) fn is_over(&self, scanning: bool) -> bool {
        self.waiting_for.is_empty() && !(self.growing && scanning)
    }

    /// The partner answered the update, or there is nothing left to tell. An update from before
    /// does not do if there is newer news (`dirty`); of one sent since, newer news do not matter
    /// (§7.3.2: "changed before the UPDREQ"), or a busy server would never be done. Whether this
    /// settled the address.
    pub(super) fn answered(&mut self, address: Ipv4Addr, dirty: bool) -> bool {
        let out_of_date = self.under_way.remove(&address) && dirty;
        !out_of_date && self.waiting_for.remove(&address)
    }

    fn wait_for(&mut self, address: Ipv4Addr, under_way: bool) {
        self.waiting_for.insert(address);
        if under_way {
            self.under_way.insert(address);
        }
    }
}

/// Our UPDREQ or UPDREQALL, waiting for UPDDONE.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Request {
    xid: u32,
    /// Whether everything was asked for.
    all: bool,
    sent: LeaseInstant,
    /// When something last came that the request may have caused.
    pub(super) progress: Monotonic,
}

/// The partner's UPDREQ or UPDREQALL, being answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Answer {
    xid: u32,
    pub(super) barrier: Barrier,
    bindings: u64,
}

impl Answer {
    pub(super) fn answered(&mut self, address: Ipv4Addr, dirty: bool) {
        if self.barrier.answered(address, dirty) {
            self.bindings = self.bindings.saturating_add(1);
        }
    }
}

impl Endpoint {
    /// Everything that must still be told or is not answered yet.
    pub(super) fn barrier(&self) -> Barrier {
        let mut barrier = Barrier { growing: self.updates.is_scanning(), ..Barrier::default() };
        for address in self.updates.unanswered() {
            barrier.wait_for(address, self.updates.is_busy(address));
        }
        barrier
    }

    pub(super) fn request_updates(&mut self) {
        if self.request.is_some() {
            return; // hearing a state twice does not ask twice (isc-U17)
        }
        let all = self.record.storage_lost;
        let message = if all { Message::UpdReqAll } else { Message::UpdReq(UpdReq::default()) };
        if let Some(xid) = self.send_new(message) {
            self.request = Some(Request { xid, all, sent: self.lease_now, progress: self.now });
        }
    }

    /// §7.5.2. An UPDDONE with another transaction id belongs to no request of this connection.
    pub(super) fn updates_done(&mut self, packet: &Packet) {
        let Some(request) = self.request.take_if(|request| request.xid == packet.xid) else {
            let message = alloc::format!("UPDDONE for no request of ours (xid {})", packet.xid);
            return self.event(Event::PeerError { message });
        };
        self.note_answer_time(request.sent, packet.time);
        let ran_before =
            self.link.is_some() && self.partner_hints().is_none_or(|hints| hints.ran_failover);
        if request.all && ran_before {
            // Our lost data may have extended leases; the partner holds them, and so do we (H19).
            self.record.storage_lost_at = Some(request.sent);
            self.epoch = self.epoch.saturating_add(1);
        }
        if request.all && self.state != State::Recover {
            // In RECOVER this is still to be known, for how long to wait.
            self.record.storage_lost = false;
            self.persist_record();
        }
        let resolving = self.state == State::PotentialConflict && !self.is_primary();
        let primary_is_back =
            self.partner.is_some_and(|partner| partner.state == State::PotentialConflict);
        if resolving && primary_is_back {
            // The primary has left CONFLICT-DONE since we asked and begins anew: so must we, or
            // the two would chase each other for ever (L5).
            return self.settle();
        }
        let rule = rule_for(self.config.role, self.state, Cause::UpdatesDone);
        if let Outcome::Enter(state) = rule.outcome {
            self.enter(state, rule.because);
            self.settle();
        }
    }

    /// A partner asks (§7.3.2, §7.4.2).
    pub(super) fn update_request(&mut self, xid: u32, all: bool) {
        if all {
            self.forget_what_partner_knows();
        }
        // First, for in some states only a partner that asks is told anything, disputes included.
        self.answer = Some(Answer { xid, barrier: Barrier::default(), bindings: 0 });
        self.reopen_disputes();
        self.answer = Some(Answer { xid, barrier: self.barrier(), bindings: 0 });
    }

    /// A new instance of the relationship: one small record makes every binding unknown to the
    /// partner, durably, before the first of them is sent (§5.17). What has been sent when the link
    /// breaks is not sent again; what has not, is, even if the partner asks for less then.
    fn forget_what_partner_knows(&mut self) {
        self.record.instance = self.record.instance.wrapping_add(1);
        // Its stamps begin anew: what it served before is no measure for them (isc-S14).
        self.record.partner_served = 0;
        if self.record.ran_failover {
            self.record.storage_lost_at = Some(self.lease_now);
            self.epoch = self.epoch.saturating_add(1);
        }
        self.persist_record();
        self.updates.rescan();
    }

    /// Looks for bindings the partner must be told of, some at a time.
    pub(super) fn scan<B: Bindings>(&mut self, bindings: &B) {
        let Some(after) = self.updates.scan_position() else { return };
        let mut last = None;
        let mut found = alloc::vec::Vec::new();
        let mut restored = alloc::vec::Vec::new();
        let allocator = self.view().allocator(self.lease_now);
        for binding in bindings.used_after(after).take(SCAN_CHUNK) {
            last = Some(binding.address);
            // What this call has changed already is newer than the view.
            let binding = self.staged.get(&binding.address).unwrap_or(binding);
            let was = allocator.restored(binding, self.record.instance);
            if was.is_some() || binding.needs_telling(self.record.instance) {
                found.push(binding.address);
            }
            restored.extend(was);
        }
        for binding in restored {
            self.persist_binding(binding);
        }
        for address in found {
            self.updates.mark(address);
            for barrier in [self.answer.as_mut().map(|a| &mut a.barrier), self.interlock.as_mut()]
                .into_iter()
                .flatten()
                .filter(|barrier| barrier.growing)
            {
                barrier.wait_for(address, self.updates.is_busy(address));
            }
        }
        self.updates.scanned_to(last);
    }

    /// UPDDONE, when every update of the request was answered on this connection (S9).
    pub(super) fn finish_answer(&mut self) {
        let scanning = self.updates.is_scanning();
        if let Some(answer) = self.answer.take_if(|answer| answer.barrier.is_over(scanning)) {
            self.send_answer(answer.xid, Message::UpdDone);
            self.event(Event::Synchronized { bindings: answer.bindings });
        }
        // §9.5.2: a partner that neither updates nor finishes is not worth the connection.
        let patience_ms = ms(self.config.receive_timer).saturating_mul(4);
        let (now, stalled) = (self.now, "no updates although we asked for them");
        if self.request.as_ref().is_some_and(|r| now.ms_since(r.progress) > patience_ms) {
            self.disconnect(RejectReason::NO_TRAFFIC, String::from(stalled));
        }
    }
}
