//! Grants commit only if what they were decided on is still so: one refusal for each way in which it
//! may not be. (What is too long to be kept is in `extras`.)

use crate::scripted::{Scripted, hints};
use crate::support::{ROLES, address, in_normal};
use dhcp_failover_lease::{
    Binding, BindingFlags, BindingStatus, Client, HardwareAddress, LeaseInstant, LeaseSpan, Role,
};
use dhcp_failover_proto::{Bindings, Command, Input, LeaseEvent, ServiceView, Stale, State, Token};
use dhcp_failover_wire::{self as wire, BindingUpdate, Message};
use std::net::Ipv4Addr;

/// What a packet path looks at, at one moment.
struct Seen {
    view: ServiceView,
    binding: Binding,
    now: LeaseInstant,
}

fn see(it: &Scripted, address: Ipv4Addr) -> Seen {
    let binding = it.table.get(address).expect("in the pool");
    Seen { view: it.endpoint.view(), binding, now: it.endpoint.lease_now() }
}

fn client(number: u8) -> Client {
    Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]).expect("six bytes"))
}

impl Seen {
    /// What it decides.
    fn grant(&self, client: Client, reserved: bool) -> LeaseEvent {
        let hour = LeaseSpan::from_s(3_600);
        LeaseEvent::Granted {
            token: Token(1),
            address: self.binding.address,
            grant: self.view.grant(&self.binding, &client, hour, 50, self.now),
            client,
            version: self.binding.version,
            epoch: self.view.epoch(),
            flags: BindingFlags { reserved, ..BindingFlags::default() },
            request_options: Vec::new(),
        }
    }
}

/// Hands a decision in. A refused one leaves no trace: no binding is another, nobody is told.
fn commit(it: &mut Scripted, event: LeaseEvent) -> Result<(), Stale> {
    let bindings = |it: &Scripted| it.table.iter().cloned().collect::<Vec<_>>();
    let (before, said) = (bindings(it), it.said.len());
    it.refused.clear();
    it.feed(Input::Lease(event));
    match it.refused.pop() {
        None => Ok(()),
        Some(why) => {
            assert_eq!((bindings(it), it.said.len()), (before, said), "{why:?} left a trace");
            Err(why)
        }
    }
}

/// An address this server owns.
fn own(role: Role) -> Ipv4Addr {
    match role {
        Role::Primary => address(3), // is not on its way to the secondary
        Role::Secondary => address(0),
    }
}

/// One in NORMAL with an address to give.
fn with_an_address(role: Role) -> (Scripted, Seen) {
    let mut it = in_normal(role);
    if role == Role::Secondary {
        let given = BindingUpdate {
            start_time_of_state: Some(it.wire_now()),
            ..BindingUpdate::new(own(role), wire::BindingStatus::BACKUP)
        };
        it.say(Message::BndUpd(vec![given]));
    }
    let seen = see(&it, own(role));
    assert_eq!(seen.view.may_allocate(&seen.binding, &client(1), seen.now), Ok(()));
    (it, seen)
}

/// What all the others are held against: when nothing has changed, the grant stands.
#[test]
fn a_grant_whose_grounds_hold_commits() {
    for role in ROLES {
        let (mut it, seen) = with_an_address(role);
        assert_eq!(commit(&mut it, seen.grant(client(1), false)), Ok(()));
        let binding = it.table.get(own(role)).expect("in the pool");
        assert_eq!((binding.status, binding.client), (BindingStatus::Active, Some(client(1))));
    }
}

/// Something that changes the state, and whether a server in the new one serves new clients.
type Change = (fn(&mut Scripted), bool);

/// S7, `Stale::View`: the state has changed since, also to one that serves; it is decided anew.
#[test]
fn a_grant_decided_in_another_state_is_refused() {
    let changes: [Change; 4] = [
        (Scripted::cut, true),
        (|it| it.order(Command::Pause), false),
        (|it| it.partner(State::Recover), true),
        (|it| it.partner(State::PartnerDown), false),
    ];
    for role in ROLES {
        for (number, (change, serves)) in changes.iter().enumerate() {
            let (mut it, seen) = with_an_address(role);
            change(&mut it);
            assert_ne!(it.state(), State::Normal, "{number}");
            assert_eq!(commit(&mut it, seen.grant(client(1), false)), Err(Stale::View), "{number}");
            let anew = see(&it, own(role)).grant(client(1), false);
            assert_eq!(commit(&mut it, anew).is_ok(), *serves, "{role:?} {number}");
        }
    }
}

