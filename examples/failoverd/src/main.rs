//! A DHCPv4 server with failover.

use clap::Parser;
use failoverd::check::{self, CheckError};
use failoverd::cli::{Arguments, CheckArgs, Command, RunArgs};
use failoverd::config::Config;
use failoverd::logging;
use failoverd::services::Services;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run(arguments) => run(arguments),
        Command::Check(arguments) => check_file(&arguments),
        Command::Demo(arguments) => failoverd::demo::main(&arguments),
    }
}

/// Prints what is wrong with a configuration.
fn load(file: &Path) -> Result<Config, ExitCode> {
    Config::load(file).map_err(|errors| {
        eprintln!("{errors}");
        ExitCode::FAILURE
    })
}

fn check_file(arguments: &CheckArgs) -> ExitCode {
    match load(&arguments.config) {
        Ok(config) => {
            println!("ok\n{}", config.summary());
            check_live(&config)
        }
        Err(code) => code,
    }
}

/// Prints what is in force beside the file. That nobody can say so makes the file no worse.
fn check_live(config: &Config) -> ExitCode {
    match check::live_differences(config) {
        Ok(differences) => print!("{}", differences.to_text(config)),
        Err(error @ CheckError::Contradiction(_)) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
        Err(error) => eprintln!("what operators changed was not looked at: {error}"),
    }
    ExitCode::SUCCESS
}

fn run(arguments: RunArgs) -> ExitCode {
    let config = match load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    logging::start(config.server.log_level, config.server.log_format);
    match serve(config, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config, arguments: &RunArgs) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let services = Services::start(
            config,
            arguments.store_fault.map(Into::into),
            arguments.discard_live_changes,
        )
        .await?;
        Ok(failoverd::core::run(services, arguments.trust_wall_clock).await?)
    })
}
