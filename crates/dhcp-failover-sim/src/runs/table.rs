//! Which two states the servers can be in at one time.

use crate::Regime;
use crate::tally::Standing;
use dhcp_failover_proto::State;

/// Whether two states can be together, in true time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legal {
    /// They can.
    Always,
    /// Only if an operator said what was not true, or both servers lost their data.
    Unsafe(&'static str),
    /// Never, and why.
    Never(&'static str),
}

impl Legal {
    /// Whether a storm of this regime may show it.
    #[must_use]
    pub const fn allowed_in(self, regime: Regime) -> bool {
        match self {
            Self::Always => true,
            Self::Unsafe(_) => !regime.is_honest(),
            Self::Never(_) => false,
        }
    }
}

/// The states of the primary and of the secondary, and what is true of them.
#[must_use]
pub fn legality(primary: Standing, secondary: Standing) -> Legal {
    match (primary.0, secondary.0) {
        (_, Some(State::ConflictDone)) => {
            Legal::Never("only a primary has the changes of the other first (§9.12)")
        }
        _ => Legal::Always,
    }
}
