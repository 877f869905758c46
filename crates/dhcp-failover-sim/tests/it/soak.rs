//! Random storms: in the honest regime nothing may ever go wrong, and after every storm all is well.

use dhcp_failover_proto::Event;
use dhcp_failover_sim::{DoubledCounts, Host, Regime, Storm};

/// How many seeds, unless `DHCP_FAILOVER_SIM_SEEDS` says otherwise; `DHCP_FAILOVER_SIM_SEED` (hex)
/// runs one.
const SEEDS: u64 = 40;

fn one(seed: u64, regime: Regime, test: &str) -> Storm {
    let mut storm = Storm::new(seed, regime);
    storm.run();
    if let Some(first) = storm.broken() {
        panic!(
            "{}\nfirst broken: {first}\nagain: DHCP_FAILOVER_SIM_SEED={seed:x} cargo test \
             -p dhcp-failover-sim --test it {test}",
            storm.pair.log_text()
        );
    }
    // No storm brings an old copy back, so nobody may take a store for one (isc-S14).
    let alarm = |event: &Event| matches!(event, Event::OldStore { .. });
    for host in Host::BOTH {
        let first = storm.pair.events_of(host).find(|(_, event)| alarm(event));
        assert_eq!(first, None, "seed {seed:x}: {}", storm.pair.log_text());
    }
    storm
}

fn many(regime: Regime, test: &str) {
    let number = |name: &str, radix| {
        std::env::var(name).ok().and_then(|text| u64::from_str_radix(&text, radix).ok())
    };
    if let Some(seed) = number("DHCP_FAILOVER_SIM_SEED", 16) {
        one(seed, regime, test);
        return;
    }
    let seeds = number("DHCP_FAILOVER_SIM_SEEDS", 10).unwrap_or(SEEDS);
    let faults: usize = (0..seeds).map(|seed| one(seed, regime, test).steps().len()).sum();
    println!("{seeds} seeds, {faults} actions");
}

#[test]
fn honest_storms_break_no_rule() {
    many(Regime::Honest, "honest_storms");
}

#[test]
fn other_storms_leave_nothing_stuck() {
    many(Regime::Unsafe, "other_storms");
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
        .map(|seed| one(seed, Regime::Unsafe, "other_storms").pair.doubled_counts())
        .collect();
    let sum = |of: fn(&DoubledCounts) -> u64| all.iter().map(of).sum::<u64>();
    assert!(sum(|counts| counts.survived) > 0, "{all:?}");
    assert_eq!(sum(|counts| counts.survived), sum(|counts| counts.resolved), "{all:?}");
}
