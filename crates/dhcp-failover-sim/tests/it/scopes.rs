//! Pools added to and removed from a running pair: one server first, then the other (S15).

use crate::scripted::{Scripted, config};
use crate::support::address;
use crate::{path, served};
use dhcp_failover_lease::{Binding, BindingStatus, LeaseSpan, Role};
use dhcp_failover_proto::{Command, EndpointConfig, Event, StartupPolicy, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// The pool that comes and goes.
fn more() -> RangeInclusive<Ipv4Addr> {
    Ipv4Addr::new(192, 0, 2, 101)..=Ipv4Addr::new(192, 0, 2, 120)
}

fn holders(pair: &Pair, clients: usize) -> Vec<usize> {
    let there =
        |number: &usize| pair.lease_of(*number).is_some_and(|it| more().contains(&it.address));
    (0..clients).filter(there).collect()
}

fn quarantined(pair: &Pair, host: Host, pool: usize) -> bool {
    pair.status(host).is_some_and(|status| status.quarantine.holds(pool))
}

fn agreed(pair: &Pair, host: Host) -> bool {
    pair.status(host).is_some_and(|status| status.quarantine.is_empty())
}

/// Sixteen clients, and eight addresses for them.
fn crowded(seed: u64) -> Pair {
    let setup = Setup { pool: 8, clients: 16, lease_s: 60, mclt_s: 30, ..Setup::new(seed) };
    let mut pair = crate::normal(setup);
    (0..16).for_each(|number| pair.join(number));
    pair.run_s(60);
    assert!(served(&pair, 16) >= 7, "{}", pair.log_text());
    pair
}

/// The same pair with both pools, and all clients served; at least three of them from the second.
fn roomy(seed: u64) -> Pair {
    let setup = Setup { pool: 12, clients: 16, lease_s: 60, mclt_s: 30, ..Setup::new(seed) };
    let mut pair = Pair::new(setup);
    for host in Host::BOTH {
        pair.add_pool(host, more());
    }
    pair.start_both();
    assert!(pair.run_until(40, Pair::is_settled), "{}", pair.log_text());
    (0..16).for_each(|number| pair.join(number));
    pair.run_s(60);
    assert_eq!(served(&pair, 16), 16, "{}", pair.log_text());
    assert!(holders(&pair, 16).len() >= 3, "{}", pair.log_text());
    pair
}

fn ends_well(pair: &mut Pair) {
    pair.check_convergence(200);
    pair.run_s(60);
    assert_eq!(served(pair, 16), 16, "{}", pair.log_text());
    for host in Host::BOTH {
        assert!(agreed(pair, host), "{}", pair.log_text());
    }
    pair.assert_clean();
}

/// S1, S4, S15: under load, at one server first. Nobody is served less meanwhile, no conflict is
/// declared, and in the end the new addresses are in use.
#[test]
fn s15_a_pool_is_added_to_a_running_pair() {
    for (seed, first) in (800..804).zip([Host::A, Host::B].into_iter().cycle()) {
        let mut pair = crowded(seed);
        let before = served(&pair, 16);
        pair.add_pool(first, more());
        assert!(quarantined(&pair, first, 1) && !quarantined(&pair, first, 0));
        pair.run_s(90);
        assert!(quarantined(&pair, first, 1) && !quarantined(&pair, first, 0));
        assert!(agreed(&pair, first.partner()));
        assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
        assert_eq!(holders(&pair, 16), [], "{}", pair.log_text());
        assert!(served(&pair, 16) >= before, "{}", pair.log_text());

        pair.add_pool(first.partner(), more());
        pair.run_s(20);
        ends_well(&mut pair);
        assert!(holders(&pair, 16).len() >= 8);
        for host in Host::BOTH {
            assert!(!path(&pair, host).contains(&State::PotentialConflict));
            let agree =
                pair.events_of(host).filter(|(_, event)| matches!(event, Event::PoolsAgree));
            assert_eq!(agree.count(), 1, "{}", pair.log_text());
        }
    }
}

/// S5, S15: a crash of either server at any of the first steps, before the partner has the pool or
/// after.
#[test]
fn s15_a_pool_is_added_with_a_crash_in_between() {
    let [(a, b), (c, d)] = [(Host::A, Host::B), (Host::B, Host::A)];
    for (first, crashes) in [(a, b), (b, a), (c, c), (d, d)] {
        for outputs in [1, 2, 4, 9, 25] {
            let mut pair = crowded(810 + u64::from(outputs));
            pair.crash_after_outputs(crashes, outputs, Survives::SomePrefix);
            pair.add_pool(first, more());
            pair.run_s(10);
            if outputs != 9 {
                pair.heal();
            }
            pair.run_s(10);
            pair.crash_after_outputs(crashes, outputs * 3, Survives::SomePrefix);
            pair.add_pool(first.partner(), more());
            pair.run_s(20);
            pair.heal();
            ends_well(&mut pair);
            assert!(holders(&pair, 16).len() >= 8);
        }
    }
}

/// S1, S6, S15: while one server has the pool alone and gives leases of it, the partner being down,
/// they are not the partner's to give away when it gets the pool: it asks first.
#[test]
fn s15_leases_there_before_are_heard_of_before_the_pool_is_used() {
    for first in Host::BOTH {
        let mut pair = crowded(820);
        pair.crash(first.partner(), Survives::Everything);
        pair.run_s(5);
        pair.command(first, Command::PartnerDown);
        pair.run_s(40);
        pair.add_pool(first, more());
        pair.run_s(100);
        let before = holders(&pair, 16);
        assert!(before.len() >= 8, "{}", pair.log_text());
        pair.start(first.partner());
        assert!(pair.run_until(120, |pair| pair.states() == [Some(State::Normal); 2]));
        pair.run_s(10);
        assert_eq!(holders(&pair, 16), before, "{}", pair.log_text());
        let sent = pair.sent(first.partner(), "UPDREQ");
        let new = more().start().to_owned();
        assert!(pair.binding(first.partner(), new).is_none());
        pair.add_pool(first.partner(), more());
        assert!(quarantined(&pair, first.partner(), 1));
        pair.run_s(20);
        assert!(pair.sent(first.partner(), "UPDREQ") > sent, "{}", pair.log_text());
        assert_eq!(holders(&pair, 16), before, "{}", pair.log_text());
        ends_well(&mut pair);
    }
}

/// S1, S15: nothing is fetched, so nothing is used: the pool stays as it is while the answer is out.
#[test]
fn s15_equal_pools_are_used_when_the_partner_has_told_what_it_knows() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
        it.meets(State::Normal);
        let mut new = it.config.clone();
        new.pools_digest = 5;
        it.configure(new);
        let record = it.record.expect("written");
        assert!(record.pools_differ && record.pools_digest == 5);
        it.connect();
        it.partner(State::Normal);
        assert!(!it.endpoint.view().gives_new(0, it.endpoint.lease_now()));
        it.updates_done();
        assert!(it.endpoint.view().gives_new(0, it.endpoint.lease_now()));
        assert_eq!(it.record.map(|record| record.pools_differ), Some(false));
    }
}

