//! Scopes join relationships and leave them.

use core::net::Ipv4Addr;

use super::{
    Registry,
    checks::{Scopes, named, unserved},
};
use crate::{Error, Errors, FsmState, MAX_ADDED_SCOPES};

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
    ) -> Result<(), Errors> {
        let mut problems = named(name, scopes);
        problems.extend(unserved(scopes, served));
        problems.extend(self.none_at_all());
        problems.extend(self.taken(scopes));
        let found = self.found(name);
        match &found {
            Some(Ok(at)) => {
                let relationship = &self.list[*at];
                if relationship.state() != FsmState::Normal {
                    let (relationship, state) = (name.into(), relationship.state());
                    problems.push(Error::StateNotNormal { relationship, state });
                }
                problems.extend(relationship.check_not_synchronizing().err());
            }
            Some(Err(unknown)) => problems.push(unknown.clone()),
            None => {}
        }
        if scopes.len() > MAX_ADDED_SCOPES {
            problems.push(Error::MaxAddedScopes { count: scopes.len() });
        }
        Errors::check(problems)?;
        if let Some(Ok(at)) = found {
            self.list[at].scopes_mut().extend(scopes);
        }
        Ok(())
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
    ) -> Result<(), Errors> {
        let mut problems = named(name, scopes);
        let found = self.found(name);
        let own = match &found {
            Some(Ok(at)) => self.list[*at].scopes(),
            _ => &[],
        };
        let strangers: alloc::vec::Vec<_> =
            scopes.iter().copied().filter(|scope| !own.contains(scope)).collect();
        problems.extend(unserved(&strangers, served));
        problems.extend(self.none_at_all());
        match &found {
            Some(Ok(at)) => {
                problems.extend(strangers.into_iter().map(|scope| Error::ScopeNotInRelationship {
                    scope,
                    relationship: Some(name.into()),
                }));
                problems.extend(self.list[*at].check_not_synchronizing().err());
            }
            Some(Err(unknown)) => problems.push(unknown.clone()),
            None => {}
        }
        Errors::check(problems)?;
        if let Some(Ok(at)) = found {
            self.list[at].scopes_mut().retain(|own| !scopes.contains(own));
        }
        Ok(())
    }

    /// Where the relationship is. `None` if there is none at all or no name, which is reported
    /// already.
    fn found(&self, name: &str) -> Option<Result<usize, Error>> {
        (!self.list.is_empty() && !name.is_empty()).then(|| self.position(name))
    }
}
