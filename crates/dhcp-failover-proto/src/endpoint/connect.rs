//! CONNECT and CONNECTACK (draft-12 §7.8, §7.9).

use super::admission::Refusal;
use super::hints::{Hints, hints_of};
use super::link::{Link, Phase};
use super::manner::{Heard, Manner};
use super::{Endpoint, PROTOCOL_VERSION, ms};
use crate::timer::Timer;
use crate::{Bindings, Event, LinkId, LinkSide, Skew};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use dhcp_failover_lease::LeaseSpan;
use dhcp_failover_wire::{
    BindingUpdate, Connect, ConnectAck, Dialect, HEADER_LEN, Message, MessageLimit, OptionCode,
    Packet, Reject, RejectReason, digest, encode_within,
};
use dhcp_loadbalance::HashBuckets;

/// What this implementation calls itself (§12.28): a version follows the name.
const VENDOR_CLASS: &[u8] = b"dhcp-failover-0.1";
/// More unanswered updates than this are never under way, whatever the partner offers: what is sent
/// waits in the driver's memory.
const MAX_WINDOW: u32 = 10_000;
/// A partner that gives up sooner could not be told of life in time, and one that gives up later
/// would hardly notice its end.
const RECEIVE_S: core::ops::RangeInclusive<u32> = 2..=3_600;
/// Used for a partner that does not say when it gives up (draft: MUST, dhcpd floods without it).
const DEFAULT_RECEIVE_S: u32 = 60;

impl Endpoint {
    pub(super) fn send_connect<B: Bindings>(&mut self, id: LinkId, side: LinkSide, bindings: &B) {
        let Manner { dialect, max_unacked } = self.manner();
        let mut link = Link::new(id, side, Phase::AwaitConnect, dialect, self.now);
        link.begin_xids_at(self.attempts.first_xid());
        let xid = link.take_xid();
        link.phase = Phase::AwaitConnectAck { xid, sent: self.lease_now };
        let primary: HashBuckets = self.record.primary_buckets.into();
        let buckets =
            if dialect.set_buckets_are_primarys() { primary } else { primary.complement() };
        let connect = Message::Connect(Connect {
            relationship_name: self.config.name.as_bytes().to_vec(),
            max_unacked_bndupd: Some(max_unacked),
            receive_timer: Some(self.config.receive_timer.as_dhcp_s()),
            vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
            protocol_version: PROTOCOL_VERSION,
            tls_request: (!self.config.tls && dialect.survives(OptionCode::TLS_REQUEST))
                .then_some(0),
            mclt: Some(self.record.mclt.agreed().as_dhcp_s()),
            hash_buckets: Some(buckets.to_bytes()),
            vendor_specific: self.vendor_specific(dialect, bindings),
            ..Connect::default()
        });
        self.link = Some(link);
        self.record.connect_time = self.lease_now.as_wire_s().max(1);
        self.persist_record();
        self.send_as(xid, connect);
    }

