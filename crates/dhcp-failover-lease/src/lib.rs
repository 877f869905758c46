//! DHCPv4 failover lease arithmetic: times, binding status, conflict rules, pool balance.
//!
//! Everything here is a pure function or a plain value: no clock, no storage, no network. A DHCP
//! server that adds failover asks this crate five questions:
//!
//! | question | answer |
//! |---|---|
//! | for how long may I lease this address, and what do I tell my partner? | [`grant`] |
//! | may this address go to this client now? | [`Allocator::check`] |
//! | my partner sent me a binding: take it, or keep mine? | [`resolve`] |
//! | how many addresses should change hands, and which? | [`balance`], [`Selection`] |
//! | what may I count on while the lead time is being changed? | [`Mclt`] |
//!
//! Section numbers are those of draft-ietf-dhc-failover-12; `S1`..`S16` and `H1`..`H21` are the
//! project's names for its safety properties and for the holes it found in the draft
//! (`ARCHITECTURE.md` lists them).
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod allocation;
mod binding;
mod client;
mod conflict;
mod ending;
mod grant;
mod knowledge;
mod mclt;
mod mutant;
mod pool;
mod role;
mod status;
mod time;

pub use allocation::{AddressRules, Allocator, Control, Refusal, Reservation};
pub use binding::{Binding, BindingFlags, Expiries};
pub use client::{Client, HardwareAddress};
pub use conflict::{
    Accepted, Conflict, ConflictRules, Receiver, Update, Verdict, resolve, surplus_leases,
};
pub use grant::{Grant, GrantTerms, LeaseLimit, early_renewal, grant};
pub use knowledge::{Knowledge, StatusSet};
pub use mclt::Mclt;
#[doc(hidden)]
pub use mutant::Mutant;
pub use pool::{PoolCounts, PoolShare, Selection, Supply, Transfer, balance, time_left};
pub use role::Role;
pub use status::{BindingStatus, StatusCause};
pub use time::{LeaseInstant, LeaseSpan};
