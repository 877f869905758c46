//! Prints every DHCPv4 failover message of a capture: time, direction, type, transaction id and
//! options; says where a message is malformed.
//!
//! ```sh
//! cargo run -p cookbook --example decode_capture                     # the capture that comes along
//! cargo run -p cookbook --example decode_capture -- FILE.pcap        # ports 647 and 847
//! cargo run -p cookbook --example decode_capture -- FILE.pcap 6470   # other ports
//! ```
//!
//! What it shows of the libraries: `split_frame` cuts a byte stream into messages, `RawMessage`
//! gives access to every option without allocating, `decode` judges the message by a dialect, and
//! `Dialect::detect` guesses the dialect from a CONNECT. No endpoint is needed for any of that.

use cookbook::{pcap, show, tcp};
use dhcp_failover::wire::{Dialect, RawMessage, split_frame};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddrV4;

/// Two ISC dhcpd 4.4.3-P1 servers that come up, serve some clients and balance their pool.
const SAMPLE: &[u8] = include_bytes!("../data/isc-dora.pcap");
const FAILOVER_PORTS: [u16; 2] = [647, 847];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = match arguments.next() {
        Some(path) => {
            std::fs::read(&path).map_err(|error| format!("failed to read {path}: {error}"))?
        }
        None => SAMPLE.to_vec(),
    };
    let mut ports = Vec::new();
    for argument in arguments {
        let port = argument.parse().map_err(|_| format!("{argument:?} is not a port number"))?;
        ports.push(port);
    }
    if ports.is_empty() {
        ports.extend(FAILOVER_PORTS);
    }
    match print_messages(&file, &ports, &mut io::stdout().lock()) {
        // A reader that has seen enough (`| head`) is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

/// Bytes of one direction that are not a whole message yet; `None` once it cannot be cut any more.
type Unread = BTreeMap<(SocketAddrV4, SocketAddrV4), Option<Vec<u8>>>;

/// Prints all messages and returns how many there were.
fn print_messages(file: &[u8], ports: &[u16], out: &mut impl Write) -> io::Result<usize> {
    let mut streams = tcp::Streams::default();
    let mut unread = Unread::new();
    let mut dialect = Dialect::Draft12;
    let (mut count, mut began) = (0, None);
    for frame in pcap::frames(file).map_err(io::Error::other)? {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                writeln!(out, "The capture is damaged: {error}.")?;
                break;
            }
        };
        let Some(segment) = tcp::segment(&frame) else { continue };
        if ![segment.from, segment.to].iter().any(|end| ports.contains(&end.port())) {
            continue;
        }
        let since_us = frame.time_us.saturating_sub(*began.get_or_insert(frame.time_us));
        let place = format!("{:>11.6}  {} > {}", seconds(since_us), segment.from, segment.to);
        let key = (segment.from, segment.to);
        match streams.add(&segment) {
            tcp::Added::Opened => {
                unread.insert(key, Some(Vec::new()));
            }
            tcp::Added::Bytes(bytes) => {
                if let Some(buffer) = unread.entry(key).or_insert_with(|| Some(Vec::new())) {
                    buffer.extend(bytes);
                }
            }
            tcp::Added::Hole(missing, bytes) => {
                writeln!(out, "{place}  {missing} bytes are not in the capture")?;
                unread.insert(key, Some(bytes));
            }
            tcp::Added::Ignored => {}
        }
        if let Some(slot) = unread.get_mut(&key) {
            count += print_whole(slot, &mut dialect, &place, out)?;
        }
    }
    writeln!(out, "{count} messages")?;
    Ok(count)
}

/// Prints the messages that are complete, and keeps the rest.
fn print_whole(
    slot: &mut Option<Vec<u8>>,
    dialect: &mut Dialect,
    place: &str,
    out: &mut impl Write,
) -> io::Result<usize> {
    let Some(buffer) = slot.take() else { return Ok(0) };
    let (mut rest, mut count) = (buffer.as_slice(), 0);
    loop {
        match split_frame(rest) {
            Ok(None) => {
                *slot = Some(rest.to_vec());
                return Ok(count);
            }
            Ok(Some((message, after))) => {
                // Only a CONNECT or CONNECTACK says who is speaking.
                let raw = RawMessage::parse(message).ok();
                *dialect = raw.and_then(Dialect::detect).unwrap_or(*dialect);
                writeln!(out, "{place}  {}", show::message(message, *dialect))?;
                (rest, count) = (after, count + 1);
            }
            Err(error) => {
                writeln!(out, "{place}  MALFORMED: {error}; the rest is not shown")?;
                return Ok(count);
            }
        }
    }
}

/// For people.
fn seconds(us: u64) -> f64 {
    std::time::Duration::from_micros(us).as_secs_f64()
}

#[test]
fn the_capture_that_comes_along_is_shown_in_full() {
    let mut out = Vec::new();
    // What the lab counted when it was made: 1 CONNECT, 1 CONNECTACK, 4 STATE, 61 BNDUPD,
    // 61 BNDACK, 2 CONTACT.
    assert_eq!(print_messages(SAMPLE, &FAILOVER_PORTS, &mut out).unwrap(), 130);
    let text = String::from_utf8(out).unwrap();
    for (kind, count) in [("CONNECT ", 1), ("CONNECTACK", 1), ("STATE ", 4), ("BNDUPD", 61)] {
        let shown = text.lines().filter(|line| line.contains(&format!("  {kind}"))).count();
        assert_eq!(shown, count, "{kind}");
    }
    assert!(text.contains("relationship-name \"foo\""));
    assert!(text.contains("server-state NORMAL, server-flags STARTUP"));
    assert!(!text.contains("MALFORMED"));
    assert_eq!(print_messages(SAMPLE, &[1], &mut Vec::new()).unwrap(), 0);
}

#[test]
fn a_damaged_capture_is_shown_as_far_as_it_goes() {
    for length in (0..SAMPLE.len()).step_by(7) {
        let _ = print_messages(&SAMPLE[..length], &FAILOVER_PORTS, &mut Vec::new());
    }
    let mut damaged = SAMPLE.to_vec();
    for at in (0..damaged.len()).step_by(97) {
        let kept = damaged[at];
        damaged[at] = 0xff;
        let _ = print_messages(&damaged, &FAILOVER_PORTS, &mut Vec::new());
        damaged[at] = kept;
    }
}
