//! A server alone: what RFC 2131 promises its clients.

use crate::support::{LONE_SCOPE, RELAY, SERVER, Server, xid};
use dhcproto::v4::relay::{RelayAgentInformation, RelayCode, RelayInfo, UnknownInfo};
use dhcproto::v4::{DhcpOption, MessageType, OptionCode};
use failoverd::demo::packet::{Content, Identity, Reply, encode, message};
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

const RESERVED: Ipv4Addr = Ipv4Addr::new(127, 78, 9, 9);

fn who(number: u32) -> Identity {
    Identity::numbered(0x51, number)
}

fn renewal(ack: &Reply) -> Content {
    Content { xid: xid(), ciaddr: Some(ack.address()), ..Content::default() }
}

#[test]
fn a_client_gets_a_lease_with_the_options_it_asks_for() {
    let server = Server::start(&format!(
        "{LONE_SCOPE}options = {{ router = \"127.78.0.254\", dns = [\"127.78.0.53\"], \
         domain_name = \"example.org\", \"224\" = \"hex:0102ab\" }}\n"
    ));
    let wanted = [OptionCode::SubnetMask, OptionCode::Router, OptionCode::from(224)];
    let ack = server.lease(&who(1), vec![DhcpOption::ParameterRequestList(wanted.to_vec())]);
    assert_eq!((ack.server, ack.lease_s), (Some(SERVER), Some(3600)));
    let options = ack.message.opts();
    let mask = DhcpOption::SubnetMask(Ipv4Addr::new(255, 255, 0, 0));
    assert_eq!(options.get(OptionCode::SubnetMask), Some(&mask));
    let router = DhcpOption::Router(vec![Ipv4Addr::new(127, 78, 0, 254)]);
    assert_eq!(options.get(OptionCode::Router), Some(&router));
    let Some(DhcpOption::Unknown(vendor)) = options.get(OptionCode::from(224)) else {
        panic!("no option 224 in {options:?}")
    };
    assert_eq!(vendor.data(), [1, 2, 0xab]);
    assert!(options.get(OptionCode::DomainName).is_none(), "not asked for");
    let row = &server.leases()[&ack.address()];
    assert_eq!((row.status.as_str(), row.hardware.as_deref()), ("ACTIVE", Some("02fa51000001")));
}

#[test]
fn a_client_renews_rebinds_and_reboots_with_its_address() {
    let server = Server::start(LONE_SCOPE);
    let ack = server.lease(&who(1), Vec::new());
    let renewed = server.answer(MessageType::Request, &who(1), renewal(&ack));
    assert_eq!((renewed.kind, renewed.address()), (MessageType::Ack, ack.address()));
    let reboot = Content { xid: xid(), requested: Some(ack.address()), ..Content::default() };
    let again = server.answer(MessageType::Request, &who(1), reboot);
    assert_eq!((again.kind, again.address()), (MessageType::Ack, ack.address()));
}

#[test]
fn a_wrong_address_is_refused() {
    let server = Server::start(LONE_SCOPE);
    let elsewhere = Some(Ipv4Addr::new(192, 0, 2, 7));
    let reboot = Content { xid: xid(), requested: elsewhere, ..Content::default() };
    let nak = server.answer(MessageType::Request, &who(1), reboot);
    assert_eq!(nak.kind, MessageType::Nak);
    let ack = server.lease(&who(1), Vec::new());
    let stolen = Content { xid: xid(), requested: Some(ack.address()), ..Content::default() };
    let nak = server.answer(MessageType::Request, &who(3), stolen);
    assert_eq!(nak.kind, MessageType::Nak, "the address of another client");
}

#[test]
fn a_released_lease_ends_and_its_client_gets_the_address_again() {
    let server = Server::start(LONE_SCOPE);
    let ack = server.lease(&who(2), Vec::new());
    let release = Content {
        xid: xid(),
        ciaddr: Some(ack.address()),
        server: Some(SERVER),
        relay: Some(RELAY),
        ..Content::default()
    };
    server.send(&encode(&message(MessageType::Release, &who(2), release)));
    // There is no answer to a release; another client's exchange comes after it.
    server.lease(&who(5), Vec::new());
    assert_ne!(server.leases()[&ack.address()].status, "ACTIVE");
    assert_eq!(server.lease(&who(2), Vec::new()).address(), ack.address());
}

