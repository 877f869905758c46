use super::*;
use crate::dhcp::testing::Packet;
use dhcproto::v4::{DhcpOption, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder};

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

pub(crate) fn parameters() -> Parameters {
    let options = [
        (3, vec![192, 0, 2, 1]),
        (6, vec![192, 0, 2, 2, 192, 0, 2, 3]),
        (15, b"example.org".to_vec()),
        (42, vec![192, 0, 2, 4]),
        (224, vec![7; 300]),
    ];
    Parameters {
        subnet_mask: Ipv4Addr::new(255, 255, 255, 0),
        next_server: Ipv4Addr::new(192, 0, 2, 5),
        boot_file: b"pxe/boot.0".to_vec(),
        options: options.into(),
    }
}

pub(crate) fn lease() -> Lease {
    Lease { address: Ipv4Addr::new(192, 0, 2, 10), time: LeaseSpan::from_s(3600) }
}

/// Option codes in the order they are on the wire, and whether only padding follows.
fn codes(bytes: &[u8]) -> Vec<u8> {
    let mut codes = Vec::new();
    let mut rest = &bytes[240..];
    while rest[0] != 255 {
        codes.push(rest[0]);
        rest = &rest[2 + usize::from(rest[1])..];
    }
    assert!(rest[1..].iter().all(|byte| *byte == 0));
    codes
}

fn decode(bytes: &[u8]) -> Message {
    Message::decode(&mut Decoder::new(bytes)).unwrap()
}

fn address(message: &Message, code: OptionCode) -> Ipv4Addr {
    match message.opts().get(code) {
        Some(DhcpOption::SubnetMask(a) | DhcpOption::ServerIdentifier(a)) => *a,
        other => panic!("{code:?}: {other:?}"),
    }
}

