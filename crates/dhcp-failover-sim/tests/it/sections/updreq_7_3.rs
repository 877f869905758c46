//! §7.3: UPDREQ, and the UPDDONE that answers it.

use super::{ROLES, Scripted, State};
use crate::scripted::{config, record};
use crate::support::{address, alone_with};
use dhcp_failover_proto::{Command, EndpointRecord, Event};
use dhcp_failover_wire::{Message, UpdReq};

fn is_done(it: &Scripted) -> bool {
    it.count(|message| *message == Message::UpdDone) > 0
}

/// §7.3.2: UPDDONE waits for what had changed before the UPDREQ, and for nothing that changes later,
/// even if there is always something: as soon as the last of the former is acknowledged it is said.
#[test]
fn update_done_does_not_wait_for_later_changes() {
    for role in ROLES {
        for batch in [1, 2] {
            let mut it = alone_with(role, batch);
            it.max_unacked = 1;
            it.meets(State::Recover);
            it.say(Message::UpdReq(UpdReq::default()));
            let mut answered = 0;
            // Each of the four once; of one under way the next may be due to the change alone.
            while !is_done(&it) {
                it.pass_in_contact_s(1);
                for number in 0..4 {
                    assert!(it.lease(address(number), number), "{role:?}: a renewal");
                }
                assert!(it.accept(answered), "{role:?} {batch}: it waits for an answer");
                answered += 1;
                assert!(answered <= 8, "{role:?} {batch}: it waits for later changes");
            }
            assert!(answered * batch >= 4, "{role:?} {batch}: {answered} were enough");
            assert!(it.endpoint.status().pending > 0, "{role:?} {batch}: there is always more");
        }
    }
}

/// §7.5.2: an operator orders RECOVER while pools are compared, and again. The UPDDONE of what was asked
/// for before is on its way then: it ends nothing, and the partner is not blamed for it. It is for one
/// that nobody asked for, or the second of its kind.
#[test]
fn the_answer_to_a_request_that_was_given_up_is_no_fault_of_the_partner() {
    let faults = |it: &Scripted| {
        it.events.iter().filter(|event| matches!(event, Event::PeerError { .. })).count()
    };
    for role in ROLES {
        let compares =
            EndpointRecord { pools_differ: true, ..record(role, State::CommunicationsInterrupted) };
        let mut it = Scripted::start(config(role), Some(compares));
        it.meets(State::Normal);
        assert_eq!(it.state(), State::Normal);
        let (first, all) = it.request().expect("it compares before it serves");
        assert!(!all);
        it.order(Command::Recover);
        let (second, _) = it.request().expect("it fetches everything");
        it.order(Command::Recover);
        let (third, all) = it.request().expect("once more");
        assert!(all && first != second && second != third, "{role:?}");
        for given_up in [first, second] {
            it.answer(given_up, Message::UpdDone);
            assert_eq!((it.state(), faults(&it)), (State::Recover, 0), "{role:?}");
        }
        it.answer(first, Message::UpdDone);
        it.answer(third + 100, Message::UpdDone);
        assert_eq!((it.state(), faults(&it)), (State::Recover, 2), "{role:?}");
        it.updates_done();
        assert_eq!((it.state(), faults(&it)), (State::RecoverWait, 2), "{role:?}");
    }
}
