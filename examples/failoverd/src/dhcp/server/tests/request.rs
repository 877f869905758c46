use super::lab::*;
use crate::dhcp::destination::Destination;
use crate::dhcp::kind::Arrival;
use crate::dhcp::noted;
use crate::dhcp::packet::PacketError;
use crate::dhcp::server::{Action, GrantAction, Ignore};
use crate::dhcp::testing::Packet;
use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released};
use dhcp_failover_lease::{BindingStatus, LeaseSpan, Refusal, Role};
use dhcp_failover_proto::Bindings;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

const TAKEN: &str = "the address belongs to another client";
const UNAVAILABLE: &str = "the address is not available";
const WRONG_NETWORK: &str = "the address does not belong to this network";

fn selecting(number: u8, address: Ipv4Addr) -> Packet {
    request(number).address(54, SERVER).address(50, address)
}

fn request(number: u8) -> Packet {
    Packet::request().client(number).giaddr(PAIR)
}

fn renewing(number: u8, address: Ipv4Addr) -> Packet {
    Packet::request().client(number).ciaddr(address.octets())
}

#[test]
fn four_messages_make_a_lease() {
    let mut lab = Lab::new();
    let address = lab.offer(1);
    let lease = lab.lease(selecting(1, address).option(12, b"pc"));
    assert_eq!((lease.address, lease.grant.lease), (ip(10), LeaseSpan::from_s(600)));
    let cookie_and_name = [99, 130, 83, 99, 12, 2, b'p', b'c'];
    assert_eq!(lease.request_options, cookie_and_name);
    let relay = SocketAddrV4::new(PAIR.into(), 67);
    assert_eq!(lease.answer.destination, Destination::Unicast(relay));
    assert!(!lab.pinned(address), "the lease holds the address now");
    assert_eq!(lab.offer(2), ip(11));
}

/// isc-L32, RFC 3046 §2.1: a renewal does not come through the relay agent. What it does not say
/// stays on record, whichever server gave the lease; of another client nothing does.
#[test]
fn what_was_noted_of_a_client_stays_until_it_says_otherwise() {
    let mut lab = Lab::new();
    let address = lab.offer(1);
    let first = lab.lease(selecting(1, address).option(12, b"pc").option(82, &[1, 2, 7, 7]));
    lab.record(address, Active, 1);
    let mut binding = lab.tables[1].get(address).unwrap();
    binding.request_options = first.request_options;
    lab.apply(binding);
    let noted = |lease: Box<GrantAction>| noted::options(&lease.request_options);
    let relay = (82, vec![1, 2, 7, 7]);
    let renewed = noted(lab.lease(renewing(1, address)));
    assert_eq!(renewed, BTreeMap::from([(12, b"pc".to_vec()), relay.clone()]));
    let renamed = noted(lab.lease(renewing(1, address).option(12, b"box")));
    assert_eq!(renamed, BTreeMap::from([(12, b"box".to_vec()), relay]));
    lab.record(address, Free, 1);
    let other = lab.lease(selecting(2, address));
    assert!(other.request_options.is_empty());
}

#[test]
fn a_busy_server_grants_nothing_and_says_everything_else() {
    let mut lab = Lab::new();
    lab.record(ip(14), Active, 2);
    let address = lab.offer(1);
    lab.busy = true;
    for packet in [selecting(1, address), renewing(2, ip(14)), request(2).address(50, ip(14))] {
        assert_eq!(ignored(lab.send(packet)), Ignore::Busy);
    }
    assert!(lab.pinned(address), "the offer stands");
    assert_eq!(refused(lab.send(selecting(1, ip(14)))).0, TAKEN);
    assert_eq!(lab.offer(3), ip(11));
    lab.busy = false;
    assert_eq!(lab.lease(selecting(1, address)).address, address);
}

#[test]
fn selecting_is_honoured_after_a_restart_forgot_the_offer() {
    let mut lab = Lab::new();
    assert_eq!(lab.lease(selecting(1, ip(15))).address, ip(15));
}

#[test]
fn selecting_another_server_drops_our_offer() {
    let mut lab = Lab::new();
    let address = lab.offer(1);
    let other = Ipv4Addr::new(192, 0, 2, 77);
    let packet = request(1).address(54, other).address(50, address);
    assert_eq!(ignored(lab.send(packet)), Ignore::OtherServer(other));
    assert!(!lab.pinned(address));
    assert_eq!(lab.offer(2), address);
}

