//! Building and reading messages in tests.

use dhcp_failover_wire::{Dialect, Packet, encode};

/// Bytes from hex digits; spaces are ignored.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).expect("a hex digit") as u8)
        .collect();
    assert_eq!(digits.len() % 2, 0, "odd number of hex digits in {text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A message of `message_type` with these options in hex, its length filled in.
pub(crate) fn frame(message_type: u8, payload_offset: u8, options: &str) -> Vec<u8> {
    let mut frame = hex("0000 0000 65000000 00000007");
    frame[2] = message_type;
    frame[3] = payload_offset;
    frame.extend(hex(options));
    let length = u16::try_from(frame.len()).unwrap();
    frame[..2].copy_from_slice(&length.to_be_bytes());
    frame
}

pub(crate) fn encoded(packet: &Packet, dialect: Dialect) -> Vec<u8> {
    let mut out = Vec::new();
    encode(packet, dialect, &mut out).unwrap_or_else(|error| panic!("{error} in {packet:?}"));
    out
}
