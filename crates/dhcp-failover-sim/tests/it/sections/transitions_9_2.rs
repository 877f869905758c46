//! §9.2: server state transitions.

use super::{ROLES, Scripted, State, normal};
use dhcp_failover_wire::Message;

/// "Whenever a server changes its state it MUST record the state and the time in stable storage; if
/// communications are ok it MUST send a STATE."
#[test]
fn a_change_is_recorded_with_its_time_and_told() {
    for role in ROLES {
        let mut it = normal(role);
        it.pass_in_contact_s(7);
        it.said.clear();
        it.partner(State::Recover);
        assert_eq!(it.state(), State::CommunicationsInterrupted);
        let record = it.record.expect("on record");
        assert_eq!(record.state, State::CommunicationsInterrupted);
        assert_eq!(record.state_since, it.endpoint.lease_now());
        assert_eq!(it.reported(), [(State::CommunicationsInterrupted, false)]);
        let told = it.said.iter().find_map(|packet| match packet.message {
            Message::State(state) => Some(state.start_time_of_state),
            _ => None,
        });
        assert_eq!(told, Some(it.wire_now()));
    }
}

/// The same, the other way round: nothing is told, nor done, before it is recorded.
#[test]
fn a_change_that_is_not_recorded_is_neither_told_nor_acted_in() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
        it.meets(State::Normal);
        assert!(it.renews());
        it.said.clear();
        it.disk_works = false;
        it.partner(State::Recover);
        assert_eq!(it.state(), State::CommunicationsInterrupted);
        assert!(!it.renews() && it.reported().is_empty());
    }
}

/// "A server moves through the communications-failed transition and into whatever state results; it
/// SHOULD NOT close the connection."
#[test]
fn a_partner_that_changes_its_state_keeps_its_connection() {
    for role in ROLES {
        for state in State::ALL {
            let mut it = normal(role);
            it.partner(state);
            assert!(it.endpoint.status().connected, "{state}");
            assert_eq!(it.count(|message| matches!(message, Message::Disconnect(_))), 0);
        }
    }
}

/// "The current state MUST be recorded in stable storage and be available after a restart", and so
/// must the partner's.
#[test]
fn states_survive_a_restart() {
    let mut it = normal(super::Role::Primary);
    it.partner(State::Recover);
    it.restart();
    assert_eq!(it.endpoint.status().partner_state, Some(State::Recover));
    it.meets(State::RecoverWait);
    assert_eq!(it.reported()[0], (State::CommunicationsInterrupted, true));
}
