//! `failoverd demo`: two servers, hundreds of clients, one failure, and a verdict.
//!
//! The demo runs two real servers as child processes on loopback, drives simulated clients through
//! a relay agent over UDP, makes one server fail in mid traffic, brings it back, and then judges what
//! the clients were told against what both servers know.
//!
//! - [`client`], [`fleet`], [`packet`], [`ledger`]: the clients, and what they were told;
//! - [`checker`]: the verdict, a pure function;
//! - [`process`], [`pair`], [`remote`], [`watch`]: the servers, and what they say;
//! - `story`, [`pace`], [`timeline`]: the plot, its times, and how it is told;
//! - `verdict`, [`report`]: the questions, and the answers for people and for programs.

pub mod checker;
pub mod cli;
pub mod client;
pub mod fleet;
pub mod ledger;
pub mod pace;
pub mod packet;
pub mod pair;
pub mod process;
pub mod random;
pub mod remote;
pub mod report;
mod story;
pub mod timeline;
mod verdict;
pub mod watch;

pub use cli::{DemoArgs, Fault};

use random::Random;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use story::Story;
use timeline::{Timeline, Tone};

/// Runs the demo; the exit code is 0 only if every check passed.
pub fn main(args: &DemoArgs) -> ExitCode {
    let seed = args.seed.unwrap_or_else(Random::fresh_seed);
    let timeline = Arc::new(Timeline::new(!args.json));
    let interrupted = watch_for_signals();
    timeline.line(
        Tone::Strong,
        &format!("failoverd demo: fault {}, {} clients, seed {seed}", args.fault, args.clients),
    );
    let report = Story::new(args, seed, &timeline, interrupted).and_then(|mut story| {
        let outcome = story.play();
        story.end(outcome)
    });
    match report {
        Ok(report) => {
            report.print(&timeline, args.json);
            if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("failed to run the demo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A flag that is raised by SIGINT and SIGTERM, so that the demo ends its servers first.
fn watch_for_signals() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    std::thread::spawn(move || {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            raised.store(true, Ordering::Relaxed);
        });
    });
    flag
}
