//! The codec on a lease with every option the draft allows it, and the hash of a hardware address.

use std::hint::black_box;

use super::Case;
use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, Dialect, HardwareAddress, IpFlags, Message, Packet, RawMessage,
    decode,
    digest::{self, Key, Scheme},
    encode,
};
use dhcp_loadbalance::{client_key, hash};

pub(super) const CASES: &[Case] = &[
    ("wire/view", view_case),
    ("wire/decode", decode_case),
    ("wire/encode", encode_case),
    ("wire/verify-sha256", verify_case),
    ("loadbalance/hash", hash_case),
];

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

fn frame() -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&lease(), Dialect::Draft12, &mut frame).expect("the lease can be sent");
    frame
}

fn view_case() -> Box<dyn FnMut()> {
    let frame = frame();
    Box::new(move || {
        black_box(RawMessage::parse(black_box(&frame))).expect("sound");
    })
}

fn decode_case() -> Box<dyn FnMut()> {
    let frame = frame();
    Box::new(move || {
        black_box(decode(black_box(&frame), Dialect::Draft12)).expect("sound");
    })
}

fn encode_case() -> Box<dyn FnMut()> {
    let (packet, mut out) = (lease(), Vec::with_capacity(2048));
    Box::new(move || {
        out.clear();
        encode(black_box(&packet), Dialect::Draft12, &mut out).expect("the lease can be sent");
        black_box(&out);
    })
}

fn verify_case() -> Box<dyn FnMut()> {
    let (mut frame, key) = (frame(), Key::new(Scheme::HMAC_SHA256, "a shared secret"));
    digest::sign(&mut frame, &key).expect("room for a digest");
    Box::new(move || digest::verify(black_box(&frame), &key).expect("just signed"))
}

fn hash_case() -> Box<dyn FnMut()> {
    let chaddr = [2, 0, 0, 0, 0, 7];
    Box::new(move || {
        black_box(hash(client_key(None, black_box(&chaddr))));
    })
}
