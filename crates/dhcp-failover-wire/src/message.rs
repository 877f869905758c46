//! The typed messages (draft-12 §7).
//!
//! Times are seconds since 1970 UTC as on the wire, on the sender's clock; the codec does not
//! interpret them. A field that is `None` is an option that is not in the message.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::{
    BindingStatus, IpFlags, MessageType, OptionCode, RejectReason, ServerFlags, ServerState,
};

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
    UpdReq,
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
            Self::UpdReq => MessageType::UPDREQ,
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

/// Body of a POOLRESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolResp {
    /// How many addresses go to the secondary; their BNDUPDs follow.
    pub addresses_transferred: u32,
}

/// One binding of a BNDUPD (draft-12 §7.1, table 7.1-1).
///
/// The codec carries any combination of options; which of them a status requires or forbids is
/// for the endpoint to judge, because it answers per binding with a reject reason. To dhcpd an
/// ABANDONED binding must carry a lease expiration in the future, against the draft's table:
/// without it dhcpd ends the abandonment at once and gives the address out again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindingUpdate {
    /// The address.
    pub address: Ipv4Addr,
    /// Its state.
    pub status: BindingStatus,
    /// The client's option 61, type byte included.
    pub client_identifier: Option<Vec<u8>>,
    /// The client's hardware address.
    pub client_hardware_address: Option<HardwareAddress>,
    /// End of the lease as the client was told, seconds since 1970.
    pub lease_expiration_time: Option<u32>,
    /// End of a lease the sender may grant later, seconds since 1970.
    pub potential_expiration_time: Option<u32>,
    /// When the binding entered its state, seconds since 1970.
    pub start_time_of_state: Option<u32>,
    /// When the client was last heard, seconds since 1970.
    pub client_last_transaction_time: Option<u32>,
    /// Flags of the address; the option is left out if none is set (table 7.1-1 note 4).
    pub ip_flags: IpFlags,
    /// Flags (two bytes) and domain name of the client's DNS records; never sent to dhcpd.
    pub ddns: Option<Vec<u8>>,
    /// Magic cookie and options of the client's request.
    pub client_request_options: Option<Vec<u8>>,
    /// Magic cookie and options of the reply.
    pub client_reply_options: Option<Vec<u8>>,
}

impl BindingUpdate {
    /// An update with the two options every update has, to be filled in.
    #[must_use]
    pub const fn new(address: Ipv4Addr, status: BindingStatus) -> Self {
        Self {
            address,
            status,
            client_identifier: None,
            client_hardware_address: None,
            lease_expiration_time: None,
            potential_expiration_time: None,
            start_time_of_state: None,
            client_last_transaction_time: None,
            ip_flags: IpFlags::NONE,
            ddns: None,
            client_request_options: None,
            client_reply_options: None,
        }
    }
}

/// Hardware type and address of a client (draft-12 §12.5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HardwareAddress {
    /// ARP hardware type, 1 for Ethernet; must not be 0.
    pub htype: u8,
    /// The address, at most 16 bytes in DHCP.
    pub bytes: Vec<u8>,
}

/// The answer to one binding (draft-12 §7.2, table 7.2-1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindingAck {
    /// The address of the binding.
    pub address: Ipv4Addr,
    /// `None` accepts the binding.
    pub reject: Option<Reject>,
}

impl BindingAck {
    /// Accepts the binding of an address.
    #[must_use]
    pub const fn accept(address: Ipv4Addr) -> Self {
        Self { address, reject: None }
    }

    /// Rejects the binding of an address, with a text for people.
    #[must_use]
    pub const fn reject(address: Ipv4Addr, reason: RejectReason, message: Option<String>) -> Self {
        Self { address, reject: Some(Reject { reason, message }) }
    }
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

/// Body of a CONNECT (draft-12 §7.8, table 7.8-1).
///
/// Options the draft requires are `Option` where peers in the field leave them out or where their
/// absence has a reject reason of its own that only the endpoint can send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connect {
    /// Name of the relationship, compared byte by byte; at least one byte.
    pub relationship_name: Vec<u8>,
    /// How many unacknowledged BNDUPDs the sender accepts. dhcpd never sends an update to a peer
    /// that leaves this out.
    pub max_unacked_bndupd: Option<u32>,
    /// Seconds of silence after which the sender gives the connection up. dhcpd floods a peer that
    /// leaves this out with CONTACTs.
    pub receive_timer: Option<u32>,
    /// Names the implementation.
    pub vendor_class_identifier: Option<Vec<u8>>,
    /// Version of the protocol, 1.
    pub protocol_version: u8,
    /// 0 no TLS, 1 wanted, 2 required (draft-12 §12.27).
    pub tls_request: Option<u8>,
    /// Maximum client lead time, seconds.
    pub mclt: Option<u32>,
    /// The 256 hash buckets as on the wire; whose the set bits are depends on the dialect, see
    /// [`Dialect::set_buckets_are_primarys`](crate::Dialect::set_buckets_are_primarys).
    pub hash_buckets: Option<[u8; 32]>,
    /// Seconds after which a client's `secs` overrides load balancing (draft-12 §12.10).
    pub delayed_service_parameter: Option<u8>,
    /// Options of the implementation's own.
    pub vendor_specific: Option<Vec<u8>>,
}

/// Body of a CONNECTACK (draft-12 §7.9, table 7.9-1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectAck {
    /// Name of the relationship; empty if a rejecting peer left it out.
    pub relationship_name: Vec<u8>,
    /// As in [`Connect::max_unacked_bndupd`].
    pub max_unacked_bndupd: Option<u32>,
    /// As in [`Connect::receive_timer`].
    pub receive_timer: Option<u32>,
    /// Names the implementation.
    pub vendor_class_identifier: Option<Vec<u8>>,
    /// Version of the protocol, 1.
    pub protocol_version: u8,
    /// 0 no TLS, 1 TLS; only in answer to a TLS-request (draft-12 §12.26).
    pub tls_reply: Option<u8>,
    /// `None` accepts the connection.
    pub reject: Option<Reject>,
    /// Options of the implementation's own.
    pub vendor_specific: Option<Vec<u8>>,
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

/// Whether an option belongs to one binding of a BNDUPD or BNDACK, and so begins anew with each
/// assigned-IP-address, or to the whole message.
pub(crate) const fn is_binding_option(code: OptionCode) -> bool {
    matches!(
        code,
        OptionCode::BINDING_STATUS
            | OptionCode::CLIENT_IDENTIFIER
            | OptionCode::CLIENT_HARDWARE_ADDRESS
            | OptionCode::CLIENT_LAST_TRANSACTION_TIME
            | OptionCode::CLIENT_REPLY_OPTIONS
            | OptionCode::CLIENT_REQUEST_OPTIONS
            | OptionCode::DDNS
            | OptionCode::IP_FLAGS
            | OptionCode::LEASE_EXPIRATION_TIME
            | OptionCode::MESSAGE
            | OptionCode::POTENTIAL_EXPIRATION_TIME
            | OptionCode::REJECT_REASON
            | OptionCode::START_TIME_OF_STATE
    )
}
