//! The parts of `failoverd`.

pub mod admin;
pub mod check;
pub mod cli;
pub mod config;
pub mod core;
pub mod ctl;
pub mod decode;
pub mod demo;
pub mod dhcp;
pub mod dhcpd;
pub mod link;
pub mod log_limit;
pub mod logging;
pub mod metrics;
pub mod net;
pub mod services;
pub mod store;
