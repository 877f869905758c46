//! The relationships of one server and the operations on them.

mod checks;
mod create;
mod enumerate;
mod scopes;

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

pub use checks::{ScopeKind, Scopes};
pub use enumerate::Page;

use crate::{
    AddressCounts, Changes, Error, Errors, FsmState, Invalid, MAX_RELATIONSHIPS, Relationship,
    ServerType, Statistics, WindowsRelationship, cmdlet::ScopeView,
};

/// The relationships of one server.
///
/// Names are unique, a scope is in one relationship at most, and there are at most
/// [`max_relationships`](Self::max_relationships) of them. Every operation either succeeds completely
/// or changes nothing; what is wrong with a call is reported all at once. Whether the caller may do
/// it (code 5) is for the caller of this crate to check first. To find out what an operation would
/// do, try it on a clone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "crate::stored::StoredRegistry", into = "crate::stored::StoredRegistry")
)]
pub struct Registry {
    list: Vec<Relationship>,
    max_relationships: usize,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// No relationship yet, and at most [`MAX_RELATIONSHIPS`] later.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_max_relationships(MAX_RELATIONSHIPS)
    }

    /// No relationship yet, and at most so many later; 0 is no limit.
    #[must_use]
    pub const fn with_max_relationships(max_relationships: usize) -> Self {
        Self { list: Vec::new(), max_relationships }
    }

    /// How many relationships there may be; 0 is no limit.
    #[must_use]
    pub const fn max_relationships(&self) -> usize {
        self.max_relationships
    }

    /// All of them, in the order they were created.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Relationship> {
        self.list.iter()
    }

    /// The relationship of this name (opnum 92).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for an empty name, [`Error::RelationshipDoesNotExist`].
    pub fn get(&self, name: &str) -> Result<&Relationship, Error> {
        self.position(name).map(|at| &self.list[at])
    }

    /// The relationship a scope is in (opnum 96).
    ///
    /// # Errors
    ///
    /// [`Error::ScopeNotInRelationship`].
    pub fn of_scope(&self, scope: Ipv4Addr) -> Result<&Relationship, Error> {
        self.list
            .iter()
            .find(|relationship| relationship.has_scope(scope))
            .ok_or(Error::ScopeNotInRelationship { scope, relationship: None })
    }

    /// What failover means for one scope.
    ///
    /// # Errors
    ///
    /// As [`of_scope`](Self::of_scope).
    pub fn scope_view(&self, scope: Ipv4Addr) -> Result<ScopeView, Error> {
        self.of_scope(scope).map(|relationship| ScopeView::of(scope, relationship))
    }

    /// The statistics of a scope (opnum 97) from what the server counts.
    ///
    /// # Errors
    ///
    /// [`Error::NoStatistics`] if the scope is in no relationship.
    pub fn statistics(
        &self,
        scope: Ipv4Addr,
        count: impl FnOnce(&Relationship) -> AddressCounts,
    ) -> Result<Statistics, Error> {
        let relationship = self.of_scope(scope).map_err(|_| Error::NoStatistics { scope })?;
        Ok(Statistics::new(count(relationship)))
    }

    /// Changes fields of a relationship (opnum 90).
    ///
    /// # Errors
    ///
    /// All at once, in this order: [`Error::InvalidParameter`] if nothing is to be changed, for a
    /// state that is not to be set and an MCLT of 0; then an empty or unknown name, as
    /// [`get`](Self::get).
    pub fn set(&mut self, name: &str, changes: Changes) -> Result<&Relationship, Errors> {
        let problems = changes.problems().collect();
        self.set_unless(problems, name, changes)
    }

    /// [`set`](Self::set) with the very parameters of the Windows API: which fields, and a
    /// relationship that has them.
    ///
    /// # Errors
    ///
    /// All at once: what [`Changes::from_windows`] refuses, then as [`set`](Self::set).
    pub fn set_windows(
        &mut self,
        name: &str,
        flags: u32,
        windows: &WindowsRelationship,
    ) -> Result<&Relationship, Errors> {
        let (changes, mut problems) = Changes::read(flags, windows);
        // Flags that cannot be read are a problem already, not the wish to change nothing.
        if changes != Changes::default() {
            problems.extend(changes.problems());
        }
        self.set_unless(problems, name, changes)
    }

    fn set_unless(
        &mut self,
        mut problems: Vec<Error>,
        name: &str,
        changes: Changes,
    ) -> Result<&Relationship, Errors> {
        let at = self.position(name);
        problems.extend(at.clone().err());
        self.change_unless(problems, at, |relationship| changes.apply(relationship))
    }

    /// Changes the relationship at a place, unless there are problems.
    fn change_unless(
        &mut self,
        problems: Vec<Error>,
        at: Result<usize, Error>,
        change: impl FnOnce(&mut Relationship),
    ) -> Result<&Relationship, Errors> {
        Errors::check(problems)?;
        let relationship = &mut self.list[at?];
        change(relationship);
        Ok(relationship)
    }

    /// The relationship, for what only its primary may do, such as moving addresses between the
    /// pools at once (opnum 100).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); [`Error::RelationIsSecondary`].
    pub fn as_primary(&self, name: &str) -> Result<&Relationship, Error> {
        let relationship = self.get(name)?;
        match relationship.server_type() {
            ServerType::Primary => Ok(relationship),
            ServerType::Secondary => Err(Error::RelationIsSecondary { relationship: name.into() }),
        }
    }

    /// Deletes a relationship and gives it back, so that its scopes can be served alone (opnum 91).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn delete(&mut self, name: &str) -> Result<Relationship, Errors> {
        Ok(self.position(name).map(|at| self.list.remove(at))?)
    }

    /// Records the state of a relationship's endpoint and the one before. Every state is taken: an
    /// endpoint can be in PAUSED, which an operator cannot [set](Self::set).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn set_state(
        &mut self,
        name: &str,
        state: FsmState,
        prev_state: FsmState,
    ) -> Result<(), Errors> {
        let at = self.position(name)?;
        self.list[at].state = state;
        self.list[at].prev_state = prev_state;
        Ok(())
    }

    /// Records whether leases of scopes are being brought to the partner.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn set_synchronizing(&mut self, name: &str, synchronizing: bool) -> Result<(), Errors> {
        let at = self.position(name)?;
        self.list[at].synchronizing = synchronizing;
        Ok(())
    }

    #[cfg(feature = "serde")]
    pub(crate) fn into_vec(self) -> Vec<Relationship> {
        self.list
    }

    fn position(&self, name: &str) -> Result<usize, Error> {
        if name.is_empty() {
            return Err(Invalid::Missing { parameter: "Name" }.into());
        }
        self.list
            .iter()
            .position(|relationship| relationship.name() == name)
            .ok_or_else(|| Error::RelationshipDoesNotExist { name: String::from(name) })
    }
}
