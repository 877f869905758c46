//! Random storms in the honest regime: nothing may ever go wrong, and afterwards all is well.

use dhcp_failover_sim::Storm;

/// How many seeds, unless `DHCP_FAILOVER_SIM_SEEDS` says otherwise; `DHCP_FAILOVER_SIM_SEED` (hex)
/// runs one.
const SEEDS: u64 = 60;

fn one(seed: u64) -> u64 {
    let mut storm = Storm::new(seed);
    storm.rage(3_000, 8);
    storm.calm();
    if let Some(first) = storm.pair.violations().first() {
        println!(
            "{first}\nagain: DHCP_FAILOVER_SIM_SEED={seed:x} cargo test -p dhcp-failover-sim \
             --test it soak"
        );
    }
    storm.pair.assert_clean();
    storm.faults
}

#[test]
fn honest_storms_break_no_rule() {
    let number = |name: &str, radix| {
        std::env::var(name).ok().and_then(|text| u64::from_str_radix(&text, radix).ok())
    };
    if let Some(seed) = number("DHCP_FAILOVER_SIM_SEED", 16) {
        one(seed);
        return;
    }
    let seeds = number("DHCP_FAILOVER_SIM_SEEDS", 10).unwrap_or(SEEDS);
    let faults: u64 = (0..seeds).map(one).sum();
    println!("{seeds} seeds, {faults} faults");
}
