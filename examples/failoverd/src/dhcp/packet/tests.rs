use super::*;
use crate::dhcp::kind::{Arrival, RequestKind};
use crate::dhcp::reply;
use crate::dhcp::testing::Packet;
use proptest::prelude::*;

#[test]
fn header_fields_and_options_are_read() {
    let request = Packet::discover()
        .secs(7)
        .broadcast()
        .ciaddr([192, 0, 2, 3])
        .giaddr([192, 0, 2, 1])
        .option(61, &[1, 9, 9])
        .option(50, &[192, 0, 2, 44])
        .option(51, &3600_u32.to_be_bytes())
        .option(55, &[1, 3, 6])
        .option(12, b"pc\xff1")
        .parse();
    assert_eq!(request.message, ClientMessage::Discover);
    assert_eq!((request.xid, request.secs), (0x1122_3344, 7));
    assert!(request.broadcast() && request.is_relayed());
    assert_eq!(request.ciaddr, Ipv4Addr::new(192, 0, 2, 3));
    assert_eq!(request.client.identifier(), Some([1, 9, 9].as_slice()));
    assert_eq!(request.client.hardware().to_string(), "02:00:00:00:00:01");
    assert_eq!(request.address_option(50), Ok(Some(Ipv4Addr::new(192, 0, 2, 44))));
    assert_eq!(request.lease_time_s(), Some(3600));
    assert_eq!(request.parameter_list(), Some([1, 3, 6].as_slice()));
    assert_eq!(request.host_name().as_deref(), Some("pc?1"));
}

#[test]
fn every_guard_names_its_reason() {
    let whole = Packet::discover();
    let changed = |offset, value: &[u8]| Request::parse(&whole.clone().set(offset, value).bytes());
    assert_eq!(Request::parse(&[1; 239]), Err(PacketError::TooShort { length: 239 }));
    assert_eq!(changed(0, &[2]), Err(PacketError::NotARequest { op: 2 }));
    assert_eq!(changed(2, &[17]), Err(PacketError::HardwareAddressTooLong { hlen: 17 }));
    assert_eq!(changed(2, &[255]), Err(PacketError::HardwareAddressTooLong { hlen: 255 }));
    assert_eq!(changed(236, &[0]), Err(PacketError::NoCookie));
    assert_eq!(changed(242, &[2]), Err(PacketError::MessageType(2)));
    assert_eq!(changed(2, &[0]), Err(PacketError::NoIdentity));
    assert_eq!(Request::parse(&whole.bytes()[..240]), Err(PacketError::NoMessageType));
    let twice = Packet::discover().option(53, &[1]).bytes();
    let wrong = PacketError::OptionLength { code: 53, length: 2, expected: 1 };
    assert_eq!(Request::parse(&twice), Err(wrong));
}

#[test]
fn a_sixteen_byte_hardware_address_is_taken_whole() {
    let request = Packet::discover().set(2, &[16]).parse();
    assert_eq!(request.client.hardware().as_bytes().len(), 16);
}

#[test]
fn an_unreadable_host_name_does_not_hide_the_client_identifier() {
    let request = Packet::discover().option(12, &[0xff, 0xfe]).option(61, &[0, 5]).parse();
    assert_eq!(request.client.identifier(), Some([0, 5].as_slice()));
}

#[test]
fn options_that_trip_the_typed_decoder_are_harmless() {
    for (code, value) in [(80, vec![1]), (81, vec![]), (151, vec![]), (156, vec![]), (121, vec![9])]
    {
        Packet::discover().option(code, &value).parse();
    }
}

#[test]
fn options_continue_in_file_and_sname() {
    let request = Packet::discover()
        .set(108, &[50, 4, 192, 0, 2, 9, 255])
        .set(44, &[61, 2, 0, 7, 255])
        .option(52, &[3])
        .parse();
    assert_eq!(request.address_option(50), Ok(Some(Ipv4Addr::new(192, 0, 2, 9))));
    assert_eq!(request.client.identifier(), Some([0, 7].as_slice()));
}

#[test]
fn instances_of_one_option_are_joined() {
    let request = Packet::discover().option(61, &[0, 1]).option(12, b"a").option(61, &[2]).parse();
    assert_eq!(request.client.identifier(), Some([0, 1, 2].as_slice()));
}

/// A client identifier of `length` bytes in as many options as it needs.
fn identified(packet: Packet, length: usize) -> Packet {
    vec![7; length].chunks(255).fold(packet, |packet, part| packet.option(61, part))
}

