//! What to do with a message.

use super::link::{Link, Phase};
use super::{Endpoint, PartnerState};
use crate::{Bindings, Event, LinkId, State};
use alloc::string::{String, ToString};
use dhcp_failover_wire::{
    DecodeError, Dialect, Message, MessageType, Packet, PoolResp, RawMessage, RejectReason,
    ServerFlags, decode, digest, reject_reason,
};

impl Endpoint {
    pub(super) fn frame<B: Bindings>(&mut self, id: LinkId, bytes: &[u8], bindings: &B) {
        if self.candidate.as_ref().is_some_and(|link| link.id == id) {
            return self.first_frame(id, bytes);
        }
        let Some(link) = self.link.as_mut().filter(|link| link.id == id) else {
            return; // of a connection that is gone: nothing crosses connections (S11)
        };
        let dialect = link.dialect;
        match self.read(bytes, dialect) {
            Ok(packet) => {
                self.note_time(packet.time);
                self.heard(&packet);
                self.message(&packet, bindings);
            }
            Err((_, None)) => self.note_silence_broken(),
            Err((text, Some(reason))) => {
                self.event(Event::PeerError { message: text.clone() });
                self.disconnect(reason, text);
            }
        }
    }

    /// The first message of an accepted connection: it must be CONNECT (§7.8).
    fn first_frame(&mut self, id: LinkId, bytes: &[u8]) {
        let read = self.read(bytes, self.config.dialect.unwrap_or(Dialect::Draft12));
        let Some(link) = self.candidate.take() else { return };
        match read {
            Ok(packet) => match &packet.message {
                Message::Connect(connect) => self.connect(link, &packet, connect),
                other => {
                    let kind = other.message_type();
                    let message = alloc::format!("first message is {kind}, must be CONNECT");
                    self.event(Event::PeerError { message });
                    self.flush_and_close(id);
                }
            },
            Err((message, reason)) => {
                if let Some(reason) = reason {
                    self.reject_unread(link, bytes, reason, &message);
                }
                self.event(Event::PeerError { message });
                self.flush_and_close(id);
            }
        }
    }

    /// A CONNECT that cannot be trusted or understood still gets an answer that says why (§7.8.2
    /// step 4): whoever sent it must not have to guess.
    fn reject_unread(&mut self, link: Link, bytes: &[u8], reason: RejectReason, text: &str) {
        let Ok(raw) = RawMessage::parse(bytes) else { return };
        let header = raw.header();
        if header.message_type != MessageType::CONNECT {
            return;
        }
        let id = link.id;
        self.candidate = Some(link);
        let answer = Message::ConnectAck(self.rejection(reason, text, None));
        self.transmit(id, header.xid, &answer);
        self.candidate = None;
    }

    /// Authenticates, then decodes. An error without a reason is a message to be ignored.
    fn read(
        &self,
        bytes: &[u8],
        dialect: Dialect,
    ) -> Result<Packet, (String, Option<RejectReason>)> {
        let checked = match &self.config.secret {
            Some(secret) => digest::verify(bytes, secret),
            None => digest::verify_absent(bytes),
        };
        if let Err(error) = checked {
            return Err((error.to_string(), Some(reject_reason(error))));
        }
        decode(bytes, dialect).map_err(|error| match error {
            DecodeError::Ignorable { .. } => (error.to_string(), None),
            error => (error.to_string(), Some(reject_reason(error))),
        })
    }

    fn note_silence_broken(&mut self) {
        let now = self.now;
        if let Some(link) = &mut self.link {
            link.received(now);
        }
    }

    fn note_time(&mut self, sent: u32) {
        self.note_silence_broken();
        let received = self.lease_now;
        if let Some(skew) = self.link.as_mut().and_then(|link| link.skew.as_mut()) {
            skew.refine(sent, received);
        }
    }

    fn message<B: Bindings>(&mut self, packet: &Packet, bindings: &B) {
        let established = self.link.as_ref().is_some_and(|link| link.phase == Phase::Established);
        match &packet.message {
            Message::ConnectAck(ack) if !established => self.connect_ack(packet, ack),
            Message::Disconnect(disconnect) => {
                let text = disconnect.message.clone().unwrap_or_default();
                let reason = disconnect.reject_reason;
                let why = alloc::format!("the partner disconnected: {reason} {text}");
                if let Some(id) = self.link.as_ref().map(|link| link.id) {
                    self.flush_and_close(id);
                }
                self.link_lost(why);
            }
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
            Message::UpdReq(_) => self.update_request(packet.xid, false),
            Message::UpdReqAll => self.update_request(packet.xid, true),
            Message::UpdDone => self.updates_done(packet),
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

    /// The primary's first STATE answers our CONNECTACK (§8.2): that bounds the offset of its clock
    /// before the first times have to be understood.
    fn note_first_state(&mut self, sent: u32) {
        let Some(link) = &mut self.link else { return };
        if let (Some(skew), Some(answered)) = (&mut link.skew, link.answered_connect.take()) {
            skew.refine_by_answer(answered, sent);
        }
    }

    fn partner_state(&mut self, message: dhcp_failover_wire::State) {
        let Some(state) = State::from_wire(message.server_state) else {
            let text = alloc::format!("unknown server-state {}", message.server_state);
            self.event(Event::PeerError { message: text.clone() });
            return self.disconnect(RejectReason::UNKNOWN_ERROR, text);
        };
        let startup = message.server_flags.contains(ServerFlags::STARTUP);
        if self.partner.is_none() {
            self.event(Event::Connected);
        }
        self.event(Event::PartnerState { state, startup });
        self.partner = Some(PartnerState { state, startup, since: message.start_time_of_state });
        if self.record.partner_state != Some(state) {
            self.record.partner_state = Some(state);
            self.persist_record();
        }
        self.on_partner_state();
    }
}
