//! Every mistake gets its own words, and all of them come at once.

mod example;
mod options;
mod relationships;
mod scopes;
mod server;

use super::{Config, ConfigErrors, Scope};
use std::path::Path;

/// A `[server]` table without mistakes.
const SERVER: &str = "[server]\nstore = \"leases.redb\"\nadmin_socket = \"admin.sock\"\n";
/// A `[[relationship]]` table named lab without mistakes.
const LAB: &str = "[[relationship]]\nname = \"lab\"\nrole = \"primary\"\npartner = \"192.0.2.2\"\n";

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(Path::new("dir/f.toml"), text)
}

/// The mistakes of `text`, one a line, without the name of the file.
fn mistakes(text: &str) -> Vec<String> {
    let errors = parse(text).expect_err("a refused configuration");
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.to_string(), lines.join("\n"));
    lines
        .into_iter()
        .map(|line| line.strip_prefix("dir/f.toml:").expect("the file's name").to_owned())
        .collect()
}

/// The only mistake of a configuration with a good `[server]` followed by `rest`, without position.
fn mistake(rest: &str) -> String {
    let lines = mistakes(&format!("{SERVER}{rest}"));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines[0].splitn(3, ':').nth(2).expect("a position").trim_start().to_owned()
}

/// A `[[scope]]` of 192.0.2.0/24 with more keys.
fn scope_text(keys: &str) -> String {
    format!("[[scope]]\nsubnet = \"192.0.2.0/24\"\nlease_s = 60\n{keys}\n")
}

/// That scope, read.
fn scope(keys: &str) -> Scope {
    let text = format!("{SERVER}{}", scope_text(keys));
    parse(&text).unwrap_or_else(|errors| panic!("{errors}")).scopes.remove(0)
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = "\
[server]
store = 5
lag_level = \"info\"

[[relationship]]
name = \"lab\"
role = \"boss\"

[[scope]]
subnet = \"192.0.2.1/24\"
ranges = [\"192.0.2.9-192.0.2.3\"]
lease_s = 0
relationship = \"lib\"
";
    let expected = [
        "1:1: server.admin_socket: this key is missing; add a path, such as admin_socket = \
         \"/run/failoverd.sock\"",
        "2:9: server.store = 5: this is a whole number, not a string; write the path of a file",
        "3:1: server.lag_level = \"info\": unknown key; did you mean \"log_level\"?",
        "5:1: relationship[0].partner: this key is missing; add the partner's address, such as \
         \"192.0.2.2:647\"",
        "7:8: relationship[0].role = \"boss\": unknown value; write one of \"primary\", \
         \"secondary\"",
        "10:10: scope[0].subnet = \"192.0.2.1/24\": the address has bits outside the prefix; \
         write \"192.0.2.0/24\"",
        "11:11: scope[0].ranges[0] = \"192.0.2.9-192.0.2.3\": the range ends before it begins; \
         write the lower address first: \"192.0.2.3-192.0.2.9\"",
        "12:11: scope[0].lease_s = 0: out of range; write a number of seconds from 1 to 315360000",
        "13:16: scope[0].relationship = \"lib\": there is no relationship with this name; did you \
         mean \"lab\"?",
    ];
    assert_eq!(mistakes(text), expected);
}

#[test]
fn a_mistake_of_syntax_is_told_with_line_and_column() {
    let lines = mistakes("[server]\nstore = \"x\nname = 3\n");
    assert!(lines[0].starts_with("2:"), "{lines:?}");
    assert!(lines[0].contains("not valid TOML"), "{lines:?}");
}

#[test]
fn a_key_given_twice_is_a_mistake() {
    let lines = mistakes("[server]\nstore = \"x\"\nstore = \"y\"\n");
    assert!(lines[0].starts_with("3:1:") && lines[0].contains("duplicate key"), "{lines:?}");
}

#[test]
fn an_empty_file_says_where_to_begin() {
    let expected = "1:1: server: this key is missing; add a table [server] with the keys store and \
                    admin_socket";
    assert_eq!(mistakes(""), [expected]);
}

#[test]
fn a_single_bracket_is_told_from_a_double_one() {
    assert_eq!(
        mistake("[scope]\nsubnet = \"192.0.2.0/24\"\n"),
        "scope = [scope]: this is a table, not an array; write each one as a table that starts \
         with [[scope]]"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let errors = Config::load(Path::new("no/such/file.toml")).expect_err("no file");
    let text = errors.to_string();
    assert!(text.starts_with("no/such/file.toml: cannot be read: No such file"), "{text}");
    let directory = tempfile::tempdir().expect("a directory");
    assert!(Config::load(directory.path()).is_err());
}

#[test]
fn columns_count_characters() {
    let lines = mistakes("[server]\nstore = \"ä\"\nadmin_socket = \"ü\" # é\nname = 4\n");
    assert!(lines[0].starts_with("4:8: server.name = 4"), "{lines:?}");
}
