//! The sans-io DHCPv4 failover endpoint of draft-ietf-dhc-failover-12.
//!
//! One [`Endpoint`] is one server's end of one failover relationship. It opens no socket, reads no
//! clock, starts no thread and draws no random number: time, frames and lease events go in through
//! [`Endpoint::handle`]; records to store, frames to send and connections to make come out of
//! [`Endpoint::poll_output`], in an order that matters.
//!
//! ```text
//!   sockets ── frames ──▶ ┌──────────┐ ──▶ Persist(ticket, record)   to the store
//!   clock ───── now ────▶ │ Endpoint │ ──▶ Transmit(link, bytes)     to the socket
//!   store ─ persisted ──▶ │          │ ──▶ Dial, Close               to the connector
//!   DHCP ─── granted ───▶ └──────────┘ ──▶ Confirm(token)            the DHCPACK may leave
//!                              │       ──▶ Wait(until)               nothing more until then
//!                              ▼
//!                         ServiceView: may I serve, for how long, which address?
//! ```
//!
//! # The contract
//! 1. After **every** call of [`Endpoint::handle`], call [`Endpoint::poll_output`] until it answers
//!    [`Output::Wait`], and carry the outputs out in that order.
//! 2. A [`Record::Binding`] in an [`Output::Persist`] goes into the [`Bindings`] view *before* the
//!    next call of `handle`, and to the store when convenient; when it is on disk, say so with
//!    [`Input::Persisted`]. The ticket is cumulative, so a driver can commit in groups.
//! 3. What depends on a record does not come out before that record was reported durable: the
//!    endpoint holds messages and confirmations back itself (rule "durable before visible").
//!
//! # For DHCP servers
//! [`Endpoint::view`] is a small `Copy` value for the packet path. It answers the three questions
//! of a DHCP server without touching the endpoint; only the result of a grant goes in, as
//! [`LeaseEvent::Granted`], and is refused if the view it was decided on is out of date.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

extern crate alloc;

mod bindings;
mod clock;
mod config;
mod endpoint;
mod explain;
mod io;
mod lease_clock;
mod listener;
mod partner_fault;
mod pool_digest;
mod quarantine;
mod record;
mod severity;
mod state;
mod stats;
mod table;
mod timer;
mod view;

pub use bindings::{BindingTable, Bindings, Subnet, TableError};
pub use clock::{Monotonic, Skew};
pub use config::{Balance, EndpointConfig, StartupPolicy, TimePolicy};
pub use endpoint::{
    ConfigurationError, Dispute, Endpoint, MAX_OPAQUE_OPTIONS, PartnerDownRisk, PoolRisk, Renaming,
    Shortage, Status, rename_message_times,
};
pub use explain::{Because, BoundBy, Explanation, LeaseExplanation};
pub use io::{
    Command, CommandError, Event, Input, LeaseEvent, LinkId, LinkSide, Output, Stale, Token,
};
pub use lease_clock::{ClockStamp, ClockStart, LeaseClock};
pub use listener::{Listener, Route};
pub use partner_fault::PartnerFault;
pub use pool_digest::PoolDigest;
pub use quarantine::{PoolDifference, Quarantine, UnsafeSettings};
pub use record::{ClockDoubt, EndpointRecord, PartnerOffset, Record, Ticket};
pub use severity::Severity;
pub use state::State;
pub use stats::Stats;
pub use table::{Cause, Outcome, Reason, Rule, next_state, rule_for, rules_of};
pub use view::{Decision, Ignored, Query, RequestClass, Service, ServiceView};

/// The lease arithmetic this endpoint decides with.
pub use dhcp_failover_lease as lease;
/// The relationship model an endpoint can be configured from.
pub use dhcp_failover_relationship as relationship;
/// The codec this endpoint speaks through.
pub use dhcp_failover_wire as wire;
