//! §7.1: BNDUPD, what is in one of ours.

use super::{ADDRESS, ROLES, Scripted, State};
use crate::support::{address, alone, in_normal, leased};
use dhcp_failover_lease::{BindingFlags, Client, HardwareAddress, LeaseSpan, Role};
use dhcp_failover_proto::{Bindings, Input, LeaseEvent, Token};
use dhcp_failover_wire::{BindingStatus, BindingUpdate, IpFlags, Message};
use std::collections::BTreeMap;

const HOST_NAME: &[u8] = &[12, 1, b'c'];
const REPLY: &[u8] = &[51, 4, 0, 0, 14, 16];

fn client(number: u8) -> Client {
    Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]).expect("six bytes"))
}

/// What was told of an address last.
fn told_of(it: &Scripted, number: u8) -> BindingUpdate {
    let of_it = |update: &BindingUpdate| update.address == address(number);
    it.told().into_iter().rfind(of_it).unwrap_or_else(|| panic!("nothing of {number}"))
}

/// One event, a second after whatever was before, and what is told of the address because of it.
fn tells(it: &mut Scripted, number: u8, event: LeaseEvent) -> (BindingUpdate, u32) {
    it.accept_updates();
    it.pass_in_contact_s(1);
    it.feed(Input::Lease(event));
    (told_of(it, number), it.wire_now())
}

struct FourLeases {
    it: Scripted,
    /// When the leases began, and when they were renewed.
    began: u32,
    renewed: u32,
}

/// Leases with options of request and reply, made without the partner and renewed with it.
fn four_leases() -> FourLeases {
    let mut it = alone(Role::Primary);
    let began = it.wire_now();
    it.is_asked();
    for number in 0..4 {
        it.accept_updates();
        assert!(it.lease_with(address(number), client(number), HOST_NAME.to_vec()));
        let version = it.table.get(address(number)).expect("an address of the pool").version;
        it.feed(Input::Lease(LeaseEvent::Annotated {
            token: Token(1),
            address: address(number),
            version,
            reply_options: REPLY.to_vec(),
            ddns: Vec::new(),
        }));
    }
    let renewed = it.wire_now();
    FourLeases { it, began, renewed }
}

/// An update of every status, with the second in which the binding entered it.
fn every_status() -> BTreeMap<BindingStatus, (BindingUpdate, u32)> {
    let FourLeases { mut it, began, .. } = four_leases();
    let leased = (told_of(&it, 0), began);
    let released = LeaseEvent::Released { address: address(0), client: client(0) };
    let released = tells(&mut it, 0, released);
    it.pass_in_contact_s(1);
    it.accept_updates();
    let freed = it.wire_now();
    let reset = tells(&mut it, 1, LeaseEvent::Reset { address: address(1) });
    let until = it.endpoint.lease_now() + LeaseSpan::from_s(86_400);
    let abandoned = tells(&mut it, 2, LeaseEvent::Declined { address: address(2), until });
    it.pass_in_contact_s(4_000);
    let expired = tells(&mut it, 3, LeaseEvent::Expired { address: address(3) });
    it.accept_updates();
    it.pass_in_contact_s(1);
    it.partner(State::RecoverDone);
    it.partner(State::Normal);
    // Balanced at once: two of the three unused addresses do not stay FREE.
    let moved = (told_of(&it, 1), it.wire_now());
    it.accept_updates();
    it.say(Message::UpdReqAll);
    let free = (told_of(&it, 0), freed);
    let all = [leased, released, reset, abandoned, expired, moved, free];
    let all: BTreeMap<_, _> = all.into_iter().map(|told| (told.0.status, told)).collect();
    assert_eq!(all.len(), 7, "{all:?}");
    all
}

/// Table 7.1-1, §7.1.1: every update says since when the binding has its status.
#[test]
fn start_time_of_state_is_when_the_status_began() {
    for (status, (update, since)) in every_status() {
        assert_eq!(update.start_time_of_state, Some(since), "{status}");
    }
}

/// Table 7.1-1: the options of a client's request and of the reply go with a lease that runs, and
/// are left out when it is over.
#[test]
fn options_of_request_and_reply_go_with_active_only() {
    for (status, (update, _)) in every_status() {
        let options = (update.client_request_options, update.client_reply_options);
        if status == BindingStatus::ACTIVE {
            assert_eq!(options, (Some(HOST_NAME.to_vec()), Some(REPLY.to_vec())));
        } else {
            assert_eq!(options, (None, None), "{status}");
        }
    }
}

/// §7.1.3: the client-last-transaction-time of an EXPIRED update is that of the last renewal, not
/// that of the end.
#[test]
fn an_expired_lease_says_when_its_client_was_heard_last() {
    let FourLeases { mut it, renewed, .. } = four_leases();
    it.accept_updates();
    it.pass_in_contact_s(4_000);
    let (update, _) = tells(&mut it, 3, LeaseEvent::Expired { address: address(3) });
    assert_eq!(update.status, BindingStatus::EXPIRED);
    assert_eq!(update.client_last_transaction_time, Some(renewed));
}

/// §5.14, §12.12: flag B goes with the lease of a BOOTP client, and with no other.
#[test]
fn the_lease_of_a_bootp_client_has_flag_b() {
    for bootp in [true, false] {
        let mut it = in_normal(Role::Primary);
        let flags = BindingFlags { bootp, reserved: false };
        assert!(it.grant(address(3), client(1), Vec::new(), flags));
        let update = told_of(&it, 3);
        assert_eq!(update.status, BindingStatus::ACTIVE);
        assert_eq!(update.ip_flags, if bootp { IpFlags::BOOTP } else { IpFlags::NONE });
    }
}

/// §12.5: of a client that the partner has named by its identifier alone no hardware address is
/// made up, least of all one of type 0.
#[test]
fn a_client_without_hardware_is_told_on_without_hardware() {
    for role in ROLES {
        let mut it = in_normal(role);
        it.accept_updates();
        let update = BindingUpdate {
            client_identifier: Some(b"\0somebody".to_vec()),
            client_hardware_address: None,
            ..leased(&it, 0)
        };
        it.say(Message::BndUpd(vec![update]));
        let client = it.table.get(ADDRESS).expect("there").client.expect("it was taken");
        it.feed(Input::Lease(LeaseEvent::Released { address: ADDRESS, client }));
        let told = told_of(&it, 0);
        assert_eq!(told.status, BindingStatus::RELEASED, "{role:?}");
        assert_eq!(told.client_identifier.as_deref(), Some(&b"\0somebody"[..]));
        assert_eq!(told.client_hardware_address, None);
    }
}
