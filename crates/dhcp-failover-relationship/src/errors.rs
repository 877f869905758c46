//! All that is wrong with one call.

use alloc::{string::String, vec::Vec};
use core::{error, fmt, iter};

use crate::Error;

/// Everything that is wrong with one call, at least one [`Error`], in the order in which Windows
/// checks: the first is the one Windows would have reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors {
    first: Error,
    rest: Vec<Error>,
}

impl Errors {
    /// Nothing is wrong with an empty list. Repetitions are left out.
    ///
    /// # Errors
    ///
    /// What is in the list.
    pub fn check(problems: Vec<Error>) -> Result<(), Self> {
        let mut problems = problems.into_iter();
        let Some(first) = problems.next() else { return Ok(()) };
        let mut errors = Self::from(first);
        for problem in problems {
            if !errors.iter().any(|known| *known == problem) {
                errors.rest.push(problem);
            }
        }
        Err(errors)
    }

    /// The code of the first: what Windows would have returned.
    #[must_use]
    pub const fn code(&self) -> u32 {
        self.first.code()
    }

    /// The one that Windows would have reported.
    #[must_use]
    pub const fn first(&self) -> &Error {
        &self.first
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Error> {
        iter::once(&self.first).chain(&self.rest)
    }

    /// What to do about all of them, each remedy once.
    #[must_use]
    pub fn remedy(&self) -> String {
        let mut remedies: Vec<_> = Vec::new();
        for remedy in self.iter().map(Error::remedy) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        remedies.join("; ")
    }
}

impl From<Error> for Errors {
    fn from(first: Error) -> Self {
        Self { first, rest: Vec::new() }
    }
}

impl From<crate::Invalid> for Errors {
    fn from(invalid: crate::Invalid) -> Self {
        Error::from(invalid).into()
    }
}

impl IntoIterator for Errors {
    type Item = Error;
    type IntoIter = iter::Chain<iter::Once<Error>, alloc::vec::IntoIter<Error>>;

    fn into_iter(self) -> Self::IntoIter {
        iter::once(self.first).chain(self.rest)
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.rest.iter().try_for_each(|error| write!(f, "; {error}"))
    }
}

impl error::Error for Errors {}
