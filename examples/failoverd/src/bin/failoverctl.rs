//! Asks and commands a running `failoverd`.

use clap::{Parser, Subcommand};
use dhcp_failover_lease::LeaseInstant;
use failoverd::admin::{self, AdminRequest, AdminResponse, ClientError, Row};
use failoverd::config::Config;
use failoverd::dhcpd::import::Imported;
use failoverd::dhcpd::leases::LeaseFile;
use failoverd::{decode, dhcpd};
use serde::Serialize;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

/// Ask and command a running failoverd.
#[derive(Debug, Parser)]
#[command(name = "failoverctl")]
struct Arguments {
    /// The server's admin_socket.
    #[arg(long, value_name = "SOCKET", global = true)]
    server: Option<PathBuf>,
    /// The relationship meant; needed for commands when the server has several.
    #[arg(long, value_name = "NAME", global = true)]
    relationship: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Server(ServerCommand),
    Decode(decode::Arguments),
    /// Make a configuration of failoverd from a dhcpd.conf.
    ///
    /// The configuration goes to the standard output; what could not be carried over is told on the
    /// standard error, and stands in the configuration as comments.
    Convert {
        /// The dhcpd.conf; `-` reads the standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Begin a store with the leases of a dhcpd.leases.
    ///
    /// The dhcpd that wrote the file must have been stopped, failoverd not yet been started: the
    /// store of the configuration must be empty. What could not be carried over is told on the
    /// standard error.
    Import {
        /// The configuration of the server that will take over.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Only say what would be imported.
        #[arg(long)]
        dry_run: bool,
        /// The dhcpd.leases; `-` reads the standard input.
        #[arg(value_name = "LEASES")]
        file: PathBuf,
    },
}

/// What a running server is asked or told.
#[derive(Debug, Subcommand)]
enum ServerCommand {
    /// Show the state of each relationship.
    Status,
    /// List the addresses and their leases.
    Leases,
    /// Say whether a client is answered, with which lease, and why.
    #[command(group = clap::ArgGroup::new("client").required(true).multiple(true))]
    Explain {
        /// Its hardware address, such as 02:00:00:00:00:01.
        #[arg(long, value_name = "BYTES", group = "client")]
        hwaddr: Option<String>,
        /// Its client identifier, written in the same way.
        #[arg(long, value_name = "BYTES", group = "client")]
        client_id: Option<String>,
    },
    /// Tell the server that its partner is down.
    PartnerDown {
        /// Only say what that would risk: how many addresses the partner may have leased, and from
        /// when they are usable. Nothing is changed.
        #[arg(long, visible_alias = "what-if", conflicts_with = "force")]
        dry_run: bool,
        /// It is down whatever the server hears of it, and it did not serve alone while this server
        /// was away. If that is wrong, addresses are given to two clients.
        #[arg(long)]
        force: bool,
    },
    /// Have the server fetch everything from its partner anew, and wait, before it serves again.
    Recover,
    /// Stop serving for a while.
    Pause,
    /// Stop serving for long.
    Shutdown,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let command = match &arguments.command {
        Command::Decode(capture) => return show_capture(capture, arguments.json),
        Command::Convert { file } => return finish(convert(file)),
        Command::Import { config, dry_run, file } => {
            return finish(import(config, file, *dry_run));
        }
        Command::Server(command) => command,
    };
    let Some(server) = arguments.server.clone() else {
        let text = "the server's socket is missing: add --server SOCKET, the admin_socket of its \
                    configuration";
        let error = clap::error::ErrorKind::MissingRequiredArgument;
        <Arguments as clap::CommandFactory>::command().error(error, text).exit();
    };
    finish(run(&arguments, command, &server).map_err(|error| error.to_string()))
}

fn finish(result: Result<String, String>) -> ExitCode {
    match result {
        Ok(text) => print(&text),
        Err(error) => {
            eprintln!("failoverctl: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(
    arguments: &Arguments,
    command: &ServerCommand,
    server: &Path,
) -> Result<String, ClientError> {
    let relationship = arguments.relationship.clone();
    let request = match command {
        ServerCommand::Leases => {
            let rows = admin::leases(server, relationship.as_deref())?;
            return rendered(&rows, arguments.json);
        }
        ServerCommand::Status => AdminRequest::Status { relationship },
        ServerCommand::Explain { hwaddr, client_id } => AdminRequest::Explain {
            hwaddr: hwaddr.clone(),
            client_id: client_id.clone(),
            relationship,
        },
        ServerCommand::PartnerDown { dry_run: true, .. } => {
            AdminRequest::PartnerDownRisk { relationship }
        }
        ServerCommand::PartnerDown { force: true, .. } => {
            AdminRequest::ForcePartnerDown { relationship }
        }
        ServerCommand::PartnerDown { .. } => AdminRequest::PartnerDown { relationship },
        ServerCommand::Recover => AdminRequest::Recover { relationship },
        ServerCommand::Pause => AdminRequest::Pause { relationship },
        ServerCommand::Shutdown => AdminRequest::Shutdown { relationship },
    };
    match admin::call(server, &request)? {
        AdminResponse::Status { rows } => rendered(&rows, arguments.json),
        AdminResponse::Leases { rows, .. } => rendered(&rows, arguments.json),
        AdminResponse::Risk { report } if arguments.json => json(&report),
        AdminResponse::Risk { report } => {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            Ok(report.to_text(since.map_or(0, |since| since.as_secs())))
        }
        AdminResponse::Explained { rows } => rendered(&rows, arguments.json),
        AdminResponse::Done { message } if arguments.json => {
            json(&serde_json::json!({ "message": message }))
        }
        AdminResponse::Done { message } => Ok(message + "\n"),
        AdminResponse::Failovers { .. }
        | AdminResponse::Changed(_)
        | AdminResponse::Statistics { .. }
        | AdminResponse::Config { .. }
        | AdminResponse::Differences { .. } => Err(ClientError::Answer(String::new())),
        AdminResponse::Failed(refusal) => Err(ClientError::Refused(refusal)),
    }
}

fn show_capture(arguments: &decode::Arguments, as_json: bool) -> ExitCode {
    let mut out = BufWriter::new(std::io::stdout().lock());
    match decode::run(arguments, as_json, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failoverctl: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let bytes = match file.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()).map(String::into_bytes),
        _ => std::fs::read(file),
    };
    bytes.map_err(|error| format!("cannot read {}: {error}", file.display()))
}

fn convert(file: &Path) -> Result<String, String> {
    let name = file.display();
    let converted = dhcpd::convert::convert(&read(file)?)
        .map_err(|error| format!("{name}, {error}: this is not dhcpd's syntax"))?;
    for left in &converted.left_out {
        eprintln!("failoverctl: not carried over: {name}, {left}");
    }
    Ok(converted.toml)
}

fn import(config: &Path, file: &Path, dry_run: bool) -> Result<String, String> {
    let name = file.display();
    let config = Config::load(config).map_err(|errors| errors.to_string())?;
    let leases = LeaseFile::parse(&read(file)?);
    if leases.leases.is_empty() {
        return Err(format!("{name} holds no lease; is it a dhcpd.leases?"));
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let imported = Imported::new(&config, &leases, LeaseInstant::from_unix_s(now.as_secs()));
    if !dry_run {
        imported.store(&config).map_err(|error| error.to_string())?;
    }
    for left in &imported.left_out {
        eprintln!("failoverctl: not carried over: {name}, {left}");
    }
    Ok(format!("{imported}{}\n", if dry_run { " (not written)" } else { "" }))
}

fn rendered<R: Row + Serialize>(rows: &[R], as_json: bool) -> Result<String, ClientError> {
    if as_json { json(&rows) } else { Ok(admin::render(rows)) }
}

fn json(value: &impl Serialize) -> Result<String, ClientError> {
    let text = serde_json::to_string(value).map_err(|error| ClientError::Answer(error.to_string()));
    text.map(|text| text + "\n")
}

/// A reader that closes early, such as `head`, is no error.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("failoverctl: cannot write the answer: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
