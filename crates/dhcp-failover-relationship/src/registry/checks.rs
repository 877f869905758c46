//! What several operations check.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::Registry;
use crate::{Error, Invalid, builder::repeated};

/// What a scope serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ScopeKind {
    /// DHCP clients, perhaps BOOTP clients too.
    Dhcp,
    /// BOOTP clients only; such a scope cannot be in a relationship.
    BootpOnly,
}

/// The scopes a server serves; any `Fn(Ipv4Addr) -> Option<ScopeKind>` will do.
pub trait Scopes {
    /// What the scope with this subnet address serves, or `None` if there is no such scope.
    fn find(&self, scope: Ipv4Addr) -> Option<ScopeKind>;
}

impl<F: Fn(Ipv4Addr) -> Option<ScopeKind>> Scopes for F {
    fn find(&self, scope: Ipv4Addr) -> Option<ScopeKind> {
        self(scope)
    }
}

/// A call about scopes names a relationship and at least one scope, each once. Scopes that could not
/// be read are among the problems already.
pub(super) fn check_named(name: &str, scopes: &[Ipv4Addr], problems: &mut Vec<Error>) {
    let none = scopes.is_empty() && problems.is_empty();
    if name.is_empty() {
        problems.push(Invalid::Missing { parameter: "Name" }.into());
    }
    if none {
        problems.push(Invalid::Missing { parameter: "ScopeId" }.into());
    }
    problems.extend(repeated(scopes).into_iter().map(Error::from));
}

/// This server must serve DHCP in each scope: first those it does not have, then those for BOOTP.
pub(super) fn unserved(scopes: &[Ipv4Addr], served: &impl Scopes) -> impl Iterator<Item = Error> {
    let kinds: Vec<_> = scopes.iter().map(|scope| (*scope, served.find(*scope))).collect();
    let bootp: Vec<_> = kinds
        .iter()
        .filter(|(_, kind)| *kind == Some(ScopeKind::BootpOnly))
        .map(|(scope, _)| Error::from(Invalid::ScopeBootpOnly { scope: *scope }))
        .collect();
    kinds
        .into_iter()
        .filter(|(_, kind)| kind.is_none())
        .map(|(scope, _)| Error::ScopeNotPresent { scope })
        .chain(bootp)
}

impl Registry {
    /// No scope may be in two relationships.
    pub(super) fn taken(&self, scopes: &[Ipv4Addr]) -> impl Iterator<Item = Error> {
        scopes.iter().filter_map(|&scope| {
            let relationship = self.of_scope(scope).ok()?.name().into();
            Some(Error::ScopeAlreadyInRelationship { scope, relationship })
        })
    }
}
