//! For each clause of the reference a trace that breaks it, and the section it names.

use crate::reference::trace::{Trace, accepted, secondary, together};
use State::{
    CommunicationsInterrupted, ConflictDone, Normal, PartnerDown, Paused, PotentialConflict,
    Recover, RecoverDone, RecoverWait, ResolutionInterrupted, Shutdown, Startup,
};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, State};
use dhcp_failover_sim::reference::Alone;
use dhcp_failover_wire::{ConnectAck, Message, Reject, RejectReason};

/// A primary that has met a partner in `partner`, and has told that it is in `state`.
fn met(role: Role, state: State, partner: State) -> Trace {
    together(role, state, partner)
}

#[test]
fn a_whole_life_is_allowed() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = met(role, Normal, Normal);
        it.answers(false);
        it.hears(40, Message::Contact);
        it.says(50, Message::Contact);
        it.loses_the_link();
        it.enters(CommunicationsInterrupted);
        it.answers(true);
        it.orders(Command::PartnerDown);
        it.enters(PartnerDown);
        it.stops();
        it.starts(Some(PartnerDown));
        it.connects(PartnerDown);
        it.hears_state(Recover, false);
        it.enters(PartnerDown);
        it.tells(PartnerDown, false);
        it.hears_state(RecoverDone, false);
        it.enters(Normal);
        it.tells(Normal, false);
        assert_eq!(it.refused(), None);
    }
}

/// Every transition that no cause allows, by the section of the state it leaves.
#[test]
fn a_transition_without_a_cause_is_refused() {
    let cases = [
        (Normal, Normal, PartnerDown, "9.8.4"),
        (Normal, Normal, PotentialConflict, "9.8.4"),
        (CommunicationsInterrupted, Recover, Normal, "9.9.3"),
        (CommunicationsInterrupted, Paused, Normal, "9.9.3"),
        (CommunicationsInterrupted, Recover, PartnerDown, "9.9.3"),
        (CommunicationsInterrupted, Recover, PotentialConflict, "9.9.3"),
        (PartnerDown, Recover, PotentialConflict, "9.4.3"),
        (PartnerDown, Normal, Normal, "9.4.3"),
        (PartnerDown, RecoverWait, Normal, "9.4.3"),
        (Recover, PartnerDown, RecoverWait, "9.5.2"),
        (Recover, PartnerDown, Normal, "9.5.2"),
        (RecoverWait, PartnerDown, Normal, "9.6.2"),
        (RecoverDone, PartnerDown, Normal, "9.7.2"),
        (RecoverDone, Recover, CommunicationsInterrupted, "9.7.2"),
        (PotentialConflict, PotentialConflict, Normal, "9.10.3"),
        (PotentialConflict, PotentialConflict, ConflictDone, "9.10.3"),
        (PotentialConflict, PotentialConflict, ResolutionInterrupted, "9.10.3"),
        (ResolutionInterrupted, Normal, Normal, "9.11.3"),
        (ConflictDone, PotentialConflict, Normal, "9.12.3"),
        (ConflictDone, PotentialConflict, PotentialConflict, "9.12.3"),
    ];
    for (from, partner, to, section) in cases {
        let mut it = met(Role::Primary, from, partner);
        assert_eq!(it.refused(), None, "{from} {partner}");
        it.enters(to);
        assert_eq!(it.refused(), Some(section), "{from} -> {to}, partner {partner}");
    }
}

/// Departure: of a STATE with the STARTUP bit nothing follows.
#[test]
fn a_partner_in_startup_changes_nothing() {
    for (state, to, section) in [
        (PartnerDown, PotentialConflict, "9.4.3"),
        (CommunicationsInterrupted, Normal, "9.9.3"),
        (RecoverDone, Normal, "9.7.2"),
    ] {
        let mut it = accepted(Role::Primary, state);
        it.hears_state(Normal, true);
        it.enters(to);
        assert_eq!(it.refused(), Some(section), "{state}");
    }
}

#[test]
fn the_conflict_ends_by_role() {
    for (role, to, right) in [
        (Role::Primary, ConflictDone, true),
        (Role::Primary, Normal, false),
        (Role::Secondary, Normal, true),
        (Role::Secondary, ConflictDone, false),
    ] {
        let partner = match role {
            Role::Primary => PotentialConflict,
            Role::Secondary => ConflictDone,
        };
        let mut it = met(role, PotentialConflict, partner);
        let xid = it.says_new(Message::UpdReq(Default::default()));
        it.hears(xid, Message::UpdDone);
        it.enters(to);
        assert_eq!(it.refused(), (!right).then_some("9.10.3"), "{role:?} {to}");
    }
}

