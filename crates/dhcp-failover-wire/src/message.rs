//! The typed messages (draft-12 §7).
//!
//! Times are seconds since 1970 UTC as on the wire, on the sender's clock; the codec does not
//! interpret them. A field that is `None` is an option that is not in the message.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::{
    BindingStatus, IpFlags, MessageType, OptionCode, OptionSet, RejectReason, ServerFlags,
    ServerState, windows,
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

/// One binding of a BNDUPD (draft-12 §7.1, table 7.1-1).
///
/// The codec carries any combination of options. Which of them a status requires or forbids is told
/// by [`rules`](crate::rules) and acted on by the endpoint, because it answers per binding with a
/// reject reason.
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
    /// What Windows says beside it; always there in its dialect and never in the others.
    pub windows: Option<Box<windows::Binding>>,
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
            windows: None,
        }
    }

    /// The options that stand for this binding in a message.
    #[must_use]
    pub fn options(&self) -> OptionSet {
        use OptionCode as O;
        let set = OptionSet::EMPTY
            .with(O::ASSIGNED_IP_ADDRESS)
            .with(O::BINDING_STATUS)
            .with_if(self.client_identifier.is_some(), O::CLIENT_IDENTIFIER)
            .with_if(self.client_hardware_address.is_some(), O::CLIENT_HARDWARE_ADDRESS)
            .with_if(self.lease_expiration_time.is_some(), O::LEASE_EXPIRATION_TIME)
            .with_if(self.potential_expiration_time.is_some(), O::POTENTIAL_EXPIRATION_TIME)
            .with_if(self.start_time_of_state.is_some(), O::START_TIME_OF_STATE)
            .with_if(self.client_last_transaction_time.is_some(), O::CLIENT_LAST_TRANSACTION_TIME)
            .with_if(self.ip_flags != IpFlags::NONE, O::IP_FLAGS)
            .with_if(self.ddns.is_some(), O::DDNS)
            .with_if(self.client_request_options.is_some(), O::CLIENT_REQUEST_OPTIONS)
            .with_if(self.client_reply_options.is_some(), O::CLIENT_REPLY_OPTIONS);
        let Some(windows) = &self.windows else { return set };
        set.with(O::IP_FLAGS)
            .with_if(windows.client_name.is_some(), O::CLIENT_NAME)
            .with_if(windows.client_description.is_some(), O::CLIENT_DESCRIPTION)
            .with_if(windows.subnet_mask.is_some(), O::CLIENT_SUBNET_MASK)
            .with_if(windows.server_ip_address.is_some(), O::SERVER_IP_ADDRESS)
            .with_if(windows.server_name.is_some(), O::SERVER_NAME)
            .with_if(windows.client_type.is_some(), O::CLIENT_TYPE)
            .with_if(windows.nap_status.is_some(), O::CLIENT_NAP_STATUS)
            .with_if(windows.nap_probation.is_some(), O::CLIENT_NAP_PROBATION)
            .with_if(windows.nap_capable.is_some(), O::CLIENT_NAP_CAPABLE)
            .with_if(windows.matched_policy.is_some(), O::CLIENT_MATCHED_POLICY)
            .with_if(windows.extended_address_state.is_some(), O::EXTENDED_ADDRESS_STATE)
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

/// The options that belong to one binding of a BNDUPD or BNDACK, and so begin anew with each
/// assigned-IP-address; others belong to the whole message.
pub(crate) const BINDING_OPTIONS: OptionSet = OptionSet::EMPTY
    .with(OptionCode::BINDING_STATUS)
    .with(OptionCode::CLIENT_IDENTIFIER)
    .with(OptionCode::CLIENT_HARDWARE_ADDRESS)
    .with(OptionCode::CLIENT_LAST_TRANSACTION_TIME)
    .with(OptionCode::CLIENT_REPLY_OPTIONS)
    .with(OptionCode::CLIENT_REQUEST_OPTIONS)
    .with(OptionCode::DDNS)
    .with(OptionCode::IP_FLAGS)
    .with(OptionCode::LEASE_EXPIRATION_TIME)
    .with(OptionCode::MESSAGE)
    .with(OptionCode::POTENTIAL_EXPIRATION_TIME)
    .with(OptionCode::REJECT_REASON)
    .with(OptionCode::START_TIME_OF_STATE)
    .with(OptionCode::CLIENT_NAME)
    .with(OptionCode::CLIENT_DESCRIPTION)
    .with(OptionCode::CLIENT_SUBNET_MASK)
    .with(OptionCode::SERVER_IP_ADDRESS)
    .with(OptionCode::SERVER_NAME)
    .with(OptionCode::CLIENT_TYPE)
    .with(OptionCode::CLIENT_NAP_STATUS)
    .with(OptionCode::CLIENT_NAP_PROBATION)
    .with(OptionCode::CLIENT_NAP_CAPABLE)
    .with(OptionCode::CLIENT_MATCHED_POLICY)
    .with(OptionCode::EXTENDED_ADDRESS_STATE);
