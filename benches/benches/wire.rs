//! Reading and writing a BNDUPD of a lease, beside dhcproto with a DHCPACK of the same length, and
//! beside a plain copy of the bytes.

use std::{hint::black_box, net::Ipv4Addr};

use benches::{Goal, Ratios};
use criterion::{Criterion, Throughput};
use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, Dialect, HardwareAddress, IpFlags, Message, Packet, RawMessage,
    decode,
    digest::{self, Key, Scheme},
    encode,
};
use dhcproto::{
    Decodable, Encodable, Encoder,
    v4::{self, DhcpOption, DhcpOptions, MessageType, Opcode},
};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 7];
/// Option 61 as systemd-networkd sends it: type, interface and a DUID of the machine.
const CLIENT_ID: [u8; 19] =
    *b"\xff\x00\x00\x00\x01\x00\x02\x00\x00\xab\x11\x01\x02\x03\x04\x05\x06\x07\x08";
const LEASE_S: u32 = 28_800;

/// A lease with every option the draft allows it: twelve options.
fn lease() -> Packet {
    let update = BindingUpdate {
        client_identifier: Some(CLIENT_ID.into()),
        client_hardware_address: Some(HardwareAddress { htype: 1, bytes: MAC.into() }),
        lease_expiration_time: Some(1_700_000_000 + LEASE_S),
        potential_expiration_time: Some(1_700_000_000 + 2 * LEASE_S),
        start_time_of_state: Some(1_700_000_000),
        client_last_transaction_time: Some(1_700_000_000),
        ip_flags: IpFlags::RESERVED,
        ddns: Some(b"\x00\x03\x0blaptop-4711\x06office\x07example\x03com\x00".to_vec()),
        client_request_options: Some(request_options()),
        client_reply_options: Some(reply_options()),
        ..BindingUpdate::new([192, 0, 2, 7].into(), BindingStatus::ACTIVE)
    };
    Packet { time: 1_700_000_000, xid: 7, message: Message::BndUpd(vec![update]) }
}

/// What a client asked, behind the magic cookie.
fn request_options() -> Vec<u8> {
    let mut options = b"\x63\x82\x53\x63".to_vec();
    options.extend_from_slice(b"\x35\x01\x03\x3d\x13");
    options.extend_from_slice(&CLIENT_ID);
    options.extend_from_slice(b"\x0c\x0blaptop-4711\x3c\x08MSFT 5.0");
    options.extend_from_slice(b"\x51\x21\x00\x00\x00laptop-4711.office.example.com");
    options.extend_from_slice(b"\x37\x0e\x01\x03\x06\x0f\x1f\x21\x2b\x2c\x2e\x2f\x77\x79\xf9\xfc");
    options
}

/// What it was answered: the options of [`ack`].
fn reply_options() -> Vec<u8> {
    let bytes = ack(None).to_vec().expect("a sound DHCPACK");
    bytes.get(236..).expect("a header of 236 bytes").to_vec()
}

/// The DHCPACK for the same lease, filled up to `length` with vendor options.
fn ack(length: Option<usize>) -> v4::Message {
    let server = Ipv4Addr::new(192, 0, 2, 1);
    let [unset, address] = [Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(192, 0, 2, 7)];
    let mut message = v4::Message::new_with_id(7, unset, address, server, unset, &MAC);
    message.set_opcode(Opcode::BootReply);
    let mut options = DhcpOptions::new();
    for option in [
        DhcpOption::MessageType(MessageType::Ack),
        DhcpOption::ServerIdentifier(server),
        DhcpOption::AddressLeaseTime(LEASE_S),
        DhcpOption::Renewal(LEASE_S / 2),
        DhcpOption::Rebinding(LEASE_S / 8 * 7),
        DhcpOption::SubnetMask([255, 255, 255, 0].into()),
        DhcpOption::BroadcastAddr([192, 0, 2, 255].into()),
        DhcpOption::Router(vec![server]),
        DhcpOption::DomainNameServer(vec![[192, 0, 2, 53].into(), [198, 51, 100, 53].into()]),
        DhcpOption::NtpServers(vec![[192, 0, 2, 123].into()]),
        DhcpOption::DomainName("office.example.com".into()),
        DhcpOption::Hostname("laptop-4711".into()),
        DhcpOption::ClientIdentifier(CLIENT_ID.into()),
    ] {
        options.insert(option);
    }
    message.set_opts(options);
    if let Some(length) = length {
        let bare = message.to_vec().expect("a sound DHCPACK").len();
        message.opts_mut().insert(DhcpOption::VendorExtensions(vec![0; length - bare - 2]));
        assert_eq!(message.to_vec().expect("a sound DHCPACK").len(), length);
    }
    message
}