#[test]
fn an_offer_has_the_fields_of_table_3() {
    let request = Packet::discover().ciaddr([9; 4]).giaddr([192, 0, 2, 9]).broadcast().parse();
    let message = decode(&encode(&request, SERVER, &Body::Offer(lease(), &parameters())));
    assert_eq!(message.opcode(), Opcode::BootReply);
    assert_eq!((message.xid(), message.secs(), message.hops()), (0x1122_3344, 0, 0));
    assert!(message.flags().broadcast());
    assert_eq!(message.ciaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(message.yiaddr(), lease().address);
    assert_eq!(message.siaddr(), Ipv4Addr::new(192, 0, 2, 5));
    assert_eq!(message.giaddr(), Ipv4Addr::new(192, 0, 2, 9));
    assert_eq!(message.chaddr(), [2, 0, 0, 0, 0, 1]);
    assert_eq!(message.fname(), Some(b"pxe/boot.0\0".as_slice()));
    assert_eq!(message.opts().msg_type(), Some(MessageType::Offer));
    assert_eq!(address(&message, OptionCode::ServerIdentifier), SERVER);
    assert_eq!(address(&message, OptionCode::SubnetMask), Ipv4Addr::new(255, 255, 255, 0));
    let time = |code| message.opts().get(code).cloned();
    assert_eq!(time(OptionCode::AddressLeaseTime), Some(DhcpOption::AddressLeaseTime(3600)));
    assert_eq!(time(OptionCode::Renewal), Some(DhcpOption::Renewal(1800)));
    assert_eq!(time(OptionCode::Rebinding), Some(DhcpOption::Rebinding(3150)));
}

#[test]
fn requested_options_keep_the_clients_order_and_the_relays_option_is_last() {
    let request = Packet::discover()
        .option(55, &[15, 3, 3, 51, 6, 99])
        .option(61, &[1, 2])
        .option(82, &[1, 1, 5])
        .parse();
    let bytes = encode(&request, SERVER, &Body::Offer(lease(), &parameters()));
    assert_eq!(codes(&bytes), [53, 54, 51, 58, 59, 1, 15, 3, 6, 61, 82]);
    assert!(bytes.windows(5).any(|window| window == [82, 3, 1, 1, 5]));
}

#[test]
fn a_client_without_a_list_gets_everything_that_fits() {
    let fits = Packet::discover().option(57, &1500_u16.to_be_bytes()).parse();
    let bytes = encode(&fits, SERVER, &Body::Offer(lease(), &parameters()));
    // The 300-byte option is split in two, as RFC 3396 says.
    assert_eq!(codes(&bytes), [53, 54, 51, 58, 59, 1, 3, 6, 15, 42, 224, 224]);
}

#[test]
fn a_small_client_loses_the_last_wishes_only() {
    let request = Packet::discover().option(55, &[224, 3, 6]).option(61, &[3; 200]).parse();
    let bytes = encode(&request, SERVER, &Body::Offer(lease(), &parameters()));
    assert!(bytes.len() <= 548);
    assert_eq!(codes(&bytes), [53, 54, 51, 58, 59, 1, 3, 6, 61]);
}

#[test]
fn a_renewal_is_acknowledged_with_its_ciaddr() {
    let request = Packet::request().ciaddr([192, 0, 2, 10]).parse();
    let message = decode(&encode(&request, SERVER, &Body::Ack(lease(), &parameters())));
    assert_eq!(message.opts().msg_type(), Some(MessageType::Ack));
    assert_eq!(message.ciaddr(), Ipv4Addr::new(192, 0, 2, 10));
}

#[test]
fn an_inform_is_acknowledged_without_address_and_times() {
    let request = Packet::new(8).ciaddr([192, 0, 2, 10]).parse();
    let bytes = encode(&request, SERVER, &Body::InformAck(&parameters()));
    assert_eq!(decode(&bytes).yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(&codes(&bytes)[..4], [53, 54, 1, 3]);
}

#[test]
fn a_nak_says_nothing_but_no() {
    let request =
        Packet::request().ciaddr([9; 4]).giaddr(SERVER.octets()).option(82, &[1, 1, 5]).parse();
    let bytes = encode(&request, SERVER, &Body::Nak("the address is on another network"));
    let message = decode(&bytes);
    assert_eq!(codes(&bytes), [53, 54, 56, 82]);
    assert_eq!(message.opts().msg_type(), Some(MessageType::Nak));
    assert!(message.flags().broadcast(), "a relayed NAK is broadcast by the relay agent");
    let zero = Ipv4Addr::UNSPECIFIED;
    assert_eq!((message.ciaddr(), message.yiaddr(), message.siaddr()), (zero, zero, zero));
    let direct = Packet::request().parse();
    assert!(!decode(&encode(&direct, SERVER, &Body::Nak("no"))).flags().broadcast());
}

#[test]
fn answers_are_padded_for_bootp_relays() {
    let bytes = encode(&Packet::request().parse(), SERVER, &Body::Nak("no"));
    assert_eq!(bytes.len(), MIN_LENGTH);
}

#[test]
fn an_infinite_lease_has_no_renewal_times() {
    let forever = Lease { time: LeaseSpan::INFINITE, ..lease() };
    let bytes = encode(&Packet::request().parse(), SERVER, &Body::Ack(forever, &parameters()));
    assert_eq!(&codes(&bytes)[..4], [53, 54, 51, 1]);
    let message = decode(&bytes);
    let time = message.opts().get(OptionCode::AddressLeaseTime);
    assert_eq!(time, Some(&DhcpOption::AddressLeaseTime(u32::MAX)));
}

#[test]
fn a_long_boot_file_name_moves_to_option_67() {
    let long = Parameters { boot_file: vec![b'x'; 128], ..parameters() };
    let request = Packet::discover().option(55, &[67]).parse();
    let bytes = encode(&request, SERVER, &Body::Offer(lease(), &long));
    assert_eq!(decode(&bytes).fname(), None);
    assert_eq!(codes(&bytes).last(), Some(&67));
}

#[test]
fn every_hardware_type_comes_back_as_it_was() {
    for kind in 0..=255 {
        let request = Packet::discover().set(1, &[kind]).parse();
        assert_eq!(encode(&request, SERVER, &Body::Nak("no"))[1], kind);
    }
}

#[test]
fn configured_renewal_times_hold_while_they_are_before_the_end_of_the_lease() {
    let times = |lease_s, t1: u32, t2: u32| {
        let mut parameters = parameters();
        parameters.options.insert(58, t1.to_be_bytes().to_vec());
        parameters.options.insert(59, t2.to_be_bytes().to_vec());
        parameters.renewal_times_s(LeaseSpan::from_s(lease_s))
    };
    assert_eq!(times(1000, 300, 600), (300, 600));
    assert_eq!(times(500, 300, 600), (300, 438));
    assert_eq!(times(100, 300, 600), (50, 88));
    assert_eq!(times(1000, 300, 200), (200, 200));
}

/// Configurations and echoes as long as they get, for every limit a client can state.
#[test]
fn no_answer_exceeds_the_clients_maximum_message_size() {
    let long_reason = "no ".repeat(200);
    let mut full = Parameters { boot_file: vec![b'x'; 255], ..parameters() };
    full.options.extend((128..=223).map(|code| (code, vec![code; 40])));
    let everything: Vec<u8> = (1..=255).rev().collect();
    for (stated, identifier, list) in [
        (None, 0, None),
        (None, 255, None),
        (Some(0), 255, Some(&everything)),
        (Some(576), 254, Some(&everything)),
        (Some(577), 255, None),
        (Some(900), 255, Some(&everything)),
        (Some(1500), 255, None),
        (Some(u16::MAX), 255, Some(&everything)),
    ] {
        let mut packet = Packet::discover();
        for (code, value) in [(61, vec![7; identifier]), (82, vec![1; 200])] {
            packet = packet.option(code, &value);
        }
        if let Some(size) = stated {
            packet = packet.option(57, &u16::to_be_bytes(size));
        }
        if let Some(list) = list {
            packet = packet.option(55, list);
        }
        let request = packet.parse();
        let to_the_client = request.max_payload();
        assert!((548..=MAX_LENGTH).contains(&to_the_client));
        for body in [
            Body::Offer(lease(), &full),
            Body::Ack(lease(), &full),
            Body::InformAck(&full),
            Body::Nak(&long_reason),
        ] {
            let bytes = encode(&request, SERVER, &body);
            let case = format!("{stated:?} {identifier} {body:?}");
            assert_eq!(codes(&bytes).last(), Some(&82), "{case}");
            assert!(bytes.len() - 202 <= to_the_client, "{} {case}", bytes.len());
            assert!(bytes.len() <= MAX_LENGTH, "{case}");
            assert_eq!(codes(&bytes).contains(&61), identifier > 0, "{case}");
        }
    }
}
