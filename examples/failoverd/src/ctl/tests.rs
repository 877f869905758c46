//! The commands with a scripted server and a scripted person.

mod config;
mod stats;

use super::*;
use crate::admin::{
    AdminRequest, AdminResponse, Changed, ClientError, Refusal, RiskReport, StatusRow,
};
use dhcp_failover_relationship::Relationship;
use dhcp_failover_relationship::cmdlet::Failover;
use std::cell::RefCell;

const REMOVED: &str = "relationship \"a-b\" is removed from this server";

fn failover(name: &str) -> Failover {
    let pair = Relationship::builder(name, [192, 0, 2, 1].into(), [192, 0, 2, 2].into());
    let scopes = [[10, 0, 1, 0].into(), [10, 0, 2, 0].into()];
    Failover::of(&pair.scopes(scopes).build().unwrap())
}

fn risk(refused: Option<String>) -> RiskReport {
    RiskReport {
        relationship: "a-b".into(),
        refused,
        partner_heard_s_ago: Some(40),
        partner_may_have_been_alone: false,
        own: 5,
        own_usable_at: 0,
        partners: 7,
        partners_usable_at: 32_503_680_000,
        waiting: 0,
        waiting_usable_at: None,
        leases: 0,
        renewals_run_until: None,
    }
}

/// A server with the relationship a-b.
fn server(request: &AdminRequest) -> AdminResponse {
    let unknown = |name: &String| {
        AdminResponse::Failed(Refusal::new(20115, format!("there is no relationship {name:?}"), ""))
    };
    let changed = |what_if: bool, done: &[&str]| {
        AdminResponse::Changed(Changed {
            relationship: Some(failover("a-b")),
            done: done.iter().map(|line| (*line).to_owned()).collect(),
            what_if,
        })
    };
    match request {
        AdminRequest::RemoveFailover { name, .. } | AdminRequest::SetFailover { name, .. }
            if name != "a-b" =>
        {
            unknown(name)
        }
        AdminRequest::RemoveFailover { what_if, .. } => {
            changed(*what_if, &[REMOVED, "scope 10.0.1.0 leaves", "scope 10.0.2.0 leaves"])
        }
        AdminRequest::RemoveFailoverScope { what_if, .. } => changed(*what_if, &["scopes leave"]),
        AdminRequest::SetFailover { what_if, .. } => changed(*what_if, &["it is set"]),
        AdminRequest::AddFailover { what_if, .. } => changed(*what_if, &["it is made"]),
        AdminRequest::GetFailover { name, .. } => match name.as_slice() {
            [other] if other != "a-b" => unknown(other),
            _ => AdminResponse::Failovers { rows: vec![failover("a-b")] },
        },
        AdminRequest::Status { .. } => AdminResponse::Status {
            rows: vec![StatusRow {
                name: "a-b".into(),
                role: "primary".into(),
                state: "NORMAL".into(),
                partner_state: "NORMAL".into(),
                pending: 0,
                disputed: 0,
            }],
        },
        AdminRequest::PartnerDownRisk { .. } => {
            AdminResponse::Risk { report: Box::new(risk(None)) }
        }
        _ => AdminResponse::Done { message: "done".into() },
    }
}

struct Played {
    outcome: Result<Answer, Failure>,
    /// What the person was shown.
    shown: String,
    /// What the server was asked.
    requests: Vec<AdminRequest>,
}

impl Played {
    fn text(&self) -> &str {
        &self.outcome.as_ref().expect("it works").text
    }

    /// The message and code of what was refused.
    fn refused(&self) -> (String, u32) {
        match &self.outcome {
            Err(Failure::Refused(refusal)) => (refusal.to_string(), refusal.code()),
            other => panic!("{other:?}"),
        }
    }

    fn must_be_usage(&self) {
        assert!(matches!(self.outcome, Err(Failure::Usage(_))), "{:?}", self.outcome);
        assert_eq!(self.requests, [], "nothing is asked of the server");
    }
}

/// Runs a line; a person who `says` something is there.
fn play(line: &str, says: Option<&str>) -> Played {
    play_with(line, says, server)
}

