//! §9.5: RECOVER.

use super::{ROLES, Role, Scripted, State, config};

/// §9.5.1: "MUST NOT respond to client requests."
#[test]
fn nobody_is_served() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::Recover);
        it.meets(State::PartnerDown);
        assert_eq!(it.state(), State::Recover);
        assert!(!it.renews() && !it.serves_everybody());
    }
}

/// §9.5.2: a partner in POTENTIAL-CONFLICT, RESOLUTION-INTERRUPTED or CONFLICT-DONE draws it into
/// the conflict; with any other it asks for updates (isc-S01).
#[test]
fn s01_it_asks_whatever_its_partner_is_doing() {
    use State::*;
    for role in ROLES {
        for partner in State::ALL {
            let mut it = Scripted::resumed(role, Recover);
            it.meets(partner);
            match partner {
                PotentialConflict | ResolutionInterrupted | ConflictDone => {
                    assert_eq!(it.state(), PotentialConflict, "{partner}");
                }
                // The draft has it in the STARTUP bit, not as a state.
                Startup => assert_eq!(it.request(), None),
                _ => {
                    assert_eq!(it.request().map(|(_, all)| all), Some(false), "{partner}");
                    it.updates_done();
                    // Stamped until BEGIN, so the MCLT is not over.
                    assert_eq!(it.state(), RecoverWait, "{partner}");
                }
            }
        }
    }
}

/// §9.5.2: "if it has lost its stable storage it MUST send UPDREQALL, otherwise UPDREQ".
#[test]
fn a_server_without_its_data_asks_for_all() {
    let mut it = Scripted::start(config(Role::Secondary), None);
    it.meets(State::PartnerDown);
    assert_eq!(it.request().map(|(_, all)| all), Some(true));
    let mut it = Scripted::resumed(Role::Secondary, State::Recover);
    it.meets(State::PartnerDown);
    assert_eq!(it.request().map(|(_, all)| all), Some(false));
}

/// §9.5.2: "if communications fail it will remain in RECOVER, and ask again".
#[test]
fn a_broken_refill_begins_again() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::Recover);
        it.meets(State::PartnerDown);
        let (first, _) = it.request().expect("it asked");
        it.cut();
        assert_eq!(it.state(), State::Recover);
        it.meets(State::PartnerDown);
        it.answer(first.wrapping_add(9), dhcp_failover_wire::Message::UpdDone);
        assert_eq!(it.state(), State::Recover, "an answer to nothing");
        it.updates_done();
        assert_eq!(it.state(), State::RecoverWait);
    }
}

/// §9.5.2: without UPDDONE and without updates "the connection SHOULD be dropped".
#[test]
fn a_partner_that_never_finishes_loses_its_connection() {
    let mut it = Scripted::resumed(Role::Secondary, State::Recover);
    it.meets(State::PartnerDown);
    it.pass_in_contact_s(79);
    assert!(it.endpoint.status().connected);
    it.pass_in_contact_s(5);
    assert!(!it.endpoint.status().connected);
}
