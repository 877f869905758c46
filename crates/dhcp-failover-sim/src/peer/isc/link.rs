//! Connections: who speaks first, when one is given up, and what is fatal on it.

use super::Isc;
use crate::peer::Word;
use dhcp_failover_wire::{
    Connect, ConnectAck, Dialect, Disconnect, Message, MessageType, OptionCode, Packet, RawMessage,
    RejectReason, decode, encode, split_frame,
};
use dhcp_loadbalance::HashBuckets;

/// From TCP to CONNECT or CONNECTACK.
const HANDSHAKE_MS: u64 = 15_000;
/// isc-C19: from the end of a connection to the next attempt, always.
const RETRY_MS: u64 = 5_000;
/// The clocks of the two may differ by this much (isc-C22).
const MAX_SKEW_S: u64 = 60;
const VENDOR_CLASS: &[u8] = b"isc-4.4.3-P1";

/// A TCP connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    buffer: Vec<u8>,
    /// Counts from 0 on each connection.
    next_xid: u32,
    pub(super) give_up_at: Option<u64>,
}

/// The connection in use.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) link: u64,
    heard_at: u64,
    sent_at: u64,
    /// The partner's window; isc-C14: 0 if it named none, and then nothing is ever sent.
    pub(super) window: usize,
    receive_timer_s: u64,
}

impl Active {
    /// isc-C13: without a receive-timer of the partner's there is no pause at all; the simulation
    /// needs one.
    pub(super) fn contact_at(&self) -> u64 {
        self.sent_at + (self.receive_timer_s / 3 * 1_000).max(1)
    }
}

impl Isc {
    pub(super) fn silent_at(&self, active: &Active) -> u64 {
        active.heard_at + self.config.receive_timer_s * 1_000
    }

    /// Its own attempt succeeded, or not.
    pub(crate) fn dialed(&mut self, now: u64, link: Option<u64>) {
        self.now = now;
        match link {
            Some(link) => self.connected(link),
            None => self.retry(),
        }
    }

    /// Somebody connected. A primary speaks first on that connection too.
    pub(crate) fn accepted(&mut self, now: u64, link: u64) {
        self.now = now;
        self.connected(link);
    }

    fn connected(&mut self, link: u64) {
        // isc-C16: the connection there is wins, alive or not, and nobody says why (isc-C17).
        if self.volatile.active.is_some() {
            return self.words.push(Word::Close { link });
        }
        let give_up_at = Some(self.now + HANDSHAKE_MS);
        let connection = Connection { buffer: Vec::new(), next_xid: 0, give_up_at };
        self.volatile.connections.insert(link, connection);
        if self.is_primary() {
            let connect = Message::Connect(Connect {
                relationship_name: self.config.name.clone(),
                max_unacked_bndupd: Some(self.config.max_unacked),
                receive_timer: Some(wire(self.config.receive_timer_s)),
                vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
                protocol_version: 1,
                tls_request: Some(0),
                mclt: Some(wire(self.config.mclt_s)),
                // isc-L28: a set bit is the primary's.
                hash_buckets: Some(self.config.split.to_bytes()),
                ..Connect::default()
            });
            self.say_on(link, connect);
        }
    }

    fn retry(&mut self) {
        self.volatile.dial_at.get_or_insert(self.now + RETRY_MS);
    }

    /// The partner closed a connection.
    pub(crate) fn closed(&mut self, now: u64, link: u64) {
        self.now = now;
        self.forget(link);
    }

    fn drop_connection(&mut self, link: u64, why: &str) {
        self.log(format!("closes: {why}"));
        self.words.push(Word::Close { link });
        self.forget(link);
    }

    fn forget(&mut self, link: u64) {
        if self.volatile.connections.remove(&link).is_none() {
            return;
        }
        let was_active = self.volatile.active.take_if(|active| active.link == link).is_some();
        if was_active {
            self.link_lost();
        }
        if self.volatile.active.is_none() {
            self.retry();
        }
    }

    /// The connection in use does not count any more, though nobody closed it.
    pub(super) fn drop_active(&mut self) {
        if let Some(active) = self.volatile.active.take() {
            self.volatile.connections.remove(&active.link);
            self.words.push(Word::Close { link: active.link });
        }
    }

    pub(super) fn links_due(&mut self) {
        let now = self.now;
        let late = self.volatile.connections.iter();
        let late = late.filter(|(_, it)| it.give_up_at.is_some_and(|at| at <= now));
        if let Some(link) = late.map(|(link, _)| *link).next() {
            return self.drop_connection(link, "nothing came on it");
        }
        let Some(active) = &self.volatile.active else { return };
        if self.silent_at(active) <= now {
            // Without a DISCONNECT.
            self.drop_connection(active.link, "silence");
        } else if active.contact_at() <= now {
            self.say(Message::Contact);
        }
    }

    pub(super) fn say(&mut self, message: Message) -> u32 {
        let Some(link) = self.volatile.active.as_ref().map(|active| active.link) else { return 0 };
        self.say_on(link, message)
    }

    fn say_on(&mut self, link: u64, message: Message) -> u32 {
        let Some(connection) = self.volatile.connections.get_mut(&link) else { return 0 };
        if connection.next_xid == 0 && message.message_type() == MessageType::BNDUPD {
            connection.next_xid = 1;
        }
        let xid = connection.next_xid;
        connection.next_xid = connection.next_xid.wrapping_add(1);
        self.answer_on(link, xid, message);
        xid
    }

    pub(super) fn answer(&mut self, xid: u32, message: Message) {
        let Some(link) = self.volatile.active.as_ref().map(|active| active.link) else { return };
        self.answer_on(link, xid, message);
    }

