//! What may be done to a pair, and what then counts as broken.

use crate::Rule;
use std::str::FromStr;

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

impl Regime {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Unsafe => "unsafe",
        }
    }
}

impl FromStr for Regime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("there is no regime {text}; there are {known}")
        })
    }
}
