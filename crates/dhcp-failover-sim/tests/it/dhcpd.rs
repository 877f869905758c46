//! Ours and a dhcpd, in either role: what the stories with the real one in failoverd's tests tell,
//! in virtual time.

use crate::other_makes::{
    CLIENTS, busy, come_together, in_both_roles, serve_until_leases_end, settles_a_conflict, short,
    together,
};
use crate::served;
use dhcp_failover_proto::{Balance, Command, Event, State};
use dhcp_failover_sim::{Host, Make, Pair, Regime, Setup, Storm, Survives};

/// isc-L28, isc-C15: two new servers come together, each client is answered by one of them, and
/// leases end on both.
#[test]
fn ours_and_a_dhcpd_serve_together() {
    in_both_roles(|ours| serve_until_leases_end(&mut busy(Make::Dhcpd, ours, short(1)), ours));
}

/// isc-L05: a dhcpd wants halves, whatever else is configured; what it gets beyond it gives back.
#[test]
fn l05_addresses_do_not_go_to_a_dhcpd_and_back() {
    for primary_percent in [0, 20, 90] {
        in_both_roles(|ours| {
            let balance = Balance::LoadBalance { primary_percent };
            let mut pair = together(Make::Dhcpd, ours, Setup { pool: 60, balance, ..short(9) });
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
        // A primary of ours hears first; a dhcpd that is primary takes what it hears.
        assert!(settles_a_conflict(Make::Dhcpd, ours) || ours == Host::B, "{ours:?}");
    });
}

/// isc-S17: SIGTERM tells nobody; its order to shut down does, and has it recover afterwards.
#[test]
fn either_leaves_in_order() {
    in_both_roles(|ours| {
        for command in [Command::Pause, Command::Shutdown] {
            for leaves in Host::BOTH {
                let mut pair = busy(Make::Dhcpd, ours, short(7));
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
