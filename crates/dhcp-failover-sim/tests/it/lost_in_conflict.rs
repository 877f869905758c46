//! A conflict in which a server has lost its disk, so that what it says is not all it did.

use crate::normal;
use crate::support::{address, in_normal, leased};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, Event, RequestClass, State};
use dhcp_failover_sim::{Host, Pair, Rule, Setup, Survives};
use dhcp_failover_wire::{BindingUpdate, Message};

/// Two clients and one address.
fn one_address(seed: u64, lease_s: u64) -> Pair {
    let mclts = Setup { mclt_s: 60, secondary_mclt_s: 20, ..Setup::new(seed) };
    normal(Setup { lease_s, pool: 1, clients: 2, ..mclts })
}

/// This client hears one server only.
fn hears_only(pair: &mut Pair, client: usize, host: Host) {
    pair.set_reach(client, host, true);
    pair.set_reach(client, host.partner(), false);
}

fn hears_nobody(pair: &mut Pair, client: usize) {
    for host in Host::BOTH {
        pair.set_reach(client, host, false);
    }
}

/// The path breaks, and both notice.
fn breaks(pair: &mut Pair) {
    pair.cut();
    pair.run_ms(20);
    pair.partition(true);
}

/// Crashes, comes back on an empty disk.
fn loses_its_disk(pair: &mut Pair, host: Host) {
    pair.crash(host, Survives::Nothing);
    pair.lose_disk(host);
    pair.start(host);
}

/// This client gets the lease, and both servers know it.
fn leases(pair: &mut Pair, client: usize) {
    pair.join(client);
    let has_it = |pair: &Pair| pair.lease_of(client).is_some();
    assert!(pair.run_until(400, has_it), "{}", pair.log_text());
    pair.run_s(3);
}

/// S1: each server was truthfully alone, one after the other, and the second one gave the address of the
/// first one's lapsed lease to another client. It loses its disk while they compare, learns of the lapsed
/// lease and acknowledges it. That is no promise that nobody else has the address.
#[test]
fn s1_what_a_partner_acknowledges_after_a_loss_does_not_bring_a_lapsed_lease_back() {
    let mut pair = one_address(120, 100);
    leases(&mut pair, 0);
    pair.crash(Host::A, Survives::Everything);
    pair.run_s(12);
    pair.command(Host::B, Command::PartnerDown);
    hears_only(&mut pair, 0, Host::B);
    pair.run_s(200);
    hears_nobody(&mut pair, 0);
    pair.crash(Host::B, Survives::Everything);
    pair.start(Host::A);
    pair.run_s(12);
    pair.command(Host::A, Command::PartnerDown);
    hears_only(&mut pair, 1, Host::A);
    leases(&mut pair, 1);

    pair.start(Host::B);
    let compares = |pair: &Pair| pair.state(Host::B) == Some(State::PotentialConflict);
    assert!(pair.run_until(30, compares), "{}", pair.log_text());
    breaks(&mut pair);
    loses_its_disk(&mut pair, Host::A);
    pair.partition(false);
    let waits = |pair: &Pair| pair.state(Host::A) == Some(State::RecoverWait);
    assert!(pair.run_until(30, waits), "{}", pair.log_text());
    breaks(&mut pair);
    assert_eq!(pair.state(Host::B), Some(State::ResolutionInterrupted), "{}", pair.log_text());
    assert!(pair.lease_of(1).is_some(), "it runs still\n{}", pair.log_text());
    let wanted = pair.lease_of(1).map(|held| held.address);
    hears_only(&mut pair, 0, Host::B);
    pair.ask(0, RequestClass::Renewal, &[Host::B], wanted);
    pair.run_s(1);
    pair.assert_clean();
    pair.partition(false);
    pair.check_convergence(200);
    pair.assert_clean();
}

