//! The DHCP failover relationship as Windows models it: its fields, limits, operations and errors.
//!
//! A [`Relationship`] says who the two servers are, how they share the work and for which scopes.
//! [`Registry`] is the set one server holds, with the management operations of [MS-DHCPM]
//! (`R_DhcpV4FailoverCreateRelationship` and its kin): the same checks in the same order with the
//! same [codes](Error::code), but all problems of a call at once. Every operation changes this server
//! only; a management tool applies it to both. [`cmdlet`] has the parameters and properties of the
//! PowerShell cmdlets. Nothing here is written to disk or sent anywhere.
//!
//! ```
//! use core::net::Ipv4Addr;
//! use dhcp_failover_relationship::{
//!     FsmState, Mode, Percent, Registry, Relationship, ScopeKind, ServerType,
//! };
//!
//! // What this server serves; failover needs scopes that speak DHCP.
//! let scope = Ipv4Addr::new(10, 1, 0, 0);
//! let served = |asked: Ipv4Addr| (asked == scope).then_some(ScopeKind::Dhcp);
//!
//! let mut registry = Registry::new();
//! registry.create(
//!     Relationship::builder("east-west", [192, 0, 2, 1].into(), [192, 0, 2, 2].into())
//!         .server_type(ServerType::Primary)
//!         .mode(Mode::LoadBalance { percentage: Percent::new(70)? })
//!         .mclt_s(3600)
//!         .scopes([scope]),
//!     &served,
//! )?;
//! assert_eq!(registry.get("east-west")?.state(), FsmState::Startup);
//! assert_eq!(registry.get("west-east").unwrap_err().code(), 20115);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! * `std` (default): forwards to the dependencies; without it the crate is `no_std` with `alloc`.
//! * `serde`: everything but the shapes of the Windows API can be serialized and deserialized. The
//!   secret is read, never written.
#![no_std]

extern crate alloc;

mod builder;
mod changes;
pub mod cmdlet;
mod error;
mod errors;
mod invalid;
mod mode;
mod percent;
mod registry;
mod relationship;
mod secret;
mod state;
mod statistics;
#[cfg(feature = "serde")]
mod stored;
mod time_span;
mod windows;

pub use builder::RelationshipBuilder;
pub use changes::{Changes, SetFlags};
pub use error::Error;
pub use errors::Errors;
pub use invalid::Invalid;
pub use mode::{Mode, ModeName, ServerRole, ServerType};
pub use percent::Percent;
pub use registry::{Page, Registry, ScopeKind, Scopes};
pub use relationship::Relationship;
pub use secret::{SecretUtf16, SharedSecret};
pub use state::FsmState;
pub use statistics::{AddressCounts, AddressStatus, Statistics};
pub use time_span::TimeSpan;
pub use windows::{WindowsRelationship, safe_period_from_api, safe_period_to_api};

/// How many relationships one server may have (`DHCP_FAILOVER_MAX_NUM_REL`), unless
/// [`Registry::with_max_relationships`] says otherwise.
pub const MAX_RELATIONSHIPS: usize = 31;

/// How many scopes may be added at once (`DHCP_FAILOVER_MAX_NUM_ADD_SCOPES`).
pub const MAX_ADDED_SCOPES: usize = 400;

/// The longest name of a relationship, in UTF-16 units without a terminator.
pub const MAX_NAME_LEN: usize = 126;

/// The MCLT of a relationship that names none, in seconds.
pub const DEFAULT_MCLT_S: u32 = 3600;