#[test]
fn a_declined_address_is_left_alone() {
    let server = Server::start(LONE_SCOPE);
    let ack = server.lease(&who(3), Vec::new());
    let decline = Content {
        xid: xid(),
        requested: Some(ack.address()),
        server: Some(SERVER),
        relay: Some(RELAY),
        ..Content::default()
    };
    server.send(&encode(&message(MessageType::Decline, &who(3), decline)));
    let other = server.lease(&who(3), Vec::new());
    assert_ne!(other.address(), ack.address());
    assert_eq!(server.leases()[&ack.address()].status, "ABANDONED");
}

#[test]
fn an_inform_is_answered_without_a_lease() {
    let server = Server::start(&format!("{LONE_SCOPE}options = {{ router = \"127.78.0.254\" }}\n"));
    let address = Ipv4Addr::new(127, 78, 0, 99);
    // The answer goes to ciaddr, to the port of clients; a relay agent's comes back to it.
    let inform = Content { xid: xid(), ciaddr: Some(address), ..Content::default() };
    let ack = server.answer(MessageType::Inform, &who(4), inform);
    assert_eq!((ack.kind, ack.lease_s), (MessageType::Ack, None));
    assert_eq!(ack.address(), Ipv4Addr::UNSPECIFIED);
    assert!(ack.message.opts().get(OptionCode::Router).is_some());
    assert!(server.leases().values().all(|row| row.status != "ACTIVE"));
}

#[test]
fn a_reservation_is_for_its_client_alone() {
    let server = Server::start(&format!(
        "{LONE_SCOPE}\n[[scope.reservations]]\nhw_address = \"02:fa:51:00:00:07\"\n\
         address = \"{RESERVED}\"\n"
    ));
    assert_eq!(server.lease(&who(7), Vec::new()).address(), RESERVED);
    let stranger = Content { xid: xid(), requested: Some(RESERVED), ..Content::default() };
    let offer = server.answer(MessageType::Discover, &who(9), stranger);
    assert_ne!(offer.address(), RESERVED);
}

#[test]
fn a_request_for_another_server_is_not_answered_and_frees_the_offer() {
    let server = Server::start(LONE_SCOPE);
    let content = Content { xid: xid(), ..Content::default() };
    let offer = server.answer(MessageType::Discover, &who(1), content.clone());
    let other = Some(Ipv4Addr::new(127, 78, 0, 200));
    let choice = Content { requested: Some(offer.address()), server: other, ..content };
    let choice = Content { xid: xid(), ..choice };
    server.relay.set_read_timeout(Some(Duration::from_millis(300))).expect("a time-out");
    server.send(&encode(&message(
        MessageType::Request,
        &who(1),
        Content { relay: Some(RELAY), ..choice },
    )));
    let mut buffer = [0; 2048];
    assert!(server.relay.recv_from(&mut buffer).is_err(), "another server was chosen");
    assert_ne!(
        server.leases().get(&offer.address()).map(|row| row.status.as_str()),
        Some("ACTIVE")
    );
}

#[test]
fn a_relay_agent_on_another_port_is_answered_there() {
    let server = Server::start(LONE_SCOPE);
    let relay = UdpSocket::bind((RELAY, 0)).expect("a socket");
    relay.set_read_timeout(Some(Duration::from_secs(3))).expect("a time-out");
    let xid = xid();
    let content = Content { xid, relay: Some(RELAY), ..Content::default() };
    let mut discover = message(MessageType::Discover, &who(1), content);
    // RFC 8357: sub-option 19, empty.
    let mut information = RelayAgentInformation::default();
    information.insert(RelayInfo::Unknown(UnknownInfo::new(RelayCode::Unknown(19), Vec::new())));
    discover.opts_mut().insert(DhcpOption::RelayAgentInformation(information));
    relay.send_to(&encode(&discover), server.dhcp).expect("loopback takes every packet");
    let mut buffer = [0; 2048];
    let (length, from) = relay.recv_from(&mut buffer).expect("an answer to the port it came from");
    assert_eq!(from, server.dhcp.into());
    let offer = Reply::decode(&buffer[..length]).expect("an answer that can be read");
    assert_eq!((offer.kind, offer.message.xid()), (MessageType::Offer, xid));
}
