//! §9.14: SHUTDOWN.

use super::{Command, ROLES, Role, Scripted, State, normal};
use crate::support::address;
use dhcp_failover_wire::{Message, UpdReq};

/// §9.14.1: it is announced, the state before recorded, and the time too (the stamp).
#[test]
fn it_is_announced() {
    for role in ROLES {
        let mut it = normal(role);
        it.said.clear();
        it.order(Command::Shutdown);
        assert_eq!(it.reported(), [(State::Shutdown, false)]);
        let record = it.record.expect("on record");
        assert_eq!(record.state, State::Normal);
        assert!(record.alive_until.as_unix_s() + 5 >= it.endpoint.lease_now().as_unix_s());
    }
}

/// §9.14.2: "MUST NOT respond to any client"; a partner in PARTNER-DOWN "MUST" be remembered as
/// RECOVER. The connection stays for that.
#[test]
fn a_partner_that_takes_over_means_recover_next_time() {
    for role in ROLES {
        let mut it = normal(role);
        it.order(Command::Shutdown);
        assert!(!it.renews());
        it.partner(State::PartnerDown);
        assert_eq!(it.state(), State::Shutdown);
        assert_eq!(it.record.map(|record| record.state), Some(State::Recover));
        it.restart();
        it.meets(State::PartnerDown);
        assert_eq!(it.state(), State::Recover);
        assert!(it.request().is_some());
    }
}

/// A partner that did not hear of it, or was not there, changes nothing.
#[test]
fn without_a_partner_that_takes_over_the_state_before_counts() {
    for role in ROLES {
        let mut it = normal(role);
        it.order(Command::Shutdown);
        it.cut();
        it.restart();
        it.meets(State::CommunicationsInterrupted);
        assert_eq!(it.state(), State::Normal);
    }
}

/// S3: a server that was alone and says that it shuts down may be replaced by its partner, and never
/// hear of that. Started again, it is not alone by the old order; if nobody was told, it is.
#[test]
fn a_server_that_was_alone_and_handed_over_is_not_alone_any_more() {
    for role in ROLES {
        for told in [true, false] {
            let mut it = Scripted::resumed(role, State::PartnerDown);
            it.meets(State::Recover);
            if !told {
                it.cut();
            }
            it.order(Command::Shutdown);
            let record = it.record.expect("on record");
            assert_eq!((record.state, record.partner_returned), (State::PartnerDown, told));
        }
    }
}

/// S9: a server in SHUTDOWN tells nothing any more, so it does not say that it has told all: what the
/// partner refused before is open still.
#[test]
fn with_an_open_dispute_it_does_not_say_update_done() {
    let mut it = normal(Role::Primary);
    assert!(it.lease(address(3), 1));
    assert!(it.judge(0, |_| true), "refused");
    it.order(Command::Shutdown);
    it.say(Message::UpdReq(UpdReq::default()));
    it.pass_in_contact_s(5);
    assert_eq!(it.count(|message| matches!(message, Message::UpdDone)), 0);
}

/// §9.14.3: only a restart ends it.
#[test]
fn only_a_restart_ends_it() {
    for partner in State::ALL {
        let mut it = normal(super::Role::Primary);
        it.order(Command::Shutdown);
        it.partner(partner);
        it.order(Command::PartnerDown);
        it.pass_in_contact_s(30);
        assert_eq!(it.state(), State::Shutdown, "{partner}");
    }
}