/// `Stale::View`: the disk has not confirmed lately that this server is alive. Nothing else has
/// changed, the epoch is the same.
#[test]
fn a_grant_after_the_deadline_is_refused() {
    for role in ROLES {
        let (mut it, _) = with_an_address(role);
        it.disk_works = false;
        it.pass_in_contact_s(10);
        let seen = see(&it, own(role));
        assert!(seen.now > seen.view.deadline());
        assert_eq!(it.state(), State::Normal);
        assert_eq!(commit(&mut it, seen.grant(client(1), false)), Err(Stale::View));
    }
}

/// S1, `Stale::Binding`: two clients are decided on from one look at the address; one gets it.
#[test]
fn s1_of_two_grants_decided_on_one_binding_one_commits() {
    for role in ROLES {
        let (mut it, seen) = with_an_address(role);
        assert_eq!(commit(&mut it, seen.grant(client(1), false)), Ok(()));
        assert_eq!(commit(&mut it, seen.grant(client(2), false)), Err(Stale::Binding));
        assert_eq!(it.table.get(own(role)).and_then(|it| it.client), Some(client(1)));
        // The first client's retransmission, too: its lease may be longer by now.
        assert_eq!(commit(&mut it, seen.grant(client(1), false)), Err(Stale::Binding));
    }
}

/// S4, `Stale::Binding`: the binding is the same, but the address never was this server's to give,
/// whatever the packet path believes.
#[test]
fn s4_a_grant_of_the_partners_address_is_refused() {
    let mut it = in_normal(Role::Secondary);
    let seen = see(&it, address(3));
    assert_eq!(seen.binding.status, BindingStatus::Free);
    assert_eq!(commit(&mut it, seen.grant(client(1), false)), Err(Stale::Binding));
}

/// `Stale::Address`: it is in no pool of this relationship.
#[test]
fn a_grant_of_an_unknown_address_is_refused() {
    for role in ROLES {
        let (mut it, mut seen) = with_an_address(role);
        seen.binding.address = Ipv4Addr::new(203, 0, 113, 1);
        assert_eq!(commit(&mut it, seen.grant(client(1), false)), Err(Stale::Address));
    }
}

/// S2, `Stale::Terms`: decided with a clock that is ahead of the endpoint's, the lease would end
/// later than the MCLT from now. One second is enough; none is allowed.
#[test]
fn s2_a_grant_that_ends_too_late_is_refused() {
    for role in ROLES {
        for ahead_s in [0, 1, 3_600] {
            let (mut it, mut seen) = with_an_address(role);
            seen.now = seen.now + LeaseSpan::from_s(ahead_s);
            let expected = if ahead_s == 0 { Ok(()) } else { Err(Stale::Terms) };
            assert_eq!(commit(&mut it, seen.grant(client(1), false)), expected, "{ahead_s}");
        }
    }
}

/// S15, `Stale::Quarantine`: the partner's pools are not the same, so no client gets a new lease; one
/// that has a lease keeps it.
#[test]
fn s15_a_new_grant_of_a_pool_that_differs_is_refused() {
    let (mut it, seen) = with_an_address(Role::Primary);
    assert_eq!(commit(&mut it, seen.grant(client(1), false)), Ok(()));
    it.cut();
    it.connect_with(Some(hints(&[(1, &[1]), (6, &[9; 8]), (7, &[9; 4])])));
    it.partner(State::Normal);
    assert_eq!(it.state(), State::Normal);
    let new = see(&it, address(2)).grant(client(2), false);
    assert_eq!(commit(&mut it, new), Err(Stale::Quarantine));
    let renewal = see(&it, own(Role::Primary)).grant(client(1), false);
    assert_eq!(commit(&mut it, renewal), Ok(()));
}

/// `Stale::Client`: the identifier would not fit option 61, so that the partner could not be told
/// whose lease it is.
#[test]
fn a_client_that_cannot_be_told_of_gets_no_grant() {
    for role in ROLES {
        for (bytes, expected) in [(255, Ok(())), (256, Err(Stale::Client))] {
            let (mut it, seen) = with_an_address(role);
            let hardware = HardwareAddress::new(1, &[2; 6]).expect("six bytes");
            let client = Client::new(Some(&vec![7; bytes]), hardware);
            assert_eq!(commit(&mut it, seen.grant(client, false)), expected, "{bytes}");
        }
    }
}

/// H3, `Stale::Reserved`: the grant and the table do not agree on whether the address is reserved.
#[test]
fn h3_a_grant_that_is_wrong_about_a_reservation_is_refused() {
    for role in ROLES {
        for reserved in [false, true] {
            let (mut it, _) = with_an_address(role);
            it.table.set_reserved(own(role), reserved);
            let seen = see(&it, own(role));
            let wrong = seen.grant(client(1), !reserved);
            assert_eq!(commit(&mut it, wrong), Err(Stale::Reserved), "{role:?} {reserved}");
        }
    }
}
