//! Deterministic simulation of DHCP failover pairs, for tests.
//!
//! A [`Pair`] is two failover endpoints with their tables, disks that forget what was not synced, a
//! network that stalls and breaks, skewed clocks and DHCP clients, all in virtual time: a simulated
//! day takes a fraction of a second, and one seed decides everything. While it runs, an omniscient
//! [`Ledger`] of what the *clients* were told and a set of checkers watch the rules S1..S16 and
//! L1..L9 of `ARCHITECTURE.md`.
//!
//! ```
//! use dhcp_failover_sim::{Host, Pair, Setup};
//! use dhcp_failover_proto::State;
//! let mut pair = Pair::new(Setup::new(1));
//! pair.start_both();
//! assert!(pair.run_until(10, |pair| pair.state(Host::A) == Some(State::Normal)));
//! pair.join(0);
//! pair.run_s(5);
//! assert!(pair.lease_of(0).is_some());
//! pair.assert_clean();
//! ```

pub mod bulk;
mod carry;
mod check;
mod client;
mod connections;
mod converge;
mod disk;
mod fault;
pub mod hostile;
mod ledger;
mod log;
mod monitor;
#[cfg(failover_mutants)]
pub mod mutants;
mod net;
mod observe;
mod pair;
mod peer;
pub mod reference;
mod rng;
pub mod runs;
mod second;
mod server;
mod setup;
pub mod storm;
mod tally;
mod wire_trace;

pub use check::kept::{Doubled, DoubledCounts, Fate};
pub use check::{Rule, Violation};
pub use client::{Held, SimClient, host_name};
pub use disk::{DiskFailure, Survives};
pub use fault::DiskCopy;
pub use ledger::{Ack, Duplicate, Ledger};
pub use log::Log;
pub use pair::Pair;
pub use peer::{Make, Request, Word, windows};
pub use rng::Rng;
pub use server::{Host, Server};
pub use setup::{Mutation, Setup};
pub use storm::{Action, Change, Regime, Step, Storm};
pub use tally::Standing;
