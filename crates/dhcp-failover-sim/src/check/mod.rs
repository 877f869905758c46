//! The rules that are checked, and where.
//!
//! | rule | checked | when |
//! |---|---|---|
//! | S1 | [`Ledger::acked`](crate::Ledger::acked) | a client receives a DHCPACK |
//! | S2 | `grants` | a server decides on a lease |
//! | S3 | `protection` | every step that changed something |
//! | S4 | `disjoint` | every step that changed something |
//! | S5 | `durable` | a message or a DHCPACK leaves |
//! | S6 | `given` | a server gives an address to another client |
//! | S7 | [`Pair::ask`] | a server answers; what refused grants leave behind: `tests/it/grants.rs` |
//! | S8, S13 | [`Pair::check_convergence`] | after everything has healed |
//! | S9, S11 | `monitor` | a message leaves |
//! | S10 | `forward` | a record is written, an update leaves |
//! | S12 | `balance` | both have come to NORMAL, and every minute there |
//! | S14 | `kept` | a binding changes, a server stops or starts |
//! | S15 | `balance`, `given` | in NORMAL: names and roles; an address of a pool that differs is given |
//! | S16 | [`hostile`](crate::hostile), `Livelock` | every step; a panic ends the run |
//! | L1, L2 | [`Pair::check_convergence`] within [`Pair::healing_s`] | after everything has healed |
//! | L3 | [`Storm::calm`](crate::Storm::calm) | when every lease is over |
//! | L4 | [`Pair::check_silence`] | when everything is said |
//! | L5 | [`Pair::check_stays`] | after everything has healed |
//! | L6 | [`Pair::check_service`], [`Pair::check_whole_pool`] | in NORMAL; when every lease is over |
//! | L7 | `offers` | an update leaves |
//! | L8 | `contact` | a DHCPACK leaves |
//! | L9 | `contact` | every step while something is silent |

pub(crate) mod balance;
mod contact;
mod disjoint;
mod durable;
mod excuse;
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
    /// The text of the draft does not allow it, as [`reference`](crate::reference) reads it.
    Reference,
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
