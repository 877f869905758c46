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
//! What would an operation do? Try it on a clone:
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use dhcp_failover_relationship::{Registry, Relationship, ScopeKind, cmdlet::SetFailover};
//! # let mut registry = Registry::new();
//! # let pair = Relationship::builder("east-west", [192, 0, 2, 1].into(), [192, 0, 2, 2].into());
//! # registry.insert(pair.build()?)?;
//! let mut what_if = registry.clone();
//! let wish = SetFailover { load_balance_percent: Some(101), ..SetFailover::default() };
//! let refused = wish.changes(registry.get("east-west")?).unwrap_err();
//! assert_eq!(refused.to_string(), "LoadBalancePercent 101 is more than 100");
//! assert_eq!((refused.code(), refused.remedy().as_str()), (87, "use 0 to 100"));
//! let wish = SetFailover { load_balance_percent: Some(80), ..wish };
//! let would_be = what_if.set("east-west", wish.changes(registry.get("east-west")?)?)?;
//! assert_eq!(would_be.local_load_balance_percent().map(u8::from), Some(80));
//! # Ok::<(), dhcp_failover_relationship::Errors>(())
//! ```
//!
//! # Where it differs from Windows
//!
//! | Windows | here | because |
//! |---|---|---|
//! | reports the first problem of a call | [all of them](Errors), the same one first | one try is enough to know them |
//! | does not check the MCLT when a relationship is created | 0 is refused, always | no server could give a lease |
//! | does not check who the partner is | it must be another server; a relationship that is there may have two on one machine | with itself a server has no partner, and ports are not in this model |
//! | takes an empty text for a secret, and a text as far as its NUL | refuses both, and what is not UTF-16 | a secret that is none would leave messages unsigned |
//! | says nothing on a scope named twice | refuses it | it is a slip |
//! | creates relationships with a scope only | also [without](RelationshipBuilder::may_be_empty), when that is meant | consoles make the relationship first |
//! | has at most 31 relationships | the limit [can be changed](Registry::with_max_relationships) and lifted | nothing here needs it; a Windows partner has it still |
//! | sets any state | not `NO_STATE` and `INIT`, which no endpoint is in, nor the reserved `PAUSED` and `SHUTDOWN` | they would be a record that no server can go on from |
//! | removes only scopes the server has | also one that the server no longer has | it would stay in the relationship for ever |
//! | removes scopes it can when others cannot be (cmdlet) | every call does all or nothing | half of a wish is seldom wanted |
//! | keeps the number when the mode changes | so does [`Registry::set`]; [`cmdlet::SetFailover`] takes the new mode's default | 50 percent of the clients is no reserve of 50 percent |
//! | lets an interval win over `AutoStateTransition` false | refuses what contradicts itself | either could be meant |
//! | wants a name (cmdlet) | has the console's default: the two short names | both tools are served |
//! | takes a number for days or ticks (`TimeSpan`) | takes it for [seconds](TimeSpan) | as consoles do |
//! | enumerates by bytes | by relationships | there are no buffers |
//! | says nothing on the case of names | it counts | the partner compares names, too |
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
