//! States: what they change on, what is served in them, and what is on record.

use crate::reference::trace::{Trace, accepted, together};
use State::{
    CommunicationsInterrupted, ConflictDone, Normal, PartnerDown, Paused, PotentialConflict,
    Recover, RecoverDone, RecoverWait, ResolutionInterrupted, Shutdown, Startup,
};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, State};
use dhcp_failover_sim::reference::Alone;
use dhcp_failover_wire::Message;

#[test]
fn a_whole_life_is_allowed() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = together(role, Normal, Normal);
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
        let mut it = together(Role::Primary, from, partner);
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
        let mut it = together(role, PotentialConflict, partner);
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
        let mut it = together(Role::Primary, Normal, Normal);
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
        let mut it = together(Role::Primary, Normal, Normal);
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
        let mut it = together(Role::Primary, Normal, Normal);
        it.orders(order);
        it.enters(state);
        it.tells(state, false);
        assert_eq!(it.refused(), None);
        it.loses_the_link();
        it.enters(CommunicationsInterrupted);
        assert_eq!(it.refused(), Some(section));
    }
    let mut it = together(Role::Primary, Normal, Normal);
    it.orders(Command::PartnerDown);
    it.enters(Shutdown);
    assert_eq!(it.refused(), Some("9.8.4"), "another order");
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
        let mut it = together(Role::Primary, Normal, Normal);
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
        let mut it = together(Role::Primary, Normal, Normal);
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

/// A copy from before the loss knows of none, also when its server goes to RECOVER for another reason.
/// (Unsafe seed 0xe8bbacdea981ea8e.)
#[test]
fn an_old_copy_of_its_storage_may_be_from_before_that_was_lost() {
    for (has_copy, expected) in [(true, None), (false, Some("9.5.2"))] {
        let mut it = together(Role::Primary, Normal, Normal);
        it.stops();
        it.loses_storage();
        if has_copy {
            it.gets_an_old_copy();
        }
        it.starts(has_copy.then_some(Normal));
        it.connects_silently();
        it.hears_state(Recover, false);
        it.enters(Recover);
        it.stops();
        it.starts(Some(Recover));
        it.connects(Recover);
        it.hears_state(Recover, false);
        it.enters(Recover);
        it.tells(Recover, false);
        it.says_new(Message::UpdReq(Default::default()));
        assert_eq!(it.refused(), expected);
    }
}

/// That it has fetched everything may be on record or not, if it stops before it tells of its next state.
/// (Unsafe seeds 0xec109fa2b55c and 0xa15d94b02e00.)
#[test]
fn what_was_fetched_before_a_stop_may_be_asked_for_once_more_or_not() {
    for message in [Message::UpdReq(Default::default()), Message::UpdReqAll] {
        let mut it = together(Role::Primary, Normal, Normal);
        it.stops();
        it.loses_storage();
        let recovers = |it: &mut Trace| {
            it.connects(Recover);
            it.hears_state(PartnerDown, false);
            it.enters(Recover);
            it.tells(Recover, false);
        };
        it.starts(None);
        recovers(&mut it);
        let xid = it.says_new(Message::UpdReqAll);
        it.hears(xid, Message::UpdDone);
        it.stops();
        it.starts(Some(Recover));
        recovers(&mut it);
        it.says_new(message);
        assert_eq!(it.refused(), None);
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
            it = together(Role::Primary, state, Recover);
        }
        it.answers(true);
        assert_eq!(it.refused(), Some(section), "{state}");
    }
    for (order, state, section) in
        [(Command::Pause, Paused, "9.13"), (Command::Shutdown, Shutdown, "9.14.2")]
    {
        let mut it = together(Role::Primary, Normal, Normal);
        it.orders(order);
        it.enters(state);
        it.answers(true);
        assert_eq!(it.refused(), Some(section));
    }
    for (renewal, expected) in [(true, None), (false, Some("9.7.1"))] {
        let mut it = together(Role::Primary, RecoverDone, PartnerDown);
        it.answers(renewal);
        assert_eq!(it.refused(), expected);
    }
    for state in [Normal, CommunicationsInterrupted, PartnerDown, ConflictDone] {
        let partner = if state == Normal { Normal } else { Recover };
        let mut it = together(Role::Primary, state, partner);
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
        let mut it = together(Role::Primary, state, Shutdown);
        it.enters(PartnerDown);
        assert_eq!(it.refused(), section, "{state}");
    }
}

/// Departure: an older copy of a storage is as good as none, once it is known to be one.
#[test]
fn an_old_copy_is_recovered_from_at_once() {
    for found in [true, false] {
        let mut it = together(Role::Primary, CommunicationsInterrupted, Recover);
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

/// Of states told late, each on its way through the disk, the last told is the one on record.
#[test]
fn the_state_told_last_is_on_record() {
    for (record, section) in [(PartnerDown, None), (PotentialConflict, None), (Normal, Some("9.2"))]
    {
        let mut it = together(Role::Primary, Normal, Normal);
        it.orders(Command::ForcePartnerDown);
        it.enters(PartnerDown);
        it.enters(PotentialConflict);
        it.tells(PartnerDown, false);
        it.stops();
        it.starts(Some(record));
        assert_eq!(it.refused(), section, "{record}");
    }
}
