//! §9.11: RESOLUTION-INTERRUPTED.

use super::{Command, ROLES, Scripted, State, conflict};
use crate::support::in_normal;

/// §9.11.1: "SHOULD raise an alarm condition".
#[test]
fn entering_it_raises_an_alarm() {
    for role in ROLES {
        let mut it = conflict(role);
        let before = it.alarms();
        it.cut();
        assert_eq!(it.alarms(), before + 1);
    }
}

/// §9.11.2: "MUST respond to all requests, and load balancing MUST NOT be used" (isc-S04).
#[test]
fn s04_everybody_is_served() {
    for role in ROLES {
        let mut it = conflict(role);
        it.cut();
        assert!(it.renews() && it.serves_everybody());
    }
}

/// S1: a server in RECOVER has not heard what its partner did alone. If that one wants to compare instead
/// (the addresses have changed), and contact is lost, it is the same: nothing new, and short renewals.
#[test]
fn s1_a_server_that_was_recovering_takes_no_liberties() {
    for role in ROLES {
        for before in [State::Recover, State::RecoverDone] {
            let mut it = Scripted::resumed(role, before);
            it.meets(State::PotentialConflict);
            assert_eq!(it.state(), State::PotentialConflict, "{role} {before}");
            it.cut();
            assert_eq!(it.state(), State::ResolutionInterrupted, "{role} {before}");
            assert!(it.endpoint.view().partner_may_be_alone(), "{role} {before}");
        }
        let mut it = conflict(role);
        it.cut();
        assert!(!it.endpoint.view().partner_may_be_alone(), "{role}");
    }
}

/// S1: a partner that was alone, is started anew and finds this server still at work, says PARTNER-DOWN
/// only while it starts, perhaps on a connection before.
#[test]
fn s1_what_a_partner_says_while_it_starts_is_remembered() {
    for role in ROLES {
        for reconnects in [false, true] {
            let mut it = in_normal(role);
            it.cut();
            it.connect();
            it.partner_starting(State::PartnerDown);
            assert_eq!(it.state(), State::CommunicationsInterrupted, "{role}");
            if reconnects {
                it.cut();
                it.connect();
            }
            it.partner(State::PotentialConflict);
            it.cut();
            assert_eq!(it.state(), State::ResolutionInterrupted, "{role}");
            assert!(it.endpoint.view().partner_may_be_alone(), "{role}");
        }
    }
}

/// §9.11.3: an order leads to PARTNER-DOWN, contact back to POTENTIAL-CONFLICT.
#[test]
fn the_ways_out() {
    use State::*;
    for role in ROLES {
        let mut it = conflict(role);
        it.cut();
        it.order(Command::PartnerDown);
        assert_eq!(it.state(), PartnerDown);
        for partner in State::ALL {
            let mut it = conflict(role);
            it.cut();
            it.meets(partner);
            let expected = match partner {
                Startup | Paused => ResolutionInterrupted,
                Shutdown => PartnerDown,
                _ => PotentialConflict,
            };
            assert_eq!(it.state(), expected, "{partner}");
        }
    }
}