#[test]
fn a_timer_that_has_not_run_moves_nothing() {
    for (seconds, expected) in [(100, Some("9.9.3")), (3_600, None)] {
        let mut it = Trace::with(Role::Primary, |facts| facts.safe_period_s = Some(3_600));
        it.starts_in(CommunicationsInterrupted);
        it.passes_s(seconds);
        it.enters(PartnerDown);
        assert_eq!(it.refused(), expected, "after {seconds} s");
    }
    for (seconds, expected) in [(30, Some("9.6.2")), (61, None)] {
        let mut it = met(Role::Primary, Normal, Normal);
        it.answers(false);
        it.orders(Command::Recover);
        it.enters(Recover);
        it.tells(Recover, false);
        let xid = it.says_new(Message::UpdReq(Default::default()));
        it.hears(xid, Message::UpdDone);
        it.enters(RecoverWait);
        it.loses_the_link();
        it.passes_s(seconds);
        it.enters(RecoverDone);
        assert_eq!(it.refused(), expected, "after {seconds} s");
    }
}

#[test]
fn startup_ends_by_the_partner_or_as_configured() {
    for (alone, to, expected) in [
        (Alone::Waits, CommunicationsInterrupted, Some("9.3.2")),
        (Alone::GoesOn, CommunicationsInterrupted, None),
        (Alone::GoesOn, PartnerDown, Some("9.3.2")),
        (Alone::PartnerDown, PartnerDown, None),
    ] {
        let mut it = Trace::with(Role::Primary, |facts| facts.alone = alone);
        it.starts(Some(Normal));
        it.passes_s(10);
        it.enters(to);
        assert_eq!(it.refused(), expected, "{alone:?} {to}");
    }
    let mut it = Trace::with(Role::Primary, |facts| facts.alone = Alone::GoesOn);
    it.starts(Some(Normal));
    it.enters(CommunicationsInterrupted);
    assert_eq!(it.refused(), Some("9.3.2"), "at once");
}

/// §9.2: what was told is what is in stable storage.
#[test]
fn a_state_that_was_told_is_on_record() {
    for (recorded, expected) in [(Normal, None), (CommunicationsInterrupted, Some("9.2"))] {
        let mut it = met(Role::Primary, Normal, Normal);
        it.stops();
        it.starts(Some(recorded));
        assert_eq!(it.refused(), expected, "{recorded}");
    }
}

#[test]
fn only_a_restart_leaves_paused_and_shutdown() {
    for (order, state, section) in
        [(Command::Pause, Paused, "9.13.2"), (Command::Shutdown, Shutdown, "9.14.3")]
    {
        let mut it = met(Role::Primary, Normal, Normal);
        it.orders(order);
        it.enters(state);
        it.tells(state, false);
        assert_eq!(it.refused(), None);
        it.loses_the_link();
        it.enters(CommunicationsInterrupted);
        assert_eq!(it.refused(), Some(section));
    }
    let mut it = met(Role::Primary, Normal, Normal);
    it.orders(Command::PartnerDown);
    it.enters(Shutdown);
    assert_eq!(it.refused(), Some("9.8.4"), "another order");
}

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
    let mut it = met(Role::Primary, interrupted, interrupted);
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
    let mut it = met(Role::Primary, Normal, Normal);
    it.link_up();
    it.says_connect();
    assert_eq!(it.refused(), Some("8.2"));
    let mut it = met(Role::Secondary, Normal, Normal);
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
    let mut it = met(Role::Primary, Normal, Normal);
    it.passes_s(9);
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), Some("7.9.2"), "nothing said for 9 s");
    let mut it = met(Role::Primary, Normal, Normal);
    for _ in 0..4 {
        it.passes_s(6);
        it.says_new(Message::Contact);
    }
    assert_eq!(it.refused(), Some("8.3"), "nothing heard for 24 s");
    let mut it = met(Role::Primary, Normal, Normal);
    it.passes_s(60);
    it.resumes();
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), None, "it was standing still");
}

