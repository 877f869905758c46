use super::super::arguments::{Arguments, Command, ServerCommand};
use super::*;
use clap::Parser;
use clap::error::ErrorKind;

fn parse(line: &[&str]) -> Result<ServerCommand, ErrorKind> {
    let words = ["failoverctl"].iter().chain(line);
    let Arguments { command, .. } =
        Arguments::try_parse_from(words).map_err(|error| error.kind())?;
    let Command::Server(command) = command else { panic!("{line:?}") };
    Ok(command)
}

fn add(line: &[&str]) -> Result<AddFailover, ErrorKind> {
    let line = [&["add", "--partner-server", "b"], line].concat();
    let ServerCommand::Add(arguments) = parse(&line)? else { panic!("{line:?}") };
    Ok(arguments.parameters(None).unwrap())
}

fn set(line: &[&str]) -> Result<SetFailover, ErrorKind> {
    let line = [&["set", "a-b"], line].concat();
    let ServerCommand::Set(arguments) = parse(&line)? else { panic!("{line:?}") };
    Ok(arguments.parameters().unwrap())
}

#[test]
fn add_takes_the_parameters_of_the_cmdlet() {
    let line = "SFO-SIN-Failover --scope-id 10.10.10.0,10.20.20.0 --load-balance-percent 70 \
                --max-client-lead-time 2:00:00 --auto-state-transition $True \
                --state-switch-interval 2h";
    let expected = AddFailover {
        name: Some("SFO-SIN-Failover".into()),
        partner_server: Some("b".into()),
        scope_id: vec!["10.10.10.0".into(), "10.20.20.0".into()],
        load_balance_percent: Some(70),
        max_client_lead_time: Some(TimeSpan::from_s(7200)),
        auto_state_transition: Some(true),
        state_switch_interval: Some(TimeSpan::from_s(7200)),
        ..AddFailover::default()
    };
    assert_eq!(add(&line.split(' ').collect::<Vec<_>>()), Ok(expected));
    let line = "--empty --mode hot-standby --reserve-percent 10 --server-role standby \
                --server-type secondary --state-switch-interval 0";
    let expected = AddFailover {
        partner_server: Some("b".into()),
        empty: true,
        mode: Some(ModeName::HotStandby),
        reserve_percent: Some(10),
        server_role: Some(ServerRole::Standby),
        server_type: Some(ServerType::Secondary),
        state_switch_interval: Some(TimeSpan::from_s(0)),
        ..AddFailover::default()
    };
    assert_eq!(add(&line.split_whitespace().collect::<Vec<_>>()), Ok(expected));
}

#[test]
fn add_needs_a_partner_and_scopes_or_empty() {
    assert_eq!(add(&[]), Err(ErrorKind::MissingRequiredArgument));
    assert_eq!(add(&["--empty", "--scope-id", "10.0.0.0"]), Err(ErrorKind::ArgumentConflict));
    assert!(matches!(parse(&["add", "--empty"]), Err(ErrorKind::MissingRequiredArgument)));
}

#[test]
fn what_the_server_judges_is_left_to_the_server() {
    let parameters = add(&["--load-balance-percent", "101", "--scope-id", "fe80::1"]).unwrap();
    assert_eq!(parameters.load_balance_percent, Some(101));
    assert_eq!(parameters.scope_id, ["fe80::1"]);
}

#[test]
fn words_that_mean_nothing_are_wrong_usage() {
    for line in [
        ["--mode", "both"],
        ["--server-role", "idle"],
        ["--max-client-lead-time", "soon"],
        ["--auto-state-transition", "maybe"],
        ["--load-balance-percent", "half"],
        ["--reserve-percent", "4294967296"],
    ] {
        assert_eq!(set(&line), Err(ErrorKind::ValueValidation), "{line:?}");
    }
}

#[test]
fn set_leaves_alone_what_is_not_given() {
    assert_eq!(set(&[]), Ok(SetFailover::default()));
    let expected = SetFailover { shared_secret: Some(None), ..SetFailover::default() };
    assert_eq!(set(&["--no-shared-secret"]), Ok(expected));
    let expected = SetFailover { auto_state_transition: Some(true), ..SetFailover::default() };
    assert_eq!(set(&["--auto-state-transition"]), Ok(expected.clone()));
    assert_eq!(set(&["--auto-state-transition", "on"]), Ok(expected));
    let line = ["--no-shared-secret", "--shared-secret-file", "key"];
    assert_eq!(set(&line), Err(ErrorKind::ArgumentConflict));
}

#[test]
fn secrets_come_from_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key");
    std::fs::write(&file, "sEcReT\n").unwrap();
    let line = ["--empty", "--shared-secret-file", file.to_str().unwrap()];
    let secret = add(&line).unwrap().shared_secret.unwrap();
    assert_eq!(secret.expose(), "sEcReT");
    let secret = set(&line[1..]).unwrap().shared_secret.unwrap().unwrap();
    assert_eq!(secret.expose(), "sEcReT");
}
