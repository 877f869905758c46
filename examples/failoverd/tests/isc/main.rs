//! failoverd as the partner of a real ISC dhcpd, in both roles: each scenario in network namespaces of
//! its own, several side by side.
//!
//! Needs root and the Debian packages iproute2, ethtool, tcpdump, tshark and isc-dhcp-server. Without
//! them everything is skipped and says why; with `FAILOVER_REQUIRE_PEERS=1` that fails. A scenario
//! marked "long" runs only with `FAILOVER_LONG=1`. `FAILOVER_JOBS` says how many run at once.

mod capture;
#[path = "../real_clients/client.rs"]
mod client;
mod dhcpd;
#[path = "../lab/mod.rs"]
mod lab;
mod pair;
mod probe;
mod scenarios;
mod script;
mod seeds;
mod wait;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::Instant;

/// So many scenarios at once, unless told otherwise: they wait more than they work.
const JOBS: usize = 6;

/// Told in namespaces with this label, with its files in this directory.
type Story = Box<dyn Fn(&str, &std::path::Path) + Send + Sync>;

/// One story with its name.
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// Too long for every run.
    pub(crate) long: bool,
    pub(crate) run: Story,
}

fn missing() -> Option<String> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !is_root {
        return Some("this user is not root".to_owned());
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &str| std::env::split_paths(&paths).any(|path| path.join(name).is_file());
    let needed = [
        "ip", "ethtool", "tcpdump", "tshark", "dhcpd", "omshell", "faketime", "dhclient", "udhcpc",
        "perfdhcp",
    ];
    let absent: Vec<_> = needed.into_iter().filter(|name| !found(name)).collect();
    (!absent.is_empty()).then(|| format!("not installed: {}", absent.join(", ")))
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let all = scenarios::all();
    if words.iter().any(|word| word == "--list") {
        all.iter().for_each(|scenario| println!("{}: test", scenario.name));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let exact = words.iter().any(|word| word == "--exact");
    let matches = |name: &str| {
        let fits = |filter: &&String| if exact { name == **filter } else { name.contains(*filter) };
        filters.is_empty() || filters.iter().any(fits)
    };
    let long = is_set("FAILOVER_LONG");
    let (chosen, left): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|scenario| matches(&scenario.name) && (long || !scenario.long));
    println!("\nrunning {} tests", chosen.len());
    let missing = if chosen.is_empty() { None } else { missing() };
    if let Some(reason) = missing {
        let failed = is_set("FAILOVER_REQUIRE_PEERS");
        let verdict = if failed { "FAILED: FAILOVER_REQUIRE_PEERS=1, but" } else { "skipped:" };
        chosen
            .iter()
            .for_each(|scenario| println!("test {} ... {verdict} {reason}", scenario.name));
        return if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let failed = run_all(&chosen);
    println!(
        "\ntest result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out\n",
        if failed == 0 { "ok" } else { "FAILED" },
        chosen.len() - failed,
        left.len()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs them side by side and returns how many failed.
fn run_all(chosen: &[Scenario]) -> usize {
    let jobs = std::env::var("FAILOVER_JOBS").ok().and_then(|text| text.parse().ok());
    let next = Mutex::new(chosen.iter().enumerate());
    let failed = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..jobs.unwrap_or(JOBS) {
            scope.spawn(|| {
                loop {
                    let Some((number, scenario)) = next.lock().expect("no panic").next() else {
                        return;
                    };
                    let passed = run(number, scenario);
                    *failed.lock().expect("no panic") += usize::from(!passed);
                }
            });
        }
    });
    failed.into_inner().expect("no panic")
}

fn run(number: usize, scenario: &Scenario) -> bool {
    let directory = tempfile::Builder::new().prefix("dfo-").tempdir().expect("a directory");
    let start = Instant::now();
    let label = format!("{number}");
    let story = || (scenario.run)(&label, directory.path());
    let passed = catch_unwind(AssertUnwindSafe(story)).is_ok();
    let verdict = if passed { "ok" } else { "FAILED" };
    println!("test {} ... {verdict}, {:.1} s", scenario.name, start.elapsed().as_secs_f64());
    if !passed && is_set("FAILOVER_KEEP") {
        println!("    files of {} are in {}", scenario.name, directory.keep().display());
    }
    passed
}
