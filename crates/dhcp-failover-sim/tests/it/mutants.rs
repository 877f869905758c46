//! The checkers can fail: for each there is a run in which it must.

use crate::{busy, normal};
use dhcp_failover_proto::{Command, PoolDigest, RequestClass};
use dhcp_failover_sim::storm::{Left, Shrunk};
use dhcp_failover_sim::{Host, Mutation, Pair, Regime, Rule, Setup, Storm, Survives};

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
    let mut pair = busy(Setup { mutation: Mutation::HeardEarly, ..Setup::new(126) });
    for number in 0..8 {
        pair.mute(number);
    }
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

#[test]
fn s6_sees_an_address_given_to_another_before_the_partner_agreed() {
    let mut pair = busy(Setup { mutation: Mutation::FreeUnasked, lease_s: 60, ..Setup::new(127) });
    pair.partition(true);
    for number in 0..8 {
        pair.set_reach(number, Host::B, false);
        pair.mute(number);
    }
    pair.run_s(200);
    assert!(!pair.broke(Rule::S6));
    let held = (1..=20).map(|last| std::net::Ipv4Addr::new(192, 0, 2, last));
    for address in held {
        pair.ask(0, RequestClass::New, &[Host::A], Some(address));
        pair.run_s(1);
    }
    assert!(pair.broke(Rule::S6), "{}", pair.log_text());
}

#[test]
fn s12_sees_two_servers_that_answer_one_client() {
    let mut pair = normal(Setup { mutation: Mutation::AnswersToo, ..Setup::new(128) });
    pair.run_s(30);
    assert!(pair.broke(Rule::S12), "{}", pair.log_text());
}

#[test]
fn s14_sees_leases_that_both_servers_forget() {
    assert!(broken(Mutation::LoseLeases).broke(Rule::S14));
}

/// Two servers that both went alone gave addresses to two clients each; what they say of it is not
/// heard.
#[test]
fn s14_sees_a_record_given_up_in_silence() {
    let met = |mutation| {
        let setup = Setup { clients: 8, pool: 6, mclt_s: 20, lease_s: 2_000, ..Setup::new(240) };
        let mut pair = normal(Setup { mutation, ..setup });
        for number in 0..8 {
            pair.set_reach(number, [Host::A, Host::B][number % 2], false);
        }
        pair.partition(true);
        pair.run_s(30);
        for host in Host::BOTH {
            pair.command(host, Command::PartnerDown);
        }
        (0..8).for_each(|number| pair.join(number));
        pair.run_s(120);
        let open = pair.doubled_counts();
        assert!(open.happened >= 2 && open.open == open.happened, "{open:?}");
        pair.partition(false);
        pair.run_s(120);
        pair
    };
    let pair = met(Mutation::None);
    let counts = pair.doubled_counts();
    assert!(!pair.broke(Rule::S14), "{}", pair.log_text());
    assert_eq!([counts.survived, counts.resolved], [counts.happened; 2], "{counts:?}");
    let pair = met(Mutation::SwallowReports);
    assert!(pair.broke(Rule::S14) && pair.doubled_counts().silent >= 2);
}

#[test]
fn s15_sees_addresses_given_of_a_pool_that_differs() {
    let mut pair = busy(Setup { mutation: Mutation::HidePools, clients: 12, ..Setup::new(129) });
    let address = std::net::Ipv4Addr::new(192, 0, 2, 1);
    let reservation = PoolDigest::new().with_reservation(address, b"02:00:00:00:00:01");
    pair.set_pool_settings(Host::B, reservation);
    pair.run_s(90);
    for number in 0..4 {
        pair.release(number);
    }
    pair.run_s(90);
    assert!(pair.broke(Rule::S15), "{}", pair.log_text());
}

/// A server waits for a partner that it cannot reach, and says so for as long as that lasts.
#[test]
fn l5_sees_a_state_that_does_not_end() {
    let mut pair = Pair::new(Setup::new(130));
    pair.partition(true);
    pair.start_both();
    pair.run_s(100);
    pair.check_stays(0);
    assert!(!pair.broke(Rule::L5), "{:?}", pair.violations());
    pair.run_s(200);
    pair.check_stays(0);
    assert!(pair.broke(Rule::L5));
}

#[test]
fn l6_sees_clients_that_are_not_served() {
    let mut pair = busy(Setup::new(131));
    (0..8).for_each(|number| pair.mute(number));
    pair.check_service();
    assert!(!pair.broke(Rule::L6), "{:?}", pair.violations());
    pair.set_reach(0, Host::B, false);
    pair.check_service();
    assert!(pair.broke(Rule::L6));

    let mut pair = busy(Setup::new(132));
    pair.check_whole_pool(Host::A);
    assert!(pair.broke(Rule::L6), "clients keep their addresses");
}