fn play_with(
    line: &str,
    says: Option<&str>,
    server: impl Fn(&AdminRequest) -> AdminResponse,
) -> Played {
    let words = ["failoverctl"].into_iter().chain(line.split(' '));
    let arguments = Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
    let Command::Server(command) = &arguments.command else { panic!("{line}") };
    let requests = RefCell::new(Vec::new());
    let call = |request: &AdminRequest| {
        requests.borrow_mut().push(request.clone());
        match server(request) {
            AdminResponse::Failed(refusal) => Err(ClientError::Refused(refusal)),
            response => Ok(response),
        }
    };
    let (mut answer, mut shown) = (says.unwrap_or_default().as_bytes(), Vec::new());
    let person = match says {
        Some(_) => Person::scripted(&mut answer, &mut shown),
        None => Person::absent(&mut answer, &mut shown),
    };
    let outcome = run(
        &mut Session {
            server: Path::new("none"),
            call: &call,
            person,
            json: arguments.json,
            relationship: arguments.relationship.as_ref(),
        },
        command,
    );
    let shown = String::from_utf8(shown).unwrap();
    Played { outcome, shown, requests: requests.into_inner() }
}

fn remove(name: &str, what_if: bool) -> AdminRequest {
    AdminRequest::RemoveFailover { name: name.into(), what_if }
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn remove_asks_with_the_scopes_listed_and_a_no_changes_nothing() {
    let no = play("remove a-b", Some("n\n"));
    assert_eq!(
        no.shown,
        format!(
            "This will be done:\n  {REMOVED}\n  scope 10.0.1.0 leaves\n  scope 10.0.2.0 leaves\n\
             Go on? [y/N] "
        )
    );
    assert_eq!(no.refused().0, "nothing was changed");
    assert_eq!(no.requests, [remove("a-b", true)]);
    let yes = play("remove --name a-b", Some("y\n"));
    assert_eq!(yes.requests, [remove("a-b", true), remove("a-b", false)]);
    assert_eq!(yes.text(), format!("{REMOVED}\nscope 10.0.1.0 leaves\nscope 10.0.2.0 leaves\n"));
}

#[test]
fn what_destroys_does_nothing_where_nobody_can_be_asked() {
    for line in [
        "remove a-b",
        "remove-scope a-b --scope-id 10.0.1.0",
        "partner-down",
        "recover",
        "shutdown a-b",
        "set a-b --mode HotStandby",
        "set a-b --no-shared-secret",
        "set a-b --shared-secret-file /no/such/file",
    ] {
        play(line, None).must_be_usage();
    }
}

#[test]
fn what_does_not_destroy_asks_nothing() {
    for line in [
        "set a-b --load-balance-percent 70",
        "add a-b --partner-server b --empty",
        "add-scope a-b --scope-id 10.0.1.0",
        "pause a-b",
        "get",
    ] {
        let played = play(line, None);
        assert!(!matches!(played.outcome, Err(Failure::Usage(_))), "{line}: {:?}", played.outcome);
        assert_eq!((played.shown.as_str(), played.requests.len()), ("", 1), "{line}");
    }
}

#[test]
fn force_and_yes_skip_the_question() {
    for flag in ["--force", "--yes"] {
        let played = play(&format!("remove a-b {flag}"), None);
        assert_eq!(played.requests, [remove("a-b", false)]);
        let played = play(&format!("recover a-b {flag}"), None);
        assert_eq!(played.requests, [AdminRequest::Recover { relationship: Some("a-b".into()) }]);
    }
}

#[test]
fn what_if_asks_nothing_and_changes_nothing() {
    for flag in ["--what-if", "--dry-run", "--what-if --force"] {
        let played = play(&format!("remove a-b {flag}"), None);
        assert_eq!(
            (played.requests.as_slice(), played.shown.as_str()),
            (&[remove("a-b", true)][..], "")
        );
        assert!(played.text().starts_with(&format!("What if: {REMOVED}\nWhat if: scope ")));
        let played = play(&format!("shutdown {flag}"), None);
        let relationship = Some("a-b".to_owned());
        let expected = [
            AdminRequest::Status { relationship: None },
            AdminRequest::WhatIf { order: Order::Shutdown, relationship },
        ];
        assert_eq!(played.requests, expected);
        assert!(played.text().starts_with("What if: a-b is in NORMAL: the partner"));
    }
}

#[test]
fn an_order_that_would_be_refused_is_refused_before_the_question() {
    let refuses = |request: &AdminRequest| match request {
        AdminRequest::WhatIf { .. } => AdminResponse::Failed("not in this state".into()),
        other => server(other),
    };
    let played = play_with("recover", Some("y\n"), refuses);
    assert_eq!(played.refused().0, "not in this state");
    assert_eq!((played.shown.as_str(), played.requests.len()), ("", 2));
    let played = play("recover", Some("y\n"));
    assert!(played.shown.starts_with("a-b is in NORMAL: this server will serve nobody"));
    assert_eq!(played.requests.len(), 3);
    assert_eq!(played.text(), "done\n");
}

#[test]
fn several_are_removed_or_none() {
    let played = play("remove a-b nowhere --force", None);
    assert_eq!(played.refused(), ("there is no relationship \"nowhere\"".into(), 20115));
    assert_eq!(played.requests, [remove("a-b", true), remove("nowhere", true)]);
}

#[test]
fn what_was_done_before_a_failure_is_told() {
    let twice = |request: &AdminRequest| match request {
        AdminRequest::RemoveFailover { name, what_if: false } if name == "second" => {
            AdminResponse::Failed("the disk is full".into())
        }
        AdminRequest::RemoveFailover { name, what_if } => AdminResponse::Changed(Changed {
            relationship: None,
            done: vec![format!("{name} is removed")],
            what_if: *what_if,
        }),
        other => server(other),
    };
    let Answer { text, but, .. } =
        play_with("remove first second --yes", None, twice).outcome.unwrap();
    assert_eq!(text, "first is removed\n");
    assert_eq!(but, Some("the disk is full".into()));
}

#[test]
fn get_shows_what_there_is_and_errors_for_the_rest() {
    let Answer { text, but, .. } = play("get a-b nowhere", None).outcome.unwrap();
    assert!(text.starts_with("Name                : a-b\n"), "{text}");
    assert_eq!(but.unwrap().code(), 20115);
    assert_eq!(play("get nowhere", None).refused().1, 20115);
    assert_eq!(play("get --scope-id 10.0.1.0,fe80::1", None).refused().1, 87);
}

#[test]
fn pass_thru_shows_the_relationship_as_get_does() {
    let played = play("remove a-b --yes --pass-thru --json", None);
    let value: serde_json::Value = serde_json::from_str(played.text()).unwrap();
    assert_eq!(value["what_if"], false);
    assert_eq!(value["done"][0], REMOVED);
    assert_eq!(value["relationships"][0]["ScopeId"], serde_json::json!(["10.0.1.0", "10.0.2.0"]));
    let played = play("set a-b --load-balance-percent 50 --pass-thru", None);
    assert_eq!(played.text(), format!("it is set\n\n{}", failover("a-b").to_list()));
    let played = play("set a-b --load-balance-percent 50 --json", None);
    assert_eq!(played.text(), "{\"done\":[\"it is set\"],\"what_if\":false}\n");
}

#[test]
fn yes_to_partner_down_is_not_force() {
    let relationship = || Some("a-b".to_owned());
    let played = play("partner-down a-b --yes", None);
    assert_eq!(played.requests, [AdminRequest::PartnerDown { relationship: relationship() }]);
    let played = play("partner-down a-b --force", None);
    assert_eq!(played.requests, [AdminRequest::ForcePartnerDown { relationship: relationship() }]);
}

#[test]
fn partner_down_asks_with_what_it_risks() {
    let played = play("partner-down", Some("yes\n"));
    assert!(played.shown.starts_with("a-b: this server will serve alone"), "{}", played.shown);
    assert!(played.shown.contains("\n  the partner was heard 40 s ago"), "{}", played.shown);
    let expected = [
        AdminRequest::PartnerDownRisk { relationship: None },
        AdminRequest::PartnerDown { relationship: Some("a-b".into()) },
    ];
    assert_eq!(played.requests, expected);
    let refuses = |request: &AdminRequest| match request {
        AdminRequest::PartnerDownRisk { .. } => {
            AdminResponse::Risk { report: Box::new(risk(Some("the partner is there".into()))) }
        }
        other => server(other),
    };
    let played = play_with("partner-down", Some("yes\n"), refuses);
    assert_eq!(played.refused().0, "a-b: the partner is there");
    assert_eq!((played.shown.as_str(), played.requests.len()), ("", 1));
}

#[test]
fn a_name_is_given_in_one_way_or_not_at_all() {
    for line in
        ["recover a-b --yes", "recover --name a-b --yes", "--relationship a-b recover --yes"]
    {
        let expected = [AdminRequest::Recover { relationship: Some("a-b".into()) }];
        assert_eq!(play(line, None).requests, expected, "{line}");
    }
    play("recover a-b --yes --relationship other", None).must_be_usage();
    for line in ["set --load-balance-percent 70", "remove --yes", "add-scope --scope-id 10.0.0.0"] {
        play(line, None).must_be_usage();
    }
}
