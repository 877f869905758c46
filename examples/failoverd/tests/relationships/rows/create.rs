//! How relationships are made: what is required, and what is assumed.

use crate::site::{Sites, scope};
use serde_json::{Value, json};

const PARTNER: &str = "127.80.0.99";
const ADD: [&str; 5] = ["add", "--name", "pair", "--partner-server", PARTNER];

fn site(sites: &mut Sites) -> crate::site::Site {
    sites.start(2, "dhcp1", &[scope(81, 49, ""), scope(82, 49, "")].concat())
}

/// The arguments of `add` with more.
fn add<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ADD, more].concat()
}

fn one(site: &crate::site::Site) -> Value {
    let mut all = site.get(&["--name", "pair"]);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn row_01_a_relationship_has_every_field_of_the_record() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    let key = sites.path("key");
    std::fs::write(&key, "sEcReT\n").expect("a secret");
    let key = key.to_str().expect("a path");
    let more = [
        "--scope-id",
        "127.81.0.0,127.82.0.0",
        "--load-balance-percent",
        "70",
        "--max-client-lead-time",
        "2:00:00",
        "--state-switch-interval",
        "90m",
        "--shared-secret-file",
        key,
        "--force",
    ];
    site.must(&add(&more));
    assert_eq!(
        one(&site),
        json!({
            "Name": "pair",
            "PartnerServer": PARTNER,
            "Mode": "LoadBalance",
            "LoadBalancePercent": 70,
            "ServerRole": null,
            "ReservePercent": null,
            "MaxClientLeadTime": "02:00:00",
            "StateSwitchInterval": "01:30:00",
            "State": "Startup",
            "ScopeId": ["127.81.0.0", "127.82.0.0"],
            "AutoStateTransition": true,
            "EnableAuth": true,
            "PrimaryServerIP": "127.80.0.2",
            "PrimaryServerName": "dhcp1",
            "SecondaryServerIP": PARTNER,
            "SecondaryServerName": null,
            "ServerType": "Primary",
        })
    );
}

#[test]
fn row_14_a_name_a_partner_and_a_scope_are_all_it_takes() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    for missing in [
        &["add", "--name", "pair", "--scope-id", "127.81.0.0"][..],
        &["add", "--name", "pair", "--partner-server", PARTNER],
    ] {
        let output = site.ctl(missing);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{missing:?}: {text}");
        assert!(site.everything().is_empty());
    }
    site.must(&add(&["--scope-id", "127.81.0.0"]));
    assert_eq!(one(&site)["ScopeId"], json!(["127.81.0.0"]));
}

#[test]
fn row_05_a_name_is_unique_and_supplied_if_none_is_given() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    site.must(&["add", "--partner-server", PARTNER, "--empty"]);
    assert_eq!(site.get(&[])[0]["Name"], json!(format!("dhcp1-{PARTNER}")));
    site.must(&add(&["--empty"]));
    assert_eq!(site.code(&add(&["--empty"])), 20114);
    assert_eq!(site.get(&[]).len(), 2);
}

#[test]
fn row_15_the_scope_must_be_here_and_free() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    assert_eq!(site.code(&add(&["--scope-id", "127.90.0.0"])), 20005);
    site.must(&add(&["--scope-id", "127.81.0.0"]));
    let again = ["add", "--name", "b", "--partner-server", PARTNER, "--scope-id", "127.81.0.0"];
    assert_eq!(site.code(&again), 20113);
}

#[test]
fn row_16_and_36_load_balance_by_halves_with_an_hour_of_mclt_unless_told_otherwise() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    site.must(&add(&["--scope-id", "127.81.0.0"]));
    let it = one(&site);
    assert_eq!((&it["Mode"], &it["LoadBalancePercent"]), (&json!("LoadBalance"), &json!(50)));
    assert_eq!(it["MaxClientLeadTime"], json!("01:00:00"));
}

#[test]
fn row_17_and_37_messages_are_signed_if_there_is_a_secret() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    let path = sites.path("key");
    std::fs::write(&path, "123").expect("a secret");
    let path = path.to_str().expect("a path");
    site.must(&add(&["--scope-id", "127.81.0.0"]));
    assert_eq!(one(&site)["EnableAuth"], json!(false));
    // A changed secret asks first; without a terminal that is a refusal (exit 2).
    let set = ["set", "--name", "pair", "--shared-secret-file", path];
    assert_eq!(site.ctl(&set).status.code(), Some(2));
    assert_eq!(one(&site)["EnableAuth"], json!(false));
    site.must(&[&set[..], &["--force"]].concat());
    assert_eq!(one(&site)["EnableAuth"], json!(true));
    site.must(&["set", "--name", "pair", "--no-shared-secret", "--force"]);
    assert_eq!(one(&site)["EnableAuth"], json!(false));
}

#[test]
fn row_28_every_parameter_of_the_form_is_taken() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    let more = [
        "--empty",
        "--mode",
        "HotStandby",
        "--reserve-percent",
        "10",
        "--server-role",
        "Standby",
        "--max-client-lead-time",
        "600",
        "--state-switch-interval",
        "0",
    ];
    site.must(&add(&more));
    let it = one(&site);
    assert_eq!((&it["ReservePercent"], &it["ServerRole"]), (&json!(10), &json!("Standby")));
    assert_eq!(
        (&it["MaxClientLeadTime"], &it["ServerType"]),
        (&json!("00:10:00"), &json!("Secondary"))
    );
    // An interval of 0 is off.
    assert_eq!(
        (&it["StateSwitchInterval"], &it["AutoStateTransition"]),
        (&json!(null), &json!(false))
    );
}

#[test]
fn row_31_the_parameters_of_one_mode_do_not_go_with_the_other() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    let of_both = ["--empty", "--load-balance-percent", "60", "--reserve-percent", "7"];
    assert_eq!(site.code(&add(&of_both)), 87);
    let wrong = ["--empty", "--mode", "LoadBalance", "--server-role", "Active"];
    assert_eq!(site.code(&add(&wrong)), 87);
    site.must(&add(&["--empty", "--mode", "HotStandby"]));
    assert_eq!(site.code(&["set", "--name", "pair", "--load-balance-percent", "60"]), 87);
}

#[test]
fn row_33_and_34_the_local_server_is_active_and_the_standby_has_5_percent_unless_told_otherwise() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    site.must(&add(&["--scope-id", "127.81.0.0", "--mode", "HotStandby"]));
    let it = one(&site);
    assert_eq!((&it["ServerRole"], &it["ReservePercent"]), (&json!("Active"), &json!(5)));
    assert_eq!((&it["ServerType"], &it["LoadBalancePercent"]), (&json!("Primary"), &json!(null)));
}

#[test]
fn row_35_the_transition_is_automatic_only_if_an_interval_is_given_or_it_is_asked_for() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    site.must(&add(&["--empty"]));
    let shown = |name: &str| {
        let it = site.get(&["--name", name]).remove(0);
        (it["AutoStateTransition"].clone(), it["StateSwitchInterval"].clone())
    };
    assert_eq!(shown("pair"), (json!(false), json!(null)));
    site.must(&["set", "--name", "pair", "--state-switch-interval", "2:00:00"]);
    assert_eq!(shown("pair"), (json!(true), json!("02:00:00")));
    site.must(&["set", "--name", "pair", "--auto-state-transition", "false"]);
    assert_eq!(shown("pair"), (json!(false), json!(null)));
    site.must(&["set", "--name", "pair", "--auto-state-transition", "true"]);
    assert_eq!(shown("pair"), (json!(true), json!("01:00:00")));
}
