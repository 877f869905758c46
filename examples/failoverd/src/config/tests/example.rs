use super::super::{Config, Dialect, Mode, StartupPolicy};
use std::path::Path;

/// Also checks that each commented default is one: with all comments removed from keys, the example
/// must still be right.
#[test]
fn the_example_in_the_tree_is_right_as_it_stands() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("failoverd.example.toml");
    let config = Config::load(&file).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.scopes.len(), 2);
    let first = &config.scopes[0];
    assert_eq!(first.address_count(), 150 + 1 - 10);
    assert_eq!(config.relationship_of(first).map(|it| it.name.as_str()), Some("building-1"));
    assert_eq!(config.relationship_of(&config.scopes[1]), None);
    let summary = config.summary();
    assert!(summary.contains("relationship \"building-1\": primary, partner 192.0.2.2:647"));
    assert!(summary.contains("scope 198.51.100.0/26: 61 addresses"), "{summary}");
}

/// Keys whose comment says that their value is not the default.
const NOT_DEFAULTS: [&str; 15] = [
    "partner_name",
    "admin_group",
    "reader_socket",
    "reader_group",
    "hash_buckets",
    "metrics_listen",
    "safe_period_s",
    "secret_file",
    "second_secret_file",
    "max_time_difference_s",
    "shared_network",
    "next_server",
    "boot_file",
    "server_identifier",
    "windows",
];

#[test]
fn the_defaults_in_the_comments_of_the_example_are_the_defaults() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("failoverd.example.toml");
    let text = std::fs::read_to_string(&file).expect("the example");
    let mut removed = 0;
    let uncommented: String = text
        .lines()
        .map(|line| {
            let key = line.strip_prefix('#').filter(|rest| {
                let name = rest.split(" = ").next().unwrap_or_default();
                // Of the two percentages, each mode allows one.
                let skipped = NOT_DEFAULTS.contains(&name) || name == "reserve_percent";
                rest.starts_with(|c: char| c.is_ascii_lowercase())
                    && rest.contains(" = ")
                    && !skipped
            });
            removed += usize::from(key.is_some());
            key.unwrap_or(line).to_owned() + "\n"
        })
        .collect();
    assert_eq!(removed, 21);
    assert_eq!(Config::parse(&file, &uncommented), Config::parse(&file, &text));
}

#[test]
fn the_defaults_are_those_of_the_manual() {
    let config =
        super::parse(&format!("{}{}", super::SERVER, super::LAB)).expect("a configuration");
    let server = &config.server;
    assert_eq!(server.dhcp_listen.to_string(), "0.0.0.0:67");
    assert_eq!(server.failover_listen.map(|it| it.to_string()).as_deref(), Some("0.0.0.0:647"));
    assert_eq!(server.store, Path::new("dir/leases.redb"));
    assert!(server.interfaces.is_empty() && server.metrics_listen.is_none());
    let lab = &config.relationships[0];
    assert_eq!(lab.partner.to_string(), "192.0.2.2:647");
    assert_eq!(lab.mode, Mode::LoadBalance { primary_percent: 50 });
    assert_eq!((lab.mclt_s, lab.receive_timer_s, lab.startup_s), (3600, 60, 10));
    assert_eq!((lab.dialect, lab.startup_policy), (Dialect::Auto, StartupPolicy::Wait));
    assert_eq!((lab.safe_period_s, lab.max_unacked_bndupd), (None, 100));
    assert!(lab.secret.is_none());
}

#[test]
fn without_a_relationship_there_is_no_failover_listener() {
    let config = super::parse(super::SERVER).expect("a configuration");
    assert_eq!(config.server.failover_listen, None);
}

/// A refusal without a reason would be a mistake of ours, and a panic.
#[test]
fn every_piece_of_the_example_is_read_or_refused_with_reasons() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("failoverd.example.toml");
    let text = std::fs::read_to_string(&file).expect("the example");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let short = lines.join("\n");
    let mut refused = 0;
    for end in (0..short.len()).filter(|end| short.is_char_boundary(*end)) {
        refused += usize::from(Config::parse(&file, &short[..end]).is_err());
    }
    for skipped in 0..lines.len() {
        let kept: Vec<&str> = [&lines[..skipped], &lines[skipped + 1..]].concat();
        refused += usize::from(Config::parse(&file, &kept.join("\n")).is_err());
    }
    assert!(refused > lines.len() / 4, "{refused} were refused");
}

/// Every value in turn is replaced by one of each type; what counts is that an answer comes back.
#[test]
fn no_value_of_any_type_anywhere_makes_the_reader_panic() {
    let mut count = 0;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("failoverd.example.toml");
    let text = std::fs::read_to_string(&file).expect("the example");
    let lines: Vec<String> =
        text.lines().map(|line| line.trim_start_matches('#').to_owned()).collect();
    let keys = |line: &str| line.split_once(" = ").map(|(key, _)| key.to_owned());
    let lines: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with('[') || keys(line).is_some_and(|key| !key.contains(' ')))
        .collect();
    for (index, line) in lines.iter().enumerate() {
        let Some(key) = keys(line) else { continue };
        for value in
            ["\"\"", "-1", "1.5", "true", "[]", "[1]", "[\"\"]", "{}", "{ a = 1 }", "1979-05-27"]
        {
            let changed = format!("{key} = {value}");
            let all: Vec<&str> = lines
                .iter()
                .enumerate()
                .map(|(at, line)| if at == index { changed.as_str() } else { line.as_str() })
                .collect();
            let _ = Config::parse(&file, &all.join("\n"));
            count += 1;
        }
    }
    assert!(count > 400, "only {count} replacements");
}
