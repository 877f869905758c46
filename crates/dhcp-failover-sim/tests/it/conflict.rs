//! What only a wrong word of the operator can bring about (draft-12 §9.10 - §9.12): duplicates are
//! possible then, but they must be resolved, and nothing may stay stuck.

use crate::{busy, normal};
use dhcp_failover_proto::{Command, Event, RequestClass, State};
use dhcp_failover_sim::{Host, Pair, Rule, Setup, Survives};

fn fought(seed: u64, pool: u16, clients: usize) -> Pair {
    let mut pair = busy(Setup { mclt_s: 20, pool, clients, lease_s: 200, ..Setup::new(seed) });
    pair.partition(true);
    pair.run_s(30);
    for host in Host::BOTH {
        pair.command(host, Command::PartnerDown);
    }
    for number in 0..clients {
        // Half of the clients move on; the other half only hears one server.
        pair.set_reach(number, [Host::A, Host::B][number % 2], false);
        if number % 3 == 0 {
            pair.release(number);
        }
    }
    pair.run_s(600);
    for number in 0..clients {
        for host in Host::BOTH {
            pair.set_reach(number, host, true);
        }
    }
    pair
}

/// S13, L5: both declared the other down while alive; afterwards both are in NORMAL with one table.
#[test]
fn two_servers_that_each_went_alone_end_with_one_table() {
    for seed in 80..90 {
        let mut pair = fought(seed, 8, 8);
        pair.partition(false);
        assert!(pair.run_until(30, Pair::is_settled), "{}", pair.log_text());
        let entered = |host: Host| {
            pair.events_of(host).any(|(_, event)| {
                matches!(event, Event::State { to: State::PotentialConflict, .. })
            })
        };
        assert!(entered(Host::A) && entered(Host::B));
        for number in 0..8 {
            pair.mute(number);
        }
        pair.check_convergence(400);
        for rule in [Rule::L1, Rule::L2, Rule::S8, Rule::S5, Rule::S9, Rule::S11, Rule::Livelock] {
            assert!(!pair.broke(rule), "{rule:?}\n{}", pair.log_text());
        }
    }
}

/// H9, isc-S04, isc-S08: the link is cut at every message of a conflict's resolution.
#[test]
fn a_resolution_cut_at_every_message_ends_in_normal() {
    for messages in 1..60 {
        let mut pair = fought(91, 8, 6);
        pair.cut_after_messages(messages);
        pair.partition(false);
        pair.run_s(30);
        for number in 0..6 {
            pair.mute(number);
        }
        pair.check_convergence(400);
        for rule in [Rule::L1, Rule::L2, Rule::S8, Rule::Livelock] {
            assert!(!pair.broke(rule), "{messages}: {rule:?}\n{}", pair.log_text());
        }
    }
}

/// H9: either server dies at every output of the resolution and comes back.
#[test]
fn a_resolution_ended_by_a_crash_anywhere_ends_in_normal() {
    for host in Host::BOTH {
        for outputs in 1..50 {
            let mut pair = fought(92, 8, 6);
            pair.crash_after_outputs(host, outputs, Survives::SomePrefix);
            pair.partition(false);
            pair.run_s(10);
            for number in 0..6 {
                pair.mute(number);
            }
            pair.heal();
            pair.check_convergence(400);
            for rule in [Rule::L1, Rule::L2, Rule::S8, Rule::Livelock] {
                assert!(!pair.broke(rule), "{host:?} {outputs}: {rule:?}\n{}", pair.log_text());
            }
        }
    }
}

/// §9.11.2, isc-S05: while the resolution is interrupted, clients are served.
#[test]
fn an_interrupted_resolution_still_serves() {
    let mut pair = fought(93, 12, 6);
    pair.partition(false);
    assert!(pair.run_until(30, |pair| pair.state(Host::B) == Some(State::PotentialConflict)));
    pair.partition(true);
    pair.run_s(25);
    assert!(
        matches!(
            pair.state(Host::B),
            Some(State::ResolutionInterrupted | State::CommunicationsInterrupted)
        ),
        "{}",
        pair.log_text()
    );
    let acks = pair.ledger().acks;
    pair.run_s(300);
    assert!(pair.ledger().acks > acks);
    pair.partition(false);
    pair.check_convergence(200);
    assert!(!pair.broke(Rule::L1), "{}", pair.log_text());
}

/// One server is told that its live partner is down.
#[test]
fn a_live_partner_declared_down_is_found_out() {
    for host in Host::BOTH {
        let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(94) });
        pair.command(host, Command::PartnerDown);
        pair.run_s(60);
        pair.check_convergence(100);
        for rule in [Rule::L1, Rule::L2, Rule::S8, Rule::Livelock] {
            assert!(!pair.broke(rule), "{host:?}: {rule:?}\n{}", pair.log_text());
        }
    }
}

