//! Reading and writing a BNDUPD of a lease beside a plain copy of its bytes.

use std::hint::black_box;

use benches::print_ratio;
use criterion::{Criterion, Throughput};
use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, Dialect, HardwareAddress, IpFlags, Message, Packet, RawMessage,
    decode,
    digest::{self, Key, Scheme},
    encode,
};

/// A lease with every option the draft allows it.
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

fn main() {
    let packet = lease();
    let mut frame = Vec::new();
    encode(&packet, Dialect::Draft12, &mut frame).expect("the lease can be sent");
    println!("BNDUPD of {} bytes with 12 options", frame.len());

    let view = || {
        let raw = RawMessage::parse(black_box(&frame)).expect("sound");
        black_box(raw.options().count());
    };
    let typed = || {
        black_box(decode(black_box(&frame), Dialect::Draft12)).expect("sound");
    };
    let mut out = Vec::with_capacity(2048);
    let mut write = || {
        out.clear();
        encode(black_box(&packet), Dialect::Draft12, &mut out).expect("the lease can be sent");
        black_box(&out);
    };
    let mut signed = Vec::with_capacity(2048);
    let key = Key::new(Scheme::HMAC_SHA256, "secret");
    let mut sign = || {
        signed.clear();
        signed.extend_from_slice(&frame);
        digest::sign(&mut signed, &key).expect("room for a digest");
        black_box(&signed);
    };
    let mut copied = Vec::with_capacity(2048);
    let mut copy = || {
        copied.clear();
        copied.extend_from_slice(black_box(&frame));
        black_box(&copied);
    };

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("bndupd");
    group.throughput(Throughput::Bytes(frame.len() as u64));
    group.bench_function("copy (limit)", |b| b.iter(&mut copy));
    group.bench_function("view", |b| b.iter(view));
    group.bench_function("decode", |b| b.iter(typed));
    group.bench_function("encode", |b| b.iter(&mut write));
    group.bench_function("sign", |b| b.iter(&mut sign));
    group.finish();
    criterion.final_summary();

    print_ratio("view", view, "a copy", &mut copy);
    print_ratio("decode", typed, "a copy", &mut copy);
    print_ratio("encode", write, "a copy", &mut copy);
    print_ratio("sign", sign, "a copy", &mut copy);
}
