//! Sharing addresses (`isc-L01` to `L08`, `L36`, `L37`).

use crate::scripted::Scripted;
use crate::support::{address, answers, in_normal, leased};
use crate::{normal, served};
use dhcp_failover_lease::{BindingStatus, Role};
use dhcp_failover_proto::{Bindings, Event, Severity, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::{self as wire, BindingUpdate, Message, RejectReason};
use std::net::Ipv4Addr;

fn free_and_backup(pair: &Pair) -> [usize; 2] {
    [BindingStatus::Free, BindingStatus::Backup].map(|status| pair.count(Host::A, status))
}

/// isc-L02, H10: a long time without contact, in which clients come and go: an address that the
/// partner knows as this server's own is free again as soon as its lease ends, so five addresses are
/// enough for sixty clients, one after the other.
#[test]
fn l02_churn_without_contact_does_not_use_a_share_up() {
    for alone in Host::BOTH {
        let setup = Setup { pool: 10, clients: 60, lease_s: 1_000, mclt_s: 200, ..Setup::new(250) };
        let mut pair = normal(setup);
        pair.partition(true);
        pair.run_s(30);
        for number in 0..60 {
            pair.set_reach(number, alone.partner(), false);
            pair.join(number);
            pair.run_s(10);
            let held = pair.lease_of(number);
            assert!(held.is_some(), "client {number} gets no answer\n{}", pair.log_text());
            pair.run_s(300);
            // Two in three give it back, the others just leave.
            if number % 3 > 0 {
                pair.release(number);
            }
            pair.mute(number);
        }
        assert_eq!(pair.states(), [Some(State::CommunicationsInterrupted); 2]);
        pair.run_s(400);
        let ended = [BindingStatus::Expired, BindingStatus::Released];
        let stuck: usize = ended.into_iter().map(|status| pair.count(alone, status)).sum();
        assert_eq!(stuck, 0, "{}", pair.log_text());
        pair.partition(false);
        pair.check_convergence(200);
        pair.assert_clean();
    }
}

/// isc-L03: however often contact is lost and made, by a cut, a restart or a network that is gone for
/// a while, the pools are balanced within two minutes, whichever side the clients had used up.
#[test]
fn l03_pools_are_balanced_after_every_reconnection() {
    let mut pair = normal(Setup { clients: 8, lease_s: 600, ..Setup::new(251) });
    for round in 0..16 {
        let only = Host::BOTH[round % 2];
        for number in 0..8 {
            pair.set_reach(number, only.partner(), false);
            pair.set_reach(number, only, true);
            pair.join(number);
        }
        pair.run_s(40);
        assert_eq!(served(&pair, 8), 8, "round {round}\n{}", pair.log_text());
        match round % 4 {
            0 => pair.cut(),
            1 => {
                pair.partition(true);
                pair.run_s(60);
            }
            2 => pair.cut_after_messages(3),
            _ => {
                pair.crash(only, Survives::Everything);
                pair.run_s(3);
            }
        }
        pair.run_s(5);
        pair.heal();
        pair.run_s(10);
        for number in 0..8 {
            pair.mute(number);
            pair.release(number);
        }
        pair.run_s(120);
        let [free, backup] = free_and_backup(&pair);
        assert_eq!(free + backup, 20, "round {round}\n{}", pair.log_text());
        assert!(free.abs_diff(backup) <= 4, "round {round}: {free} {backup}\n{}", pair.log_text());
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// isc-L05, H11: POOLREQ is said once for every time in NORMAL and then once a minute, whatever
/// moves, and every one is answered.
#[test]
fn l05_pool_requests_do_not_beget_pool_requests() {
    for (clients, pool) in [(0, 2), (0, 3), (6, 8), (20, 24), (14, 15)] {
        let setup = Setup { pool, clients, lease_s: 60, ..Setup::new(252) };
        let mut pair = normal(setup);
        let asked = |pair: &Pair| pair.sent(Host::B, "POOLREQ");
        for minutes in 1..=30 {
            for number in 0..clients {
                // They come and go, so that there is something to move all the time.
                match (number as u64 + minutes) % 3 {
                    0 => pair.join(number),
                    1 => pair.release(number),
                    _ => {}
                }
            }
            pair.run_s(60);
            assert!(asked(&pair) <= minutes + 2, "{} in {minutes} minutes", asked(&pair));
        }
        assert!(asked(&pair) >= 25);
        assert_eq!(pair.sent(Host::A, "POOLRESP"), asked(&pair));
        assert_eq!(pair.sent(Host::A, "POOLREQ"), 0, "§7.6: the secondary's");
        pair.assert_clean();
    }
}

/// The addresses a primary has told its partner are BACKUP now.
fn handed_over(it: &Scripted) -> Vec<Ipv4Addr> {
    let told = it.told().into_iter();
    told.filter(|it| it.status == wire::BindingStatus::BACKUP).map(|it| it.address).collect()
}

/// isc-L08, §5.4: an address that is on offer to a client stays where it is until the offer is over:
/// the primary does not hand it over, the secondary does not give it back.
#[test]
fn l08_an_address_on_offer_does_not_change_hands() {
    let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
    let offered = [0, 1, 2].map(address);
    offered.iter().for_each(|address| it.table.pin(*address));
    it.meets(State::Normal);
    it.accept_from(0);
    it.pass_in_contact_s(60);
    it.say(Message::PoolReq);
    it.pass_in_contact_s(60);
    assert_eq!(handed_over(&it), [address(3)], "two would be its half");
    assert!(it.lease(offered[0], 1), "the client takes the offer");
    it.table.unpin(offered[1]);
    it.accept_from(0);
    it.pass_in_contact_s(20);
    // One leased, one on offer, one BACKUP, one that can be had by either.
    assert!(!handed_over(&it).contains(&offered[2]));
    assert!(it.lease(offered[2], 2));

    let mut it = in_normal(Role::Secondary);
    let of = |it: &Scripted, status| BindingUpdate {
        start_time_of_state: Some(it.wire_now()),
        ..BindingUpdate::new(address(0), status)
    };
    let update = of(&it, wire::BindingStatus::BACKUP);
    it.say(Message::BndUpd(vec![update]));
    it.table.pin(address(0));
    it.pass_in_contact_s(2);
    let update = of(&it, wire::BindingStatus::FREE);
    it.say(Message::BndUpd(vec![update]));
    let refused = answers(&it)[0].reject.as_ref().map(|reject| reject.reason);
    assert_eq!(refused, Some(RejectReason::LESS_CRITICAL_BINDING_INFORMATION));
    let kept = it.table.get(address(0)).map(|binding| binding.status);
    assert_eq!(kept, Some(BindingStatus::Backup));
    it.table.unpin(address(0));
    let update = of(&it, wire::BindingStatus::FREE);
    it.say(Message::BndUpd(vec![update]));
    assert_eq!(answers(&it)[0].reject, None, "the offer was not taken");
}

/// isc-L36: an update of an address that is in no pool here is refused with reason 1 and counted, and
/// an operator hears of it; it neither ends the connection nor comes again without end (L7).
#[test]
fn l36_an_address_in_no_pool_is_refused_and_reported() {
    for role in crate::support::ROLES {
        let mut it = in_normal(role);
        it.accept_from(0);
        let strange = Ipv4Addr::new(192, 0, 2, 99);
        let update = BindingUpdate { address: strange, ..leased(&it, 0) };
        for times in 1..=3 {
            it.say(Message::BndUpd(vec![update.clone()]));
            let reject = answers(&it)[0].reject.clone();
            let reject = reject.unwrap_or_else(|| panic!("{role:?}: it took it"));
            assert_eq!(reject.reason, RejectReason::ILLEGAL_IP_ADDRESS);
            assert!(reject.message.is_some_and(|text| text.contains("scopes")));
            assert_eq!(it.endpoint.stats().updates_refused, times);
        }
        let told = |event: &&Event| matches!(event, Event::UpdateRefused { address, .. } if *address == strange);
        let event = it.events.iter().find(told);
        assert!(event.is_some_and(|event| event.severity() >= Severity::Warning), "{role:?}");
        assert!(it.table.get(strange).is_none() && it.keeps_link());
        assert_eq!(it.state(), State::Normal);
        // Its own record, if it has one, is not sent for ever either.
        let before = it.said.len();
        it.pass_in_contact_s(600);
        let sent =
            it.said[before..].iter().filter(|packet| matches!(packet.message, Message::BndUpd(_)));
        assert_eq!(sent.count(), 0, "{role:?}");
    }
}

/// isc-L37: in a small pool all clients but one come at once, to one server: it gets what it needs of
/// the partner's share, and each is served within a minute.
#[test]
fn l37_a_burst_at_one_server_empties_the_whole_pool() {
    for only in Host::BOTH {
        for pool in 2..=12 {
            let clients = usize::from(pool) - 1;
            let mut pair = normal(Setup { pool, clients, ..Setup::new(253) });
            for number in 0..clients {
                pair.set_reach(number, only.partner(), false);
                pair.join(number);
            }
            pair.run_s(60);
            let got = served(&pair, clients);
            assert_eq!(got, clients, "{only:?} {pool}\n{}", pair.log_text());
            pair.assert_clean();
        }
    }
}
