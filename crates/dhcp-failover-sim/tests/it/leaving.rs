//! PAUSED, SHUTDOWN and the policies of STARTUP (draft-12 §9.3.2, §9.13, §9.14).

use crate::{busy, entered, served};
use dhcp_failover_proto::{Command, StartupPolicy, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// §9.13, isc-S17: a paused server is replaced within a second, and comes back without recovery.
#[test]
fn a_pause_is_announced_and_soon_over() {
    for host in Host::BOTH {
        let mut pair = busy(Setup::new(70));
        let paused = pair.now_ms();
        pair.command(host, Command::Pause);
        pair.run_s(1);
        assert_eq!(pair.state(host), Some(State::Paused));
        assert!(entered(&pair, host.partner(), State::CommunicationsInterrupted) - paused < 1_000);
        pair.crash(host, Survives::Everything);
        pair.run_s(5);
        pair.start(host);
        assert!(pair.run_until(5, Pair::is_settled), "{}", pair.log_text());
        pair.assert_clean();
    }
}

/// §9.14.2: the partner of a server that shuts down takes over everything, and the server recovers
/// when it comes back.
#[test]
fn a_shutdown_hands_everything_over() {
    for host in Host::BOTH {
        let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(71) });
        pair.command(host, Command::Shutdown);
        pair.run_s(2);
        assert_eq!(pair.state(host.partner()), Some(State::PartnerDown), "{}", pair.log_text());
        pair.crash(host, Survives::Everything);
        pair.run_s(300);
        assert_eq!(served(&pair, 8), 8);
        pair.start(host);
        pair.run_s(6);
        assert!(
            matches!(
                pair.state(host),
                Some(State::RecoverDone | State::Normal | State::RecoverWait)
            ),
            "{}",
            pair.log_text()
        );
        pair.check_convergence(100);
        pair.assert_clean();
    }
}

/// H4, §9.3.2 step 6: a server that starts alone waits, for its partner may have been declared to
/// be alone; the operator can end that.
#[test]
fn a_server_that_starts_alone_waits_unless_told_otherwise() {
    let alone = |policy| {
        let mut pair = busy(Setup { startup_policy: policy, ..Setup::new(72) });
        pair.crash(Host::A, Survives::Everything);
        pair.crash(Host::B, Survives::Everything);
        pair.start(Host::A);
        pair.run_s(30);
        pair
    };
    let mut pair = alone(StartupPolicy::Wait);
    assert_eq!(pair.state(Host::A), Some(State::Startup));
    let acks = pair.ledger().acks;
    pair.run_s(30);
    assert_eq!(pair.ledger().acks, acks);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(5);
    assert_eq!(pair.state(Host::A), Some(State::PartnerDown));
    pair.start(Host::B);
    pair.check_convergence(200);
    pair.assert_clean();

    let pair = alone(StartupPolicy::Resume);
    assert_eq!(pair.state(Host::A), Some(State::CommunicationsInterrupted));
    pair.assert_clean();
    let pair = alone(StartupPolicy::PartnerDown);
    assert_eq!(pair.state(Host::A), Some(State::PartnerDown));
    pair.assert_clean();
}

/// H12: a new server without a partner serves when the operator says so.
#[test]
fn a_new_server_can_be_put_to_work_alone_and_joined_later() {
    let mut pair = Pair::new(Setup { mclt_s: 20, ..Setup::new(73) });
    pair.start(Host::A);
    pair.run_s(20);
    assert_eq!(pair.state(Host::A), Some(State::Recover));
    pair.command(Host::A, Command::PartnerDown);
    for number in 0..8 {
        pair.join(number);
    }
    pair.run_s(60);
    assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
    pair.start(Host::B);
    pair.check_convergence(100);
    pair.assert_clean();
}
