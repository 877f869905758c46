//! Clocks and configurations that do not fit: a line in our log names the cause.

use super::both_roles;
use crate::Scenario;
use crate::pair::{Pair, Setup};
use crate::wait;
use std::net::Ipv4Addr;

/// Another host on the wire.
const NOBODY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 9);

pub(crate) fn add(all: &mut Vec<Scenario>) {
    both_roles(
        all,
        "dhcpds_clock_is_30_s_ahead",
        |_| {},
        |pair, _| {
            start_at(pair, "+30s");
            pair.normal(40);
            let clients: Vec<_> = (0..8)
                .map(|number| failoverd::demo::packet::Identity::numbered(1, number))
                .collect();
            let leases = pair.probe().lease(&clients);
            assert!(leases.iter().all(Option::is_some), "{leases:?}");
        },
    );
    both_roles(
        all,
        "dhcpds_clock_is_61_s_ahead",
        |_| {},
        |pair, _| {
            start_at(pair, "+61s");
            says(pair, "time offset too large");
        },
    );
    both_roles(
        all,
        "the_relationship_has_another_name",
        |setup| setup.their_name = "bar".into(),
        |pair, setup| {
            start(pair);
            says(pair, if setup.we_are_primary { "failover relationship" } else { "another name" });
        },
    );
    both_roles(
        all,
        "dhcpd_expects_another_address",
        |setup| setup.their_partner = NOBODY,
        |pair, _| {
            start(pair);
            says(pair, "without a word");
        },
    );
    both_roles(all, "mclt_differs_and_the_primarys_counts", other_mclt, |pair, setup| {
        start(pair);
        pair.normal(60);
        match setup.we_are_primary {
            // It takes ours without a word that we could hear.
            true => assert_eq!(pair.theirs.mclt_s(), Some(setup.mclt_s)),
            false => says(pair, "the primary's MCLT of 20 s counts, not this server's 8 s"),
        }
    });
    both_roles(all, "the_pools_overlap", shifted_pools, unlike_pools);
    both_roles(
        all,
        "dhcpd_has_none_of_our_addresses",
        |it| {
            it.their_addresses = Some((1_000, 100));
        },
        unlike_pools,
    );
    both_roles(all, "the_pools_differ", different_pools, |pair, setup| {
        start(pair);
        pair.normal(40);
        let disputed = "the partner disputes this";
        says(pair, if setup.we_are_primary { disputed } else { "was refused" });
    });
}

fn other_mclt(setup: &mut Setup) {
    setup.their_mclt_s = Some(20);
}

/// Half of the addresses are at both.
fn shifted_pools(setup: &mut Setup) {
    setup.their_addresses = Some((50, 100));
}

/// Addresses that dhcpd does not tell of when asked for all are as good as unknown to it.
fn unlike_pools(pair: &mut Pair, _: &Setup) {
    start(pair);
    pair.normal(60);
    says(pair, "Compare the ranges");
    says(pair, "not an address of this relationship; compare the scopes");
}

/// The primary's pool is the larger one.
fn different_pools(setup: &mut Setup) {
    setup.their_addresses = Some((0, if setup.we_are_primary { 40 } else { 140 }));
}

fn start(pair: &mut Pair) {
    pair.ours.start().expect("a start");
    pair.theirs.start();
}

/// Shows dhcpd another time than it is.
fn start_at(pair: &mut Pair, offset: &str) {
    pair.ours.start().expect("a start");
    pair.theirs.start_under(&["faketime", "-m", "--exclude-monotonic", "-f", offset]);
}

/// Our log has a line with these words, at level warn or above.
pub(super) fn says(pair: &Pair, words: &str) {
    wait::until(&format!("a line with {words:?}"), 30, || {
        let log = std::fs::read_to_string(pair.ours.log()).ok()?;
        let told = |line: &str| {
            line.contains(words) && [" WARN ", "ERROR "].iter().any(|level| line.contains(level))
        };
        log.lines().any(told).then_some(())
    });
}
