//! §9.7: RECOVER-DONE.

use super::{ROLES, Scripted, State};
use crate::support::{address, leased};
use dhcp_failover_lease::{Client, HardwareAddress, LeaseInstant};
use dhcp_failover_proto::{Bindings, Input, LeaseEvent};
use dhcp_failover_wire::{BindingUpdate, Message};

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

/// S3, H21: as long as the partner may not have heard of RECOVER-DONE, it gives an address to somebody
/// else when the MCLT after what it knows is over. A renewal ends by then, however often it is
/// repeated (a storm found it).
#[test]
fn h21_renewals_do_not_outlast_what_a_partner_in_partner_down_waits_for() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::RecoverDone);
        it.meets(State::PartnerDown);
        let lease =
            BindingUpdate { potential_expiration_time: Some(it.wire_now() + 30), ..leased(&it, 0) };
        let client = lease.client_hardware_address.clone().expect("an address").bytes;
        let client = HardwareAddress::new(1, &client).expect("six bytes");
        let client = Client::new(None, client);
        it.say(Message::BndUpd(vec![lease]));
        let known_until = it.table.get(address(0)).expect("in the pool").expiries.partner_known();
        it.cut();
        let mut last = LeaseInstant::ZERO;
        for _ in 0..100 {
            it.pass_s(1);
            if it.renew(address(0), client.clone()) {
                last = it.table.get(address(0)).expect("in the pool").expiries.lease;
            }
        }
        assert_eq!(last, known_until + it.config.mclt, "{role:?}");
        it.pass_s(60);
        assert!(!it.renew(address(0), client.clone()), "a lease of no time at all");
    }
}

/// S3, H21: a partner that served when this server stopped may have been told since that it is down.
/// Started again in RECOVER-DONE, it renews no longer than that partner would wait, until it is heard.
#[test]
fn h21_after_a_restart_the_partner_may_be_alone() {
    for role in ROLES {
        for restarts in [false, true] {
            let mut it = Scripted::resumed(role, State::RecoverWait);
            it.meets(State::CommunicationsInterrupted);
            let lease = leased(&it, 0);
            let client = lease.client_hardware_address.clone().expect("an address").bytes;
            let client = HardwareAddress::new(1, &client).expect("six bytes");
            let client = Client::new(None, client);
            it.say(Message::BndUpd(vec![lease]));
            it.cut();
            it.pass_s(30);
            if restarts {
                it.restart();
            }
            it.pass_s(7_300);
            assert_eq!(it.state(), State::RecoverDone);
            assert_ne!(it.renew(address(0), client), restarts, "{role:?}");
        }
    }
}

/// S1, H21: the partner may have given an address to another client since a lease ended, of which it
/// has not told yet. If this server ended the lease now, that would look newer, and each would
/// renew for its own client afterwards (a storm found it).
#[test]
fn h21_leases_are_not_ended_so_that_the_partners_word_on_them_counts() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::RecoverDone);
        it.meets(State::PartnerDown);
        it.say(Message::BndUpd(vec![leased(&it, 0)]));
        it.pass_in_contact_s(100);
        let lapsed = it.table.get(address(0)).expect("in the pool");
        assert!(lapsed.expiries.lease < it.endpoint.lease_now());
        assert!(it.endpoint.view().ends_at(&lapsed).is_never(), "nothing to report");
        it.feed(Input::Lease(LeaseEvent::Expired { address: address(0) }));
        assert_eq!(it.table.get(address(0)).as_ref(), Some(&lapsed), "{role:?}");

        // Given before this server could have noticed the end, and over by now.
        let mut others = leased(&it, 1);
        let (given, ended) = (it.wire_now() - 20, it.wire_now() - 10);
        others.address = address(0);
        others.start_time_of_state = Some(given);
        others.client_last_transaction_time = Some(given);
        others.lease_expiration_time = Some(ended);
        it.say(Message::BndUpd(vec![others]));
        let now = it.table.get(address(0)).expect("in the pool");
        assert_ne!(now.client, lapsed.client, "{role:?}");
    }
}

/// §9.7.2: a partner in NORMAL or RECOVER-DONE leads to NORMAL; a conflict draws it in. One that
/// shuts down was alone, and may not have told everything (H21).
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
