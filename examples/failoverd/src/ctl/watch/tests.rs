use super::super::arguments::{Arguments, Command, ServerCommand};
use super::super::ask::Person;
use super::*;
use crate::admin::{ClientError, Refusal};
use clap::Parser;
use dhcp_failover_relationship::Relationship;
use dhcp_failover_relationship::cmdlet::{Failover, ScopeStatistics};
use std::cell::Cell;
use std::path::Path;

const AWAY: fn() -> ClientError =
    || ClientError::Unreachable { path: "s".into(), error: ErrorKind::ConnectionRefused.into() };

/// A server with a relationship of two scopes, and a third scope in another one.
fn server(request: &AdminRequest) -> AdminResponse {
    match request {
        AdminRequest::Status { .. } => AdminResponse::Status {
            rows: vec![StatusRow {
                name: "a-b".into(),
                role: "primary".into(),
                state: "NORMAL".into(),
                partner_state: "COMMUNICATIONS-INTERRUPTED".into(),
                pending: 3,
                disputed: 1,
            }],
        },
        AdminRequest::GetFailover { name, .. } if name.iter().any(|it| it != "a-b") => {
            AdminResponse::Failed(Refusal::new(20115, "there is no such relationship", ""))
        }
        AdminRequest::GetFailover { .. } => {
            let pair = Relationship::builder("a-b", [192, 0, 2, 1].into(), [192, 0, 2, 2].into());
            let pair = pair.scopes([[10, 0, 1, 0].into(), [10, 0, 2, 0].into()]).build().unwrap();
            AdminResponse::Failovers { rows: vec![Failover::of(&pair)] }
        }
        _ => {
            let row = |third, this_free| ScopeStatistics {
                scope_id: [10, 0, third, 0].into(),
                statistics: Statistics::new(AddressCounts {
                    this_free,
                    this_in_use: 1,
                    partner_free: 20,
                    partner_in_use: 2,
                }),
            };
            AdminResponse::Statistics { rows: vec![row(1, 7), row(2, 5), row(3, 1000)] }
        }
    }
}

/// What a watch with these arguments shows; the server is away at the looks named, which begin with 1.
fn shown(line: &str, is_terminal: bool, away_at: &[u64]) -> (Result<Answer, Failure>, String) {
    let words = ["failoverctl", "watch"].into_iter().chain(line.split_whitespace());
    let arguments = Arguments::try_parse_from(words).unwrap();
    let Command::Server(ServerCommand::Watch(watching)) = &arguments.command else { panic!() };
    let number = Cell::new(1);
    let call = |request: &AdminRequest| {
        if away_at.contains(&number.get()) {
            return Err(AWAY());
        }
        match server(request) {
            AdminResponse::Failed(refusal) => Err(ClientError::Refused(refusal)),
            response => Ok(response),
        }
    };
    let (mut says, mut reads) = (&b""[..], Vec::new());
    let session = Session {
        server: Path::new("s.sock"),
        call: &call,
        person: Person::absent(&mut says, &mut reads),
        json: arguments.json,
        relationship: None,
    };
    let mut out = Vec::new();
    let sleep = |_| number.set(number.get() + 1);
    let mut screen =
        Screen { out: &mut out, is_terminal, now: &|| SystemTime::UNIX_EPOCH, sleep: &sleep };
    let outcome = watch(&session, watching, &mut screen);
    (outcome, String::from_utf8(out).unwrap())
}

const BLOCK: &str = "\
1970-01-01T00:00:00Z  s.sock

NAME  ROLE     STATE   PARTNER STATE               PENDING  DISPUTED  FREE HERE  FREE AT PARTNER  IN USE
a-b   primary  NORMAL  COMMUNICATIONS-INTERRUPTED  3        1         12         40               6
";
const GONE: &str = "\
1970-01-01T00:00:00Z  s.sock

failoverctl: cannot reach a server at s: connection refused; is it running with this admin_socket, \
and as this user? (code 1722)
waiting for it
";

#[test]
fn without_a_terminal_there_is_a_block_for_each_look() {
    let (outcome, text) = shown("--count 2", false, &[]);
    assert_eq!(outcome, Ok(Answer::default()));
    assert_eq!(text, format!("{BLOCK}\n{BLOCK}"));
}

#[test]
fn a_terminal_is_drawn_over_and_left_as_it_was() {
    let (_, text) = shown("--count 2", true, &[]);
    let block = BLOCK.replace('\n', "\x1b[K\n");
    assert_eq!(text, format!("\x1b[2J\x1b[H{block}\x1b[J\x1b[H{block}\x1b[J"));
}

#[test]
fn a_server_that_goes_away_is_shown_and_waited_for() {
    let (outcome, text) = shown("--count 3", false, &[2]);
    assert_eq!(outcome, Ok(Answer::default()));
    assert_eq!(text, format!("{BLOCK}\n{GONE}\n{BLOCK}"));
    let (outcome, text) = shown("--count 2", false, &[1]);
    assert_eq!((outcome, text), (Ok(Answer::default()), format!("{GONE}\n{BLOCK}")));
    let (outcome, _) = shown("--count 1", false, &[1]);
    assert!(matches!(outcome, Err(Failure::Refused(refusal)) if refusal.code() == 1722));
}

#[test]
fn a_name_that_is_wrong_is_not_waited_for() {
    let (outcome, text) = shown("nowhere", false, &[]);
    assert!(matches!(outcome, Err(Failure::Refused(refusal)) if refusal.code() == 20115));
    assert_eq!(text, "");
}

#[test]
fn each_look_is_a_line_of_json() {
    let (_, text) = shown("--count 2 --json", false, &[2]);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["relationships"][0]["partner_state"], "COMMUNICATIONS-INTERRUPTED");
    assert_eq!(lines[0]["relationships"][0]["thisAddrFree"], 12);
    assert_eq!(lines[1]["error"]["code"], 1722);
    assert_eq!(lines.len(), 2);
}

#[test]
fn intervals_are_seconds() {
    assert_eq!(interval("0.5"), Ok(Duration::from_millis(500)));
    for wrong in ["0", "-1", "NaN", "soon", "3601"] {
        assert!(interval(wrong).is_err(), "{wrong}");
    }
}
