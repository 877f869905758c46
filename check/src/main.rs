//! An exhaustive exploration of two real endpoints. See README.md.

#[cfg(test)]
mod agreement;
mod canonical;
mod model;
mod names;
mod server;
mod spread;
mod steps;
mod story;
#[cfg(test)]
mod tests;
mod world;

use dhcp_failover_proto::State;
use model::Pair;
use stateright::{Checker, Expectation, Model};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;
use story::Beginning;
use world::{Budget, Mutant, Setup};

const USAGE: &str = "usage: dhcp-failover-check [--addresses N] [--requests N] [--crashes A,B] \
    [--partitions N] [--orders N] [--leaves A,B] [--slow-steps N] [--states N] [--depth N] [--threads N] [--spread N] \
    [--from new|normal|alone|both-alone] [--reaches STATE,STATE...] [--mutant \
    early-sync|clients-hold-on|ignore-mclt, or one of MUTANTS.md in a build that has them]";

struct Options {
    setup: Setup,
    states: usize,
    depth: usize,
    threads: usize,
    /// Instead of exploring all, tell what makes so many states different.
    spread: usize,
    /// States that must be reached.
    reaches: Vec<State>,
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number that fits here"))
}

/// One for each server.
fn two_numbers(word: &str, text: &str) -> Result<[u8; 2], String> {
    let (a, b) = text.split_once(',').ok_or_else(|| format!("{word} needs two numbers: A,B"))?;
    Ok([number(a)?, number(b)?])
}

fn state(name: &str) -> Result<State, String> {
    let found = State::ALL.into_iter().find(|state| state.name() == name);
    found.ok_or_else(|| format!("there is no state {name}"))
}

/// Breaks a rule in the endpoints themselves, where the build allows it.
#[cfg(failover_mutants)]
fn break_endpoints(name: &str) -> Result<Mutant, String> {
    use dhcp_failover_proto::lease::Mutant as Rule;
    let found = Rule::ALL.iter().find(|(rule, _)| format!("{rule:?}") == name);
    found.ok_or_else(|| format!("there is no mutant {name}"))?.0.switch_on();
    Ok(Mutant::None)
}

#[cfg(not(failover_mutants))]
fn break_endpoints(name: &str) -> Result<Mutant, String> {
    Err(format!("there is no mutant {name} in a build without --cfg failover_mutants"))
}

fn options() -> Result<Options, String> {
    let budget =
        Budget { crashes: [0, 0], partitions: 0, orders: 0, leaves: [0, 0], slow_steps: 0 };
    let setup = Setup {
        addresses: 1,
        requests: 1,
        budget,
        mutant: Mutant::None,
        beginning: Beginning::New,
    };
    let mut options = Options {
        setup,
        states: usize::MAX,
        depth: usize::MAX,
        threads: 1,
        spread: 0,
        reaches: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let setup = &mut options.setup;
        match word.as_str() {
            "--addresses" => setup.addresses = number(&value)?,
            "--requests" => setup.requests = number(&value)?,
            "--crashes" => setup.budget.crashes = two_numbers(&word, &value)?,
            "--leaves" => setup.budget.leaves = two_numbers(&word, &value)?,
            "--partitions" => setup.budget.partitions = number(&value)?,
            "--orders" => setup.budget.orders = number(&value)?,
            "--slow-steps" => setup.budget.slow_steps = number(&value)?,
            "--spread" => options.spread = number(&value)?,
            "--states" => options.states = number(&value)?,
            "--depth" => options.depth = number(&value)?,
            "--threads" => options.threads = number(&value)?,
            "--from" => {
                let beginning = Beginning::named(&value);
                setup.beginning = beginning.ok_or(format!("there is no beginning {value}"))?;
            }
            "--reaches" => {
                options.reaches = value.split(',').map(state).collect::<Result<_, _>>()?;
            }
            "--mutant" => {
                setup.mutant = match value.as_str() {
                    "early-sync" => Mutant::EarlySync,
                    "clients-hold-on" => Mutant::ClientsHoldOn,
                    "ignore-mclt" => Mutant::IgnoreMclt,
                    _ => break_endpoints(&value)?,
                }
            }
            _ => return Err(format!("there is no option {word}")),
        }
    }
    Ok(options)
}

fn explore(options: &Options, depth: usize) -> impl Checker<Pair> + use<> {
    let builder = Pair::new(options.setup)
        .checker()
        .threads(options.threads)
        .target_state_count(options.states)
        .target_max_depth(depth)
        .finish_when(stateright::HasDiscoveries::AnyFailures);
    builder.spawn_bfs().join()
}

fn broken(checker: &impl Checker<Pair>) -> Option<&'static str> {
    let properties = checker.model().properties();
    let always = properties.iter().filter(|it| it.expectation == Expectation::Always);
    always.map(|it| it.name).find(|name| checker.discovery(name).is_some())
}

/// The checker tells of some counterexample, not of the shortest: that is found by looking again,
/// one step further each time.
fn tell_shortest(options: &Options) {
    for depth in 2.. {
        let checker = explore(options, depth);
        let Some(name) = broken(&checker) else { continue };
        let Some(path) = checker.discovery(name) else { continue };
        let end = path.last_state().broken.clone();
        println!("{name} is broken after {} steps:", path.clone().into_actions().len());
        for (state, action) in path.into_vec() {
            println!("  {}", model::line(&state, action.as_ref()));
        }
        println!("  {}", end.map_or(String::new(), |(_, text)| text));
        return;
    }
}

/// Which states were seen, and in how many pairs.
fn tell_states(pair: &Pair) {
    let mut pairs = 0;
    for (state, seen) in State::ALL.iter().zip(&pair.seen) {
        let seen = seen.load(Ordering::Relaxed);
        pairs += (seen & 0xfff).count_ones();
        println!("  {:27} {}", state.name(), if seen == 0 { "-" } else { "reached" });
    }
    println!("  {pairs} pairs of states");
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    println!("{:?}", options.setup);
    if options.spread > 0 {
        spread::tell(&Pair::new(options.setup), options.spread);
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    let checker = explore(&options, options.depth);
    println!(
        "{} unique states, {} visited, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begun.elapsed().as_secs_f64()
    );
    tell_states(checker.model());
    if broken(&checker).is_some() {
        tell_shortest(&options);
        return ExitCode::FAILURE;
    }
    let missed: Vec<_> =
        options.reaches.iter().filter(|it| !checker.model().reached(**it)).collect();
    if !missed.is_empty() {
        println!("never reached: {missed:?}");
        return ExitCode::FAILURE;
    }
    if checker.state_count() >= options.states || checker.max_depth() >= options.depth {
        println!("NOT exhaustive: stopped at a bound; nothing was broken up to it");
    } else {
        println!("exhaustive within these bounds: nothing is broken");
    }
    ExitCode::SUCCESS
}
