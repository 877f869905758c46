//! What to do with a message.

use super::link::{Link, Phase};
use super::{Endpoint, PartnerState};
use crate::{Bindings, Event, LinkId, State};
use alloc::string::String;
use dhcp_failover_lease::{LeaseInstant, Mutant};
use dhcp_failover_wire::{
    Dialect, Disconnect, Message, MessageLimit, MessageType, OptionCode, Packet, PoolResp,
    RawMessage, RejectReason, ServerFlags, ServerState, UpdReq, windows,
};

impl Endpoint {
    pub(super) fn frame<B: Bindings>(&mut self, id: LinkId, bytes: &[u8], bindings: &B) {
        self.is_heard();
        if let Some(at) = self.candidates.iter().position(|link| link.id == id) {
            let link = self.candidates.remove(at);
            return self.first_frame(link, bytes, bindings);
        }
        let Some(link) =
            self.link.as_ref().filter(|link| link.id == id || Mutant::OldConnectionRead.is_on())
        else {
            return; // of a connection that is gone: nothing crosses connections (S11)
        };
        let dialect = match link.phase {
            Phase::Established => link.dialect,
            _ => self.first_dialect_of(bytes),
        };
        if let Err(text) = fits(bytes, link.longest_message) {
            self.event(Event::PeerError { message: text.clone() });
            return self.disconnect(RejectReason::UNKNOWN_ERROR, text);
        }
        match self.read(bytes, dialect) {
            Ok(packet) => {
                if !self.note_time(&packet) {
                    return;
                }
                self.heard(&packet);
                self.message(&packet, dialect, bindings);
            }
            Err((_, None)) => self.note_silence_broken(),
            Err((text, Some(reason))) => {
                self.event(Event::PeerError { message: text.clone() });
                self.disconnect(reason, text);
            }
        }
    }

    /// The first message of a connection that the primary is to use: it must be CONNECT (§7.8).
    fn first_frame<B: Bindings>(&mut self, mut link: Link, bytes: &[u8], bindings: &B) {
        if let Err(message) = fits(bytes, link.longest_message) {
            self.event(Event::PeerError { message });
            self.close(link.id);
            return self.candidate_gone(&link);
        }
        link.dialect = self.first_dialect_of(bytes);
        match self.read(bytes, link.dialect) {
            Ok(packet) => match &packet.message {
                Message::Connect(connect) => {
                    let mark = self.mark_of(bytes);
                    return self.connect(link, &packet, connect, mark, bindings);
                }
                other => {
                    let kind = other.message_type();
                    let message = alloc::format!("first message is {kind}, must be CONNECT");
                    self.event(Event::PeerError { message });
                    self.close(link.id);
                }
            },
            Err((message, reason)) => {
                self.reject_unread(&link, bytes, reason, &message);
                self.event(Event::PeerError { message });
            }
        }
        self.candidate_gone(&link);
    }

    /// A CONNECT that cannot be trusted or understood still gets an answer that says why (§7.8.2
    /// step 4): whoever sent it must not have to guess.
    fn reject_unread(&mut self, link: &Link, bytes: &[u8], why: Option<RejectReason>, text: &str) {
        match (RawMessage::parse(bytes), why) {
            (Ok(raw), Some(reason)) if raw.header().message_type == MessageType::CONNECT => {
                let tls_requested = raw.option(OptionCode::TLS_REQUEST).is_some();
                self.reject(link, raw.header().xid, reason, text, tls_requested);
            }
            _ => self.close(link.id),
        }
    }

    fn note_silence_broken(&mut self) {
        let now = self.now;
        if let Some(link) = &mut self.link {
            link.received(now);
        }
    }

    /// What a message says about the partner's clock (§5.10); false if that ended the link.
    fn note_time(&mut self, packet: &Packet) -> bool {
        self.note_silence_broken();
        let received = self.lease_now;
        let Some(link) = &mut self.link else { return false };
        let Some(skew) = &mut link.skew else { return true };
        if let Some(by_s) = skew.refine(packet.time, received) {
            self.event(Event::PartnerClockStepped { by_s });
        }
        if let Some(by_s) = self.beyond_time_limit() {
            let text = alloc::format!("the clocks have come to differ by {by_s} s");
            self.disconnect(RejectReason::TIME_MISMATCH, text.clone());
            self.refused(RejectReason::TIME_MISMATCH, text);
            return false;
        }
        true
    }

    /// What an answer says about it: it was stamped after the request had left.
    pub(super) fn note_answer_time(&mut self, requested: LeaseInstant, sent: u32) {
        let skew = self.link.as_mut().and_then(|link| link.skew.as_mut());
        if let Some(by_s) = skew.and_then(|skew| skew.refine_by_answer(requested, sent)) {
            self.event(Event::PartnerClockStepped { by_s });
        }
    }

