//! The configuration file: TOML in, one checked [`Config`] out.
//!
//! [`Config::load`] reports every mistake it finds, each with file, position, key, value and remedy.
//! What it returns needs no further checks: addresses are inside their subnets, names resolve,
//! option values are already the bytes of the wire. Relative paths in the file are relative to the
//! directory the file is in.

mod checks;
mod error;
mod export;
mod live;
mod option_table;
mod options;
mod reader;
mod relationship;
mod scope;
mod server;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod windows;
mod write;

pub use error::{ConfigError, ConfigErrors, Position};
pub use live::{Former, Live, LiveError, Related};
/// What a server is called whose configuration has no name for it.
pub const DEFAULT_SERVER_NAME: &str = server::DEFAULT_NAME;
pub use types::{
    Config, Dialect, Group, LogFormat, LogLevel, Mode, Relationship, Reservation, ReservedFor,
    Role, Scope, Secret, Server, StartupPolicy, TimePolicy, Windows,
};

use reader::{Problems, Section};
use std::path::Path;
use toml::de::DeTable;

/// The largest configuration file that is read, in bytes.
const FILE_MAX: u64 = 16 * 1024 * 1024;

impl Config {
    /// Reads and checks the configuration file `file`.
    ///
    /// # Errors
    /// Every mistake found, or the one reason why the file could not be read.
    pub fn load(file: &Path) -> Result<Self, ConfigErrors> {
        let unreadable = |problem: String| {
            ConfigErrors(vec![ConfigError {
                file: file.to_owned(),
                at: None,
                key: String::new(),
                value: None,
                problem,
                remedy: "give the path of a readable TOML file with --config".to_owned(),
            }])
        };
        let length = std::fs::metadata(file)
            .map_err(|error| unreadable(format!("cannot be read: {error}")))?
            .len();
        if length > FILE_MAX {
            return Err(unreadable(format!("has {length} bytes, more than {FILE_MAX}")));
        }
        let text = std::fs::read_to_string(file)
            .map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        Self::parse(file, &text)
    }

    /// Where partners connect to, if nothing else is said.
    pub const DEFAULT_FAILOVER_LISTEN: std::net::SocketAddr = server::DEFAULT_FAILOVER_LISTEN;

    /// Checks `text`, read from `file`; the name serves messages and relative paths only.
    ///
    /// # Errors
    /// Every mistake found; for a text that is not TOML, the mistakes of syntax alone.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let problems = Problems::new(file, text);
        let (document, syntax) = DeTable::parse_recoverable(text);
        for error in &syntax {
            problems.report_syntax(error);
        }
        let config = if syntax.is_empty() {
            read(&Section::root(&problems, &document), &problems, file)
        } else {
            None
        };
        drop(document);
        match (config, problems.into_errors()) {
            (Some(config), None) => Ok(config),
            (_, Some(errors)) => Err(errors),
            (None, None) => unreachable!("a configuration is refused only with a reason"),
        }
    }
}

fn read<'a>(root: &Section<'a>, problems: &Problems<'_>, file: &Path) -> Option<Config> {
    let directory = file.parent().unwrap_or(Path::new(""));
    let server = root
        .require("server", "add a table [server] with the keys store and admin_socket")
        .and_then(|value| value.section("write a table [server]"))
        .and_then(|section| server::read(section, directory));
    let relationships = tables(root, "relationship")
        .into_iter()
        .map(|section| relationship::read(section, directory))
        .collect::<Vec<_>>();
    let names: Vec<&str> = relationships.iter().flat_map(|found| found.name.as_deref()).collect();
    let scopes = tables(root, "scope")
        .into_iter()
        .map(|section| scope::read(section, &names))
        .collect::<Vec<_>>();
    root.report_unknown();
    checks::relationships(problems, server.as_ref(), &relationships);
    checks::scopes(problems, &scopes);
    if problems.any() {
        return None;
    }
    let relationships: Vec<Relationship> =
        relationships.into_iter().filter_map(|found| found.value).collect();
    let mut server = server?.value;
    if server.failover_listen.is_none() && !relationships.is_empty() {
        server.failover_listen = Some(server::DEFAULT_FAILOVER_LISTEN);
    }
    let scopes = scopes.into_iter().filter_map(|found| found.value).collect();
    Some(Config { file: file.to_owned(), server, relationships, scopes })
}

/// The tables of the array `[[name]]`.
fn tables<'a>(root: &Section<'a>, name: &'static str) -> Vec<Section<'a>> {
    let remedy = format!("write each one as a table that starts with [[{name}]]");
    let Some(value) = root.get(name) else { return Vec::new() };
    let items = value.items(&remedy).unwrap_or_default();
    items.iter().filter_map(|item| item.section(&remedy)).collect()
}
