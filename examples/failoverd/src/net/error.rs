//! Why the sockets could not be opened.

use std::io;
use std::net::SocketAddrV4;

/// Why the sockets could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The address could not be bound.
    #[error("failed to listen on {address} (udp): {error}{}", hint(error))]
    Bind {
        /// The configured address.
        address: SocketAddrV4,
        /// What the kernel said.
        error: io::Error,
    },
    /// The socket could not be tied to an interface.
    #[error("failed to use interface {interface}: {error}; does it exist (`ip link`)?")]
    Interface {
        /// Its name.
        interface: String,
        /// What the kernel said.
        error: io::Error,
    },
    /// An interface has no address to be the server identifier.
    #[error("failed to use interface {interface}: it has no IPv4 address; give it one")]
    NoAddress {
        /// Its name.
        interface: String,
    },
    /// Interfaces need the wildcard address.
    #[error(
        "failed to listen on {address}: with `interfaces` broadcasts must be heard too; \
         write dhcp_listen = \"0.0.0.0:{}\"", address.port()
    )]
    NotWildcard {
        /// The configured address.
        address: SocketAddrV4,
    },
    /// A socket could not be made or set up.
    #[error("failed to set up a UDP socket: {0}")]
    Socket(#[from] io::Error),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need root or CAP_NET_BIND_SERVICE, or choose a higher port"
        }
        io::ErrorKind::AddrInUse => "; another DHCP server is using it",
        io::ErrorKind::AddrNotAvailable => "; no interface has this address",
        _ => "",
    }
}
