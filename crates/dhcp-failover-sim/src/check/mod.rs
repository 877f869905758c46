//! The rules that are checked at every step.

pub(crate) mod balance;
mod contact;
mod disjoint;
mod durable;
pub(crate) mod forward;
mod given;
mod grants;
mod healed;
pub(crate) mod kept;
pub(crate) mod offers;
mod protection;

pub(crate) use durable::durable_before_visible;
pub(crate) use grants::grant_within_bounds;

use crate::Pair;
use std::fmt;

/// So many violations of one rule are kept.
const KEPT_PER_RULE: usize = 100;

/// The names of the rules are those of `ARCHITECTURE.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are described there, once")]
pub enum Rule {
    S1,
    S2,
    S3,
    S4,
    S5,
    S6,
    S7,
    S8,
    S9,
    S10,
    S11,
    S12,
    S13,
    S14,
    S15,
    L1,
    L2,
    L3,
    L4,
    L5,
    L6,
    L7,
    L8,
    L9,
    /// A harness-level impossibility: the endpoint did not come to rest.
    Livelock,
}

/// A rule was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// When, in true time.
    pub at_ms: u64,
    /// How.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} ms: {}", self.rule, self.at_ms, self.text)
    }
}

impl Pair {
    pub(crate) fn violation(&mut self, rule: Rule, text: String) {
        if self.violations.iter().filter(|known| known.rule == rule).count() < KEPT_PER_RULE {
            self.log(None, format!("VIOLATION {rule:?}: {text}"));
            self.violations.push(Violation { rule, at_ms: self.now, text });
        }
    }
}
