//! The message digest.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, DecodeError, Dialect, FrameError, Message, MessageLimit, Packet,
    RawMessage, decode,
    digest::{
        Coverage, DigestError, Key, KeyEncoding, Scheme, sign, sign_within, verify, verify_absent,
        verify_any,
    },
};

use crate::support::{encoded, frame, hex};

const SCHEMES: [Scheme; 3] = [Scheme::HMAC_MD5, Scheme::HMAC_SHA256, Scheme::WINDOWS];

/// Every combination a configuration can hold, but for the type byte.
fn all_schemes() -> Vec<Scheme> {
    let mut schemes = Vec::new();
    for base in [Scheme::HMAC_MD5, Scheme::HMAC_SHA256] {
        for coverage in [Coverage::ZeroedDigest, Coverage::WithoutOption] {
            for key_encoding in [KeyEncoding::Bytes, KeyEncoding::Utf16, KeyEncoding::Utf16Nul] {
                for appends_secret in [false, true] {
                    schemes.push(Scheme { coverage, key_encoding, appends_secret, ..base });
                }
            }
        }
    }
    schemes
}

fn update(client_identifier: usize) -> Packet {
    let update = BindingUpdate {
        client_identifier: Some(vec![1; client_identifier]),
        ..BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::ACTIVE)
    };
    Packet { time: 1_700_000_000, xid: 1, message: Message::BndUpd(vec![update]) }
}

#[test]
fn a_signed_message_verifies_and_reads_as_before() {
    for scheme in SCHEMES {
        let key = Key::new(scheme, "secret");
        let packet = update(7);
        let mut frame = encoded(&packet, Dialect::Draft12);
        let bare = frame.len();
        sign(&mut frame, &key).unwrap();
        assert_eq!(frame.len(), bare + 5 + scheme.kind.digest_len());
        assert_eq!(RawMessage::parse(&frame).unwrap().options().next().unwrap().offset, 12);
        assert_eq!(verify(&frame, &key), Ok(()));
        assert_eq!(decode(&frame, Dialect::Draft12), Ok(packet));
    }
}

#[test]
fn the_digest_is_the_hmac_of_the_message_with_zeros_in_its_place() {
    // Values computed with Python's hmac module over the bytes of the message.
    for (scheme, expected) in
        [(Scheme::HMAC_MD5, MD5_OF_CONTACT), (Scheme::HMAC_SHA256, SHA256_OF_CONTACT)]
    {
        let mut frame = frame(11, 12, "");
        sign(&mut frame, &Key::new(scheme, "secret")).unwrap();
        assert_eq!(frame[17..], hex(expected), "{scheme:?}");
    }
}

const MD5_OF_CONTACT: &str = "e2cc899d18397c61f95d1112d22f93d3";
const SHA256_OF_CONTACT: &str = "d3f8a305eec9fc7c3a8cd4052a4755666e9c7bdbdddad7f91671270a1799f4d2";

#[test]
fn any_changed_bit_breaks_the_digest() {
    for scheme in SCHEMES {
        let key = Key::new(scheme, "secret");
        let mut frame = encoded(&update(3), Dialect::Draft12);
        sign(&mut frame, &key).unwrap();
        assert_eq!(verify(&frame, &Key::new(scheme, "secret2")), Err(DigestError::Mismatch));
        for index in 0..frame.len() {
            for bit in 0..8 {
                frame[index] ^= 1 << bit;
                assert!(verify(&frame, &key).is_err(), "byte {index} bit {bit}");
                frame[index] ^= 1 << bit;
            }
        }
        assert_eq!(verify(&frame, &key), Ok(()));
    }
}

#[test]
fn the_digest_must_be_there_first_and_of_the_configured_type() {
    let check =
        |options: &str| verify(&frame(11, 12, options), &Key::new(Scheme::HMAC_MD5, "secret"));
    assert_eq!(check(""), Err(DigestError::Missing));
    assert_eq!(check("0063 0000  0011 0001 01"), Err(DigestError::NotFirst));
    assert_eq!(check("0011 0000"), Err(DigestError::WrongLength { expected: 17, found: 0 }));
    assert_eq!(check("0011 0002 0100"), Err(DigestError::WrongLength { expected: 17, found: 2 }));
    assert_eq!(check("0011 0002 0200"), Err(DigestError::WrongType { expected: 1, found: 2 }));
    let short = verify(&[0, 3], &Key::new(Scheme::HMAC_MD5, ""));
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
    let key = Key::new(Scheme::HMAC_MD5, "secret");
    let error = sign(&mut full, &key);
    let limit = MessageLimit::DRAFT;
    assert_eq!(error, Err(DigestError::TooLong { length: 2048 + 21, limit }));
    assert_eq!(full, before);
    sign_within(&mut full, &key, MessageLimit::new(4096)).unwrap();
    assert_eq!(verify(&full, &key), Ok(()));

    let mut fitting = encoded(&update(2048 - 29 - 21), Dialect::Draft12);
    sign(&mut fitting, &key).unwrap();
    assert_eq!(fitting.len(), 2048);

    let mut signed = encoded(&update(1), Dialect::Draft12);
    sign(&mut signed, &key).unwrap();
    let again = sign(&mut signed.clone(), &Key::new(Scheme::HMAC_SHA256, "secret"));
    assert_eq!(again, Err(DigestError::AlreadySigned));
}

