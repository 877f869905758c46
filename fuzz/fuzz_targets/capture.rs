//! Any bytes as a capture, any segments in a sound one, and pieces of a good stream in any order:
//! the reader ends, gives nothing that was not there, and everything it gives can be shown. Out of
//! the good stream come its messages and no others, in order, whatever is lost or repeated.
#![no_main]

use std::{fmt::Write, sync::OnceLock};

use dhcp_failover_capture::{Options, Reader, What};
use dhcp_failover_wire::{Dialect, Message, Packet, PoolResp, RawMessage, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    match kind % 3 {
        0 => read(data, u64::MAX),
        1 => {
            let (file, payload) = capture(data);
            read(&file, payload);
        }
        _ => pieces(data),
    }
});

fn read(file: &[u8], payload: u64) {
    let Ok(reader) = Reader::new(file, Options::default()) else { return };
    let mut given = 0;
    for found in reader {
        let Ok(found) = found else { break };
        let What::Message(bytes) = found.what else { continue };
        given += bytes.len() as u64;
        let Ok(raw) = RawMessage::parse(&bytes) else { continue };
        for dialect in [found.dialect, Dialect::Draft12] {
            for option in raw.options() {
                let mut shown = Printable;
                write!(shown, "{}", option.describe(dialect)).expect("only printable text");
            }
        }
    }
    assert!(given <= payload, "{given} bytes of messages out of {payload}");
}

/// Takes text that may go to a terminal, and nothing else.
struct Printable;

impl Write for Printable {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if text.chars().any(char::is_control) { Err(std::fmt::Error) } else { Ok(()) }
    }
}

/// Each three bytes are the direction, and where a piece of the good stream begins and how long it
/// is, in steps of two bytes.
fn pieces(data: &[u8]) {
    let (messages, stream) = good();
    let mut file = pcap_header();
    for &[how, place, length] in data.as_chunks().0 {
        let start = (2 * usize::from(place) + usize::from(how >> 1 & 1)).min(stream.len());
        let end = (start + 2 * usize::from(length)).min(stream.len());
        packet(&mut file, how & 1, ACK, start as u32, &stream[start..end]);
    }
    let Ok(reader) = Reader::new(&file[..], Options::default()) else { return };
    let mut expected = [messages.iter(), messages.iter()];
    for found in reader {
        let found = found.expect("a sound capture");
        let What::Message(bytes) = found.what else { continue };
        let left = &mut expected[usize::from(found.source.port() == 647)];
        assert!(left.any(|it| *it == bytes), "frame {}: {bytes:02x?}", found.frame);
    }
}

/// Messages that differ, and the stream they make.
fn good() -> &'static (Vec<Vec<u8>>, Vec<u8>) {
    static GOOD: OnceLock<(Vec<Vec<u8>>, Vec<u8>)> = OnceLock::new();
    GOOD.get_or_init(|| {
        let message = |number| match number % 3 {
            0 => Message::Contact,
            1 => Message::PoolResp(PoolResp { addresses_transferred: number }),
            _ => Message::UpdDone,
        };
        let bytes = |number| {
            let packet = Packet { time: 1, xid: number, message: message(number) };
            let mut bytes = Vec::new();
            encode(&packet, Dialect::Draft12, &mut bytes).expect("a good message");
            bytes
        };
        let messages: Vec<_> = (0..30).map(bytes).collect();
        let stream = messages.concat();
        (messages, stream)
    })
}

/// A pcap file of raw IP packets: each begins with a byte that says direction and flags, one for
/// the place in the stream (a step of four bytes) and one for the length of its payload.
fn capture(mut data: &[u8]) -> (Vec<u8>, u64) {
    let mut file = pcap_header();
    let mut total = 0;
    while let Some((&[how, place, length], rest)) = data.split_first_chunk() {
        let (payload, rest) = rest.split_at(usize::from(length).min(rest.len()));
        data = rest;
        total += payload.len() as u64;
        packet(&mut file, how, how >> 1 & 0x17, 4 * u32::from(place), payload);
    }
    (file, total)
}

const ACK: u8 = 0x10;

fn pcap_header() -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    file.extend(101_u32.to_le_bytes());
    file
}

/// The lowest bit of `how` is the direction, the highest two are the connection. Sequence numbers
/// wrap soon.
fn packet(file: &mut Vec<u8>, how: u8, flags: u8, place: u32, payload: &[u8]) {
    let length = 40 + payload.len() as u32;
    for field in [1, 2, length, length] {
        file.extend(u32::to_le_bytes(field));
    }
    file.extend([0x45, 0]);
    file.extend((length as u16).to_be_bytes());
    file.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    let ends = [[192, 0, 2, 1], [192, 0, 2, 2]];
    let ports = [50_000 + u16::from(how >> 6), 647];
    let from = usize::from(how & 1);
    file.extend(ends[from]);
    file.extend(ends[1 - from]);
    file.extend(ports[from].to_be_bytes());
    file.extend(ports[1 - from].to_be_bytes());
    file.extend((u32::MAX - 100).wrapping_add(place).to_be_bytes());
    file.extend([0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0]);
    file.extend(payload);
}
