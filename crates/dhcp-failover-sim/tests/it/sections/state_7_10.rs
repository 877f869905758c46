//! §7.10, §7.11: STATE and CONTACT.

use super::connect_7_8::options;
use super::{Command, ROLES, Scripted, State, normal};
use dhcp_failover_lease::Role;
use dhcp_failover_wire::{Message, OptionCode, ServerFlags};

fn states(it: &Scripted) -> Vec<(State, ServerFlags)> {
    let of = |message: &Message| match message {
        Message::State(state) => Some((State::from_wire(state.server_state)?, state.server_flags)),
        _ => None,
    };
    it.said.iter().filter_map(|packet| of(&packet.message)).collect()
}

/// Table 7.10-1: every STATE has its three options, and an xid no other message of ours has.
#[test]
fn state_has_its_options_and_an_xid_of_its_own() {
    for role in ROLES {
        let it = normal(role);
        let mut xids = std::collections::BTreeSet::new();
        for (packet, bytes) in it.said.iter().zip(&it.said_bytes) {
            let Message::State(_) = packet.message else { continue };
            assert!(xids.insert(packet.xid), "{role:?}");
            let found = options(bytes);
            for code in [
                OptionCode::SERVER_STATE,
                OptionCode::SERVER_FLAGS,
                OptionCode::START_TIME_OF_STATE,
            ] {
                assert_eq!(found.iter().filter(|it| **it == code).count(), 1, "{found:?}");
            }
        }
        assert!(xids.len() >= 2, "{:?}", it.said);
    }
}

/// §7.10: STATE follows on the connection being made, with the STARTUP flag while that lasts, and on
/// every change; no two in a row say the same (§7.10.1).
#[test]
fn state_is_sent_on_connecting_and_on_every_change() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
        it.connect();
        let (_, flags) = states(&it)[0];
        assert!(flags.contains(ServerFlags::STARTUP));
        it.partner(State::Normal);
        assert_eq!(states(&it).last(), Some(&(State::Normal, ServerFlags::NONE)));
        it.pass_in_contact_s(100);
        it.order(Command::Pause);
        assert_eq!(states(&it).last(), Some(&(State::Paused, ServerFlags::NONE)));
        let said = states(&it);
        assert!(said.windows(2).all(|two| two[0] != two[1]), "{said:?}");
    }
}

/// §7.10.2, §7.11.2: neither STATE nor CONTACT is answered, and CONTACT has no options.
#[test]
fn state_and_contact_need_no_answer() {
    for role in ROLES {
        let mut it = normal(role);
        let before = it.said.len();
        it.partner(State::Normal);
        it.say(Message::Contact);
        assert_eq!(it.said.len(), before, "{role:?}: {:?}", it.said);
        it.pass_in_contact_s(60);
        let contacts = it.said.iter().zip(&it.said_bytes);
        let of_contacts = contacts.filter(|(packet, _)| packet.message == Message::Contact);
        let all: Vec<_> = of_contacts.map(|(_, bytes)| options(bytes)).collect();
        // The secondary, whose pool is empty, keeps asking for addresses instead.
        assert!(!all.is_empty() || role == Role::Secondary);
        assert!(all.iter().all(Vec::is_empty), "{all:?}");
    }
}