    /// A CONNECT on a connection that is not the link. Answers it, and if it is accepted makes the
    /// connection the link, in the place of an older one: a partner that lost the old link without
    /// our noticing must not be kept out. Nothing has changed before it is accepted.
    pub(super) fn connect<B: Bindings>(
        &mut self,
        link: Link,
        packet: &Packet,
        connect: &Connect,
        mark: Option<u64>,
        bindings: &B,
    ) {
        let dialect = link.dialect;
        let hints = hints_of(
            connect.vendor_class_identifier.as_deref(),
            connect.vendor_specific.as_deref(),
        );
        let checked = self.check_connect(packet, connect, dialect, mark).and_then(|accepted| {
            let text = "connected anew too often: the link before is kept";
            let keep = || Refusal(RejectReason::DUPLICATE_CONNECTION, String::from(text));
            self.may_replace().then_some(accepted).ok_or_else(keep)
        });
        match checked {
            Err(Refusal(reason, text)) => {
                self.reject(&link, packet.xid, reason, &text, connect.tls_request.is_some());
                if link.side == LinkSide::Dialed || self.link.is_none() {
                    self.pause_dialling(reason);
                }
                self.event(Event::Refused { reason, message: text });
            }
            Ok((mclt, buckets)) => {
                let why = "the partner connected anew";
                self.disconnect(RejectReason::DUPLICATE_CONNECTION, String::from(why));
                self.close_candidates();
                let set_is_primary = dialect.set_buckets_are_primarys();
                let primary = if set_is_primary { buckets } else { buckets.complement() };
                self.adopt_mclt(mclt);
                let configured = self.config.mclt;
                if mclt != configured {
                    self.event(Event::PrimarysMclt { configured, used: mclt });
                }
                self.record.primary_buckets = primary.into();
                self.remember_connect(packet.time, mark);
                // §7.8.2 steps 7 and 8: stored before the answer leaves.
                self.persist_record();
                self.epoch = self.epoch.saturating_add(1);
                self.link = Some(link);
                self.establish(packet.time, connect.max_unacked_bndupd, connect.receive_timer);
                let heard = Heard { dialect, max_unacked: connect.max_unacked_bndupd };
                self.heard = Some(heard);
                let answer = Message::ConnectAck(ConnectAck {
                    relationship_name: self.config.name.as_bytes().to_vec(),
                    max_unacked_bndupd: Some(self.manner().max_unacked),
                    receive_timer: Some(self.config.receive_timer.as_dhcp_s()),
                    vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
                    protocol_version: PROTOCOL_VERSION,
                    tls_reply: connect.tls_request.map(|_| 0),
                    reject: None,
                    vendor_specific: self.vendor_specific(dialect, bindings),
                });
                self.send_as(packet.xid, answer);
                // After the answer, which tells back what was told at the connection before.
                self.begin_contact(hints, bindings);
                if let Some(link) = &mut self.link {
                    link.answered_connect = Some(self.lease_now);
                }
            }
        }
    }

    /// A CONNECTACK that refuses (table 7.9-1), one with a TLS-request or without.
    fn rejection(&self, reason: RejectReason, text: &str, tls_requested: bool) -> ConnectAck {
        // §7.8.2 step 3: that TLS is required is said by the reply, too.
        let tls_reply = tls_requested.then(|| u8::from(reason == RejectReason::TLS_REQUIRED));
        ConnectAck {
            relationship_name: self.config.name.as_bytes().to_vec(),
            protocol_version: PROTOCOL_VERSION,
            tls_reply,
            reject: Some(Reject { reason, message: Some(String::from(text)) }),
            ..ConnectAck::default()
        }
    }

    /// Answers a CONNECT with a refusal and closes its connection.
    pub(super) fn reject(
        &mut self,
        link: &Link,
        xid: u32,
        reason: RejectReason,
        text: &str,
        tls_requested: bool,
    ) {
        let answer = Message::ConnectAck(self.rejection(reason, text, tls_requested));
        self.transmit_as(link.id, link.dialect, xid, answer);
        self.close(link.id);
    }

    /// A CONNECT where CONNECTACK should come: there are two primaries (isc-C28).
    pub(super) fn connect_to_primary(&mut self, packet: &Packet, connect: &Connect) {
        let Some(link) = self.link.take() else { return };
        let (reason, text) = (RejectReason::INVALID_PARTNER, "both servers are primary");
        self.gate.forget(link.id);
        self.reject(&link, packet.xid, reason, text, connect.tls_request.is_some());
        self.refused(reason, String::from(text));
    }

