//! §9.13: PAUSED.

use super::{Command, ROLES, State, normal};
use dhcp_failover_proto::{Input, Ticket};
use dhcp_failover_wire::Message;

/// §9.13: "SHOULD send a STATE containing PAUSED and close the connection" (isc-S17).
#[test]
fn s17_it_is_announced_and_the_connection_closed() {
    for role in ROLES {
        let mut it = normal(role);
        it.said.clear();
        it.order(Command::Pause);
        assert_eq!(it.state(), State::Paused);
        assert_eq!(it.reported(), [(State::Paused, false)]);
        assert!(!it.endpoint.status().connected);
        assert!(!it.renews() && !it.serves_everybody());
    }
}

/// §8.6, §7.12: the connection is closed with DISCONNECT, behind the STATE and however slow the disk.
#[test]
fn disconnect_follows_the_announcement() {
    for role in ROLES {
        for disk_works in [true, false] {
            let mut it = normal(role);
            it.said.clear();
            it.disk_works = disk_works;
            it.order(Command::Pause);
            assert_eq!(it.said.is_empty(), !disk_works, "{role:?}");
            it.feed(Input::Persisted(Ticket::from_u64(u64::MAX)));
            let [.., state, last] = &it.said[..] else { panic!("{:?}", it.said) };
            assert!(matches!(state.message, Message::State(_)), "{role:?}: {state:?}");
            let Message::Disconnect(last) = &last.message else { panic!("{role:?}: {last:?}") };
            assert_eq!(last.message.as_deref(), Some("paused by an operator"));
            assert!(!it.keeps_link());
        }
    }
}

/// §9.13.1: the state before is what it starts from again.
#[test]
fn the_state_before_is_remembered() {
    for role in ROLES {
        let mut it = normal(role);
        it.order(Command::Pause);
        it.restart();
        it.meets(State::CommunicationsInterrupted);
        assert_eq!(it.reported()[0], (State::CommunicationsInterrupted, true));
        assert_eq!(it.state(), State::Normal);
    }
}

/// §9.13.2: only a restart ends it; orders are refused with a reason.
#[test]
fn only_a_restart_ends_it() {
    let mut it = normal(super::Role::Primary);
    it.order(Command::Pause);
    for command in [Command::PartnerDown, Command::Pause, Command::Shutdown] {
        let refused = it.endpoint.permits(command).expect_err("refused");
        assert!(refused.to_string().contains("start it again"), "{refused}");
        it.order(command);
    }
    it.pass_s(100);
    assert_eq!(it.state(), State::Paused);
    assert_eq!(it.endpoint.stats().commands_refused, 3);
}
