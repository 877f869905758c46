//! UPDREQ, UPDREQALL and UPDDONE (draft-12 §7.3 - §7.5, §5.16, §5.17).

use super::{Endpoint, ms};
use crate::{Bindings, Cause, Event, Monotonic, Outcome, State, rule_for};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::ops::RangeInclusive;
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_wire::{Message, Packet, RejectReason, UpdReq};

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

impl Endpoint {
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
        self.begin_answer(xid, Vec::new());
    }

    /// Windows asks for the bindings of some scopes only, which were just added to the relationship
    /// ([MS-DHCPF]). Those this server does not have are none of its business, but the operator's.
    pub(super) fn scopes_request<B: Bindings>(
        &mut self,
        xid: u32,
        scope_ids: &[Ipv4Addr],
        bindings: &B,
    ) {
        let mut scopes = Vec::new();
        for id in scope_ids {
            match bindings.scope(*id) {
                Some(scope) => scopes.push(scope),
                None => {
                    let message = alloc::format!(
                        "the partner asks for the bindings of scope {id}, which this relationship \
                         does not have: compare the scopes"
                    );
                    self.event(Event::PeerError { message });
                }
            }
        }
        if scopes.is_empty() {
            // None of them: there is nothing to wait for.
            self.send_as(xid, Message::UpdDone);
            return self.event(Event::Synchronized { bindings: 0 });
        }
        self.begin_answer(xid, scopes);
    }

    fn begin_answer(&mut self, xid: u32, scopes: Vec<RangeInclusive<Ipv4Addr>>) {
        // First, for in some states only a partner that asks is told anything, disputes included.
        self.updates.begin_answer(xid, Vec::new());
        self.reopen_disputes();
        self.updates.begin_answer(xid, scopes);
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
    }

    /// UPDDONE, when every update of the request was answered on this connection (S9).
    pub(super) fn finish_answer(&mut self) {
        if let Some(answer) = self.updates.take_finished_answer() {
            self.send_as(answer.xid, Message::UpdDone);
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
