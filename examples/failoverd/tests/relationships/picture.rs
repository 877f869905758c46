//! The example that explains what relationships are: three servers, four scopes, two relationships.

use crate::site::{Site, Sites, scope, served_by};
use serde_json::json;

/// The networks of the four scopes.
const A: u8 = 81;
const B: u8 = 82;
const C: u8 = 83;
const D: u8 = 84;

fn scopes(nets: &[u8]) -> String {
    nets.iter().map(|net| scope(*net, 109, "")).collect()
}

fn ids(nets: &[u8]) -> String {
    nets.iter().map(|net| format!("127.{net}.0.0")).collect::<Vec<_>>().join(",")
}

#[test]
fn three_servers_share_four_scopes_in_two_relationships() {
    let mut sites = Sites::new();
    let mut one = sites.start(2, "dhcp1", &scopes(&[A, C]));
    let mut two = sites.start(3, "dhcp2", &scopes(&[A, B, C, D]));
    let mut three = sites.start(4, "dhcp3", &scopes(&[B]));
    let partner = |site: &Site| site.failover.to_string();
    let (at_one, at_two, at_three) = (partner(&one), partner(&two), partner(&three));

    // Scopes A and C are shared by halves.
    let (name, ac) = ("DHCP1-DHCP2", ids(&[A, C]));
    one.must(&["add", "--name", name, "--partner-server", &at_two, "--scope-id", &ac]);
    let second = ["--server-type", "Secondary"];
    let add = ["add", "--name", name, "--partner-server", &at_one, "--scope-id", &ac];
    two.must(&[&add[..], &second].concat());
    // In scope B the third server is active and the second stands by.
    let (name, b) = ("DHCP3-DHCP2", ids(&[B]));
    let active = ["--server-role", "Active"];
    let add = ["add", "--name", name, "--partner-server", &at_two, "--scope-id", &b];
    three.must(&[&add[..], &active].concat());
    let standby = ["--server-role", "Standby"];
    let add = ["add", "--name", name, "--partner-server", &at_three, "--scope-id", &b];
    two.must(&[&add[..], &standby].concat());
    one.wait_for_state("DHCP1-DHCP2", "NORMAL");
    two.wait_for_state("DHCP1-DHCP2", "NORMAL");
    two.wait_for_state("DHCP3-DHCP2", "NORMAL");
    three.wait_for_state("DHCP3-DHCP2", "NORMAL");

    // Either relationship is seen on both of its servers, and nowhere else.
    let names = |site: &Site| -> Vec<_> {
        site.get(&[]).into_iter().map(|it| it["Name"].clone()).collect()
    };
    assert_eq!(names(&one), [json!("DHCP1-DHCP2")]);
    assert_eq!(names(&two), [json!("DHCP1-DHCP2"), json!("DHCP3-DHCP2")]);
    assert_eq!(names(&three), [json!("DHCP3-DHCP2")]);
    let role = |site: &Site| site.get(&["--name", "DHCP3-DHCP2"])[0]["ServerRole"].clone();
    assert_eq!((role(&two), role(&three)), (json!("Standby"), json!("Active")));

    // Clients of A and C are served by one of the first two, those of B by the third, D by the second.
    for net in [A, C] {
        let by: Vec<_> = (1..=12).map(|who| served_by(&[&one, &two], net, who)).collect();
        assert!(by.contains(&0) && by.contains(&1), "{by:?}");
    }
    for who in 1..=4 {
        assert_eq!(served_by(&[&two, &three], B, who), 1, "client {who} of B");
        assert!(two.lease(D, who).is_some(), "client {who} of D");
    }

    // The third server dies: the standby takes B over, and A, C and D do not notice.
    three.process.kill().expect("the third server is killed");
    two.wait_for_state("DHCP3-DHCP2", "COMMUNICATIONS-INTERRUPTED");
    two.must(&["partner-down", "--name", "DHCP3-DHCP2", "--yes"]);
    // From the reserve of the standby, as soon as its state is on disk.
    two.wait("a lease of B", |two| two.lease(B, 50));
    assert_eq!(one.state("DHCP1-DHCP2"), "NORMAL");
    assert_eq!(two.state("DHCP1-DHCP2"), "NORMAL");
    assert!(two.lease(D, 50).is_some());
}
