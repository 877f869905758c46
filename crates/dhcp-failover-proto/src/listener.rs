//! One listening port for many relationships.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use dhcp_failover_lease::{LeaseInstant, Role};
use dhcp_failover_wire::{
    ConnectAck, DecodeError, Dialect, Message, MessageType, OptionCode, Packet, RawMessage, Reject,
    RejectReason, decode, encode,
};

use crate::endpoint::{PROTOCOL_VERSION, unreadable};

/// The relationships of one process, for finding out which one a connection is for.
///
/// The first message of an accepted connection decides (draft-12 §8.2): hand it to
/// [`Listener::route`], then, if it names a relationship of this process, tell that relationship's
/// endpoint of the connection and give it the same message.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Listener {
    relationships: Vec<(String, Role, IpAddr)>,
}

/// Where an accepted connection belongs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a connection is ours or it is not")]
pub enum Route {
    /// To the relationship with this number, in the order they were [added](Listener::add).
    Relationship(usize),
    /// Nowhere. Send `reply`, if there is one, then close.
    Refuse {
        /// A CONNECTACK with the reject reason.
        reply: Option<Vec<u8>>,
        /// For the log.
        message: String,
    },
}

impl Listener {
    /// A listener without relationships.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a relationship; its number is how many were there before.
    pub fn add(&mut self, name: &str, role: Role, partner: IpAddr) {
        self.relationships.push((String::from(name), role, partner));
    }

    /// Whether anything may connect from `peer` at all: the weak security of §7.8.2 step 5.
    #[must_use]
    pub fn expects(&self, peer: IpAddr) -> bool {
        self.relationships.iter().any(|(_, _, partner)| *partner == peer)
    }

    /// Finds the relationship for a connection from `peer` whose first message is `frame`.
    #[must_use]
    pub fn route(&self, peer: IpAddr, frame: &[u8], now: LeaseInstant) -> Route {
        let raw = match RawMessage::parse(frame) {
            Ok(raw) => raw,
            Err(error) => return refuse(alloc::format!("first message from {peer}: {error}")),
        };
        let dialect = Dialect::detect(raw).unwrap_or(Dialect::Draft12);
        let packet = match decode(frame, dialect) {
            Ok(packet) => packet,
            Err(error) => return self.unread(peer, raw, frame, error, now),
        };
        let Message::Connect(connect) = &packet.message else {
            return refuse(alloc::format!(
                "first message from {peer} is {}, must be CONNECT",
                packet.message.message_type()
            ));
        };
        let found = self.relationships.iter().position(|(name, role, partner)| {
            name.as_bytes() == connect.relationship_name
                && *role == Role::Secondary
                && *partner == peer
        });
        if let Some(index) = found {
            return Route::Relationship(index);
        }
        let name = String::from_utf8_lossy(&connect.relationship_name);
        let message = if self.relationships.iter().any(|(known, ..)| known == name.as_ref()) {
            alloc::format!(
                "relationship {name:?} is not one in which {peer} is primary to this server"
            )
        } else {
            alloc::format!("no relationship {name:?} here; check the name on both servers")
        };
        let reply = reject(raw, RejectReason::INVALID_PARTNER, &message, now);
        Route::Refuse { reply, message }
    }

    /// A CONNECT that cannot be read: its sender is told what is wrong with it (§7.8.2 step 2).
    fn unread(
        &self,
        peer: IpAddr,
        raw: RawMessage<'_>,
        frame: &[u8],
        error: DecodeError,
        now: LeaseInstant,
    ) -> Route {
        let (text, reason) = unreadable(frame, error);
        let message = alloc::format!("first message from {peer}: {text}");
        if raw.header().message_type != MessageType::CONNECT {
            return refuse(message);
        }
        let reply = reject(raw, reason, &text, now);
        Route::Refuse { reply, message }
    }
}

fn refuse(message: String) -> Route {
    Route::Refuse { reply: None, message }
}

/// A CONNECTACK that refuses `connect` (table 7.9-1).
fn reject(
    connect: RawMessage<'_>,
    reason: RejectReason,
    message: &str,
    now: LeaseInstant,
) -> Option<Vec<u8>> {
    let name = connect.option(OptionCode::RELATIONSHIP_NAME).map_or(&[][..], |name| name.value);
    let reply = Packet {
        time: now.as_wire_s(),
        xid: connect.header().xid,
        message: Message::ConnectAck(ConnectAck {
            protocol_version: PROTOCOL_VERSION,
            tls_reply: connect.option(OptionCode::TLS_REQUEST).map(|_| 0),
            reject: Some(Reject { reason, message: Some(String::from(message)) }),
            relationship_name: name.to_vec(),
            ..ConnectAck::default()
        }),
    };
    let mut bytes = Vec::new();
    encode(&reply, Dialect::Draft12, &mut bytes).ok()?;
    Some(bytes)
}
