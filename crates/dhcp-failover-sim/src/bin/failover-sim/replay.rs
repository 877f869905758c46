//! One seed again.

use clap::Args;
use dhcp_failover_sim::runs::{self, complaint};
use dhcp_failover_sim::{Regime, Storm};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// The seed, as `run` printed it
    #[arg(long, value_parser = runs::number)]
    seed: u64,
    /// Its regime
    #[arg(long, default_value = "honest")]
    regime: Regime,
    /// Prints all that happened in columns: time, server A, the wire, server B
    #[arg(long)]
    trace: bool,
    /// Writes what the servers say to each other into this file, for Wireshark
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
}

pub(crate) fn replay(arguments: &ReplayArgs) -> ExitCode {
    let mut storm = Storm::new(arguments.seed, arguments.regime);
    storm.pair.keep_log(arguments.trace);
    if arguments.pcap.is_some() {
        storm.pair.keep_wire();
    }
    storm.run();
    if let Some((file, wire)) = arguments.pcap.as_ref().zip(storm.pair.wire_kept())
        && let Err(error) = std::fs::write(file, wire)
    {
        eprintln!("failed to write {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    if arguments.trace {
        println!("{:#?}", storm.setup());
        print!("{}", storm.pair.log_kept());
    }
    println!("{} actions, {} events", storm.steps().len(), storm.pair.event_count());
    match complaint(&storm) {
        None => {
            println!("nothing wrong");
            ExitCode::SUCCESS
        }
        Some(what) => {
            println!("first wrong: {what}");
            ExitCode::FAILURE
        }
    }
}
