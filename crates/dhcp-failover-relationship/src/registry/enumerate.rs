//! Relationships, a few at a time.

use core::num::NonZeroU32;

use super::Registry;
use crate::{Error, Relationship};

/// A part of an enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The relationships of this part, at least one.
    pub relationships: &'a [Relationship],
    /// Where the next part begins.
    pub resume: u32,
    /// How many there were from the beginning of this part to the end, these included.
    pub total: u32,
}

impl Page<'_> {
    /// Whether there are more.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.relationships.len() < self.total as usize
    }

    /// What Windows returns with it: 234 (more data) or 0.
    #[must_use]
    pub fn code(&self) -> u32 {
        if self.has_more() { 234 } else { 0 }
    }
}

impl Registry {
    /// Part of the relationships, in the order they were created (opnum 93): from `resume`, 0 at
    /// first and then the former part's, at most so many. The handle counts relationships; when one
    /// is deleted between two calls, one of those behind it is left out.
    ///
    /// # Errors
    ///
    /// [`Error::NoMoreItems`] (259) at the end, also if there are none at all.
    pub fn enumerate(&self, resume: u32, at_most: NonZeroU32) -> Result<Page<'_>, Error> {
        let rest = usize::try_from(resume).ok().and_then(|from| self.list.get(from..));
        let rest = rest.filter(|rest| !rest.is_empty()).ok_or(Error::NoMoreItems { resume })?;
        let length = rest.len().min(at_most.get() as usize);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Page {
            relationships: &rest[..length],
            resume: resume.saturating_add(count(length)),
            total: count(rest.len()),
        })
    }
}
