//! The checkers can fail: for each there is a run in which it must.

use crate::{busy, normal};
use dhcp_failover_sim::{Host, Mutation, Pair, Regime, Rule, Setup, Storm};

fn broken(mutation: Mutation) -> Pair {
    let mut pair = Pair::new(Setup { mutation, ..Setup::new(120) });
    pair.start_both();
    for number in 0..8 {
        pair.join(number);
    }
    pair.run_s(60);
    pair
}

#[test]
fn s5_sees_writes_reported_durable_too_early() {
    let pair = broken(Mutation::PersistedBeforeSync);
    assert!(pair.broke(Rule::S5), "{}", pair.log_text());
    let kinds = ["BNDUPD", "BNDACK", "STATE", "DHCPACK"];
    for kind in kinds {
        let seen = pair.violations().iter().any(|v| v.rule == Rule::S5 && v.text.contains(kind));
        assert!(seen, "no {kind} among {:?}", pair.violations());
    }
}

#[test]
fn s4_sees_addresses_used_before_the_partner_agreed() {
    assert!(
        broken(Mutation::ForgetTold).broke(Rule::S4) || {
            let mut pair = normal(Setup { mutation: Mutation::OwnEverything, ..Setup::new(121) });
            pair.run_s(10);
            pair.broke(Rule::S4)
        }
    );
    assert!(broken(Mutation::OwnEverything).broke(Rule::S4));
}

#[test]
fn s1_sees_an_address_given_twice() {
    let mutation = Mutation::OwnEverything;
    let mut pair = normal(Setup { mutation, clients: 16, pool: 12, ..Setup::new(121) });
    pair.partition(true);
    for number in 0..16 {
        pair.set_reach(number, [Host::A, Host::B][number % 2], false);
        pair.join(number);
    }
    pair.run_s(100);
    assert!(pair.broke(Rule::S1), "{}", pair.log_text());
}

#[test]
fn s2_sees_leases_beyond_the_mclt() {
    assert!(broken(Mutation::IgnoreMclt).broke(Rule::S2));
}

#[test]
fn s3_sees_leases_the_partner_does_not_protect() {
    assert!(broken(Mutation::ClientsHoldOn).broke(Rule::S3));
}

#[test]
fn s10_sees_times_that_go_back() {
    let mut pair = busy(Setup { mutation: Mutation::HeardLate, ..Setup::new(126) });
    pair.run_s(400);
    assert!(pair.broke(Rule::S10), "{}", pair.log_text());
}

#[test]
fn s11_sees_a_window_exceeded() {
    let setup = Setup {
        mutation: Mutation::StricterWindow,
        max_unacked: [3, 3],
        max_batch: [1, 1],
        pool: 40,
        ..Setup::new(122)
    };
    let mut pair = Pair::new(setup);
    pair.start_both();
    pair.run_s(10);
    assert!(pair.broke(Rule::S11));
}

#[test]
fn l1_and_s8_see_a_pair_that_does_not_agree() {
    let mut pair = busy(Setup::new(123));
    pair.partition(true);
    pair.run_s(30);
    pair.check_convergence(60);
    assert!(pair.broke(Rule::L1));

    let mut pair = busy(Setup { mutation: Mutation::OwnEverything, ..Setup::new(124) });
    for number in 0..8 {
        pair.mute(number);
    }
    pair.check_convergence(60);
    assert!(pair.broke(Rule::S8), "{:?}", pair.violations());
}

#[test]
fn l4_sees_traffic_where_there_should_be_silence() {
    let mut pair = busy(Setup::new(125));
    pair.check_silence(600);
    assert!(pair.broke(Rule::L4), "clients renew, so there are updates");
}

/// A storm finds each built-in fault, most of them within a few seeds.
#[test]
fn storms_find_every_mutant() {
    for mutation in [
        Mutation::PersistedBeforeSync,
        Mutation::OwnEverything,
        Mutation::IgnoreMclt,
        Mutation::ClientsHoldOn,
        Mutation::HeardLate,
    ] {
        let found = (0..200).any(|seed| {
            let mut storm = Storm::with_mutation(seed, Regime::Honest, mutation);
            storm.rage();
            storm.broken().is_some()
        });
        assert!(found, "{mutation:?} survives");
    }
}
