//! What may be done to a pair, and what then counts as broken.

use crate::Rule;

/// How far a storm goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Regime {
    /// The operator calls a partner down only when it is, and no two disks are lost at once: then
    /// nothing may go wrong, ever.
    Honest,
    /// The operator does not care whether the partner is down, and any disk may go. Duplicates are
    /// possible, but nothing may stay stuck, and both servers must agree in the end.
    Unsafe,
}

impl Regime {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Honest, Self::Unsafe];

    /// Whether breaking this rule counts.
    #[must_use]
    pub const fn counts(self, rule: Rule) -> bool {
        match self {
            Self::Honest => true,
            Self::Unsafe => !matches!(rule, Rule::S1 | Rule::S3 | Rule::S4 | Rule::S6),
        }
    }

    /// Whether the operator and the hardware keep the conditions under which nothing may go wrong.
    #[must_use]
    pub const fn is_honest(self) -> bool {
        matches!(self, Self::Honest)
    }
}
