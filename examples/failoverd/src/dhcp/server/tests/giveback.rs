use super::lab::*;
use crate::dhcp::destination::Destination;
use crate::dhcp::server::{Action, Ignore};
use crate::dhcp::testing::Packet;
use dhcp_failover_lease::{BindingStatus, LeaseSpan};
use dhcproto::v4::MessageType;
use std::net::{Ipv4Addr, SocketAddrV4};

fn release(number: u8, address: Ipv4Addr, server: Ipv4Addr) -> Packet {
    Packet::new(7).client(number).ciaddr(address.octets()).address(54, server)
}

fn decline(number: u8, address: Ipv4Addr, server: Ipv4Addr) -> Packet {
    Packet::new(4).client(number).giaddr(PAIR).address(50, address).address(54, server)
}

#[test]
fn only_the_holder_can_release() {
    let mut lab = Lab::new();
    lab.record(ip(10), BindingStatus::Active, 1);
    lab.record(ip(11), BindingStatus::Expired, 1);
    let released = Action::Release { domain: 1, address: ip(10), client: client(1) };
    assert_eq!(lab.send(release(1, ip(10), SERVER)), released);
    for (number, address) in [(2, ip(10)), (1, ip(11)), (1, ip(14)), (1, ip(200))] {
        let packet = release(number, address, SERVER);
        assert_eq!(ignored(lab.send(packet)), Ignore::NotOwner(address));
    }
    let other = release(1, ip(10), ip(77));
    assert_eq!(ignored(lab.send(other)), Ignore::OtherServer(ip(77)));
    let elsewhere = Ipv4Addr::new(172, 16, 0, 1);
    let packet = release(1, elsewhere, SERVER);
    assert_eq!(ignored(lab.send(packet)), Ignore::UnknownLink(elsewhere));
    lab.pair.named = false;
    let silenced = lab.send(release(1, ip(10), SERVER));
    assert!(matches!(ignored(silenced), Ignore::Failover(_)));
}

#[test]
fn a_declined_address_is_left_alone_for_the_configured_time() {
    let mut lab = Lab::new();
    lab.record(ip(10), BindingStatus::Active, 1);
    assert_eq!(ignored(lab.send(decline(2, ip(10), SERVER))), Ignore::NotOwner(ip(10)));
    let until = NOW + LeaseSpan::from_s(86_400);
    let declined = Action::Decline { domain: 1, address: ip(10), until };
    assert_eq!(lab.send(decline(1, ip(10), SERVER)), declined);
}

#[test]
fn an_inform_is_answered_with_parameters_and_no_lease() {
    let mut lab = Lab::new();
    let packet = Packet::new(8).ciaddr([192, 0, 2, 200]).option(55, &[15]);
    let Action::Reply(answer) = lab.send(packet) else { panic!("expected a DHCPACK") };
    let to = Destination::Unicast(SocketAddrV4::new(ip(200), 68));
    assert_eq!(answer.destination, to);
    let message = message(&answer);
    assert_eq!(message.opts().msg_type(), Some(MessageType::Ack));
    assert_eq!(message.yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert!(message.opts().contains(dhcproto::v4::OptionCode::DomainName));
    assert!(!message.opts().contains(dhcproto::v4::OptionCode::AddressLeaseTime));
}

#[test]
fn an_inform_from_an_unknown_network_or_from_no_host_is_ignored() {
    let mut lab = Lab::new();
    for stranger in [Ipv4Addr::new(172, 16, 0, 9), ip(255), ip(0)] {
        let packet = Packet::new(8).ciaddr(stranger.octets());
        assert_eq!(ignored(lab.send(packet)), Ignore::UnknownLink(stranger));
    }
}
