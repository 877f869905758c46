//! DHCPv4 failover messages out of packet captures.
//!
//! A [`Reader`] takes a pcap or pcapng file, follows the TCP connections on the failover ports,
//! puts their segments in order and cuts the streams into messages. It gives them as they are:
//! [`RawMessage`](dhcp_failover_wire::RawMessage) and [`decode`](dhcp_failover_wire::decode) say
//! what is in them, in the [`Dialect`](dhcp_failover_wire::Dialect) that the reader found out for
//! the connection.
//!
//! What a capture lacks or what is no failover traffic does not stop the rest: it is reported in
//! its place as [`What::Skipped`], and the stream is taken up again where a message begins. Memory
//! is bounded by [`MAX_CONNECTIONS`], [`MAX_PENDING_BYTES`] and [`MAX_TOTAL_PENDING_BYTES`], whatever
//! the size of the file.
//!
//! ```no_run
//! use dhcp_failover_capture::{Options, Reader, What};
//! use dhcp_failover_wire::decode;
//!
//! let file = std::fs::File::open("failover.pcap")?;
//! for found in Reader::new(file, Options::default())? {
//!     let found = found?;
//!     match found.what {
//!         What::Message(bytes) => match decode(&bytes, found.dialect) {
//!             Ok(packet) => println!("{} {:?}", found.frame, packet.message),
//!             Err(error) => println!("{} broken: {error}", found.frame),
//!         },
//!         What::Skipped { bytes, why } => println!("{} {bytes} bytes: {why}", found.frame),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod connections;
mod container;
mod network;
mod reader;
mod stream;

pub use connections::{MAX_CONNECTIONS, MAX_TOTAL_PENDING_BYTES};
pub use container::{CaptureError, Timestamp};
pub use reader::{DEFAULT_PORTS, Found, Options, Reader, Statistics, What};
pub use stream::{MAX_PENDING_BYTES, Skip};