    fn message<B: Bindings>(&mut self, packet: &Packet, dialect: Dialect, bindings: &B) {
        let established = self.link.as_ref().is_some_and(|link| link.phase == Phase::Established);
        match &packet.message {
            Message::ConnectAck(ack) if !established => {
                self.connect_ack(packet, ack, dialect, bindings);
            }
            Message::Connect(connect) if !established => self.connect_to_primary(packet, connect),
            Message::Disconnect(disconnect) => self.disconnected(disconnect),
            Message::State(state) if established => {
                self.note_first_state(packet.time);
                self.partner_state(*state);
            }
            message if !established || self.partner.is_none() => {
                // Nothing but STATE may come before STATE (§8.2).
                let text = alloc::format!("{} before STATE", message.message_type());
                self.event(Event::PeerError { message: text.clone() });
                self.disconnect(RejectReason::UNKNOWN_ERROR, text);
            }
            Message::BndUpd(updates) => self.binding_updates(packet, updates, bindings),
            Message::BndAck(acks) => self.binding_acks(packet, acks, bindings),
            Message::UpdReq(UpdReq { scope_ids }) if !scope_ids.is_empty() => {
                self.scopes_request(packet.xid, scope_ids, bindings);
            }
            Message::UpdReq(_) => self.update_request(packet.xid, false),
            Message::UpdReqAll => self.update_request(packet.xid, true),
            Message::UpdDone => self.updates_done(packet, bindings),
            Message::PoolReq => self.pool_request(packet.xid),
            Message::PoolResp(PoolResp { addresses_transferred }) => {
                self.pool_response(*addresses_transferred);
            }
            Message::Contact => {}
            other => {
                let text = alloc::format!("unexpected {}", other.message_type());
                self.event(Event::PeerError { message: text.clone() });
                self.disconnect(RejectReason::UNKNOWN_ERROR, text);
            }
        }
    }

    /// §7.12.2: the partner ends the connection. What would end the next one as well is an operator's
    /// to mend: it is told as a refusal, and no more connections are made than after one.
    fn disconnected(&mut self, disconnect: &Disconnect) {
        let reason = disconnect.reject_reason;
        let text = disconnect.message.clone().unwrap_or_default();
        if let Some(id) = self.link.as_ref().map(|link| link.id) {
            self.flush_and_close(id);
        }
        self.link_lost(alloc::format!("the partner disconnected: {reason} {text}"));
        if will_recur(reason) {
            self.refused(reason, alloc::format!("the partner disconnected: {reason} {text}"));
        }
    }

    /// The primary's first STATE answers our CONNECTACK (§8.2): that bounds the offset of its clock
    /// before the first times have to be understood.
    fn note_first_state(&mut self, sent: u32) {
        let answered = self.link.as_mut().and_then(|link| link.answered_connect.take());
        if let Some(answered) = answered {
            self.note_answer_time(answered, sent);
        }
    }

    /// What the partner's number stands for.
    fn state_named(&self, number: ServerState) -> Option<State> {
        let windows = self.link.as_ref().is_some_and(|link| link.dialect.windows().is_some());
        match State::from_wire(number) {
            // Two numbers say that it was in no state before: it has nothing to go on from.
            None if windows && [ServerState(0), windows::INIT].contains(&number) => {
                Some(State::Recover)
            }
            known => known,
        }
    }

    fn partner_state(&mut self, message: dhcp_failover_wire::State) {
        let Some(state) = self.state_named(message.server_state) else {
            let text = alloc::format!("unknown server-state {}", message.server_state);
            self.event(Event::PeerError { message: text.clone() });
            return self.disconnect(RejectReason::UNKNOWN_ERROR, text);
        };
        let startup = message.server_flags.contains(ServerFlags::STARTUP)
            && !Mutant::StartupBitIgnored.is_on();
        if self.partner.is_none() {
            self.event(Event::Connected);
        }
        let it_waited = self.lets_dhcpd_speak_first();
        self.note_dhcpd_recovers(state);
        self.event(Event::PartnerState { state, startup });
        self.partner = Some(PartnerState { state, startup, since: message.start_time_of_state });
        self.note_connection();
        if it_waited {
            self.send_state();
        }
        self.has_said_state = true;
        // Also while it starts: what it says next, POTENTIAL-CONFLICT perhaps, does not show it any more.
        let alone_too = [self.state, self.record.state].contains(&State::PartnerDown);
        let was_alone = self.record.partner_was_alone || state == State::PartnerDown && !alone_too;
        if self.record.partner_state != Some(state) || self.record.partner_was_alone != was_alone {
            self.record.partner_state = Some(state);
            self.record.partner_was_alone = was_alone;
            self.persist_record();
        }
        self.on_partner_state();
    }
}

/// Whether a connection that was ended for this reason would be ended again: the two servers are not
/// configured for each other. Other reasons are of the moment, or of one binding.
const fn will_recur(reason: RejectReason) -> bool {
    matches!(
        reason,
        RejectReason::TIME_MISMATCH
            | RejectReason::INVALID_MCLT
            | RejectReason::UNKNOWN_REASON
            | RejectReason::DUPLICATE_CONNECTION
            | RejectReason::INVALID_PARTNER
            | RejectReason::TLS_NOT_SUPPORTED
            | RejectReason::TLS_NOT_CONFIGURED
            | RejectReason::TLS_REQUIRED
            | RejectReason::DIGEST_NOT_SUPPORTED
            | RejectReason::DIGEST_NOT_CONFIGURED
            | RejectReason::VERSION_MISMATCH
            | RejectReason::HASH_BUCKET_CONFLICT
            | RejectReason::DIGEST_MISMATCH
            | RejectReason::MISSING_DIGEST
    )
}

/// Whether a message is no longer than was agreed (§6.1).
fn fits(bytes: &[u8], limit: MessageLimit) -> Result<(), String> {
    let length = bytes.len();
    if length <= limit.bytes() {
        return Ok(());
    }
    Err(alloc::format!("message of {length} bytes, at most {limit} were agreed on"))
}