#[test]
fn a_connection_ends_with_disconnect() {
    let mut it = met(Role::Primary, Normal, Normal);
    it.closes();
    assert_eq!(it.refused(), Some("8.6"));
    let mut it = met(Role::Primary, Normal, Normal);
    it.disconnects(RejectReason::NO_TRAFFIC);
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), Some("7.12.1"));
    let mut it = met(Role::Primary, Normal, Normal);
    it.loses_the_link();
    it.says_new(Message::Contact);
    assert_eq!(it.refused(), Some("8"));
}

#[test]
fn updates_are_asked_for_where_it_says_so_and_once() {
    let request = || Message::UpdReq(Default::default());
    let cases = [
        (Role::Primary, Recover, PartnerDown, request(), None),
        (Role::Primary, Recover, PartnerDown, Message::UpdReqAll, None),
        (Role::Primary, PotentialConflict, PotentialConflict, request(), None),
        (Role::Secondary, PotentialConflict, PotentialConflict, request(), Some("9.10.1")),
        (Role::Secondary, PotentialConflict, ConflictDone, request(), None),
        (Role::Primary, PotentialConflict, PotentialConflict, Message::UpdReqAll, None),
        (Role::Primary, PartnerDown, Recover, request(), Some("7.3")),
        (Role::Primary, CommunicationsInterrupted, Recover, request(), Some("7.3")),
        (Role::Primary, ConflictDone, PotentialConflict, request(), Some("7.3")),
        (Role::Primary, Normal, Normal, Message::UpdReqAll, Some("7.3")),
    ];
    for (role, state, partner, message, expected) in cases {
        let mut it = met(role, state, partner);
        it.says_new(message.clone());
        assert_eq!(it.refused(), expected, "{role:?} {state} {partner} {message:?}");
    }
    let mut it = met(Role::Primary, Recover, PartnerDown);
    it.says_new(request());
    it.says_new(request());
    assert_eq!(it.refused(), Some("7.3"), "twice");
    let mut it = met(Role::Primary, CommunicationsInterrupted, Recover);
    it.orders(Command::Recover);
    it.enters(Recover);
    it.says_new(request());
    assert_eq!(it.refused(), Some("7.3"), "before it tells of RECOVER");
}

/// Departure: an order to recover once more has everything asked for once more; also when the first
/// request still waits for the disk, and is answered before the second is said. (Unsafe seeds 0x18884,
/// 0x97add7d99f9a7121.)
#[test]
fn an_order_to_recover_once_more_is_one_more_request() {
    for (orders, said_before, answered) in
        [(1, false, false), (1, true, false), (1, false, true), (1, true, true), (3, false, true)]
    {
        let mut it = met(Role::Primary, Recover, PartnerDown);
        let say = |it: &mut Trace| {
            let xid = it.says_new(Message::UpdReqAll);
            if answered {
                it.hears(xid, Message::UpdDone);
            }
        };
        if said_before {
            let xid = it.says_new(Message::UpdReqAll);
            it.orders(Command::Recover);
            it.hears(xid, Message::UpdDone); // of what counts no more
        } else {
            (0..orders).for_each(|_| it.orders(Command::Recover));
            (0..orders).for_each(|_| say(&mut it));
        }
        say(&mut it);
        let case = format!("{orders} orders, said before: {said_before}, answered: {answered}");
        assert_eq!(it.refused(), None, "{case}");
        it.says_new(Message::UpdReqAll);
        assert_eq!(it.refused(), Some("7.3"), "{case}");
    }
}

/// A request that was said before the order counts no more when its answer comes.
#[test]
fn the_answer_to_a_request_from_before_an_order_ends_nothing() {
    let mut it = met(Role::Primary, Recover, PartnerDown);
    let xid = it.says_new(Message::UpdReqAll);
    it.orders(Command::Recover);
    it.hears(xid, Message::UpdDone);
    it.enters(RecoverWait);
    assert_eq!(it.refused(), Some("9.5.2"));
}

