//! The admin API: how `failoverctl`, and any program that speaks HTTP, asks a running server.
//!
//! HTTP/1.1 with JSON on a Unix socket for administrators, and on a second one for readers. The routes
//! are described in `docs/openapi.json`. The server parses and bounds; the answer comes from whoever
//! receives the [`AdminCall`]s. [`call`] is the client's side.

mod api;
mod client;
mod message;
mod refusal;
mod risk;
mod server;
mod socket;
mod table;
#[cfg(test)]
mod tests;

pub use client::{ClientError, call, leases, leases_of};
pub use message::{
    AdminRequest, AdminResponse, Changed, ExplainRow, LEASES_LIMIT_MAX, LeaseRow, Order, Partner,
    ScopeState, StatusRow, choose_relationship, owner_of,
};
pub use refusal::{Problem, Refusal, codes};
pub use risk::RiskReport;
pub use server::{AdminCall, AdminServer};
pub use socket::{Access, AdminSocket};
pub(crate) use table::utc;
pub use table::{Row, render};
