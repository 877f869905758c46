//! The second opinion on the state machine: what it found, and what it refuses.

mod found;
mod refusals;
mod trace;