#[test]
fn a_message_with_more_header_is_signed_behind_it() {
    let mut frame = frame(11, 16, "deadbeef");
    let key = Key::new(Scheme::HMAC_SHA256, "");
    sign(&mut frame, &key).unwrap();
    assert_eq!(RawMessage::parse(&frame).unwrap().options().next().unwrap().offset, 16);
    assert_eq!(verify(&frame, &key), Ok(()));
}

#[test]
fn every_scheme_gives_another_digest_and_accepts_its_own_only() {
    let schemes = all_schemes();
    let plain = encoded(&update(7), Dialect::Draft12);
    let key = |scheme: &Scheme| Key::new(*scheme, LONG_SECRET);
    for signer in &schemes {
        let mut frame = plain.clone();
        sign(&mut frame, &key(signer)).unwrap();
        for checker in &schemes {
            let found = verify(&frame, &key(checker));
            if checker == signer {
                assert_eq!(found, Ok(()), "{signer:?}");
            } else if checker.kind == signer.kind {
                assert_eq!(found, Err(DigestError::Mismatch), "{signer:?} by {checker:?}");
            } else {
                assert!(matches!(found, Err(DigestError::WrongType { .. })), "{found:?}");
            }
        }
    }
}

#[test]
fn each_part_of_a_scheme_is_what_an_independent_computation_gives() {
    // HMAC-SHA-256 over the same CONTACT by Python's hmac module; the option is 37 bytes.
    for (scheme, expected) in [
        (Scheme::WINDOWS, UTF16_KEY),
        (Scheme { key_encoding: KeyEncoding::Utf16Nul, ..Scheme::WINDOWS }, UTF16_NUL_KEY),
        (Scheme { coverage: Coverage::WithoutOption, ..Scheme::HMAC_SHA256 }, WITHOUT_OPTION),
        (Scheme { appends_secret: true, ..Scheme::HMAC_SHA256 }, SECRET_APPENDED),
    ] {
        let mut frame = frame(11, 12, "");
        sign(&mut frame, &Key::new(scheme, LONG_SECRET)).unwrap();
        assert_eq!(frame[17..], hex(expected), "{scheme:?}");
    }
}

/// HMAC pads a key with zeros to 64 bytes, so that a terminating NUL matters in longer ones only.
const LONG_SECRET: &str = "a secret of more than thirty-two characters";
const UTF16_KEY: &str = "76f83a9d793050db31a5dcaa7c9bf603506f8513eff8a0520651eb6a0cf8a9b8";
const UTF16_NUL_KEY: &str = "7f429e9df24789525e101c7367b4f655e6f67fdfae0dee3f617bf59636e171ff";
const WITHOUT_OPTION: &str = "09aca9cc102297beecf5c893db87924f296e18122090d2d6572ea1a8c2183d3a";
const SECRET_APPENDED: &str = "6651f8768f3b418db8dfeba09e5e7400a411206e57bb1661ae845c7473db3364";

#[test]
fn during_a_rotation_both_secrets_are_accepted() {
    let [old, new, other] = ["old", "new", "other"].map(|key| Key::new(Scheme::HMAC_SHA256, key));
    let mut frame = encoded(&update(7), Dialect::Draft12);
    sign(&mut frame, &old).unwrap();
    let keys = [new, old];
    assert_eq!(verify_any(&frame, &keys), Ok(1));
    assert_eq!(verify_any(&frame, &[other]), Err(DigestError::Mismatch));
    assert_eq!(verify_any(&frame, &[]), Err(DigestError::Missing));
    // What is told is what the present key says.
    let draft = Key::new(Scheme::HMAC_MD5, "old");
    let keys = [draft, keys[0].clone()];
    assert_eq!(verify_any(&frame, &keys), Err(DigestError::WrongType { expected: 1, found: 2 }));
}

#[test]
fn a_key_does_not_show_its_secret() {
    let key = Key::new(Scheme::HMAC_SHA256, "hunter2");
    assert!(!format!("{key:?}").contains("hunter2"));
    assert!(format!("{key:?}").contains("7 bytes"));
    assert_eq!(key, Key::from_bytes(Scheme::HMAC_SHA256, b"hunter2"));
    // Equal keys have equal hashes, others have others.
    let hash = |key: &Key| BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
    assert_eq!(hash(&key), hash(&key.clone()));
    assert_ne!(hash(&key), hash(&Key::new(Scheme::HMAC_SHA256, "hunter3")));
    assert_ne!(hash(&key), hash(&Key::new(Scheme::HMAC_MD5, "hunter2")));
}
