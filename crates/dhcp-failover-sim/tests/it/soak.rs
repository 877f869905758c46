//! Random storms: in the honest regime nothing may ever go wrong, and after every storm all is well.

use dhcp_failover_proto::Event;
use dhcp_failover_sim::{Host, Storm};

/// How many seeds, unless `DHCP_FAILOVER_SIM_SEEDS` says otherwise; `DHCP_FAILOVER_SIM_SEED` (hex)
/// runs one.
const SEEDS: u64 = 40;

fn one(mut storm: Storm, seed: u64, test: &str) -> u64 {
    // Every third storm is a wild one.
    let (seconds, pause_s) = if seed.is_multiple_of(3) { (600, 1) } else { (3_000, 8) };
    storm.rage(seconds, pause_s);
    storm.calm();
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
    storm.faults
}

fn many(new: impl Fn(u64) -> Storm, test: &str) {
    let number = |name: &str, radix| {
        std::env::var(name).ok().and_then(|text| u64::from_str_radix(&text, radix).ok())
    };
    if let Some(seed) = number("DHCP_FAILOVER_SIM_SEED", 16) {
        one(new(seed), seed, test);
        return;
    }
    let seeds = number("DHCP_FAILOVER_SIM_SEEDS", 10).unwrap_or(SEEDS);
    let faults: u64 = (0..seeds).map(|seed| one(new(seed), seed, test)).sum();
    println!("{seeds} seeds, {faults} faults");
}

#[test]
fn honest_storms_break_no_rule() {
    many(Storm::new, "honest_storms");
}

#[test]
fn other_storms_leave_nothing_stuck() {
    many(Storm::dishonest, "other_storms");
}
