//! DHCPOFFER, DHCPACK and DHCPNAK to bytes (RFC 2131 §4.3, table 3).

use super::option;
use super::packet::Request;
use dhcp_failover_lease::LeaseSpan;
use dhcproto::v4::{Encodable, Flags, Message, Opcode};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// BOOTP relay agents and clients may drop anything shorter (RFC 1542 §2.1).
pub const MIN_LENGTH: usize = 300;
/// No answer is longer: an Ethernet frame less IP and UDP headers.
pub const MAX_LENGTH: usize = 1472;
/// When a client renews, in percent of its lease (RFC 2131 §4.4.5).
pub const T1_PERCENT: u8 = 50;

/// What an answer says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body<'a> {
    /// DHCPOFFER of an address.
    Offer(Lease, &'a Parameters),
    /// DHCPACK of an address.
    Ack(Lease, &'a Parameters),
    /// DHCPACK to a DHCPINFORM: no address, no times (RFC 2131 §4.3.5).
    InformAck(&'a Parameters),
    /// DHCPNAK, with a reason for a person (option 56).
    Nak(&'a str),
}

/// An address and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// For how long.
    pub time: LeaseSpan,
}

/// The configuration a client gets beside its address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameters {
    /// The subnet mask. It is always sent, and before any router (RFC 2132 §3.3).
    pub subnet_mask: Ipv4Addr,
    /// `siaddr`: the server to boot from next, or 0.0.0.0.
    pub next_server: Ipv4Addr,
    /// `file`: what to boot; up to 127 bytes go there, a longer one goes into option 67.
    pub boot_file: Vec<u8>,
    /// Other options by number, as they are on the wire.
    pub options: BTreeMap<u8, Vec<u8>>,
}

/// Encodes an answer to `request`.
///
/// Options come in this order: message type, server identifier, times, subnet mask, then the
/// configured ones in the order of the client's list (all of them by number, if it sent none), the
/// client identifier (RFC 6842), and the relay agent information last (RFC 3046 §2.2). What does
/// not fit the client's maximum message size is left out from the end of the configured ones.
///
/// The answer without the relay agent information is never longer than
/// [`Request::max_payload`], and with it never longer than [`MAX_LENGTH`].
#[must_use]
pub fn encode(request: &Request, server_id: Ipv4Addr, body: &Body<'_>) -> Vec<u8> {
    let mut bytes = header(request, body);
    let echo = request.client.identifier();
    let reserved = echo.map_or(0, option_length) + 1;
    // The relay agent takes its option out again, so the client's limit does not count it. But an
    // answer that has no room left for it might not find its way back.
    let relayed = request.relay.as_ref().map_or(0, |relay| option_length(&relay.raw));
    let limit = request.max_payload().min(MAX_LENGTH.saturating_sub(relayed));
    let limit = limit.saturating_sub(reserved);
    let mut put = |code, value: &[u8]| put_option(&mut bytes, code, value);
    put(option::MESSAGE_TYPE, &[body.message_type()]);
    put(option::SERVER_IDENTIFIER, &server_id.octets());
    if let Some((lease, parameters)) = body.lease() {
        put(option::LEASE_TIME, &lease.time.as_dhcp_s().to_be_bytes());
        if !lease.time.is_infinite() {
            let (t1, t2) = parameters.renewal_times_s(lease.time);
            put(option::RENEWAL_TIME, &t1.to_be_bytes());
            put(option::REBINDING_TIME, &t2.to_be_bytes());
        }
    }
    if let Body::Nak(reason) = body {
        let room = limit.saturating_sub(bytes.len() + 2).min(255);
        let reason = reason.as_bytes();
        put_option(&mut bytes, option::MESSAGE, reason.get(..room).unwrap_or(reason));
    }
    if let Some(parameters) = body.parameters() {
        put_option(&mut bytes, option::SUBNET_MASK, &parameters.subnet_mask.octets());
        put_configured(&mut bytes, request, parameters, limit);
    }
    if let Some(identifier) = echo {
        put_option(&mut bytes, option::CLIENT_IDENTIFIER, identifier);
    }
    if let Some(relay) = &request.relay
        && bytes.len() + option_length(&relay.raw) < MAX_LENGTH
    {
        put_option(&mut bytes, option::RELAY_AGENT, &relay.raw);
    }
    bytes.push(option::END);
    bytes.resize(bytes.len().max(MIN_LENGTH), option::PAD);
    bytes
}

impl Body<'_> {
    const fn message_type(&self) -> u8 {
        match self {
            Self::Offer(..) => 2,
            Self::Ack(..) | Self::InformAck(_) => 5,
            Self::Nak(_) => 6,
        }
    }

    const fn lease(&self) -> Option<(Lease, &Parameters)> {
        match self {
            Self::Offer(lease, parameters) | Self::Ack(lease, parameters) => {
                Some((*lease, parameters))
            }
            Self::InformAck(_) | Self::Nak(_) => None,
        }
    }

    const fn parameters(&self) -> Option<&Parameters> {
        match self {
            Self::Offer(_, parameters) | Self::Ack(_, parameters) | Self::InformAck(parameters) => {
                Some(parameters)
            }
            Self::Nak(_) => None,
        }
    }
}

