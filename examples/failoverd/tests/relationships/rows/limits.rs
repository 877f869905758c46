//! How many, and of which kind.

use crate::site::{Sites, scope};
use serde_json::json;

#[test]
fn row_06_the_32nd_relationship_is_refused_and_a_limit_of_0_is_none() {
    let mut sites = Sites::new();
    let site = sites.start(2, "dhcp1", &scope(81, 49, ""));
    let free = sites.start(3, "dhcp2", "max_relationships = 0\n");
    for number in 1..=31 {
        let (name, partner) = (format!("r{number}"), format!("127.80.1.{number}"));
        let add = ["add", "--name", &name, "--partner-server", &partner, "--empty"];
        site.must(&add);
        free.must(&add);
    }
    let add = ["add", "--name", "r32", "--partner-server", "127.80.1.32", "--empty"];
    assert_eq!(site.code(&add), 20128);
    free.must(&add);
    assert_eq!((site.get(&[]).len(), free.get(&[]).len()), (31, 32));
}

#[test]
fn row_07_many_relationships_with_one_partner_and_with_many() {
    let mut sites = Sites::new();
    let site = sites.start(2, "dhcp1", "");
    for (name, partner) in [("a", "127.80.0.3"), ("b", "127.80.0.3"), ("c", "127.80.0.4")] {
        site.must(&["add", "--name", name, "--partner-server", partner, "--empty"]);
    }
    // Exactly two servers: not with itself.
    let own = ["add", "--name", "d", "--partner-server", "127.80.0.2", "--empty"];
    assert_eq!(site.code(&own), 87);
    assert_eq!(site.get(&[]).len(), 3);
}

#[test]
fn row_09_and_26_a_relationship_may_be_empty_before_and_after() {
    let mut sites = Sites::new();
    let site = sites.start(2, "dhcp1", &scope(81, 49, ""));
    site.must(&["add", "--name", "a", "--partner-server", "127.80.0.3", "--empty"]);
    assert_eq!(site.get(&[])[0]["ScopeId"], json!([]));
    // Scopes join later, when the servers are in NORMAL, which these are not.
    let join = ["add-scope", "--name", "a", "--scope-id", "127.81.0.0"];
    assert_eq!(site.code(&join), 20120);
    let full = ["--partner-server", "127.80.0.4", "--scope-id", "127.81.0.0"];
    site.must(&[&["add", "--name", "b"], &full[..]].concat());
    let said = site.must(&["remove-scope", "--name", "b", "--scope-id", "127.81.0.0", "--force"]);
    assert!(said.contains("\"b\" has no scope any more; remove it unless"), "{said}");
    assert_eq!(site.get(&["--name", "b"])[0]["ScopeId"], json!([]));
}

/// Two servers that end a relationship: only one of them goes on serving its scopes (S1).
#[test]
fn a_scope_can_be_inactive_on_the_server_that_gives_it_up() {
    let mut sites = Sites::new();
    let mut site = sites.start(2, "dhcp1", &[scope(81, 49, ""), scope(82, 49, "")].concat());
    let address = site.lease(81, 1).expect("a lease");
    let inactive = ["set-scope", "--scope-id", "127.81.0.0", "--state", "InActive"];
    assert_eq!(site.ctl(&inactive).status.code(), Some(2), "it asks first");
    assert!(site.renews(81, 1, address));
    site.must(&[&inactive[..], &["--force"]].concat());
    assert!(!site.renews(81, 1, address) && site.lease(81, 2).is_none());
    assert!(site.lease(82, 1).is_some());
    site.restart();
    assert!(!site.renews(81, 1, address) && site.lease(81, 2).is_none());
    assert!(site.must(&["config", "diff"]).contains("active = true in the file, false in force"));
    assert!(site.must(&["config", "export"]).contains("active = false"));
    site.must(&["set-scope", "--scope-id", "127.81.0.0", "--state", "active"]);
    assert!(site.renews(81, 1, address), "its lease is still on record");
    assert_eq!(site.code(&["set-scope", "--scope-id", "127.99.0.0", "--state", "active"]), 20005);
}

#[test]
fn row_12_scopes_are_ipv4() {
    let mut sites = Sites::new();
    let site = sites.start(2, "dhcp1", &scope(81, 49, ""));
    let add = ["add", "--name", "a", "--partner-server", "127.80.0.3", "--scope-id", "2001:db8::"];
    let error = site.refused(&add);
    assert_eq!(error["code"], json!(87));
    assert!(error["message"].as_str().is_some_and(|it| it.contains("2001:db8::")), "{error}");
}
