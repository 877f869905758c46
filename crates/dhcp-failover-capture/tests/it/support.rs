//! Captures made by hand.

use std::net::Ipv4Addr;

use dhcp_failover_capture::{Found, Options, Reader, Skip, What};
use dhcp_failover_wire::{Dialect, Message, Packet, PoolResp, encode};

pub(crate) const PRIMARY: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 50_001);
pub(crate) const SECONDARY: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 2), 647);

pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const ACK: u8 = 0x10;

/// A message that differs for each number.
pub(crate) fn message(number: u32) -> Vec<u8> {
    let message = match number % 3 {
        0 => Message::Contact,
        1 => Message::PoolResp(PoolResp { addresses_transferred: number }),
        _ => Message::UpdDone,
    };
    let mut bytes = Vec::new();
    encode(&Packet { time: 1, xid: number, message }, Dialect::Draft12, &mut bytes)
        .expect("a good message");
    bytes
}

/// An IPv4 packet with a TCP segment; checksums are left out, nobody looks at them.
pub(crate) fn ip_packet(
    (source, source_port): (Ipv4Addr, u16),
    (destination, destination_port): (Ipv4Addr, u16),
    sequence: u32,
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let length = u16::try_from(40 + payload.len()).expect("a small packet");
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend(source_port.to_be_bytes());
    packet.extend(destination_port.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

pub(crate) fn ethernet(ip: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], ip].concat()
}

/// From the primary to the secondary.
pub(crate) fn segment(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(&ip_packet(PRIMARY, SECONDARY, sequence, flags, payload))
}

pub(crate) fn reply(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(&ip_packet(SECONDARY, PRIMARY, sequence, flags, payload))
}

/// A little-endian pcap file of microseconds; packet `n` (from 0) was captured `n` seconds after
/// 1000.
pub(crate) fn pcap(link_type: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    file.extend(link_type.to_le_bytes());
    for (second, packet) in (1000_u32..).zip(packets) {
        let length = u32::try_from(packet.len()).expect("a small packet").to_le_bytes();
        file.extend(second.to_le_bytes());
        file.extend(7_u32.to_le_bytes());
        file.extend(length);
        file.extend(length);
        file.extend(packet);
    }
    file
}

pub(crate) fn read(file: &[u8]) -> Vec<Found> {
    Reader::new(file, Options::default())
        .and_then(Iterator::collect)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The messages, and what was skipped, of Ethernet packets.
pub(crate) fn found(packets: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<(u64, Skip)>) {
    let (mut messages, mut skipped) = (Vec::new(), Vec::new());
    for found in read(&pcap(1, packets)) {
        match found.what {
            What::Message(bytes) => messages.push(bytes),
            What::Skipped { bytes, why } => skipped.push((bytes, why)),
        }
    }
    (messages, skipped)
}
