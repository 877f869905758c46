//! `failoverd demo`: two servers, hundreds of clients, one failure, and a verdict.
//!
//! The demo runs two real servers as child processes on loopback, drives simulated clients through
//! a relay agent over UDP, makes one server fail in mid traffic, brings it back, and then judges what
//! the clients were told against what both servers know.
//!
//! - [`client`], [`fleet`], [`packet`], [`ledger`]: the clients, and what they were told;
//! - [`checker`]: the verdict, a pure function;
//! - `servers`, `watch`, `story`, `report`: the processes, their states, the plot, the output.

pub mod checker;
pub mod client;
pub mod fleet;
pub mod ledger;
pub mod packet;
pub mod random;