/// S1: an operator truthfully sent one server alone after the other, each while the other was down, and
/// they took one address for leases of two clients that are both over by now. Before anything else is
/// said of it, both clients come back.
#[test]
fn s1_two_lapsed_leases_of_one_address_are_not_both_taken_up_again() {
    let setup = Setup { mclt_s: 20, lease_s: 100, clients: 2, sweep_ms: 60_000, ..Setup::new(95) };
    let mut pair = normal(setup);
    pair.join(0);
    pair.run_s(20);
    let address = pair.lease_of(0).map(|held| held.address).unwrap_or_else(|| panic!("no lease"));
    pair.mute(0);
    pair.power_off(Host::A);
    pair.run_s(30);
    pair.command(Host::B, Command::PartnerDown);
    pair.run_s(500);
    assert!(pair.ask(1, RequestClass::New, &[Host::B], Some(address)), "{}", pair.log_text());
    pair.run_s(1);
    assert_eq!(pair.lease_of(1).map(|held| held.address), Some(address));
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(300);
    assert_eq!([pair.lease_of(0), pair.lease_of(1)], [None; 2]);

    pair.start(Host::A);
    pair.run_s(2);
    pair.command(Host::A, Command::PartnerDown);
    pair.start(Host::B);
    assert!(pair.run_until(30, Pair::is_settled), "{}", pair.log_text());
    for _ in 0..6 {
        pair.ask(0, RequestClass::New, &[Host::A], Some(address));
        pair.ask(1, RequestClass::New, &[Host::B], Some(address));
        pair.run_s(1);
    }
    pair.run_s(100);
    pair.assert_clean();
}

/// Each server was truthfully sent alone while the other was down. The primary still is, and has leased
/// addresses of the secondary's too; the secondary is about to start.
fn alone_one_after_the_other(seed: u64) -> Pair {
    let setup = Setup { mclt_s: 20, lease_s: 400, pool: 8, clients: 12, ..Setup::new(seed) };
    let mut pair = normal(setup);
    for (alone, down) in [(Host::B, Host::A), (Host::A, Host::B)] {
        if !pair.is_up(alone) {
            pair.start(alone);
        }
        pair.crash(down, Survives::Everything);
        pair.run_s(12);
        pair.command(alone, Command::PartnerDown);
        pair.run_s(200);
        assert_eq!(pair.state(alone), Some(State::PartnerDown), "{}", pair.log_text());
    }
    for number in 0..6 {
        pair.join(number);
        pair.set_reach(number, Host::B, false);
    }
    pair.run_s(30);
    assert_eq!(crate::served(&pair, 6), 6, "{}", pair.log_text());
    pair
}

/// New clients ask the secondary only, for as long as it could not know better.
fn ask_the_secondary(pair: &mut Pair) {
    for number in 6..12 {
        pair.set_reach(number, Host::A, false);
        pair.join(number);
    }
    pair.run_s(15);
}

/// S1, S4: contact is lost again at every message. The primary goes on with all addresses if it has not
/// heard of the secondary, and with leases of them if it has.
#[test]
fn s4_an_interrupted_comparison_gives_no_address_beside_a_partner_that_was_alone() {
    let mut interrupted = 0;
    for messages in 1..20 {
        let mut pair = alone_one_after_the_other(96);
        pair.cut_after_messages(messages);
        pair.start(Host::B);
        let waits = |pair: &Pair| pair.state(Host::B) == Some(State::ResolutionInterrupted);
        if !pair.run_until(2, waits) {
            continue;
        }
        interrupted += 1;
        pair.partition(true);
        ask_the_secondary(&mut pair);
        pair.partition(false);
        pair.check_convergence(100);
        pair.assert_clean();
    }
    assert!(interrupted > 5, "{interrupted}");
}

/// S1: the partner that was alone shuts down, or dies, before this server knows what it gave away.
#[test]
fn s1_a_comparison_that_ends_in_partner_down_takes_no_address_before_the_mclt() {
    for ms in (0..40).step_by(2) {
        for (shuts_down, seed) in [(true, 97), (false, 98)] {
            let mut pair = alone_one_after_the_other(seed);
            pair.start(Host::B);
            let compares = |pair: &Pair| pair.state(Host::B) == Some(State::PotentialConflict);
            assert!(pair.run_until(30, compares), "{}", pair.log_text());
            pair.run_ms(ms);
            if shuts_down {
                pair.command(Host::A, Command::Shutdown);
            } else {
                pair.power_off(Host::A);
            }
            if pair.state(Host::B) != Some(State::PotentialConflict) {
                continue;
            }
            pair.run_s(25);
            pair.command(Host::B, Command::PartnerDown);
            ask_the_secondary(&mut pair);
            pair.assert_clean();
        }
    }
}
