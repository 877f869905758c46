//! One client, two addresses.

use crate::support::{client, s};
use dhcp_failover_lease::*;

fn lease(last: u8, heard: Option<u64>) -> Binding {
    Binding {
        status: BindingStatus::Active,
        client: Some(client(1)),
        last_transaction: heard.map(s),
        ..Binding::unused([192, 0, 2, last].into())
    }
}

fn surplus(role: Role, leases: &[Binding]) -> Vec<u8> {
    surplus_leases(role, leases).map(|lease| lease.address.octets()[3]).collect()
}

#[test]
fn the_primary_keeps_the_lease_its_client_was_heard_of_last() {
    let leases = [lease(1, Some(5)), lease(2, Some(7)), lease(3, None)];
    assert_eq!(surplus(Role::Primary, &leases), [1, 3]);
    assert_eq!(surplus(Role::Secondary, &leases), []);
    assert_eq!(surplus(Role::Primary, &leases[..1]), []);
    let tie = [lease(2, Some(5)), lease(1, Some(5))];
    assert_eq!(surplus(Role::Primary, &tie), [2], "the lower address stays");
}

#[test]
fn bootp_clients_and_reservations_keep_theirs() {
    let mut leases = [lease(1, Some(5)), lease(2, Some(7)), lease(3, Some(6))];
    leases[0].flags.bootp = true;
    assert_eq!(surplus(Role::Primary, &leases), [3]);
    leases[2].flags.reserved = true;
    assert_eq!(surplus(Role::Primary, &leases), []);
    leases[2].flags.reserved = false;
    leases[2].status = BindingStatus::Released;
    assert_eq!(surplus(Role::Primary, &leases), []);
}