/// Departure: without its storage a server takes the operator's word for when it went down, which its
/// partner tells it. It is no measure if the partner's clock was set forward since. (Unsafe seed
/// 0xd0c74630ecb0bd21.)
#[test]
fn a_lost_server_waits_from_when_it_was_called_down_as_far_as_its_partner_can_know() {
    for (called, clock_set, waited_s, expected) in [
        (false, false, 0, Some("9.6.2")),
        (true, false, 30, Some("9.6.2")),
        (true, false, 40, None),
        (true, true, 0, None),
        (false, true, 0, Some("9.6.2")),
    ] {
        let mut it = met(Role::Primary, Normal, Normal);
        it.answers(false);
        if called {
            it.is_called_down();
        }
        it.passes_s(20);
        it.answers(false); // forced, and wrong
        it.stops();
        it.loses_storage();
        if clock_set {
            it.partners_clock_is_set();
        }
        it.starts(None);
        it.connects(Recover);
        it.hears_state(PartnerDown, false);
        it.enters(Recover);
        it.tells(Recover, false);
        let xid = it.says_new(Message::UpdReqAll);
        it.hears(xid, Message::UpdDone);
        it.enters(RecoverWait);
        it.loses_the_link();
        it.passes_s(waited_s);
        it.enters(RecoverDone);
        assert_eq!(it.refused(), expected, "called {called}, set {clock_set}, {waited_s} s");
    }
}

/// The mistake of dhcpd: what was lost is not asked for.
#[test]
fn after_the_loss_of_its_storage_it_asks_for_everything() {
    for (message, expected) in
        [(Message::UpdReq(Default::default()), Some("9.5.2")), (Message::UpdReqAll, None)]
    {
        let mut it = met(Role::Primary, Normal, Normal);
        it.stops();
        it.loses_storage();
        it.starts(None);
        it.connects(Recover);
        it.hears_state(CommunicationsInterrupted, false);
        it.enters(Recover);
        it.tells(Recover, false);
        it.says_new(message);
        assert_eq!(it.refused(), expected);
    }
}

#[test]
fn an_answer_has_a_request_on_its_connection() {
    let mut it = met(Role::Primary, Normal, Normal);
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), Some("7.5"));
    let mut it = met(Role::Primary, Normal, Normal);
    it.hears(9, Message::UpdReqAll);
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), None);
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), Some("7.5"), "twice");
    let mut it = met(Role::Primary, Normal, Normal);
    it.hears_update(9);
    it.acknowledges_update(8, 1);
    assert_eq!(it.refused(), Some("8.6"));
    let mut it = met(Role::Primary, Normal, Normal);
    it.hears_update(9);
    it.acknowledges_update(9, 2);
    assert_eq!(it.refused(), Some("7.2.1"), "another address");
    let mut it = met(Role::Primary, Normal, Normal);
    it.hears_update(9);
    it.reconnects(CommunicationsInterrupted);
    it.acknowledges_update(9, 1);
    assert_eq!(it.refused(), Some("8.6"), "on another connection");
    let mut it = met(Role::Primary, Normal, Normal);
    it.says(9, Message::PoolResp(dhcp_failover_wire::PoolResp { addresses_transferred: 0 }));
    assert_eq!(it.refused(), Some("7.7"));
}

#[test]
fn updates_done_comes_after_the_answers() {
    let mut it = met(Role::Primary, Normal, Normal);
    it.says_update();
    it.hears(9, Message::UpdReq(Default::default()));
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), Some("7.3.2"));
    let mut it = met(Role::Primary, Normal, Normal);
    let update = it.says_update();
    it.hears(9, Message::UpdReq(Default::default()));
    it.hears(update, Message::BndAck(Vec::new()));
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), None);
}

#[test]
fn updates_keep_the_window_and_the_states() {
    let mut it = met(Role::Primary, Normal, Normal);
    for _ in 0..3 {
        it.says_update();
    }
    assert_eq!(it.refused(), None, "the partner takes three");
    it.says_update();
    assert_eq!(it.refused(), Some("8.4"));
    let mut it = met(Role::Primary, Normal, Normal);
    it.orders(Command::Pause);
    it.enters(Paused);
    it.tells(Paused, false);
    it.says_update();
    assert_eq!(it.refused(), Some("9.2"));
    let mut it = Trace::new(Role::Primary);
    it.starts(Some(Normal));
    it.connects(CommunicationsInterrupted);
    it.hears_state(Normal, true);
    it.says_update();
    assert_eq!(it.refused(), Some("9.3"));
}

#[test]
fn a_transaction_id_is_used_once() {
    let mut it = met(Role::Primary, Normal, Normal);
    let xid = it.says_new(Message::Contact);
    it.says(xid, Message::Contact);
    assert_eq!(it.refused(), Some("6.1"));
}

