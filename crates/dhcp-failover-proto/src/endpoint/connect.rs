//! CONNECT and CONNECTACK (draft-12 §7.8, §7.9).

use super::link::{Link, Phase};
use super::{Endpoint, PROTOCOL_VERSION, ms};
use crate::{Event, LinkId, Skew};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_wire::{
    Connect, ConnectAck, Dialect, EncodeError, Message, Packet, Reject, RejectReason, digest,
    encode,
};
use dhcp_loadbalance::HashBuckets;

/// What this implementation calls itself (§12.28).
const VENDOR_CLASS: &[u8] = b"dhcp-failover-0.1";
/// More unanswered updates than this are never under way, whatever the partner offers: what is sent
/// waits in the driver's memory.
const MAX_WINDOW: u32 = 10_000;
/// Used for a partner that does not say when it gives up (draft: MUST, dhcpd floods without it).
const DEFAULT_RECEIVE_S: u32 = 60;

const NOT_SUPPORTED: &str = "this version does not speak the Windows dialect yet";

/// Why a connection is not accepted.
struct Refusal(RejectReason, String);

impl Endpoint {
    pub(super) fn send_connect(&mut self, id: LinkId, dialect: Dialect) {
        let mut link = Link::new(id, Phase::AwaitConnect, dialect, self.now);
        let xid = link.take_xid();
        link.phase = Phase::AwaitConnectAck { xid, sent: self.lease_now };
        let primary: HashBuckets = self.record.primary_buckets.into();
        let buckets =
            if dialect.set_buckets_are_primarys() { primary } else { primary.complement() };
        let connect = Message::Connect(Connect {
            relationship_name: self.config.name.as_bytes().to_vec(),
            max_unacked_bndupd: Some(self.config.max_unacked_bndupd),
            receive_timer: Some(self.config.receive_timer.as_dhcp_s()),
            vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
            protocol_version: PROTOCOL_VERSION,
            tls_request: Some(0),
            mclt: Some(self.record.mclt.agreed().as_dhcp_s()),
            hash_buckets: Some(buckets.to_bytes()),
            vendor_specific: Some(self.vendor_specific()),
            ..Connect::default()
        });
        self.link = Some(link);
        self.record.connect_time = self.lease_now.as_wire_s();
        self.persist_record();
        self.send_answer(xid, connect);
    }

    /// A CONNECT on a connection the partner opened. Answers it, and if it is accepted makes the
    /// connection the one in use, in the place of an older one: a partner that lost the old link
    /// without our noticing must not be kept out.
    pub(super) fn connect(&mut self, mut link: Link, packet: &Packet, connect: &Connect) {
        let dialect = self.dialect_for(connect.vendor_class_identifier.as_deref());
        if speaks(dialect) {
            link.dialect = dialect;
        }
        let id = link.id;
        match self.check_connect(connect, dialect) {
            Err(Refusal(reason, text)) => {
                let tls_reply = connect.tls_request.map(|_| 0);
                let answer = Message::ConnectAck(self.rejection(reason, &text, tls_reply));
                self.candidate = Some(link);
                self.transmit(id, packet.xid, &answer);
                self.candidate = None;
                self.flush_and_close(id);
                self.event(Event::Refused { reason, message: text });
            }
            Ok((mclt, buckets)) => {
                let why = "the partner connected anew";
                self.disconnect(RejectReason::DUPLICATE_CONNECTION, String::from(why));
                let set_is_primary = dialect.set_buckets_are_primarys();
                let primary = if set_is_primary { buckets } else { buckets.complement() };
                self.adopt_mclt(mclt);
                self.record.primary_buckets = primary.into();
                self.record.connect_time = packet.time;
                // §7.8.2 steps 7 and 8: stored before the answer leaves.
                self.persist_record();
                self.epoch = self.epoch.saturating_add(1);
                let vendor = connect.vendor_specific.as_deref();
                self.link = Some(link);
                self.establish(
                    packet.time,
                    connect.max_unacked_bndupd,
                    connect.receive_timer,
                    vendor,
                );
                let answer = Message::ConnectAck(ConnectAck {
                    relationship_name: self.config.name.as_bytes().to_vec(),
                    max_unacked_bndupd: Some(self.config.max_unacked_bndupd),
                    receive_timer: Some(self.config.receive_timer.as_dhcp_s()),
                    vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
                    protocol_version: PROTOCOL_VERSION,
                    tls_reply: connect.tls_request.map(|_| 0),
                    reject: None,
                    vendor_specific: Some(self.vendor_specific()),
                });
                self.send_answer(packet.xid, answer);
                self.send_state();
                if let Some(link) = &mut self.link {
                    link.answered_connect = Some(self.lease_now);
                }
            }
        }
    }

    /// A CONNECTACK that refuses (table 7.9-1).
    pub(super) fn rejection(
        &self,
        reason: RejectReason,
        text: &str,
        tls_reply: Option<u8>,
    ) -> ConnectAck {
        ConnectAck {
            relationship_name: self.config.name.as_bytes().to_vec(),
            protocol_version: PROTOCOL_VERSION,
            tls_reply,
            reject: Some(Reject { reason, message: Some(String::from(text)) }),
            ..ConnectAck::default()
        }
    }