/// S14: the primary lost its disk, so it holds a lease beyond its end (H19). The secondary, wrongly sent
/// alone without its data, gives the address away meanwhile. The duplicate is reported, and gone when both
/// have compared: the primary gives way, for its lease is over by its time.
#[test]
fn s14_a_duplicate_of_a_lease_that_is_held_beyond_its_end_is_resolved() {
    let mut pair = one_address(121, 400);
    leases(&mut pair, 0);
    pair.run_s(100);
    loses_its_disk(&mut pair, Host::A);
    assert!(pair.run_until(100, Pair::is_settled), "{}", pair.log_text());
    hears_nobody(&mut pair, 0);
    let address = pair.lease_of(0).map(|held| held.address).expect("it renewed");

    pair.partition(true);
    loses_its_disk(&mut pair, Host::B);
    pair.run_s(20);
    pair.command(Host::B, Command::PartnerDown);
    hears_only(&mut pair, 1, Host::B);
    leases(&mut pair, 1);
    assert!(pair.run_until(400, |pair| pair.lease_of(0).is_none()), "{}", pair.log_text());
    pair.partition(false);
    let runs = pair.binding(Host::B, address).and_then(|it| it.client);
    assert!(pair.run_until(30, Pair::is_settled), "{}", pair.log_text());
    pair.run_s(10);
    for host in Host::BOTH {
        let kept = pair.binding(host, address).and_then(|it| it.client);
        assert_eq!(kept, runs, "{host:?}\n{}", pair.log_text());
    }
    let reported = |host| {
        let is_it = |event: &Event| matches!(event, Event::ClientOverridden { .. });
        pair.events_of(host).any(|(_, event)| is_it(event))
    };
    assert!(reported(Host::A), "{}", pair.log_text());
    hears_nobody(&mut pair, 1);
    pair.check_convergence(400);
    for rule in [Rule::L1, Rule::L2, Rule::S8, Rule::S13, Rule::S14] {
        assert!(!pair.broke(rule), "{rule:?}\n{}", pair.log_text());
    }
}

/// S1, H7: the primary refuses the lease of another client, for it cannot tell for certain that it runs.
/// If its own has lapsed, that may be the only one that does: its client does not get it back before the
/// servers agree. (Honest 0xda8d53d765f46ff4.)
#[test]
fn s1_a_lapsed_lease_is_not_renewed_beside_one_that_was_refused() {
    for refuses in [false, true] {
        let mut it = in_normal(Role::Primary);
        let own = (0..4).find(|number| it.lease(address(*number), 1)).expect("some are FREE");
        it.accept_from(0);
        let mclt_s = it.config.mclt.as_s();
        it.pass_in_contact_s(mclt_s + 5);
        if refuses {
            let soon = it.wire_now() + 1;
            let other = BindingUpdate { lease_expiration_time: Some(soon), ..leased(&it, own) };
            it.say(Message::BndUpd(vec![other]));
        }
        assert_eq!(it.lease(address(own), 1), !refuses);
    }
}

/// S1, H4: one server was away while the other one, truthfully alone, leased every address, and lost its
/// disk when the first returned. That one renews what it leased itself, and gives nothing new, before
/// whatever the other gave is over.
#[test]
fn s1_what_a_partner_alone_gave_before_it_lost_its_disk_goes_to_nobody_else() {
    for alone in Host::BOTH {
        for (first, later_s) in [(Host::A, 0), (Host::A, 5), (Host::B, 5)] {
            let mclts = Setup { mclt_s: 60, secondary_mclt_s: 60, ..Setup::new(130) };
            let mut pair = normal(Setup { lease_s: 600, pool: 8, clients: 16, ..mclts });
            let away = alone.partner();
            leases(&mut pair, 15);
            hears_only(&mut pair, 15, away);
            pair.run_s(60);
            pair.crash(away, Survives::Everything);
            pair.run_s(12);
            pair.command(alone, Command::PartnerDown);
            pair.run_s(100);
            (0..7).for_each(|client| pair.join(client));
            let all = |pair: &Pair| (0..7).all(|client| pair.lease_of(client).is_some());
            assert!(pair.run_until(400, all), "{}", pair.log_text());
            pair.run_s(40);
            (0..7).for_each(|client| hears_nobody(&mut pair, client));
            pair.crash(alone, Survives::Everything);
            pair.lose_disk(alone);
            pair.start(first);
            pair.run_s(later_s);
            pair.start(first.partner());
            (7..15).for_each(|client| pair.join(client));
            pair.run_s(50);
            assert!(pair.lease_of(15).is_some(), "it is renewed\n{}", pair.log_text());
            pair.run_s(1_000);
            pair.assert_clean();
            assert_eq!(crate::served(&pair, 16), 8, "{}", pair.log_text());
        }
    }
}
