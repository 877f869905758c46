//! What operators see, and what they are asked.

use crate::site::{Site, Sites, scope};
use serde_json::json;

fn with_two(sites: &mut Sites) -> Site {
    let site = sites.start(2, "dhcp1", &[scope(81, 49, ""), scope(82, 49, "")].concat());
    let standby = ["add", "--name", "a", "--partner-server", "127.80.0.3", "--mode", "HotStandby"];
    site.must(&[&standby[..], &["--scope-id", "127.81.0.0,127.82.0.0"]].concat());
    site.must(&["add", "--name", "b", "--partner-server", "127.80.0.4", "--empty"]);
    site
}

#[test]
fn row_18_the_listing_leaves_blank_what_the_mode_does_not_have() {
    let mut sites = Sites::new();
    let site = with_two(&mut sites);
    let a = "\
Name                : a
PartnerServer       : 127.80.0.3
Mode                : HotStandby
LoadBalancePercent  :
ServerRole          : Active
ReservePercent      : 5
MaxClientLeadTime   : 01:00:00
StateSwitchInterval :
State               : Startup
ScopeId             : {127.81.0.0, 127.82.0.0}
AutoStateTransition : False
EnableAuth          : False
";
    let b = "\
Name                : b
PartnerServer       : 127.80.0.4
Mode                : LoadBalance
LoadBalancePercent  : 50
ServerRole          :
ReservePercent      :
MaxClientLeadTime   : 01:00:00
StateSwitchInterval :
State               : Startup
ScopeId             :
AutoStateTransition : False
EnableAuth          : False
";
    assert_eq!(site.must(&["get"]), format!("{a}\n{b}"));
    assert_eq!(site.must(&["get", "--name", "b"]), b);
    assert_eq!(site.must(&["get", "--scope-id", "127.82.0.0"]), a);
    assert_eq!(site.code(&["get", "--name", "c"]), 20115);
}

#[test]
fn row_04_and_19_percent_is_the_local_servers_share_and_the_primarys_is_kept() {
    let mut sites = Sites::new();
    let site = with_two(&mut sites);
    site.must(&["set", "--name", "b", "--load-balance-percent", "70"]);
    let add = ["add", "--name", "c", "--partner-server", "127.80.0.5", "--empty"];
    site.must(
        &[&add[..], &["--server-type", "Secondary", "--load-balance-percent", "70"]].concat(),
    );
    for name in ["b", "c"] {
        assert_eq!(site.get(&["--name", name])[0]["LoadBalancePercent"], json!(70));
    }
    let text = site.must(&["config", "export"]);
    let percents: Vec<_> =
        text.lines().filter(|line| line.starts_with("load_balance_percent")).collect();
    assert_eq!(percents, ["load_balance_percent = 70", "load_balance_percent = 30"]);
}

#[test]
fn row_20_to_remove_one_is_asked_about_with_its_scopes_and_they_stay() {
    let mut sites = Sites::new();
    let site = with_two(&mut sites);
    let refused = site.ctl(&["remove", "--name", "a"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("--force"), "{said}");
    let would = site.must(&["remove", "--name", "a", "--what-if"]);
    assert!(would.contains("127.81.0.0") && would.contains("127.82.0.0"), "{would}");
    assert_eq!(site.get(&[]).len(), 2);
    site.must(&["remove", "--name", "a", "--force"]);
    assert_eq!(site.get(&[]).len(), 1);
    // Clients of its scopes are served by this server alone; it was the primary, so at once.
    assert!(site.lease(81, 1).is_some() && site.lease(82, 1).is_some());
}

#[test]
fn row_30_who_is_no_administrator_reads_and_changes_nothing() {
    let mut sites = Sites::new();
    let site = with_two(&mut sites);
    let shown = site.ctl_as_reader(&["get"]);
    assert_eq!(shown.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&shown.stdout), site.must(&["get"]));
    let before = site.everything();
    for write in [
        &["set", "--name", "b", "--load-balance-percent", "1"][..],
        &["remove", "--name", "b", "--force"],
        &["add", "--name", "x", "--partner-server", "127.80.0.9", "--empty"],
        &["remove-scope", "--name", "a", "--scope-id", "127.81.0.0", "--force"],
        &["partner-down", "--name", "b", "--yes"],
    ] {
        let refused = site.ctl_as_reader(&[&["--json"], write].concat());
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{write:?}: {text}");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["error"]["code"], json!(5), "{write:?}: {text}");
    }
    assert_eq!(site.everything(), before);
}

#[test]
fn row_38_commands_say_what_they_would_do_and_give_back_what_they_made() {
    let mut sites = Sites::new();
    let site = with_two(&mut sites);
    let before = site.everything();
    for what_if in ["--what-if", "--dry-run"] {
        for command in [
            &["add", "--name", "x", "--partner-server", "127.80.0.9", "--empty"][..],
            &["set", "--name", "b", "--load-balance-percent", "70"],
            &["remove", "--name", "a"],
            &["remove-scope", "--name", "a", "--scope-id", "127.81.0.0"],
        ] {
            let said = site.must(&[command, &[what_if]].concat());
            assert!(!said.is_empty(), "{command:?}");
            assert_eq!(site.everything(), before, "{command:?}");
        }
    }
    let add = ["add", "--name", "x", "--partner-server", "127.80.0.9", "--empty", "--pass-thru"];
    assert!(site.must(&add).contains("Name                : x\n"));
    let set = ["--json", "set", "--name", "x", "--load-balance-percent", "9", "--pass-thru"];
    let set: serde_json::Value = serde_json::from_str(&site.must(&set)).expect("JSON");
    assert!(set.to_string().contains("\"LoadBalancePercent\":9"), "{set}");
}
