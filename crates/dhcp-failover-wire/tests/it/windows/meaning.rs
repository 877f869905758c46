//! What Windows' numbers mean.

use dhcp_failover_wire::{
    BindingStatus, Message, ServerState, decode,
    rules::{self, Part, Violation},
    windows::{Declined, Dhcid, Flags, LeaseState, Ownership, Settings, StateNumbers, Status},
};

use super::W;
use crate::support::frame;

#[test]
fn the_status_byte_has_three_fields() {
    for byte in 0..=255 {
        let status = Status(byte);
        assert_eq!(Status::of_lease(status.lease_state(), status.dhcid(), status.dns()), status);
    }
    let status = Status::of_lease(LeaseState::Doom, Dhcid::Duid, Status::DNS_CLEANUP);
    assert_eq!(status, Status(0x1f));
    let names: Vec<_> = (0..=255).filter_map(|byte| Status(byte).ownership_name()).collect();
    assert_eq!(names, ["FREE", "BACKUP", "RECONCILE", "FREE_UPDATE", "BACKUP_UPDATE"]);
    assert_eq!(Status(3).ownership_name(), None);
}

#[test]
fn a_status_means_what_the_flags_and_the_client_make_of_it() {
    use BindingStatus as B;
    let default = Settings::DEFAULT;
    let declined = Settings { declined: Declined::Expired, ..default };
    for (settings, status, flags, has_client, expected) in [
        (default, 0, 0, true, B::ACTIVE),
        (default, 1, 0, true, B::ACTIVE),
        (default, 0x2d, 0, true, B::ACTIVE),
        (default, 2, 0, true, B::ABANDONED),
        (declined, 2, 0, true, B::EXPIRED),
        (default, 3, 0, true, B::EXPIRED),
        (default, 1, 3, true, B::RELEASED),
        (default, 1, 1, true, B::ACTIVE),
        (default, 1, 0, false, B::BACKUP),
        (default, 2, 0, false, B::FREE),
        (default, 4, 0, false, B::FREE),
        (default, 5, 0, false, B::BACKUP),
        (default, 6, 0, false, B::FREE),
        // Nothing is told about a lease without a client; it stays on the careful side.
        (default, 0, 0, false, B::ACTIVE),
        (default, 3, 0, false, B::EXPIRED),
    ] {
        let found = settings.binding_status(Status(status), Flags(flags), has_client);
        assert_eq!(found, expected, "{status:#x} {flags} {has_client}");
    }
}

#[test]
fn what_we_say_of_a_status_is_understood_as_that_status() {
    for ownership in [Ownership::AsCaptured, Ownership::AsDocumented] {
        let settings = Settings { ownership, ..Settings::DEFAULT };
        for status in (0..=9).map(BindingStatus) {
            let said = settings.status_and_flags(status);
            let free = [BindingStatus::FREE, BindingStatus::BACKUP].contains(&status);
            match said {
                Some((number, flags)) => {
                    assert_eq!(settings.binding_status(number, flags, !free), status);
                }
                None => assert!(status == BindingStatus::RESET || !status.is_known()),
            }
        }
    }
}

#[test]
fn every_state_number_has_its_own_counterpart() {
    for state_numbers in [StateNumbers::FsmState, StateNumbers::Draft] {
        let settings = Settings { state_numbers, ..Settings::DEFAULT };
        for number in 0..=255 {
            assert_eq!(settings.state_number(settings.server_state(number)), number);
        }
    }
    assert_eq!(Settings::DEFAULT.server_state(10), ServerState::RECOVER_WAIT);
    assert_eq!(Settings::DEFAULT.state_number(ServerState::CONFLICT_DONE), 7);
    // INIT is no state of the draft.
    assert!(!Settings::DEFAULT.server_state(1).is_known());
}

#[test]
fn an_update_deleted_while_apart_may_lack_what_is_mandatory() {
    let options = "0002 0004 c0000201  0003 0001 01  000c 0001 05";
    let packet = decode(&frame(3, 8, options), W).unwrap();
    let Message::BndUpd(updates) = packet.message else { panic!("a BNDUPD") };
    let windows = updates[0].windows.as_ref().unwrap();
    assert!(windows.flags.contains(Flags::DELETED_COMM_DOWN));
    // The rules as such still name what is missing; the receiver does not ask them.
    let violation = rules::check(W, Part::Update(BindingStatus::ACTIVE), updates[0].options());
    assert!(matches!(violation, Err(Violation::Missing { .. })));
}
