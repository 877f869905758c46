//! DHCPv4 failover (draft-ietf-dhc-failover-12) for DHCP servers: every library of the family
//! under one name.
//!
//! Two DHCP servers share one set of addresses. Each tells the other about every lease, after the
//! client has its answer; when one stops, the other goes on serving all clients, and no address is
//! ever given to two of them. This crate is what a server needs for that, without the server: it
//! opens no socket, reads no clock and keeps no file.
//!
//! | module | what it is | usable alone |
//! |---|---|---|
//! | [`proto`] | the failover endpoint: bytes, time and lease events in; bytes, writes and timers out | needs all below |
//! | [`wire`] | messages as bytes and as types, in the dialects of the draft, ISC dhcpd and Windows | yes |
//! | [`lease`] | times, lease-time arithmetic, conflict rules, balance of the pools | yes |
//! | [`loadbalance`] | which of two servers answers a client (RFC 3074) | yes |
//! | [`relationship`] | who fails over with whom, how and for which scopes, with the operations of Windows | yes |
//!
//! A server that wants failover embeds [`proto`]; a tool that shows traffic needs only [`wire`].
//! Each module is also a crate of its own (`dhcp-failover-wire` and so on) with the same version.
//!
//! ```
//! use dhcp_failover::wire::{Dialect, Message, Packet, decode, encode};
//!
//! let packet = Packet { time: 1_700_000_000, xid: 1, message: Message::Contact };
//! let mut frame = Vec::new();
//! encode(&packet, Dialect::Draft12, &mut frame)?;
//! assert_eq!(decode(&frame, Dialect::Draft12)?, packet);
//! # Ok::<(), dhcp_failover::wire::Error>(())
//! ```
//!
//! # Features
//!
//! * `serde`: types that are stored or shown can be serialized.

pub use dhcp_failover_lease as lease;
pub use dhcp_failover_proto as proto;
pub use dhcp_failover_relationship as relationship;
pub use dhcp_failover_wire as wire;
pub use dhcp_loadbalance as loadbalance;
