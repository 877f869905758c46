//! S15: what is not the same at both servers is found when they connect.

use crate::scripted::{ADDRESS, Scripted, config, hints, record};
use crate::support::{ROLES, address};
use crate::{busy, served};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, Event, PoolDigest, StartupPolicy, State, UnsafeSettings};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// What the second server's configuration may say that the first's does not.
fn reservation() -> PoolDigest {
    PoolDigest::new().with_reservation(ADDRESS, b"02:00:00:00:00:01")
}

fn differ(event: &Event) -> bool {
    matches!(event, Event::PoolsDiffer(_))
}

fn count(pair: &Pair, host: Host, kind: fn(&Event) -> bool) -> usize {
    pair.events_of(host).filter(|(_, event)| kind(event)).count()
}

/// A pair of whose twelve clients the first six have leases.
fn half_served(setup: Setup) -> Pair {
    let mut pair = crate::normal(Setup { clients: 12, ..setup });
    for number in 0..6 {
        pair.join(number);
    }
    pair.run_s(20);
    assert_eq!(served(&pair, 6), 6, "{}", pair.log_text());
    pair
}

/// S15, H3: one server gets a reservation that the other has not. Nobody gets a new lease of that pool,
/// everybody keeps the one there is, nothing moves; and when both have it all is as before, without
/// an order or a restart.
#[test]
fn s15_a_pool_that_differs_is_left_alone_until_it_is_the_same() {
    for changed in Host::BOTH {
        let mut pair = half_served(Setup { lease_s: 60, mclt_s: 30, ..Setup::new(300) });
        pair.set_pool_settings(changed, reservation());
        pair.run_s(20);
        for host in Host::BOTH {
            assert_eq!(count(&pair, host, differ), 1, "{}", pair.log_text());
            assert!(pair.status(host).is_some_and(|status| status.quarantine.holds(0)));
            assert_eq!(pair.state(host), Some(State::Normal));
        }
        let moved = |event: &Event| matches!(event, Event::PoolMoved { .. });
        let before = Host::BOTH.map(|host| count(&pair, host, moved));
        for number in 6..12 {
            pair.join(number);
        }
        pair.run_s(300); // five leases long
        assert_eq!(served(&pair, 6), 6, "{}", pair.log_text());
        assert_eq!(served(&pair, 12), 6, "{}", pair.log_text());
        assert_eq!(Host::BOTH.map(|host| count(&pair, host, moved)), before);

        pair.set_pool_settings(changed.partner(), reservation());
        pair.run_s(60);
        for host in Host::BOTH {
            assert_eq!(count(&pair, host, |event| *event == Event::PoolsAgree), 1);
            assert!(pair.status(host).is_some_and(|status| status.quarantine.is_empty()));
        }
        assert_eq!(served(&pair, 12), 12, "{}", pair.log_text());
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// L6: pools that change while CONNECT is on its way, and change back, are compared once more. What the
/// partner has compared is what CONNECT told; the answer was compared with something else.
#[test]
fn l6_pools_that_were_other_ones_for_a_moment_are_compared_again() {
    let mut pair = half_served(Setup { net_delay_ms: 500, ..Setup::new(305) });
    pair.cut();
    let asked = |pair: &Pair| pair.sent(Host::A, "CONNECT");
    let before = asked(&pair);
    assert!(pair.run_until(60, |pair| asked(pair) > before), "{}", pair.log_text());
    pair.set_pool_settings(Host::A, reservation());
    let found = |pair: &Pair| count(pair, Host::A, differ) > 0;
    assert!(pair.run_until(10, found), "{}", pair.log_text());
    assert_eq!(count(&pair, Host::B, differ), 0, "{}", pair.log_text());
    pair.set_pool_settings(Host::A, PoolDigest::new());
    for number in 6..12 {
        pair.join(number);
    }
    pair.run_s(60);
    for host in Host::BOTH {
        assert!(pair.status(host).is_some_and(|status| status.quarantine.is_empty()));
    }
    assert_eq!(served(&pair, 12), 12, "{}", pair.log_text());
    pair.assert_clean();
}

/// S15: contact that is lost and a restart do not lift it: nobody has compared since.
#[test]
fn s15_a_quarantine_outlasts_contact_and_a_restart() {
    let setup = Setup { startup_policy: StartupPolicy::Resume, ..Setup::new(301) };
    let mut pair = half_served(setup);
    pair.set_pool_settings(Host::B, reservation());
    pair.run_s(20);
    pair.partition(true);
    pair.run_s(30);
    pair.crash(Host::A, Survives::Everything);
    pair.start(Host::A);
    pair.run_s(15);
    assert_eq!(pair.state(Host::A), Some(State::CommunicationsInterrupted));
    for number in 6..12 {
        pair.join(number);
    }
    pair.run_s(100);
    assert_eq!(served(&pair, 12), 6, "{}", pair.log_text());
    // The other server's reservation was a mistake.
    pair.set_pool_settings(Host::B, PoolDigest::new());
    pair.partition(false);
    pair.run_s(60);
    assert_eq!(served(&pair, 12), 12, "{}", pair.log_text());
    pair.assert_clean();
}

/// S6: with a partner that is down nobody is left to agree with; after the MCLT all can be used.
#[test]
fn s15_in_partner_down_a_quarantine_ends_with_the_mclt() {
    let mut pair = half_served(Setup::new(302));
    pair.set_pool_settings(Host::A, reservation());
    pair.run_s(20);
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(30);
    pair.command(Host::A, Command::PartnerDown);
    for number in 6..12 {
        pair.join(number);
    }
    pair.run_s(50);
    assert_eq!(served(&pair, 12), 6, "{}", pair.log_text());
    pair.run_s(30);
    assert_eq!(served(&pair, 12), 12, "{}", pair.log_text());
    pair.assert_clean();
}

/// The endpoint has the last word, whatever the packet path believes; a renewal is no new lease.
#[test]
fn s15_a_new_lease_of_a_quarantined_pool_is_refused() {
    for differs in [false, true] {
        let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
        it.meets(State::Normal);
        assert!(it.lease(address(3), 1));
        it.cut();
        let own = it.endpoint.status().quarantine;
        assert!(own.is_empty());
        let all = [9; 8];
        let told: &[(u8, &[u8])] = &[(1, &[1]), (6, &all), (7, &[9; 4])];
        it.connect_with(Some(hints(if differs { told } else { &told[..1] })));
        it.partner(State::Normal);
        assert_eq!(it.state(), State::Normal);
        assert_eq!(it.events.iter().any(differ), differs);
        assert_eq!(it.endpoint.view().gives_new(0, it.endpoint.lease_now()), !differs);
        assert!(it.lease(address(3), 1), "a renewal");
        assert_eq!(it.lease(address(2), 2), !differs);
    }
}

/// S15: nothing changes with partners that do not tell of their pools.
#[test]
fn a_partner_that_tells_nothing_brings_no_quarantine() {
    for role in ROLES {
        for told in [None, Some(hints(&[(1, &[1])])), Some(vec![9])] {
            let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
            it.connect_with(told);
            it.partner(State::Normal);
            assert!(it.endpoint.view().quarantine().is_empty());
            assert!(!it.events.iter().any(differ));
        }
        // What was found before is forgotten with them.
        let found = dhcp_failover_proto::EndpointRecord {
            pools_differ: true,
            ..record(role, State::CommunicationsInterrupted)
        };
        let mut it = Scripted::start(config(role), Some(found));
        assert!(it.endpoint.view().quarantine().holds(7));
        it.connect();
        it.partner(State::Normal);
        assert!(it.endpoint.view().quarantine().holds(7), "it may know something");
        it.updates_done();
        assert!(it.endpoint.view().quarantine().is_empty());
        assert_eq!(it.record.map(|record| record.pools_differ), Some(false));
    }
}

/// S15: two servers that each take the other for down when they start alone are told so, whenever
/// they meet. It is no reason to refuse: then both would be alone.
#[test]
fn s15_two_servers_that_start_alone_are_an_alarm() {
    for (policies, alarms) in [
        ([StartupPolicy::PartnerDown; 2], 1),
        ([StartupPolicy::PartnerDown, StartupPolicy::Wait], 0),
        ([StartupPolicy::Resume, StartupPolicy::PartnerDown], 0),
    ] {
        let mut pair = Pair::new(Setup::new(303));
        for host in Host::BOTH {
            pair.reconfigure(host, |config| config.startup_policy = policies[host.index()]);
        }
        pair.start_both();
        pair.run_s(30);
        for host in Host::BOTH {
            assert_eq!(pair.state(host), Some(State::Normal));
            let found = |event: &Event| matches!(event, Event::UnsafeSettings(_));
            assert_eq!(count(&pair, host, found), alarms, "{policies:?}");
        }
        assert!(UnsafeSettings::BothStartAlone.to_string().contains("startup policy"));
    }
}

/// What a running pair tells is the same at both, so nothing is ever found.
#[test]
fn equal_pools_are_never_found_to_differ() {
    let mut pair = busy(Setup::new(304));
    for _ in 0..5 {
        pair.cut();
        pair.run_s(30);
    }
    assert_eq!(Host::BOTH.map(|host| count(&pair, host, differ)), [0, 0]);
    assert!(pair.sent(Host::A, "CONNECT") >= 5, "it does not connect anew by itself");
    assert!(pair.sent(Host::A, "CONNECT") <= 7);
}
