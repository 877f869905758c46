//! What becomes of an update: answered in part, twice, in another order, refused; and the links that
//! break meanwhile (draft-12 §6.3, §7.1, §7.2, §8.6).

use crate::scripted::Scripted;
use crate::support::{ROLES, address, answers, in_normal, leased};
use dhcp_failover_lease::{BindingStatus, Role};
use dhcp_failover_proto::{Bindings, Event, Input, LeaseEvent, State};
use dhcp_failover_wire::{
    BindingAck, BindingStatus as WireStatus, BindingUpdate, Message, RejectReason,
};
use proptest::prelude::*;
use std::net::Ipv4Addr;

/// The transaction and the addresses of the BNDUPDs it sent on this connection.
fn sent(it: &Scripted) -> Vec<(u32, Vec<Ipv4Addr>)> {
    let batches = it.said.iter().filter_map(|packet| match &packet.message {
        Message::BndUpd(updates) => {
            Some((packet.xid, updates.iter().map(|update| update.address).collect()))
        }
        _ => None,
    });
    batches.collect()
}

/// One in NORMAL that has just sent a batch of its four addresses' bindings, as one message.
fn with_a_batch(role: Role) -> (Scripted, u32, Vec<Ipv4Addr>) {
    let mut it = in_normal(role);
    it.accept_updates();
    for number in 0..4 {
        it.say(Message::BndUpd(vec![leased(&it, number)]));
    }
    // News of all four come while the link is down, so that they go out together.
    it.cut();
    it.pass_s(120);
    for number in 0..4 {
        it.feed(Input::Lease(LeaseEvent::Expired { address: address(number) }));
    }
    it.meets(State::CommunicationsInterrupted);
    let (xid, addresses) = sent(&it).pop().expect("it tells the news");
    assert_eq!(addresses.len(), 4, "in one message");
    (it, xid, addresses)
}

fn accept(addresses: &[Ipv4Addr]) -> Message {
    Message::BndAck(addresses.iter().copied().map(BindingAck::accept).collect())
}

fn peer_errors(it: &Scripted) -> usize {
    it.events.iter().filter(|event| matches!(event, Event::PeerError { .. })).count()
}

fn refusal(address: Ipv4Addr) -> BindingAck {
    BindingAck::reject(address, RejectReason::OUTDATED_BINDING_INFORMATION, Some("no".to_owned()))
}

/// §6.3: the answers may stand in another order.
#[test]
fn a_batch_is_acknowledged_in_any_order() {
    for role in ROLES {
        let (mut it, xid, mut addresses) = with_a_batch(role);
        addresses.reverse();
        it.answer(xid, accept(&addresses));
        assert_eq!(peer_errors(&it), 0);
        assert_eq!(it.endpoint.status().pending, 0);
    }
}

/// H7: a batch may be taken in part; what was refused is listed with the partner's words.
#[test]
fn h07_a_batch_taken_in_part_leaves_disputes_with_their_reasons() {
    for role in ROLES {
        let (mut it, xid, addresses) = with_a_batch(role);
        let mut acks: Vec<_> = addresses.iter().copied().map(BindingAck::accept).collect();
        acks[1] = refusal(addresses[1]);
        acks[3] = refusal(addresses[3]);
        it.answer(xid, Message::BndAck(acks));
        let disputed: Vec<_> = it.endpoint.disputes().collect();
        let refused = [addresses[1], addresses[3]];
        assert!(disputed.len() == 2 && disputed.iter().all(|(at, _)| refused.contains(at)));
        for (_, dispute) in disputed {
            assert_eq!(dispute.reason, RejectReason::OUTDATED_BINDING_INFORMATION);
            assert_eq!((dispute.message.as_str(), dispute.tries), ("no", 0));
            assert_eq!(dispute.since, it.endpoint.lease_now());
        }
        let status = it.endpoint.status();
        assert_eq!((status.pending, status.disputed), (0, 2));
        for accepted in [addresses[0], addresses[2]] {
            assert_eq!(it.table.get(accepted).map(|it| it.status), Some(BindingStatus::Free));
        }
    }
}

/// §6.3, S11: a second answer to one binding, and one to a binding of another message, are none.
#[test]
fn s11_an_answer_twice_counts_once() {
    for role in ROLES {
        let (mut it, xid, addresses) = with_a_batch(role);
        let twice: Vec<_> = addresses.iter().chain(&addresses[..2]).copied().collect();
        it.answer(xid, accept(&twice));
        assert_eq!(peer_errors(&it), 2);
        it.answer(xid, Message::BndAck(vec![refusal(addresses[0])]));
        assert_eq!(peer_errors(&it), 3);
        let status = it.endpoint.status();
        assert_eq!((status.pending, status.disputed), (0, 0));
        assert!(it.keeps_link());
    }
}

