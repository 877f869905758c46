//! The two programs as a person or a script meets them: output, exit codes, messages.

use failoverd::admin::{
    AdminCall, AdminRequest, AdminResponse, AdminServer, AdminSocket, LeaseRow, RiskReport,
    StatusRow,
};
use failoverd::metrics::Metrics;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tokio::sync::mpsc;

const SERVER: &str = env!("CARGO_BIN_EXE_failoverd");
const CONTROL: &str = env!("CARGO_BIN_EXE_failoverctl");

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

#[test]
fn check_prints_ok_and_a_summary_for_the_example() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/failoverd.example.toml");
    let output = run(SERVER, &["check", "--config", example]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("ok\nserver \"dhcp-a\": DHCP on 0.0.0.0:67"));
}

#[test]
fn check_and_run_print_every_mistake_and_fail() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("bad.toml");
    std::fs::write(&file, "[server]\nstore = \"s\"\nname = 3\n").expect("a file");
    for command in ["check", "run"] {
        let output = run(SERVER, &[command, "--config", text(&file)]);
        assert_eq!(output.status.code(), Some(1));
        let lines: Vec<String> = stderr(&output).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        let place = format!("{}:3:8: server.name = 3: ", file.display());
        assert!(lines[1].starts_with(&place), "{lines:?}");
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for (program, arguments) in [
        (SERVER, &["run"][..]),
        (SERVER, &["fly"]),
        (CONTROL, &["status"]),
        (CONTROL, &["--server", "x"]),
        (CONTROL, &["--server", "x", "explode"]),
        (CONTROL, &["--server", "x", "add", "lab", "--scope-id", "10.0.0.0"]),
        (CONTROL, &["--server", "x", "add", "lab", "--partner-server", "b"]),
        (CONTROL, &["--server", "x", "set", "lab", "--mode", "both"]),
        (CONTROL, &["--server", "x", "remove", "--force"]),
    ] {
        let output = run(program, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
    assert!(stderr(&run(CONTROL, &["status"])).contains("add --server SOCKET"));
}

#[test]
fn a_question_that_nobody_can_answer_is_exit_code_2() {
    for arguments in [
        &["remove", "lab"][..],
        &["remove-scope", "lab", "--scope-id", "10.0.0.0"],
        &["partner-down"],
        &["recover", "lab"],
        &["shutdown", "lab"],
        &["set", "lab", "--mode", "HotStandby"],
        &["set", "lab", "--no-shared-secret"],
    ] {
        // There is no server either: nothing was asked of one.
        let output = run(CONTROL, &[&["--server", "no/such.sock"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("there is no terminal to ask on"), "{}", stderr(&output));
    }
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let error = |arguments: &[&str], code| {
        let output = run(CONTROL, arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(code), ""));
        let value: serde_json::Value = serde_json::from_str(&stderr(&output)).expect("JSON");
        let error = value["error"].as_object().expect("an error").clone();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "message", "remedy"]);
        error
    };
    let unreachable = error(&["--server", "no/such.sock", "get", "--json"], 1);
    assert_eq!(unreachable["code"], 1722);
    assert!(unreachable["message"].as_str().unwrap().starts_with("cannot reach a server at"));
    let secret = ["set", "lab", "--yes", "--shared-secret-file", "no/such.key", "--json"];
    let unread = error(&[&["--server", "x"], &secret[..]].concat(), 1);
    assert_eq!(unread["code"], 87);
    assert!(unread["message"].as_str().unwrap().contains("no/such.key: No such file"));
    let usage = error(&["--json", "--server", "x", "add", "lab"], 2);
    assert_eq!(usage["code"], 87);
    assert!(usage["message"].as_str().unwrap().contains("--partner-server <SERVER>"));
    let nobody = error(&["--json", "--server", "x", "remove", "lab"], 2);
    assert_eq!(nobody["remedy"], "add --force to do it without a question");
}

#[test]
fn every_command_has_help() {
    let commands = |program| -> Vec<String> {
        let help = stdout(&run(program, &["--help"]));
        let list = help.split("Commands:\n").nth(1).expect("commands");
        let names = list.lines().take_while(|line| !line.is_empty());
        names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
    };
    for program in [SERVER, CONTROL] {
        for command in commands(program).iter().filter(|it| *it != "help") {
            let output = run(program, &[command, "--help"]);
            assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
            let usage = format!(" {command} ");
            assert!(stdout(&output).contains(&usage), "{}", stdout(&output));
        }
    }
    let known = commands(CONTROL);
    for wanted in
        ["add", "get", "set", "remove", "add-scope", "remove-scope", "stats", "watch", "config"]
    {
        assert!(known.iter().any(|it| it == wanted), "{known:?}");
    }
}

#[test]
fn completions_and_manual_pages_need_no_server() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(CONTROL, &["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("remove-scope"), "{shell}");
    }
    assert_eq!(run(CONTROL, &["completions", "tcsh"]).status.code(), Some(2));
    let directory = tempfile::tempdir().expect("a directory");
    let output = run(CONTROL, &["man", text(directory.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(directory.path().join("failoverctl-partner-down.1").exists());
}

#[test]
fn a_server_that_is_not_there_is_exit_code_1() {
    let output = run(CONTROL, &["--server", "no/such.sock", "status"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).starts_with("failoverctl: cannot reach a server at no/such.sock"));
}

#[test]
fn run_names_a_store_it_cannot_open() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("f.toml");
    let server = "dhcp_listen = \"127.0.0.1:0\"\nstore = \"missing/s\"\nadmin_socket = \"a\"\n";
    std::fs::write(&file, format!("[server]\n{server}")).expect("a file");
    let output = run(SERVER, &["run", "--config", text(&file)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot open store"), "{}", stderr(&output));
}

fn rows() -> (StatusRow, LeaseRow) {
    let status = StatusRow {
        name: "lab".into(),
        role: "primary".into(),
        state: "NORMAL".into(),
        partner_state: "COMMUNICATIONS-INTERRUPTED".into(),
        pending: 3,
        disputed: 0,
    };
    let lease = LeaseRow {
        address: [192, 0, 2, 9].into(),
        status: "ACTIVE".into(),
        client_id: Some("01:02".into()),
        hwaddr: None,
        expires: Some(1_800_000_000),
        owner: "client".into(),
        host_name: Some("printer".into()),
        relay_agent: Some("01:02:0a:0b".into()),
        dispute: Some("15: no".into()),
    };
    (status, lease)
}

fn risk() -> RiskReport {
    RiskReport {
        relationship: "lab".into(),
        refused: None,
        partner_heard_s_ago: Some(12),
        partner_may_have_been_alone: false,
        own: 5,
        own_usable_at: 1_000,
        partners: 4,
        partners_usable_at: 32_503_680_000,
        waiting: 0,
        waiting_usable_at: Some(1_000),
        leases: 3,
        renewals_run_until: Some(1_800_000_000),
    }
}

fn answer(request: AdminRequest) -> AdminResponse {
    let (status, lease) = rows();
    match request {
        AdminRequest::Status { .. } => AdminResponse::Status { rows: vec![status] },
        AdminRequest::Leases { .. } => AdminResponse::Leases { rows: vec![lease], more: false },
        AdminRequest::PartnerDown { relationship: Some(name) } => AdminResponse::Done {
            message: format!("{name}: COMMUNICATIONS-INTERRUPTED -> PARTNER-DOWN"),
        },
        AdminRequest::PartnerDownRisk { .. } => AdminResponse::Risk { report: Box::new(risk()) },
        AdminRequest::ForcePartnerDown { .. } => AdminResponse::Done { message: "forced".into() },
        AdminRequest::Recover { .. } => AdminResponse::Done { message: "recovers".into() },
        _ => AdminResponse::Failed("not now".into()),
    }
}

/// Runs failoverctl against a server that gives the answers above.
async fn control(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("admin.sock");
    let (sender, mut calls) = mpsc::channel::<AdminCall>(1);
    let server = AdminServer::start(&[AdminSocket::private(&socket)], &sender, &Metrics::new())
        .expect("a server");
    tokio::spawn(async move {
        while let Some((request, reply)) = calls.recv().await {
            reply.send(answer(request)).expect("someone waits");
        }
    });
    let mut line: Vec<String> = vec!["--server".into(), text(&socket).into()];
    line.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    let output = tokio::task::spawn_blocking(move || Command::new(CONTROL).args(line).output())
        .await
        .expect("a task")
        .expect("the program runs");
    drop(server);
    output
}

#[tokio::test]
async fn json_is_one_array_of_rows_with_the_promised_keys_in_order() {
    let output = control(&["status", "--json"]).await;
    assert_eq!(
        stdout(&output),
        "[{\"name\":\"lab\",\"role\":\"primary\",\"state\":\"NORMAL\",\"partner_state\":\
         \"COMMUNICATIONS-INTERRUPTED\",\"pending\":3,\"disputed\":0}]\n"
    );
    let output = control(&["--json", "leases"]).await;
    assert_eq!(
        stdout(&output),
        "[{\"address\":\"192.0.2.9\",\"status\":\"ACTIVE\",\"client_id\":\"01:02\",\"hwaddr\":null,\
         \"expires\":1800000000,\"owner\":\"client\",\"host_name\":\"printer\",\
         \"relay_agent\":\"01:02:0a:0b\",\"dispute\":\"15: no\"}]\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn tables_are_for_people() {
    let output = control(&["leases"]).await;
    let expected = "\
ADDRESS    STATUS  CLIENT ID  HARDWARE ADDRESS  EXPIRES               OWNER   HOST NAME  DISPUTE
192.0.2.9  ACTIVE  01:02      -                 2027-01-15T08:00:00Z  client  printer    15: no
";
    assert_eq!(stdout(&output), expected);
}

#[tokio::test]
async fn commands_say_what_they_did_or_why_not() {
    let output = control(&["partner-down", "--relationship", "lab", "--yes"]).await;
    assert_eq!(stdout(&output), "lab: COMMUNICATIONS-INTERRUPTED -> PARTNER-DOWN\n");
    let output = control(&["pause"]).await;
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), String::new()));
    assert_eq!(stderr(&output), "failoverctl: not now\n");
}

#[test]
fn a_dhcpd_conf_becomes_a_configuration_that_passes_the_check() {
    let directory = tempfile::tempdir().expect("a directory");
    let conf = directory.path().join("dhcpd.conf");
    let statements = "default-lease-time 600;\nallow booting;\n\
                      subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.10 192.0.2.99; }\n";
    std::fs::write(&conf, statements).expect("a file");
    let output = run(CONTROL, &["convert", text(&conf)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let left = format!("not carried over: {}, line 2: allow booting;", conf.display());
    assert!(stderr(&output).contains(&left), "{}", stderr(&output));
    let converted = directory.path().join("converted.toml");
    std::fs::write(&converted, stdout(&output)).expect("a file");
    let checked = run(SERVER, &["check", "--config", text(&converted)]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    assert!(stdout(&checked).contains("192.0.2.0/24: 90 addresses"), "{}", stdout(&checked));
}

#[test]
fn a_file_that_is_no_dhcpd_conf_is_refused_with_its_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let conf = directory.path().join("dhcpd.conf");
    std::fs::write(&conf, "subnet {\n").expect("a file");
    let output = run(CONTROL, &["convert", text(&conf)]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    assert!(stderr(&output).contains("line 2: the file ends"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_dry_run_of_partner_down_says_what_it_would_risk() {
    for flag in ["--dry-run", "--what-if"] {
        let output = control(&["partner-down", flag]).await;
        let text = stdout(&output);
        assert!(text.starts_with("lab: a dry run; nothing was changed\n"), "{text}");
        assert!(text.contains("\n  5 addresses of this server: usable at once\n"), "{text}");
        assert!(text.contains("4 addresses of the partner"), "{text}");
        assert!(text.contains("none can run beyond 2027-01-15T08:00:00Z\n"), "{text}");
    }
    let output = control(&["partner-down", "--dry-run", "--json"]).await;
    assert!(stdout(&output).starts_with("{\"relationship\":\"lab\",\"refused\":null,"));
    let output = control(&["partner-down", "--dry-run", "--force"]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn forced_and_recover_are_orders_of_their_own() {
    assert_eq!(stdout(&control(&["partner-down", "--force"]).await), "forced\n");
    assert_eq!(stdout(&control(&["recover", "--yes"]).await), "recovers\n");
}

/// Runs failoverctl on a terminal on which somebody writes; what is shown there, and the exit code.
async fn at_terminal(arguments: &'static [&'static str], says: &'static str) -> (String, i32) {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("admin.sock");
    let (sender, mut calls) = mpsc::channel::<AdminCall>(1);
    let server = AdminServer::start(&[AdminSocket::private(&socket)], &sender, &Metrics::new())
        .expect("a server");
    tokio::spawn(async move {
        while let Some((request, reply)) = calls.recv().await {
            reply.send(answer(request)).expect("someone waits");
        }
    });
    let played = tokio::task::spawn_blocking(move || {
        let nix::pty::OpenptyResult { master, slave } =
            nix::pty::openpty(None, None).expect("a terminal");
        let end = || Stdio::from(slave.try_clone().expect("a descriptor"));
        let mut command = Command::new(CONTROL);
        command.arg("--server").arg(&socket).args(arguments);
        command.stdin(end()).stdout(end()).stderr(end());
        let mut child = command.spawn().expect("the program runs");
        // So that the terminal ends with the program.
        drop((command, slave));
        let mut person = File::from(master);
        person.write_all(says.as_bytes()).expect("it is written");
        let mut shown = Vec::new();
        // Linux ends a terminal whose other end is closed with an error.
        let _ = person.read_to_end(&mut shown);
        let code = child.wait().expect("it ends").code().expect("an exit code");
        (String::from_utf8(shown).expect("text"), code)
    });
    let played = played.await.expect("a task");
    drop(server);
    played
}

#[tokio::test]
async fn somebody_at_a_terminal_is_asked() {
    let (shown, code) = at_terminal(&["partner-down", "lab"], "y\n").await;
    assert!(shown.contains("lab: this server will serve alone"), "{shown}");
    // The terminal shows the answer, too, sooner or later.
    assert!(shown.contains("\nGo on? [y/N] "), "{shown}");
    assert!(shown.contains("lab: COMMUNICATIONS-INTERRUPTED -> PARTNER-DOWN"), "{shown}");
    assert_eq!(code, 0);
    let (shown, code) = at_terminal(&["partner-down", "lab"], "n\n").await;
    assert!(shown.contains("failoverctl: nothing was changed"), "{shown}");
    assert!(!shown.contains("-> PARTNER-DOWN"), "{shown}");
    assert_eq!(code, 1);
}
