//! Random storms: in the honest regime nothing may ever go wrong, and after every storm all is well.

use dhcp_failover_sim::runs::{self, Plan, complaint};
use dhcp_failover_sim::{DoubledCounts, Regime, Storm};

/// How many seeds, unless `DHCP_FAILOVER_SIM_SEEDS` says otherwise; `DHCP_FAILOVER_SIM_SEED` (hex)
/// runs one.
const SEEDS: u64 = 15;

/// Runs a seed again, with a log, to say what is wrong with it.
fn shown(seed: u64, regime: Regime) -> String {
    let mut storm = Storm::new(seed, regime);
    storm.run();
    format!("{}\n{:?}", storm.pair.log_text(), complaint(&storm))
}

fn many(regime: Regime) {
    let number = |name: &str, radix| {
        std::env::var(name).ok().and_then(|text| u64::from_str_radix(&text, radix).ok())
    };
    let one = number("DHCP_FAILOVER_SIM_SEED", 16);
    let seeds = match one {
        Some(_) => 1,
        None => number("DHCP_FAILOVER_SIM_SEEDS", 10).unwrap_or(SEEDS),
    };
    let plan = Plan {
        base: one.unwrap_or(0),
        seeds: Some(seeds),
        regimes: vec![regime],
        limit: None,
        threads: 1,
    };
    let report = plan.run(|_| ());
    if let Some(first) = report.failures.first() {
        panic!("{}\n{first:?}\nagain: {}", shown(first.seed, regime), first.command());
    }
    let total = report.total();
    assert_eq!(total.seeds, seeds);
    println!("{seeds} seeds, {} events, {:?}", total.events, total.actions);
}

#[test]
fn honest_storms_break_no_rule() {
    many(Regime::Honest);
}

#[test]
fn other_storms_leave_nothing_stuck() {
    many(Regime::Unsafe);
}

/// The same seeds, the same figures, on however many threads.
#[test]
fn a_run_is_the_same_on_any_number_of_threads() {
    let plan = |threads| Plan {
        base: 100,
        seeds: Some(6),
        regimes: Regime::ALL.to_vec(),
        limit: None,
        threads,
    };
    let [mut one, three] = [1, 3].map(|threads| plan(threads).run(|_| ()));
    assert_eq!(one.regimes, three.regimes);
    assert_eq!(one.total().seeds, 6 * Regime::ALL.len() as u64);
    let events = one.total().events;
    one.merge(three);
    assert_eq!(one.total().events, 2 * events);
}

#[test]
fn seeds_that_found_something_find_nothing_any_more() {
    for past in runs::past_seeds().expect("the file can be read") {
        let failure = runs::run_seed(past.seed, past.regime).1;
        assert_eq!(failure, None, "{}", shown(past.seed, past.regime));
    }
}

/// Every kind of action is done at some time, for a fault that never happens proves nothing.
#[test]
fn storms_do_everything_there_is() {
    const KINDS: usize = 53;
    let mut done = std::collections::BTreeMap::new();
    for seed in 0.. {
        for regime in Regime::ALL.into_iter().filter(|it| *it != Regime::Hostile) {
            let mut storm = Storm::new(seed, regime);
            storm.rage();
            for (kind, count) in storm.actions() {
                *done.entry(*kind).or_insert(0) += count.done;
            }
        }
        let seen = done.values().filter(|count| **count > 0).count();
        assert!(seed < 1_000, "only {seen} kinds: {done:?}");
        if seen == KINDS {
            break;
        }
    }
}

/// With a dhcpd or a Windows server in the other place, what ours says and does keeps the rules.
#[test]
fn dialect_storms_break_no_rule_of_ours() {
    many(Regime::Dialect);
}

/// A run is its setup and its steps: the same again, without the seed.
#[test]
fn a_storm_can_be_had_again_from_what_was_recorded() {
    for seed in [1, 3] {
        let mut first = Storm::new(seed, Regime::Honest);
        first.pair.record_trace();
        first.run();
        let (setup, steps) = (first.setup().clone(), first.steps().to_vec());
        let mut again = Storm::again(setup, Regime::Honest, steps);
        again.pair.record_trace();
        again.run();
        assert!(first.pair.trace().len() > 100);
        assert_eq!(first.pair.trace(), again.pair.trace(), "seed {seed}");
        assert_eq!(first.actions(), again.actions());
    }
}

/// S14: where an address went to two clients and the servers have the records of both, they find that
/// out, report it, and keep one.
#[test]
fn s14_other_storms_resolve_every_double_lease_they_know_of() {
    let all: Vec<_> = (0..SEEDS)
        .map(|seed| {
            let mut storm = Storm::new(seed, Regime::Unsafe);
            storm.run();
            storm.pair.doubled_counts()
        })
        .collect();
    let sum = |of: fn(&DoubledCounts) -> u64| all.iter().map(of).sum::<u64>();
    assert_eq!(sum(|counts| counts.survived), sum(|counts| counts.resolved), "{all:?}");
}
