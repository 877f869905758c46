//! `failoverd check`: what a configuration file does not say of what is in force.

use crate::admin::{self, AdminRequest, AdminResponse, ClientError};
use crate::config::{Config, Live, LiveError};
use crate::store::{RedbStore, StoreError};

/// Why it is not known what operators changed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What it holds cannot be read.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The server that has the store does not say.
    #[error("the store is in use, and its server does not say what was changed: {0}")]
    Server(ClientError),
    /// The file contradicts what is in the store: a server would not start.
    #[error(transparent)]
    Contradiction(LiveError),
}

/// What operators changed while the server ran and a file does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences {
    /// One for each difference.
    pub lines: Vec<String>,
    /// Which file that is, in words.
    file: &'static str,
}

/// The differences, out of the store, or from the server that has it. A store that is not there is not
/// made.
///
/// # Errors
/// When nobody can say, and [`CheckError::Contradiction`].
pub fn live_differences(config: &Config) -> Result<Differences, CheckError> {
    let record = match RedbStore::live_record(&config.server.store) {
        Err(StoreError::InUse { .. }) => return of_running_server(config),
        record => record?,
    };
    let mut lines = Vec::new();
    if let Some(record) = record {
        let live = Live::decode(&record)?;
        live.apply(config).map_err(CheckError::Contradiction)?;
        lines = live.differences(config);
    }
    Ok(Differences { lines, file: "this file" })
}

/// The server compares with the file it was started with. That is another one where somebody checks
/// what it exported, which has no differences.
fn of_running_server(config: &Config) -> Result<Differences, CheckError> {
    let ask = |request: &AdminRequest| admin::call(&config.server.admin_socket, request);
    let unexpected = |other| ClientError::Answer(format!("{other:?}"));
    let mut lines = match ask(&AdminRequest::ConfigDifferences).map_err(CheckError::Server)? {
        AdminResponse::Differences { lines } => lines,
        other => return Err(CheckError::Server(unexpected(other))),
    };
    if !lines.is_empty()
        && let Ok(AdminResponse::Config { toml }) = ask(&AdminRequest::ExportConfig)
        && std::fs::read_to_string(&config.file).is_ok_and(|text| text == toml)
    {
        lines.clear();
    }
    Ok(Differences { lines, file: "the file it was started with" })
}

impl Differences {
    /// For whoever checks the file; nothing if there are none.
    pub fn to_text(&self, config: &Config) -> String {
        let Self { lines, file } = self;
        if lines.is_empty() {
            return String::new();
        }
        let socket = config.server.admin_socket.display();
        let mut text = format!(
            "what operators changed while the server ran is in force, and not in {file}; \
             `failoverctl --server {socket} config export` writes one that says it:\n"
        );
        for line in lines {
            text += &format!("  {line}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LeaseStore, Write};
    use std::path::Path;

    const FILE: &str = "[server]\ninterfaces = [\"lo\"]\nstore = \"s.redb\"\nadmin_socket = \"s\"\n\n\
                        [[scope]]\nsubnet = \"192.0.2.0/24\"\nranges = [\"192.0.2.9-192.0.2.99\"]\n\
                        lease_s = 3600\n";

    fn config(directory: &Path) -> Config {
        Config::parse(&directory.join("f.toml"), FILE).unwrap()
    }

    fn store_with(config: &Config, live: &Live) {
        let mut store = RedbStore::open(&config.server.store, None).unwrap();
        store.commit(&[Write::Live { record: live.encode().unwrap() }]).unwrap();
    }

    #[test]
    fn a_store_that_is_not_there_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        assert_eq!(live_differences(&config).unwrap().lines, Vec::<String>::new());
        assert!(!config.server.store.exists());
    }

    #[test]
    fn what_the_store_has_and_the_file_has_not_is_told_with_a_remedy() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        drop(RedbStore::open(&config.server.store, None).unwrap());
        assert!(
            live_differences(&config).unwrap().lines.is_empty(),
            "a store without live changes"
        );
        let related = FILE.to_owned()
            + "relationship = \"a-b\"\n[[relationship]]\nname = \"a-b\"\nrole = \"primary\"\n\
               partner = \"192.0.2.2\"\n";
        let with = Config::parse(&directory.path().join("g.toml"), &related).unwrap();
        let mut live = Live::default();
        live.set_relationship(&config, "a-b", with.relationships.first().cloned());
        live.set_scopes(&config, [with.scopes[0].subnet], Some("a-b"));
        store_with(&config, &live);
        let differences = live_differences(&config).unwrap();
        assert_eq!(differences.lines.len(), 2, "{differences:?}");
        let text = differences.to_text(&config);
        assert!(text.contains("config export` writes one"), "{text}");
        assert!(text.contains("\n  relationship \"a-b\": added while the server ran\n"), "{text}");
        let none = live_differences(&with).unwrap();
        assert!(none.lines.is_empty(), "the other file says it");
        assert_eq!(none.to_text(&with), "");
    }

    #[test]
    fn a_file_that_contradicts_the_store_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        let mut live = Live::default();
        live.set_scopes(&config, [config.scopes[0].subnet], Some("gone"));
        store_with(&config, &live);
        let outcome = live_differences(&config);
        assert!(matches!(outcome, Err(CheckError::Contradiction(_))), "{outcome:?}");
    }

    #[test]
    fn a_store_in_use_whose_server_does_not_answer_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        let _held = RedbStore::open(&config.server.store, None).unwrap();
        let outcome = live_differences(&config);
        assert!(matches!(outcome, Err(CheckError::Server(_))), "{outcome:?}");
    }
}
