//! UPDREQ, UPDREQALL and UPDDONE (draft-12 §7.3 - §7.5, §5.16, §5.17).

use super::{Endpoint, ms};
use crate::{Bindings, Cause, Event, Monotonic, Outcome, PartnerFault, State, rule_for};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::ops::RangeInclusive;
use dhcp_failover_lease::{LeaseInstant, Mutant};
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
    /// Its UPDDONE has come to a server with an old copy of its store.
    pub(super) untold: Option<Untold>,
}

/// A look through all bindings for what the partner has not told of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Untold {
    /// The last address looked at.
    pub(super) after: Option<Ipv4Addr>,
}

impl Request {
    /// Says how long ago it was, and counts its transaction back from the next one, for comparing
    /// endpoints.
    pub(super) fn rebase(
        &mut self,
        now: Monotonic,
        next_xid: u32,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
    ) {
        self.xid = next_xid.wrapping_sub(self.xid);
        self.sent = shift(self.sent);
        self.progress = Monotonic::from_ms(now.ms_since(self.progress));
    }
}

impl Endpoint {
    pub(super) fn request_updates(&mut self) {
        if self.request.is_some() {
            return; // hearing a state twice does not ask twice (isc-U17)
        }
        let all = self.record.storage_lost;
        if self.record.old_store {
            // What it was told before the link broke the partner may have lost since.
            self.begin_instance();
            self.persist_record();
        }
        let asks_all = all && !Mutant::UpdreqAfterDiskLoss.is_on();
        let message =
            if asks_all { Message::UpdReqAll } else { Message::UpdReq(UpdReq::default()) };
        if let Some(xid) = self.send_new(message) {
            let (sent, progress) = (self.lease_now, self.now);
            self.request = Some(Request { xid, all, sent, progress, untold: None });
        }
    }

    /// What was asked for is not enough any more: something else will be. Its UPDDONE may be on its way
    /// already, and is no fault of the partner's.
    pub(super) fn give_up_request(&mut self) {
        if let Some((link, request)) = self.link.as_mut().zip(self.request.take()) {
            link.give_up(request.xid);
        }
    }

    /// Whether the partner was asked for everything, and this server serves nobody meanwhile.
    pub(super) fn fetches_all(&self) -> bool {
        self.state == State::Recover && self.request.as_ref().is_some_and(|request| request.all)
    }

    /// §7.5.2. An UPDDONE with another transaction id belongs to no request of this connection.
    pub(super) fn updates_done<B: Bindings>(&mut self, packet: &Packet, bindings: &B) {
        let believes_silence = self.believes_silence();
        let Some(request) = self.request.as_mut().filter(|request| {
            request.untold.is_none() && (request.xid == packet.xid || Mutant::AnyUpddone.is_on())
        }) else {
            if self.link.as_mut().is_some_and(|link| link.gave_up(packet.xid)) {
                return;
            }
            let message = alloc::format!("UPDDONE for no request of ours (xid {})", packet.xid);
            return self.event(Event::PeerError { message });
        };
        let (all, sent) = (request.all, request.sent);
        request.untold = (all && believes_silence).then_some(Untold { after: None });
        let is_settled = request.untold.is_none();
        self.note_answer_time(sent, packet.time);
        if all && self.waits_for_untold(bindings) {
            self.request = None;
            return; // asked again on the next connection
        }
        if is_settled {
            self.request_answered();
        }
    }

