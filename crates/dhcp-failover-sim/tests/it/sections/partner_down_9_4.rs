//! §9.4: PARTNER-DOWN.

use super::{ADDRESS, Command, ROLES, Role, Scripted, State};
use dhcp_failover_wire::Message;
use std::net::Ipv4Addr;

/// §9.4.2: "MUST respond to DHCP client requests", all of them.
#[test]
fn everybody_is_served() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::Normal);
        it.order(Command::PartnerDown);
        assert!(it.renews() && it.serves_everybody());
    }
}

/// §9.4.2: an address available to the partner MUST NOT be given to a new client until the MCLT
/// after entry.
#[test]
fn the_partners_addresses_are_not_used_before_the_mclt() {
    let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
    it.order(Command::PartnerDown);
    it.pass_s(58);
    assert!(!it.lease(ADDRESS, 1), "FREE is the primary's");
    it.pass_s(6);
    assert!(it.lease(ADDRESS, 1));
    let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
    it.order(Command::PartnerDown);
    assert!(it.lease(ADDRESS, 1), "FREE is its own");
}

/// §9.4.3: a STATE with the STARTUP bit is ignored.
#[test]
fn a_starting_partner_is_ignored() {
    for role in ROLES {
        for state in State::ALL {
            let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
            it.order(Command::PartnerDown);
            it.connect();
            it.partner_starting(state);
            assert_eq!(it.state(), State::PartnerDown, "{state}");
            assert!(it.serves_everybody());
        }
    }
}

/// §9.4.3: the three lists of the partner's states, whether at the connection or later.
#[test]
fn the_partners_state_decides() {
    use State::*;
    for role in ROLES {
        for later in [false, true] {
            for state in State::ALL {
                let mut it = Scripted::resumed(role, PartnerDown);
                it.meets(if later { Recover } else { state });
                it.partner(state);
                let expected = match state {
                    Startup | Recover | RecoverWait | Shutdown | Paused => PartnerDown,
                    RecoverDone => Normal,
                    _ => PotentialConflict,
                };
                assert_eq!(it.state(), expected, "{state}");
            }
        }
    }
}

/// H21: the partner in RECOVER-DONE renews already, so this server gives up its liberties at once,
/// and says NORMAL when everything is acknowledged.
#[test]
fn h21_normal_waits_for_what_changed_meanwhile() {
    let mut it = Scripted::resumed(Role::Primary, State::PartnerDown);
    it.meets(State::Recover);
    assert!(it.lease(ADDRESS, 1) && it.lease(Ipv4Addr::new(192, 0, 2, 2), 2));
    it.partner(State::RecoverDone);
    assert_eq!(it.state(), State::PartnerDown);
    assert_eq!(it.record.map(|record| record.partner_returned), Some(true));
    it.accept_updates();
    it.accept_updates();
    assert_eq!(it.state(), State::Normal, "{:?}", it.endpoint.status());
    assert!(it.why(State::Normal).contains("acknowledged"));
}

/// §9.4.2: "MUST continue to attempt to establish communications".
#[test]
fn it_goes_on_dialling() {
    let mut it = Scripted::resumed(Role::Primary, State::PartnerDown);
    it.meets(State::Recover);
    it.cut();
    it.pass_s(120);
    it.meets(State::RecoverDone);
    assert_eq!(it.count(|message| matches!(message, Message::Connect(_))), 1);
    assert_eq!(it.state(), State::Normal);
}
