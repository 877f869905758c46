//! The DHCP failover relationship as Windows models it: its fields, limits, operations and errors.
//!
//! A [`Relationship`] says who the two servers are, how they share the work and for which scopes.
//! [`Relationships`] is the set one server holds, with the management operations of [MS-DHCPM]
//! (`R_DhcpV4FailoverCreateRelationship` and its kin): the same checks in the same order with the
//! same [codes](Error::code). Every operation changes this server only; a management tool applies
//! it to both. Nothing here is written to disk or sent anywhere.
//!
//! ```
//! use dhcp_failover_relationship::{
//!     FsmState, Mode, Relationship, Relationships, ScopeKind, ServerType,
//! };
//! use ipnet::Ipv4Net;
//!
//! // What this server serves; failover needs scopes that speak DHCP.
//! let scope: Ipv4Net = "10.1.0.0/24".parse()?;
//! let served = |asked: Ipv4Net| (asked == scope).then_some(ScopeKind::Dhcp);
//!
//! let mut relationships = Relationships::new();
//! relationships.create(
//!     Relationship::builder("east-west", [192, 0, 2, 1].into(), [192, 0, 2, 2].into())
//!         .server_type(ServerType::Primary)
//!         .mode(Mode::LoadBalance { percentage: 50 })
//!         .mclt_s(3600)
//!         .scopes([scope]),
//!     &served,
//! )?;
//! assert_eq!(relationships.get("east-west")?.state(), FsmState::Startup);
//! assert_eq!(relationships.get("west-east").unwrap_err().code(), 20115);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! * `std` (default): forwards to the dependencies; without it the crate is `no_std` with `alloc`.
//! * `serde`: the plain enums ([`Mode`], [`ServerType`], [`FsmState`]) can be stored.
#![no_std]

extern crate alloc;

mod error;
mod model;
mod set;
mod state;

pub use error::Error;
pub use model::{
    Mode, Relationship, RelationshipBuilder, ServerType, SharedSecret, safe_period_from_api,
    safe_period_to_api,
};
pub use set::{Changes, Relationships, ScopeKind, Scopes};
pub use state::FsmState;

/// How many relationships one server may have (`DHCP_FAILOVER_MAX_NUM_REL`).
pub const MAX_RELATIONSHIPS: usize = 31;

/// How many scopes may be added at once (`DHCP_FAILOVER_MAX_NUM_ADD_SCOPES`).
pub const MAX_ADDED_SCOPES: usize = 400;

/// The longest name of a relationship, in UTF-16 units without a terminator.
pub const MAX_NAME_LEN: usize = 126;

/// The MCLT of a relationship that names none, in seconds.
pub const DEFAULT_MCLT_S: u32 = 3600;

/// The primary's share of the clients in a load-balance relationship that names none, in percent.
pub const DEFAULT_LOAD_BALANCE_PERCENTAGE: u8 = 50;

/// The standby's share of the free addresses in a hot-standby relationship that names none, in
/// percent.
pub const DEFAULT_RESERVE_PERCENTAGE: u8 = 5;
