//! What the programs in the `examples` folder beside share. Each program says at its top what it
//! shows and how to run it.
//!
//! | program | what it shows |
//! |---|---|
//! | `decode_capture` | failover traffic in a capture file, message by message |
//! | `two_endpoints` | two endpoints in one process: from STARTUP to NORMAL, a lease, an outage |
//! | `embed_minimal` | failover inside a DHCP server made of plug-ins: packet path, engine thread, group commit |
//!
//! [`show`] serves the first, [`server`] and [`pair`] the second, [`engine`] and [`plugins`] the third.
//! What the last two tell is a [`Story`](story::Story), so that their tests can read it.

pub mod engine;
pub mod pair;
pub mod plugins;
pub mod server;
pub mod show;
pub mod story;

use dhcp_failover::lease::{Client, HardwareAddress};

/// A client with a hardware address of its own.
#[must_use]
pub fn client(number: u8) -> Client {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]);
    Client::new(None, hardware.expect("six bytes are not more than sixteen"))
}
