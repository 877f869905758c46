//! `failoverctl explain`: the reasons for what clients get, and what the log says.

use crate::support::Server;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// A relationship whose partner never answers, so that nobody is served until an operator says that
/// it is down.
const WAITING: &str = "[[relationship]]\nname = \"pair\"\nrole = \"primary\"\n\
                       partner = \"127.78.0.99:9\"\nstartup_s = 1\nmclt_s = 60\n\n\
                       [[scope]]\nsubnet = \"127.78.0.0/16\"\n\
                       ranges = [\"127.78.1.0-127.78.1.9\"]\nlease_s = 600\nrelationship = \"pair\"\n";

fn control(server: &Server, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_failoverctl")))
        .arg("--server")
        .arg(&server.admin)
        .args(arguments)
        .output()
        .expect("failoverctl runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("text"))
}

#[test]
fn an_operator_is_told_why_a_client_is_served_or_not() {
    let server = Server::start(WAITING);
    let explain = |who: &[&str]| control(&server, &[&["explain"], who].concat());
    let (success, text) = explain(&["--hwaddr", "02:00:00:00:00:01"]);
    assert!(success, "{text}");
    assert!(text.contains("a new client is not answered by the primary in STARTUP"), "{text}");
    assert!(text.contains("127.78.0.0/16"), "{text}");

    let (success, text) = control(&server, &["partner-down", "--yes"]);
    assert!(success, "{text}");
    // It serves as soon as the new state is on its disk, and not before (S5).
    let asked = Instant::now();
    loop {
        let (_, text) = explain(&["--client-id", "ff:01:02", "--hwaddr", "02:00:00:00:00:01"]);
        if text.contains("a new client is answered by the primary in PARTNER-DOWN") {
            break;
        }
        assert!(text.contains("stable storage has not confirmed this state yet"), "{text}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{text}");
        std::thread::sleep(Duration::from_millis(10));
    }
    let (_, json) = explain(&["--hwaddr", "02:00:00:00:00:01", "--json"]);
    assert!(json.starts_with("[{\"subnet\":\"127.78.0.0/16\",\"explanation\":"), "{json}");
    assert!(json.contains("127.78.1.0 (FREE)"), "{json}");

    let (success, text) = explain(&["--hwaddr", "printer"]);
    assert!(!success && text.contains("\"printer\" is no hardware address"), "{text}");
    let (success, text) = explain(&[]);
    assert!(!success && text.contains("--hwaddr"), "{text}");
}
