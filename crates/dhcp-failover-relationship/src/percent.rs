//! Percentages.

use core::fmt;

use crate::Invalid;

/// A percentage, `0..=100`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u8", into = "u8"))]
pub struct Percent(u8);

impl Percent {
    /// The primary's share of the clients in a load-balance relationship that names none.
    pub const DEFAULT_LOAD_BALANCE: Self = Self(50);

    /// The standby's share of the free addresses in a hot-standby relationship that names none.
    pub const DEFAULT_RESERVE: Self = Self(5);

    /// This many percent.
    ///
    /// # Errors
    ///
    /// [`Invalid::Percent`] if it is more than 100.
    pub const fn new(value: u32) -> Result<Self, Invalid> {
        Self::named("Percentage", value)
    }

    /// This many percent; an error says what they are of.
    pub(crate) const fn named(parameter: &'static str, value: u32) -> Result<Self, Invalid> {
        match value {
            0..=100 => Ok(Self(value as u8)),
            _ => Err(Invalid::Percent { parameter, value }),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// What is left to 100: the partner's share.
    #[must_use]
    pub const fn rest(self) -> Self {
        Self(100 - self.0)
    }
}

impl TryFrom<u32> for Percent {
    type Error = Invalid;

    fn try_from(value: u32) -> Result<Self, Invalid> {
        Self::new(value)
    }
}

impl TryFrom<u8> for Percent {
    type Error = Invalid;

    fn try_from(value: u8) -> Result<Self, Invalid> {
        Self::new(value.into())
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
