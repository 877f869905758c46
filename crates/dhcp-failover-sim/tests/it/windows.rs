//! Ours and a Windows server, in either role, by the facts there are of it: see the deviations (win-1 and
//! on) listed in `src/peer/windows`.

use crate::other_makes::{
    CLIENTS, busy, come_together, in_both_roles, serve_until_leases_end, settles_a_conflict, short,
    together,
};
use crate::served;
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Balance, Command, RequestClass, State};
use dhcp_failover_sim::{Host, Make, Pair, Setup, Survives};
use dhcp_failover_wire::digest::{Key, Scheme};

/// win-8, win-9, win-15: two new servers come together, the primary hands addresses over, each client
/// is answered by one of them, and leases end on both. Also signed (win-1).
#[test]
fn ours_and_a_windows_server_serve_together() {
    let key = Key::new(Scheme::WINDOWS, "a shared secret");
    for secret in [None, Some(key)] {
        in_both_roles(|ours| {
            let secrets = [secret.clone(), secret.clone()];
            let mut pair = busy(Make::Windows, ours, Setup { secrets, ..short(1) });
            serve_until_leases_end(&mut pair, ours);
        });
    }
}

/// S4, L4: whatever the shares, addresses come to rest with their owners.
#[test]
fn l04_addresses_come_to_rest_whatever_the_shares() {
    let balances = [0, 20, 90].map(|primary_percent| Balance::LoadBalance { primary_percent });
    for balance in balances.into_iter().chain([Balance::HotStandby { reserve_percent: 5 }]) {
        in_both_roles(|ours| {
            let mut pair = together(Make::Windows, ours, Setup { pool: 60, balance, ..short(9) });
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
    in_both_roles(|ours| assert!(settles_a_conflict(Make::Windows, ours), "{ours:?}"));
}

/// win-10: a service that stops closes its connections, and says nothing else.
#[test]
fn either_leaves_without_a_word() {
    in_both_roles(|ours| {
        for command in [Command::Pause, Command::Shutdown] {
            for leaves in Host::BOTH {
                let mut pair = busy(Make::Windows, ours, short(7));
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
        let mut pair = together(Make::Windows, ours, short(8));
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
