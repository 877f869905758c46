//! Broken messages: what is wrong is said, and where.

use dhcp_failover_wire::{
    DecodeError, Dialect, IpFlags, Message, MessageType, OptionCode, RawMessage, decode,
};

use crate::support::{frame, hex};

fn draft(frame: &[u8]) -> DecodeError {
    decode(frame, Dialect::Draft12).unwrap_err()
}

#[test]
fn the_bytes_given_must_be_one_message() {
    let contact = frame(11, 12, "");
    let with_tail = [&contact[..], &[0]].concat();
    assert_eq!(draft(&with_tail), DecodeError::Length { expected: 12, found: 13 });
    assert_eq!(draft(&contact[..11]), DecodeError::Length { expected: 12, found: 11 });
    assert_eq!(draft(&[]), DecodeError::Length { expected: 12, found: 0 });
    // How long a message may be was decided when it was cut from the stream.
    let long = [&hex("0801")[..], &[0; 100]].concat();
    assert_eq!(draft(&long), DecodeError::Length { expected: 2049, found: 102 });
}

#[test]
fn a_payload_offset_of_8_means_12_and_a_larger_one_skips() {
    let state = "0018 0001 02  0017 0001 00  0019 0004 65000000";
    let expected = decode(&frame(10, 12, state), Dialect::Draft12);
    assert_eq!(decode(&frame(10, 8, state), Dialect::Draft12), expected);
    let skipped = format!("deadbeef {state}");
    assert_eq!(decode(&frame(10, 16, &skipped), Dialect::Draft12), expected);
    assert!(expected.is_ok());
}

#[test]
fn a_payload_offset_inside_the_header_or_after_the_end_is_refused() {
    for found in (0..12).filter(|offset| *offset != 8).chain([13, 255]) {
        let error = draft(&frame(11, found, ""));
        assert_eq!(error, DecodeError::PayloadOffset { found, length: 12 });
    }
}

#[test]
fn an_option_over_the_end_is_located() {
    let overrun = |option, offset, expected, found| DecodeError::OptionOverrun {
        option,
        offset,
        expected,
        found,
    };
    let error = draft(&frame(11, 12, "0063 0000  0010 0005 61626364"));
    assert_eq!(error, overrun(Some(OptionCode::MESSAGE), 16, 5, 4));
    let text = "option message at offset 16 needs 5 bytes and has 4";
    assert_eq!(error.to_string(), text);
    let error = draft(&frame(11, 12, "001000"));
    assert_eq!(error, overrun(None, 12, 4, 3));
    assert_eq!(error.to_string(), "option header at offset 12 needs 4 bytes and has 3");
}

#[test]
fn a_known_option_of_wrong_length_is_refused_where_it_is_read() {
    let wrong = |option, offset, expected, found| DecodeError::OptionLength {
        option,
        offset,
        expected,
        found,
    };
    let address = "0002 0004 c0000201";
    for (message_type, options, error) in [
        (2, "0001 0003 000000", wrong(OptionCode::ADDRESSES_TRANSFERRED, 12, 4, 3)),
        (3, "0002 0005 c000020100", wrong(OptionCode::ASSIGNED_IP_ADDRESS, 12, 4, 5)),
        (5, "000b 0001 ff", wrong(OptionCode::HASH_BUCKET_ASSIGNMENT, 12, 32, 1)),
        (5, "0016 0000", wrong(OptionCode::RELATIONSHIP_NAME, 12, 1, 0)),
        (10, "0018 0002 0002", wrong(OptionCode::SERVER_STATE, 12, 1, 2)),
    ] {
        assert_eq!(draft(&frame(message_type, 12, options)), error);
    }
    for (options, error) in [
        ("0003 0000", wrong(OptionCode::BINDING_STATUS, 20, 1, 0)),
        ("0005 0000", wrong(OptionCode::CLIENT_HARDWARE_ADDRESS, 20, 1, 0)),
        ("000c 0003 000000", wrong(OptionCode::IP_FLAGS, 20, 2, 3)),
        ("000d 0008 0000000000000000", wrong(OptionCode::LEASE_EXPIRATION_TIME, 20, 4, 8)),
    ] {
        assert_eq!(draft(&frame(3, 12, &format!("{address} {options}"))), error);
    }
    // An option without meaning in the message is not looked at.
    assert!(decode(&frame(11, 12, "0018 0002 0002"), Dialect::Draft12).is_ok());
}

#[test]
fn a_known_option_may_come_once_and_an_unknown_one_as_often_as_it_likes() {
    // draft-12 §6.2.
    let state = "0018 0001 02  0017 0001 00  0019 0004 65000000";
    let twice = format!("{state} 0018 0001 02");
    let duplicate = |option, offset| DecodeError::Duplicate { option, offset };
    assert_eq!(draft(&frame(10, 12, &twice)), duplicate(OptionCode::SERVER_STATE, 30));
    let unknown = format!("{state} 0063 0001 02  0063 0000");
    assert!(decode(&frame(10, 12, &unknown), Dialect::Draft12).is_ok());
    let within = "0002 0004 c0000201  0003 0001 01  0003 0001 01";
    assert_eq!(draft(&frame(3, 12, within)), duplicate(OptionCode::BINDING_STATUS, 25));
}

