//! From the server to the sockets.

use super::socket::Socket;
use super::{Counters, Via, frame};
use crate::dhcp::destination::Destination;
use dhcp_failover_lease::HardwareAddress;
use nix::libc::{in_addr, in_pktinfo};
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg};
use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Sends answers through the socket their request came in on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    sockets: Arc<[Socket]>,
    counters: Arc<Counters>,
}

impl Sender {
    pub(super) fn new(sockets: Arc<[Socket]>, counters: Arc<Counters>) -> Self {
        Self { sockets, counters }
    }

    /// Hands an answer to the kernel. It leaves through the socket its request came in on, from
    /// the address that one was sent to. It is counted either way.
    ///
    /// # Errors
    /// What the kernel said. A lost answer is no catastrophe: the client asks again.
    pub async fn send(&self, via: Via, destination: Destination, bytes: &[u8]) -> io::Result<()> {
        let result = self.try_send(via, destination, bytes).await;
        let counter = if result.is_ok() { &self.counters.sent } else { &self.counters.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    async fn try_send(&self, via: Via, destination: Destination, bytes: &[u8]) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::NotFound, "no such socket");
        let socket = self.sockets.get(via.socket).ok_or_else(gone)?;
        let target = match destination {
            Destination::Unicast(target) => target,
            Destination::Broadcast { port } => SocketAddrV4::new(Ipv4Addr::BROADCAST, port),
            Destination::Hardware { address, hardware, port } => {
                let target = SocketAddrV4::new(address, port);
                if let Some(result) = send_frame(socket, via, target, hardware, bytes) {
                    return result;
                }
                SocketAddrV4::new(Ipv4Addr::BROADCAST, port)
            }
        };
        send_from(&socket.udp, via.local, target, bytes).await
    }
}

/// Sends from `source`, which on the wildcard address the kernel would choose by itself.
async fn send_from(
    udp: &UdpSocket,
    source: Ipv4Addr,
    target: SocketAddrV4,
    bytes: &[u8],
) -> io::Result<()> {
    let info = in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: in_addr { s_addr: u32::from_ne_bytes(source.octets()) },
        ipi_addr: in_addr { s_addr: 0 },
    };
    let target = SockaddrIn::from(target);
    udp.async_io(Interest::WRITABLE, || {
        let (parts, flags) = ([IoSlice::new(bytes)], MsgFlags::empty());
        let control = [ControlMessage::Ipv4PacketInfo(&info)];
        sendmsg(udp.as_raw_fd(), &parts, &control, flags, Some(&target))?;
        Ok(())
    })
    .await
}

/// `None` if the socket has no way to address a frame.
fn send_frame(
    socket: &Socket,
    via: Via,
    target: SocketAddrV4,
    hardware: HardwareAddress,
    bytes: &[u8],
) -> Option<io::Result<()>> {
    let packets = socket.interface.as_ref()?.packets.as_ref()?;
    let source = SocketAddrV4::new(via.local, socket.listening().port());
    let packet = frame::datagram(source, target, bytes)?;
    Some(packets.send(&packet, hardware.as_bytes()))
}
