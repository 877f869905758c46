//! A client's packet, checked and taken apart.
//!
//! dhcproto reads it, through its lazy view and not its typed decoder: that one stops at the first
//! option it cannot read (a host name in Latin-1 would hide the client identifier behind it), has
//! assertions a client can trip, and panics when `hlen` is above 16.

use super::option::{self, relay};
use dhcp_failover_lease::{Client, HardwareAddress};
use dhcproto::v4::borrowed;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Bytes before the options: the BOOTP header and the magic cookie.
pub const HEADER_LENGTH: usize = 240;
/// The smallest size a client may state in option 57, IP and UDP headers included (RFC 2132 §9.10).
pub const MIN_MAX_MESSAGE_SIZE: u16 = 576;

/// The longest client identifier that is served. RFC 3396 lets a client join several options into a
/// longer one, but every answer carries it back whole (RFC 6842) and must fit 576 bytes.
pub const MAX_CLIENT_IDENTIFIER: usize = 255;

const FILE: std::ops::Range<usize> = 108..236;
const SNAME: std::ops::Range<usize> = 44..108;

/// Why a packet is not a DHCP request this server can answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PacketError {
    /// Shorter than a header.
    #[error("failed to read the packet: {length} bytes, a DHCP header has {HEADER_LENGTH}")]
    TooShort {
        /// Bytes received.
        length: usize,
    },
    /// `op` is not BOOTREQUEST.
    #[error("failed to read the packet: op is {op}, a client sends 1 (BOOTREQUEST)")]
    NotARequest {
        /// The byte found.
        op: u8,
    },
    /// `hlen` does not fit `chaddr`.
    #[error("failed to read the packet: hlen is {hlen}, chaddr holds at most 16 bytes")]
    HardwareAddressTooLong {
        /// The byte found.
        hlen: u8,
    },
    /// The bytes before the options are not the DHCP cookie.
    #[error("failed to read the packet: no DHCP magic cookie (a BOOTP client?)")]
    NoCookie,
    /// There is no option 53.
    #[error("failed to read the packet: no message type (option 53); BOOTP is not served")]
    NoMessageType,
    /// A message type that clients do not send.
    #[error("failed to read the packet: message type {0} is not one a client sends to a server")]
    MessageType(u8),
    /// An option that must have a fixed size has another.
    #[error("failed to read option {code}: {length} bytes, expected {expected}")]
    OptionLength {
        /// The option.
        code: u8,
        /// Its size in the packet.
        length: usize,
        /// The size it must have.
        expected: usize,
    },
    /// The instances of option 61 joined are longer than a client identifier may be.
    #[error(
        "failed to read the client identifier (option 61): {length} bytes, at most \
         {MAX_CLIENT_IDENTIFIER} are served"
    )]
    ClientIdentifierTooLong {
        /// Its size.
        length: usize,
    },
    /// Neither a client identifier nor a hardware address.
    #[error("failed to tell who sent the packet: no client identifier (option 61) and hlen is 0")]
    NoIdentity,
}

/// The messages clients send to servers (RFC 2131 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClientMessage {
    /// DHCPDISCOVER.
    Discover,
    /// DHCPREQUEST.
    Request,
    /// DHCPDECLINE.
    Decline,
    /// DHCPRELEASE.
    Release,
    /// DHCPINFORM.
    Inform,
}

/// What relay agents said in option 82 that changes the answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RelayInfo {
    /// The whole option, to be echoed byte for byte (RFC 3046 §2.2).
    pub raw: Vec<u8>,
    /// The client's link, if it is not that of `giaddr` (RFC 3527).
    pub link_selection: Option<Ipv4Addr>,
    /// What to use as server identifier (RFC 5107).
    pub server_identifier_override: Option<Ipv4Addr>,
    /// Answer to the UDP port the packet came from (RFC 8357).
    pub source_port: bool,
}

