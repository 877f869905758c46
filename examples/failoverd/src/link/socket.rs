//! Sockets of failover connections.

use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How long sent data may stay unacknowledged before the kernel gives the connection up.
const USER_TIMEOUT: Duration = Duration::from_secs(30);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_PROBES: u32 = 3;
/// Backlog of the listening socket.
const BACKLOG: u32 = 64;

/// Listens at `address`.
///
/// # Errors
/// What the system said, with the address.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("cannot listen on {address} for partners: {error}"))
    };
    let socket = socket_for(address).map_err(named)?;
    // A restarted server must not wait for connections of the last one to time out.
    socket.set_reuseaddr(true).map_err(named)?;
    socket.bind(address).map_err(named)?;
    socket.listen(BACKLOG).map_err(named)
}

fn socket_for(address: SocketAddr) -> io::Result<TcpSocket> {
    match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
}

/// Connects to `address`, from the local address `from` if it is of the same family.
pub(super) async fn connect(from: Option<IpAddr>, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket_for(address)?;
    let from = from.filter(|from| from.is_ipv4() == address.is_ipv4());
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.connect(address).await
}

/// Sends without delay and notices a partner that is gone.
pub(super) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))
}
