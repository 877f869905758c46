//! The parts of `failoverd`.

pub mod config;
pub mod demo;
pub mod dhcp;
pub mod link;
pub mod logging;
pub mod net;
pub mod store;
