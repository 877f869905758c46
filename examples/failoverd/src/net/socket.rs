//! One listening UDP socket, and what belongs to it.

use super::link_layer::PacketSocket;
use super::local;
use super::{NetConfig, NetError};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Type};
use std::net::{SocketAddr, SocketAddrV4};
use tokio::net::UdpSocket;

/// Room for a burst while the server waits for its disk; the kernel may allow less.
const RECEIVE_BUFFER: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Socket {
    pub(super) udp: UdpSocket,
    pub(super) interface: Option<Interface>,
    listening: SocketAddrV4,
}

/// The link a socket is tied to.
#[derive(Debug)]
pub(super) struct Interface {
    pub(super) name: String,
    /// `None` without the privilege to open one.
    pub(super) packets: Option<PacketSocket>,
}

pub(super) fn open_all(config: &NetConfig) -> Result<Vec<Socket>, NetError> {
    if config.interfaces.is_empty() {
        return Ok(vec![open(config.listen, None)?]);
    }
    if !config.listen.ip().is_unspecified() {
        // Linux delivers broadcasts to sockets on the wildcard address only.
        return Err(NetError::NotWildcard { address: config.listen });
    }
    config.interfaces.iter().map(|name| open(config.listen, Some(name))).collect()
}

fn open(listen: SocketAddrV4, interface: Option<&str>) -> Result<Socket, NetError> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_broadcast(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    // Before bind: sockets on different devices then share the port without SO_REUSEADDR, which
    // would also hide a second server on the same one.
    if let Some(name) = interface {
        let error = |error| NetError::Interface { interface: name.to_owned(), error };
        socket.bind_device(Some(name.as_bytes())).map_err(error)?;
        if local::addresses(interface)?.is_empty() {
            return Err(NetError::NoAddress { interface: name.to_owned() });
        }
    }
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true).map_err(std::io::Error::from)?;
    let bind_error = |error| NetError::Bind { address: listen, error };
    socket.bind(&SocketAddr::V4(listen).into()).map_err(bind_error)?;
    let bound = socket.local_addr()?.as_socket_ipv4().unwrap_or(listen);
    Ok(Socket {
        udp: UdpSocket::from_std(socket.into())?,
        interface: interface.map(Interface::open),
        listening: bound,
    })
}

impl Interface {
    fn open(name: &str) -> Self {
        let packets = PacketSocket::open(name)
            .inspect_err(|error| {
                tracing::warn!(
                    interface = name,
                    %error,
                    "no packet socket (it needs CAP_NET_RAW): \
                     clients without an address are answered by broadcast"
                );
            })
            .ok();
        Self { name: name.to_owned(), packets }
    }
}

impl Socket {
    pub(super) const fn listening(&self) -> SocketAddrV4 {
        self.listening
    }
}
