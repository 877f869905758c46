//! From the sockets to the server.

use super::socket::Socket;
use super::{Counters, SocketIndex};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
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
    /// The socket it came in on.
    pub socket: SocketIndex,
    /// The address that identifies this server to the sender; on a socket of an interface, the
    /// interface's.
    pub local: Ipv4Addr,
    /// Whether the socket belongs to an interface, so that `local` also tells the client's link.
    pub on_link: bool,
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

impl Receiver {
    async fn run(self) {
        let Some(socket) = self.sockets.get(self.index) else { return };
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            let received = tokio::select! {
                () = self.queue.closed() => return,
                received = socket.udp.recv_from(&mut buffer) => received,
            };
            match received {
                Ok((length, source)) => self.deliver(socket, &buffer[..length], source),
                Err(error) => {
                    let interface = socket.interface.as_ref().map(|found| &*found.name);
                    tracing::warn!(interface, %error, "failed to receive; trying again");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }

    fn deliver(&self, socket: &Socket, bytes: &[u8], source: SocketAddr) {
        let SocketAddr::V4(peer) = source else { return };
        let local = match socket.local_for(*peer.ip()) {
            Ok(local) => local,
            Err(error) => {
                self.counters.dropped.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%peer, %error, "dropped a packet: no route back to its sender");
                return;
            }
        };
        let datagram = Datagram {
            bytes: bytes.to_vec(),
            source,
            socket: SocketIndex(self.index),
            local,
            on_link: socket.interface.is_some(),
        };
        let counter = match self.queue.try_send(datagram) {
            Ok(()) => &self.counters.received,
            Err(_) => &self.counters.dropped,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