/// §6.3: "every BNDACK message MUST contain status for all". What is left out is sent again, by
/// itself, and nothing waits for ever.
#[test]
fn what_an_answer_leaves_out_is_sent_again_one_by_one() {
    for role in ROLES {
        let (mut it, xid, addresses) = with_a_batch(role);
        it.answer(xid, accept(&addresses[..2]));
        assert_eq!(peer_errors(&it), 1);
        let again: Vec<_> = sent(&it).into_iter().filter(|(later, _)| *later > xid).collect();
        let told: Vec<_> = again.iter().flat_map(|(_, addresses)| addresses.clone()).collect();
        assert_eq!(told, addresses[2..]);
        for (xid, addresses) in again {
            assert_eq!(addresses.len(), 1);
            it.answer(xid, accept(&addresses));
        }
        assert_eq!(it.endpoint.status().pending, 0);
        assert!(it.keeps_link());
    }
}

/// S11: an answer that names nothing of its BNDUPD is no answer, and the right one still counts.
#[test]
fn s11_an_answer_for_other_addresses_is_none() {
    for role in ROLES {
        let (mut it, xid, addresses) = with_a_batch(role);
        it.answer(xid, accept(&[Ipv4Addr::new(203, 0, 113, 1)]));
        it.answer(xid.wrapping_add(77), accept(&addresses));
        assert_eq!(it.endpoint.status().pending, 4);
        it.answer(xid, accept(&addresses));
        assert_eq!(it.endpoint.status().pending, 0);
    }
}

/// §7.2.1, L7: who refuses an update because it knows better says so with its own record, after a
/// delay, and not again and again, however often the partner comes back with its own.
#[test]
fn l07_a_refused_update_is_answered_with_the_own_record_but_not_for_ever() {
    let mut it = in_normal(Role::Primary);
    it.accept_updates();
    let lease = |it: &Scripted| BindingUpdate {
        lease_expiration_time: Some(it.wire_now() + 100_000),
        potential_expiration_time: Some(it.wire_now() + 100_000),
        ..leased(it, 0)
    };
    it.say(Message::BndUpd(vec![lease(&it)]));
    assert_eq!(answers(&it)[0].reject, None);
    let mut told_s = Vec::new();
    for second in 0..7_200 {
        // A lease that runs is not given up, whoever says that it is over.
        if second % 60 == 0 {
            let update = BindingUpdate {
                status: WireStatus::EXPIRED,
                lease_expiration_time: None,
                potential_expiration_time: None,
                ..lease(&it)
            };
            it.say(Message::BndUpd(vec![update]));
            assert!(answers(&it)[0].reject.is_some(), "after {second} s");
        }
        let before = sent(&it).len();
        it.pass_in_contact_s(1);
        for (xid, addresses) in sent(&it).split_off(before) {
            told_s.push(second);
            it.answer(xid, Message::BndAck(vec![refusal(addresses[0])]));
        }
    }
    assert!(told_s.first().is_some_and(|first| *first >= 25), "not at once: {told_s:?}");
    assert!(told_s.len() <= 12, "{told_s:?}");
    assert!(told_s.last().is_some_and(|last| *last < 3_600), "it goes on: {told_s:?}");
    assert_eq!(it.endpoint.status().disputed, 1, "it is there to be seen");
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Take,
    Refuse,
    LeaveOut,
    Twice,
    Another,
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Take),
        2 => Just(Answer::Refuse),
        1 => Just(Answer::LeaveOut),
        1 => Just(Answer::Twice),
        1 => Just(Answer::Another),
    ]
}

proptest! {
    /// Whatever a partner makes of the updates: none is under way twice, what is pending or disputed
    /// is what the partner has not taken, and a partner that then behaves gets everything.
    #[test]
    fn whatever_the_answers_nothing_is_lost(
        rounds in prop::collection::vec((prop::collection::vec(answer(), 4), any::<bool>()), 1..6)
    ) {
        let (mut it, _, _) = with_a_batch(Role::Primary);
        for (choices, reverse) in rounds {
            for (xid, addresses) in sent(&it) {
                let mut acks = Vec::new();
                for (address, choice) in addresses.iter().zip(&choices) {
                    let taken = BindingAck::accept(*address);
                    match choice {
                        Answer::Take => acks.push(taken),
                        Answer::Refuse => acks.push(refusal(*address)),
                        Answer::LeaveOut => {}
                        Answer::Twice => acks.extend([taken.clone(), taken]),
                        Answer::Another => acks.push(BindingAck::accept(Ipv4Addr::new(203, 0, 113, 1))),
                    }
                }
                if reverse {
                    acks.reverse();
                }
                if !acks.is_empty() {
                    it.answer(xid, Message::BndAck(acks));
                }
            }
            let instance = it.record.map_or(0, |record| record.instance);
            let untold = it.table.iter().filter(|it| it.needs_telling(instance)).count();
            let status = it.endpoint.status();
            prop_assert_eq!(status.pending + status.disputed, untold, "{:?}", status);
        }
        // On a new connection it is all told again, to a partner that takes it.
        it.cut();
        it.meets(State::CommunicationsInterrupted);
        it.partner(State::Normal);
        for _ in 0..8 {
            it.accept_updates();
        }
        let status = it.endpoint.status();
        prop_assert_eq!((status.pending, status.disputed), (0, 0));
    }
}
