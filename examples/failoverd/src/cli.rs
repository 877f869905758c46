//! The command line of `failoverd`.

use crate::demo::DemoArgs;
use crate::store::StoreFault;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A DHCPv4 server with failover.
#[derive(Debug, Parser)]
#[command(name = "failoverd")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve clients until SIGTERM or SIGINT.
    Run(RunArgs),
    /// Read a configuration and say everything that is wrong with it.
    ///
    /// Also what operators changed while the server ran and the file does not say, out of the store or
    /// from the running server. Nothing is changed.
    Check(CheckArgs),
    /// Show two servers and hundreds of clients living through a failure, on loopback.
    Demo(DemoArgs),
}

/// The arguments of `failoverd run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Take over a wall clock that was set while the server was away, though the machine ran on.
    /// Leases given before then end early (the clock was set forward), or late: a client may keep
    /// an address that is given to another one.
    #[arg(long)]
    pub trust_wall_clock: bool,
    /// Forget what operators changed with failoverctl, and serve as the file says. Scopes that left a
    /// relationship still wait for what the partner may have leased.
    #[arg(long)]
    pub discard_live_changes: bool,
    /// Makes the store misbehave, for tests.
    #[arg(long, value_name = "FAULT", hide = true)]
    pub store_fault: Option<Fault>,
}

/// The arguments of `failoverd check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// The faults a store can be told to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Writes that were not synced are lost when the process dies.
    DropUnsynced,
}

impl From<Fault> for StoreFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::DropUnsynced => Self::DropUnsynced,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_fault_is_accepted_but_not_advertised() {
        let line = ["failoverd", "run", "--config", "x", "--store-fault", "drop-unsynced"];
        let Command::Run(run) = Arguments::try_parse_from(line).unwrap().command else { panic!() };
        assert_eq!(run.store_fault.map(StoreFault::from), Some(StoreFault::DropUnsynced));
        let help = Arguments::command().find_subcommand_mut("run").unwrap().render_help();
        assert!(!help.to_string().contains("fault"));
    }
}