    /// The partner has told what was asked for.
    pub(super) fn request_answered(&mut self) {
        let Some(request) = self.request.take() else { return };
        self.end_quarantine();
        let ran_before =
            self.link.is_some() && self.partner_hints().is_none_or(|hints| hints.ran_failover);
        if request.all && ran_before {
            // Our lost data may have extended leases; the partner holds them, and so do we (H19).
            self.record.storage_lost_at = Some(request.sent);
            self.epoch = self.epoch.saturating_add(1);
        }
        if request.all && self.record.state != State::Recover {
            // In RECOVER this is still to be known, for how long to wait; after a restart, too, if
            // this server is leaving.
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
        let mut all = all;
        if let Some(link) = &mut self.link {
            link.asked = true;
            all |= core::mem::take(&mut link.lacks_data);
        }
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
            match bindings.subnet_of(*id).filter(|subnet| subnet.id == *id) {
                Some(subnet) => scopes.push(subnet.addresses()),
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
            self.say_updates_done(xid);
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
        self.begin_instance();
        // Its stamps begin anew, perhaps on another clock: what it served before is no measure for
        // them (isc-S14).
        self.record.partner_served = 0;
        if self.record.ran_failover {
            self.record.storage_lost_at = Some(self.lease_now);
            self.epoch = self.epoch.saturating_add(1);
        }
        self.persist_record();
    }

    /// From now on the partner may know of no binding (§5.17): all are to be told. To be made durable.
    pub(super) fn begin_instance(&mut self) {
        self.record.instance = self.record.instance.wrapping_add(1);
        self.updates.sweep_anew();
    }

    /// With UPDDONE the partner has what it needs to serve again, without our hearing of it: that
    /// an operator once said it was down tells nothing any more of when it last served (§9.6.2).
    fn say_updates_done(&mut self, xid: u32) {
        if core::mem::take(&mut self.record.partner_down_ordered) {
            self.persist_record();
        }
        self.send_as(xid, Message::UpdDone);
    }

    /// UPDDONE, when every update of the request was answered on this connection (S9).
    pub(super) fn finish_answer(&mut self) {
        if let Some(answer) = self.updates.take_finished_answer() {
            self.say_updates_done(answer.xid);
            self.event(Event::Synchronized { bindings: answer.bindings });
        }
        // §9.5.2: a partner that neither updates nor finishes is not worth the connection.
        let patience_ms = ms(self.config.receive_timer).saturating_mul(4);
        let (now, stalled) = (self.now, "no updates although we asked for them");
        let silent_ms = self.request.as_ref().map(|request| now.ms_since(request.progress));
        if let Some(silent_ms) = silent_ms.filter(|silent_ms| *silent_ms > patience_ms) {
            if self.partner_is_dhcpd() {
                let fault = PartnerFault::Silent { silent_s: silent_ms / 1_000 };
                self.event(Event::PartnerFault(fault));
            }
            self.disconnect(RejectReason::NO_TRAFFIC, String::from(stalled));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::PartnerState;
    use crate::endpoint::link::{Link, Phase};
    use crate::{BindingTable, EndpointConfig, Input, LinkId, LinkSide, Output, Record, Subnet};
    use dhcp_failover_lease::{Binding, BindingStatus, Role};
    use dhcp_failover_wire::{BindingAck, Dialect, decode};

    const SCOPES: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 0), Ipv4Addr::new(198, 51, 100, 0)];

    fn address(scope: Ipv4Addr, number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(scope.to_bits() + number)
    }

    /// Two scopes with three addresses each that the partner has not heard of.
    fn table() -> BindingTable {
        let mut table = BindingTable::new();
        for scope in SCOPES {
            let addresses = address(scope, 1)..=address(scope, 3);
            table.add_pool([addresses]).unwrap();
            table.add_subnet(Subnet::new(scope, 24));
            for number in 1..=3 {
                let unused = Binding::unused(address(scope, number));
                let status = BindingStatus::Backup;
                table.apply(Binding { version: 1, status, ..unused });
            }
        }
        table
    }

    /// In NORMAL, as Windows sees it: the draft's dialect has no scopes, so the request is made here.
    fn connected() -> Endpoint {
        let config = EndpointConfig {
            max_batch: 1,
            ..EndpointConfig::new("pair", Role::Primary, [192, 0, 2, 1].into())
        };
        let mut endpoint = Endpoint::new(config, None, Monotonic::from_ms(0), LeaseInstant::ZERO);
        let established = Phase::Established;
        let mut link =
            Link::new(LinkId(1), LinkSide::Dialed, established, Dialect::Draft12, endpoint.now);
        (link.max_unacked, link.partner_receive_ms) = (100, 60_000);
        endpoint.link = Some(link);
        endpoint.partner = Some(PartnerState { state: State::Normal, startup: false, since: 0 });
        endpoint.state = State::Normal;
        endpoint
    }

    /// One tick with a disk that works; what it says.
    fn tick(endpoint: &mut Endpoint, table: &mut BindingTable) -> Vec<Packet> {
        let mut said = Vec::new();
        let mut input = Some(Input::Tick);
        while let Some(now) = input.take() {
            endpoint.handle(endpoint.now, now, table);
            loop {
                match endpoint.poll_output() {
                    Output::Wait(_) => break,
                    Output::Persist { ticket, record } => {
                        if let Record::Binding(binding) = record {
                            table.apply(*binding);
                        }
                        input = Some(Input::Persisted(ticket));
                    }
                    Output::Transmit { bytes, .. } => {
                        said.push(decode(&bytes, Dialect::Draft12).unwrap());
                    }
                    _ => {}
                }
            }
        }
        said
    }

    fn is_done(said: &[Packet]) -> bool {
        said.iter().any(|packet| packet.xid == 7 && packet.message == Message::UpdDone)
    }

    /// [MS-DHCPF]: a request with scopes is done when the bindings of those scopes were answered.
    #[test]
    fn a_request_for_some_scopes_waits_for_no_other() {
        let (mut endpoint, mut table) = (connected(), table());
        endpoint.scopes_request(7, &SCOPES[1..], &table);
        let mut open: Vec<_> = tick(&mut endpoint, &mut table);
        open.extend(tick(&mut endpoint, &mut table));
        assert!(!is_done(&open));
        let updates = open.into_iter().filter_map(|packet| match packet.message {
            Message::BndUpd(updates) => Some((packet.xid, updates[0].address)),
            _ => None,
        });
        let updates: Vec<_> = updates.collect();
        assert_eq!(updates.len(), 6, "what is not told is told, of whatever scope");
        let asked_for: Vec<_> =
            updates.into_iter().filter(|(_, at)| *at > address(SCOPES[1], 0)).collect();
        for (left, (xid, at)) in (0..3).rev().zip(asked_for) {
            let message = Message::BndAck(alloc::vec![BindingAck::accept(at)]);
            let packet = Packet { time: 1, xid, message: message.clone() };
            if let Message::BndAck(acks) = message {
                endpoint.binding_acks(&packet, &acks, &table);
            }
            assert_eq!(is_done(&tick(&mut endpoint, &mut table)), left == 0, "{left} left");
        }
        assert_eq!(endpoint.status().pending, 3);
    }

    /// A scope that this server does not have is told to the operator, and nobody waits for it.
    #[test]
    fn unknown_scopes_are_told() {
        let (mut endpoint, mut table) = (connected(), table());
        endpoint.scopes_request(7, &[Ipv4Addr::new(203, 0, 113, 0)], &table);
        assert!(is_done(&tick(&mut endpoint, &mut table)));
        assert_eq!(endpoint.stats().peer_errors, 1);
    }
}
