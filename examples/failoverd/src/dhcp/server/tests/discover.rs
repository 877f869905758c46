use super::lab::*;
use crate::dhcp::server::Ignore;
use crate::dhcp::testing::{CONFIG, Packet, config};
use dhcp_failover_lease::{BindingStatus, Control, LeaseSpan, Role};
use dhcp_failover_proto::Bindings;
use std::net::Ipv4Addr;

fn discover(number: u8) -> Packet {
    Packet::discover().client(number).giaddr(PAIR)
}

#[test]
fn new_clients_get_different_addresses_and_repeat_the_same_one() {
    let mut lab = Lab::new();
    let (first, second) = (lab.offer(1), lab.offer(2));
    assert_eq!((first, second), (ip(10), ip(11)));
    assert_eq!(lab.offer(1), first);
    assert!(lab.pinned(first) && lab.pinned(second));
}

#[test]
fn an_offer_ends_and_its_address_is_free_again() {
    let mut lab = Lab::new();
    assert_eq!(lab.offer(1), ip(10));
    lab.now = NOW + LeaseSpan::from_s(59);
    assert_eq!(lab.offer(2), ip(11));
    lab.now = NOW + LeaseSpan::from_s(60);
    assert_eq!(lab.offer(3), ip(10));
}

#[test]
fn rfc2131_4_3_1_the_order_of_choice() {
    use BindingStatus::{Active, Free};
    let mut lab = Lab::new();
    // Requested, if nothing better.
    assert_eq!(offered(lab.send(discover(1).address(50, ip(18)))), ip(18));
    // The address it had before, if it is free.
    lab.record(ip(16), Free, 2);
    assert_eq!(offered(lab.send(discover(2).address(50, ip(19)))), ip(16));
    // Its lease.
    lab.record(ip(17), Active, 2);
    assert_eq!(offered(lab.send(discover(2).address(50, ip(19)))), ip(17));
    // Its reservation.
    lab.record(ip(15), Active, 0x99);
    assert_eq!(offered(lab.send(discover(0x99).address(50, ip(19)))), ip(5));
}

#[test]
fn a_requested_address_that_is_taken_is_not_offered() {
    use BindingStatus::{Abandoned, Active, Backup, Released};
    for status in [Active, Released, Abandoned, Backup] {
        let mut lab = Lab::new();
        lab.record(ip(15), status, 7);
        assert_eq!(offered(lab.send(discover(1).address(50, ip(15)))), ip(10), "{status}");
    }
    let mut lab = Lab::new();
    for elsewhere in [ip(12), ip(13), ip(5), ip(200), floor(1, 10)] {
        assert_eq!(offered(lab.send(discover(1).address(50, elsewhere))), ip(10), "{elsewhere}");
    }
}

#[test]
fn the_secondary_offers_backup_addresses_only() {
    let mut lab = Lab::new();
    lab.pair.role = Role::Secondary;
    assert_eq!(ignored(lab.send(discover(1))), Ignore::NoAddress);
    let mut backup = dhcp_failover_lease::Binding::unused(ip(15));
    backup.status = BindingStatus::Backup;
    backup.version = 1;
    backup.knowledge.agreed = BindingStatus::Backup;
    lab.apply(backup);
    assert_eq!(lab.offer(1), ip(15));
    assert_eq!(ignored(lab.send(discover(2))), Ignore::NoAddress);
}

#[test]
fn in_partner_down_the_partners_pool_opens_after_the_mclt() {
    let mut lab = Lab::new();
    lab.pair.role = Role::Secondary;
    lab.pair.control = Control::PartnerDown { since: NOW };
    assert_eq!(ignored(lab.send(discover(1))), Ignore::NoAddress);
    // The MCLT is 60 s; clocks of whole seconds wait two more.
    lab.now = NOW + LeaseSpan::from_s(60);
    assert_eq!(ignored(lab.send(discover(1))), Ignore::NoAddress);
    lab.now = NOW + LeaseSpan::from_s(62);
    assert_eq!(lab.offer(1), ip(10));
}

