//! The message digest.

use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, DecodeError, Dialect, FrameError, Message, Packet, RawMessage,
    decode,
    digest::{DigestError, DigestKind, sign, verify, verify_absent},
};

use crate::support::{encoded, frame, hex};

const KINDS: [DigestKind; 2] = [DigestKind::HmacMd5, DigestKind::HmacSha256];

fn update(client_identifier: usize) -> Packet {
    let update = BindingUpdate {
        client_identifier: Some(vec![1; client_identifier]),
        ..BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::ACTIVE)
    };
    Packet { time: 1_700_000_000, xid: 1, message: Message::BndUpd(vec![update]) }
}

#[test]
fn a_signed_message_verifies_and_reads_as_before() {
    for kind in KINDS {
        let packet = update(7);
        let mut frame = encoded(&packet, Dialect::Draft12);
        let bare = frame.len();
        sign(&mut frame, kind, b"secret").unwrap();
        assert_eq!(frame.len(), bare + 5 + kind.digest_len());
        assert_eq!(RawMessage::parse(&frame).unwrap().options().next().unwrap().offset, 12);
        assert_eq!(verify(&frame, kind, b"secret"), Ok(()));
        assert_eq!(decode(&frame, Dialect::Draft12), Ok(packet));
    }
}

#[test]
fn the_digest_is_the_hmac_of_the_message_with_zeros_in_its_place() {
    // Values computed with Python's hmac module over the bytes of the message.
    for (kind, expected) in
        [(DigestKind::HmacMd5, MD5_OF_CONTACT), (DigestKind::HmacSha256, SHA256_OF_CONTACT)]
    {
        let mut frame = frame(11, 12, "");
        sign(&mut frame, kind, b"secret").unwrap();
        assert_eq!(frame[17..], hex(expected), "{kind:?}");
    }
}

const MD5_OF_CONTACT: &str = "e2cc899d18397c61f95d1112d22f93d3";
const SHA256_OF_CONTACT: &str = "d3f8a305eec9fc7c3a8cd4052a4755666e9c7bdbdddad7f91671270a1799f4d2";

#[test]
fn any_changed_bit_breaks_the_digest() {
    for kind in KINDS {
        let mut frame = encoded(&update(3), Dialect::Draft12);
        sign(&mut frame, kind, b"secret").unwrap();
        assert_eq!(verify(&frame, kind, b"secret2"), Err(DigestError::Mismatch));
        for index in 0..frame.len() {
            for bit in 0..8 {
                frame[index] ^= 1 << bit;
                assert!(verify(&frame, kind, b"secret").is_err(), "byte {index} bit {bit}");
                frame[index] ^= 1 << bit;
            }
        }
        assert_eq!(verify(&frame, kind, b"secret"), Ok(()));
    }
}

#[test]
fn the_digest_must_be_there_first_and_of_the_configured_type() {
    let check = |options: &str| verify(&frame(11, 12, options), DigestKind::HmacMd5, b"secret");
    assert_eq!(check(""), Err(DigestError::Missing));
    assert_eq!(check("0063 0000  0011 0001 01"), Err(DigestError::NotFirst));
    assert_eq!(check("0011 0000"), Err(DigestError::WrongLength { expected: 17, found: 0 }));
    assert_eq!(check("0011 0002 0100"), Err(DigestError::WrongLength { expected: 17, found: 2 }));
    assert_eq!(check("0011 0002 0200"), Err(DigestError::WrongType { expected: 1, found: 2 }));
    let short = verify(&[0, 3], DigestKind::HmacMd5, b"");
    let error = DecodeError::Frame(FrameError::TooShort { length: 3 });
    assert_eq!(short, Err(DigestError::Message(error)));
}

#[test]
fn a_digest_without_a_secret_is_noticed() {
    assert_eq!(verify_absent(&frame(11, 12, "")), Ok(()));
    let signed = frame(11, 12, "0063 0000  0011 0001 01");
    assert_eq!(verify_absent(&signed), Err(DigestError::Unexpected));
}

#[test]
fn a_message_without_room_or_with_a_digest_is_not_signed_and_not_changed() {
    let mut full = encoded(&update(2048 - 29), Dialect::Draft12);
    let before = full.clone();
    let error = sign(&mut full, DigestKind::HmacMd5, b"secret");
    assert_eq!(error, Err(DigestError::TooLong { length: 2048 + 21 }));
    assert_eq!(full, before);

    let mut signed = encoded(&update(1), Dialect::Draft12);
    sign(&mut signed, DigestKind::HmacMd5, b"secret").unwrap();
    let again = sign(&mut signed.clone(), DigestKind::HmacSha256, b"secret");
    assert_eq!(again, Err(DigestError::AlreadySigned));
}

#[test]
fn a_message_with_more_header_is_signed_behind_it() {
    let mut frame = frame(11, 16, "deadbeef");
    sign(&mut frame, DigestKind::HmacSha256, b"").unwrap();
    assert_eq!(RawMessage::parse(&frame).unwrap().options().next().unwrap().offset, 16);
    assert_eq!(verify(&frame, DigestKind::HmacSha256, b""), Ok(()));
}
