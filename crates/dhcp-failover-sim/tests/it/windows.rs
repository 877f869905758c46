//! Ours and a Windows server, in either role, by the facts there are of it: see the deviations (win-1 and
//! on) listed in `src/peer/windows`.

use crate::dhcpd::{CLIENTS, come_together, everybody_joins, in_both_roles, short, together_with};
use crate::served;
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Balance, Command, Event, RequestClass, State};
use dhcp_failover_sim::{Host, Make, Pair, Setup, Survives};
use dhcp_failover_wire::digest::{Key, Scheme};

fn together(ours: Host, setup: Setup) -> Pair {
    together_with(Make::Windows, ours, setup)
}

/// With a lease for each client, that both know.
fn busy(ours: Host, setup: Setup) -> Pair {
    let mut pair = together(ours, setup);
    everybody_joins(&mut pair);
    come_together(&mut pair, 60);
    pair
}

/// win-8, win-9, win-15: two new servers come together, the primary hands addresses over, each client
/// is answered by one of them, and leases end on both. Also signed (win-1).
#[test]
fn ours_and_a_windows_server_serve_together() {
    let key = Key::new(Scheme::WINDOWS, "a shared secret");
    for secret in [None, Some(key)] {
        in_both_roles(|ours| {
            let secrets = [secret.clone(), secret.clone()];
            let mut pair = busy(ours, Setup { secrets, ..short(1) });
            pair.run_s(600);
            assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
            assert_eq!(served(&pair, CLIENTS), CLIENTS, "{}", pair.log_text());
            for host in Host::BOTH {
                let by = (0..CLIENTS).filter_map(|number| pair.lease_of(number));
                assert!(by.filter(|held| held.server == host).count() > 0, "{host:?} is idle");
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
            come_together(&mut pair, 300);
            assert_eq!(served(&pair, 18), 18, "{}", pair.log_text());
            pair.assert_clean();
        }
    });
}

/// win-16: a disk is lost; what was on it comes back from the other server.
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

/// S4, L4: whatever the shares, addresses come to rest with their owners.
#[test]
fn l04_addresses_come_to_rest_whatever_the_shares() {
    let balances = [0, 20, 90].map(|primary_percent| Balance::LoadBalance { primary_percent });
    for balance in balances.into_iter().chain([Balance::HotStandby { reserve_percent: 5 }]) {
        in_both_roles(|ours| {
            let mut pair = together(ours, Setup { pool: 60, balance, ..short(9) });
            pair.run_s(200);
            let backup = pair.count(ours, BindingStatus::Backup);
            pair.run_s(600);
            assert_eq!(pair.count(ours, BindingStatus::Backup), backup, "{}", pair.log_text());
            pair.check_silence(300);
            pair.assert_clean();
        });
    }
}

/// Both were alone and gave the same addresses away. Ours tells, and each address has one client in the
/// end.
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
        come_together(&mut pair, 600);
        let told = pair.events_of(ours).any(|(_, event)| {
            matches!(event, Event::ClientOverridden { .. } | Event::UpdateRefused { .. })
        });
        assert!(told, "{ours:?} {}", pair.log_text());
    });
}

/// win-10: a service that stops closes its connections, and says nothing else.
#[test]
fn either_leaves_without_a_word() {
    in_both_roles(|ours| {
        for command in [Command::Pause, Command::Shutdown] {
            for leaves in Host::BOTH {
                let mut pair = busy(ours, short(7));
                pair.command(leaves, command);
                pair.run_s(30);
                let stays = leaves.partner();
                let expected = Some(State::CommunicationsInterrupted);
                assert_eq!(pair.state(stays), expected, "{leaves:?} {}", pair.log_text());
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

/// S11: what waits for the disk when an operator pauses the server is still said, in words that the
/// partner understands.
#[test]
fn s11_the_last_words_on_a_connection_are_in_its_dialect() {
    in_both_roles(|ours| {
        let mut pair = together(ours, short(8));
        pair.set_disk_delay_ms(ours, 500);
        everybody_asks(&mut pair, ours);
        pair.command(ours, Command::Pause);
        let said = |pair: &Pair| pair.sent_by(ours);
        let before = said(&pair);
        pair.run_s(5);
        assert!(said(&pair) > before, "nothing waited for the disk");
        pair.assert_clean();
    });
}

/// Each client asks once, and nobody waits for the answers.
fn everybody_asks(pair: &mut Pair, host: Host) {
    for number in 0..CLIENTS {
        pair.ask(number, RequestClass::New, &[host], None);
    }
}
