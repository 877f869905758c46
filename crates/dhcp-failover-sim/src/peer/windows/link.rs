//! Connections: only the primary makes them.

use super::{MAX_UNACKED, Windows, wire};
use crate::peer::Word;
use dhcp_failover_wire::digest;
use dhcp_failover_wire::{
    Connect, ConnectAck, Message, MessageType, Packet, Reject, RejectReason, decode, encode,
    split_frame,
};

/// From TCP to CONNECT or CONNECTACK.
const HANDSHAKE_MS: u64 = 15_000;
/// win-13: the clocks of the two may differ by this much.
const MAX_SKEW_S: u64 = 60;
const VENDOR_CLASS: &[u8] = b"MSFT 5.0";

/// A TCP connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    buffer: Vec<u8>,
    give_up_at: Option<u64>,
}

/// The connection in use.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) link: u64,
    heard_at: u64,
    sent_at: u64,
}

impl Windows {
    /// Whether the partner has said its state on the connection in use.
    pub(super) fn is_connected(&self) -> bool {
        self.volatile.active.is_some() && self.volatile.partner.is_some()
    }

    pub(super) fn link_wake(&self) -> Option<u64> {
        let tick_ms = self.config.receive_timer_s * 1_000;
        let active = self.volatile.active.as_ref();
        let active = active.map(|it| (it.heard_at + tick_ms).min(it.sent_at + tick_ms / 3));
        let handshakes = self.volatile.connections.values().filter_map(|it| it.give_up_at).min();
        active.into_iter().chain(handshakes).min()
    }

    pub(super) fn links_due(&mut self) {
        let (now, tick_ms) = (self.now, self.config.receive_timer_s * 1_000);
        let mut waiting = self.volatile.connections.iter();
        let late = waiting.find(|(_, it)| it.give_up_at.is_some_and(|at| at <= now));
        if let Some((link, _)) = late {
            let link = *link;
            return self.drop_connection(link, "nothing came on it");
        }
        let Some(active) = &self.volatile.active else { return };
        if active.heard_at + tick_ms <= now {
            self.drop_connection(active.link, "silence");
        } else if active.sent_at + tick_ms / 3 <= now {
            self.say(Message::Contact);
        }
    }

    /// Its own attempt succeeded, or not.
    pub fn dialed(&mut self, now: u64, link: Option<u64>) {
        self.now = now;
        let Some(link) = link else { return self.retry() };
        if self.volatile.active.is_some() {
            return self.words.push(Word::Close { link });
        }
        self.connected(link);
        let connect = Message::Connect(Connect {
            relationship_name: self.config.name.clone().into_bytes(),
            max_unacked_bndupd: Some(MAX_UNACKED),
            receive_timer: Some(wire(self.config.receive_timer_s)),
            vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
            protocol_version: 1,
            mclt: Some(wire(self.config.mclt_s)),
            hash_buckets: Some(self.set_buckets().to_bytes()),
            ..Connect::default()
        });
        let xid = self.take_xid();
        self.say_on(link, xid, connect);
    }

    fn set_buckets(&self) -> dhcp_loadbalance::HashBuckets {
        match self.config.settings.set_buckets_are_primarys {
            true => self.config.primary_buckets,
            false => self.config.primary_buckets.complement(),
        }
    }

    /// Somebody connected: a primary expects nobody.
    pub fn accepted(&mut self, now: u64, link: u64) {
        self.now = now;
        match self.is_primary() {
            true => self.words.push(Word::Close { link }),
            false => self.connected(link),
        }
    }

    fn connected(&mut self, link: u64) {
        let give_up_at = Some(self.now + HANDSHAKE_MS);
        self.volatile.connections.insert(link, Connection { buffer: Vec::new(), give_up_at });
    }

    fn retry(&mut self) {
        if self.is_primary() {
            self.volatile.dial_at.get_or_insert(self.now + self.config.retry_ms);
        }
    }

    /// The partner closed a connection.
    pub fn closed(&mut self, now: u64, link: u64) {
        self.now = now;
        self.forget(link);
    }

    /// win-10: without a word.
    fn drop_connection(&mut self, link: u64, why: &str) {
        self.log(format!("closes: {why}"));
        self.words.push(Word::Close { link });
        self.forget(link);
    }

    fn forget(&mut self, link: u64) {
        if self.volatile.connections.remove(&link).is_none() {
            return;
        }
        if self.volatile.active.take_if(|active| active.link == link).is_some() {
            self.link_lost();
        }
        if self.volatile.active.is_none() {
            self.retry();
        }
    }

    /// win-21.
    fn take_xid(&mut self) -> u32 {
        let xid = self.volatile.next_xid;
        self.volatile.next_xid = xid.wrapping_add(1);
        xid
    }

    pub(super) fn say(&mut self, message: Message) -> u32 {
        let Some(link) = self.volatile.active.as_ref().map(|active| active.link) else { return 0 };
        let xid = self.take_xid();
        self.say_on(link, xid, message);
        xid
    }

    pub(super) fn answer(&mut self, xid: u32, message: Message) {
        let Some(link) = self.volatile.active.as_ref().map(|active| active.link) else { return };
        self.say_on(link, xid, message);
    }