#[test]
fn without_addresses_there_is_no_answer() {
    let mut lab = Lab::new();
    for number in 1..=8 {
        lab.offer(number);
    }
    assert_eq!(ignored(lab.send(discover(9))), Ignore::NoAddress);
}

#[test]
fn the_partners_clients_are_left_alone_until_it_has_nothing_to_give() {
    let mut lab = Lab::new();
    lab.pair.new = false;
    // Nothing is BACKUP, so the partner cannot serve anyone.
    assert_eq!(lab.offer(1), ip(10));
    lab.record(ip(15), BindingStatus::Backup, 7);
    assert!(matches!(ignored(lab.send(discover(2))), Ignore::Failover(_)));
    assert!(!lab.pinned(ip(11)), "an ignored request leaves no trace (S7)");
}

#[test]
fn a_reserved_address_is_given_by_either_server_and_to_nobody_else() {
    for role in [Role::Primary, Role::Secondary] {
        let mut lab = Lab::new();
        lab.pair.role = role;
        if role == Role::Secondary {
            let unknown = lab.send(discover(0x99));
            assert_eq!(ignored(unknown), Ignore::NoAddress, "the primary has not said it (H3)");
        }
        lab.both_reserve(ip(5));
        assert_eq!(offered(lab.send(discover(0x99))), ip(5));
        lab.record(ip(13), BindingStatus::Backup, 3);
        lab.both_reserve(ip(13));
        let by_identifier = discover(3).option(61, &[0, 7]);
        assert_eq!(offered(lab.send(by_identifier)), ip(13));
    }
    let mut lab = Lab::new();
    lab.record(ip(5), BindingStatus::Active, 3);
    assert_eq!(lab.offer(0x99), ip(10), "a lease from before the reservation stays");
}

#[test]
fn a_running_lease_of_another_identifier_keeps_the_address_reserved_for_its_hardware() {
    let mut lab = Lab::new();
    let firmware = || discover(0x99).option(61, &[0, 1]);
    let system = || discover(0x99).option(61, &[0, 2]);
    let request = Packet::request().client(0x99).giaddr(PAIR).option(61, &[0, 1]);
    assert_eq!(offered(lab.send(firmware())), ip(5));
    lab.lease(request.address(54, SERVER).address(50, ip(5)));
    assert_eq!(offered(lab.send(system())), ip(10));
    let mut ended = lab.tables[1].get(ip(5)).unwrap();
    ended.status = BindingStatus::Free;
    lab.apply(ended);
    assert_eq!(offered(lab.send(system())), ip(5));
}

#[test]
fn the_offer_of_a_reserved_address_ends_without_ending_its_pin() {
    let mut lab = Lab::new();
    lab.tables[1].pin(ip(5));
    let reserved = || discover(0x99);
    // It ends by time, by a choice of another server, and by a lease.
    assert_eq!(offered(lab.send(reserved())), ip(5));
    lab.now = NOW + LeaseSpan::from_s(61);
    lab.offer(1);
    assert!(lab.pinned(ip(5)));
    assert_eq!(offered(lab.send(reserved())), ip(5));
    let request = Packet::request().client(0x99).giaddr(PAIR).address(50, ip(5));
    ignored(lab.send(request.clone().address(54, ip(77))));
    assert!(lab.pinned(ip(5)));
    assert_eq!(offered(lab.send(reserved())), ip(5));
    lab.lease(request.address(54, SERVER));
    assert!(lab.pinned(ip(5)));
    // And when nothing comes, by housekeeping.
    assert_eq!(offered(lab.send(reserved())), ip(5));
    lab.now = lab.now + LeaseSpan::from_s(61);
    lab.end_offers();
    assert!(lab.pinned(ip(5)));
}

#[test]
fn a_shared_network_uses_all_its_scopes() {
    let mut lab = Lab::new();
    let all: Vec<Ipv4Addr> = (1..=4)
        .map(|number| offered(lab.send(Packet::discover().client(number).giaddr(FLOOR))))
        .collect();
    assert_eq!(all, [floor(1, 10), floor(1, 11), floor(2, 10), floor(2, 11)]);
    let fifth = Packet::discover().client(5).giaddr([10, 2, 0, 1]);
    assert_eq!(ignored(lab.send(fifth)), Ignore::NoAddress);
}

