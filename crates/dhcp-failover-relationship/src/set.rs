//! The relationships of one server and the operations on them.

use alloc::{string::String, vec::Vec};

use ipnet::Ipv4Net;

use crate::{
    Error, FsmState, MAX_ADDED_SCOPES, MAX_RELATIONSHIPS, Mode, Relationship, RelationshipBuilder,
    SharedSecret,
    model::{check_distinct, invalid, safe_period_from_api},
};

/// What a scope serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// DHCP clients, perhaps BOOTP clients too.
    Dhcp,
    /// BOOTP clients only; such a scope cannot be in a relationship.
    BootpOnly,
}

/// The scopes a server serves; any `Fn(Ipv4Net) -> Option<ScopeKind>` will do.
pub trait Scopes {
    /// What a scope serves, or `None` if there is no such scope.
    fn find(&self, scope: Ipv4Net) -> Option<ScopeKind>;
}

impl<F: Fn(Ipv4Net) -> Option<ScopeKind>> Scopes for F {
    fn find(&self, scope: Ipv4Net) -> Option<ScopeKind> {
        self(scope)
    }
}

/// What [`Relationships::set`] changes; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Maximum client lead time in seconds, at least 1.
    pub mclt_s: Option<u32>,
    /// The safe period in seconds; `Some(None)`, `Some(Some(0))` and `Some(Some(0xFFFF_FFFF))`
    /// turn it off.
    pub safe_period_s: Option<Option<u32>>,
    /// The state.
    pub state: Option<FsmState>,
    /// The state before it.
    pub prev_state: Option<FsmState>,
    /// Mode and percentage.
    pub mode: Option<Mode>,
    /// The percentage, in the mode that is or becomes set.
    pub percentage: Option<u8>,
    /// The shared secret; `Some(None)` turns authentication off.
    pub shared_secret: Option<Option<SharedSecret>>,
}

/// The relationships of one server, at most [`MAX_RELATIONSHIPS`].
///
/// Every operation either succeeds completely or changes nothing. Whether the caller may do it
/// (code 5) is for the caller of this crate to check first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relationships {
    list: Vec<Relationship>,
}

