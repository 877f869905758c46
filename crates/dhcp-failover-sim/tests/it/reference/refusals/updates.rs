//! Updates, requests for them, and for addresses.

use crate::reference::trace::{Trace, together};
use State::{
    CommunicationsInterrupted, ConflictDone, Normal, PartnerDown, Paused, PotentialConflict,
    Recover, RecoverWait,
};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, State};
use dhcp_failover_wire::Message;

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
        let mut it = together(role, state, partner);
        it.says_new(message.clone());
        assert_eq!(it.refused(), expected, "{role:?} {state} {partner} {message:?}");
    }
    let mut it = together(Role::Primary, Recover, PartnerDown);
    it.says_new(request());
    it.says_new(request());
    assert_eq!(it.refused(), Some("7.3"), "twice");
    let mut it = together(Role::Primary, CommunicationsInterrupted, Recover);
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
        let mut it = together(Role::Primary, Recover, PartnerDown);
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
    let mut it = together(Role::Primary, Recover, PartnerDown);
    let xid = it.says_new(Message::UpdReqAll);
    it.orders(Command::Recover);
    it.hears(xid, Message::UpdDone);
    it.enters(RecoverWait);
    assert_eq!(it.refused(), Some("9.5.2"));
}

#[test]
fn an_answer_has_a_request_on_its_connection() {
    let mut it = together(Role::Primary, Normal, Normal);
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), Some("7.5"));
    let mut it = together(Role::Primary, Normal, Normal);
    it.hears(9, Message::UpdReqAll);
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), None);
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), Some("7.5"), "twice");
    let mut it = together(Role::Primary, Normal, Normal);
    it.hears_update(9);
    it.acknowledges_update(8, 1);
    assert_eq!(it.refused(), Some("8.6"));
    let mut it = together(Role::Primary, Normal, Normal);
    it.hears_update(9);
    it.acknowledges_update(9, 2);
    assert_eq!(it.refused(), Some("7.2.1"), "another address");
    let mut it = together(Role::Primary, Normal, Normal);
    it.hears_update(9);
    it.reconnects(CommunicationsInterrupted);
    it.acknowledges_update(9, 1);
    assert_eq!(it.refused(), Some("8.6"), "on another connection");
    let mut it = together(Role::Primary, Normal, Normal);
    it.says(9, Message::PoolResp(dhcp_failover_wire::PoolResp { addresses_transferred: 0 }));
    assert_eq!(it.refused(), Some("7.7"));
}

#[test]
fn updates_done_comes_after_the_answers() {
    let mut it = together(Role::Primary, Normal, Normal);
    it.says_update();
    it.hears(9, Message::UpdReq(Default::default()));
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), Some("7.3.2"));
    let mut it = together(Role::Primary, Normal, Normal);
    let update = it.says_update();
    it.hears(9, Message::UpdReq(Default::default()));
    it.hears(update, Message::BndAck(Vec::new()));
    it.says(9, Message::UpdDone);
    assert_eq!(it.refused(), None);
}

#[test]
fn updates_keep_the_window_and_the_states() {
    let mut it = together(Role::Primary, Normal, Normal);
    for _ in 0..3 {
        it.says_update();
    }
    assert_eq!(it.refused(), None, "the partner takes three");
    it.says_update();
    assert_eq!(it.refused(), Some("8.4"));
    let mut it = together(Role::Primary, Normal, Normal);
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
    let mut it = together(Role::Primary, Normal, Normal);
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
        let mut it = together(role, state, partner);
        it.says_new(Message::PoolReq);
        assert_eq!(it.refused(), expected, "{role:?} {state}");
    }
}