#[test]
fn the_secondary_asks_for_addresses_in_normal() {
    for (role, state, expected) in [
        (Role::Secondary, Normal, None),
        (Role::Primary, Normal, Some("7.6")),
        (Role::Secondary, PartnerDown, Some("7.6")),
    ] {
        let partner = if state == Normal { Normal } else { Recover };
        let mut it = met(role, state, partner);
        it.says_new(Message::PoolReq);
        assert_eq!(it.refused(), expected, "{role:?} {state}");
    }
}

#[test]
fn clients_are_answered_where_the_state_says_so() {
    let nobody = [
        (Startup, "9.3.1"),
        (Recover, "9.5.1"),
        (RecoverWait, "9.6.1"),
        (PotentialConflict, "9.10.2"),
    ];
    for (state, section) in nobody {
        let mut it = Trace::new(Role::Primary);
        if state == Startup {
            it.starts(Some(Normal));
        } else {
            it = met(Role::Primary, state, Recover);
        }
        it.answers(true);
        assert_eq!(it.refused(), Some(section), "{state}");
    }
    for (order, state, section) in
        [(Command::Pause, Paused, "9.13"), (Command::Shutdown, Shutdown, "9.14.2")]
    {
        let mut it = met(Role::Primary, Normal, Normal);
        it.orders(order);
        it.enters(state);
        it.answers(true);
        assert_eq!(it.refused(), Some(section));
    }
    for (renewal, expected) in [(true, None), (false, Some("9.7.1"))] {
        let mut it = met(Role::Primary, RecoverDone, PartnerDown);
        it.answers(renewal);
        assert_eq!(it.refused(), expected);
    }
    for state in [Normal, CommunicationsInterrupted, PartnerDown, ConflictDone] {
        let partner = if state == Normal { Normal } else { Recover };
        let mut it = met(Role::Primary, state, partner);
        it.answers(false);
        assert_eq!(it.refused(), None, "{state}");
    }
}

/// §9.14: whoever serves everybody, or compares, takes over from a partner that shuts down.
#[test]
fn a_partner_that_shuts_down_leaves_everything() {
    for (state, section) in [
        (Normal, None),
        (CommunicationsInterrupted, None),
        (RecoverDone, Some("9.7.2")),
        (PotentialConflict, None),
        (ResolutionInterrupted, None),
        (ConflictDone, None),
        (Recover, Some("9.5.2")),
        (RecoverWait, Some("9.6.2")),
    ] {
        let mut it = met(Role::Primary, state, Shutdown);
        it.enters(PartnerDown);
        assert_eq!(it.refused(), section, "{state}");
    }
}

/// Departure: an older copy of a storage is as good as none, once it is known to be one.
#[test]
fn an_old_copy_is_recovered_from_at_once() {
    for found in [true, false] {
        let mut it = met(Role::Primary, CommunicationsInterrupted, Recover);
        if found {
            it.finds_an_old_copy();
        }
        it.enters(Recover);
        assert_eq!(it.refused(), (!found).then_some("9.9.3"));
        it.tells(Recover, false);
        it.says_new(Message::UpdReq(Default::default()));
        assert!(it.refused().is_some(), "UPDREQ, though everything is lost");
    }
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
        let mut it = met(Role::Primary, Normal, Normal);
        it.orders(order);
        it.enters(state);
        it.passes_s(30);
        it.tells(state, false);
        assert_eq!(it.refused(), section, "{state}");
    }
}

/// Of states told late, each on its way through the disk, the last told is the one on record.
#[test]
fn the_state_told_last_is_on_record() {
    for (record, section) in [(PartnerDown, None), (PotentialConflict, None), (Normal, Some("9.2"))]
    {
        let mut it = met(Role::Primary, Normal, Normal);
        it.orders(Command::ForcePartnerDown);
        it.enters(PartnerDown);
        it.enters(PotentialConflict);
        it.tells(PartnerDown, false);
        it.stops();
        it.starts(Some(record));
        assert_eq!(it.refused(), section, "{record}");
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
        let mut it = met(Role::Primary, state, partner);
        it.rests();
        assert_eq!(it.refused(), section, "{state} {partner}");
    }
    for (state, section) in
        [(Normal, Some("9.8.4")), (PotentialConflict, Some("9.10.3")), (RecoverDone, None)]
    {
        let mut it = met(Role::Primary, state, Normal);
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