impl Relationships {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// All of them, in the order they were created.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Relationship> {
        self.list.iter()
    }

    /// Creates a relationship ([MS-DHCPM] opnum 89).
    ///
    /// # Errors
    ///
    /// In this order: [`InvalidParameter`](Error::InvalidParameter) for what
    /// [`build`](RelationshipBuilder::build) refuses or no scope at all;
    /// [`ScopeNotPresent`](Error::ScopeNotPresent), `InvalidParameter` for a BOOTP-only scope;
    /// [`NameTooLong`](Error::NameTooLong); [`MaxRelationships`](Error::MaxRelationships);
    /// [`ScopeAlreadyInRelationship`](Error::ScopeAlreadyInRelationship);
    /// [`RelationshipExists`](Error::RelationshipExists).
    pub fn create(
        &mut self,
        new: RelationshipBuilder,
        served: &impl Scopes,
    ) -> Result<&Relationship, Error> {
        new.check_parameters()?;
        check_served(&new.scopes, served)?;
        new.check_name_len()?;
        if self.list.len() >= MAX_RELATIONSHIPS {
            return Err(Error::MaxRelationships);
        }
        self.check_unused(&new.scopes)?;
        if self.list.iter().any(|relationship| relationship.name() == new.name) {
            return Err(Error::RelationshipExists { name: new.name });
        }
        let at = self.list.len();
        self.list.push(new.into_relationship());
        Ok(&self.list[at])
    }

    /// The relationship of this name (opnum 92).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for an empty name,
    /// [`Error::RelationshipDoesNotExist`].
    pub fn get(&self, name: &str) -> Result<&Relationship, Error> {
        self.position(name).map(|at| &self.list[at])
    }

    /// The relationship a scope is in (opnum 96).
    ///
    /// # Errors
    ///
    /// [`Error::ScopeNotInRelationship`].
    pub fn of_scope(&self, scope: Ipv4Net) -> Result<&Relationship, Error> {
        self.list
            .iter()
            .find(|relationship| relationship.has_scope(scope))
            .ok_or(Error::ScopeNotInRelationship { scope })
    }

    /// Changes fields of a relationship (opnum 90).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if nothing is to be changed or a value is out of range, then
    /// [`Error::RelationshipDoesNotExist`].
    pub fn set(&mut self, name: &str, changes: Changes) -> Result<&Relationship, Error> {
        if changes == Changes::default() {
            return Err(invalid("changes", "name at least one field to change"));
        }
        if changes.percentage.is_some_and(|percentage| percentage > 100) {
            return Err(invalid("percentage", "use 0 to 100"));
        }
        if changes.mclt_s == Some(0) {
            return Err(invalid("MCLT", "use at least 1 second"));
        }
        changes.mode.map_or(Ok(()), Mode::check)?;
        let at = self.position(name)?;
        apply(&mut self.list[at], changes);
        Ok(&self.list[at])
    }

    /// Deletes a relationship and gives it back, so that its scopes can be served alone (opnum 91).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn delete(&mut self, name: &str) -> Result<Relationship, Error> {
        self.position(name).map(|at| self.list.remove(at))
    }

    /// Adds scopes to a relationship (opnum 94); their leases are then to be synchronized.
    ///
    /// # Errors
    ///
    /// In this order: [`InvalidParameter`](Error::InvalidParameter) for an empty name, no scope or
    /// a repeated one; [`ScopeNotPresent`](Error::ScopeNotPresent), `InvalidParameter` for a
    /// BOOTP-only scope; [`NotFound`](Error::NotFound) if there is no relationship at all;
    /// [`ScopeAlreadyInRelationship`](Error::ScopeAlreadyInRelationship);
    /// [`RelationshipDoesNotExist`](Error::RelationshipDoesNotExist);
    /// [`StateNotNormal`](Error::StateNotNormal);
    /// [`ScopeSyncInProgress`](Error::ScopeSyncInProgress);
    /// [`MaxAddedScopes`](Error::MaxAddedScopes).
    pub fn add_scopes(
        &mut self,
        name: &str,
        scopes: &[Ipv4Net],
        served: &impl Scopes,
    ) -> Result<(), Error> {
        check_name(name)?;
        check_distinct(scopes)?;
        check_served(scopes, served)?;
        self.check_any()?;
        self.check_unused(scopes)?;
        let at = self.position(name)?;
        let relationship = &mut self.list[at];
        if relationship.state != FsmState::Normal {
            return Err(Error::StateNotNormal);
        }
        if relationship.synchronizing {
            return Err(Error::ScopeSyncInProgress);
        }
        if scopes.len() > MAX_ADDED_SCOPES {
            return Err(Error::MaxAddedScopes { count: scopes.len() });
        }
        relationship.fields.scopes.extend(scopes.iter().map(Ipv4Net::trunc));
        Ok(())
    }

    /// Removes scopes from a relationship, which may end up without any (opnum 95). The state does
    /// not matter.
    ///
    /// # Errors
    ///
    /// In this order: [`InvalidParameter`](Error::InvalidParameter) for an empty name, no scope or
    /// a repeated one; [`ScopeNotPresent`](Error::ScopeNotPresent), `InvalidParameter` for a
    /// BOOTP-only scope; [`NotFound`](Error::NotFound) if there is no relationship at all;
    /// [`RelationshipDoesNotExist`](Error::RelationshipDoesNotExist);
    /// [`ScopeNotInRelationship`](Error::ScopeNotInRelationship);
    /// [`ScopeSyncInProgress`](Error::ScopeSyncInProgress).
    pub fn delete_scopes(
        &mut self,
        name: &str,
        scopes: &[Ipv4Net],
        served: &impl Scopes,
    ) -> Result<(), Error> {
        check_name(name)?;
        check_distinct(scopes)?;
        check_served(scopes, served)?;
        self.check_any()?;
        let at = self.position(name)?;
        let relationship = &mut self.list[at];
        if let Some(&scope) = scopes.iter().find(|scope| !relationship.has_scope(**scope)) {
            return Err(Error::ScopeNotInRelationship { scope });
        }
        if relationship.synchronizing {
            return Err(Error::ScopeSyncInProgress);
        }
        relationship
            .fields
            .scopes
            .retain(|own| scopes.iter().all(|scope| scope.network() != own.network()));
        Ok(())
    }

    /// Records whether leases of scopes are being brought to the partner.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn set_synchronizing(&mut self, name: &str, synchronizing: bool) -> Result<(), Error> {
        let at = self.position(name)?;
        self.list[at].synchronizing = synchronizing;
        Ok(())
    }

    fn position(&self, name: &str) -> Result<usize, Error> {
        check_name(name)?;
        self.list
            .iter()
            .position(|relationship| relationship.name() == name)
            .ok_or_else(|| Error::RelationshipDoesNotExist { name: String::from(name) })
    }

    fn check_any(&self) -> Result<(), Error> {
        if self.list.is_empty() { Err(Error::NotFound) } else { Ok(()) }
    }

    /// No scope may be in two relationships.
    fn check_unused(&self, scopes: &[Ipv4Net]) -> Result<(), Error> {
        for &scope in scopes {
            if let Ok(owner) = self.of_scope(scope) {
                let relationship = String::from(owner.name());
                return Err(Error::ScopeAlreadyInRelationship { scope, relationship });
            }
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() { Err(invalid("name", "use the relationship's name")) } else { Ok(()) }
}

/// There must be a scope, and this server must serve DHCP in each.
fn check_served(scopes: &[Ipv4Net], served: &impl Scopes) -> Result<(), Error> {
    if scopes.is_empty() {
        return Err(invalid("scopes", "name at least one scope"));
    }
    let kinds = scopes
        .iter()
        .map(|&scope| served.find(scope.trunc()).ok_or(Error::ScopeNotPresent { scope }))
        .collect::<Result<Vec<_>, _>>()?;
    if kinds.contains(&ScopeKind::BootpOnly) {
        return Err(invalid("scopes", "leave out scopes that serve BOOTP only"));
    }
    Ok(())
}

fn apply(relationship: &mut Relationship, changes: Changes) {
    let fields = &mut relationship.fields;
    fields.mclt_s = changes.mclt_s.unwrap_or(fields.mclt_s);
    if let Some(safe_period_s) = changes.safe_period_s {
        fields.safe_period_s = safe_period_s.and_then(safe_period_from_api);
    }
    fields.mode = changes.mode.unwrap_or(fields.mode);
    if let Some(percentage) = changes.percentage {
        fields.mode = fields.mode.with_percentage(percentage);
    }
    if let Some(shared_secret) = changes.shared_secret {
        fields.shared_secret = shared_secret;
    }
    relationship.state = changes.state.unwrap_or(relationship.state);
    relationship.prev_state = changes.prev_state.unwrap_or(relationship.prev_state);
}
