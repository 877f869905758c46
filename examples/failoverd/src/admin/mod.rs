//! The admin socket: how `failoverctl` asks a running server.
//!
//! A Unix socket that only the server's user can open. Each request is one line of JSON and gets one
//! line back. The server parses and bounds; the answer comes from whoever receives the
//! [`AdminCall`]s.

mod client;
mod message;
mod refusal;
mod risk;
mod server;
mod table;
#[cfg(test)]
mod tests;

pub use client::{ClientError, call, leases};
pub use message::{
    AdminRequest, AdminResponse, ExplainRow, LEASES_LIMIT_MAX, LeaseRow, StatusRow, VERSION,
    choose_relationship, owner_of,
};
pub use refusal::{Problem, Refusal, codes};
pub use risk::RiskReport;
pub use server::{AdminCall, AdminServer};
pub use table::{Row, render};
