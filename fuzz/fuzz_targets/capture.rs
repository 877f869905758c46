//! Any bytes as a capture, and any segments in a sound one: the reader ends, gives nothing that was
//! not there, and everything it gives can be shown.
#![no_main]

use std::fmt::Write;

use dhcp_failover_capture::{Options, Reader, What};
use dhcp_failover_wire::{Dialect, RawMessage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    if kind & 1 == 0 {
        read(data, u64::MAX);
    } else {
        let (file, payload) = capture(data);
        read(&file, payload);
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

/// A pcap file of raw IP packets: each begins with a byte that says direction and flags, one for
/// the place in the stream (a step of four bytes) and one for the length of its payload.
fn capture(mut data: &[u8]) -> (Vec<u8>, u64) {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    file.extend(101_u32.to_le_bytes());
    let mut total = 0;
    while let Some((&[how, place, length], rest)) = data.split_first_chunk() {
        let (payload, rest) = rest.split_at(usize::from(length).min(rest.len()));
        data = rest;
        total += payload.len() as u64;
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
        file.extend((u32::MAX - 100).wrapping_add(4 * u32::from(place)).to_be_bytes());
        file.extend([0, 0, 0, 0, 0x50, how >> 1 & 0x17, 0, 0, 0, 0, 0, 0]);
        file.extend(payload);
    }
    (file, total)
}
