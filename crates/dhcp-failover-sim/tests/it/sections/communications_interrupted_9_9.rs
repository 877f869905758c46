//! §9.9: COMMUNICATIONS-INTERRUPTED.

use super::{Command, ROLES, Role, Scripted, State, normal};
use std::net::Ipv4Addr;

/// §9.9.1: going there from NORMAL "SHOULD raise some alarm condition".
#[test]
fn lost_contact_raises_an_alarm_with_a_reason() {
    for role in ROLES {
        let mut it = normal(role);
        let before = it.alarms();
        it.cut();
        assert_eq!(it.alarms(), before + 1);
        assert!(it.why(State::CommunicationsInterrupted).contains("lost"));
        assert_eq!(it.endpoint.stats().entered(State::CommunicationsInterrupted), 2);
        assert_eq!(it.endpoint.stats().disconnects, 1);
    }
}

/// §9.9.2: "MUST respond to all requests", without load balancing, new clients from its own pool.
#[test]
fn everybody_is_served_from_the_servers_own_addresses() {
    for role in ROLES {
        let mut it = normal(role);
        it.cut();
        assert!(it.renews() && it.serves_everybody());
        // The primary was just handing some of its FREE addresses over; the secondary has none yet.
        let given = (1..=4).filter(|last| it.lease(Ipv4Addr::new(192, 0, 2, *last), *last)).count();
        assert_eq!(given > 0, role == Role::Primary, "{given} given");
    }
}

/// §9.9.3: the list of the partner's states.
#[test]
fn the_partners_state_decides() {
    use State::*;
    for role in ROLES {
        for partner in State::ALL {
            let mut it = Scripted::resumed(role, CommunicationsInterrupted);
            it.connect();
            it.partner_starting(CommunicationsInterrupted);
            assert_eq!(it.state(), CommunicationsInterrupted);
            it.partner(partner);
            let expected = match partner {
                Normal | CommunicationsInterrupted | RecoverDone => Normal,
                Startup | Recover | RecoverWait | Paused => CommunicationsInterrupted,
                Shutdown => PartnerDown,
                _ => PotentialConflict,
            };
            assert_eq!(it.state(), expected, "{partner}");
        }
    }
}

/// §9.9.3: an external command leads to PARTNER-DOWN immediately.
#[test]
fn an_order_leads_to_partner_down() {
    for role in ROLES {
        let mut it = normal(role);
        it.cut();
        it.order(Command::PartnerDown);
        assert_eq!(it.state(), State::PartnerDown);
        assert_eq!(it.record.map(|record| record.partner_down_ordered), Some(true));
    }
}
