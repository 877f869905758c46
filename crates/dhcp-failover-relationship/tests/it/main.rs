//! The relationship model by its behaviour, one module for each part.

#![allow(missing_docs, reason = "tests")]

mod add;
mod errors;
mod lookups;
mod operations;
mod output;
mod pair;
mod picture;
mod properties;
mod scopes;
mod set;
mod states;
#[cfg(feature = "serde")]
mod stored;
mod time_spans;
mod windows;
