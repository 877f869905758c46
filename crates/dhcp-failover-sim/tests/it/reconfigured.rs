//! What an operator changes between two runs of a server.

use crate::{busy, entered, path, served};
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_proto::{Command, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// A pair in NORMAL of whose clients the first `joined` have leases both servers know.
fn with_clients(setup: Setup, joined: usize) -> Pair {
    let mut pair = crate::normal(setup);
    for number in 0..joined {
        pair.join(number);
    }
    pair.run_s(20);
    assert_eq!(served(&pair, joined), joined, "{}", pair.log_text());
    pair
}

/// Changes both servers while they are down, and starts them again.
fn restart_both(pair: &mut Pair, change: impl Fn(&mut dhcp_failover_proto::EndpointConfig, Host)) {
    for host in Host::BOTH {
        pair.crash(host, Survives::Everything);
        pair.reconfigure(host, |config| change(config, host));
    }
    pair.start_both();
}

/// S1, S4: what was its partner's share is not at once a server's own because it is called primary
/// now. It fetches, or waits out the MCLT.
#[test]
fn a_server_that_changed_its_role_takes_no_address_before_it_knows() {
    let mut pair = with_clients(Setup { pool: 20, clients: 14, ..Setup::new(90) }, 8);
    // The primary gives leases that its partner never hears of, and dies.
    pair.partition(true);
    pair.run_s(30);
    for number in 8..11 {
        pair.set_reach(number, Host::B, false);
        pair.join(number);
    }
    pair.run_s(2);
    assert_eq!(served(&pair, 11), 11, "{}", pair.log_text());
    pair.crash(Host::A, Survives::Everything);
    pair.crash(Host::B, Survives::Everything);
    pair.reconfigure(Host::B, |config| config.role = Role::Primary);
    pair.start(Host::B);
    pair.run_s(15);
    pair.command(Host::B, Command::PartnerDown);
    let since = pair.now_ms();
    for number in 11..14 {
        pair.join(number);
    }
    pair.run_s(45);
    assert!(pair.now_ms() - since < 60_000);
    pair.run_s(60);
    pair.assert_clean();
}

/// S8: roles can be swapped; both then exchange everything and wait before they serve.
#[test]
fn a_pair_with_swapped_roles_comes_together_again() {
    let mut pair = busy(Setup { mclt_s: 30, secondary_mclt_s: 30, ..Setup::new(91) });
    restart_both(&mut pair, |config, host| config.role = host.role().partner());
    pair.check_convergence(200);
    assert!(path(&pair, Host::A).contains(&State::RecoverWait));
    pair.run_s(30);
    assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
    pair.assert_clean();
}

/// S1, S3: leases under a longer MCLT may still run when a server is told a shorter one.
#[test]
fn a_shorter_mclt_does_not_shorten_waits_for_leases_under_the_longer() {
    let mut pair = with_clients(Setup { mclt_s: 120, clients: 22, ..Setup::new(92) }, 8);
    pair.partition(true);
    pair.run_s(30);
    for number in 8..14 {
        pair.set_reach(number, Host::A, false);
        pair.join(number);
    }
    pair.run_s(5);
    assert_eq!(served(&pair, 14), 14, "{}", pair.log_text());
    // The secondary's unheard-of leases run for 120 s; then it is gone.
    pair.crash(Host::B, Survives::Everything);
    pair.crash(Host::A, Survives::Everything);
    pair.reconfigure(Host::A, |config| config.mclt = LeaseSpan::from_s(5));
    pair.start(Host::A);
    pair.run_s(15);
    pair.command(Host::A, Command::PartnerDown);
    for number in 14..22 {
        pair.join(number);
    }
    pair.run_s(100);
    pair.partition(false);
    pair.run_s(100);
    pair.assert_clean();
}

/// S1: a server gave leases under a longer MCLT that its partner never heard of, and lost its disk. That
/// the MCLT was longer it can only learn from its partner.
#[test]
fn s1_a_lost_disk_waits_for_leases_under_the_longer_mclt() {
    for lost in Host::BOTH {
        let up = lost.partner();
        let setup = Setup { mclt_s: 300, clients: 20, lease_s: 900, ..Setup::new(96) };
        let mut pair = with_clients(setup, 8);
        pair.partition(true);
        pair.run_s(30);
        for number in 8..12 {
            pair.set_reach(number, up, false);
            pair.join(number);
        }
        pair.run_s(5);
        assert_eq!(served(&pair, 12), 12, "{}", pair.log_text());
        pair.crash(lost, Survives::Everything);
        pair.lose_disk(lost);
        let stopped = pair.now_ms();
        pair.crash(up, Survives::Everything);
        for host in Host::BOTH {
            pair.reconfigure(host, |config| config.mclt = LeaseSpan::from_s(5));
        }
        for number in 8..12 {
            pair.set_reach(number, lost, false);
        }
        pair.partition(false);
        pair.start_both();
        for number in 12..20 {
            pair.join(number);
        }
        assert!(pair.run_until(400, Pair::is_settled), "{}", pair.log_text());
        pair.run_s(30);
        pair.assert_clean();
        let waited = entered(&pair, lost, State::RecoverDone) - stopped;
        assert!((300_000..315_000).contains(&waited), "{lost:?} waited {waited} ms");
    }
}

/// Once both have the shorter MCLT and the leases under the longer have ended, waits are short too.
#[test]
fn waits_follow_a_shorter_mclt_in_the_end() {
    let mut pair = busy(Setup { mclt_s: 60, lease_s: 30, ..Setup::new(93) });
    restart_both(&mut pair, |config, _| config.mclt = LeaseSpan::from_s(10));
    pair.check_convergence(100);
    pair.run_s(80);
    pair.crash(Host::B, Survives::Everything);
    let crashed = pair.now_ms();
    pair.run_s(8);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(2);
    pair.start(Host::B);
    pair.check_convergence(60);
    let waited = entered(&pair, Host::B, State::RecoverDone) - crashed;
    assert!(waited < 25_000, "waited {waited} ms");
    pair.assert_clean();
}

/// S15: when the addresses of a relationship changed, the servers compare before they serve.
#[test]
fn new_addresses_are_compared_before_they_are_served() {
    let mut pair = busy(Setup::new(94));
    restart_both(&mut pair, |config, _| config.pools_digest = 7);
    pair.check_convergence(100);
    for host in Host::BOTH {
        let way = path(&pair, host);
        let since = way.iter().rposition(|state| *state == State::PotentialConflict);
        assert!(since.is_some(), "{way:?}");
    }
    // The same addresses again: nothing to compare.
    let before = path(&pair, Host::A).len();
    restart_both(&mut pair, |_, _| ());
    pair.check_convergence(100);
    assert!(!path(&pair, Host::A)[before..].contains(&State::PotentialConflict));
    pair.assert_clean();
}

/// S4, S8, H20: in a relationship of another name nothing is known of the partner, whatever the
/// bindings say of the former one.
#[test]
fn a_renamed_relationship_tells_a_new_partner_everything() {
    let mut pair = busy(Setup::new(95));
    for host in Host::BOTH {
        pair.crash(host, Survives::Everything);
        pair.reconfigure(host, |config| config.name = "renamed".to_owned());
        pair.forget_endpoint(host);
    }
    pair.lose_disk(Host::B);
    pair.run_s(5);
    pair.start_both();
    pair.check_convergence(200);
    assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
    pair.assert_clean();
}
