//! Which of this host's addresses a client sees: the server identifier.
//!
//! The kernel knows, and tells without privileges: connecting a UDP socket sends nothing, but
//! chooses a route and with it the source address. That needs no crate that lists interfaces, and
//! gives the address that answers will really carry.

use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long a found address is trusted: routes change while a server runs.
const TRUSTED_FOR: Duration = Duration::from_secs(10);
/// How many peers are remembered; a server has far fewer relay agents.
const MAX_REMEMBERED: usize = 1024;

/// The addresses of one socket.
#[derive(Debug)]
pub(super) enum LocalAddresses {
    /// It has one.
    Fixed(Ipv4Addr),
    /// It is on the wildcard address: the address depends on the peer.
    Routed(Mutex<HashMap<Ipv4Addr, (Ipv4Addr, Instant)>>),
}

impl LocalAddresses {
    pub(super) fn routed() -> Self {
        Self::Routed(Mutex::default())
    }

    pub(super) fn towards(&self, peer: Ipv4Addr) -> io::Result<Ipv4Addr> {
        let known = match self {
            Self::Fixed(address) => return Ok(*address),
            Self::Routed(known) => known,
        };
        let mut known = known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((address, found_at)) = known.get(&peer)
            && found_at.elapsed() < TRUSTED_FOR
        {
            return Ok(*address);
        }
        let address = source_address(peer, None)?;
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(peer, (address, Instant::now()));
        Ok(address)
    }
}

/// The address of an interface.
pub(super) fn of_interface(name: &str) -> io::Result<Ipv4Addr> {
    source_address(Ipv4Addr::BROADCAST, Some(name))
}

fn source_address(peer: Ipv4Addr, interface: Option<&str>) -> io::Result<Ipv4Addr> {
    let peer = if peer.is_unspecified() { Ipv4Addr::BROADCAST } else { peer };
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_broadcast(true)?;
    socket.bind_device(interface.map(str::as_bytes))?;
    socket.connect(&SocketAddr::from((peer, 67)).into())?;
    let address = socket.local_addr()?.as_socket_ipv4().map(|address| *address.ip());
    address
        .filter(|address| !address.is_unspecified())
        .ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))
}
