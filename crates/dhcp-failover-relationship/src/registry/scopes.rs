//! Scopes join relationships and leave them.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::{
    Registry,
    checks::{Scopes, check_named, unserved},
};
use crate::{Error, Errors, FsmState, MAX_ADDED_SCOPES, Relationship};

impl Registry {
    /// Adds scopes to a relationship (opnum 94); their leases are then to be synchronized.
    ///
    /// # Errors
    ///
    /// All at once, in this order: [`InvalidParameter`](Error::InvalidParameter) for an empty name,
    /// no scope or a repeated one; [`ScopeNotPresent`](Error::ScopeNotPresent), `InvalidParameter`
    /// for a BOOTP-only scope; [`NotFound`](Error::NotFound) if there is no relationship at all;
    /// [`ScopeAlreadyInRelationship`](Error::ScopeAlreadyInRelationship);
    /// [`RelationshipDoesNotExist`](Error::RelationshipDoesNotExist);
    /// [`StateNotNormal`](Error::StateNotNormal);
    /// [`ScopeSyncInProgress`](Error::ScopeSyncInProgress);
    /// [`MaxAddedScopes`](Error::MaxAddedScopes).
    pub fn add_scopes(
        &mut self,
        name: &str,
        scopes: &[Ipv4Addr],
        served: &impl Scopes,
    ) -> Result<&Relationship, Errors> {
        self.add_scopes_unless(Vec::new(), name, scopes, served)
    }

    /// Adds them, unless there are problems with the call already.
    pub(crate) fn add_scopes_unless(
        &mut self,
        mut problems: Vec<Error>,
        name: &str,
        scopes: &[Ipv4Addr],
        served: &impl Scopes,
    ) -> Result<&Relationship, Errors> {
        check_named(name, scopes, &mut problems);
        problems.extend(unserved(scopes, served));
        problems.extend(self.taken(scopes));
        let at = self.locate(name);
        match &at {
            Ok(at) => {
                let relationship = &self.list[*at];
                if relationship.state() != FsmState::Normal {
                    let (relationship, state) = (name.into(), relationship.state());
                    problems.push(Error::StateNotNormal { relationship, state });
                }
                problems.extend(relationship.check_not_synchronizing().err());
            }
            Err(unknown) => problems.push(unknown.clone()),
        }
        if scopes.len() > MAX_ADDED_SCOPES {
            problems.push(Error::MaxAddedScopes { count: scopes.len() });
        }
        self.change_unless(problems, at, |relationship| relationship.fields.scopes.extend(scopes))
    }

    /// Removes scopes from a relationship, which may end up without any (opnum 95). The state does
    /// not matter. A scope of the relationship that this server no longer serves can be removed, too.
    ///
    /// # Errors
    ///
    /// All at once, in this order: [`InvalidParameter`](Error::InvalidParameter) for an empty name,
    /// no scope or a repeated one; [`ScopeNotPresent`](Error::ScopeNotPresent), `InvalidParameter`
    /// for a BOOTP-only scope; [`NotFound`](Error::NotFound) if there is no relationship at all;
    /// [`RelationshipDoesNotExist`](Error::RelationshipDoesNotExist);
    /// [`ScopeNotInRelationship`](Error::ScopeNotInRelationship);
    /// [`ScopeSyncInProgress`](Error::ScopeSyncInProgress).
    pub fn delete_scopes(
        &mut self,
        name: &str,
        scopes: &[Ipv4Addr],
        served: &impl Scopes,
    ) -> Result<&Relationship, Errors> {
        self.delete_scopes_unless(Vec::new(), name, scopes, served)
    }

    /// Removes them, unless there are problems with the call already.
    pub(crate) fn delete_scopes_unless(
        &mut self,
        mut problems: Vec<Error>,
        name: &str,
        scopes: &[Ipv4Addr],
        served: &impl Scopes,
    ) -> Result<&Relationship, Errors> {
        check_named(name, scopes, &mut problems);
        let at = self.locate(name);
        let own = at.as_ref().map_or(&[][..], |at| self.list[*at].scopes());
        let strangers: Vec<_> = scopes.iter().copied().filter(|it| !own.contains(it)).collect();
        problems.extend(unserved(&strangers, served));
        match &at {
            Ok(at) => {
                problems.extend(strangers.into_iter().map(|scope| Error::ScopeNotInRelationship {
                    scope,
                    relationship: Some(name.into()),
                }));
                problems.extend(self.list[*at].check_not_synchronizing().err());
            }
            Err(unknown) => problems.push(unknown.clone()),
        }
        self.change_unless(problems, at, |relationship| {
            relationship.fields.scopes.retain(|own| !scopes.contains(own));
        })
    }

    /// Where the relationship is that scopes join or leave: code 2 if there is none at all.
    fn locate(&self, name: &str) -> Result<usize, Error> {
        self.position(name).map_err(|unknown| match self.list.is_empty() {
            true => Error::NotFound,
            false => unknown,
        })
    }
}
