//! DHCPv4 failover (draft-ietf-dhc-failover-12) for DHCP servers: every library of the family
//! under one name.
//!
//! Two DHCP servers share one set of addresses. Each tells the other about every lease, after the
//! client has its answer; when one stops, the other goes on serving all clients, and no address is
//! ever given to two of them. This crate is what a server needs for that, without the server: it
//! opens no socket, reads no clock and keeps no file.
//!
//! ```text
//!    a DHCP server
//!   ┌──────────────────────────────────────────────────────────┐
//!   │ clients ◀─▶ packet path ─ may I? how long? ─▶ ServiceView│
//!   │                │   ▲                             ▲       │
//!   │        Granted │   │ Confirm              view() │       │
//!   │                ▼   │                             │       │
//!   │             ┌─────────────────────────────────────┐      │
//!   │    clock ──▶│           proto::Endpoint           │◀─────┼─ frames ─▶ partner
//!   │             │  with wire, lease and loadbalance   │      │
//!   │             └─────────────────────────────────────┘      │
//!   │                ▲         │ Persist         ▲ Persisted   │
//!   │          reads │         │                 │             │
//!   │           lease table ◀──┴──▶ store ─ sync ┘             │
//!   └──────────────────────────────────────────────────────────┘
//! ```
//!
//! | module | what it is | usable alone |
//! |---|---|---|
//! | [`proto`] | the failover endpoint: bytes, time and lease events in; bytes, writes and timers out | needs all below |
//! | [`wire`] | messages as bytes and as types, in the dialects of the draft, ISC dhcpd and Windows; a borrowed view | yes |
//! | [`lease`] | times, lease-time arithmetic, conflict rules, balance of the pools | yes |
//! | [`loadbalance`] | which of two servers answers a client (RFC 3074) | yes |
//! | [`relationship`] | who fails over with whom, how and for which scopes, with the operations of Windows | yes |
//! | [`manual`] | chapters to read, no code | |
//!
//! A server that wants failover embeds [`proto`]: read [`manual::_01_concepts`], then
//! [`manual::_02_embedding`]. A tool that shows traffic needs only [`wire`]. Each module but the
//! manual is also a crate of its own (`dhcp-failover-wire` and so on) with the same version.
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
//! None is on by default, and none changes what the code does.
//!
//! * `serde`: what is stored or shown ([`lease::Binding`], [`proto::EndpointRecord`],
//!   [`proto::State`], the [`relationship`] model) can be serialized and deserialized.
//!
//! This crate needs `std`. The crates behind it have a feature `std`, on by default; without it they
//! are `no_std` with `alloc`, so a program for a bare machine names them directly.

pub mod manual;

pub use dhcp_failover_lease as lease;
pub use dhcp_failover_proto as proto;
pub use dhcp_failover_relationship as relationship;
pub use dhcp_failover_wire as wire;
pub use dhcp_loadbalance as loadbalance;