#[test]
fn this_server_is_known_by_all_its_addresses_and_by_what_its_relay_agent_says() {
    let mut lab = Lab::new();
    lab.lease(request(1).address(54, ip(2)).address(50, ip(10)));
    let relay = Ipv4Addr::new(192, 0, 2, 254);
    let overridden = [11, 4, 192, 0, 2, 254];
    lab.lease(request(2).address(54, relay).address(50, ip(11)).option(82, &overridden));
}

#[test]
fn selecting_what_cannot_be_had_is_refused() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 7);
    lab.record(ip(11), Backup, 7);
    lab.record(ip(14), Abandoned, 7);
    lab.offer(8); // takes 15
    let table = [
        (ip(10), TAKEN),
        (ip(11), UNAVAILABLE),
        (ip(14), UNAVAILABLE),
        (ip(15), UNAVAILABLE),
        (ip(5), TAKEN),
        (ip(200), UNAVAILABLE),
        (floor(1, 10), WRONG_NETWORK),
    ];
    for (address, reason) in table {
        assert_eq!(refused(lab.send(selecting(1, address))).0, reason, "{address}");
    }
}

#[test]
fn asked_lease_times_are_bounded() {
    let mut lab = Lab::new();
    let asked = selecting(1, ip(10)).option(51, &u32::MAX.to_be_bytes());
    assert_eq!(lab.lease(asked).grant.lease, LeaseSpan::from_s(900));
}

#[test]
fn renewals_go_back_to_the_client_and_extend_its_lease() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 1);
    let lease = lab.lease(renewing(1, ip(10)));
    assert_eq!(lease.grant.lease_expiry, NOW + LeaseSpan::from_s(600));
    let to = Destination::Unicast(SocketAddrV4::new(ip(10), 68));
    assert_eq!(lease.answer.destination, to);
}

#[test]
fn a_unicast_renewal_may_come_from_any_link() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 1);
    lab.local = floor(1, 1);
    lab.lease(renewing(1, ip(10)));
}

#[test]
fn a_broadcast_renewal_on_the_wrong_link_is_refused() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 1);
    lab.local = floor(1, 1);
    lab.arrival = Arrival::Broadcast;
    let (reason, to) = refused(lab.send(renewing(1, ip(10))));
    assert_eq!((reason.as_str(), to), (WRONG_NETWORK, Destination::Broadcast { port: 68 }));
}

#[test]
fn renewing_what_another_client_holds_is_refused() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 7);
    for address in [ip(10), ip(5)] {
        assert_eq!(refused(lab.send(renewing(1, address))).0, TAKEN);
    }
}

#[test]
fn the_partner_may_know_of_a_renewed_lease_so_we_are_silent() {
    let mut lab = Lab::new();
    lab.record(ip(10), Backup, 1);
    lab.record(ip(11), Expired, 7);
    let refusal = Refusal::PartnersPool;
    assert_eq!(
        ignored(lab.send(renewing(1, ip(10)))),
        Ignore::Refused { address: ip(10), refusal }
    );
    let refusal = Refusal::AwaitingAgreement;
    assert_eq!(
        ignored(lab.send(renewing(1, ip(11)))),
        Ignore::Refused { address: ip(11), refusal }
    );
    assert_eq!(ignored(lab.send(renewing(1, ip(200)))), Ignore::NotManaged(ip(200)));
}

#[test]
fn an_unrecorded_lease_on_an_address_of_ours_is_taken_over() {
    let mut lab = Lab::new();
    lab.lease(renewing(1, ip(10)));
    lab.pair.role = Role::Secondary;
    let silent = lab.send(renewing(2, ip(11)));
    let refusal = Refusal::PartnersPool;
    assert_eq!(ignored(silent), Ignore::Refused { address: ip(11), refusal });
}

#[test]
fn renewals_are_answered_for_the_partners_clients_too() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 1);
    lab.record(ip(11), Backup, 7);
    lab.pair.new = false;
    lab.lease(renewing(1, ip(10)));
    let reboot = request(1).address(50, ip(10));
    assert!(matches!(ignored(lab.send(reboot)), Ignore::Failover(_)));
    lab.pair.renewals = false;
    lab.pair.named = false;
    assert!(matches!(ignored(lab.send(renewing(1, ip(10)))), Ignore::Failover(_)));
    let wrong = [selecting(1, floor(1, 10)), selecting(1, ip(10))];
    for packet in wrong {
        assert!(matches!(ignored(lab.send(packet)), Ignore::Failover(_)), "not even a DHCPNAK");
    }
}

