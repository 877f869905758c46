//! §10: the safe period.

use super::{LeaseSpan, ROLES, Role, Scripted, State, config, record};
use dhcp_failover_proto::{EndpointConfig, Event, Severity};

fn with_safe_period(role: Role) -> Scripted {
    let config = EndpointConfig { safe_period: Some(LeaseSpan::from_s(100)), ..config(role) };
    let mut it = Scripted::start(config, Some(record(role, State::Normal)));
    it.meets(State::Normal);
    it
}

/// "The period after which a server will automatically go from COMMUNICATIONS-INTERRUPTED to
/// PARTNER-DOWN"; somebody is told why.
#[test]
fn it_ends_in_partner_down() {
    for role in ROLES {
        let mut it = with_safe_period(role);
        it.cut();
        it.pass_s(99);
        assert_eq!(it.state(), State::CommunicationsInterrupted);
        it.pass_s(2);
        assert_eq!(it.state(), State::PartnerDown);
        assert!(it.why(State::PartnerDown).contains("safe period"));
        assert_eq!(it.events.last().map(Event::severity), Some(Severity::Alarm));
        // Nobody's word: a partner without its data must not count from it (§9.6.2).
        assert_eq!(it.record.map(|record| record.partner_down_ordered), Some(false));
    }
}

/// "OPTIONAL": without it a server never takes its partner for down by itself (isc-S11).
#[test]
fn s11_it_is_off_unless_configured() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::Normal);
        it.meets(State::Normal);
        it.cut();
        it.pass_s(100_000);
        assert_eq!(it.state(), State::CommunicationsInterrupted);
    }
}

/// Contact ends it, and the next time it begins anew.
#[test]
fn contact_ends_it() {
    let mut it = with_safe_period(Role::Secondary);
    for _ in 0..3 {
        it.cut();
        it.pass_s(80);
        it.meets(State::CommunicationsInterrupted);
        assert_eq!(it.state(), State::Normal);
    }
}

/// In RESOLUTION-INTERRUPTED it does not count: a conflict is for people.
#[test]
fn a_conflict_waits_for_people() {
    let mut it = with_safe_period(Role::Secondary);
    it.partner(State::PotentialConflict);
    it.cut();
    it.pass_s(1_000);
    assert_eq!(it.state(), State::ResolutionInterrupted);
}