/// S6, S15: a server that got another pool while it was down knows of no lease there. It compares, and
/// if that is interrupted it serves again, but no new client before the partner has told all.
#[test]
fn s15_a_pool_that_came_while_a_server_was_down_is_not_used_when_the_comparison_is_interrupted() {
    for role in [Role::Primary, Role::Secondary] {
        let config = EndpointConfig { pools_digest: 5, ..config(role) };
        let mut it = Scripted::resumed_with(config, State::CommunicationsInterrupted);
        it.meets(State::CommunicationsInterrupted);
        assert_eq!(it.state(), State::PotentialConflict);
        it.cut();
        assert_eq!(it.state(), State::ResolutionInterrupted);
        assert!(!it.endpoint.view().gives_new(0, it.endpoint.lease_now()));
    }
}

/// S6, S15: leases that come with a pool are told, also to a partner that asks for nothing.
#[test]
fn s15_leases_that_come_with_a_pool_are_told() {
    let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
    it.meets(State::Normal);
    it.pass_in_contact_s(5);
    let pool = it.table.add_pool([more()]).expect("other addresses");
    let address = *more().start();
    let status = BindingStatus::Backup;
    it.table.apply(Binding { version: 3, status, ..Binding::unused(address) });
    assert_eq!(pool, 1);
    let config = EndpointConfig { pools_digest: 5, ..it.config.clone() };
    it.configure(config);
    it.connect();
    it.partner(State::Normal);
    it.pass_in_contact_s(2);
    assert!(it.told().iter().any(|update| update.address == address), "{:?}", it.told());
}

