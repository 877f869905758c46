//! Ours and a server of another make, in either role: the stories that are the same for each of them.

use crate::served;
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Command, Event, State};
use dhcp_failover_sim::{Host, Make, Pair, Setup, Survives};

pub(crate) const CLIENTS: usize = 8;

/// Ours at `ours`, the other make at the other host, in NORMAL, not started with any lease.
pub(crate) fn together(make: Make, ours: Host, setup: Setup) -> Pair {
    let mut makes = [make; 2];
    makes[ours.index()] = Make::Ours;
    // dhcpd's default; what a Windows server takes is fixed.
    let max_unacked = if make == Make::Dhcpd { [100, 10] } else { setup.max_unacked };
    let mut pair = Pair::new(Setup { makes, max_unacked, ..setup });
    pair.start_both();
    come_together(&mut pair, 120);
    pair
}

/// The same with a lease for each client, that both know.
pub(crate) fn busy(make: Make, ours: Host, setup: Setup) -> Pair {
    let mut pair = together(make, ours, setup);
    everybody_joins(&mut pair);
    come_together(&mut pair, 60);
    pair
}

pub(crate) fn come_together(pair: &mut Pair, limit_s: u64) {
    let normal = |pair: &Pair| pair.is_settled() && pair.differences().is_empty();
    assert!(
        pair.run_until(limit_s, normal),
        "{}\n{:?} {:#?}",
        pair.log_text(),
        pair.states(),
        pair.differences()
    );
}

pub(crate) fn everybody_joins(pair: &mut Pair) {
    for number in 0..CLIENTS {
        pair.join(number);
    }
    pair.run_s(20);
    assert_eq!(served(pair, CLIENTS), CLIENTS, "{}", pair.log_text());
}

pub(crate) fn short(seed: u64) -> Setup {
    Setup { mclt_s: 20, secondary_mclt_s: 20, lease_s: 60, ..Setup::new(seed) }
}

/// Either may be ours.
pub(crate) fn in_both_roles(story: impl Fn(Host)) {
    Host::BOTH.into_iter().for_each(story);
}

/// Both have clients of their own, all stay served, and leases end on both.
pub(crate) fn serve_until_leases_end(pair: &mut Pair, ours: Host) {
    pair.run_s(600);
    assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
    assert_eq!(served(pair, CLIENTS), CLIENTS, "{}", pair.log_text());
    for host in Host::BOTH {
        let by = (0..CLIENTS).filter_map(|number| pair.lease_of(number));
        assert!(by.filter(|held| held.server == host).count() > 0, "{host:?} serves nobody");
    }
    for number in 0..CLIENTS {
        pair.mute(number);
    }
    pair.run_s(300);
    come_together(pair, 300);
    assert_eq!(pair.count(ours, BindingStatus::Active), 0);
    pair.assert_clean();
}

/// Both are alone and give the same addresses away; in the end each address has one client. Whether ours
/// told of it.
pub(crate) fn settles_a_conflict(make: Make, ours: Host) -> bool {
    let mut pair = together(make, ours, Setup { clients: 40, pool: 10, lease_s: 300, ..short(6) });
    pair.partition(true);
    pair.run_s(40);
    for host in Host::BOTH {
        pair.command(host, Command::PartnerDown);
    }
    pair.run_s(60);
    for number in 0..40 {
        pair.set_reach(number, Host::BOTH[1 - number % 2], false);
        pair.join(number);
    }
    pair.run_s(20);
    assert!(served(&pair, 40) > 10, "{}", pair.log_text());
    for number in 0..40 {
        pair.mute(number);
    }
    pair.partition(false);
    come_together(&mut pair, 600);
    pair.events_of(ours).any(|(_, event)| {
        matches!(event, Event::ClientOverridden { .. } | Event::UpdateRefused { .. })
    })
}

/// Each make, in either role.
fn with_each(story: impl Fn(Make, Host)) {
    for make in [Make::Dhcpd, Make::Windows] {
        in_both_roles(|ours| story(make, ours));
    }
}

/// Whoever dies, comes back, and the clients notice nothing.
#[test]
fn either_dies_and_comes_back() {
    with_each(|make, ours| {
        for dies in Host::BOTH {
            let mut pair = busy(make, ours, short(2));
            pair.crash(dies, Survives::Nothing);
            pair.run_s(200);
            assert_eq!(pair.state(dies.partner()), Some(State::CommunicationsInterrupted));
            assert_eq!(served(&pair, CLIENTS), CLIENTS, "{}", pair.log_text());
            pair.start(dies);
            come_together(&mut pair, 300);
            assert_eq!(served(&pair, CLIENTS), CLIENTS, "{}", pair.log_text());
            pair.assert_clean();
        }
    });
}

/// They do not reach each other for a while.
#[test]
fn the_wire_is_cut_and_mended() {
    with_each(|make, ours| {
        let mut pair = busy(make, ours, short(3));
        pair.partition(true);
        pair.run_s(300);
        assert_eq!(pair.states(), [Some(State::CommunicationsInterrupted); 2]);
        pair.partition(false);
        come_together(&mut pair, 300);
        pair.run_s(100);
        assert_eq!(served(&pair, CLIENTS), CLIENTS, "{}", pair.log_text());
        pair.assert_clean();
    });
}

/// The one that is left is told to go alone, uses all addresses, and takes the other one back.
#[test]
fn either_takes_over_and_hands_back() {
    with_each(|make, ours| {
        for dies in Host::BOTH {
            let mut pair = busy(make, ours, Setup { clients: 18, ..short(4) });
            pair.crash(dies, Survives::Everything);
            pair.run_s(30);
            pair.command(dies.partner(), Command::PartnerDown);
            assert_eq!(pair.state(dies.partner()), Some(State::PartnerDown));
            pair.run_s(100);
            for number in CLIENTS..18 {
                pair.join(number);
            }
            pair.run_s(60);
            assert_eq!(served(&pair, 18), 18, "{dies:?} {}", pair.log_text());
            pair.start(dies);
            come_together(&mut pair, 300);
            assert_eq!(served(&pair, 18), 18, "{}", pair.log_text());
            pair.assert_clean();
        }
    });
}

/// win-16: a disk is lost; what was on it comes back from the other server. isc-S06: a dhcpd goes alone
/// by itself when it hears of RECOVER.
#[test]
fn either_loses_its_disk() {
    with_each(|make, ours| {
        for loses in Host::BOTH {
            let mut pair = busy(make, ours, short(5));
            pair.crash(loses, Survives::Everything);
            pair.lose_disk(loses);
            pair.run_s(30);
            pair.start(loses);
            come_together(&mut pair, 300);
            pair.run_s(100);
            assert_eq!(served(&pair, CLIENTS), CLIENTS, "{loses:?} {}", pair.log_text());
            pair.assert_clean();
        }
    });
}
