use super::*;
use crate::config::Secret;
use crate::config::{Dialect, Mode, StartupPolicy, TimePolicy};
use dhcp_failover_lease::{LeaseInstant, LeaseSpan, Role};

mod export;

const FILE: &str = r#"
# Ours.
[server]
store = "s"
admin_socket = "a"
failover_listen = "127.0.0.1:1647"

[[relationship]] # the first
name = "pair"
role = "primary"
partner = "192.0.2.2"
load_balance_percent = 40 # not half

[[scope]]
subnet = "192.0.2.0/24"
ranges = ["192.0.2.10-192.0.2.19"]
lease_s = 600
relationship = "pair" # shared

[[scope]]
subnet = "10.1.0.0/24"
ranges = ["10.1.0.10-10.1.0.11"]
lease_s = 600
"#;

fn file() -> Config {
    Config::parse("test.toml".as_ref(), FILE).unwrap()
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn other() -> Relationship {
    let partner = "192.0.2.3:1647".parse().unwrap();
    Relationship {
        partner_name: Some("dhcp3.example.org".to_owned()),
        mode: Mode::HotStandby { reserve_percent: 7 },
        mclt_s: 60,
        safe_period_s: Some(90),
        secret: Secret::new(b"first".to_vec()),
        second_secret: Secret::new(b"second".to_vec()),
        time_policy: TimePolicy::Refuse,
        max_time_difference_s: 5,
        receive_timer_s: 9,
        startup_s: 3,
        startup_policy: StartupPolicy::Resume,
        max_unacked_bndupd: 12,
        ..Relationship::new("other \"one\"", crate::config::Role::Secondary, partner)
    }
}

fn windows() -> Relationship {
    let text = "[server]\nstore = \"s\"\nadmin_socket = \"a\"\n[[relationship]]\nname = \"w\"\nrole = \
                \"primary\"\npartner = \"192.0.2.9\"\ndialect = \"microsoft\"\nwindows = { ownership = \
                \"as-documented\", max_bindings = 3, nap_status = \"word\", digest_key = \"utf-8\" }\n";
    Config::parse("test.toml".as_ref(), text).unwrap().relationships.remove(0)
}

fn live() -> Live {
    let changed = Relationship {
        mode: Mode::LoadBalance { primary_percent: 70 },
        secret: Secret::new(b"key".to_vec()),
        ..file().relationships.remove(0)
    };
    let bits = Relationship {
        mode: Mode::Buckets { primary: [0xa5; 32] },
        dialect: Dialect::Isc,
        ..Relationship::new(
            "bits",
            crate::config::Role::Primary,
            "[2001:db8::1]:647".parse().unwrap(),
        )
    };
    let former = Former {
        related: Some(Related::to(&bits)),
        role: Role::Secondary,
        since: LeaseInstant::from_unix_s(1_000),
        without_data: true,
        mclt: LeaseSpan::from_s(60),
        storage_lost: Some(LeaseInstant::from_unix_s(7)),
    };
    let all = [changed, other(), windows(), bits];
    Live {
        relationships: all.into_iter().map(|it| (it.name.clone(), Some(it))).collect(),
        scopes: [(net("192.0.2.0/24"), None), (net("10.1.0.0/24"), Some(other().name))].into(),
        active: [(net("192.0.2.0/24"), false)].into(),
        former: [(net("192.0.2.0/24"), former)].into(),
        related: Some([(net("10.1.0.0/24"), Related::to(&other()))].into()),
    }
}

#[test]
fn every_field_comes_back_from_the_store() {
    let live = live();
    assert_eq!(Live::decode(&live.encode().unwrap()).unwrap(), live);
    let removed = Live { relationships: [("pair".to_owned(), None)].into(), ..Live::default() };
    assert_eq!(Live::decode(&removed.encode().unwrap()).unwrap(), removed);
}

#[test]
fn a_record_of_another_version_is_refused_with_a_remedy() {
    let error = Live::decode(&[9, 1]).unwrap_err().to_string();
    assert!(error.contains("format 9") && error.contains("--discard-live-changes"), "{error}");
}

#[test]
fn changes_win_over_the_file_and_are_reported() {
    let config = live().apply(&file()).unwrap();
    let names: Vec<_> = config.relationships.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["pair", "bits", "other \"one\"", "w"]);
    assert_eq!(config.relationships[0].mode, Mode::LoadBalance { primary_percent: 70 });
    assert_eq!((config.scopes[0].relationship, config.scopes[0].active), (None, false));
    assert_eq!(config.scopes[1].relationship, Some(2));
    assert_eq!(
        live().differences(&file()),
        [
            "relationship \"bits\": added while the server ran",
            "relationship \"other \\\"one\\\"\": added while the server ran",
            "relationship \"pair\": load_balance_percent = 40 in the file, 70 in force",
            "relationship \"pair\": secret_file: none in the file, one in force",
            "relationship \"w\": added while the server ran",
            "scope 192.0.2.0/24: active = true in the file, false in force",
            "scope 192.0.2.0/24: relationship = \"pair\" in the file, no relationship in force",
            "scope 10.1.0.0/24: relationship = no relationship in the file, \"other \\\"one\\\"\" in force",
        ]
    );
    assert_eq!(Live::default().differences(&file()), [""; 0]);
}

#[test]
fn a_scope_of_a_removed_relationship_is_an_error_and_not_served_alone() {
    let removed = Live { relationships: [("pair".to_owned(), None)].into(), ..Live::default() };
    let error = removed.apply(&file()).unwrap_err().to_string();
    assert!(error.contains("192.0.2.0/24") && error.contains("\"pair\""), "{error}");
}

#[test]
fn the_exported_file_says_what_is_in_force_and_keeps_the_comments() {
    let directory = tempfile::tempdir().unwrap();
    let config = live().apply(&file()).unwrap();
    let text = config.export(&file(), FILE).unwrap();
    for kept in ["# Ours.", "[[relationship]] # the first", "load_balance_percent = 70 # not half"]
    {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(!text.contains("key\n") || !text.contains("first\""), "{text}");
    // No secret is in it, and without the files it names it is refused.
    let path = directory.path().join("new.toml");
    let refused = Config::parse(&path, &text).unwrap_err().to_string();
    assert!(
        refused.contains("pair.key") && refused.contains("other__one_.second.key"),
        "{refused}"
    );
    for (name, key) in
        [("pair.key", "key"), ("other__one_.key", "first"), ("other__one_.second.key", "second")]
    {
        std::fs::write(directory.path().join(name), key).unwrap();
    }
    let read = Config::parse(&path, &text).unwrap();
    assert_eq!(read.relationships, config.relationships);
    let related = |config: &Config| -> Vec<_> {
        let scopes = config.scopes.iter().map(|it| config.relationship_of(it));
        scopes.map(|it| it.map(|it| it.name.clone())).collect()
    };
    assert_eq!(related(&read), related(&config));
    assert_eq!(read.scopes[0].active, config.scopes[0].active);
    assert_eq!(live().differences(&read), [""; 0]);

    // And with everything removed.
    let none = Live {
        relationships: [("pair".to_owned(), None)].into(),
        scopes: [(net("192.0.2.0/24"), None)].into(),
        ..Live::default()
    };
    let text = none.apply(&file()).unwrap().export(&file(), FILE).unwrap();
    let read = Config::parse("test.toml".as_ref(), &text).unwrap();
    assert!(read.relationships.is_empty() && !text.contains("pair"), "{text}");
}
