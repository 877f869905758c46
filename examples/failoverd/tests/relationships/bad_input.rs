//! Bad input: a clear error with its code, and nothing changed.

use crate::site::{Site, Sites, scope};
use serde_json::json;

fn site(sites: &mut Sites) -> Site {
    let site = sites.start(2, "dhcp1", &[scope(81, 49, ""), scope(82, 49, "")].concat());
    let add = ["add", "--name", "pair", "--partner-server", "127.80.0.3"];
    site.must(&[&add[..], &["--scope-id", "127.81.0.0"]].concat());
    site
}

/// `add` of a relationship `new` with `more`.
fn add<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["add", "--name", "new", "--partner-server", "127.80.0.4"], more].concat()
}

#[test]
fn each_mistake_has_its_code_its_words_and_its_remedy() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    let empty = sites.path("empty");
    std::fs::write(&empty, "").expect("an empty file");
    let (empty, missing) = (empty.display().to_string(), sites.path("none").display().to_string());
    let long = "x".repeat(127);
    let named = |name: &str| {
        ["add", "--name", name, "--partner-server", "127.80.0.4", "--empty"].map(str::to_owned)
    };
    let cases: Vec<(&str, Vec<&str>, u64, &str)> = vec![
        ("an unknown scope", add(&["--scope-id", "127.99.0.0"]), 20005, "127.99.0.0"),
        ("a scope already related", add(&["--scope-id", "127.81.0.0"]), 20113, "\"pair\""),
        ("101 percent", add(&["--empty", "--load-balance-percent", "101"]), 87, "101"),
        ("an IPv6 scope", add(&["--scope-id", "2001:db8::/64"]), 87, "2001:db8::/64"),
        ("no scope at all", add(&["--scope-id", "floor 1"]), 87, "floor 1"),
        ("one scope twice", add(&["--scope-id", "127.82.0.0,127.82.0.0"]), 87, "127.82.0.0"),
        (
            "parameters of the other mode",
            add(&["--empty", "--mode", "LoadBalance", "--reserve-percent", "5"]),
            87,
            "ReservePercent",
        ),
        (
            "a secret that is not there",
            add(&["--empty", "--shared-secret-file", &missing]),
            87,
            &missing,
        ),
        ("an empty secret", add(&["--empty", "--shared-secret-file", &empty]), 87, &empty),
        ("an MCLT of 0", add(&["--empty", "--max-client-lead-time", "0"]), 87, "MaxClientLeadTime"),
        (
            "an MCLT of 8 days",
            add(&["--empty", "--max-client-lead-time", "8.00:00:00"]),
            87,
            "691200",
        ),
        (
            "an unknown relationship",
            vec!["set", "--name", "x", "--load-balance-percent", "1"],
            20115,
            "\"x\"",
        ),
        (
            "a scope elsewhere",
            vec!["remove-scope", "--name", "pair", "--scope-id", "127.82.0.0", "--force"],
            20116,
            "127.82.0.0",
        ),
        ("statistics of a scope alone", vec!["stats", "--scope-id", "127.82.0.0"], 2, "127.82.0.0"),
    ];
    for (what, arguments, code, words) in cases {
        let error = site.refused(&arguments);
        assert_eq!(error["code"], json!(code), "{what}: {error}");
        let said = |key: &str| error[key].as_str().unwrap_or_default().contains(words);
        assert!(said("message") || said("remedy"), "{what}: {words} in {error}");
    }
    let name = named(&long);
    let name: Vec<&str> = name.iter().map(String::as_str).collect();
    assert_eq!(site.code(&name), 20125, "a name of 127 characters");
    let allowed = named(&long[1..]);
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    site.must(&allowed);
    let own = ["add", "--name", "new", "--partner-server", "127.80.0.2", "--empty"];
    assert_eq!(site.code(&own), 87, "the partner is this server");
    let nowhere = ["add", "--name", "new", "--partner-server", "nowhere.invalid", "--empty"];
    assert_eq!(site.code(&nowhere), 20124, "a partner that cannot be found");
}

#[test]
fn all_mistakes_of_one_command_come_at_once_the_first_as_windows_would_have_it() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    let arguments =
        ["--json", "add", "--name", "pair", "--partner-server", "127.80.0.3", "--scope-id"];
    let wrong = ["127.81.0.0,127.99.0.0", "--load-balance-percent", "101"];
    let output = site.ctl(&[&arguments[..], &wrong].concat());
    let json: serde_json::Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(json["error"]["code"], json!(87), "{json}");
    let problems = json["error"]["problems"].as_array().expect("a list");
    let codes: Vec<_> = problems.iter().filter_map(|it| it["code"].as_u64()).collect();
    assert_eq!(codes, [87, 20005, 20113, 20114], "{json}");
}

#[test]
fn names_may_have_spaces_slashes_and_other_letters() {
    let mut sites = Sites::new();
    let site = site(&mut sites);
    for name in ["dhcp1-dc1 load balance", "a/b?c#d%e&f", "Gebäude 1", "..", "日本"] {
        site.must(&["add", "--name", name, "--partner-server", "127.80.0.9", "--empty"]);
        site.must(&["set", "--name", name, "--load-balance-percent", "60"]);
        assert_eq!(site.get(&["--name", name])[0]["LoadBalancePercent"], json!(60), "{name}");
        site.must(&["remove", "--name", name, "--force"]);
    }
    assert_eq!(site.get(&[]).len(), 1);
}
