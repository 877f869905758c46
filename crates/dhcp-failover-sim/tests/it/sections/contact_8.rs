//! Coming together, staying in contact, losing it (draft-12 §8).

use crate::{busy, entered, normal, path};
use dhcp_failover_proto::State;
use dhcp_failover_sim::{Host, Pair, Setup};

/// L1; draft-12 §9.3.2, §9.5.2, §9.6.2: nothing to wait for when neither server ever served.
#[test]
fn a_fresh_pair_reaches_normal_without_waiting_for_the_mclt() {
    let mut pair = Pair::new(Setup { mclt_s: 3_600, ..Setup::new(1) });
    pair.start_both();
    assert!(pair.run_until(3, Pair::is_settled), "{}", pair.log_text());
    for host in Host::BOTH {
        let way = [State::Recover, State::RecoverWait, State::RecoverDone, State::Normal];
        assert_eq!(path(&pair, host), way);
    }
    pair.assert_clean();
}

/// §8.3: CONTACT keeps an idle link, at the rate the partner's tReceive asks for.
#[test]
fn contact_keeps_an_idle_link() {
    let mut pair = normal(Setup { receive_timer_s: 15, ..Setup::new(2) });
    pair.run_s(600);
    let contacts = pair.sent(Host::A, "CONTACT");
    assert!((100..=140).contains(&contacts), "{contacts} in 600 s, wanted one in 5 s");
    assert_eq!(pair.sent(Host::A, "CONNECT"), 1);
    assert_eq!(pair.states(), [Some(State::Normal); 2]);
    pair.assert_clean();
}

/// L9: silence in both directions is noticed by both within tReceive.
#[test]
fn silence_is_noticed_within_the_receive_timer() {
    let mut pair = normal(Setup::new(3));
    let silent = pair.now_ms();
    pair.partition(true);
    pair.run_s(25);
    for host in Host::BOTH {
        let at = entered(&pair, host, State::CommunicationsInterrupted);
        assert!(at - silent <= 20_000, "{host:?} after {} ms", at - silent);
    }
    pair.partition(false);
    pair.check_convergence(30);
    pair.assert_clean();
}

/// L9: if only one direction is silent, the deaf server drops the link, and the other hears so or
/// times out as well.
#[test]
fn silence_in_one_direction_ends_contact_for_both() {
    for mute in Host::BOTH {
        let mut pair = normal(Setup::new(4));
        let silent = pair.now_ms();
        pair.block(mute, true);
        pair.run_s(42);
        for host in Host::BOTH {
            let at = entered(&pair, host, State::CommunicationsInterrupted);
            assert!(at - silent <= 40_000, "{host:?} after {} ms", at - silent);
        }
        pair.block(mute, false);
        pair.check_convergence(30);
        pair.assert_clean();
    }
}

/// §8.6: a reset is noticed at once, and the connection made anew.
#[test]
fn a_reset_is_noticed_at_once_and_mended() {
    let mut pair = busy(Setup::new(5));
    let cut = pair.now_ms();
    pair.cut();
    pair.run_ms(100);
    for host in Host::BOTH {
        assert!(entered(&pair, host, State::CommunicationsInterrupted) - cut < 100);
    }
    assert!(pair.run_until(5, Pair::is_settled), "{}", pair.log_text());
    pair.assert_clean();
}

/// isc-C: the link is lost at every possible message of the first synchronisation, and of another
/// one with data.
#[test]
fn a_connection_cut_at_every_message_still_leads_to_normal() {
    for messages in 1..60 {
        let mut pair = Pair::new(Setup::new(6));
        pair.cut_after_messages(messages);
        pair.start_both();
        for number in 0..8 {
            pair.join(number);
        }
        pair.run_s(30);
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// A slow link with a window of one still gets everything across (§8.4, S11).
#[test]
fn one_update_at_a_time_is_enough() {
    let setup = Setup { max_unacked: [1, 1], net_delay_ms: 400, clients: 12, ..Setup::new(7) };
    let mut pair = busy(setup);
    pair.run_s(300);
    for number in 0..12 {
        pair.mute(number);
    }
    pair.check_convergence(120);
    pair.assert_clean();
}

/// §9.3.2: a server killed and started again is back in NORMAL without any wait.
#[test]
fn a_quick_restart_needs_no_recovery() {
    use dhcp_failover_sim::Survives;
    for host in Host::BOTH {
        let mut pair = busy(Setup::new(8));
        pair.crash(host, Survives::Nothing);
        pair.run_s(3);
        pair.start(host);
        assert!(pair.run_until(6, Pair::is_settled), "{}", pair.log_text());
        assert!(!path(&pair, host)[4..].contains(&State::Recover));
        pair.assert_clean();
    }
}

/// L5: a server that leaves STARTUP between its first STATE and the partner's says so, whatever the
/// moment; else the partner would wait for it for ever.
#[test]
fn a_start_that_ends_while_contact_is_made_is_announced() {
    for start_ms in (9_500..10_100).step_by(10) {
        let mut pair = Pair::new(Setup { net_delay_ms: 50, ..Setup::new(9) });
        pair.start(Host::B);
        pair.run_ms(start_ms);
        pair.start(Host::A);
        assert!(pair.run_until(10, Pair::is_settled), "{start_ms}\n{}", pair.log_text());
        pair.assert_clean();
    }
}

/// The same when it is the operator who ends STARTUP.
#[test]
fn a_command_while_contact_is_made_is_announced() {
    use dhcp_failover_proto::Command;
    for after_ms in (0..400).step_by(10) {
        let mut pair = Pair::new(Setup { net_delay_ms: 50, mclt_s: 5, ..Setup::new(10) });
        pair.start_both();
        pair.run_ms(after_ms);
        pair.command(Host::B, Command::PartnerDown);
        assert!(pair.run_until(60, Pair::is_settled), "{after_ms}\n{}", pair.log_text());
    }
}