fn main() {
    let packet = lease();
    let mut frame = Vec::new();
    encode(&packet, Dialect::Draft12, &mut frame).expect("the lease can be sent");
    let ack = ack(Some(frame.len()));
    let options = ack.opts().iter().count();
    println!("BNDUPD of 12 options, DHCPACK of {options}, {} bytes each", frame.len());

    let mut criterion = Criterion::default().configure_from_args();
    let mut ratios = Ratios::new();
    reading(&mut criterion, &mut ratios, &frame, &ack);
    writing(&mut criterion, &mut ratios, &packet, &frame, &ack);
    digests(&mut criterion, &mut ratios, &frame);
    criterion.final_summary();
    println!("\n{ratios}");
}

fn reading(criterion: &mut Criterion, ratios: &mut Ratios, frame: &[u8], ack: &v4::Message) {
    let ack = ack.to_vec().expect("a sound DHCPACK");
    let view = &mut || {
        assert!(black_box(RawMessage::parse(black_box(frame))).is_ok());
    };
    let walk = &mut || {
        let raw = RawMessage::parse(black_box(frame)).expect("sound");
        black_box(raw.options().map(|option| option.value.len()).sum::<usize>());
    };
    let typed = &mut || {
        assert!(black_box(decode(black_box(frame), Dialect::Draft12)).is_ok());
    };
    let dhcproto = &mut || {
        assert!(black_box(v4::Message::from_bytes(black_box(&ack))).is_ok());
    };
    let dhcproto_walk = &mut || {
        let view = v4::borrowed::Message::new(black_box(&ack)).expect("sound");
        black_box(view.opts().map(|option| option.len()).sum::<usize>());
    };
    let mut copied = Vec::with_capacity(2048);
    let copy = &mut || copy(black_box(frame), &mut copied);

    time_each(
        criterion,
        frame,
        [
            ("copy (limit)", copy),
            ("view", view),
            ("view and walk", walk),
            ("decode", typed),
            ("dhcproto decode", dhcproto),
            ("dhcproto view and walk", dhcproto_walk),
        ],
    );
    ratios.speed("view", view, "dhcproto decode", dhcproto, Goal::AtLeast(20.0));
    ratios.speed("decode", typed, "dhcproto decode", dhcproto, Goal::AtLeast(5.0));
    ratios.speed("view and walk", walk, "dhcproto view and walk", dhcproto_walk, Goal::Shown);
    ratios.time("view", view, "copy", copy, Goal::Shown);
    ratios.time("decode", typed, "copy", copy, Goal::Shown);
}

fn writing(
    criterion: &mut Criterion,
    ratios: &mut Ratios,
    packet: &Packet,
    frame: &[u8],
    ack: &v4::Message,
) {
    let mut out = Vec::with_capacity(2048);
    let write = &mut || {
        out.clear();
        encode(black_box(packet), Dialect::Draft12, &mut out).expect("the lease can be sent");
        black_box(&out);
    };
    let mut out = Vec::with_capacity(2048);
    let dhcproto = &mut || {
        out.clear();
        black_box(ack).encode(&mut Encoder::new(&mut out)).expect("sound");
        black_box(&out);
    };
    let mut copied = Vec::with_capacity(2048);
    let copy = &mut || copy(black_box(frame), &mut copied);

    time_each(criterion, frame, [("encode", write), ("dhcproto encode", dhcproto)]);
    ratios.speed("encode", write, "dhcproto encode", dhcproto, Goal::AtLeast(5.0));
    ratios.time("encode", write, "copy", copy, Goal::Shown);
}

fn digests(criterion: &mut Criterion, ratios: &mut Ratios, frame: &[u8]) {
    for (name, scheme) in [("MD5", Scheme::HMAC_MD5), ("SHA-256", Scheme::HMAC_SHA256)] {
        let key = Key::new(scheme, "secret");
        let mut authentic = frame.to_vec();
        digest::sign(&mut authentic, &key).expect("room for a digest");
        let mut signed = Vec::with_capacity(2048);
        let sign = &mut || {
            copy(frame, &mut signed);
            digest::sign(&mut signed, &key).expect("room for a digest");
            black_box(&signed);
        };
        let verify = &mut || digest::verify(black_box(&authentic), &key).expect("authentic");
        let mut copied = Vec::with_capacity(2048);
        let copy = &mut || copy(black_box(frame), &mut copied);

        let [sign_name, verify_name] = ["sign", "verify"].map(|what| format!("{what}, {name}"));
        time_each(criterion, frame, [(&sign_name, sign), (&verify_name, verify)]);
        ratios.time(&sign_name, sign, "copy", copy, Goal::Shown);
        ratios.time(&verify_name, verify, "copy", copy, Goal::Shown);
    }
}

fn copy(frame: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(frame);
    black_box(out);
}

fn time_each<const N: usize>(
    criterion: &mut Criterion,
    frame: &[u8],
    functions: [(&str, &mut dyn FnMut()); N],
) {
    let mut group = criterion.benchmark_group("bndupd");
    group.throughput(Throughput::Bytes(frame.len() as u64));
    for (name, function) in functions {
        group.bench_function(name, |b| b.iter(&mut *function));
    }
    group.finish();
}
