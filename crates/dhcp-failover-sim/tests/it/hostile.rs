//! A peer that sends anything at any time, on a machine whose disk and clock do what they like.

use dhcp_failover_sim::runs::Plan;
use dhcp_failover_sim::{Regime, Rng, hostile};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// The same with sequences that shrink.
    #[test]
    fn s16_any_sequence_of_operations_ends_in_normal(
        bytes in proptest::collection::vec(any::<u8>(), 0..800),
    ) {
        let tally = hostile::run(&bytes);
        prop_assert_eq!(tally.healed, 1);
    }
}

/// S16, L5: no panic, no wedge, bounded output and memory. `DHCP_FAILOVER_SIM_SEED` (hexadecimal)
/// chooses the sequences, `DHCP_FAILOVER_SIM_OPERATIONS` how many operations to do.
#[test]
fn s16_a_hostile_peer_neither_breaks_nor_wedges_an_endpoint() {
    let variable = |name: &str| std::env::var(name).ok();
    let seed = variable("DHCP_FAILOVER_SIM_SEED")
        .map_or(0x05e9, |hex| u64::from_str_radix(&hex, 16).expect("a hexadecimal seed"));
    let wanted: u64 = variable("DHCP_FAILOVER_SIM_OPERATIONS")
        .map_or(40_000, |count| count.parse().expect("a number of operations"));
    let mut rng = Rng::new(seed);
    let (mut operations, mut read, mut runs) = (0, 0, 0u64);
    while operations < wanted {
        let length = rng.between(10, 1_500);
        let bytes: Vec<u8> = (0..length).map(|_| rng.next_u64() as u8).collect();
        let tally = std::panic::catch_unwind(|| hostile::run(&bytes)).unwrap_or_else(|_| {
            panic!("seed {seed:x}, run {runs}, {length} bytes");
        });
        operations += tally.operations;
        read += tally.read;
        runs += 1;
    }
    println!("{operations} operations in {runs} runs, {read} messages understood, seed {seed:x}");
    assert!(read * 20 > operations, "only {read} of {operations} went deep");
}

/// S16: more than was agreed, while nothing gets to the disk, costs the peer its connection and not
/// this server its memory.
#[test]
fn s16_a_flood_in_front_of_a_stalled_disk_is_cut_off() {
    let (most, cut) = hostile::flood(20_000);
    assert!(cut, "the connection stayed open with {most} messages held back");
    assert!((1_000..1_100).contains(&most), "{most} messages were held back");
}

/// S7, S11, S16 after every step, by seeds as `failover-sim run --regime hostile` has them, and with their
/// figures.
#[test]
fn hostile_seeds_break_no_rule() {
    let plan =
        Plan { base: 0, seeds: Some(60), regimes: vec![Regime::Hostile], limit: None, threads: 1 };
    let report = plan.run(|_| ());
    assert_eq!(report.failures, []);
    let total = report.total();
    assert_eq!(total.seeds, 60);
    let deep = |kind| total.messages.get(kind).copied().unwrap_or(0);
    for kind in ["BNDUPD", "BNDACK", "STATE", "UPDDONE", "CONNECTACK"] {
        assert!(deep(kind) > 0, "never said {kind}: {:?}", total.messages);
    }
    assert!(total.leases > 0 && total.simulated_ms > 0);
}
