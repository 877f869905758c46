//! §7.3: UPDREQ, and the UPDDONE that answers it.

use super::{ROLES, Scripted, State};
use crate::support::{address, alone_with};
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
