//! DHCPv4: packets, and what the server does with them.
//!
//! Pure logic: bytes and tables in, decisions and bytes out. Nothing here owns a socket, a clock or
//! a store. A datagram passes through in this order:
//!
//! 1. [`packet::Request::parse`]: bytes to a checked request;
//! 2. [`kind::RequestKind::of`]: which of the forms of RFC 2131 it is;
//! 3. [`server::DhcpServer::handle`]: what to do about it, looking at [`network::Networks`], the
//!    lease tables and what failover allows ([`gate::Gate`]);
//! 4. [`reply::encode`] and [`destination::destination`]: an answer to bytes, and where they go.

mod action;
pub mod destination;
mod discover;
pub mod gate;
mod giveback;
pub mod kind;
pub mod network;
pub mod noted;
pub mod offers;
pub mod option;
pub mod packet;
mod ranges;
pub mod reply;
mod request;
pub mod server;
#[cfg(test)]
pub(crate) mod testing;
