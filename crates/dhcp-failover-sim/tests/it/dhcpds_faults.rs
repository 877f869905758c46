//! Faults of ISC dhcpd, one by one, by the numbers of its table: those that end its process are not
//! brought about, those that lose data are found out, and where it would wait for ever it is helped.
//! What failoverd's stories cannot make the real one show is scripted here.

use crate::scripted::{ADDRESS, Scripted, config};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, Event, LinkSide, PartnerFault, Severity, State};
use dhcp_failover_wire::{BindingStatus, BindingUpdate, Connect, ConnectAck, Message};
use std::net::Ipv4Addr;

const CLASS: &[u8] = b"isc-4.4.3-P1";

/// A connection with a dhcpd, up to its first STATE.
fn dhcpd_connects(it: &mut Scripted) {
    let (name, class) = (b"pair".to_vec(), Some(CLASS.to_vec()));
    match it.config.role {
        Role::Secondary => {
            let ack = it.offers(Connect {
                max_unacked_bndupd: Some(10),
                vendor_class_identifier: class,
                ..crate::connections::connect()
            });
            assert_eq!(ack.reject, None);
        }
        Role::Primary => {
            // The first CONNECT is not in its manner.
            for _ in 0..2 {
                it.pass_s(3);
                it.link_up(LinkSide::Dialed);
                let xid = it.said.last().expect("it sent CONNECT").xid;
                let ack = ConnectAck {
                    relationship_name: name.clone(),
                    max_unacked_bndupd: Some(10),
                    receive_timer: Some(20),
                    vendor_class_identifier: class.clone(),
                    protocol_version: 1,
                    tls_reply: Some(0),
                    ..ConnectAck::default()
                };
                it.answer(xid, Message::ConnectAck(ack));
                if it.keeps_link() {
                    break;
                }
            }
            assert!(it.keeps_link());
        }
    }
}

fn faults(it: &Scripted) -> Vec<PartnerFault> {
    let faults = it.events.iter().filter_map(|event| match event {
        Event::PartnerFault(fault) => Some(*fault),
        _ => None,
    });
    faults.collect()
}

/// What a dhcpd in CONFLICT-DONE lives through.
fn bears(state: State) -> bool {
    matches!(state, State::Normal | State::PotentialConflict | State::ResolutionInterrupted)
}

/// isc-C11: whatever this server was in, and however it lost contact, a dhcpd in CONFLICT-DONE hears
/// of nothing that ends it, and both come to NORMAL.
#[test]
fn c11_a_dhcpd_in_conflict_done_hears_of_nothing_that_ends_it() {
    let recorded = [
        State::Normal,
        State::CommunicationsInterrupted,
        State::PartnerDown,
        State::PotentialConflict,
        State::ResolutionInterrupted,
        State::Recover,
        State::RecoverDone,
    ];
    for startup in [true, false] {
        for before in recorded {
            let mut it = Scripted::resumed(Role::Secondary, before);
            dhcpd_connects(&mut it);
            assert!(it.reported().is_empty(), "{before}: dhcpd speaks first");
            if startup {
                it.partner_starting(State::ConflictDone);
                it.pass_in_contact_s(3);
                assert!(!it.reported().is_empty(), "{before}: it waits for a state");
            }
            it.partner(State::ConflictDone);
            it.pass_in_contact_s(1);
            for _ in 0..3 {
                if it.state() != State::Normal {
                    it.updates_done();
                    it.pass_in_contact_s(70);
                }
            }
            let told: Vec<_> = it.reported().into_iter().map(|(state, _)| state).collect();
            assert!(told.iter().all(|state| bears(*state)), "{before}: {told:?}");
            assert_eq!(it.state(), State::Normal, "{before}");
        }
    }
}

/// The same for orders, and for a server that has lost its disk: it fetches everything first.
#[test]
fn c11_nor_does_it_when_this_server_leaves_or_has_lost_its_disk() {
    for command in [Command::Pause, Command::Shutdown, Command::ForcePartnerDown] {
        let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
        dhcpd_connects(&mut it);
        it.partner(State::ConflictDone);
        it.order(command);
        it.pass_in_contact_s(3);
        let told = it.reported();
        assert!(told.iter().all(|(state, _)| bears(*state)), "{command}: {told:?}");
    }
    let mut it = Scripted::start(config(Role::Secondary), None);
    dhcpd_connects(&mut it);
    it.partner(State::ConflictDone);
    assert_eq!(it.request().map(|(_, all)| all), Some(true), "everything");
    tell_all(&mut it);
    it.updates_done();
    assert_eq!(it.state(), State::RecoverWait);
    it.pass_in_contact_s(70);
    it.updates_done();
    assert_eq!(it.state(), State::Normal);
    let told = it.reported();
    assert!(told.iter().all(|(state, _)| bears(*state)), "{told:?}");
}

fn tell(it: &mut Scripted, address: Ipv4Addr) {
    it.say(Message::BndUpd(vec![BindingUpdate::new(address, BindingStatus::FREE)]));
}

/// Of each of the four addresses.
fn tell_all(it: &mut Scripted) {
    for number in 0..4 {
        tell(it, Ipv4Addr::from_bits(ADDRESS.to_bits() + number));
    }
}

