//! From the server to the sockets.

use super::socket::Socket;
use super::{Counters, SocketIndex, frame};
use crate::dhcp::destination::Destination;
use dhcp_failover_lease::HardwareAddress;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::Ordering;

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

    /// Hands an answer to the kernel. It is counted either way.
    ///
    /// # Errors
    /// What the kernel said. A lost answer is no catastrophe: the client asks again.
    pub async fn send(
        &self,
        via: SocketIndex,
        destination: Destination,
        bytes: &[u8],
    ) -> io::Result<()> {
        let result = self.try_send(via, destination, bytes).await;
        let counter = if result.is_ok() { &self.counters.sent } else { &self.counters.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    async fn try_send(
        &self,
        via: SocketIndex,
        destination: Destination,
        bytes: &[u8],
    ) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::NotFound, "no such socket");
        let socket = self.sockets.get(via.0).ok_or_else(gone)?;
        let target = match destination {
            Destination::Unicast(target) => target,
            Destination::Broadcast { port } => SocketAddrV4::new(Ipv4Addr::BROADCAST, port),
            Destination::Hardware { address, hardware, port } => {
                let target = SocketAddrV4::new(address, port);
                if let Some(result) = send_frame(socket, target, hardware, bytes) {
                    return result;
                }
                SocketAddrV4::new(Ipv4Addr::BROADCAST, port)
            }
        };
        socket.udp.send_to(bytes, SocketAddr::V4(target)).await.map(drop)
    }
}

/// `None` if the socket has no way to address a frame.
fn send_frame(
    socket: &Socket,
    target: SocketAddrV4,
    hardware: HardwareAddress,
    bytes: &[u8],
) -> Option<io::Result<()>> {
    let packets = socket.interface.as_ref()?.packets.as_ref()?;
    let local = socket.local_for(*target.ip()).ok()?;
    let source = SocketAddrV4::new(local, socket.listening().port());
    let packet = frame::datagram(source, target, bytes)?;
    Some(packets.send(&packet, hardware.as_bytes()))
}
