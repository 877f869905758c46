//! Connections, and what may be said on them when.

use crate::reference::trace::{Trace, accepted, secondary, together};
use State::{
    CommunicationsInterrupted, ConflictDone, Normal, PartnerDown, Paused, PotentialConflict,
    Recover, RecoverDone, ResolutionInterrupted, Shutdown,
};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, State};
use dhcp_failover_wire::{ConnectAck, Message, Reject, RejectReason};

#[test]
fn every_change_is_told_in_order() {
    let interrupted = CommunicationsInterrupted;
    let cases = [
        ("both", (interrupted, true), (Normal, false), None),
        ("without the bit", (interrupted, false), (Normal, false), Some("7.10")),
        ("not what it goes on from", (Normal, true), (Normal, false), Some("7.10")),
        ("another state", (interrupted, true), (Recover, false), Some("7.10")),
    ];
    for (name, first, last, expected) in cases {
        let mut it = Trace::new(Role::Primary);
        it.starts(Some(Normal));
        it.connects_silently();
        it.tells(first.0, first.1);
        it.hears_state(interrupted, false);
        it.enters(interrupted);
        it.enters(Normal);
        it.tells(interrupted, false);
        it.tells(last.0, last.1);
        assert_eq!(it.refused(), expected, "{name}");
    }
    let mut it = together(Role::Primary, interrupted, interrupted);
    it.enters(Normal);
    it.enters(interrupted);
    it.tells(interrupted, false);
    assert_eq!(it.refused(), Some("7.10"), "one left out");
}

#[test]
fn nothing_comes_before_the_handshake_or_the_state() {
    let mut it = Trace::new(Role::Primary);
    it.starts_in(CommunicationsInterrupted);
    it.link_up();
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), Some("7.8.1"));
    let mut it = Trace::new(Role::Primary);
    it.starts_in(CommunicationsInterrupted);
    it.connects_silently();
    it.says_new(Message::PoolReq);
    assert_eq!(it.refused(), Some("8.2"));
    let mut it = accepted(Role::Primary, Normal);
    it.says_update();
    assert_eq!(it.refused(), Some("8.3"));
    let mut it = secondary(CommunicationsInterrupted);
    it.link_up();
    it.says_connect();
    assert_eq!(it.refused(), Some("8.2"));
}

#[test]
fn one_connection_is_in_use() {
    let mut it = together(Role::Primary, Normal, Normal);
    it.link_up();
    it.says_connect();
    assert_eq!(it.refused(), Some("8.2"));
    let mut it = together(Role::Secondary, Normal, Normal);
    it.connects_silently();
    it.tells(Normal, false);
    assert_eq!(it.refused(), Some("8.1"));
}

#[test]
fn a_connectack_answers_its_connect_once() {
    let mut it = secondary(CommunicationsInterrupted);
    it.link_up();
    let xid = it.hears_connect();
    it.acknowledges(xid + 1);
    assert_eq!(it.refused(), Some("7.9.1"));
    let mut it = secondary(CommunicationsInterrupted);
    it.connects(CommunicationsInterrupted);
    it.acknowledges(1);
    assert_eq!(it.refused(), Some("7.9.1"), "twice");
}

#[test]
fn silence_ends_a_connection() {
    // tReceive of both is 20 s.
    let mut it = together(Role::Primary, Normal, Normal);
    it.passes_s(9);
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), Some("7.9.2"), "nothing said for 9 s");
    let mut it = together(Role::Primary, Normal, Normal);
    for _ in 0..4 {
        it.passes_s(6);
        it.says_new(Message::Contact);
    }
    assert_eq!(it.refused(), Some("8.3"), "nothing heard for 24 s");
    let mut it = together(Role::Primary, Normal, Normal);
    it.passes_s(60);
    it.resumes();
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), None, "it was standing still");
}

#[test]
fn a_connection_ends_with_disconnect() {
    let mut it = together(Role::Primary, Normal, Normal);
    it.closes();
    assert_eq!(it.refused(), Some("8.6"));
    let mut it = together(Role::Primary, Normal, Normal);
    it.disconnects(RejectReason::NO_TRAFFIC);
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), Some("7.12.1"));
    let mut it = together(Role::Primary, Normal, Normal);
    it.loses_the_link();
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), Some("8"));
}

/// Of two primaries each refuses the CONNECT of the other (§7.8.2).
#[test]
fn a_connect_where_its_answer_is_due_is_refused() {
    let reject = Reject { reason: RejectReason::INVALID_PARTNER, message: None };
    for (reject, section) in [(Some(reject), None), (None, Some("7.9.1"))] {
        let mut it = Trace::new(Role::Primary);
        it.starts_in(CommunicationsInterrupted);
        it.link_up();
        it.says_connect();
        let crossing = it.hears_connect();
        it.says(crossing, Message::ConnectAck(ConnectAck { reject, ..ConnectAck::default() }));
        assert_eq!(it.refused(), section);
    }
}

/// Departure: the last words of a server that is paused wait for its disk, however long.
#[test]
fn a_paused_server_is_silent_until_it_says_so() {
    for (order, state, section) in
        [(Command::Pause, Paused, None), (Command::Shutdown, Shutdown, Some("7.9.2"))]
    {
        let mut it = together(Role::Primary, Normal, Normal);
        it.orders(order);
        it.enters(state);
        it.passes_s(30);
        it.tells(state, false);
        assert_eq!(it.refused(), section, "{state}");
    }
}

/// §9.2: what contact or its loss demands is done before anything else happens.
#[test]
fn what_is_due_is_not_put_off() {
    for (state, partner, section) in [
        (Normal, Normal, None),
        (CommunicationsInterrupted, Normal, Some("9.9.3")),
        (CommunicationsInterrupted, Recover, None),
        (PartnerDown, Normal, Some("9.4.3")),
        (PartnerDown, RecoverDone, None),
        (RecoverDone, Normal, Some("9.7.2")),
        (RecoverDone, PartnerDown, None),
        (ConflictDone, Normal, Some("9.12.3")),
        (ResolutionInterrupted, Normal, Some("9.11.3")),
    ] {
        let mut it = together(Role::Primary, state, partner);
        it.rests();
        assert_eq!(it.refused(), section, "{state} {partner}");
    }
    for (state, section) in
        [(Normal, Some("9.8.4")), (PotentialConflict, Some("9.10.3")), (RecoverDone, None)]
    {
        let mut it = together(Role::Primary, state, Normal);
        it.loses_the_link();
        it.rests();
        assert_eq!(it.refused(), section, "{state} without contact");
    }
    let mut it = Trace::new(Role::Primary);
    it.starts(Some(Normal));
    it.connects(CommunicationsInterrupted);
    it.rests();
    assert_eq!(it.refused(), None);
    it.hears_state(CommunicationsInterrupted, true);
    it.rests();
    assert_eq!(it.refused(), Some("9.3.2"));
}
