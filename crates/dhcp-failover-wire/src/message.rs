//! The typed messages (draft-12 §7).
//!
//! Times are seconds since 1970 UTC as on the wire, on the sender's clock; the codec does not
//! interpret them. A field that is `None` is an option that is not in the message.

mod binding;
mod connect;

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

pub(crate) use self::binding::BINDING_OPTIONS;
pub use self::{
    binding::{BindingAck, BindingUpdate, HardwareAddress},
    connect::{Connect, ConnectAck},
};
use crate::{MessageType, RejectReason, ServerFlags, ServerState};

/// A message with what the header says beside its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    /// When the message is sent, seconds since 1970.
    pub time: u32,
    /// Transaction id: new in a request, the request's own in a response (draft-12 §6.1).
    pub xid: u32,
    /// The message.
    pub message: Message,
}

/// The twelve messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Message {
    /// Asks for free addresses (draft-12 §7.6).
    PoolReq,
    /// Says how many addresses were given (draft-12 §7.7).
    PoolResp(PoolResp),
    /// Bindings, at least one; several only where the dialect batches (draft-12 §6.3, §7.1).
    BndUpd(Vec<BindingUpdate>),
    /// The answer to each binding of one BNDUPD (draft-12 §6.3, §7.2).
    BndAck(Vec<BindingAck>),
    /// Opens a session (draft-12 §7.8).
    Connect(Connect),
    /// Answers a CONNECT (draft-12 §7.9).
    ConnectAck(ConnectAck),
    /// Asks for all bindings (draft-12 §7.4).
    UpdReqAll,
    /// Ends the answer to an update request (draft-12 §7.5).
    UpdDone,
    /// Asks for the bindings not acknowledged yet (draft-12 §7.3).
    UpdReq(UpdReq),
    /// The sender's state (draft-12 §7.10).
    State(State),
    /// Nothing but a sign of life (draft-12 §7.11).
    Contact,
    /// The last message of a session (draft-12 §7.12).
    Disconnect(Disconnect),
}

impl Message {
    /// The type that stands in the header.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::PoolReq => MessageType::POOLREQ,
            Self::PoolResp(_) => MessageType::POOLRESP,
            Self::BndUpd(_) => MessageType::BNDUPD,
            Self::BndAck(_) => MessageType::BNDACK,
            Self::Connect(_) => MessageType::CONNECT,
            Self::ConnectAck(_) => MessageType::CONNECTACK,
            Self::UpdReqAll => MessageType::UPDREQALL,
            Self::UpdDone => MessageType::UPDDONE,
            Self::UpdReq(_) => MessageType::UPDREQ,
            Self::State(_) => MessageType::STATE,
            Self::Contact => MessageType::CONTACT,
            Self::Disconnect(_) => MessageType::DISCONNECT,
        }
    }

    /// Takes the texts out of all rejects, for a message that is too long with them.
    ///
    /// A BNDACK has to answer every binding of its BNDUPD (draft-12 §6.3), and a BNDUPD may hold
    /// more bindings than there is room for texts. Without them the BNDACK always fits: even a
    /// reject is no longer than the address and the status of its binding.
    pub fn drop_texts(&mut self) {
        match self {
            Self::BndAck(acks) => {
                acks.iter_mut().flat_map(|ack| &mut ack.reject).for_each(|r| r.message = None);
            }
            Self::ConnectAck(body) => body.reject.iter_mut().for_each(|r| r.message = None),
            Self::Disconnect(body) => body.message = None,
            _ => {}
        }
    }
}

/// Body of an UPDREQ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UpdReq {
    /// Windows: only the bindings of these scopes are asked for, which were just added to the
    /// relationship. Empty for all, as always in the other dialects.
    pub scope_ids: Vec<Ipv4Addr>,
}

/// Body of a POOLRESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolResp {
    /// How many addresses go to the secondary; their BNDUPDs follow.
    pub addresses_transferred: u32,
}

/// Why something is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reject {
    /// The number.
    pub reason: RejectReason,
    /// The text. What a peer sends in another encoding than UTF-8 is read with `?` in the place
    /// of each invalid byte sequence.
    pub message: Option<String>,
}

/// Body of a STATE (draft-12 §7.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The sender's state; never STARTUP, which is a flag.
    pub server_state: ServerState,
    /// The sender's flags.
    pub server_flags: ServerFlags,
    /// When the sender entered the state, seconds since 1970.
    pub start_time_of_state: u32,
}

/// Body of a DISCONNECT (draft-12 §7.12).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disconnect {
    /// Why the connection ends.
    pub reject_reason: RejectReason,
    /// The text, as in [`Reject::message`].
    pub message: Option<String>,
}
