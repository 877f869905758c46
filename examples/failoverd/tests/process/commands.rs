//! failoverctl against a real server: a relationship is made, looked at, changed and removed.

use crate::support::{LONE_SCOPE, PARTNER, Server};
use std::process::{Command, Output};

fn control(server: &Server, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_failoverctl"))
        .arg("--server")
        .arg(&server.admin)
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn done(server: &Server, arguments: &[&str]) -> String {
    let output = control(server, arguments);
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!((output.status.code(), error.as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The exit code and the error.
fn refused(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let output = control(server, arguments);
    assert_eq!(output.stdout, b"", "{arguments:?}");
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

#[test]
fn a_relationship_is_made_changed_and_removed_while_the_server_serves() {
    let mut server = Server::start(LONE_SCOPE);
    assert_eq!(done(&server, &["get"]), "");
    let partner = format!("{PARTNER}:1");
    let add = ["add", "lab a", "--partner-server", &partner, "--scope-id", "127.78.0.0"];
    let what_if = done(&server, &[&add[..], &["--what-if"]].concat());
    assert!(what_if.starts_with("What if: relationship \"lab a\" with 127.78.0.3"), "{what_if}");
    assert_eq!(done(&server, &["get", "--json"]), "[]\n");
    let made =
        done(&server, &[&add[..], &["--pass-thru", "--load-balance-percent", "60"]].concat());
    assert!(made.contains("\nLoadBalancePercent  : 60\n"), "{made}");
    let (code, error) = refused(&server, &add);
    assert_eq!(code, Some(1));
    assert!(error.contains("(code 20114)") && error.contains("(code 20113)"), "{error}");

    let list = done(&server, &["get", "lab a"]);
    assert!(list.starts_with("Name                : lab a\nPartnerServer       : 127.78.0.3"));
    assert!(list.contains("\nScopeId             : {127.78.0.0}\n"), "{list}");
    assert!(list.contains("\nReservePercent      :\n"), "{list}");

    done(&server, &["set", "--name", "lab a", "--max-client-lead-time", "2h"]);
    assert!(done(&server, &["get"]).contains("\nMaxClientLeadTime   : 02:00:00\n"));
    let (code, _) = refused(&server, &["remove", "lab a"]);
    assert_eq!(code, Some(2));
    assert_eq!(done(&server, &["get"]).lines().next(), Some("Name                : lab a"));
    let removed = done(&server, &["remove", "lab a", "--yes"]);
    assert!(removed.contains("127.78.0.0"), "{removed}");
    let (code, error) = refused(&server, &["get", "lab a", "--json"]);
    assert_eq!(code, Some(1));
    assert!(error.starts_with("{\"error\":{\"code\":20115,"), "{error}");
    server.must_run();
}
