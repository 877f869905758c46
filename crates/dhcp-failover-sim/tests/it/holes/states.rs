//! Who may begin, and who waits for whom (H4, H9, H12, H14). H5 is in `recovery.rs` and `sections/`.

use crate::support::{alone_both, new_pair};
use crate::{busy, served};
use dhcp_failover_proto::{Command, Event, StartupPolicy, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// H4: with the other policies a server serves alone; both are asked for by name.
#[test]
fn h4_resuming_alone_is_the_operators_choice() {
    for (policy, state) in [
        (StartupPolicy::Wait, State::Startup),
        (StartupPolicy::Resume, State::CommunicationsInterrupted),
        (StartupPolicy::PartnerDown, State::PartnerDown),
    ] {
        let mut pair = busy(Setup { startup_policy: policy, mclt_s: 20, ..Setup::new(220) });
        for host in Host::BOTH {
            pair.crash(host, Survives::Everything);
        }
        pair.run_s(5);
        pair.start(Host::B);
        pair.run_s(15);
        assert_eq!(pair.state(Host::B), Some(state));
        pair.start(Host::A);
        pair.check_convergence(90);
        pair.assert_clean();
    }
}

/// H9: the secondary dies while the primary is in CONFLICT-DONE, and comes back from wherever it
/// was; or the primary does.
#[test]
fn h9_nobody_waits_for_an_update_request_that_never_comes() {
    for host in Host::BOTH {
        for after_ms in (0..60).step_by(2) {
            let mut pair = alone_both(219);
            pair.partition(false);
            assert!(pair.run_until(60, |pair| pair.state(Host::A) == Some(State::ConflictDone)));
            pair.run_ms(after_ms);
            pair.crash(host, Survives::Everything);
            pair.run_s(10);
            pair.start(host);
            assert!(pair.run_until(60, Pair::is_settled), "{after_ms}\n{}", pair.log_text());
        }
    }
}

/// H12: a single new server is put to work by an order, and says that it waits for one.
#[test]
fn h12_a_new_server_alone_says_what_it_waits_for() {
    let mut pair = Pair::new(Setup::new(221));
    pair.start(Host::A);
    pair.run_s(20);
    let told = |event: &Event| matches!(event, Event::Waiting { state: State::Recover, .. });
    assert!(pair.events_of(Host::A).any(|(_, event)| told(event)), "{}", pair.log_text());
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(70); // nothing is certainly its own before the MCLT
    (0..4).for_each(|number| pair.join(number));
    pair.run_s(30);
    assert_eq!(served(&pair, 4), 4, "{}", pair.log_text());
}

/// H12, §9.3.2 step 6: a new server without a partner, by policy: it waits, or it serves; whether
/// the partner is configured as the primary or the secondary.
#[test]
fn h12_a_single_new_server_serves_if_it_is_configured_to() {
    for host in Host::BOTH {
        for (startup_policy, state, clients) in [
            (StartupPolicy::Wait, State::Recover, 0),
            (StartupPolicy::Resume, State::Recover, 0),
            (StartupPolicy::PartnerDown, State::PartnerDown, 4),
        ] {
            let mut pair = Pair::new(Setup { startup_policy, ..new_pair(700) });
            pair.start(host);
            pair.run_s(60);
            (0..4).for_each(|number| pair.join(number));
            pair.run_s(60);
            assert_eq!(pair.state(host), Some(state), "{startup_policy:?}");
            assert_eq!(served(&pair, 4), clients, "{startup_policy:?}\n{}", pair.log_text());
            pair.start(host.partner());
            pair.check_convergence(100);
            pair.assert_clean();
        }
    }
}

/// H14: RECOVER-WAIT is told as 254 and understood.
#[test]
fn h14_recover_wait_is_understood_by_the_partner() {
    let mut pair = busy(Setup::new(222));
    pair.crash(Host::B, Survives::Nothing);
    pair.lose_disk(Host::B);
    pair.start(Host::B);
    pair.run_s(20);
    let known = pair.status(Host::A).and_then(|status| status.partner_state);
    assert_eq!(known, Some(State::RecoverWait));
    pair.check_convergence(120);
    pair.assert_clean();
}