#[test]
fn a_rebooted_client_keeps_its_address() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 1);
    lab.record(ip(11), Free, 2);
    assert_eq!(lab.lease(request(1).address(50, ip(10))).address, ip(10));
    assert_eq!(lab.lease(request(2).address(50, ip(11))).address, ip(11));
    assert!(lab.lease(request(0x99).address(50, ip(5))).flags.reserved);
}

#[test]
fn rfc2131_4_3_2_init_reboot_is_refused_or_left_unanswered() {
    let mut lab = Lab::new();
    lab.record(ip(10), Active, 7);
    lab.record(ip(11), Released, 1);
    let reboot = |address| request(1).address(50, address);
    assert_eq!(refused(lab.send(reboot(ip(10)))).0, TAKEN);
    assert_eq!(refused(lab.send(reboot(ip(5)))).0, TAKEN);
    assert_eq!(refused(lab.send(reboot(floor(1, 10)))).0, WRONG_NETWORK);
    assert_eq!(ignored(lab.send(reboot(ip(14)))), Ignore::NoRecord(ip(14)));
    assert_eq!(ignored(lab.send(reboot(ip(200)))), Ignore::NotManaged(ip(200)));
    // The partner may have extended it.
    assert!(matches!(ignored(lab.send(reboot(ip(11)))), Ignore::Refused { .. }));
}

#[test]
fn without_failover_an_unusable_lease_on_record_is_refused() {
    let mut lab = Lab::new();
    lab.record(floor(1, 10), Abandoned, 1);
    let renewing = || Packet::request().giaddr(FLOOR).ciaddr([10, 1, 0, 10]);
    assert_eq!(refused(lab.send(renewing().client(1))).0, UNAVAILABLE);
    let other = lab.send(renewing().client(2));
    assert_eq!(ignored(other), Ignore::NoRecord(floor(1, 10)));
}

#[test]
fn garbage_is_ignored_with_a_reason() {
    let mut lab = Lab::new();
    let texts = [
        (b"hello".to_vec(), "failed to read the packet: 5 bytes, a DHCP header has 240"),
        (
            Packet::request().bytes(),
            "failed to understand DHCPREQUEST: it has no requested address and no ciaddr",
        ),
        (
            Packet::discover().set(2, &[200]).bytes(),
            "failed to read the packet: hlen is 200, chaddr holds at most 16 bytes",
        ),
    ];
    for (bytes, expected) in texts {
        assert_eq!(ignored(lab.handle(&bytes)).to_string(), expected);
    }
}

#[test]
fn a_client_identifier_of_2000_bytes_is_ignored_and_the_next_client_is_served() {
    let mut lab = Lab::new();
    for kind in [1, 3, 4, 7, 8] {
        let packet = Packet::new(kind).giaddr(PAIR).address(50, ip(10));
        let packet = [7; 2000].chunks(255).fold(packet, |packet, part| packet.option(61, part));
        let reason = ignored(lab.send(packet));
        let expected = Ignore::Packet(PacketError::ClientIdentifierTooLong { length: 2000 });
        assert_eq!(reason, expected);
    }
    assert_eq!(lab.offer(1), ip(10));
}

mod any_packet {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn neither_panics_the_server_nor_is_granted_what_is_not_its_own(
            kind in 1_u8..9,
            number in 0_u8..8,
            ciaddr in prop_oneof![Just([0; 4]), (0_u8..30).prop_map(|last| [192, 0, 2, last])],
            giaddr in prop_oneof![Just([0; 4]), Just(PAIR), Just(FLOOR), any::<[u8; 4]>()],
            options in prop::collection::vec(
                (prop_oneof![Just(50_u8), Just(54), Just(61), Just(82), any::<u8>()],
                 prop_oneof![
                    (0_u8..30).prop_map(|last| vec![192, 0, 2, last]),
                    prop::collection::vec(any::<u8>(), 0..20),
                 ]),
                0..6),
        ) {
            let mut lab = Lab::new();
            lab.record(ip(10), Active, 1);
            lab.record(ip(11), Backup, 2);
            lab.record(ip(14), Expired, 3);
            let packet = Packet::new(kind).client(number).ciaddr(ciaddr).giaddr(giaddr);
            let packet = options.iter().fold(packet, |it, (code, value)| it.option(*code, value));
            if let Action::Grant(granted) = lab.send(packet) {
                let address = granted.address;
                prop_assert!(address != ip(11) && address != ip(14) && address != ip(12));
                prop_assert!(address != ip(10) || granted.client.is_same(&client(1)));
            }
        }
    }
}