#[test]
fn l8_sees_answers_that_wait_for_more_than_the_disk() {
    let setup = Setup { mutation: Mutation::OneByOne, pool: 200, clients: 4, ..Setup::new(133) };
    let mut pair = busy(setup.clone());
    pair.crash(Host::B, Survives::Nothing);
    pair.lose_disk(Host::B);
    pair.start(Host::B);
    for _ in 0..100 {
        for number in 0..4 {
            pair.ask(
                number,
                RequestClass::Renewal,
                &Host::BOTH,
                pair.lease_of(number).map(|it| it.address),
            );
        }
        pair.run_ms(37);
    }
    assert!(pair.broke(Rule::L8), "{}", pair.log_text());
}

#[test]
fn l9_sees_a_server_that_does_not_notice_silence() {
    let mut pair = normal(Setup { mutation: Mutation::NoTimers, ..Setup::new(134) });
    pair.block(Host::A, true);
    pair.run_s(21);
    assert!(!pair.broke(Rule::L9));
    pair.run_s(5);
    assert!(pair.broke(Rule::L9), "{}", pair.log_text());
}

/// A storm finds each built-in fault, most of them within a few seeds.
#[test]
fn storms_find_every_mutant() {
    for mutation in [
        Mutation::PersistedBeforeSync,
        Mutation::OwnEverything,
        Mutation::IgnoreMclt,
        Mutation::ClientsHoldOn,
        Mutation::HeardEarly,
    ] {
        let found = (0..200).any(|seed| {
            let mut storm = Storm::with_mutation(seed, Regime::Honest, mutation);
            storm.rage();
            storm.broken().is_some()
        });
        assert!(found, "{mutation:?} survives");
    }
}

/// What a storm finds can be made small: few steps, clients and addresses still break the rule.
#[test]
fn a_storm_that_breaks_a_rule_can_be_made_small() {
    for mutation in [Mutation::OwnEverything, Mutation::ClientsHoldOn] {
        let mut found = (0..200).filter_map(|seed| {
            let mut storm = Storm::with_mutation(seed, Regime::Honest, mutation);
            storm.rage();
            (storm.broken().is_some() && storm.steps().len() > 20).then_some(storm)
        });
        let storm = found.next().unwrap_or_else(|| panic!("{mutation:?} survives"));
        let rule = storm.broken().map(|violation| violation.rule);
        let small = Shrunk::of(&storm).expect("it is broken");
        assert_eq!(Some(small.rule()), rule);
        assert!(2 * small.steps.len() < small.steps_before.len(), "{small}");
        assert!(small.setup.clients <= storm.setup().clients, "{small}");
        let mut again = small.again();
        again.run();
        assert_eq!(again.broken(), Some(&small.violation), "{small}");
        // The word for the command line says it all.
        let left: Left = small.left.to_string().parse().expect("it is one");
        let steps = left.steps(storm.steps()).expect("they are steps of the storm");
        let mut again = Storm::again(left.setup(storm.setup()), small.regime, steps);
        again.run();
        assert_eq!(again.broken(), Some(&small.violation), "{small}");
    }
}

/// A run without a violation is not made small.
#[test]
fn a_storm_that_breaks_nothing_cannot_be_made_small() {
    assert!(dhcp_failover_sim::storm::shrink(1, Regime::Honest).is_none());
}

/// `failover-sim replay` says so, runs what is left of a seed, and refuses what is not of that seed.
#[test]
fn the_program_replays_what_is_left_of_a_seed() {
    let replay = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_failover-sim");
        let mut command = std::process::Command::new(program);
        let output = command.args(["replay", "--seed", "0x1"]).args(arguments).output();
        let output = output.expect("it can be started");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).expect("it is text"))
    };
    let (fine, text) = replay(&["--shrink"]);
    assert!(fine && text.contains("nothing to make small"), "{text}");
    let (fine, text) = replay(&["--only", "c1,p1,s7f:0+0,3+10"]);
    assert!(fine && text.contains("2 actions") && text.contains("nothing wrong"), "{text}");
    for wrong in ["c1,p1,s0:100000+0", "c1"] {
        let (fine, text) = replay(&["--only", wrong]);
        assert!(!fine && text.contains("shrink"), "{text}");
    }
}
