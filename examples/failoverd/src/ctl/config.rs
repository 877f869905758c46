//! `config`: what is in force, and what the file of the server says.

use super::output::{Answer, Failure, json};
use super::session::{Session, unexpected};
use crate::admin::{AdminRequest, AdminResponse};
use clap::{Args, Subcommand};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// `config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Write the configuration in force as a file for failoverd.
    ///
    /// It is the server's file with what was changed while the server ran: comments and order are kept.
    /// A secret that was set so is not in it; the file it belongs into is named.
    Export(ExportArgs),
    /// Show what is in force and not what the file says now, one line each.
    Diff {
        /// Exit with code 1 if there are differences, as without it only where something fails.
        #[arg(long)]
        exit_code: bool,
    },
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// Where to write it; to the standard output unless given.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, visible_alias = "yes", requires = "output")]
    force: bool,
}

pub(super) fn config(session: &Session<'_>, arguments: &ConfigArgs) -> Result<Answer, Failure> {
    match &arguments.command {
        ConfigCommand::Export(arguments) => export(session, arguments),
        ConfigCommand::Diff { exit_code } => diff(session, *exit_code),
    }
}

fn export(session: &Session<'_>, arguments: &ExportArgs) -> Result<Answer, Failure> {
    let toml = match session.call(&AdminRequest::ExportConfig)? {
        AdminResponse::Config { toml } => toml,
        other => return Err(unexpected(&other)),
    };
    let Some(file) = &arguments.output else {
        let text = if session.json { json(&serde_json::json!({ "toml": toml })) } else { toml };
        return Ok(text.into());
    };
    write(file, &toml, arguments.force)?;
    let text = format!("the configuration in force is written to {}", file.display());
    Ok(Answer::message(&text, session.json))
}

/// Writes a file of its owner's only, as a whole or not at all.
fn write(file: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{} is there already; add --force to replace it", file.display())
        }
        _ => format!("cannot write {}: {error}", file.display()),
    };
    // What is replaced is the server's own configuration, perhaps.
    let mut place = file.as_os_str().to_owned();
    if replace {
        place.push(".new");
    }
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if replace {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.open(&place).and_then(|mut to| {
        to.write_all(text.as_bytes())?;
        to.sync_all()
    });
    written
        .and_then(|()| if replace { std::fs::rename(&place, file) } else { Ok(()) })
        .map_err(failed)?;
    Ok(())
}

fn diff(session: &Session<'_>, exit_code: bool) -> Result<Answer, Failure> {
    let lines = match session.call(&AdminRequest::ConfigDifferences)? {
        AdminResponse::Differences { lines } => lines,
        other => return Err(unexpected(&other)),
    };
    let text = if session.json {
        json(&serde_json::json!({ "differences": lines }))
    } else {
        lines.iter().map(|line| format!("{line}\n")).collect()
    };
    Ok(Answer { code: u8::from(exit_code && !lines.is_empty()), ..text.into() })
}
