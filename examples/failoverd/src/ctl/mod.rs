//! `failoverctl`: asks and commands a running server.
//!
//! The commands on relationships have the parameters of Windows' cmdlets and print what those print.
//! What a command destroys it asks about first, with the consequences that the server tells; where
//! nobody can be asked it does nothing.

mod arguments;
mod ask;
mod changes;
mod config;
mod files;
mod generate;
mod orders;
mod output;
mod relationship;
mod secret;
mod session;
mod view;
mod watch;

pub use arguments::Arguments;

use crate::admin::{self, Order};
use crate::decode;
use arguments::{Command, ServerCommand};
use ask::Person;
use clap::{CommandFactory, Parser};
use output::{Answer, Failure};
use session::Session;
use std::io::{BufWriter, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;
use watch::Screen;

/// The program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let outcome = match &arguments.command {
        Command::Decode(capture) => show_capture(capture, arguments.json),
        Command::Convert { file } => files::convert(file).map(Answer::from).map_err(Failure::from),
        Command::Import { config, dry_run, file } => {
            files::import(config, file, *dry_run).map(Answer::from).map_err(Failure::from)
        }
        Command::Completions { shell } => Ok(generate::completions(*shell).into()),
        Command::Man { directory } => generate::man(directory).map(Answer::from),
        Command::Server(command) => match &arguments.server {
            Some(server) => at_server(&arguments, command, server),
            None => {
                let text = "the server's socket is missing: add --server SOCKET, the admin_socket \
                            of its configuration";
                let kind = clap::error::ErrorKind::MissingRequiredArgument;
                return usage(&Arguments::command().error(kind, text));
            }
        },
    };
    match outcome {
        Ok(answer) => answer.print(arguments.json),
        Err(failure) => failure.print(arguments.json),
    }
}

/// What is wrong with the command line, or help that was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    let as_json = std::env::args_os().any(|argument| argument == "--json");
    if !as_json || !error.use_stderr() {
        error.exit();
    }
    // What is wrong may be a list; the usage and a hint follow after an empty line.
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|it| !it.is_empty()).collect();
    let message = lines.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    Failure::usage(message, "failoverctl help says what can be written").print(true)
}

fn at_server(
    arguments: &Arguments,
    command: &ServerCommand,
    server: &Path,
) -> Result<Answer, Failure> {
    let call = |request: &_| admin::call(server, request);
    let (mut says, mut reads) = (std::io::stdin().lock(), std::io::stderr());
    let session = &mut Session {
        server,
        call: &call,
        person: Person::at_terminal(&mut says, &mut reads),
        json: arguments.json,
        relationship: arguments.relationship.as_ref(),
    };
    run(session, command)
}

fn run(session: &mut Session<'_>, command: &ServerCommand) -> Result<Answer, Failure> {
    match command {
        ServerCommand::Status(name) => view::status(session, name),
        ServerCommand::Leases(name) => view::leases(session, name),
        ServerCommand::Explain(client) => view::explain(session, client),
        ServerCommand::Get(arguments) => view::get(session, arguments),
        ServerCommand::Stats(arguments) => view::stats(session, arguments),
        ServerCommand::Config(arguments) => config::config(session, arguments),
        ServerCommand::Watch(arguments) => {
            let mut out = std::io::stdout();
            let is_terminal = out.is_terminal();
            let (now, sleep) = (&SystemTime::now, &std::thread::sleep);
            let screen = &mut Screen { out: &mut out, is_terminal, now, sleep };
            watch::watch(session, arguments, screen)
        }
        ServerCommand::Add(arguments) => changes::add(session, arguments),
        ServerCommand::Set(arguments) => changes::set(session, arguments),
        ServerCommand::Remove(arguments) => changes::remove(session, arguments),
        ServerCommand::AddScope(arguments) => changes::add_scope(session, arguments),
        ServerCommand::SetScope(arguments) => changes::set_scope(session, arguments),
        ServerCommand::RemoveScope(arguments) => changes::remove_scope(session, arguments),
        ServerCommand::PartnerDown(arguments) => orders::partner_down(session, arguments),
        ServerCommand::Recover(it) => orders::other(session, it, Order::Recover),
        ServerCommand::Pause(it) => orders::other(session, it, Order::Pause),
        ServerCommand::Shutdown(it) => orders::other(session, it, Order::Shutdown),
    }
}

fn show_capture(arguments: &decode::Arguments, as_json: bool) -> Result<Answer, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    decode::run(arguments, as_json, &mut out).map_err(|error| error.to_string())?;
    Ok(Answer::default())
}

#[cfg(test)]
mod tests;