    /// §7.8.2 steps 2 to 8, but for what [`Listener`](crate::Listener) has checked already.
    fn check_connect(
        &self,
        connect: &Connect,
        dialect: Dialect,
    ) -> Result<(LeaseSpan, HashBuckets), Refusal> {
        let refuse = |reason, text: &str| Err(Refusal(reason, String::from(text)));
        if !speaks(dialect) {
            return refuse(RejectReason::UNKNOWN_REASON, NOT_SUPPORTED);
        }
        if connect.protocol_version != PROTOCOL_VERSION {
            return Err(Refusal(
                RejectReason::VERSION_MISMATCH,
                alloc::format!(
                    "protocol version {} is not {PROTOCOL_VERSION}",
                    connect.protocol_version
                ),
            ));
        }
        if connect.tls_request == Some(2) {
            return refuse(RejectReason::TLS_NOT_SUPPORTED, "this server does not speak TLS");
        }
        if self.config.role == Role::Primary {
            return refuse(RejectReason::INVALID_PARTNER, "both servers are primary");
        }
        if connect.relationship_name != self.config.name.as_bytes() {
            return refuse(RejectReason::INVALID_PARTNER, "the relationship has another name here");
        }
        let mclt = match connect.mclt {
            None | Some(0) => {
                return refuse(RejectReason::INVALID_MCLT, "the MCLT must be at least 1 s");
            }
            Some(seconds) => LeaseSpan::from_dhcp_s(seconds),
        };
        let Some(buckets) = connect.hash_buckets else {
            return refuse(RejectReason::HASH_BUCKET_CONFLICT, "the hash buckets are missing");
        };
        Ok((mclt, HashBuckets::from_bytes(buckets)))
    }

    pub(super) fn connect_ack(&mut self, packet: &Packet, ack: &ConnectAck) {
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
        let dialect = self.dialect_for(ack.vendor_class_identifier.as_deref());
        if let Err(Refusal(reason, message)) = self.check_connect_ack(ack, dialect) {
            self.flush_and_close(id);
            self.link_lost(message.clone());
            return self.refused(reason, message);
        }
        if let Some(link) = &mut self.link {
            link.dialect = dialect;
        }
        let vendor = ack.vendor_specific.as_deref();
        self.establish(packet.time, ack.max_unacked_bndupd, ack.receive_timer, vendor);
        if let Some(skew) = self.link.as_mut().and_then(|link| link.skew.as_mut()) {
            skew.refine_by_answer(sent, packet.time);
        }
        self.dial_failures = 0;
        self.send_state();
    }

    /// §7.9.2 steps 4 and 5.
    fn check_connect_ack(&self, ack: &ConnectAck, dialect: Dialect) -> Result<(), Refusal> {
        let refuse = |reason, text: &str| Err(Refusal(reason, String::from(text)));
        if !speaks(dialect) {
            return refuse(RejectReason::UNKNOWN_REASON, NOT_SUPPORTED);
        }
        if ack.relationship_name != self.config.name.as_bytes() {
            let text = "the partner answered for another relationship";
            return refuse(RejectReason::INVALID_PARTNER, text);
        }
        if ack.protocol_version != PROTOCOL_VERSION {
            let text = "the partner answered with another protocol version";
            return refuse(RejectReason::VERSION_MISMATCH, text);
        }
        Ok(())
    }

    fn establish(
        &mut self,
        time: u32,
        max_unacked: Option<u32>,
        receive_timer: Option<u32>,
        vendor_specific: Option<&[u8]>,
    ) {
        let Some(link) = &mut self.link else { return };
        link.phase = Phase::Established;
        link.received(self.now);
        // An answer under way for longer than tReceive would have cost the link (§8.3).
        link.skew = Some(Skew::first(time, self.lease_now, self.config.receive_timer));
        link.max_unacked = max_unacked.unwrap_or(1).clamp(1, MAX_WINDOW);
        let receive_s = receive_timer.filter(|s| *s > 0).unwrap_or(DEFAULT_RECEIVE_S);
        link.partner_receive_ms = ms(LeaseSpan::from_s(u64::from(receive_s)));
        link.hints = vendor_specific.and_then(super::hints::Hints::parse);
        // What one server remembers, both know: a server that lost its own memory of it must not
        // let its partner take the pair for a new one later (§9.6.2).
        self.record.ran_failover |= link.hints.is_some_and(|hints| hints.ran_failover);
        self.check_store();
        if max_unacked.is_none() || receive_timer.is_none_or(|s| s == 0) {
            let message = "no usable max-unacked-bndupd or receive-timer; using 1 and 60 s";
            self.event(Event::PeerError { message: String::from(message) });
        }
    }

    fn dialect_for(&self, vendor_class: Option<&[u8]>) -> Dialect {
        let named = vendor_class.map(Dialect::of_vendor_class);
        self.config.dialect.or(named).unwrap_or(Dialect::Draft12)
    }

    pub(super) fn encoded(
        &self,
        xid: u32,
        message: &Message,
        dialect: Dialect,
    ) -> Result<Vec<u8>, dhcp_failover_wire::Error> {
        let mut packet = Packet { time: self.lease_now.as_wire_s(), xid, message: message.clone() };
        let mut bytes = Vec::new();
        if let Err(EncodeError::TooLong { .. }) = encode(&packet, dialect, &mut bytes) {
            // Better without the texts for people than not at all.
            packet.message.drop_texts();
            bytes.clear();
        }
        if bytes.is_empty() {
            encode(&packet, dialect, &mut bytes)?;
        }
        if let Some(secret) = &self.config.secret {
            digest::sign(&mut bytes, secret)?;
        }
        Ok(bytes)
    }
}

/// Whether an endpoint knows what a peer of this dialect means by its messages. Of Windows it does
/// not yet know how addresses are handed over.
const fn speaks(dialect: Dialect) -> bool {
    !matches!(dialect, Dialect::Microsoft(_))
}