#[test]
fn the_link_is_the_selected_one_else_the_relays_else_the_sockets() {
    let mut lab = Lab::new();
    let selected = [5, 4, 10, 1, 0, 1];
    assert_eq!(offered(lab.send(discover(1).option(82, &selected))), floor(1, 10));
    let stranger = Packet::discover().giaddr([172, 16, 0, 1]);
    let unknown = Ignore::UnknownLink(Ipv4Addr::new(172, 16, 0, 1));
    assert_eq!(ignored(lab.send(stranger)), unknown);
    lab.local = floor(2, 1);
    assert_eq!(offered(lab.send(Packet::discover().client(3))), floor(1, 11));
}

#[test]
fn an_answer_never_goes_to_a_giaddr_that_is_no_host() {
    let mut lab = Lab::new();
    let wrong = [
        [224, 0, 0, 1],
        [239, 255, 255, 250],
        [255, 255, 255, 255],
        [255, 0, 0, 1],
        [0, 0, 0, 1],
        [0, 255, 255, 255],
        [192, 0, 2, 255],
        [192, 0, 2, 0],
    ];
    let selected = [5, 4, 192, 0, 2, 1];
    for giaddr in wrong {
        for kind in [1, 3, 4, 7, 8] {
            let packet = Packet::new(kind).giaddr(giaddr).address(54, SERVER).option(82, &selected);
            let packet = match kind {
                7 => packet.ciaddr([192, 0, 2, 10]),
                8 => Packet::new(8).ciaddr([192, 0, 2, 10]).giaddr(giaddr),
                _ => packet.address(50, ip(10)),
            };
            let reason = ignored(lab.send(packet));
            assert_eq!(reason, Ignore::RelayAddress(giaddr.into()), "{kind}");
        }
    }
    let text = Ignore::RelayAddress([224, 0, 0, 1].into()).to_string();
    assert_eq!(text, "giaddr is 224.0.0.1, which no relay agent can have");
    let loopback = Packet::discover().giaddr([127, 0, 0, 1]).option(82, &selected);
    assert_eq!(offered(lab.send(loopback)), ip(10));
}

#[test]
fn rfc3527_a_client_of_a_range_cannot_select_a_link() {
    let mut lab = Lab::new();
    let selected = [5, 4, 10, 1, 0, 1];
    let from = |last| Packet::discover().giaddr([192, 0, 2, last]).option(82, &selected);
    assert_eq!(ignored(lab.send(from(15))), Ignore::RelayInRange(ip(15)));
    // Excluded, reserved and outside of the ranges.
    for last in [12, 5, 1] {
        assert_eq!(offered(lab.send(from(last))), floor(1, 10));
    }
    let plain = Packet::discover().giaddr([192, 0, 2, 15]);
    assert_eq!(offered(lab.send(plain)), ip(10), "it only tells its own link");
}

#[test]
fn without_failover_former_leases_are_used_before_a_client_is_sent_away() {
    let mut lab = Lab::new();
    for address in [floor(1, 10), floor(1, 11), floor(2, 10)] {
        lab.record(address, BindingStatus::Active, 9);
    }
    lab.record(floor(2, 11), BindingStatus::Expired, 8);
    let new = Packet::discover().client(1).giaddr(FLOOR);
    assert_eq!(offered(lab.send(new)), floor(2, 11));
}

#[test]
fn all_addresses_are_found_however_many_are_offered() {
    let wide = CONFIG.replace("10.1.0.10-10.1.0.11", "10.1.0.10-10.1.0.209");
    let mut lab = Lab::of(&config(&wide));
    let mut offers = std::collections::BTreeSet::new();
    for number in 0..202 {
        offers.insert(offered(lab.send(Packet::discover().client(number).giaddr(FLOOR))));
    }
    assert_eq!(offers.len(), 202, "200 addresses of one scope and two of the other");
    let late = Packet::discover().client(202).giaddr(FLOOR);
    assert_eq!(ignored(lab.send(late)), Ignore::NoAddress);
}
