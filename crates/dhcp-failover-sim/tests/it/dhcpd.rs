//! Ours and a dhcpd, in either role: what the stories with the real one in failoverd's tests tell,
//! in virtual time.

use crate::served;
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Balance, Command, Event, State};
use dhcp_failover_sim::{Host, Make, Pair, Regime, Setup, Storm, Survives};

pub(crate) const CLIENTS: usize = 8;

/// Ours at `ours`, dhcpd at the other host, in NORMAL, not started with any lease.
fn together(ours: Host, setup: Setup) -> Pair {
    together_with(Make::Dhcpd, ours, Setup { max_unacked: [100, 10], ..setup })
}

/// The same with a server of another make.
pub(crate) fn together_with(make: Make, ours: Host, setup: Setup) -> Pair {
    let mut makes = [make; 2];
    makes[ours.index()] = Make::Ours;
    let mut pair = Pair::new(Setup { makes, ..setup });
    pair.start_both();
    come_together(&mut pair, 120);
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

/// The same with a lease for each client, that both know.
fn busy(ours: Host, setup: Setup) -> Pair {
    let mut pair = together(ours, setup);
    everybody_joins(&mut pair);
    come_together(&mut pair, 60);
    pair
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

/// isc-L28, isc-C15: two new servers come together, each client is answered by one of them, and
/// leases end on both.
#[test]
fn ours_and_a_dhcpd_serve_together() {
    in_both_roles(|ours| {
        let mut pair = busy(ours, short(1));
        pair.run_s(600);
        assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
        assert_eq!(served(&pair, CLIENTS), CLIENTS);
        for host in Host::BOTH {
            let by = (0..CLIENTS).filter_map(|number| pair.lease_of(number));
            assert!(by.filter(|held| held.server == host).count() > 0, "{host:?} serves nobody");
        }
        for number in 0..CLIENTS {
            pair.mute(number);
        }
        pair.run_s(300);
        come_together(&mut pair, 300);
        assert_eq!(pair.count(ours, BindingStatus::Active), 0);
        pair.assert_clean();
    });
}

/// Whoever dies, comes back, and the clients notice nothing.
#[test]
fn either_dies_and_comes_back() {
    in_both_roles(|ours| {
        for dies in Host::BOTH {
            let mut pair = busy(ours, short(2));
            pair.crash(dies, Survives::Nothing);
            pair.run_s(200);
            assert_eq!(pair.state(dies.partner()), Some(State::CommunicationsInterrupted));
            assert_eq!(served(&pair, CLIENTS), CLIENTS, "{}", pair.log_text());
            pair.start(dies);
            come_together(&mut pair, 200);
            assert_eq!(served(&pair, CLIENTS), CLIENTS, "{}", pair.log_text());
            pair.assert_clean();
        }
    });
}

/// They do not reach each other for a while.
#[test]
fn the_wire_is_cut_and_mended() {
    in_both_roles(|ours| {
        let mut pair = busy(ours, short(3));
        pair.partition(true);
        pair.run_s(300);
        assert_eq!(pair.states(), [Some(State::CommunicationsInterrupted); 2]);
        pair.partition(false);
        come_together(&mut pair, 200);
        pair.run_s(100);
        assert_eq!(served(&pair, CLIENTS), CLIENTS, "{}", pair.log_text());
        pair.assert_clean();
    });
}

/// The one that is left is told to go alone, uses all addresses, and takes the other one back.
#[test]
fn either_takes_over_and_hands_back() {
    in_both_roles(|ours| {
        for dies in Host::BOTH {
            let mut pair = busy(ours, Setup { clients: 18, ..short(4) });
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
            come_together(&mut pair, 200);
            assert_eq!(served(&pair, 18), 18, "{}", pair.log_text());
            pair.assert_clean();
        }
    });
}

/// A disk is lost; what was on it comes back from the other server. isc-S06: a dhcpd goes alone by
/// itself when it hears of RECOVER.
#[test]
fn either_loses_its_disk() {
    in_both_roles(|ours| {
        for loses in Host::BOTH {
            let mut pair = busy(ours, short(5));
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

/// isc-L05: a dhcpd wants halves, whatever else is configured; what it gets beyond it gives back.
#[test]
fn l05_addresses_do_not_go_to_a_dhcpd_and_back() {
    for primary_percent in [0, 20, 90] {
        in_both_roles(|ours| {
            let balance = Balance::LoadBalance { primary_percent };
            let mut pair = together(ours, Setup { pool: 60, balance, ..short(9) });
            pair.run_s(100);
            let moved = |pair: &Pair| {
                let all = pair.events_of(ours);
                all.filter(|(_, event)| matches!(event, Event::PoolMoved { .. })).count()
            };
            let before = moved(&pair);
            pair.run_s(600);
            assert_eq!(moved(&pair), before, "{primary_percent} {ours:?} {}", pair.log_text());
        });
    }
}

/// isc-L13: both were alone and gave the same addresses away. Ours tells, and each address has one
/// client in the end.
#[test]
fn a_conflict_is_told_and_settled() {
    in_both_roles(|ours| {
        let mut pair = together(ours, Setup { clients: 40, pool: 10, lease_s: 300, ..short(6) });
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
        come_together(&mut pair, 200);
        let told = pair.events_of(ours).any(|(_, event)| {
            matches!(event, Event::ClientOverridden { .. } | Event::UpdateRefused { .. })
        });
        // A primary of ours hears first; a dhcpd that is primary takes what it hears.
        assert!(told || ours == Host::B, "{}", pair.log_text());
    });
}

/// isc-S17: SIGTERM tells nobody; its order to shut down does, and has it recover afterwards.
#[test]
fn either_leaves_in_order() {
    in_both_roles(|ours| {
        for command in [Command::Pause, Command::Shutdown] {
            for leaves in Host::BOTH {
                let mut pair = busy(ours, short(7));
                pair.command(leaves, command);
                pair.run_s(30);
                let expected = match command {
                    Command::Shutdown => State::PartnerDown,
                    _ => State::CommunicationsInterrupted,
                };
                let stays = leaves.partner();
                assert_eq!(pair.state(stays), Some(expected), "{leaves:?} {}", pair.log_text());
                pair.crash(leaves, Survives::Everything);
                pair.start(leaves);
                come_together(&mut pair, 300);
                pair.run_s(60);
                assert_eq!(served(&pair, CLIENTS), CLIENTS, "{leaves:?} {}", pair.log_text());
                pair.assert_clean();
            }
        }
    });
}

/// Some faults need the other's operator: a storm says how often. Both makes have their turn.
#[test]
fn most_storms_with_another_make_end_without_its_operator() {
    let mut remedies = [0; 2];
    let mut with_windows = 0;
    for seed in 100..120 {
        let mut storm = Storm::new(seed, Regime::Dialect);
        with_windows += u32::from(storm.setup().makes.contains(&Make::Windows));
        storm.run();
        assert_eq!(storm.broken(), None, "seed {seed}: {}", storm.pair.log_text());
        for (sum, more) in remedies.iter_mut().zip(storm.remedies()) {
            *sum += more;
        }
    }
    println!(
        "the other was started anew {} times, without its leases {}",
        remedies[0], remedies[1]
    );
    assert!((5..=15).contains(&with_windows), "{with_windows} of 20");
    assert!(remedies[0] + remedies[1] <= 10, "{remedies:?}");
}
