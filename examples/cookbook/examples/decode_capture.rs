//! Prints every DHCPv4 failover message of a capture: time, direction, type, transaction id and
//! options; says where a message is malformed.
//!
//! ```sh
//! cargo run -p cookbook --example decode_capture                     # the capture that comes along
//! cargo run -p cookbook --example decode_capture -- FILE.pcap        # the usual ports
//! cargo run -p cookbook --example decode_capture -- FILE.pcap 6470   # other ports
//! ```
//!
//! What it shows of the libraries: `dhcp-failover-capture` finds the messages and the dialect of
//! each connection, `RawMessage` gives access to every option without allocating, `describe` says
//! in words what is in one, and `decode` judges the message by the dialect. No endpoint is needed
//! for any of that. `failoverctl decode` is the same with more to choose.

use cookbook::show;
use dhcp_failover_capture::{Options, Reader, What};
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};

/// Two ISC dhcpd 4.4.3-P1 servers that come up, serve some clients and balance their pool.
const SAMPLE: &[u8] = include_bytes!("../data/isc-dora.pcap");

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file: Box<dyn Read + Send> = match arguments.next() {
        Some(path) => {
            Box::new(File::open(&path).map_err(|error| format!("failed to read {path}: {error}"))?)
        }
        None => Box::new(SAMPLE),
    };
    let mut options = Options::default();
    let ports = arguments
        .map(|argument| argument.parse().map_err(|_| format!("{argument:?} is not a port number")));
    let ports = ports.collect::<Result<Vec<u16>, _>>()?;
    if !ports.is_empty() {
        options.ports = ports;
    }
    match print_messages(file, options, &mut io::stdout().lock()) {
        // A reader that has seen enough (`| head`) is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

/// Prints all messages and returns how many there were.
fn print_messages(
    file: impl Read + Send,
    options: Options,
    out: &mut impl Write,
) -> io::Result<usize> {
    let (mut count, mut began_us) = (0, None);
    for found in Reader::new(file, options).map_err(io::Error::other)? {
        let found = match found {
            Ok(found) => found,
            // Always the last item.
            Err(error) => {
                writeln!(out, "{error}")?;
                break;
            }
        };
        let time_us = found.time.unix_us;
        let since_us = time_us.saturating_sub(*began_us.get_or_insert(time_us));
        let since_s = std::time::Duration::from_micros(since_us).as_secs_f64();
        write!(out, "{since_s:>11.6}  {} > {}  ", found.source, found.destination)?;
        match found.what {
            What::Message(bytes) => {
                count += 1;
                writeln!(out, "{}", show::message(&bytes, found.dialect))?;
            }
            What::Skipped { bytes, why } => writeln!(out, "{bytes} bytes skipped: {why}")?,
        }
    }
    writeln!(out, "{count} messages")?;
    Ok(count)
}

#[test]
fn the_capture_that_comes_along_is_shown_in_full() {
    let mut out = Vec::new();
    // What the lab counted when it was made: 1 CONNECT, 1 CONNECTACK, 4 STATE, 61 BNDUPD,
    // 61 BNDACK, 2 CONTACT.
    assert_eq!(print_messages(SAMPLE, Options::default(), &mut out).unwrap(), 130);
    let text = String::from_utf8(out).unwrap();
    for (kind, count) in [("CONNECT ", 1), ("CONNECTACK", 1), ("STATE ", 4), ("BNDUPD", 61)] {
        let shown = text.lines().filter(|line| line.contains(&format!("  {kind}"))).count();
        assert_eq!(shown, count, "{kind}");
    }
    assert!(text.contains("relationship-name \"foo\""));
    assert!(text.contains("server-state NORMAL, server-flags STARTUP"));
    assert!(!text.contains("MALFORMED"));
    let elsewhere = Options { ports: vec![1], ..Options::default() };
    assert_eq!(print_messages(SAMPLE, elsewhere, &mut Vec::new()).unwrap(), 0);
}

#[test]
fn a_damaged_capture_is_shown_as_far_as_it_goes() {
    let mut out = Vec::new();
    assert!(print_messages(&SAMPLE[..5000], Options::default(), &mut out).unwrap() > 50);
    assert!(String::from_utf8(out).unwrap().contains("it was cut off"));
}
