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
    /// The other server is a dhcpd or a Windows server, with its faults, and everybody else is honest.
    /// What our server says and does keeps the rules, it tells of the violations of the other that it
    /// hears of, and both come together as far as that one can.
    Dialect,
    /// The other server is nobody's: it says anything at any time, on a machine whose disk and clock do
    /// what they like. Whom ours answers (S7), what it says on which connection (S11), and that it stays
    /// well (S16) is checked after every step, and in the end it comes together with an honest partner.
    /// The runs are those of [`hostile`](crate::hostile); of a pair such a storm is an honest one.
    Hostile,
}

impl Regime {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Honest, Self::Unsafe, Self::Dialect, Self::Hostile];

    /// Whether breaking this rule counts.
    #[must_use]
    pub const fn counts(self, rule: Rule) -> bool {
        match self {
            Self::Honest | Self::Hostile => true,
            Self::Unsafe => !matches!(rule, Rule::S1 | Rule::S3 | Rule::S4 | Rule::S6),
            // A dhcpd serves alone after a restart (isc-S10), and so does Windows; a dhcpd ends leases
            // that run when it hears of an older end (isc-L14, isc-L35).
            Self::Dialect => !matches!(rule, Rule::S1 | Rule::S3 | Rule::S4 | Rule::S6 | Rule::S14),
        }
    }

    /// Whether the operator and the hardware keep the conditions under which nothing may go wrong.
    #[must_use]
    pub const fn is_honest(self) -> bool {
        !matches!(self, Self::Unsafe)
    }
}

impl Regime {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Unsafe => "unsafe",
            Self::Dialect => "dialect",
            Self::Hostile => "hostile",
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
