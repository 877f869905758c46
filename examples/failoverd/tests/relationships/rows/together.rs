//! What two servers do by the parameters of their relationship.

use crate::site::{Site, Sites, scope, served_by};
use serde_json::json;

/// Two servers with a relationship `pair` and one scope, in NORMAL; `more` goes to both.
fn pair(sites: &mut Sites, first: &[&str], second: &[&str], more: &[&str]) -> [Site; 2] {
    let scopes = scope(81, 109, "");
    let mut one = sites.start(2, "dhcp1", &scopes);
    let mut two = sites.start(3, "dhcp2", &scopes);
    for (site, partner, own) in [(&one, &two, first), (&two, &one, second)] {
        let partner = partner.failover.to_string();
        let add =
            ["add", "--name", "pair", "--scope-id", "127.81.0.0", "--partner-server", &partner];
        site.must(&[&add[..], own, more].concat());
    }
    one.wait_for_state("pair", "NORMAL");
    two.wait_for_state("pair", "NORMAL");
    [one, two]
}

fn balanced(sites: &mut Sites, more: &[&str]) -> [Site; 2] {
    pair(sites, &[], &["--server-type", "Secondary"], more)
}

fn windows_state(site: &Site) -> String {
    site.get(&["--name", "pair"])[0]["State"].as_str().expect("a state").to_owned()
}

#[test]
fn row_02_a_new_lease_is_no_longer_than_the_mclt() {
    let mut sites = Sites::new();
    let [one, two] = balanced(&mut sites, &["--max-client-lead-time", "1m"]);
    let first = |who| one.lease_time(81, who).or_else(|| two.lease_time(81, who));
    assert_eq!((first(1), first(2)), (Some(60), Some(60)));
}

#[test]
fn row_03_and_13_after_the_safe_period_the_server_that_is_left_serves_alone() {
    let mut sites = Sites::new();
    let [mut one, mut two] = balanced(&mut sites, &["--max-client-lead-time", "1m"]);
    // Either partner shows and changes its own side.
    two.must(&["set", "--name", "pair", "--state-switch-interval", "2"]);
    assert_eq!(two.get(&[])[0]["StateSwitchInterval"], json!("00:00:02"));
    assert_eq!(one.get(&[])[0]["StateSwitchInterval"], json!(null));
    one.process.kill().expect("the first server is killed");
    let states = two.wait_through("pair", "PARTNER-DOWN");
    let [.., before, _] = &states[..] else { panic!("{states:?}") };
    assert_eq!(before, "COMMUNICATIONS-INTERRUPTED");
    assert_eq!(windows_state(&two), "PartnerDown");
}

#[test]
fn row_08_a_scope_is_in_one_relationship_and_can_go_to_another() {
    let mut sites = Sites::new();
    let [mut one, _two] = balanced(&mut sites, &["--max-client-lead-time", "2"]);
    let add = ["add", "--name", "b", "--partner-server", "127.80.0.9", "--scope-id", "127.81.0.0"];
    assert_eq!(one.code(&add), 20113);
    one.must(&["remove-scope", "--name", "pair", "--scope-id", "127.81.0.0", "--force"]);
    // Not before what its partner may have leased is over (S1).
    assert_eq!(one.code(&add), 20133);
    one.wait("the scope to be free", |one| one.ctl(&add).status.success().then_some(()));
    let scopes = |name| one.get(&["--name", name])[0]["ScopeId"].clone();
    assert_eq!((scopes("pair"), scopes("b")), (json!([]), json!(["127.81.0.0"])));
    // Nobody else has served it since, so it can leave at once.
    one.must(&["remove", "--name", "b", "--force"]);
    assert!(one.lease(81, 1).is_some());
}

