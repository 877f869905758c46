//! What allocates and what does not, counted. A test binary of its own, because the counting
//! allocator is one for the whole program.

use std::hint::black_box;

use allocation_counter::measure;
use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, Dialect, EncodeError, HardwareAddress, IpFlags, MAX_MESSAGE_LEN,
    Message, Packet, RawMessage, decode,
    digest::{self, DigestError, Key, Scheme},
    encode, split_frame,
};

/// Allocations made by `f`, which is run once before: what happens once in a program does not count.
fn allocations(mut f: impl FnMut()) -> u64 {
    f();
    measure(f).count_total
}

/// A lease with every option the draft allows it: five of them need memory of their own.
fn lease() -> Packet {
    let update = BindingUpdate {
        client_identifier: Some(vec![1, 2, 0, 0, 0, 0, 7]),
        client_hardware_address: Some(HardwareAddress { htype: 1, bytes: vec![2, 0, 0, 0, 0, 7] }),
        lease_expiration_time: Some(1_700_003_600),
        potential_expiration_time: Some(1_700_007_200),
        start_time_of_state: Some(1_700_000_000),
        client_last_transaction_time: Some(1_700_000_000),
        ip_flags: IpFlags::RESERVED,
        ddns: Some(b"\x00\x03\x04host\x07example\x00".to_vec()),
        client_request_options: Some(b"\x63\x82\x53\x63\x0c\x04host".to_vec()),
        client_reply_options: Some(b"\x63\x82\x53\x63\x33\x04\x00\x00\x0e\x10".to_vec()),
        ..BindingUpdate::new([192, 0, 2, 7].into(), BindingStatus::ACTIVE)
    };
    Packet { time: 1_700_000_000, xid: 7, message: Message::BndUpd(vec![update]) }
}

fn encoded() -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&lease(), Dialect::Draft12, &mut frame).expect("the lease can be sent");
    frame
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1);
}

#[test]
fn framing_and_view_allocate_nothing() {
    let frame = encoded();
    let count = allocations(|| {
        let (message, _) = split_frame(black_box(&frame)).expect("a length").expect("complete");
        let raw = RawMessage::parse(message).expect("sound");
        assert_eq!(black_box(raw.options()).count(), 12);
        black_box((raw.header(), Dialect::detect(raw)));
    });
    assert_eq!(count, 0);
}

#[test]
fn refusing_a_broken_message_allocates_nothing() {
    let frame = encoded();
    for length in 0..frame.len() {
        let mut broken = frame[..length].to_vec();
        if let (Ok(value), Some(field)) = (u16::try_from(length), broken.first_chunk_mut()) {
            *field = value.to_be_bytes();
        }
        let count = allocations(|| {
            let _ = black_box(split_frame(black_box(&broken)));
            let _ = black_box(RawMessage::parse(black_box(&broken)));
        });
        assert_eq!(count, 0, "length {length}");
    }
}

/// The messages of a Windows pair, decoded.
fn windows_messages() -> impl Iterator<Item = Packet> {
    let lines = include_str!("data/microsoft.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let hex = line.split_whitespace().nth(2).expect("direction, type and bytes");
        let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
        let frame: Vec<u8> =
            digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex digits")).collect();
        decode(&frame, Dialect::MICROSOFT).expect("a captured message")
    })
}

#[test]
fn encoding_into_a_reserved_buffer_allocates_nothing() {
    let for_dhcpd = || {
        let Packet { message: Message::BndUpd(mut updates), .. } = lease() else { unreachable!() };
        updates.iter_mut().for_each(|update| update.ddns = None);
        Packet { message: Message::BndUpd(updates), ..lease() }
    };
    let contact = || Packet { message: Message::Contact, ..lease() };
    let packets = [
        (Dialect::Draft12, lease()),
        (Dialect::Draft12, contact()),
        (Dialect::IscDhcpd, for_dhcpd()),
        (Dialect::IscDhcpd, contact()),
    ];
    let windows = windows_messages().map(|packet| (Dialect::MICROSOFT, packet));
    for (dialect, packet) in packets.into_iter().chain(windows) {
        let mut out = Vec::with_capacity(MAX_MESSAGE_LEN);
        let count = allocations(|| {
            out.clear();
            encode(black_box(&packet), dialect, &mut out).expect("can be sent");
        });
        assert_eq!(count, 0, "{dialect:?}, {packet:?}");
    }
}

#[test]
fn refusing_to_encode_allocates_nothing() {
    let packet = Packet { message: Message::BndUpd(Vec::new()), ..lease() };
    let mut out = Vec::with_capacity(MAX_MESSAGE_LEN);
    let count = allocations(|| {
        let result = encode(black_box(&packet), Dialect::Draft12, &mut out);
        assert!(matches!(result, Err(EncodeError::Missing { .. })));
    });
    assert_eq!(count, 0);
}

#[test]
fn signing_into_a_reserved_buffer_and_verifying_allocate_nothing() {
    let frame = encoded();
    for scheme in [Scheme::HMAC_MD5, Scheme::HMAC_SHA256, Scheme::WINDOWS] {
        let [key, other] = ["secret", "Secret"].map(|secret| Key::new(scheme, secret));
        let mut signed = Vec::with_capacity(MAX_MESSAGE_LEN);
        let signing = allocations(|| {
            signed.clear();
            signed.extend_from_slice(&frame);
            digest::sign(&mut signed, &key).expect("room for a digest");
        });
        let verifying = allocations(|| {
            digest::verify(black_box(&signed), &key).expect("authentic");
            assert_eq!(digest::verify(&signed, &other), Err(DigestError::Mismatch));
        });
        assert_eq!((signing, verifying), (0, 0), "{scheme:?}");
    }
}

#[test]
fn decoding_allocates_once_for_the_bindings_and_once_for_each_value_it_keeps() {
    let frame = encoded();
    let count = allocations(|| {
        let packet = decode(black_box(&frame), Dialect::Draft12).expect("sound");
        drop(black_box(packet));
    });
    assert_eq!(count, 1 + 5);
}
