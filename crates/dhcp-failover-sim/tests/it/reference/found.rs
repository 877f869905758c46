//! What the reference did not allow the endpoint, each as a story.

use dhcp_failover_proto::{Command, StartupPolicy, State};
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
