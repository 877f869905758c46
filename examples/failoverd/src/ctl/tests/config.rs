//! `config`.

use super::*;
use std::os::unix::fs::PermissionsExt;

fn differs(request: &AdminRequest) -> AdminResponse {
    match request {
        AdminRequest::ExportConfig => AdminResponse::Config { toml: "a = 1\n".into() },
        AdminRequest::ConfigDifferences => {
            AdminResponse::Differences { lines: vec!["one".into(), "two".into()] }
        }
        other => server(other),
    }
}

fn same(request: &AdminRequest) -> AdminResponse {
    match request {
        AdminRequest::ConfigDifferences => AdminResponse::Differences { lines: Vec::new() },
        other => differs(other),
    }
}

#[test]
fn an_export_goes_to_the_output() {
    assert_eq!(play_with("config export", None, differs).text(), "a = 1\n");
    let json = play_with("config export --json", None, differs);
    assert_eq!(json.text(), "{\"toml\":\"a = 1\\n\"}\n");
}

#[test]
fn an_export_replaces_a_file_only_by_force() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("f.toml");
    let line = format!("config export --output {}", file.display());
    let text = || std::fs::read_to_string(&file).unwrap();
    assert!(play_with(&line, None, differs).text().contains("is written to"));
    assert_eq!(text(), "a = 1\n");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&file, "mine").unwrap();
    let (why, _) = play_with(&line, None, differs).refused();
    assert!(why.contains("is there already; add --force"), "{why}");
    assert_eq!(text(), "mine");
    assert!(play_with(&format!("{line} --force"), None, differs).outcome.is_ok());
    assert_eq!(text(), "a = 1\n");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left over");
    let nowhere = format!("{line}/no/such");
    assert!(play_with(&nowhere, None, differs).refused().0.contains("cannot write"));
}

#[test]
fn differences_are_a_line_each_and_an_exit_code_if_that_is_wanted() {
    let code = |line, server: fn(&AdminRequest) -> AdminResponse| {
        let played = play_with(line, None, server);
        (played.text().to_owned(), played.outcome.unwrap().code)
    };
    assert_eq!(code("config diff", differs), ("one\ntwo\n".into(), 0));
    assert_eq!(code("config diff --exit-code", differs), ("one\ntwo\n".into(), 1));
    assert_eq!(code("config diff --exit-code", same), (String::new(), 0));
    assert_eq!(code("config diff --json", same), ("{\"differences\":[]}\n".into(), 0));
}
