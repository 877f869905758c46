//! A packet socket: frames to a hardware address, for clients that have no IP address to send to.
#![expect(unsafe_code, reason = "the kernel's sockaddr_ll has no safe wrapper")]

use nix::libc;
use nix::net::if_::if_nametoindex;
use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, Socket, Type};
use std::io;

const ETHERNET_ADDRESS_LENGTH: u8 = 6;

/// Sends IPv4 packets on one interface to chosen Ethernet addresses.
#[derive(Debug)]
pub(super) struct PacketSocket {
    socket: Socket,
    interface_index: i32,
}

impl PacketSocket {
    /// Opens a socket that sends and never receives. Needs CAP_NET_RAW.
    pub(super) fn open(interface: &str) -> io::Result<Self> {
        let interface_index = interface_index(interface)?;
        // SOCK_DGRAM: the kernel writes the Ethernet header. Protocol 0: nothing is received, so
        // no queue fills up unread.
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(0)))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, interface_index })
    }

    /// Sends one IPv4 packet, header included, to an Ethernet address.
    pub(super) fn send(&self, packet: &[u8], hardware: &[u8]) -> io::Result<()> {
        let to = link_address(self.interface_index, hardware)?;
        self.socket.send_to(packet, &to).map(drop)
    }
}

fn link_address(interface_index: i32, hardware: &[u8]) -> io::Result<SockAddr> {
    if hardware.len() != usize::from(ETHERNET_ADDRESS_LENGTH) {
        let message = format!("{} bytes are not an Ethernet address", hardware.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let family = u16::try_from(libc::AF_PACKET).map_err(io::Error::other)?;
    let protocol = u16::try_from(libc::ETH_P_IP).map_err(io::Error::other)?.to_be();
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: sockaddr_ll is one of this platform's sockaddr types; it is plain integers, for
    // which the zeros of the storage are valid, and view_as checks that it fits.
    let address: &mut libc::sockaddr_ll = unsafe { storage.view_as() };
    address.sll_family = family;
    address.sll_protocol = protocol;
    address.sll_ifindex = interface_index;
    address.sll_halen = ETHERNET_ADDRESS_LENGTH;
    for (to, from) in address.sll_addr.iter_mut().zip(hardware) {
        *to = *from;
    }
    let length = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).unwrap_or_default();
    // SAFETY: the storage was just filled in as a sockaddr_ll, its family says so, and `length`
    // is that type's size.
    Ok(unsafe { SockAddr::new(storage, length) })
}

fn interface_index(interface: &str) -> io::Result<i32> {
    i32::try_from(if_nametoindex(interface)?).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_found_by_name() {
        assert!(interface_index("lo").unwrap() > 0);
        assert!(interface_index("no-such-if").is_err());
        assert!(interface_index("nul\0inside").is_err());
    }

    #[test]
    fn only_ethernet_addresses_are_taken() {
        assert!(link_address(1, &[2, 0, 0, 0, 0, 1]).is_ok());
        assert!(link_address(1, &[2, 0, 0, 0, 0, 1, 7]).is_err());
        assert!(link_address(1, &[]).is_err());
    }
}
