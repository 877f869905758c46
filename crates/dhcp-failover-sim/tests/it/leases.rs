//! The ends of leases, and updates that are not taken (draft-12 §7.1.3, §7.2.2, §9.8.3).

use crate::busy;
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Event, RequestClass};
use dhcp_failover_sim::{Host, Pair, Setup};

fn transitional(pair: &Pair, host: Host) -> usize {
    [BindingStatus::Expired, BindingStatus::Released, BindingStatus::Reset]
        .into_iter()
        .map(|status| pair.count(host, status))
        .sum()
}

/// L3: what ends becomes FREE at both servers.
#[test]
fn released_and_expired_addresses_become_free_at_both() {
    let mut pair = busy(Setup { lease_s: 60, ..Setup::new(30) });
    for number in 0..8 {
        pair.mute(number);
    }
    for number in 0..4 {
        pair.release(number);
    }
    pair.run_s(2);
    assert!(pair.run_until(5, Pair::is_settled));
    assert_eq!(pair.count(Host::A, BindingStatus::Active), 4, "{}", pair.log_text());
    assert_eq!(pair.count(Host::B, BindingStatus::Active), 4);
    pair.run_s(200);
    for host in Host::BOTH {
        assert_eq!(pair.count(host, BindingStatus::Active), 0);
        assert_eq!(transitional(&pair, host), 0);
    }
    pair.check_convergence(30);
    pair.assert_clean();
}

/// The partner agrees to the end of a lease at the first asking, whoever gave it.
#[test]
fn the_end_of_a_lease_is_not_disputed() {
    let mut pair = busy(Setup { lease_s: 60, clock_offset_ms: [0, 3_700_400], ..Setup::new(31) });
    for number in 0..8 {
        pair.mute(number);
    }
    pair.run_s(300);
    let refused =
        pair.events_of(Host::B).filter(|(_, e)| matches!(e, Event::UpdateRefused { .. })).count();
    assert_eq!(refused, 0, "{}", pair.log_text());
    pair.assert_clean();
}

/// S1: a client that releases at one server and is back at the other in the same moment keeps its
/// address, although the release arrives after its new lease was given.
#[test]
fn a_release_that_crosses_a_new_lease_does_not_end_it() {
    for delay in [1, 150, 400, 900] {
        let mut pair = busy(Setup { clock_offset_ms: [0, 1_500_700], ..Setup::new(33) });
        pair.set_net_delay_ms(delay);
        let held = pair.lease_of(0).unwrap_or_else(|| panic!("no lease"));
        pair.release(0);
        pair.ask(0, RequestClass::Renewal, &[held.server.partner()], Some(held.address));
        pair.run_s(10);
        pair.set_net_delay_ms(2);
        pair.check_convergence(400);
        pair.assert_clean();
    }
}

/// isc-L29: infinite leases stay infinite through the wire and past 2106.
#[test]
fn infinite_leases_never_end() {
    let mut pair = busy(Setup { lease_s: u64::MAX, begin_ms: 2_600_000_000_000, ..Setup::new(36) });
    pair.run_s(400);
    for number in 0..8 {
        pair.mute(number);
    }
    pair.run_s(100_000);
    assert_eq!(pair.count(Host::A, BindingStatus::Active), 8, "{}", pair.log_text());
    pair.check_convergence(60);
    pair.assert_clean();
}

/// A client finds its address in use and tells the server that gave it; in the same second, before the
/// other has heard, it gets the address there again. Which came first the servers cannot tell, so that the
/// primary's record stands: `status`. Three seconds later they lose contact for so long.
fn declined_here_and_leased_there(here: Host, status: BindingStatus, silent_s: u64) {
    let setup = Setup { clients: 2, pool: 4, mclt_s: 20, ..Setup::new(64) };
    let mut pair = busy(setup);
    pair.run_s(200);
    let number = (0..2)
        .find(|number| pair.lease_of(*number).is_some_and(|held| held.server == here))
        .unwrap_or_else(|| panic!("nobody is a client of {here:?}"));
    for client in 0..2 {
        pair.mute(client);
    }
    let address = pair.lease_of(number).map(|held| held.address);
    pair.set_net_delay_ms(2_000);
    pair.decline(number, 60);
    let class = RequestClass::NamesThisServer;
    assert!(pair.ask(number, class, &[here.partner()], address), "it has not heard yet");
    pair.run_s(3);
    pair.partition(silent_s > 0);
    pair.run_s(silent_s);
    pair.partition(false);
    pair.run_s(10);
    let held = pair.lease_of(number).unwrap_or_else(|| panic!("no ACK"));
    assert_eq!((Some(held.address), held.server), (address, here.partner()));
    let told = Host::BOTH.map(|host| {
        pair.events_of(host).any(|(_, event)| matches!(event, Event::ClientOverridden { .. }))
    });
    assert_eq!(told.contains(&true), status == BindingStatus::Abandoned, "{}", pair.log_text());
    pair.set_net_delay_ms(2);
    assert!(pair.run_until(100, Pair::is_settled), "{}", pair.log_text());
    pair.run_s(100);
    while pair.lease_of(number).is_some() {
        for host in Host::BOTH {
            let binding = pair.binding(host, held.address).map(|binding| binding.status);
            assert_eq!(binding, Some(status), "{host:?} {}", pair.log_text());
        }
        pair.run_s(5);
    }
    pair.check_convergence(400);
    pair.assert_clean();
}

/// S1, S3: an abandonment at the primary stands, and lasts for as long as the secondary's lease.
#[test]
fn an_address_declined_at_the_primary_and_leased_by_the_secondary_is_kept_for_as_long_as_that_lease()
 {
    declined_here_and_leased_there(Host::A, BindingStatus::Abandoned, 0);
}

/// The same where the primary, which has not heard how long it must last, ends it before.
#[test]
fn an_abandonment_that_must_last_longer_is_not_ended_by_a_server_that_does_not_know() {
    declined_here_and_leased_there(Host::A, BindingStatus::Abandoned, 70);
}

/// S3, L4: the primary's lease stands.
#[test]
fn an_address_declined_at_the_secondary_and_leased_by_the_primary_is_leased() {
    declined_here_and_leased_there(Host::B, BindingStatus::Active, 0);
}