#[test]
fn a_client_identifier_has_at_most_255_bytes() {
    let parse = |length| Request::parse(&identified(Packet::discover(), length).bytes());
    let longest = parse(255).unwrap();
    assert_eq!(longest.client.identifier().map(<[u8]>::len), Some(255));
    for length in [256, 2000] {
        let error = parse(length).unwrap_err();
        assert_eq!(error, PacketError::ClientIdentifierTooLong { length });
        let text = format!(
            "failed to read the client identifier (option 61): {length} bytes, at most 255 are served"
        );
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn an_empty_client_identifier_is_as_good_as_none() {
    for short in [&[][..], &[1]] {
        let request = Packet::discover().option(61, short).parse();
        assert_eq!(request.client.identifier(), None);
        let nobody = Packet::discover().option(61, short).set(2, &[0]).bytes();
        assert_eq!(Request::parse(&nobody), Err(PacketError::NoIdentity));
    }
}

#[test]
fn relay_suboptions_are_found_and_the_option_is_kept_whole() {
    let raw = [1, 2, 7, 7, 5, 4, 10, 0, 0, 1, 11, 4, 10, 0, 0, 2, 19, 0];
    let relay = Packet::discover().giaddr([192, 0, 2, 1]).option(82, &raw).parse().relay.unwrap();
    assert_eq!(relay.raw, raw);
    assert_eq!(relay.link_selection, Some(Ipv4Addr::new(10, 0, 0, 1)));
    assert_eq!(relay.server_identifier_override, Some(Ipv4Addr::new(10, 0, 0, 2)));
    assert!(relay.source_port);
}

#[test]
fn a_cut_relay_suboption_is_skipped() {
    let request = Packet::discover().giaddr([192, 0, 2, 1]).option(82, &[5, 4, 10]).parse();
    assert_eq!(request.relay.as_ref().unwrap().link_selection, None);
    assert_eq!(request.link_address(), Some(Ipv4Addr::new(192, 0, 2, 1)));
}

#[test]
fn a_client_cannot_choose_its_link_by_writing_a_relay_option() {
    let raw = [5, 4, 10, 0, 0, 1, 11, 4, 10, 0, 0, 2];
    let direct = Packet::discover().option(82, &raw).parse();
    assert_eq!((direct.link_address(), direct.server_identifier_override()), (None, None));
    assert!(direct.relay.is_some(), "it is echoed all the same");
}

#[test]
fn max_payload_leaves_room_for_ip_and_udp_and_has_a_floor() {
    let of = |size: u16| Packet::discover().option(57, &size.to_be_bytes()).parse().max_payload();
    assert_eq!(Packet::discover().parse().max_payload(), 548);
    assert_eq!((of(0), of(576), of(1000), of(65535)), (548, 548, 972, 1472));
}

/// 2000 packets a test; PROPTEST_CASES asks for more.
fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(ProptestConfig::default().cases.max(2000))
}

/// Everything done with a packet before it meets a table.
fn exercise(bytes: &[u8]) {
    let Ok(request) = Request::parse(bytes) else { return };
    for arrival in [Arrival::Unknown, Arrival::Unicast, Arrival::Broadcast] {
        let _ = RequestKind::of(&request, arrival);
    }
    let _ = (request.host_name(), request.lease_time_s(), request.link_address());
    let parameters = reply::tests::parameters();
    let lease = reply::tests::lease();
    for body in [
        reply::Body::Offer(lease, &parameters),
        reply::Body::InformAck(&parameters),
        reply::Body::Nak("no"),
    ] {
        let answer = reply::encode(&request, Ipv4Addr::LOCALHOST, &body);
        assert!((reply::MIN_LENGTH..=reply::MAX_LENGTH).contains(&answer.len()));
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        exercise(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_good_start_are_read_without_panic(
        head in prop::collection::vec(any::<u8>(), 232),
        kind in 0_u8..10,
        hlen in 0_u8..18,
        options in prop::collection::vec(any::<u8>(), 0..1200),
    ) {
        let mut bytes = Packet::new(kind).set(4, &head).set(2, &[hlen]).bytes();
        bytes.pop();
        bytes.extend(options);
        exercise(&bytes);
    }

    #[test]
    fn any_options_are_read_without_panic(
        options in prop::collection::vec(
            (any::<u8>(), prop::collection::vec(any::<u8>(), 0..255)), 0..12),
        kind in 0_u8..10,
        cut in 0_usize..40,
    ) {
        let packet = Packet::new(kind);
        let bytes = options.iter().fold(packet, |p, (code, value)| p.option(*code, value)).bytes();
        exercise(&bytes[..bytes.len().saturating_sub(cut).max(1)]);
    }
}
