//! What the tests share: two servers, scopes, and codes.

use core::net::Ipv4Addr;

use dhcp_failover_relationship::{
    Error, Errors, FsmState, Invalid, Registry, Relationship, RelationshipBuilder, ScopeKind,
};

/// Serves 10.0.0.0/8 in networks of 24 bits; 10.66.0.0/16 is for BOOTP only.
pub(crate) fn served(scope: Ipv4Addr) -> Option<ScopeKind> {
    match scope.octets() {
        [10, 66, _, 0] => Some(ScopeKind::BootpOnly),
        [10, _, _, 0] => Some(ScopeKind::Dhcp),
        _ => None,
    }
}

pub(crate) fn scope(number: u16) -> Ipv4Addr {
    let [high, low] = number.to_be_bytes();
    [10, high, low, 0].into()
}

pub(crate) const BOOTP: Ipv4Addr = Ipv4Addr::new(10, 66, 1, 0);
pub(crate) const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 0);

pub(crate) const PRIMARY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const SECONDARY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

pub(crate) fn builder(name: &str, scopes: &[Ipv4Addr]) -> RelationshipBuilder {
    Relationship::builder(name, PRIMARY, SECONDARY).scopes(scopes.iter().copied())
}

/// One relationship `a` with scopes 1 and 2, in NORMAL.
pub(crate) fn with_a() -> Registry {
    let mut registry = Registry::new();
    registry.create(builder("a", &[scope(1), scope(2)]), &served).unwrap();
    registry.set_state("a", FsmState::Normal, FsmState::Startup).unwrap();
    registry
}

/// The codes of all problems, in their order.
pub(crate) fn codes<T: core::fmt::Debug>(result: Result<T, Errors>) -> Vec<u32> {
    result.unwrap_err().iter().map(Error::code).collect()
}

/// The only problem, an invalid parameter.
pub(crate) fn invalid<T: core::fmt::Debug>(result: Result<T, Errors>) -> Invalid {
    let errors = result.unwrap_err();
    match errors.first() {
        Error::InvalidParameter(it) if errors.iter().count() == 1 => it.clone(),
        _ => panic!("not one invalid parameter: {errors}"),
    }
}
