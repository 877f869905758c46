//! §9.10: POTENTIAL-CONFLICT.

use super::{ROLES, Role, Scripted, State, conflict};

/// §9.10.1: the primary asks; the secondary waits for it to.
#[test]
fn the_primary_asks_first() {
    assert!(conflict(Role::Primary).request().is_some());
    assert!(conflict(Role::Secondary).request().is_none());
}

/// §9.10.2: "MUST NOT process any incoming requests".
#[test]
fn nobody_is_served() {
    for role in ROLES {
        let it = conflict(role);
        assert!(!it.renews() && !it.serves_everybody());
    }
}

/// §9.10.3: lost contact leads to RESOLUTION-INTERRUPTED, and a partner that pauses is as good.
#[test]
fn lost_contact_interrupts_it() {
    for role in ROLES {
        let mut it = conflict(role);
        it.cut();
        assert_eq!(it.state(), State::ResolutionInterrupted);
        let mut it = conflict(role);
        it.partner(State::Paused);
        assert_eq!(it.state(), State::ResolutionInterrupted);
    }
}

/// §9.10.3: on UPDDONE the primary MUST go to CONFLICT-DONE, the secondary to NORMAL.
#[test]
fn what_was_asked_for_ends_it() {
    let mut it = conflict(Role::Primary);
    it.updates_done();
    assert_eq!(it.state(), State::ConflictDone);
    let mut it = conflict(Role::Secondary);
    it.partner(State::ConflictDone);
    it.updates_done();
    assert_eq!(it.state(), State::Normal);
}

/// §9.10.3, H9: the secondary asks when it *sees* CONFLICT-DONE, be it at the connection.
#[test]
fn h9_the_secondary_asks_whenever_it_sees_conflict_done() {
    for before in [State::ResolutionInterrupted, State::CommunicationsInterrupted, State::Recover] {
        let mut it = Scripted::resumed(Role::Secondary, before);
        it.meets(State::ConflictDone);
        assert_eq!(it.state(), State::PotentialConflict, "{before}");
        it.updates_done();
        assert_eq!(it.state(), State::Normal, "{before}");
    }
}

/// L5: a primary that had to begin anew, while the secondary's request was under way, does not
/// leave it in NORMAL.
#[test]
fn a_primary_that_begins_anew_is_followed() {
    let mut it = conflict(Role::Secondary);
    it.partner(State::ConflictDone);
    it.partner(State::PotentialConflict);
    it.updates_done();
    assert_eq!(it.state(), State::PotentialConflict);
}

/// isc-S09: a primary in NORMAL before the secondary is no reason to panic: it is waited for, for it
/// will see this state and come back.
#[test]
fn s09_a_primary_already_in_normal_is_waited_for() {
    let mut it = conflict(Role::Secondary);
    it.partner(State::Normal);
    assert_eq!(it.state(), State::PotentialConflict);
    assert!(it.endpoint.status().connected);
    it.partner(State::PotentialConflict);
    it.partner(State::ConflictDone);
    it.updates_done();
    assert_eq!(it.state(), State::Normal);
}
