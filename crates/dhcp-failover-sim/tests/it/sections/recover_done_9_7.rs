//! §9.7: RECOVER-DONE.

use super::{ROLES, Scripted, State};

/// §9.7.1: "MUST respond only to RENEWAL and REBINDING" (isc-S05).
#[test]
fn s05_renewals_are_served_and_nothing_else() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::RecoverDone);
        it.meets(State::PartnerDown);
        assert_eq!(it.state(), State::RecoverDone);
        assert!(it.renews() && !it.serves_everybody());
    }
}

/// §9.7.2: a partner in NORMAL or RECOVER-DONE leads to NORMAL; a conflict draws it in.
#[test]
fn it_waits_for_normal_or_recover_done() {
    use State::*;
    for role in ROLES {
        for partner in State::ALL {
            let mut it = Scripted::resumed(role, RecoverDone);
            it.meets(partner);
            let expected = match partner {
                Normal | RecoverDone => Normal,
                PotentialConflict | ResolutionInterrupted | ConflictDone => PotentialConflict,
                Shutdown => PartnerDown,
                _ => RecoverDone,
            };
            assert_eq!(it.state(), expected, "{partner}");
        }
    }
}

/// §9.7.2: "if communications fail it will stay".
#[test]
fn silence_changes_nothing() {
    let mut it = Scripted::resumed(super::Role::Primary, State::RecoverDone);
    it.meets(State::PartnerDown);
    it.cut();
    it.pass_s(1_000);
    assert_eq!(it.state(), State::RecoverDone);
}
