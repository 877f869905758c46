//! `Add-` and `Remove-DhcpServerv4FailoverScope`: scopes as texts.

use dhcp_failover_relationship::{
    Errors, Registry,
    cmdlet::{add_failover_scope, remove_failover_scope, scope_ids},
};

use crate::pair::{invalid, scope, served, with_a};

fn texts(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|it| (*it).into()).collect()
}

fn shown<T: core::fmt::Debug>(result: Result<T, Errors>) -> Vec<String> {
    result.unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn scopes_join_and_leave_by_their_texts() {
    let mut registry = with_a();
    let both = texts(&["10.0.3.0", "10.0.4.0"]);
    let joined = add_failover_scope(&mut registry, "a", &both, &served).unwrap();
    assert_eq!(joined, [scope(3), scope(4)]);
    assert_eq!(registry.get("a").unwrap().scopes(), [1, 2, 3, 4].map(scope));
    let left = remove_failover_scope(&mut registry, "a", &texts(&["10.0.1.0"]), &served).unwrap();
    assert_eq!((left, registry.of_scope(scope(1)).is_err()), (vec![scope(1)], true));
}

#[test]
fn what_cannot_be_read_is_told_with_the_rest() {
    let mut registry = with_a();
    let before = registry.clone();
    let bad = texts(&["2001:db8::/64", "10.0.3.0/24", "10.0.1.0", "172.16.0.0"]);
    let unread = [
        "ScopeId \"2001:db8::/64\" is an IPv6 scope, which failover does not support",
        "ScopeId \"10.0.3.0/24\" is not an IPv4 address",
    ];
    let refused = shown(add_failover_scope(&mut registry, "b", &bad, &served));
    assert_eq!(refused[..2], unread);
    assert_eq!(
        refused[2..],
        [
            "scope 172.16.0.0 does not exist on this server",
            "scope 10.0.1.0 is already in relationship \"a\"",
            "relationship \"b\" does not exist on this server",
        ]
    );
    let refused = shown(remove_failover_scope(&mut registry, "a", &bad, &served));
    assert_eq!(refused[..2], unread);
    assert_eq!(
        refused[2..],
        [
            "scope 172.16.0.0 does not exist on this server",
            "scope 172.16.0.0 is not in relationship \"a\"",
        ]
    );
    assert_eq!(shown(scope_ids(&bad)), unread);
    assert_eq!(registry, before);
}

#[test]
fn only_unreadable_scopes_are_not_no_scopes() {
    let mut registry = with_a();
    let bad = texts(&["::"]);
    let wrong = invalid(add_failover_scope(&mut registry, "a", &bad, &served));
    assert_eq!(invalid(remove_failover_scope(&mut registry, "a", &bad, &served)), wrong);
    let none = shown(add_failover_scope(&mut Registry::new(), "", &[], &served));
    assert_eq!(none[..2], ["Name is missing", "ScopeId is missing"]);
}
