//! §9.8: NORMAL.

use super::{ADDRESS, Command, ROLES, Role, Scripted, State, normal};
use dhcp_failover_wire::Message;

/// §9.8.1: "will send all unacknowledged binding updates"; "a secondary will request addresses".
#[test]
fn what_is_unacknowledged_is_sent_and_the_secondary_asks_for_addresses() {
    let mut it = Scripted::resumed(Role::Primary, State::PartnerDown);
    it.meets(State::Recover);
    assert!(it.lease(ADDRESS, 1));
    it.cut();
    it.restart();
    it.order(Command::PartnerDown);
    it.meets(State::RecoverDone);
    assert_eq!(it.count(|message| matches!(message, Message::BndUpd(_))), 1);

    for role in ROLES {
        let it = normal(role);
        let asked = it.count(|message| matches!(message, Message::PoolReq));
        assert_eq!(asked, usize::from(role == Role::Secondary));
    }
}

/// §9.8.2: "MUST process every RENEWAL and REBINDING"; others as the load balancing says.
#[test]
fn renewals_are_served_and_new_clients_balanced() {
    for role in ROLES {
        let it = normal(role);
        assert!(it.renews());
        assert!(role == Role::Secondary || !it.serves_everybody());
    }
}

/// §9.8.4: an external command, a lost connection, and what the partner changes to.
#[test]
fn the_ways_out() {
    use State::*;
    for role in ROLES {
        let mut it = normal(role);
        it.order(Command::ForcePartnerDown);
        // The partner is there and in NORMAL: the word was wrong, and that is found out at once.
        assert_eq!(it.state(), PotentialConflict);

        let mut it = normal(role);
        it.cut();
        assert_eq!(it.state(), CommunicationsInterrupted);
        let mut it = normal(role);
        it.pass_s(25);
        assert_eq!(it.state(), CommunicationsInterrupted, "silence for longer than tReceive");

        for partner in State::ALL {
            let mut it = normal(role);
            it.partner(partner);
            let expected = match partner {
                Startup | Normal | CommunicationsInterrupted | RecoverDone => Normal,
                Paused | Recover | RecoverWait => CommunicationsInterrupted,
                Shutdown => PartnerDown,
                ConflictDone if role == Role::Secondary => Normal,
                _ => PotentialConflict,
            };
            assert_eq!(it.state(), expected, "{partner}");
        }
    }
}

/// isc-S07: a partner that is in a conflict for a moment costs no service for good.
#[test]
fn s07_a_momentary_conflict_is_resolved() {
    let mut it = normal(Role::Primary);
    it.partner(State::PotentialConflict);
    it.updates_done();
    assert_eq!(it.state(), State::ConflictDone);
    it.partner(State::Normal);
    assert_eq!(it.state(), State::Normal);
    let mut it = normal(Role::Secondary);
    it.partner(State::PotentialConflict);
    assert_eq!(it.state(), State::PotentialConflict);
    it.partner(State::ConflictDone);
    it.updates_done();
    assert_eq!(it.state(), State::Normal);
}

/// isc-S21: however NORMAL is reached, the pools are looked at.
#[test]
fn s21_every_way_into_normal_looks_at_the_pools() {
    use State::*;
    let ways: [(State, &[State]); 5] = [
        (Normal, &[CommunicationsInterrupted]),
        (RecoverDone, &[RecoverDone]),
        (PartnerDown, &[RecoverDone]),
        (CommunicationsInterrupted, &[Recover, RecoverDone]),
        (ResolutionInterrupted, &[PotentialConflict, ConflictDone, Normal]),
    ];
    for role in ROLES {
        for (before, partner) in ways {
            let mut it = Scripted::resumed(role, before);
            it.connect();
            for state in partner {
                it.partner(*state);
                let resolving = it.state() == PotentialConflict;
                let asks = matches!((role, state), (Role::Primary, PotentialConflict))
                    || matches!((role, state), (Role::Secondary, ConflictDone));
                if resolving && asks {
                    it.updates_done();
                }
            }
            assert_eq!(it.state(), Normal, "{role} from {before}");
            it.pass_in_contact_s(6);
            let looked = match role {
                // Four FREE addresses and none BACKUP: the primary hands some over.
                Role::Primary => it.count(|message| matches!(message, Message::BndUpd(_))) > 0,
                Role::Secondary => it.count(|message| matches!(message, Message::PoolReq)) > 0,
            };
            assert!(looked, "{role} from {before}");
        }
    }
}