    pub(super) fn connect_ack<B: Bindings>(
        &mut self,
        packet: &Packet,
        ack: &ConnectAck,
        dialect: Dialect,
        bindings: &B,
    ) {
        let Some(link) = &mut self.link else { return };
        let Phase::AwaitConnectAck { xid, sent } = link.phase else { return };
        if packet.xid != xid {
            return; // §7.9.2: ignored
        }
        if let Some(reject) = &ack.reject {
            let message = reject.message.clone().unwrap_or_else(|| reject.reason.to_string());
            let (id, reason) = (link.id, reject.reason);
            self.flush_and_close(id);
            self.link_lost(alloc::format!("the partner refused: {message}"));
            return self.refused(reason, message);
        }
        let id = link.id;
        let hints =
            hints_of(ack.vendor_class_identifier.as_deref(), ack.vendor_specific.as_deref());
        if let Err(Refusal(reason, message)) = self.check_connect_ack(packet, ack) {
            self.say_why(reason, message.clone());
            self.flush_and_close(id);
            self.link_lost(message.clone());
            return self.refused(reason, message);
        }
        if self.was_misunderstood(Heard { dialect, max_unacked: ack.max_unacked_bndupd }) {
            return;
        }
        self.establish(packet.time, ack.max_unacked_bndupd, ack.receive_timer);
        self.note_answer_time(sent, packet.time);
        self.begin_contact(hints, bindings);
    }

    /// The first STATE: of the state that what the partner tells has led to, if it has, which was
    /// told on its entry.
    fn begin_contact<B: Bindings>(&mut self, hints: Option<Hints>, bindings: &B) {
        let state = self.state;
        self.hear_hints(hints, bindings);
        if self.state == state {
            self.send_state();
        }
    }

    fn establish(&mut self, time: u32, max_unacked: Option<u32>, receive_timer: Option<u32>) {
        let Some(link) = &mut self.link else { return };
        link.phase = Phase::Established;
        self.timers.stop(Timer::Dial);
        link.received(self.now);
        // An answer under way for longer than tReceive would have cost the link (§8.3).
        link.skew = Some(Skew::first(time, self.lease_now, self.config.receive_timer));
        self.compare_partner_offset();
        let Some(link) = &mut self.link else { return };
        let window = max_unacked.unwrap_or(0).clamp(1, MAX_WINDOW);
        let receive_s = match receive_timer {
            None | Some(0) => DEFAULT_RECEIVE_S,
            Some(seconds) => seconds.clamp(*RECEIVE_S.start(), *RECEIVE_S.end()),
        };
        link.max_unacked = window;
        link.partner_receive_ms = ms(LeaseSpan::from_s(u64::from(receive_s)));
        for (option, found, used) in [
            (OptionCode::MAX_UNACKED_BNDUPD, max_unacked, window),
            (OptionCode::RECEIVE_TIMER, receive_timer, receive_s),
        ] {
            if found != Some(used) {
                self.event(Event::ValueReplaced { option, found, used });
            }
        }
    }

    pub(super) fn encoded(
        &self,
        xid: u32,
        message: Message,
        dialect: Dialect,
        limit: MessageLimit,
    ) -> Result<Vec<u8>, dhcp_failover_wire::Error> {
        let mut packet = Packet { time: self.lease_now.as_wire_s(), xid, message };
        let mut bytes = Vec::with_capacity(usual_len(&packet.message));
        let encoded = self.encoded_into(&mut bytes, &packet, dialect, limit);
        if encoded.is_err() {
            // Better without the texts for people than not at all: it may be too long, or too long for
            // its signature.
            packet.message.drop_texts();
            bytes.clear();
            self.encoded_into(&mut bytes, &packet, dialect, limit)?;
        }
        Ok(bytes)
    }

    fn encoded_into(
        &self,
        bytes: &mut Vec<u8>,
        packet: &Packet,
        dialect: Dialect,
        limit: MessageLimit,
    ) -> Result<(), dhcp_failover_wire::Error> {
        encode_within(packet, dialect, limit, bytes)?;
        if let Some(secret) = &self.config.secret {
            digest::sign_within(bytes, secret, limit)?;
        }
        Ok(())
    }
}

/// How much memory to begin with for a message, so that it need not grow for the many.
fn usual_len(message: &Message) -> usize {
    const ACK: usize = 8;
    let body = match message {
        Message::BndUpd(updates) => updates.iter().map(BindingUpdate::encoded_len).sum(),
        Message::BndAck(acks) => acks.len().saturating_mul(ACK),
        _ => 0,
    };
    body.saturating_add(HEADER_LEN).saturating_add(digest::MAX_LEN)
}