fn header(request: &Request, body: &Body<'_>) -> Vec<u8> {
    let zero = Ipv4Addr::UNSPECIFIED;
    // Table 3: ciaddr is echoed in a DHCPACK only.
    let ciaddr = match body {
        Body::Ack(..) | Body::InformAck(_) => request.ciaddr,
        Body::Offer(..) | Body::Nak(_) => zero,
    };
    let yiaddr = body.lease().map_or(zero, |(lease, _)| lease.address);
    let siaddr = body.parameters().map_or(zero, |parameters| parameters.next_server);
    let hardware = request.client.hardware();
    let (giaddr, chaddr) = (request.giaddr, hardware.as_bytes());
    let mut message = Message::new_with_id(request.xid, ciaddr, yiaddr, siaddr, giaddr, chaddr);
    // §4.3.2: a relayed DHCPNAK must reach a client whose address is wrong, so by broadcast.
    let forced = matches!(body, Body::Nak(_)) && request.is_relayed();
    let flags = if forced { request.flags | 0x8000 } else { request.flags };
    message.set_opcode(Opcode::BootReply);
    message.set_htype(hardware.hardware_type().into());
    message.set_flags(Flags::new(flags));
    if let Some(file) = body.parameters().map(|parameters| parameters.boot_file.as_slice())
        && !file.is_empty()
        && file.len() < 128
    {
        message.set_fname(file);
    }
    // Encoding can fail only for names longer than their fields, and those are checked above.
    message.to_vec().unwrap_or_default()
}

fn put_configured(bytes: &mut Vec<u8>, request: &Request, parameters: &Parameters, limit: usize) {
    let mut done = [false; 256];
    for code in OWN {
        done[usize::from(code)] = true;
    }
    let all: Vec<u8>;
    let wanted = match request.parameter_list() {
        Some(list) => list,
        None => {
            all = parameters.options.keys().copied().collect();
            &all
        }
    };
    for &code in wanted {
        if std::mem::replace(&mut done[usize::from(code)], true) {
            continue;
        }
        if let Some(value) = parameters.value(code)
            && bytes.len() + option_length(value) <= limit
        {
            put_option(bytes, code, value);
        }
    }
}

impl Parameters {
    /// T1 and T2: 0.5 and 0.875 of the lease (RFC 2131 §4.4.5), or as configured where that is
    /// before the lease ends. Failover makes leases shorter than configured, so often it is not.
    fn renewal_times_s(&self, lease: LeaseSpan) -> (u32, u32) {
        let lease_s = lease.as_dhcp_s();
        let configured = |code, before| {
            let value = self.options.get(&code)?.as_slice().try_into().ok()?;
            Some(u32::from_be_bytes(value)).filter(|time| *time < before)
        };
        let t2 = configured(option::REBINDING_TIME, lease_s).unwrap_or(lease_s - lease_s / 8);
        let default_t1 = lease.percent(T1_PERCENT).as_dhcp_s().min(t2);
        (configured(option::RENEWAL_TIME, t2).unwrap_or(default_t1), t2)
    }

    /// The value of option `code` for a client that asks for it.
    fn value(&self, code: u8) -> Option<&[u8]> {
        let configured = self.options.get(&code).map(Vec::as_slice);
        let boot_file = Some(self.boot_file.as_slice()).filter(|file| !file.is_empty());
        configured.or(if code == option::BOOT_FILE { boot_file } else { None })
    }
}

/// Options that have their own place in an answer or are the server's to decide; configured ones
/// of these numbers are not sent as they are.
pub const OWN: [u8; 15] = [
    option::PAD,
    option::SUBNET_MASK,
    option::REQUESTED_ADDRESS,
    option::LEASE_TIME,
    option::OVERLOAD,
    option::MESSAGE_TYPE,
    option::SERVER_IDENTIFIER,
    option::PARAMETER_LIST,
    option::MESSAGE,
    option::MAX_MESSAGE_SIZE,
    option::RENEWAL_TIME,
    option::REBINDING_TIME,
    option::CLIENT_IDENTIFIER,
    option::RELAY_AGENT,
    option::END,
];

/// Bytes an option takes, split as RFC 3396 says when it is longer than 255.
fn option_length(value: &[u8]) -> usize {
    value.len() + 2 * value.len().div_ceil(255).max(1)
}

pub(super) fn put_option(bytes: &mut Vec<u8>, code: u8, value: &[u8]) {
    let mut put = |part: &[u8]| {
        bytes.push(code);
        bytes.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(part);
    };
    if value.is_empty() {
        put(&[]);
    }
    value.chunks(255).for_each(put);
}

#[cfg(test)]
pub(crate) mod tests;