/// A DHCP message from a client, directly or through a relay agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The message type.
    pub message: ClientMessage,
    /// Transaction id.
    pub xid: u32,
    /// Seconds since the client began, as it says.
    pub secs: u16,
    /// The `flags` field; it is echoed.
    pub flags: u16,
    /// The address the client has and answers ARP for; 0.0.0.0 if none.
    pub ciaddr: Ipv4Addr,
    /// The relay agent; 0.0.0.0 if the client is on this link.
    pub giaddr: Ipv4Addr,
    /// Who sent it.
    pub client: Client,
    /// Option 82.
    pub relay: Option<RelayInfo>,
    options: BTreeMap<u8, Vec<u8>>,
}

impl Request {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`PacketError`] says what is wrong. Any bytes at all are safe to pass.
    pub fn parse(bytes: &[u8]) -> Result<Self, PacketError> {
        let too_short = PacketError::TooShort { length: bytes.len() };
        if bytes.len() < HEADER_LENGTH {
            return Err(too_short);
        }
        let view = borrowed::Message::new(bytes).map_err(|_| too_short)?;
        if u8::from(view.opcode()) != 1 {
            return Err(PacketError::NotARequest { op: view.opcode().into() });
        }
        // Before anything touches `view.chaddr()`, which slices by hlen.
        if view.hlen() > 16 {
            return Err(PacketError::HardwareAddressTooLong { hlen: view.hlen() });
        }
        if bytes.get(236..HEADER_LENGTH) != Some(option::COOKIE.as_slice()) {
            return Err(PacketError::NoCookie);
        }
        let options = read_options(bytes);
        let message = match options.get(&option::MESSAGE_TYPE).map(Vec::as_slice) {
            None => return Err(PacketError::NoMessageType),
            Some(value) => message_type(value)?,
        };
        let identifier = options.get(&option::CLIENT_IDENTIFIER).map(Vec::as_slice);
        // RFC 2132 §9.14: at least two bytes. A shorter or empty one identifies nobody.
        let identifier = identifier.filter(|value| value.len() >= 2);
        if let Some(length) = identifier.map(<[u8]>::len).filter(|it| *it > MAX_CLIENT_IDENTIFIER) {
            return Err(PacketError::ClientIdentifierTooLong { length });
        }
        if identifier.is_none() && view.hlen() == 0 {
            return Err(PacketError::NoIdentity);
        }
        let hardware = HardwareAddress::new(view.htype().into(), view.chaddr())
            .ok_or(PacketError::HardwareAddressTooLong { hlen: view.hlen() })?;
        Ok(Self {
            message,
            xid: view.xid(),
            secs: view.secs(),
            flags: view.flags().into(),
            ciaddr: view.ciaddr(),
            giaddr: view.giaddr(),
            client: Client::new(identifier, hardware),
            relay: options.get(&option::RELAY_AGENT).map(|raw| RelayInfo::read(raw)),
            options,
        })
    }

    /// The value of an option; all its instances joined (RFC 3396).
    #[must_use]
    pub fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.get(&code).map(Vec::as_slice)
    }

    /// An option that holds one address.
    ///
    /// # Errors
    /// [`PacketError::OptionLength`] if it is there and not four bytes long.
    pub fn address_option(&self, code: u8) -> Result<Option<Ipv4Addr>, PacketError> {
        let Some(value) = self.option(code) else { return Ok(None) };
        let wrong = PacketError::OptionLength { code, length: value.len(), expected: 4 };
        let octets: [u8; 4] = value.try_into().map_err(|_| wrong)?;
        Ok(Some(octets.into()))
    }

    /// Whether the client asks for a broadcast answer (RFC 2131 §2).
    #[must_use]
    pub const fn broadcast(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// Whether a relay agent sent this packet.
    #[must_use]
    pub const fn is_relayed(&self) -> bool {
        !self.giaddr.is_unspecified()
    }

    /// The lease time the client asks for, in seconds (option 51). One of the wrong size is as
    /// good as none: it is only a wish.
    #[must_use]
    pub fn lease_time_s(&self) -> Option<u32> {
        Some(u32::from_be_bytes(self.option(option::LEASE_TIME)?.try_into().ok()?))
    }

    /// The largest UDP payload the client takes, in bytes: option 57 less 28 bytes of IP and UDP
    /// headers, never below what every client must take.
    #[must_use]
    pub fn max_payload(&self) -> usize {
        let stated = self.option(option::MAX_MESSAGE_SIZE).and_then(|value| value.try_into().ok());
        let size = stated.map_or(MIN_MAX_MESSAGE_SIZE, u16::from_be_bytes);
        // Above an Ethernet frame the answer would be fragmented.
        usize::from(size.clamp(MIN_MAX_MESSAGE_SIZE, 1500)) - 28
    }

    /// The codes the client asks for, in its order of preference (option 55).
    #[must_use]
    pub fn parameter_list(&self) -> Option<&[u8]> {
        self.option(option::PARAMETER_LIST)
    }

    /// The host name as text, with what is not printable ASCII replaced (option 12).
    #[must_use]
    pub fn host_name(&self) -> Option<String> {
        let printable = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' };
        let name = self.option(option::HOST_NAME)?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        Some(name.iter().take(end).map(printable).collect())
    }

    /// An address on the client's link, as far as the packet says so: the link selection of a relay
    /// agent (RFC 3527), else `giaddr`.
    #[must_use]
    pub fn link_address(&self) -> Option<Ipv4Addr> {
        let selected = self.trusted_relay().and_then(|relay| relay.link_selection);
        selected.or_else(|| self.is_relayed().then_some(self.giaddr))
    }

    /// The server identifier a relay agent wants in the answer (RFC 5107).
    #[must_use]
    pub fn server_identifier_override(&self) -> Option<Ipv4Addr> {
        self.trusted_relay()?.server_identifier_override
    }

    /// Option 82 without a `giaddr` may come from a switch in between or from the client itself:
    /// it is echoed, but does not choose the client's link (RFC 3046 §5).
    fn trusted_relay(&self) -> Option<&RelayInfo> {
        self.relay.as_ref().filter(|_| self.is_relayed())
    }
}

