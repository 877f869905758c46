//! §9.12: CONFLICT-DONE.

use super::{Role, Scripted, State, conflict};

fn done() -> Scripted {
    let mut it = conflict(Role::Primary);
    it.updates_done();
    assert_eq!(it.state(), State::ConflictDone);
    it
}

/// §9.12.1: "a secondary should never enter" it; one that finds it on record was primary then.
#[test]
fn a_secondary_never_is_in_it() {
    let mut it = Scripted::resumed(Role::Secondary, State::ConflictDone);
    it.connect();
    assert_eq!(it.reported(), [(State::ResolutionInterrupted, true)]);
}

/// §9.12.2: "fully responsive to all clients" (isc-S05).
#[test]
fn s05_everybody_is_served() {
    let mut it = done();
    assert!(it.renews() && it.serves_everybody());
    it.cut();
    assert!(it.renews() && it.serves_everybody());
}

/// §9.12.2, §9.12.3: it stays through silence, contact and whatever the secondary says, until that
/// is in NORMAL. Nothing is fatal.
#[test]
fn it_ends_when_the_secondary_is_in_normal() {
    use State::*;
    for partner in State::ALL {
        let mut it = done();
        it.cut();
        assert_eq!(it.state(), ConflictDone);
        it.meets(partner);
        let expected = match partner {
            Normal => Normal,
            Shutdown => PartnerDown,
            _ => ConflictDone,
        };
        assert_eq!(it.state(), expected, "{partner}");
        if expected == ConflictDone {
            it.partner(Normal);
            assert_eq!(it.state(), Normal, "{partner}");
        }
    }
}

/// H9: it survives a restart of the primary, and an operator can end it.
#[test]
fn h9_a_dead_secondary_is_no_dead_end() {
    let mut it = done();
    it.restart();
    it.meets(State::Recover);
    assert_eq!(it.state(), State::ConflictDone);
    it.cut();
    it.order(super::Command::PartnerDown);
    assert_eq!(it.state(), State::PartnerDown);
}