#[test]
fn a_second_binding_is_a_duplicate_only_to_dhcpd() {
    let one = "0002 0004 c0000201  0003 0001 01";
    let two = frame(3, 12, &format!("{one} {one}"));
    let Message::BndUpd(updates) = decode(&two, Dialect::Draft12).unwrap().message else {
        panic!("a BNDUPD");
    };
    assert_eq!(updates.len(), 2);
    let error = DecodeError::Duplicate { option: OptionCode::ASSIGNED_IP_ADDRESS, offset: 25 };
    assert_eq!(decode(&two, Dialect::IscDhcpd), Err(error));
}

#[test]
fn a_binding_begins_with_its_address() {
    // draft-12 §6.3.
    let error = draft(&frame(3, 12, "0003 0001 01  0002 0004 c0000201"));
    let option = OptionCode::BINDING_STATUS;
    assert_eq!(error, DecodeError::OutsideBinding { option, offset: 12 });
    // Options of the whole message may stand before it.
    let digest = "0011 0003 010000  0002 0004 c0000201  0003 0001 01";
    assert!(decode(&frame(3, 12, digest), Dialect::Draft12).is_ok());
}

#[test]
fn required_options_are_required() {
    let ok = [
        (2, "0001 0004 00000001", vec![OptionCode::ADDRESSES_TRANSFERRED]),
        (
            5,
            "0016 0001 78  0014 0001 01",
            vec![OptionCode::RELATIONSHIP_NAME, OptionCode::PROTOCOL_VERSION],
        ),
        (
            6,
            "0016 0001 78  0014 0001 01",
            vec![OptionCode::RELATIONSHIP_NAME, OptionCode::PROTOCOL_VERSION],
        ),
        (
            10,
            "0018 0001 02  0017 0001 00  0019 0004 65000000",
            vec![
                OptionCode::SERVER_STATE,
                OptionCode::SERVER_FLAGS,
                OptionCode::START_TIME_OF_STATE,
            ],
        ),
        (12, "0015 0001 11", vec![OptionCode::REJECT_REASON]),
    ];
    for (message_type, options, required) in ok {
        let whole = frame(message_type, 12, options);
        assert!(decode(&whole, Dialect::Draft12).is_ok());
        let raw = RawMessage::parse(&whole).unwrap();
        for code in required {
            let mut rest = whole[..12].to_vec();
            for option in raw.options().filter(|option| option.code != code) {
                let start = usize::from(option.offset);
                rest.extend(&whole[start..start + 4 + option.value.len()]);
            }
            let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
            rest[..2].copy_from_slice(&length);
            let message_type = MessageType(message_type);
            let error = DecodeError::Missing { message_type, option: code, offset: 0 };
            assert_eq!(draft(&rest), error);
        }
    }
    let no_status = frame(3, 12, "0002 0004 c0000201 0003 0001 01  0002 0004 c0000202");
    let (message_type, option) = (MessageType::BNDUPD, OptionCode::BINDING_STATUS);
    assert_eq!(draft(&no_status), DecodeError::Missing { message_type, option, offset: 25 });
    let option = OptionCode::ASSIGNED_IP_ADDRESS;
    assert_eq!(draft(&frame(3, 12, "")), DecodeError::Missing { message_type, option, offset: 0 });
}

#[test]
fn unknown_message_types_are_errors_below_128_and_ignorable_above() {
    // draft-12 §6.1.
    for found in [0, 13, 127] {
        let error = draft(&frame(found, 12, ""));
        assert_eq!(error, DecodeError::UnknownMessageType { found: MessageType(found) });
        assert!(!error.is_ignorable());
    }
    for found in [128, 255] {
        let error = draft(&frame(found, 12, ""));
        assert_eq!(error, DecodeError::Ignorable { found: MessageType(found) });
        assert!(error.is_ignorable());
    }
}

#[test]
fn ip_flags_of_one_byte_are_read_in_the_draft_only() {
    // draft-12 §12.12 gives a length of 1 and draws two bytes.
    let short = frame(3, 12, "0002 0004 c0000201  0003 0001 01  000c 0001 03");
    let Message::BndUpd(updates) = decode(&short, Dialect::Draft12).unwrap().message else {
        panic!("a BNDUPD");
    };
    assert_eq!(updates[0].ip_flags, IpFlags::RESERVED.union(IpFlags::BOOTP));
    assert!(matches!(
        decode(&short, Dialect::IscDhcpd),
        Err(DecodeError::OptionLength { option: OptionCode::IP_FLAGS, offset: 25, .. })
    ));
}

#[test]
fn text_in_another_encoding_is_read_without_growing() {
    let latin1 = frame(12, 12, "0015 0001 11  0010 0005 66fc72ff21");
    let Message::Disconnect(body) = decode(&latin1, Dialect::IscDhcpd).unwrap().message else {
        panic!("a DISCONNECT");
    };
    assert_eq!(body.message.as_deref(), Some("f?r?!"));
}
