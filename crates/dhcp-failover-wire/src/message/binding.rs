//! The bindings of BNDUPD and BNDACK (draft-12 §7.1, §7.2).

use alloc::{boxed::Box, string::String, vec::Vec};
use core::net::Ipv4Addr;

use super::Reject;
use crate::{BindingStatus, IpFlags, OptionCode, OptionSet, RejectReason, windows};

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

    /// How many bytes of a message it takes: for filling a BNDUPD up to its limit.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        const HEADER: usize = 4;
        const ADDRESS_AND_STATUS: usize = HEADER + 4 + HEADER + 1;
        const FLAGS: usize = HEADER + 2;
        const TIME: usize = HEADER + 4;
        let times = [
            self.lease_expiration_time,
            self.potential_expiration_time,
            self.start_time_of_state,
            self.client_last_transaction_time,
        ];
        let bytes = [
            &self.client_identifier,
            &self.ddns,
            &self.client_request_options,
            &self.client_reply_options,
        ];
        let hardware =
            self.client_hardware_address.as_ref().map(|it| it.bytes.len().saturating_add(1));
        let values = bytes.into_iter().flatten().map(Vec::len).chain(hardware);
        ADDRESS_AND_STATUS
            .saturating_add(times.iter().flatten().map(|_| TIME).sum())
            .saturating_add(if self.ip_flags == IpFlags::NONE { 0 } else { FLAGS })
            .saturating_add(values.map(|length| length.saturating_add(HEADER)).sum())
            .saturating_add(self.windows.as_ref().map_or(0, |windows| windows.encoded_len()))
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

    /// The options that stand for this answer in a message.
    #[must_use]
    pub fn options(&self) -> OptionSet {
        let text = self.reject.as_ref().is_some_and(|reject| reject.message.is_some());
        OptionSet::EMPTY
            .with(OptionCode::ASSIGNED_IP_ADDRESS)
            .with_if(self.reject.is_some(), OptionCode::REJECT_REASON)
            .with_if(text, OptionCode::MESSAGE)
    }

    /// Rejects the binding of an address, with a text for people.
    #[must_use]
    pub const fn reject(address: Ipv4Addr, reason: RejectReason, message: Option<String>) -> Self {
        Self { address, reject: Some(Reject { reason, message }) }
    }
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
