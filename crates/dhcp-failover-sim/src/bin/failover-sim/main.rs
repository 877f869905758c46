//! Runs seeds of the simulator, repeats one, and adds up what runs found.

mod mutants;
mod replay;

use clap::{Args, Parser, Subcommand};
use dhcp_failover_sim::Regime;
use dhcp_failover_sim::runs::{self, Failure, Plan, Report, markdown};
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
#[command(name = "failover-sim", about = "Simulated failover pairs in storms of faults")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs many seeds; fails if any finds something
    Run(RunArgs),
    /// Runs one seed again
    Replay(replay::ReplayArgs),
    /// Runs every seed that ever found something
    Past,
    /// Breaks rules on purpose, one at a time, and counts the seeds until it is seen
    Mutants(mutants::MutantsArgs),
    /// Adds up the figures of runs, written by `run --json`, in one table
    Report {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct RunArgs {
    /// These seeds, the second one not included: 0..1000
    #[arg(long, value_parser = range, required_unless_present = "minutes", conflicts_with = "base")]
    seeds: Option<Range<u64>>,
    /// Fresh seeds for so long, or no longer than that
    #[arg(long)]
    minutes: Option<f64>,
    /// What fresh seeds are derived from: any word, such as a commit
    #[arg(long, default_value = "fresh")]
    base: String,
    /// Only this regime; all of them otherwise
    #[arg(long)]
    regime: Option<Regime>,
    /// Threads; one for each core otherwise
    #[arg(long)]
    threads: Option<usize>,
    /// Prints the figures for `report`
    #[arg(long)]
    json: bool,
}

/// `0..1000`.
fn range(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("write it as 0..1000")?;
    let range = runs::number(from)?..runs::number(to)?;
    if range.is_empty() { Err("there is no seed in it".to_owned()) } else { Ok(range) }
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run(arguments) => run(arguments),
        Command::Replay(arguments) => replay::replay(&arguments),
        Command::Past => past(),
        Command::Mutants(arguments) => mutants::mutants(&arguments),
        Command::Report { files } => report(&files),
    }
}

fn say(failure: &Failure) {
    eprintln!("{}   # {}", failure.command(), failure.what);
}

fn run(arguments: RunArgs) -> ExitCode {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let base = match &arguments.seeds {
        Some(seeds) => seeds.start,
        None => {
            let base = runs::base_of(&arguments.base);
            eprintln!("base {base:#x}, from {}", arguments.base);
            base
        }
    };
    let plan = Plan {
        base,
        seeds: arguments.seeds.map(|seeds| seeds.end - seeds.start),
        regimes: arguments.regime.map_or_else(|| Regime::ALL.to_vec(), |regime| vec![regime]),
        limit: arguments.minutes.map(|minutes| Duration::from_secs_f64(minutes.max(0.0) * 60.0)),
        threads: arguments.threads.unwrap_or_else(cores).max(1),
    };
    finish(&plan.run(say), arguments.json)
}

fn finish(report: &Report, json: bool) -> ExitCode {
    if json {
        match serde_json::to_string_pretty(report) {
            Ok(text) => println!("{text}"),
            Err(error) => {
                eprintln!("failed to write the figures: {error}");
                return ExitCode::FAILURE;
            }
        }
    } else {
        print!("{}", markdown(report));
    }
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn past() -> ExitCode {
    let seeds = match runs::past_seeds() {
        Ok(seeds) => seeds,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let failures: Vec<Failure> =
        seeds.iter().filter_map(|past| runs::run_seed(past.seed, past.regime).1).collect();
    failures.iter().for_each(say);
    println!("{} past seeds, {} failed", seeds.len(), failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(files: &[PathBuf]) -> ExitCode {
    let mut all = Report::default();
    for file in files {
        let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
        match read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
            Ok(one) => all.merge(one),
            Err(error) => {
                eprintln!("failed to read {}: {error}", file.display());
                return ExitCode::FAILURE;
            }
        }
    }
    finish(&all, false)
}