#[test]
fn row_11_and_25_nothing_is_restarted_and_each_client_is_served_by_one() {
    let mut sites = Sites::new();
    let [mut one, mut two] = balanced(&mut sites, &[]);
    let ids = |one: &Site, two: &Site| (one.process.id(), two.process.id());
    let before = ids(&one, &two);
    let clients = |one: &Site, two: &Site, from: u32| -> Vec<usize> {
        (from..from + 12).map(|who| served_by(&[one, two], 81, who)).collect()
    };
    let halves = clients(&one, &two, 100);
    assert!(halves.contains(&0) && halves.contains(&1), "{halves:?}");
    one.must(&["set", "--name", "pair", "--load-balance-percent", "100"]);
    two.must(&["set", "--name", "pair", "--load-balance-percent", "0"]);
    one.wait_for_state("pair", "NORMAL");
    two.wait_for_state("pair", "NORMAL");
    assert_eq!(clients(&one, &two, 200), [0; 12]);
    // Any server extends any lease (RENEWING is answered by whoever is asked).
    let address = one.lease(81, 300).expect("a lease");
    two.wait("the lease at the partner", |two| two.renews(81, 300, address).then_some(()));
    assert_eq!(ids(&one, &two), before);
}

#[test]
fn row_21_and_22_a_server_that_looks_for_its_partner_serves_nobody() {
    let mut sites = Sites::new();
    let site = sites.start(2, "dhcp1", &scope(81, 49, ""));
    assert!(site.lease(81, 1).is_some());
    let add = ["add", "--name", "pair", "--partner-server", "127.80.0.99"];
    site.must(&[&add[..], &["--scope-id", "127.81.0.0"]].concat());
    assert_eq!(windows_state(&site), "Startup");
    assert_eq!(site.lease(81, 2), None);
}

#[test]
fn row_23_and_24_a_server_that_recovers_waits_for_the_mclt_and_for_its_partner() {
    let mut sites = Sites::new();
    let [mut one, mut two] = balanced(&mut sites, &["--max-client-lead-time", "3"]);
    one.must(&["recover", "--name", "pair", "--yes"]);
    let began = std::time::Instant::now();
    one.wait_for_state("pair", "RECOVER-WAIT");
    assert_eq!(windows_state(&one), "RecoverWait");
    assert_eq!(one.lease(81, 1), None, "nobody is served");
    one.wait_for_state("pair", "NORMAL");
    two.wait_for_state("pair", "NORMAL");
    let waited = began.elapsed();
    assert!(waited.as_secs() >= 3, "{waited:?}");
}

#[test]
fn row_34_the_standby_has_its_reserve_of_the_free_addresses() {
    let mut sites = Sites::new();
    let active = ["--server-role", "Active"];
    let standby = ["--server-role", "Standby"];
    let [_one, mut two] = pair(&mut sites, &active, &standby, &["--reserve-percent", "20"]);
    let free = two.wait("the reserve", |two| {
        let text = two.must(&["--json", "stats", "--scope-id", "127.81.0.0"]);
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let free = find_number(&json, "thisAddrFree")?;
        (free > 0).then_some((free, find_number(&json, "numAddr")?))
    });
    assert_eq!(free, (20, 100));
}

#[test]
fn row_37_servers_with_different_secrets_do_not_talk() {
    let mut sites = Sites::new();
    let key = |name: &str, text: &str| {
        let path = sites.path(name);
        std::fs::write(&path, text).expect("a secret");
        path.to_str().expect("a path").to_owned()
    };
    let (right, wrong) = (key("right", "sEcReT"), key("wrong", "other"));
    let signed = ["--shared-secret-file", right.as_str(), "--force"];
    let [one, mut two] = balanced(&mut sites, &signed);
    assert_eq!(one.get(&[])[0]["EnableAuth"], json!(true));
    two.must(&["set", "--name", "pair", "--shared-secret-file", &wrong, "--force"]);
    two.wait_for_state("pair", "COMMUNICATIONS-INTERRUPTED");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(two.state("pair"), "COMMUNICATIONS-INTERRUPTED");
    two.must(&["set", "--name", "pair", "--shared-secret-file", &right, "--force"]);
    two.wait_for_state("pair", "NORMAL");
}

/// The first number of that name, however deep.
fn find_number(json: &serde_json::Value, name: &str) -> Option<u64> {
    match json {
        serde_json::Value::Object(map) => {
            let here = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            let here = here.and_then(|(_, value)| value.as_u64());
            here.or_else(|| map.values().find_map(|it| find_number(it, name)))
        }
        serde_json::Value::Array(list) => list.iter().find_map(|it| find_number(it, name)),
        _ => None,
    }
}
