//! From the sockets to the server.

use super::socket::Socket;
use super::{Counters, Via};
use crate::dhcp::kind::Arrival;
use crate::dhcp::server::Incoming;
use crate::log_limit::LogLimits;
use nix::libc::in_pktinfo;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg};
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Datagrams that may wait for the server. At some thousand a second this is about a second's
/// worth; clients that waited longer have sent again already, so more would only serve ghosts.
pub const QUEUE_LENGTH: usize = 4096;

/// Longer datagrams are cut. A DHCP message is rarely above 1500 bytes.
const MAX_DATAGRAM: usize = 4096;
/// Pause after the kernel refuses to receive (an interface that went down), so as not to spin.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(200);

/// A packet as it came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datagram {
    /// The UDP payload.
    pub bytes: Vec<u8>,
    /// Who sent it.
    pub source: SocketAddr,
    /// Which way it came.
    pub via: Via,
    /// Whether it was sent to this server alone.
    pub arrival: Arrival,
}

impl Datagram {
    /// The datagram as the server wants it.
    #[must_use]
    pub fn incoming(&self) -> Incoming<'_> {
        let Self { bytes, source, via, arrival } = self;
        Incoming { bytes, source: *source, local: via.local, arrival: *arrival }
    }
}

pub(super) fn spawn(sockets: &Arc<[Socket]>, counters: &Arc<Counters>) -> mpsc::Receiver<Datagram> {
    let (queue, datagrams) = mpsc::channel(QUEUE_LENGTH);
    for index in 0..sockets.len() {
        let receiver = Receiver {
            sockets: Arc::clone(sockets),
            index,
            counters: Arc::clone(counters),
            queue: queue.clone(),
        };
        tokio::spawn(receiver.run());
    }
    datagrams
}

struct Receiver {
    sockets: Arc<[Socket]>,
    index: usize,
    counters: Arc<Counters>,
    queue: mpsc::Sender<Datagram>,
}

/// What the kernel tells of a datagram beside its bytes.
struct Envelope {
    length: usize,
    source: SocketAddr,
    local: Ipv4Addr,
    arrival: Arrival,
}

impl Receiver {
    async fn run(self) {
        let Some(socket) = self.sockets.get(self.index) else { return };
        let mut buffer = vec![0; MAX_DATAGRAM];
        let mut control = nix::cmsg_space!(in_pktinfo);
        let mut limits = LogLimits::default();
        loop {
            let received = tokio::select! {
                () = self.queue.closed() => return,
                received = receive(&socket.udp, &mut buffer, &mut control) => received,
            };
            match received {
                Ok(envelope) => {
                    let bytes = buffer.get(..envelope.length).unwrap_or(&buffer);
                    self.deliver(bytes, &envelope, &mut limits);
                }
                Err(error) => {
                    let interface = socket.interface.as_ref().map(|found| &*found.name);
                    tracing::warn!(interface, %error, "failed to receive; trying again");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }

    fn deliver(&self, bytes: &[u8], envelope: &Envelope, limits: &mut LogLimits) {
        let &Envelope { source, local, arrival, .. } = envelope;
        if local.is_unspecified() {
            // An interface that lost its address: there is no server identifier to answer with.
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
            if limits.allow("packets dropped because their interface has no IPv4 address") {
                tracing::warn!(%source, "dropped a packet: its interface has no IPv4 address");
            }
            return;
        }
        let via = Via { socket: self.index, local };
        let datagram = Datagram { bytes: bytes.to_vec(), source, via, arrival };
        let counter = match self.queue.try_send(datagram) {
            Ok(()) => &self.counters.received,
            Err(_) => &self.counters.dropped,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

async fn receive(udp: &UdpSocket, buffer: &mut [u8], control: &mut [u8]) -> io::Result<Envelope> {
    udp.async_io(Interest::READABLE, || {
        let mut parts = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::empty();
        let found = recvmsg::<SockaddrIn>(udp.as_raw_fd(), &mut parts, Some(control), flags)?;
        let source = found.address.ok_or(io::ErrorKind::InvalidData)?;
        let info = found.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::Ipv4PacketInfo(info) => Some(info),
            _ => None,
        });
        let info = info.ok_or(io::ErrorKind::InvalidData)?;
        let address = |network_order: u32| Ipv4Addr::from(network_order.to_ne_bytes());
        let (local, header) = (address(info.ipi_spec_dst.s_addr), address(info.ipi_addr.s_addr));
        Ok(Envelope {
            length: found.bytes,
            source: SocketAddr::from((source.ip(), source.port())),
            local,
            // For a broadcast the kernel names the interface's address beside the one in the header.
            arrival: if local == header { Arrival::Unicast } else { Arrival::Broadcast },
        })
    })
    .await
}
