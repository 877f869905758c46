//! What the programs in the `examples` folder beside share. Each program says at its top what it
//! shows and how to run it.
//!
//! | program | what it shows |
//! |---|---|
//! | `decode_capture` | failover traffic in a capture file, message by message |
//! | `two_endpoints` | two endpoints in one process: from STARTUP to NORMAL, a lease, an outage |
//! | `embed_minimal` | failover inside a DHCP server: packet path, engine thread, group commit |
//!
//! [`show`] serves the first, [`server`] and [`pair`] the second, [`engine`] the third.

pub mod engine;
pub mod pair;
pub mod server;
pub mod show;
