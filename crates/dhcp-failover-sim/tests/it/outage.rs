//! Serving while contact is lost, and what comes after (draft-12 §9.9).

use crate::{busy, entered, served};
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::State;
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// L6, S1: with the partner killed, the other renews every lease and takes new clients.
#[test]
fn the_survivor_serves_everybody_from_its_own_pool() {
    for dead in Host::BOTH {
        let mut pair = busy(Setup { pool: 24, clients: 14, ..Setup::new(10) });
        pair.mute(13);
        pair.crash(dead, Survives::Nothing);
        pair.run_s(400);
        assert_eq!(served(&pair, 13), 13, "{}", pair.log_text());
        pair.join(13);
        pair.run_s(10);
        assert_eq!(served(&pair, 14), 14, "{}", pair.log_text());
        pair.start(dead);
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// §9.9, H1: in COMMUNICATIONS-INTERRUPTED a lease never ends later than the partner's knowledge
/// and the MCLT allow, however often it is renewed (S2, S3 are checked at every DHCPACK).
#[test]
fn leases_given_on_both_sides_of_a_partition_are_exchanged_afterwards() {
    let mut pair = busy(Setup { clients: 16, pool: 30, ..Setup::new(11) });
    pair.partition(true);
    for number in 0..8 {
        pair.release(number);
        pair.mute(number);
    }
    pair.run_s(700);
    for number in 0..8 {
        pair.set_reach(number, [Host::A, Host::B][number % 2], false);
        pair.join(number);
    }
    pair.run_s(60);
    assert_eq!(served(&pair, 16), 16, "{}", pair.log_text());
    pair.partition(false);
    pair.check_convergence(60);
    assert!(pair.count(Host::A, BindingStatus::Active) >= 16);
    pair.assert_clean();
}

/// isc-S04, L6: at no single fault is a client left alone for longer than detection takes.
#[test]
fn a_client_whose_server_dies_is_served_by_the_other_at_its_next_try() {
    let mut pair = busy(Setup::new(12));
    pair.power_off(Host::A);
    pair.run_s(21);
    assert_eq!(pair.state(Host::B), Some(State::CommunicationsInterrupted));
    let at = entered(&pair, Host::B, State::CommunicationsInterrupted);
    assert!(pair.now_ms() - at < 21_000);
    pair.run_s(600);
    assert_eq!(served(&pair, 8), 8);
    pair.assert_clean();
}

/// §8.3 and S7: a stopped process that goes on later does not serve on what it knew before.
#[test]
fn a_frozen_server_comes_back_without_harm() {
    for host in Host::BOTH {
        let mut pair = busy(Setup { lease_s: 40, mclt_s: 10, ..Setup::new(13) });
        pair.freeze(host);
        pair.run_s(200);
        pair.thaw(host);
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// S1 and L4 hold for clocks hours apart, in either direction.
#[test]
fn clocks_hours_apart_do_no_harm() {
    for offset in [[0, 7_200_500], [9_000_999, -3_600_001], [-86_400_000, 0]] {
        let mut pair = busy(Setup { clock_offset_ms: offset, clients: 12, ..Setup::new(14) });
        pair.partition(true);
        pair.run_s(400);
        pair.partition(false);
        pair.run_s(200);
        pair.crash(Host::A, Survives::SomePrefix);
        pair.run_s(100);
        pair.start(Host::A);
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// A disk that takes seconds slows DHCPACKs down; it breaks nothing, and one that stops answering
/// stops service within the alive stamp's horizon (rule 3).
#[test]
fn a_stalled_disk_stops_service_and_nothing_else() {
    let mut pair = busy(Setup { lease_s: 40, mclt_s: 20, ..Setup::new(15) });
    pair.stall_disk(Host::A, true);
    pair.run_s(10);
    let acks = pair.ledger().acks;
    for number in 0..8 {
        pair.set_reach(number, Host::B, false);
    }
    pair.run_s(30);
    assert_eq!(pair.ledger().acks, acks, "nothing is confirmed without a disk");
    pair.stall_disk(Host::A, false);
    for number in 0..8 {
        pair.set_reach(number, Host::B, true);
    }
    pair.run_s(60);
    assert_eq!(served(&pair, 8), 8);
    pair.check_convergence(120);
    pair.assert_clean();
}

/// isc-L30, L21: a client comes back to the address it had, at whichever server answers.
#[test]
fn a_client_gets_its_old_address_back_from_the_survivor() {
    let mut pair: Pair = busy(Setup { lease_s: 60, ..Setup::new(16) });
    let before: Vec<_> = (0..8).map(|n| pair.lease_of(n).map(|held| held.address)).collect();
    pair.crash(Host::A, Survives::Everything);
    pair.run_s(300);
    let after: Vec<_> = (0..8).map(|n| pair.lease_of(n).map(|held| held.address)).collect();
    assert_eq!(before, after, "{}", pair.log_text());
    pair.assert_clean();
}
