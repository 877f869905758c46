//! Where an answer goes (RFC 2131 §4.1, RFC 8357).

use super::packet::Request;
use dhcp_failover_lease::HardwareAddress;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// The UDP ports answers go to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ports {
    /// Of relay agents; 67 unless configured.
    pub relay: u16,
    /// Of clients; 68.
    pub client: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { relay: 67, client: 68 }
    }
}

/// What is sent, as far as its way depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outgoing {
    /// A DHCPOFFER of this address.
    Offer(Ipv4Addr),
    /// A DHCPACK; the address, or none when it answers a DHCPINFORM.
    Ack(Option<Ipv4Addr>),
    /// A DHCPNAK.
    Nak,
}

/// Where an answer goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Destination {
    /// To a host that answers ARP: a relay agent, or a client that has its address.
    Unicast(SocketAddrV4),
    /// To everyone on the link the request came from.
    Broadcast {
        /// The UDP port.
        port: u16,
    },
    /// To a client that has no address yet: its future address in the IP header, its hardware
    /// address in the frame. A sender that cannot do that broadcasts instead; RFC 2131 §4.1
    /// allows it.
    Hardware {
        /// The address being given, for the IP header.
        address: Ipv4Addr,
        /// For the frame header; an Ethernet address.
        hardware: HardwareAddress,
        /// The UDP port.
        port: u16,
    },
}

/// Where the answer to `request`, which came from `source`, goes.
///
/// ```
/// use dhcp_failover_lease::HardwareAddress;
/// use failoverd::dhcp::destination::{Destination, Ports, Outgoing, destination};
/// # use failoverd::dhcp::packet::Request;
/// # let mut bytes = vec![0; 240];
/// # bytes[0] = 1; bytes[1] = 1; bytes[2] = 6;
/// # bytes[236..].copy_from_slice(&[99, 130, 83, 99]);
/// # bytes.extend([53, 1, 1, 255]);
/// # let discover = Request::parse(&bytes).unwrap();
/// let source = "0.0.0.0:68".parse().unwrap();
/// let offer = Outgoing::Offer([192, 0, 2, 9].into());
/// let to = destination(&discover, source, Ports::default(), offer);
/// assert!(matches!(to, Destination::Hardware { port: 68, .. }));
/// ```
#[must_use]
pub fn destination(
    request: &Request,
    source: SocketAddr,
    ports: Ports,
    outgoing: Outgoing,
) -> Destination {
    let broadcast = Destination::Broadcast { port: ports.client };
    if request.is_relayed() {
        // RFC 8357 §5.3: the relay asks for its answers on the port it sent from.
        let source_port = request.relay.as_ref().is_some_and(|relay| relay.source_port);
        let port = if source_port { source.port() } else { ports.relay };
        return Destination::Unicast(SocketAddrV4::new(request.giaddr, port));
    }
    let address = match outgoing {
        Outgoing::Nak => return broadcast,
        Outgoing::Offer(address) => address,
        Outgoing::Ack(_) if !request.ciaddr.is_unspecified() => {
            return Destination::Unicast(SocketAddrV4::new(request.ciaddr, ports.client));
        }
        Outgoing::Ack(Some(address)) => address,
        Outgoing::Ack(None) => return broadcast,
    };
    let hardware = *request.client.hardware();
    let is_ethernet = hardware.hardware_type() == 1 && hardware.as_bytes().len() == 6;
    if request.broadcast() || !is_ethernet {
        return broadcast;
    }
    Destination::Hardware { address, hardware, port: ports.client }
}

#[cfg(test)]
mod tests;
