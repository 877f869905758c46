//! failoverctl against a real server: a relationship is made, looked at, changed and removed; what that
//! leaves is told, exported and found by a check.

use crate::support::{LONE_SCOPE, PARTNER, Server};
use failoverd::demo::packet::Identity;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

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

/// The exit code and the output of `failoverd check`.
fn check(config: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_failoverd"))
        .args(["check", "--config"])
        .arg(config)
        .output()
        .expect("the program runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

#[test]
fn what_was_changed_is_told_and_exported_and_a_check_finds_it() {
    let mut server = Server::start(LONE_SCOPE);
    let file = server.admin.with_file_name("s.toml");
    assert!(check(&file).1.starts_with("ok\n") && !check(&file).1.contains("config export"));
    assert_eq!(done(&server, &["config", "diff", "--exit-code"]), "");
    let partner = format!("{PARTNER}:1");
    done(&server, &["add", "lab", "--partner-server", &partner, "--scope-id", "127.78.0.0"]);

    let differences = done(&server, &["config", "diff"]);
    assert!(differences.starts_with("relationship \"lab\": added"), "{differences}");
    assert_eq!(control(&server, &["config", "diff", "--exit-code"]).status.code(), Some(1));
    let asked = check(&file);
    stop(&mut server);
    let read = check(&file);
    for (code, said) in [&asked, &read] {
        assert_eq!(*code, Some(0), "{said}");
        assert!(said.starts_with("ok\n") && said.contains("config export` writes one"), "{said}");
        assert!(said.contains("\n  relationship \"lab\": added while the server ran\n"), "{said}");
    }
    let of = |said: &str| said.split_once(":\n  ").expect("differences").1.to_owned();
    assert_eq!(of(&asked.1), of(&read.1), "the server says what its store says");
    server.process.start().expect("it starts again");
    server.wait_until_ready();

    let exported = file.with_file_name("new.toml");
    let to = exported.to_str().expect("text");
    done(&server, &["config", "export", "--output", to]);
    assert_eq!(done(&server, &["config", "export"]), std::fs::read_to_string(to).expect("a file"));
    // The running server compares with its own file; it must not be told so of this one.
    let asked = check(&exported);
    stop(&mut server);
    for (code, said) in [asked, check(&exported)] {
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("lab") && !said.contains("config export"), "{said}");
    }
}

#[test]
fn leases_figures_and_the_live_view_are_of_what_is_asked_for() {
    let server = Server::start(
        "[[scope]]\nsubnet = \"127.78.0.0/17\"\nranges = [\"127.78.1.0-127.78.1.9\"]\nlease_s = 600\n\
         [[scope]]\nsubnet = \"127.78.128.0/17\"\nranges = [\"127.78.129.0-127.78.129.9\"]\n\
         lease_s = 600\n",
    );
    server.lease(&Identity::numbered(0xc1, 1), Vec::new());
    let rows =
        |arguments: &[&str]| done(&server, &[&["leases"], arguments].concat()).lines().count();
    assert_eq!(rows(&[]), 2, "titles and a lease");
    assert_eq!(rows(&["--scope-id", "127.78.0.0"]), 2);
    assert_eq!(rows(&["--scope-id", "127.78.128.0"]), 1);
    assert_eq!(rows(&["--scope-id", "127.78.128.0,127.78.0.0"]), 2);
    let (code, error) = refused(&server, &["leases", "--scope-id", "127.78.7.0"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("this server has no scope 127.78.7.0"), "{error}");
    assert!(error.ends_with("(code 20005)\n"), "{error}");

    let view = done(&server, &["watch", "--count", "2", "--interval", "0.1"]);
    assert_eq!(view.matches("\nno relationship\n").count(), 2, "{view}");
    done(
        &server,
        &["add", "lab", "--partner-server", "127.78.0.3:1", "--scope-id", "127.78.128.0"],
    );
    let stats = done(&server, &["stats", "lab", "--json"]);
    assert!(stats.starts_with("[{\"ScopeId\":\"127.78.128.0\",\"numAddr\":"), "{stats}");
    let view = done(&server, &["watch", "lab", "--count", "1", "--json"]);
    let view: serde_json::Value = serde_json::from_str(&view).expect("JSON");
    assert_eq!(view["relationships"][0]["name"], "lab");
}

fn stop(server: &mut Server) {
    server.process.terminate().expect("it is told to end");
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.process.exited().is_none() {
        assert!(Instant::now() < deadline, "it ends\n{}", server.process.log_tail());
        std::thread::sleep(Duration::from_millis(10));
    }
    server.process.kill().expect("it is gone");
}
