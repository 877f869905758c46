//! The DHCP server's sockets.
//!
//! Two ways to listen:
//!
//! - no interface named: one UDP socket. It serves relayed clients, needs no privileges on a high
//!   port, and is all that is needed on loopback;
//! - interfaces named: one UDP socket for each, bound to the device. That tells on which link a
//!   broadcast arrived, sends broadcasts out of the right one, and lets directly attached clients
//!   be served. It comes with a packet socket for clients that have no address yet.

mod error;
mod frame;
mod link_layer;
mod local;
mod receive;
mod send;
mod socket;

pub use error::NetError;
pub use receive::{Datagram, QUEUE_LENGTH};
pub use send::Sender;

use crate::dhcp::destination::Ports;
use socket::Socket;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// What to listen on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetConfig {
    /// The address and port of the server; 0.0.0.0 when interfaces are named.
    pub listen: SocketAddrV4,
    /// Interfaces with directly attached clients; may be empty.
    pub interfaces: Vec<String>,
}

/// The way a datagram came, and its answer goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Via {
    socket: usize,
    local: Ipv4Addr,
}

impl Via {
    /// The server's address that the datagram was sent to; for a broadcast, the receiving
    /// interface's. It identifies this server to the client (option 54).
    #[must_use]
    pub const fn local(&self) -> Ipv4Addr {
        self.local
    }
}

/// How many datagrams came, went and were lost. All counters only grow.
#[derive(Debug, Default)]
pub struct Counters {
    received: AtomicU64,
    dropped: AtomicU64,
    sent: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    /// Datagrams handed to the server.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Datagrams dropped because [`QUEUE_LENGTH`] others were waiting.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Answers handed to the kernel.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Answers the kernel refused.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

/// The open sockets, receiving.
#[derive(Debug)]
pub struct Network {
    /// Sends answers; cheap to clone.
    pub sender: Sender,
    /// What arrives. Dropping it stops the receiving tasks.
    pub datagrams: mpsc::Receiver<Datagram>,
    /// What was counted so far.
    pub counters: Arc<Counters>,
    /// Where the sockets listen, in the order of the interfaces; with the port the kernel chose if
    /// the configured one was 0.
    pub listening: Vec<SocketAddrV4>,
    /// The addresses clients may know this server by.
    pub addresses: Vec<Ipv4Addr>,
}

impl Network {
    /// Opens the sockets and starts a receiving task for each. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`NetError`] names the address or interface, and what to do about it.
    pub fn open(config: &NetConfig) -> Result<Self, NetError> {
        let sockets: Arc<[Socket]> = socket::open_all(config)?.into();
        let addresses = if config.listen.ip().is_unspecified() {
            local::addresses(None)?
        } else {
            vec![*config.listen.ip()]
        };
        let listening = sockets.iter().map(Socket::listening).collect();
        let counters = Arc::new(Counters::default());
        let datagrams = receive::spawn(&sockets, &counters);
        let sender = Sender::new(sockets, Arc::clone(&counters));
        Ok(Self { sender, datagrams, counters, listening, addresses })
    }
}

/// The ports answers go to, given the configured relay port.
#[must_use]
pub fn ports(relay: u16) -> Ports {
    Ports { relay, ..Ports::default() }
}

#[cfg(test)]
mod tests;
