//! DHCPv4: packets, and what the server does with them.
//!
//! Pure logic: bytes and tables in, decisions and bytes out. Nothing here owns a socket, a clock or
//! a store. A datagram passes through in this order:
//!
//! 1. [`packet::Request::parse`]: bytes to a checked request;
//! 2. [`kind::RequestKind::of`]: which of the forms of RFC 2131 it is;
//! 3. [`reply::encode`] and [`destination::destination`]: an answer to bytes, and where they go.

pub mod destination;
pub mod kind;
pub mod option;
pub mod packet;
pub mod reply;
#[cfg(test)]
pub(crate) mod testing;
