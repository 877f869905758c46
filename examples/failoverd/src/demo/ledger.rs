//! What clients were told, in the order they were told it.

use super::packet::Identity;
use std::fmt;
use std::net::Ipv4Addr;

/// Why a client asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// It had no lease (DISCOVER, REQUEST).
    New,
    /// It asked the server that gave the lease (RENEWING).
    Renew,
    /// It asked any server (REBINDING).
    Rebind,
}

/// One DHCPACK as a client received it.
///
/// Times are milliseconds since the fleet began, on a clock that never steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The client.
    pub client: Identity,
    /// The address it was given.
    pub address: Ipv4Addr,
    /// The server that answered.
    pub server: Ipv4Addr,
    /// Why the client asked.
    pub purpose: Purpose,
    /// When the client sent what was answered: its lease counts from here (RFC 2131 §4.4.1).
    pub sent_ms: u64,
    /// When the answer arrived.
    pub received_ms: u64,
    /// From the first send of this exchange to the answer, retries included.
    pub waited_ms: u64,
    /// The lease time.
    pub lease_s: u32,
    /// When the client gave the address back, if it did.
    pub released_ms: Option<u64>,
}

impl Ack {
    /// When the client stops using the address.
    pub fn ends_ms(&self) -> u64 {
        let expires = self.sent_ms.saturating_add(u64::from(self.lease_s).saturating_mul(1000));
        self.released_ms.map_or(expires, |released| released.min(expires))
    }
}

/// One DHCPNAK as a client received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The client.
    pub client: Identity,
    /// The address it had or wanted.
    pub address: Option<Ipv4Addr>,
    /// The server that refused.
    pub server: Option<Ipv4Addr>,
    /// Why the client asked.
    pub purpose: Purpose,
    /// When the answer arrived, on the clock of [`Ack`].
    pub received_ms: u64,
    /// What the server said (option 56).
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = |address: Option<Ipv4Addr>| {
            address.map_or_else(|| "?".to_owned(), |address| address.to_string())
        };
        let [.., high, low] = self.client.hardware;
        let (address, server) = (unknown(self.address), unknown(self.server));
        write!(
            f,
            "at {} ms {server} refused {address} to client {high:02x}:{low:02x}",
            self.received_ms
        )?;
        write!(f, " ({:?}): {}", self.purpose, self.reason)
    }
}
