//! One seed again.

use clap::Args;
use dhcp_failover_sim::runs::{self, complaint};
use dhcp_failover_sim::{Regime, Storm};
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
}

pub(crate) fn replay(arguments: &ReplayArgs) -> ExitCode {
    let mut storm = Storm::new(arguments.seed, arguments.regime);
    storm.pair.keep_log(arguments.trace);
    storm.run();
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
