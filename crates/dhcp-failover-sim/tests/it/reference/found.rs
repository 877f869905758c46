//! What the reference did not allow the endpoint, each as a story.

use dhcp_failover_proto::{Command, Event, RequestClass, StartupPolicy, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// Two new servers that were alone meet again after one was restarted: it passes through
/// PARTNER-DOWN into POTENTIAL-CONFLICT at once, and there the primary asks first (§9.10.1). The
/// answer to a request from PARTNER-DOWN would end the secondary's POTENTIAL-CONFLICT (§9.10.3)
/// before the primary knows anything.
#[test]
fn a_state_passed_through_asks_for_nothing() {
    let alone = StartupPolicy::PartnerDown;
    for restarted in Host::BOTH {
        let mut pair = Pair::new(Setup { startup_policy: alone, mclt_s: 20, ..Setup::new(71) });
        pair.partition(true);
        pair.start_both();
        let both = |pair: &Pair, state| Host::BOTH.iter().all(|it| pair.state(*it) == Some(state));
        assert!(pair.run_until(60, |pair| both(pair, State::PartnerDown)), "{}", pair.log_text());
        pair.run_s(60);
        pair.crash(restarted, Survives::Everything);
        pair.partition(false);
        pair.run_s(1);
        pair.start(restarted);
        assert!(pair.run_until(300, |pair| both(pair, State::Normal)), "{}", pair.log_text());
        pair.assert_clean();
    }
}

/// A server whose partner was called down once, gets all updates, and serves again in RECOVER-DONE
/// where the partner does not hear of it. Then it loses its disk: that the partner was ordered to
/// PARTNER-DOWN long ago does not say when it last served, so it waits the MCLT from its start
/// (§9.6.2).
#[test]
fn an_order_of_before_the_last_recovery_does_not_shorten_recover_wait() {
    let mut pair = Pair::new(Setup { mclt_s: 100, lease_s: 40, ..Setup::new(72) });
    let down = Host::B;
    pair.start_both();
    let is = |state| move |pair: &Pair| pair.state(down) == Some(state);
    assert!(pair.run_until(60, is(State::Normal)), "{}", pair.log_text());
    pair.crash(down, Survives::Everything);
    pair.run_s(5);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(5);
    pair.start(down);
    assert!(pair.run_until(60, is(State::RecoverWait)), "{}", pair.log_text());
    pair.partition(true);
    assert!(pair.run_until(300, is(State::RecoverDone)), "{}", pair.log_text());
    pair.run_s(30);
    pair.crash(down, Survives::Everything);
    pair.lose_disk(down);
    pair.partition(false);
    pair.start(down);
    let started_ms = pair.now_ms();
    assert!(pair.run_until(300, is(State::RecoverDone)), "{}", pair.log_text());
    assert!(pair.now_ms() >= started_ms + 100_000, "{}", pair.log_text());
    pair.assert_clean();
}

/// An order to a server that has just said CONNECT: STATE follows CONNECTACK, not before (§8.2).
#[test]
fn an_order_while_it_connects_is_not_told_before_connectack() {
    let mut pair = Pair::new(Setup { mclt_s: 20, ..Setup::new(73) });
    pair.start_both();
    let normal = |pair: &Pair| pair.state(Host::A) == Some(State::Normal);
    assert!(pair.run_until(60, normal), "{}", pair.log_text());
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(5);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(5);
    pair.crash(Host::A, Survives::Everything);
    pair.start(Host::B);
    pair.set_net_delay_ms(2_000);
    let connects = pair.sent(Host::A, "CONNECT");
    pair.start(Host::A);
    let asked = |pair: &Pair| pair.sent(Host::A, "CONNECT") > connects;
    assert!(pair.run_until(60, asked), "{}", pair.log_text());
    pair.command(Host::A, Command::ForcePartnerDown);
    pair.run_s(30);
    pair.assert_clean();
}

/// A pair in NORMAL.
fn normal(setup: Setup) -> Pair {
    let mut pair = Pair::new(setup);
    pair.start_both();
    let both = |pair: &Pair| pair.states() == [Some(State::Normal); 2];
    assert!(pair.run_until(60, both), "{}", pair.log_text());
    pair
}

/// What waits for the disk of a server that leaves is not said on a connection that has ended
/// meanwhile (§8.6).
#[test]
fn last_words_are_not_said_on_a_connection_that_is_gone() {
    let mut pair = normal(Setup { mclt_s: 20, ..Setup::new(74) });
    pair.stall_disk(Host::A, true);
    pair.command(Host::A, Command::Pause);
    pair.run_s(1);
    pair.cut();
    pair.run_s(1);
    pair.stall_disk(Host::A, false);
    pair.run_s(5);
    assert_eq!(pair.state(Host::B), Some(State::CommunicationsInterrupted));
    pair.assert_clean();
}

/// A server that is paused before its CONNECT was answered closes the connection at once: the answer,
/// were it read, would make it one that ends with DISCONNECT (§7.12).
#[test]
fn a_connection_that_was_not_answered_is_closed_at_once() {
    let mut pair = normal(Setup { mclt_s: 20, ..Setup::new(75) });
    pair.crash(Host::A, Survives::Everything);
    pair.set_disk_delay_ms(Host::A, 3_000);
    pair.start(Host::A);
    let (connects, closed) = (pair.sent(Host::A, "CONNECT"), pair.closed_by(Host::A));
    // Its CONNECT waits for the disk, and is not said any more.
    let asks = |pair: &Pair| !pair.open_connections().is_empty();
    assert!(pair.run_until(10, asks), "{}", pair.log_text());
    pair.run_ms(500);
    pair.command(Host::A, Command::Pause);
    assert_eq!(pair.closed_by(Host::A), closed + 1, "{}", pair.log_text());
    pair.run_s(10);
    assert_eq!(pair.sent(Host::A, "CONNECT"), connects, "{}", pair.log_text());
    pair.assert_clean();
}

/// What a server without its storage promised is waited for in RECOVER-WAIT, though it was shut
/// down or paused in RECOVER before: UPDDONE comes in SHUTDOWN, and it starts again (§9.6.2).
#[test]
fn a_server_shut_down_in_recover_still_waits_for_what_it_lost() {
    let mut pair = normal(Setup { mclt_s: 100, ..Setup::new(76) });
    let lost = Host::A;
    pair.run_s(30);
    pair.crash(lost, Survives::Everything);
    pair.lose_disk(lost);
    pair.start(lost);
    let started_ms = pair.now_ms();
    let is = |state| move |pair: &Pair| pair.state(lost) == Some(state);
    assert!(pair.run_until(20, is(State::Recover)), "{}", pair.log_text());
    let asked = |pair: &Pair| pair.sent(lost, "UPDREQALL") > 0;
    assert!(pair.run_until(20, asked), "{}", pair.log_text());
    pair.command(lost, Command::Shutdown);
    let done = |pair: &Pair| pair.sent(Host::B, "UPDDONE") > 1;
    assert!(pair.run_until(20, done), "{}", pair.log_text());
    pair.run_s(2);
    assert_eq!(pair.state(lost), Some(State::Shutdown));
    pair.crash(lost, Survives::Everything);
    pair.start(lost);
    assert!(pair.run_until(300, is(State::RecoverDone)), "{}", pair.log_text());
    assert!(pair.now_ms() >= started_ms + 100_000, "{}", pair.log_text());
    pair.assert_clean();
}

/// An order to recover does not end the wait of a server that lost its storage: when it last served
/// it does not know (§9.6.2).
#[test]
fn an_order_to_recover_does_not_shorten_the_wait_for_what_was_lost() {
    let mut pair = normal(Setup { mclt_s: 100, ..Setup::new(77) });
    let lost = Host::A;
    pair.run_s(30);
    pair.crash(lost, Survives::Everything);
    pair.lose_disk(lost);
    pair.start(lost);
    let started_ms = pair.now_ms();
    pair.command(lost, Command::Recover);
    let is = |state| move |pair: &Pair| pair.state(lost) == Some(state);
    assert!(pair.run_until(300, is(State::RecoverDone)), "{}", pair.log_text());
    assert!(pair.now_ms() >= started_ms + 100_000, "{}", pair.log_text());
    pair.assert_clean();
}

/// SHUTDOWN is left by being restarted only (§9.14.3), also if the partner that returned
/// acknowledges meanwhile all that was waited for on the way to NORMAL (H21).
#[test]
fn a_server_that_shuts_down_on_its_way_to_normal_stays_down() {
    let mut pair = normal(Setup { mclt_s: 60, ..Setup::new(78) });
    pair.join(0);
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(5);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(5);
    pair.start(Host::B);
    let is = |host, state| move |pair: &Pair| pair.state(host) == Some(state);
    assert!(pair.run_until(60, is(Host::B, State::RecoverWait)), "{}", pair.log_text());
    pair.set_net_delay_ms(1_000);
    assert!(pair.run_until(90, is(Host::B, State::RecoverDone)), "{}", pair.log_text());
    // Told a moment before A hears of RECOVER-DONE, and not acknowledged then.
    pair.run_ms(500);
    let address = pair.lease_of(0).map(|held| held.address);
    assert!(pair.ask(0, RequestClass::Renewal, &[Host::A], address), "{}", pair.log_text());
    pair.run_ms(700);
    let heard = Event::PartnerState { state: State::RecoverDone, startup: false };
    assert!(pair.events_of(Host::A).any(|(_, it)| *it == heard), "{}", pair.log_text());
    assert_eq!(pair.state(Host::A), Some(State::PartnerDown), "{}", pair.log_text());
    pair.command(Host::A, Command::Shutdown);
    pair.run_s(10);
    assert_eq!(pair.state(Host::A), Some(State::Shutdown), "{}", pair.log_text());
    pair.assert_clean();
}

/// A server that has been alone gives addresses of its partner away and is shut down before it has
/// told of all, while the partner has just recovered: that one does not take over by itself, and
/// when an operator says so, nothing is free for the MCLT (H21, H4).
#[test]
fn what_a_partner_did_alone_and_did_not_tell_is_not_taken_over_from_it() {
    for (unlimited, ordered) in [(false, false), (false, true), (true, false)] {
        let mut pair = normal(Setup {
            mclt_s: 60,
            pool: 4,
            max_unacked: [1; 2],
            max_batch: [1; 2],
            unlimited_in_partner_down: unlimited,
            ..Setup::new(79)
        });
        let (alone, back, new) = (Host::A, Host::B, RequestClass::New);
        pair.crash(back, Survives::Everything);
        pair.run_s(5);
        pair.command(alone, Command::PartnerDown);
        pair.run_s(100);
        for client in 0..2 {
            assert!(pair.ask(client, new, &[alone], None), "{}", pair.log_text());
        }
        pair.run_s(1);
        pair.set_net_delay_ms(1_000);
        pair.start(back);
        let recovered = |pair: &Pair| pair.state(back) == Some(State::RecoverDone);
        assert!(pair.run_until(90, recovered), "{}", pair.log_text());
        // Before it hears of that, it gives two away; the partner takes one update at a time.
        pair.run_ms(500);
        for client in 2..4 {
            assert!(pair.ask(client, new, &[alone], None), "{}", pair.log_text());
        }
        pair.run_ms(20);
        pair.command(alone, Command::Shutdown);
        pair.run_s(2);
        assert!(recovered(&pair), "{}", pair.log_text());
        if ordered {
            pair.command(back, Command::PartnerDown);
            assert_eq!(pair.state(back), Some(State::PartnerDown), "{}", pair.log_text());
        }
        for seconds in [1, 30] {
            pair.run_s(seconds);
            assert!(!pair.ask(4, new, &[back], None), "{}", pair.log_text());
        }
        pair.run_s(100);
        assert_eq!(pair.ask(4, new, &[back], None), ordered, "{}", pair.log_text());
        pair.run_s(1);
        pair.assert_clean();
    }
}

/// A server that was put to work in RECOVER, without its wait, has to wait the next time, and from
/// when it served last then (§9.6.2).
#[test]
fn a_wait_that_was_cut_short_does_not_count_for_the_next_one() {
    let mut pair = normal(Setup { mclt_s: 60, ..Setup::new(80) });
    let down = Host::B;
    let is = |host, state| move |pair: &Pair| pair.state(host) == Some(state);
    pair.partition(true);
    assert!(pair.run_until(60, is(down, State::CommunicationsInterrupted)), "{}", pair.log_text());
    pair.command(down, Command::Recover);
    pair.command(down, Command::ForcePartnerDown);
    assert_eq!(pair.state(down), Some(State::PartnerDown));
    pair.partition(false);
    pair.run_s(200);
    assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
    pair.crash(down, Survives::Everything);
    let stopped_ms = pair.now_ms();
    pair.run_s(2);
    pair.command(Host::A, Command::PartnerDown);
    pair.start(down);
    assert!(pair.run_until(300, is(down, State::RecoverDone)), "{}", pair.log_text());
    assert!(pair.now_ms() >= stopped_ms + 60_000, "{}", pair.log_text());
    pair.assert_clean();
}

/// A server that does not know that its storage is an older copy serves alone; when it hears so, it
/// waits for what it promised since it started, too (§9.6.2).
#[test]
fn what_an_old_copy_promised_before_it_was_found_out_is_waited_for() {
    let startup_policy = StartupPolicy::Resume;
    let mut pair = normal(Setup { mclt_s: 60, startup_policy, ..Setup::new(81) });
    let old = Host::B;
    pair.run_s(1);
    let copy = pair.copy_disk(old);
    pair.run_s(30);
    pair.cut();
    pair.run_s(30);
    assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
    pair.crash(old, Survives::Everything);
    pair.restore_disk(old, copy);
    pair.partition(true);
    pair.start(old);
    let is = |state| move |pair: &Pair| pair.state(old) == Some(state);
    assert!(pair.run_until(60, is(State::CommunicationsInterrupted)), "{}", pair.log_text());
    pair.run_s(120);
    pair.partition(false);
    assert!(pair.run_until(60, is(State::Recover)), "{}", pair.log_text());
    let found_ms = pair.now_ms();
    assert!(pair.run_until(300, is(State::RecoverDone)), "{}", pair.log_text());
    assert!(pair.now_ms() >= found_ms + 55_000, "{}", pair.log_text());
    pair.assert_clean();
}
