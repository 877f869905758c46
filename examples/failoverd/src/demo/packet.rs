//! The packets of the demo's clients, written and read with dhcproto.

use dhcproto::v4::relay::{RelayAgentInformation, RelayInfo};
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable};
use std::net::Ipv4Addr;

/// The byte of a packet that holds `hlen`.
const HLEN: usize = 2;
/// The room for a hardware address in a packet.
const CHADDR_MAX: u8 = 16;

/// Who a simulated client says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The Ethernet address.
    pub hardware: [u8; 6],
    /// The whole value of option 61, if the client sends one.
    pub client_id: Option<Vec<u8>>,
}

impl Identity {
    /// The `number`th client of a fleet; every second one sends a client identifier.
    pub fn numbered(fleet: u8, number: u32) -> Self {
        let [_, high, mid, low] = number.to_be_bytes();
        let hardware = [0x02, 0xfa, fleet, high, mid, low];
        let client_id = number.is_multiple_of(2).then(|| {
            let mut id = vec![0];
            id.extend_from_slice(format!("demo-{fleet}-{number}").as_bytes());
            id
        });
        Self { hardware, client_id }
    }
}

/// What a client puts into a message, besides who it is.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// The transaction id.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// The address the client has, for renewing and rebinding.
    pub ciaddr: Option<Ipv4Addr>,
    /// Option 50.
    pub requested: Option<Ipv4Addr>,
    /// Option 54.
    pub server: Option<Ipv4Addr>,
    /// The relay agent that forwards the message; absent: the client sends it itself.
    pub relay: Option<Ipv4Addr>,
    /// More options.
    pub options: Vec<DhcpOption>,
}

/// A client's message, with the fields every message has filled in.
pub fn message(kind: MessageType, identity: &Identity, content: Content) -> Message {
    let zero = Ipv4Addr::UNSPECIFIED;
    let giaddr = content.relay.unwrap_or(zero);
    let ciaddr = content.ciaddr.unwrap_or(zero);
    let mut message =
        Message::new_with_id(content.xid, ciaddr, zero, zero, giaddr, &identity.hardware);
    message.set_opcode(Opcode::BootRequest).set_secs(content.secs);
    let options = message.opts_mut();
    options.insert(DhcpOption::MessageType(kind));
    if let Some(id) = &identity.client_id {
        options.insert(DhcpOption::ClientIdentifier(id.clone()));
    }
    if let Some(address) = content.requested {
        options.insert(DhcpOption::RequestedIpAddress(address));
    }
    if let Some(address) = content.server {
        options.insert(DhcpOption::ServerIdentifier(address));
    }
    options.insert(DhcpOption::ParameterRequestList(vec![
        OptionCode::SubnetMask,
        OptionCode::Router,
        OptionCode::DomainNameServer,
    ]));
    for option in content.options {
        options.insert(option);
    }
    if content.relay.is_some() {
        message.set_hops(1);
        message.opts_mut().insert(DhcpOption::RelayAgentInformation(circuit(identity)));
    }
    message
}

/// The option 82 the demo's relay agent adds: the client's port is named by its hardware address.
fn circuit(identity: &Identity) -> RelayAgentInformation {
    let mut information = RelayAgentInformation::default();
    information.insert(RelayInfo::AgentCircuitId(identity.hardware.to_vec()));
    information
}

/// The bytes of a message.
///
/// # Panics
/// Never for what [`message`] makes: every option fits.
pub fn encode(message: &Message) -> Vec<u8> {
    message.to_vec().expect("options of a simulated client fit into a packet")
}

/// An answer of a server.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The type of message.
    pub kind: MessageType,
    /// Option 54.
    pub server: Option<Ipv4Addr>,
    /// Option 51, in seconds.
    pub lease_s: Option<u32>,
    /// Whether the option 82 of [`message`] came back.
    pub circuit_echoed: bool,
    /// The whole packet.
    pub message: Message,
}

impl Reply {
    /// Reads a packet; `None` when it is not a DHCP answer.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        // dhcproto panics in `chaddr()` when hlen is above 16.
        if bytes.get(HLEN).is_none_or(|hlen| *hlen > CHADDR_MAX) {
            return None;
        }
        let message = Message::decode(&mut Decoder::new(bytes)).ok()?;
        if message.opcode() != Opcode::BootReply {
            return None;
        }
        let options = message.opts();
        let kind = options.msg_type()?;
        let server = match options.get(OptionCode::ServerIdentifier) {
            Some(DhcpOption::ServerIdentifier(address)) => Some(*address),
            _ => None,
        };
        let lease_s = match options.get(OptionCode::AddressLeaseTime) {
            Some(DhcpOption::AddressLeaseTime(seconds)) => Some(*seconds),
            _ => None,
        };
        let circuit_echoed = match options.get(OptionCode::RelayAgentInformation) {
            Some(DhcpOption::RelayAgentInformation(information)) => information.iter().any(
                |(_, info)| matches!(info, RelayInfo::AgentCircuitId(id) if id == message.chaddr()),
            ),
            _ => false,
        };
        Some(Self { kind, server, lease_s, circuit_echoed, message })
    }

    /// `yiaddr`.
    pub fn address(&self) -> Ipv4Addr {
        self.message.yiaddr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Vec<u8> {
        let identity = Identity::numbered(1, 2);
        let relay = Some(Ipv4Addr::new(127, 77, 0, 1));
        let mut reply =
            message(MessageType::Offer, &identity, Content { relay, ..Content::default() });
        reply.set_opcode(Opcode::BootReply).set_yiaddr(Ipv4Addr::new(127, 77, 1, 9));
        reply.opts_mut().insert(DhcpOption::AddressLeaseTime(5));
        encode(&reply)
    }

    #[test]
    fn reads_back_what_a_server_would_send() {
        let reply = Reply::decode(&answer()).expect("a good answer");
        assert_eq!(reply.kind, MessageType::Offer);
        assert_eq!(reply.address(), Ipv4Addr::new(127, 77, 1, 9));
        assert_eq!((reply.lease_s, reply.server), (Some(5), None));
        assert!(reply.circuit_echoed);
    }

    #[test]
    fn refuses_a_packet_whose_hlen_is_over_16() {
        let mut bytes = answer();
        bytes[HLEN] = 17;
        assert!(Reply::decode(&bytes).is_none());
    }

    #[test]
    fn refuses_every_truncation_and_a_request() {
        let bytes = answer();
        for length in 0..240 {
            assert!(Reply::decode(&bytes[..length]).is_none(), "{length} bytes");
        }
        let request = message(MessageType::Discover, &Identity::numbered(1, 1), Content::default());
        assert!(Reply::decode(&encode(&request)).is_none());
    }

    #[test]
    fn only_every_second_client_sends_an_identifier() {
        assert!(Identity::numbered(1, 2).client_id.is_some());
        assert!(Identity::numbered(1, 3).client_id.is_none());
        assert_ne!(Identity::numbered(1, 3).hardware, Identity::numbered(2, 3).hardware);
    }
}
