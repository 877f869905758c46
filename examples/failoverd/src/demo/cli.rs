//! The command line of `failoverd demo`.

use std::fmt;
use std::path::PathBuf;

/// What goes wrong in the middle of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// One server is killed (SIGKILL) and restarted.
    Kill,
    /// One server stands still (SIGSTOP) for longer than the receive timer, then goes on.
    Stall,
    /// One server is killed, loses its lease store, and is restarted.
    DiskLoss,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kill => "kill",
            Self::Stall => "stall",
            Self::DiskLoss => "disk-loss",
        })
    }
}

/// Arguments of `failoverd demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoArgs {
    /// What happens to the first server.
    #[arg(long, value_enum, default_value_t = Fault::Kill)]
    pub fault: Fault,
    /// How many clients have a lease before it happens.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(10..=1000))]
    pub clients: u16,
    /// Makes the clients' timing and the choice of ports repeatable.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print one JSON object and nothing else on standard output.
    #[arg(long)]
    pub json: bool,
    /// Write configurations, logs and stores to this directory and keep them.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Shorter leases and waits, for tests.
    #[arg(long, hide = true)]
    pub quick: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        demo: DemoArgs,
    }

    #[test]
    fn every_fault_is_read_by_the_name_it_prints() {
        for fault in [Fault::Kill, Fault::Stall, Fault::DiskLoss] {
            let line = Line::try_parse_from(["demo", "--fault", &fault.to_string()]);
            assert_eq!(line.map(|line| line.demo.fault).ok(), Some(fault));
        }
        assert!(Line::try_parse_from(["demo", "--fault", "flood"]).is_err());
        assert!(Line::try_parse_from(["demo", "--clients", "5"]).is_err());
    }

    #[test]
    fn kills_a_server_of_300_clients_unless_told_otherwise() {
        let line = Line::try_parse_from(["demo"]).expect("no argument is needed");
        assert_eq!((line.demo.fault, line.demo.clients, line.demo.json), (Fault::Kill, 300, false));
    }
}
