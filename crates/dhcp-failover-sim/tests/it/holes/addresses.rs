//! Whose an address is, and what of it the partner must hear (H2, H3, H7, H10, H11, H20, H21).

use crate::scripted::Scripted;
use crate::support::{ROLES, address, in_normal, leased};
use crate::{busy, normal};
use dhcp_failover_lease::{BindingStatus, Role};
use dhcp_failover_proto::{
    Balance, Bindings, Command, Event, Input, LeaseEvent, RequestClass, StartupPolicy, State,
};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::{self as wire, IpFlags, Message};
use std::collections::BTreeSet;

/// H2, S4: addresses on their way to the secondary are nobody's until it has agreed, wherever the link
/// breaks (checked at every step for every address).
#[test]
fn h2_a_hand_over_cut_anywhere_leaves_no_address_with_two_owners() {
    for messages in 1..40 {
        let mut pair = Pair::new(Setup { clients: 10, net_delay_ms: 50, ..Setup::new(45) });
        pair.cut_after_messages(messages);
        pair.start_both();
        pair.run_s(2);
        pair.partition(true);
        for number in 0..10 {
            pair.join(number);
        }
        pair.run_s(60);
        pair.partition(false);
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// H2, S5: the primary dies at any output of a hand-over and loses what was not synced; it serves
/// alone from what it has left, and its partner from what it was told (S4 watches every address).
#[test]
fn h2_a_hand_over_ended_by_a_crash_anywhere_leaves_no_address_with_two_owners() {
    for outputs in 1..60 {
        let setup = Setup {
            clients: 10,
            disk_delay_ms: 40,
            startup_policy: StartupPolicy::Resume,
            ..Setup::new(270)
        };
        let mut pair = Pair::new(setup);
        pair.start_both();
        assert!(pair.run_until(30, |pair| pair.states() == [Some(State::Normal); 2]));
        pair.crash_after_outputs(Host::A, outputs, Survives::Nothing);
        pair.run_s(2);
        pair.heal();
        pair.partition(true);
        (0..10).for_each(|number| pair.join(number));
        pair.run_s(60);
        pair.partition(false);
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// H3, isc-L19, §5.13: a reserved address goes to its client from either server, whoever's it is, as
/// soon as both know of the reservation and not before; its mark stays when the lease is over, and
/// keeps the address where it is.
#[test]
fn h3_a_reserved_address_is_given_by_either_server_once_both_know() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
        let address = address(3); // the first two go to the secondary
        it.table.set_reserved(address, true);
        it.meets(State::CommunicationsInterrupted);
        it.cut();
        // FREE is the primary's, and the secondary knows of no reservation but its own.
        assert!(!it.lease(address, 9), "{role:?}: nobody else gets it");
        if role == Role::Secondary {
            assert!(!it.lease_reserved(address, 9));
        }
        it.meets(State::Normal);
        it.pass_in_contact_s(6);
        match role {
            Role::Primary => {
                let told = it.told().into_iter().find(|update| update.address == address);
                let told = told.unwrap_or_else(|| panic!("the reservation is not told"));
                assert_eq!(told.status, wire::BindingStatus::FREE);
                assert!(told.ip_flags.contains(IpFlags::RESERVED), "{told:?}");
            }
            Role::Secondary => {
                let mut told = wire::BindingUpdate::new(address, wire::BindingStatus::FREE);
                told.ip_flags = IpFlags::RESERVED;
                it.say(Message::BndUpd(vec![told]));
            }
        }
        it.accept_from(0);
        it.cut();
        assert!(!it.lease(address, 8), "{role:?}: nobody else gets it");
        assert!(it.lease_reserved(address, 9), "{role:?}");
        it.meets(State::Normal);
        it.accept_from(0);
        let client = it.table.get(address).and_then(|binding| binding.client);
        let client = client.unwrap_or_else(|| panic!("it is leased"));
        it.feed(Input::Lease(LeaseEvent::Released { address, client }));
        it.accept_from(0);
        it.pass_in_contact_s(60);
        it.accept_from(0);
        let binding = it.table.get(address).unwrap_or_else(|| panic!("it is in the pool"));
        assert!(binding.status.is_available() && binding.flags.reserved, "{role:?}: {binding:?}");
        let moved = it.told().into_iter().filter(|update| update.address == address);
        let moved = moved.filter(|update| update.status == wire::BindingStatus::BACKUP).count();
        assert_eq!(moved, 0, "{role:?}: it is not balanced");
        let differs = |it: &Scripted| {
            it.events.iter().any(|event| matches!(event, Event::ReservationDiffers { .. }))
        };
        assert!(!differs(&it));
    }
}

/// H3: a reservation that the primary cancels is nobody's until the secondary has agreed; one that
/// only one server has is an alarm at the secondary, once, and is relied upon by neither.
#[test]
fn h3_reservations_that_differ_are_an_alarm_and_give_no_address_to_two() {
    let reserved = address(3);
    let mut it = in_normal(Role::Primary);
    it.table.set_reserved(reserved, true);
    it.pass_in_contact_s(6);
    it.accept_from(0);
    it.table.set_reserved(reserved, false);
    it.pass_in_contact_s(6);
    let free = it.table.get(reserved).unwrap_or_else(|| panic!("it is in the pool"));
    assert!(!free.flags.reserved && free.status == BindingStatus::Free);
    assert!(!it.lease(reserved, 8), "the secondary may give it to its client: {free:?}");
    it.accept_from(0);
    assert!(it.lease(reserved, 8));

    for here in [true, false] {
        let mut it = in_normal(Role::Secondary);
        it.table.set_reserved(reserved, here);
        let mut told = wire::BindingUpdate::new(reserved, wire::BindingStatus::FREE);
        if !here {
            told.ip_flags = IpFlags::RESERVED;
        }
        it.say(Message::BndUpd(vec![told]));
        it.pass_in_contact_s(180);
        let alarms: Vec<_> = it
            .events
            .iter()
            .filter(|event| matches!(event, Event::ReservationDiffers { .. }))
            .collect();
        let expected = Event::ReservationDiffers { address: reserved, reserved_here: here };
        assert_eq!(alarms, [&expected]);
        assert!(!it.lease(reserved, 8));
        assert!(!here || !it.lease_reserved(reserved, 9));
    }
}

/// §7.1.3, reason 19: an address the primary gives for a reservation that is none here is refused.
#[test]
fn h3_a_reserved_backup_address_is_refused_if_it_is_not_reserved_here() {
    for here in [true, false] {
        let mut it = in_normal(Role::Secondary);
        it.table.set_reserved(address(0), here);
        let mut told = wire::BindingUpdate::new(address(0), wire::BindingStatus::BACKUP);
        told.ip_flags = IpFlags::RESERVED;
        it.say(Message::BndUpd(vec![told]));
        let answers = crate::support::answers(&it);
        let reasons: Vec<_> =
            answers.iter().map(|it| it.reject.as_ref().map(|reject| reject.reason)).collect();
        let expected = (!here).then_some(wire::RejectReason::IP_NOT_RESERVED);
        assert_eq!(reasons, [expected]);
    }
}

/// H3, §5.13: though it has been available for longest, it is not the one that is handed over.
#[test]
fn h3_a_reserved_address_is_left_out_of_balancing() {
    let mut it = in_normal(Role::Primary);
    it.accept_from(0);
    let backup: Vec<_> = it.told().into_iter().map(|update| update.address).collect();
    let free: Vec<_> = (0..4).map(address).filter(|own| !backup.contains(own)).collect();
    let [reserved, other] = free[..] else { panic!("{free:?}") };
    it.table.set_reserved(reserved, true);
    it.pass_in_contact_s(6);
    it.accept(it.updates().len() - 1);
    for (own, is_reserved) in [(reserved, true), (other, false)] {
        let leased = if is_reserved { it.lease_reserved(own, 9) } else { it.lease(own, 8) };
        assert!(leased);
        it.accept(it.updates().len() - 1);
        it.pass_in_contact_s(1);
        let client = it.table.get(own).and_then(|binding| binding.client);
        let client = client.unwrap_or_else(|| panic!("it is leased"));
        it.feed(Input::Lease(LeaseEvent::Released { address: own, client }));
        it.accept(it.updates().len() - 1);
        it.pass_in_contact_s(1);
    }
    // The partner gives both of its own to clients.
    let before = it.told().len();
    for number in 0..2 {
        let update = leased(&it, number);
        assert_eq!(update.address, backup[usize::from(number)]);
        it.say(Message::BndUpd(vec![update]));
    }
    it.pass_in_contact_s(120);
    let moved: Vec<_> = it.told().into_iter().skip(before).map(|update| update.address).collect();
    assert!(!moved.contains(&reserved), "{moved:?}");
    let status = it.table.get(reserved).map(|binding| binding.status);
    assert_eq!(status, Some(BindingStatus::Free));
}

/// H7, isc-U07: a rejected update is not forgotten: it is counted as disputed, and settled by news.
#[test]
fn h7_a_rejected_update_is_disputed_until_it_is_settled() {
    let mut pair = busy(Setup { lease_s: 300, mclt_s: 30, clients: 2, ..Setup::new(35) });
    // Both renew behind each other's back; the one with the older lease ends it first.
    let held = pair.lease_of(0).unwrap_or_else(|| panic!("no lease"));
    pair.run_s(100);
    pair.partition(true);
    pair.run_s(25);
    let other = held.server.partner();
    pair.set_reach(0, held.server, false);
    pair.run_s(700);
    assert!(pair.lease_of(0).is_some_and(|now| now.server == other), "{}", pair.log_text());
    let there = pair.binding(held.server, held.address).map(|binding| binding.status);
    assert_eq!(there, Some(BindingStatus::Expired));
    pair.partition(false);
    pair.run_s(12);
    let rejected = pair
        .events_of(held.server)
        .filter(|(_, event)| matches!(event, Event::UpdateRejected { .. }))
        .count();
    let accepted = pair.binding(held.server, held.address).map(|binding| binding.status);
    assert_eq!(accepted, Some(BindingStatus::Active), "{rejected}\n{}", pair.log_text());
    pair.check_convergence(100);
    assert_eq!(pair.states(), [Some(State::Normal); 2]);
    pair.assert_clean();
}

/// H10, §9.8.3: without contact a lease of which the partner was told nothing is undone as soon as it
/// ends, and the address may go to anybody. Of one that it was told of it must hear the end first; the
/// client itself may have it back, if it is sure that the partner knows it as the client's.
#[test]
fn h10_a_lease_the_partner_never_heard_of_is_undone_alone() {
    #[derive(Clone, Copy, PartialEq, Debug)]
    enum Partner {
        HeardNothing,
        MayHaveHeard,
        Answered,
    }
    for partner in [Partner::HeardNothing, Partner::MayHaveHeard, Partner::Answered] {
        for restart in [false, true] {
            let case = format!("{partner:?}, restart: {restart}");
            let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
            it.config.startup_policy = StartupPolicy::Resume;
            it.meets(State::Normal);
            it.accept_from(0);
            if partner == Partner::HeardNothing {
                it.cut();
            }
            let last = address(3); // the first two go to the partner
            assert!(it.lease(last, 1), "{case}");
            if partner == Partner::Answered {
                it.accept(it.updates().len() - 1);
            }
            it.cut();
            if restart {
                it.restart();
                it.pass_s(12);
            }
            assert_eq!(it.state(), State::CommunicationsInterrupted);
            let client = it.table.get(last).and_then(|binding| binding.client);
            let client = client.unwrap_or_else(|| panic!("it is leased"));
            it.feed(Input::Lease(LeaseEvent::Released { address: last, client }));
            let status = it.table.get(last).map(|binding| binding.status);
            let undone = partner == Partner::HeardNothing;
            let expected = if undone { BindingStatus::Free } else { BindingStatus::Released };
            assert_eq!(status, Some(expected), "{case}");
            assert_eq!(it.lease(last, 2), undone, "another client, {case}");
            if !undone {
                assert_eq!(it.lease(last, 1), partner == Partner::Answered, "its client, {case}");
            }
        }
    }
}

/// H10 and H20: a lease that ended without the partner's knowledge, given from an address of which
/// the partner has forgotten that it is ours, is told again.
#[test]
fn h10_h20_an_address_taken_back_alone_is_told_to_a_partner_that_lost_its_disk() {
    let mut pair = busy(Setup { mclt_s: 40, lease_s: 40, pool: 8, clients: 3, ..Setup::new(31) });
    for number in 0..3 {
        pair.mute(number);
        pair.release(number);
    }
    pair.run_s(30);
    pair.crash(Host::A, Survives::Nothing);
    pair.lose_disk(Host::A);
    pair.run_s(5);
    for number in 0..3 {
        pair.ask(number, RequestClass::NamesThisServer, &[Host::B], None);
    }
    pair.run_s(30);
    // Asked for everything, and cut off before the leases end; then asked again.
    pair.start(Host::A);
    pair.cut_after_messages(7);
    pair.run_s(1);
    pair.partition(true);
    pair.run_s(60);
    pair.partition(false);
    pair.check_convergence(200);
    pair.assert_clean();
}

/// H11, L4: after a rebalance there is silence, at every load.
#[test]
fn h11_there_is_no_ping_pong_at_any_load() {
    for clients in 0..20 {
        let mut pair = normal(Setup { pool: 20, clients, lease_s: 100_000, ..Setup::new(43) });
        for number in 0..clients {
            pair.join(number);
        }
        pair.run_s(400);
        for number in 0..clients {
            pair.mute(number);
        }
        pair.check_convergence(60);
        pair.check_silence(600);
        pair.assert_clean();
    }
}

/// H20: addresses that were BACKUP and never used are told too, or both would own them.
#[test]
fn h20_a_primary_without_its_disk_learns_which_unused_addresses_are_not_its_own() {
    let mut pair = normal(Setup::new(23));
    let backup = pair.count(Host::B, BindingStatus::Backup);
    assert!(backup > 0);
    pair.crash(Host::A, Survives::Nothing);
    pair.lose_disk(Host::A);
    pair.start(Host::A);
    pair.run_s(20);
    assert_eq!(pair.count(Host::A, BindingStatus::Backup), backup, "{}", pair.log_text());
    pair.check_convergence(200);
    pair.assert_clean();
}

/// H20, S4: what was BACKUP and is FREE again is told with everything, also by a server that lost its disk
/// since and was told it is FREE: the partner may come back from an old copy, in which it is its own.
/// (Unsafe seed 0x8ae.)
#[test]
fn h20_addresses_that_were_given_back_are_named_to_an_old_copy() {
    let balance = |primary_percent| Balance::LoadBalance { primary_percent };
    let mut pair = normal(Setup { mclt_s: 20, balance: balance(20), ..Setup::new(46) });
    let copy = pair.copy_disk(Host::B);
    let before = pair.count(Host::B, BindingStatus::Backup);
    pair.configure(Host::A, |config| config.balance = balance(80));
    pair.run_s(700);
    assert!(pair.count(Host::B, BindingStatus::Backup) < before, "{}", pair.log_text());
    pair.crash(Host::A, Survives::Nothing);
    pair.lose_disk(Host::A);
    pair.start(Host::A);
    assert!(pair.run_until(100, Pair::is_settled), "{}", pair.log_text());
    pair.crash(Host::B, Survives::Nothing);
    pair.restore_disk(Host::B, copy);
    pair.start(Host::B);
    pair.run_s(60);
    pair.check_convergence(60); // S8; S4 is looked at all the time
    pair.assert_clean();
}

/// H20, §5.16: everything is every address that is not FREE, used or not, and no other.
#[test]
fn h20_addresses_that_are_backup_and_unused_are_told_with_everything() {
    let mut it = in_normal(Role::Primary);
    it.accept_from(0);
    let backup: BTreeSet<_> = it.told().into_iter().map(|update| update.address).collect();
    assert_eq!(backup.len(), 2);
    it.cut();
    it.meets(State::Recover);
    assert_eq!(it.told(), []);
    it.say(Message::UpdReqAll);
    it.accept_from(0);
    let told: BTreeSet<_> = it.told().into_iter().map(|update| update.address).collect();
    assert_eq!(told, backup);
    assert!(it.told().iter().all(|update| update.status == wire::BindingStatus::BACKUP));
}

/// H21, §9.4.3: a server leaving PARTNER-DOWN says NORMAL only when the other has acknowledged
/// everything that changed; from RECOVER-DONE on it takes no liberties.
#[test]
fn h21_partner_down_ends_only_when_everything_is_acknowledged() {
    let setup = Setup {
        mclt_s: 20,
        lease_s: 12,
        pool: 40,
        clients: 14,
        max_unacked: [1, 1],
        max_batch: [1, 1],
        ..Setup::new(26)
    };
    let mut pair = busy(setup);
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(2);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(5);
    // One update in 1.2 s: while B waits for the MCLT to pass, more leases change than A can tell.
    pair.set_net_delay_ms(600);
    pair.start(Host::B);
    assert!(pair.run_until(200, |pair| pair.state(Host::A) == Some(State::Normal)));
    let returned = |event: &Event| {
        matches!(event, Event::PartnerState { state: State::RecoverDone, startup: false })
    };
    let heard =
        pair.events_of(Host::A).filter(|(_, event)| returned(event)).map(|(at, _)| at).last();
    let held_back = pair.now_ms() - heard.unwrap_or_else(|| panic!("{}", pair.log_text()));
    assert!(held_back >= 5_000, "NORMAL after {held_back} ms\n{}", pair.log_text());
    pair.set_net_delay_ms(2);
    pair.check_convergence(60);
    pair.assert_clean();
}
