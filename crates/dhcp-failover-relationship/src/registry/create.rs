//! Relationships come in.

use alloc::vec::Vec;

use super::{
    Registry,
    checks::{Scopes, unserved},
};
use crate::{
    Error, Errors, Invalid, Relationship, RelationshipBuilder, WindowsRelationship, windows::Reader,
};

impl Registry {
    /// Creates a relationship ([MS-DHCPM] opnum 89).
    ///
    /// # Errors
    ///
    /// All at once, in this order: [`InvalidParameter`](Error::InvalidParameter) for what
    /// [`build`](RelationshipBuilder::build) refuses, twice the same server, or no scope unless the
    /// relationship [may be empty](RelationshipBuilder::may_be_empty); [`ScopeNotPresent`](Error::ScopeNotPresent);
    /// `InvalidParameter` for a BOOTP-only scope; [`NameTooLong`](Error::NameTooLong);
    /// [`MaxRelationships`](Error::MaxRelationships);
    /// [`ScopeAlreadyInRelationship`](Error::ScopeAlreadyInRelationship);
    /// [`RelationshipExists`](Error::RelationshipExists).
    pub fn create(
        &mut self,
        new: RelationshipBuilder,
        served: &impl Scopes,
    ) -> Result<&Relationship, Errors> {
        self.create_unless(new.same_servers().into_iter().collect(), new, served)
    }

    /// [`create`](Self::create) with the very parameter of the Windows API. The states in it do not
    /// count: a new relationship has no history.
    ///
    /// # Errors
    ///
    /// All at once: [`InvalidParameter`](Error::InvalidParameter) for numbers and texts without a
    /// meaning, then as [`create`](Self::create).
    pub fn create_windows(
        &mut self,
        windows: &WindowsRelationship,
        served: &impl Scopes,
    ) -> Result<&Relationship, Errors> {
        let mut reader = Reader::default();
        let new = reader.builder(windows);
        let mut problems = reader.problems;
        problems.extend(new.same_servers());
        self.create_unless(problems, new, served)
    }

    /// Takes a relationship over as it is, with its state: one that was stored, or that a
    /// configuration has. Its scopes need not be served yet.
    ///
    /// # Errors
    ///
    /// All at once: [`MaxRelationships`](Error::MaxRelationships),
    /// [`ScopeAlreadyInRelationship`](Error::ScopeAlreadyInRelationship),
    /// [`RelationshipExists`](Error::RelationshipExists).
    pub fn insert(&mut self, relationship: Relationship) -> Result<&Relationship, Errors> {
        let mut problems = Vec::new();
        self.check_room(&relationship.fields, &mut problems);
        Errors::check(problems)?;
        Ok(self.push(relationship))
    }

    /// Creates it, unless there are problems with the call already.
    pub(crate) fn create_unless(
        &mut self,
        mut problems: Vec<Error>,
        new: RelationshipBuilder,
        served: &impl Scopes,
    ) -> Result<&Relationship, Errors> {
        problems.extend(new.invalid_parameters());
        if new.scopes.is_empty() && !new.may_be_empty {
            problems.push(Invalid::Missing { parameter: "ScopeId" }.into());
        }
        problems.extend(unserved(&new.scopes, served));
        problems.extend(new.name_too_long());
        self.check_room(&new, &mut problems);
        Errors::check(problems)?;
        Ok(self.push(new.into_relationship()))
    }

    fn check_room(&self, new: &RelationshipBuilder, problems: &mut Vec<Error>) {
        let limit = self.max_relationships;
        if limit != 0 && self.list.len() >= limit {
            problems.push(Error::MaxRelationships { limit });
        }
        problems.extend(self.taken(&new.scopes));
        if self.get(&new.name).is_ok() {
            problems.push(Error::RelationshipExists { name: new.name.clone() });
        }
    }

    fn push(&mut self, relationship: Relationship) -> &Relationship {
        let at = self.list.len();
        self.list.push(relationship);
        &self.list[at]
    }
}
