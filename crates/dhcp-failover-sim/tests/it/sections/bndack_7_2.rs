//! §7.2, §6.1: BNDACK.

use super::{ADDRESS, ROLES, Scripted, State, normal};
use crate::support::{address, answers, leased};
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_proto::{Bindings, Input, LeaseEvent, LinkSide, Ticket};
use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, HardwareAddress, IpFlags, Message,
    RejectReason as Reason,
};
use std::net::Ipv4Addr;

/// The disk has caught up.
fn all_is_durable(it: &mut Scripted) {
    it.disk_works = true;
    it.feed(Input::Persisted(Ticket::from_u64(u64::MAX)));
}

fn acks(it: &Scripted) -> usize {
    it.count(|message| matches!(message, Message::BndAck(_)))
}

/// §7.2, §8.6: an update whose connection breaks while the disk is at work is never answered, not on
/// that connection nor on the next.
#[test]
fn an_update_is_not_answered_on_another_connection() {
    for role in ROLES {
        let side = match role {
            Role::Primary => LinkSide::Dialed,
            Role::Secondary => LinkSide::Accepted,
        };
        for next_is_there in [false, true] {
            let mut it = normal(role);
            it.accept_updates();
            it.disk_works = false;
            let update = leased(&it, 0);
            it.say(Message::BndUpd(vec![update]));
            it.cut();
            if next_is_there {
                it.pass_s(3);
                it.link_up(side);
            }
            all_is_durable(&mut it);
            assert_eq!(acks(&it), 0, "{role:?} {next_is_there}: when it is durable");
            it.cut();
            it.meets(State::Normal);
            it.pass_in_contact_s(5);
            assert_eq!(acks(&it), 0, "{role:?} {next_is_there}: on the next connection");
            let binding = it.table.get(ADDRESS).expect("an address of the pool");
            assert!(binding.client.is_some(), "{role:?}: though the update was taken");
        }
    }
}

/// §6.1: the time in a message is that of its leaving, also if it had to wait for the disk.
#[test]
fn an_answer_that_waited_for_the_disk_has_the_time_it_leaves_at() {
    for role in ROLES {
        let mut it = normal(role);
        it.accept_updates();
        it.disk_works = false;
        let update = leased(&it, 0);
        it.say(Message::BndUpd(vec![update]));
        it.pass_in_contact_s(7);
        assert_eq!(acks(&it), 0, "{role:?}: before it is on disk");
        all_is_durable(&mut it);
        let answer = it.said.iter().find(|packet| matches!(packet.message, Message::BndAck(_)));
        assert_eq!(answer.map(|packet| packet.time), Some(it.wire_now()), "{role:?}");
    }
}

/// §7.2.1, §7.2.2: every refusal has a text, whatever the reason.
#[test]
fn every_refusal_has_a_text() {
    let mut it = normal(Role::Primary);
    it.accept_updates();
    let good = leased(&it, 0);
    it.say(Message::BndUpd(vec![good.clone()]));
    let until = it.endpoint.lease_now() + LeaseSpan::from_s(86_400);
    it.feed(Input::Lease(LeaseEvent::Declined { address: address(3), until }));
    let hardware = |bytes: &[u8]| Some(HardwareAddress { htype: 1, bytes: bytes.to_vec() });
    let long_ago = good.client_last_transaction_time.map(|at| at - 86_400);
    let old = BindingUpdate {
        client_last_transaction_time: long_ago,
        start_time_of_state: long_ago,
        ..good.clone()
    };
    let reserved = IpFlags::RESERVED;
    let nobodys = Ipv4Addr::new(203, 0, 113, 1);
    let refused = [
        (Reason::ILLEGAL_IP_ADDRESS, BindingUpdate { address: nobodys, ..good.clone() }),
        (
            Reason::MISSING_BINDING_INFORMATION,
            BindingUpdate { client_hardware_address: None, ..good.clone() },
        ),
        (
            Reason::MISSING_BINDING_INFORMATION,
            BindingUpdate { client_hardware_address: hardware(&[0; 17]), ..good.clone() },
        ),
        (
            Reason::MISSING_BINDING_INFORMATION,
            BindingUpdate { client_identifier: Some(vec![0; 256]), ..good.clone() },
        ),
        (
            Reason::MISSING_BINDING_INFORMATION,
            BindingUpdate { status: BindingStatus(99), ..good.clone() },
        ),
        (
            Reason::FATAL_CONFLICT,
            BindingUpdate { client_hardware_address: hardware(&[9; 6]), ..good.clone() },
        ),
        (
            Reason::OUTDATED_BINDING_INFORMATION,
            BindingUpdate { status: BindingStatus::RELEASED, ..old.clone() },
        ),
        (Reason::LESS_CRITICAL_BINDING_INFORMATION, BindingUpdate { address: address(3), ..old }),
        (
            Reason::IP_NOT_RESERVED,
            BindingUpdate {
                ip_flags: reserved,
                ..BindingUpdate::new(address(2), BindingStatus::BACKUP)
            },
        ),
    ];
    for (reason, update) in refused {
        it.say(Message::BndUpd(vec![update.clone()]));
        let [BindingAck { reject: Some(reject), .. }] = &answers(&it)[..] else {
            panic!("{update:?} is taken");
        };
        assert_eq!(reject.reason, reason, "{update:?}");
        assert!(reject.message.as_ref().is_some_and(|text| !text.is_empty()), "{reason}");
    }
}