    fn say_on(&mut self, link: u64, xid: u32, message: Message) {
        let mut bytes = Vec::new();
        let packet = Packet { time: wire(self.now_s()), xid, message };
        encode(&packet, self.dialect(), &mut bytes)
            .unwrap_or_else(|error| unreachable!("it only says what it can: {error}"));
        if let Some(secret) = &self.config.secret {
            digest::sign(&mut bytes, secret)
                .unwrap_or_else(|error| unreachable!("there is room: {error}"));
        }
        if let Some(active) = self.volatile.active.as_mut().filter(|it| it.link == link) {
            active.sent_at = self.now;
        }
        self.words.push(Word::Send { link, bytes });
    }

    /// Bytes came, cut anywhere.
    pub fn bytes(&mut self, now: u64, link: u64, bytes: &[u8]) {
        self.now = now;
        if let Some(connection) = self.volatile.connections.get_mut(&link) {
            connection.buffer.extend_from_slice(bytes);
        }
        while self.up
            && let Some(connection) = self.volatile.connections.get_mut(&link)
        {
            match split_frame(&connection.buffer) {
                Ok(None) => return,
                Ok(Some((frame, rest))) => {
                    let (frame, rest) = (frame.to_vec(), rest.to_vec());
                    connection.buffer = rest;
                    self.frame(link, &frame);
                }
                Err(error) => return self.drop_connection(link, &error.to_string()),
            }
        }
    }

    /// What it makes of a message, or why it closes the connection; `None` is dropped.
    fn readable(&self, frame: &[u8]) -> Result<Option<Packet>, String> {
        match &self.config.secret {
            Some(secret) => digest::verify(frame, secret),
            None => digest::verify_absent(frame),
        }
        .map_err(|error| format!("win-1: {error}"))?;
        let packet = decode(frame, self.dialect()).map_err(|error| error.to_string())?;
        if self.now_s().abs_diff(u64::from(packet.time)) > MAX_SKEW_S {
            return Err("win-13: the clocks differ".to_owned());
        }
        let unread = [MessageType::POOLREQ, MessageType::POOLRESP, MessageType::DISCONNECT];
        Ok(Some(packet).filter(|it| !unread.contains(&it.message.message_type())))
    }

    fn frame(&mut self, link: u64, frame: &[u8]) {
        let packet = match self.readable(frame) {
            Ok(packet) => packet,
            Err(why) => return self.drop_connection(link, &why),
        };
        let in_use = self.volatile.active.as_mut().filter(|active| active.link == link);
        let is_active = in_use.is_some();
        if let Some(active) = in_use {
            active.heard_at = self.now;
        }
        let Some(packet) = packet else { return };
        match packet.message {
            Message::Connect(connect) if !self.is_primary() && !is_active => {
                self.connect(link, packet.xid, &connect);
            }
            Message::ConnectAck(ack) if self.is_primary() && !is_active => {
                self.connect_ack(link, &ack);
            }
            message if is_active => self.message(packet.xid, message),
            other => {
                let text = format!("{} on a new connection", other.message_type());
                self.drop_connection(link, &text);
            }
        }
    }

    /// win-12: it looks whether everything is there, and at nothing of it but the name.
    fn connect(&mut self, link: u64, xid: u32, connect: &Connect) {
        let complete = connect.max_unacked_bndupd.is_some()
            && connect.receive_timer.is_some()
            && connect.vendor_class_identifier.is_some()
            && connect.mclt.is_some()
            && connect.hash_buckets.is_some()
            && connect.tls_request.is_none();
        let known = connect.relationship_name == self.config.name.as_bytes();
        let accept = ConnectAck {
            relationship_name: self.config.name.clone().into_bytes(),
            max_unacked_bndupd: Some(MAX_UNACKED),
            receive_timer: Some(wire(self.config.receive_timer_s)),
            vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
            protocol_version: 1,
            ..ConnectAck::default()
        };
        if !complete || !known {
            let reason = RejectReason::INVALID_PARTNER;
            let reject = Some(Reject { reason, message: None });
            self.say_on(link, xid, Message::ConnectAck(ConnectAck { reject, ..accept }));
            return self.drop_connection(link, "CONNECT is incomplete, or of nobody known");
        }
        if let Some(old) = self.volatile.active.as_ref().map(|active| active.link) {
            self.drop_connection(old, "the partner connected anew");
        }
        self.say_on(link, xid, Message::ConnectAck(accept));
        self.begin(link);
    }

    fn connect_ack(&mut self, link: u64, ack: &ConnectAck) {
        if ack.reject.is_some() {
            return self.drop_connection(link, "rejected");
        }
        self.begin(link);
        // As captured: on every new connection it is as if it had just started.
        self.say_state(true);
    }

    fn begin(&mut self, link: u64) {
        if let Some(connection) = self.volatile.connections.get_mut(&link) {
            connection.give_up_at = None;
        }
        self.volatile.dial_at = None;
        self.volatile.partner = None;
        self.volatile.active = Some(Active { link, heard_at: self.now, sent_at: self.now });
    }
}