/// isc-S01: a dhcpd in RECOVER asks for nothing when it is told of RECOVER-DONE on connecting, and
/// would wait for ever. It is told of RECOVER.
#[test]
fn s01_a_dhcpd_that_recovers_is_made_to_ask() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = Scripted::resumed(role, State::RecoverDone);
        dhcpd_connects(&mut it);
        it.partner(State::Recover);
        assert_eq!(it.reported().last(), Some(&(State::Recover, false)), "{role:?}");
        it.say(Message::UpdReqAll);
        it.updates_done();
        it.pass_in_contact_s(70);
        assert_eq!(it.state(), State::RecoverDone);
        it.partner(State::RecoverDone);
        assert_eq!(it.state(), State::Normal);
    }
    // One that has asked on this connection is at work.
    let mut it = Scripted::resumed(Role::Primary, State::Recover);
    dhcpd_connects(&mut it);
    it.partner(State::Recover);
    it.say(Message::UpdReqAll);
    it.updates_done();
    it.pass_in_contact_s(70);
    assert_eq!(it.state(), State::RecoverDone);
    it.partner(State::Recover);
    assert_eq!(it.state(), State::RecoverDone);
}

/// isc-S02: a dhcpd that starts passes over a state that it has heard before its end. It hears it
/// again when it has started.
#[test]
fn s02_a_dhcpd_that_starts_hears_of_recover_done_again() {
    for state in [State::PartnerDown, State::CommunicationsInterrupted] {
        let mut it = Scripted::resumed(Role::Primary, State::RecoverDone);
        dhcpd_connects(&mut it);
        it.partner_starting(state);
        let before = it.reported().len();
        it.partner(state);
        let told = it.reported();
        assert_eq!(told[before..], [(State::RecoverDone, false)], "{told:?}");
        it.partner(State::Normal);
        assert_eq!(it.state(), State::Normal);
    }
}

/// isc-U01: a dhcpd whose window is taken up by answers that will never come is asked, and sends
/// nothing though it lives. That is told as an alarm, with what to do, each time.
#[test]
fn u01_a_dhcpd_that_sends_no_more_is_told_of() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = Scripted::start(config(role), None);
        for round in 1..=2 {
            dhcpd_connects(&mut it);
            it.partner(State::PartnerDown);
            assert!(it.request().is_some());
            it.pass_in_contact_s(90);
            let told = faults(&it);
            assert_eq!(told.len(), round, "{role:?}");
            assert!(matches!(told[round - 1], PartnerFault::Silent { silent_s: 80.. }), "{told:?}");
            assert!(!it.keeps_link());
        }
        let fault = Event::PartnerFault(faults(&it)[0]);
        assert_eq!(fault.severity(), Severity::Alarm);
    }
    // Another partner is no dhcpd, whose fault it would be.
    let mut it = Scripted::start(config(Role::Primary), None);
    it.meets(State::PartnerDown);
    it.pass_in_contact_s(90);
    assert_eq!(faults(&it), []);
}

/// isc-U02, S1: its UPDDONE is not believed before it has told of every address on this connection:
/// what it left out it may have leased.
#[test]
fn u02_upddone_of_a_dhcpd_that_left_addresses_out_is_not_believed() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = Scripted::start(config(role), None);
        dhcpd_connects(&mut it);
        it.partner(State::PartnerDown);
        tell(&mut it, ADDRESS);
        it.updates_done();
        assert_eq!(it.state(), State::Recover, "{role:?}");
        let first = Ipv4Addr::from_bits(ADDRESS.to_bits() + 1);
        assert_eq!(faults(&it), [PartnerFault::Untold { addresses: 3, first, waits: true }]);

        // Started anew it tells all. What it told before does not count.
        it.cut();
        dhcpd_connects(&mut it);
        it.partner(State::PartnerDown);
        assert_eq!(it.request().map(|(_, all)| all), Some(true));
        tell_all(&mut it);
        it.updates_done();
        assert_eq!(it.state(), State::RecoverWait, "{role:?}");
        assert_eq!(faults(&it).len(), 1);
    }
}

/// A dhcpd that recovers itself has leased nothing: addresses that it leaves out are a matter of the
/// configurations, and service begins.
#[test]
fn a_new_dhcpd_with_other_pools_is_told_of_and_not_waited_for() {
    let mut it = Scripted::start(config(Role::Primary), None);
    dhcpd_connects(&mut it);
    it.partner(State::Recover);
    it.say(Message::UpdReqAll);
    tell(&mut it, ADDRESS);
    it.updates_done();
    let [PartnerFault::Untold { addresses: 3, waits: false, .. }] = faults(&it)[..] else {
        panic!("{:?}", it.events)
    };
    assert_ne!(it.state(), State::Recover);
}

/// isc-U03: it sends answers of the connection before on this one. They name no transaction of this
/// one, so they answer nothing, and nothing counts as told.
#[test]
fn u03_answers_of_the_connection_before_count_for_nothing() {
    let mut it = Scripted::resumed(Role::Primary, State::Normal);
    dhcpd_connects(&mut it);
    it.partner(State::Normal);
    assert!(it.lease(Ipv4Addr::from_bits(ADDRESS.to_bits() + 3), 1));
    let sent = it.updates();
    assert!(!sent.is_empty());
    it.cut();
    dhcpd_connects(&mut it);
    it.partner(State::Normal);
    let anew: Vec<_> = it.updates().iter().map(|(xid, _)| *xid).collect();
    let pending = it.endpoint.status().pending;
    assert!(pending > 0 && !anew.is_empty());
    for (xid, updates) in sent {
        assert!(!anew.contains(&xid), "{xid} twice");
        let acks = updates.iter().map(|it| dhcp_failover_wire::BindingAck::accept(it.address));
        it.answer(xid, Message::BndAck(acks.collect()));
    }
    assert_eq!(it.endpoint.status().pending, pending);
    let told = |event: &Event| matches!(event, Event::PeerError { message } if message.contains("unasked"));
    assert!(it.events.iter().any(told), "{:?}", it.events);
}