impl RelayInfo {
    fn read(raw: &[u8]) -> Self {
        let mut info = Self { raw: raw.to_vec(), ..Self::default() };
        let mut rest = raw;
        while let [code, length, tail @ ..] = rest {
            let Some((value, tail)) = tail.split_at_checked(usize::from(*length)) else { break };
            let address = <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from);
            match *code {
                relay::LINK_SELECTION => info.link_selection = address,
                relay::SERVER_IDENTIFIER_OVERRIDE => info.server_identifier_override = address,
                relay::SOURCE_PORT => info.source_port = true,
                _ => {}
            }
            rest = tail;
        }
        info
    }
}

fn message_type(value: &[u8]) -> Result<ClientMessage, PacketError> {
    let &[number] = value else {
        let code = option::MESSAGE_TYPE;
        return Err(PacketError::OptionLength { code, length: value.len(), expected: 1 });
    };
    match number {
        1 => Ok(ClientMessage::Discover),
        3 => Ok(ClientMessage::Request),
        4 => Ok(ClientMessage::Decline),
        7 => Ok(ClientMessage::Release),
        8 => Ok(ClientMessage::Inform),
        other => Err(PacketError::MessageType(other)),
    }
}

/// Joins the option areas: the variable field, then `file`, then `sname` when option 52 says so
/// (RFC 2131 §4.1, RFC 3396 §5).
fn read_options(bytes: &[u8]) -> BTreeMap<u8, Vec<u8>> {
    let mut options = BTreeMap::new();
    collect(bytes.get(HEADER_LENGTH..), &mut options);
    let overload = match options.get(&option::OVERLOAD).map(Vec::as_slice) {
        Some(&[fields]) => fields,
        _ => 0,
    };
    if overload & 1 != 0 {
        collect(bytes.get(FILE), &mut options);
    }
    if overload & 2 != 0 {
        collect(bytes.get(SNAME), &mut options);
    }
    options
}

fn collect(area: Option<&[u8]>, options: &mut BTreeMap<u8, Vec<u8>>) {
    for found in borrowed::DhcpOptionIterator::new(area.unwrap_or_default()) {
        options.entry(found.code().into()).or_default().extend_from_slice(found.data());
    }
}

#[cfg(test)]
mod tests;