    fn answer_on(&mut self, link: u64, xid: u32, message: Message) {
        let mut bytes = Vec::new();
        let packet = Packet { time: wire(self.now_s()), xid, message };
        encode(&packet, Dialect::IscDhcpd, &mut bytes)
            .unwrap_or_else(|error| unreachable!("it only says what it can: {error}"));
        if let Some(active) = self.volatile.active.as_mut().filter(|it| it.link == link) {
            active.sent_at = self.now;
        }
        self.words.push(Word::Send { link, bytes });
    }

    /// Bytes came, cut anywhere.
    pub(crate) fn bytes(&mut self, now: u64, link: u64, bytes: &[u8]) {
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

    fn frame(&mut self, link: u64, frame: &[u8]) {
        let packet = match readable(frame) {
            Ok(packet) => packet,
            Err(why) => return self.drop_connection(link, &why),
        };
        let in_use = self.volatile.active.as_mut().filter(|active| active.link == link);
        let is_active = in_use.is_some();
        if let Some(active) = in_use {
            active.heard_at = self.now;
        }
        match packet.message {
            Message::Connect(connect) if !self.is_primary() => {
                self.connect(link, packet.time, packet.xid, &connect);
            }
            Message::ConnectAck(ack) if self.is_primary() => {
                self.connect_ack(link, packet.time, &ack);
            }
            Message::Disconnect(_) => self.drop_connection(link, "told to"),
            // isc-C29: binding traffic counts before any STATE.
            message if is_active => self.message(packet.xid, message),
            _ => {}
        }
    }

    fn skew_is_too_great(&self, time: u32) -> bool {
        self.now_s().abs_diff(u64::from(time)) > MAX_SKEW_S
    }

    fn connect(&mut self, link: u64, time: u32, xid: u32, connect: &Connect) {
        let reason = if connect.relationship_name != self.config.name {
            Some(RejectReason::INVALID_PARTNER)
        } else if self.skew_is_too_great(time) {
            Some(RejectReason::TIME_MISMATCH)
        } else if connect.hash_buckets.is_none() {
            Some(RejectReason::HASH_BUCKET_CONFLICT)
        } else {
            None
        };
        let ack = ConnectAck {
            relationship_name: self.config.name.clone(),
            max_unacked_bndupd: Some(self.config.max_unacked),
            receive_timer: Some(wire(self.config.receive_timer_s)),
            vendor_class_identifier: Some(VENDOR_CLASS.to_vec()),
            protocol_version: 1,
            tls_reply: connect.tls_request.map(|_| 0),
            ..ConnectAck::default()
        };
        if let Some(reason) = reason {
            let message = Some("rejected".to_owned());
            let reject = Some(dhcp_failover_wire::Reject { reason, message });
            self.answer_on(link, xid, Message::ConnectAck(ConnectAck { reject, ..ack }));
            return self.drop_connection(link, &reason.to_string());
        }
        // isc-C17: the reason never gets out.
        let Some(mclt) = connect.mclt.filter(|_| self.volatile.active.is_none()) else {
            return self.drop_connection(link, "duplicate, or no MCLT");
        };
        self.image.mclt_s = u64::from(mclt);
        self.store_state();
        let primarys = connect.hash_buckets.map(HashBuckets::from_bytes);
        self.volatile.buckets = primarys.map(HashBuckets::complement);
        self.answer_on(link, xid, Message::ConnectAck(ack));
        self.associate(link, connect.max_unacked_bndupd, connect.receive_timer);
    }

    fn connect_ack(&mut self, link: u64, time: u32, ack: &ConnectAck) {
        if ack.reject.is_some() {
            return self.drop_connection(link, "rejected");
        }
        let reason = if self.volatile.active.is_some() {
            RejectReason::DUPLICATE_CONNECTION
        } else if ack.relationship_name != self.config.name {
            RejectReason::INVALID_PARTNER
        } else if self.skew_is_too_great(time) {
            RejectReason::TIME_MISMATCH
        } else {
            return self.associate(link, ack.max_unacked_bndupd, ack.receive_timer);
        };
        let message = Some("rejected".to_owned());
        self.say_on(link, Message::Disconnect(Disconnect { reject_reason: reason, message }));
        self.drop_connection(link, &reason.to_string());
    }

    fn associate(&mut self, link: u64, window: Option<u32>, receive_timer: Option<u32>) {
        if let Some(connection) = self.volatile.connections.get_mut(&link) {
            connection.give_up_at = None;
        }
        self.volatile.dial_at = None;
        self.volatile.active = Some(Active {
            link,
            heard_at: self.now,
            sent_at: self.now,
            window: window.unwrap_or(0) as usize,
            receive_timer_s: receive_timer.unwrap_or(0).into(),
        });
        self.say_state();
    }
}

/// What it makes of a message, or why it closes the connection.
fn readable(frame: &[u8]) -> Result<Packet, String> {
    let raw = RawMessage::parse(frame).map_err(|error| error.to_string())?;
    let count = |code| raw.options().filter(|option| option.code == code).count();
    if count(OptionCode::ASSIGNED_IP_ADDRESS) > 1 {
        return Err("isc-C09: duplicate option assigned-IP-address".to_owned());
    }
    if raw.header().message_type == MessageType::BNDUPD && count(OptionCode::DDNS) > 0 {
        return Err("isc-C08: option DDNS".to_owned());
    }
    decode(frame, Dialect::IscDhcpd).map_err(|error| error.to_string())
}

/// Seconds as on the wire.
pub(super) fn wire(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
