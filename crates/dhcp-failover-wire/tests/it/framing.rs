//! Messages out of a stream.

use dhcp_failover_wire::{FrameError, MessageLimit, frame_len, split_frame, split_frame_within};

use crate::support::{frame, hex};

#[test]
fn a_length_is_known_from_two_bytes_on() {
    assert_eq!(frame_len(&[]), Ok(None));
    assert_eq!(frame_len(&[0]), Ok(None));
    assert_eq!(frame_len(&[0, 12]), Ok(Some(12)));
    assert_eq!(frame_len(&hex("0800 ff")), Ok(Some(2048)));
}

#[test]
fn an_impossible_length_is_refused_before_the_message_is_there() {
    // draft-12 §6.1: 12 to 2048.
    for length in [0, 1, 11] {
        let bytes = u16::to_be_bytes(length);
        assert_eq!(frame_len(&bytes), Err(FrameError::TooShort { length }));
    }
    for length in [2049, 4096, u16::MAX] {
        let bytes = length.to_be_bytes();
        assert_eq!(
            split_frame(&bytes),
            Err(FrameError::TooLong { length, limit: MessageLimit::DRAFT })
        );
    }
}

#[test]
fn a_message_is_split_off_when_its_last_byte_is_there() {
    let first = frame(11, 12, "");
    let second = frame(1, 12, "0063 0001 00");
    let stream = [first.clone(), second.clone()].concat();
    for length in 0..first.len() {
        assert_eq!(split_frame(&stream[..length]), Ok(None));
    }
    let (message, rest) = split_frame(&stream).unwrap().unwrap();
    assert_eq!((message, rest), (&first[..], &second[..]));
    assert_eq!(split_frame(rest), Ok(Some((&second[..], &[][..]))));
}

#[test]
fn a_longer_message_is_taken_only_where_it_was_agreed_on() {
    let mut long = frame(11, 12, &format!("0063 0bb8 {}", "00".repeat(3000)));
    assert_eq!(long.len(), 3016);
    let agreed = MessageLimit::new(4096);
    assert_eq!(split_frame_within(&long, agreed), Ok(Some((&long[..], &[][..]))));
    assert!(split_frame(&long).is_err());
    long[..2].copy_from_slice(&[0x10, 0x01]);
    assert_eq!(
        split_frame_within(&long, agreed),
        Err(FrameError::TooLong { length: 4097, limit: agreed })
    );
    // Nobody may be held to less than the draft's 2048.
    assert_eq!(MessageLimit::new(100), MessageLimit::DRAFT);
    assert_eq!(MessageLimit::MAX.bytes(), 65_535);
}
