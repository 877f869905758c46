//! One seed again.

use clap::Args;
use dhcp_failover_sim::runs::{self, complaint};
use dhcp_failover_sim::storm::{Left, Shrunk};
use dhcp_failover_sim::{Regime, Storm, hostile};
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
    /// Makes a run that breaks a rule small (fewer actions, clients and addresses, a plainer setup), and
    /// prints what is left, its log, and the command that shows it again
    #[arg(long, conflicts_with_all = ["trace", "pcap", "only"])]
    shrink: bool,
    /// Runs only what `--shrink` left of it
    #[arg(long, value_name = "WORD")]
    only: Option<Left>,
}

pub(crate) fn replay(arguments: &ReplayArgs) -> ExitCode {
    if arguments.regime == Regime::Hostile {
        return replay_hostile(arguments);
    }
    let storm = match &arguments.only {
        None => Ok(Storm::new(arguments.seed, arguments.regime)),
        Some(left) => Storm::left(arguments.seed, arguments.regime, left),
    };
    match storm {
        Ok(storm) if arguments.shrink => shrink(storm),
        Ok(storm) => show(storm, arguments),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn shrink(mut storm: Storm) -> ExitCode {
    storm.pair.keep_log(false);
    storm.run();
    let Some(small) = Shrunk::of(&storm) else {
        let what = complaint(&storm);
        let why = what.as_deref().unwrap_or("nothing wrong");
        println!("no rule is broken, so there is nothing to make small: {why}");
        return if what.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    let mut again = small.again();
    again.pair.keep_log(true);
    again.run();
    print!("{}", again.pair.log_kept());
    println!("{small}");
    println!("{}", small.command());
    ExitCode::FAILURE
}

fn show(mut storm: Storm, arguments: &ReplayArgs) -> ExitCode {
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

/// A run that breaks a rule ends where it does so, with a panic that says which.
fn replay_hostile(arguments: &ReplayArgs) -> ExitCode {
    if arguments.pcap.is_some() || arguments.shrink || arguments.only.is_some() {
        eprintln!(
            "a hostile run is one server without a wire or actions: leave --pcap, --shrink and --only out"
        );
        return ExitCode::from(2);
    }
    let listener: fn(&str) = |text| println!("{text}");
    let tally = hostile::run_seed(arguments.seed, arguments.trace.then_some(listener));
    println!("{} operations, {} messages understood", tally.operations, tally.read);
    println!("nothing wrong");
    ExitCode::SUCCESS
}
