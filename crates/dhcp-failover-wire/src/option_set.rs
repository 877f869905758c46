//! Sets of options.

use core::fmt;

use crate::OptionCode;

/// A set of the options that have a name, one bit each; others cannot be in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OptionSet(u64);

impl OptionSet {
    /// No option.
    pub const EMPTY: Self = Self(0);

    /// The set and one option more. An option without a name changes nothing.
    #[must_use]
    pub const fn with(self, option: OptionCode) -> Self {
        Self(self.0 | bit(option))
    }

    /// Puts an option into the set; whether it was not there before. An option without a name
    /// changes nothing and is always new.
    pub(crate) const fn insert(&mut self, option: OptionCode) -> bool {
        let bit = bit(option);
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }

    /// The set with an option if it is there: for building a set from `Option` fields.
    #[must_use]
    pub const fn with_if(self, present: bool, option: OptionCode) -> Self {
        if present { self.with(option) } else { self }
    }

    /// The options of `self` that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The options in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether an option is in the set.
    #[must_use]
    pub const fn contains(self, option: OptionCode) -> bool {
        self.0 & bit(option) != 0
    }

    /// Whether no option is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The options, from the lowest code up.
    pub fn iter(self) -> impl Iterator<Item = OptionCode> {
        (1..=LAST).map(OptionCode).filter(move |option| self.contains(*option))
    }
}

/// The last option with a name.
const LAST: u16 = OptionCode::EXTENDED_ADDRESS_STATE.0;

/// The bit of an option with a name, none of another.
const fn bit(option: OptionCode) -> u64 {
    match option.0 {
        code @ 1..=LAST => 1 << code,
        _ => 0,
    }
}

impl FromIterator<OptionCode> for OptionSet {
    fn from_iter<I: IntoIterator<Item = OptionCode>>(options: I) -> Self {
        options.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for OptionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