/// H7: what the partner refused is offered again at once when an operator has changed something.
#[test]
fn h7_a_new_configuration_reopens_disputes() {
    for told in [false, true] {
        let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
        it.meets(State::Normal);
        assert!(it.lease(address(3), 1));
        let mut offered = 0;
        for _ in 0..10 {
            while offered < 50 && it.judge(offered, |_| true) {
                offered += 1;
            }
            it.pass_in_contact_s(61);
        }
        assert!((2..50).contains(&offered), "a few times by itself: {offered}");
        assert_eq!(it.updates().len(), offered, "and then no more");
        assert!(it.endpoint.disputes().any(|(at, _)| at == address(3)));
        // One change takes a new connection, the other does not.
        let mut new = it.config.clone();
        if told {
            new.max_unacked_bndupd += 1;
        } else {
            new.safe_period = Some(LeaseSpan::from_s(1_000));
        }
        it.configure(new);
        if told {
            it.meets(State::Normal);
            assert!(it.updates().iter().flat_map(|it| &it.1).any(|it| it.address == address(3)));
        } else {
            assert!(it.updates().len() > offered);
        }
    }
}

/// S1, S15: at one server first. Leases there are renewed by the other, and nobody gets a new one;
/// when both have removed it the clients get others.
#[test]
fn s15_a_pool_is_removed_from_a_running_pair() {
    for (seed, first) in (830..834).zip([Host::A, Host::B].into_iter().cycle()) {
        let mut pair = roomy(seed);
        let before = holders(&pair, 16);
        // One that nobody renews ends.
        pair.mute(before[0]);
        pair.remove_pool(first, 1);
        pair.run_s(200);
        assert!(quarantined(&pair, first.partner(), 1) && agreed(&pair, first));
        let left = holders(&pair, 16);
        assert_eq!(left, before[1..], "{}", pair.log_text());
        assert_eq!(served(&pair, 16), 15, "{}", pair.log_text());
        let held = pair.lease_of(left[0]).expect("a lease");
        assert_eq!(held.server, first.partner());

        pair.remove_pool(first.partner(), 1);
        pair.run_s(200);
        assert_eq!(holders(&pair, 16), [], "{}", pair.log_text());
        assert!(served(&pair, 16) >= 11, "{}", pair.log_text());
        for host in Host::BOTH {
            assert!(agreed(&pair, host), "{}", pair.log_text());
            assert!(!path(&pair, host).contains(&State::PotentialConflict));
        }
        pair.check_convergence(100);
        pair.assert_clean();
    }
}

/// S1, S6, S15: a pool that comes back, after a mistake, does so with leases that its server has not
/// heard of for long, with a crash in between or without.
#[test]
fn s15_a_removed_pool_comes_back() {
    for (seed, first) in (840..844).zip([Host::A, Host::B].into_iter().cycle()) {
        for crashes in [None, Some(first), Some(first.partner())] {
            let mut pair = roomy(seed);
            let before = holders(&pair, 16);
            pair.mute(before[0]);
            pair.remove_pool(first, 1);
            pair.run_s(150);
            if let Some(host) = crashes {
                pair.crash_after_outputs(host, 3, Survives::SomePrefix);
                pair.run_s(20);
            }
            pair.add_pool(first, more());
            pair.run_s(10);
            pair.heal();
            pair.join(before[0]);
            pair.run_s(20);
            ends_well(&mut pair);
        }
    }
}

/// Only where nothing is being fetched or compared; elsewhere it is refused with what to do.
#[test]
fn pools_are_changed_only_between_times() {
    let states = [
        (State::Normal, true),
        (State::CommunicationsInterrupted, true),
        (State::PartnerDown, true),
        (State::Recover, false),
        (State::ResolutionInterrupted, false),
    ];
    for (state, may) in states {
        let policy = StartupPolicy::Resume;
        let config = EndpointConfig { startup_policy: policy, ..config(Role::Primary) };
        let mut it = Scripted::resumed_with(config, state);
        let mut new = it.config.clone();
        new.pools_digest = 5;
        if state == State::Normal {
            it.meets(State::Normal);
        } else {
            assert!(it.endpoint.permits_configuration(&new).is_err(), "in STARTUP");
            it.pass_s(30);
        }
        assert_eq!(it.state(), state);
        match it.endpoint.permits_configuration(&new) {
            Ok(()) => assert!(may, "{state}"),
            Err(errors) => {
                assert!(!may && errors[0].to_string().contains("wait for NORMAL"), "{state}");
                let before = it.endpoint.status();
                it.configure(new);
                assert_eq!(it.endpoint.status(), before);
            }
        }
    }
}
