//! Packets no client should send: no answer, and the next client is served.

use crate::support::{LONE_SCOPE, RELAY, Server, seed, xid};
use dhcproto::v4::MessageType;
use failoverd::demo::packet::{Content, Identity, encode, message};
use failoverd::demo::random::Random;

/// Where the options begin.
const OPTIONS: usize = 240;

fn discover() -> Vec<u8> {
    let content = Content { xid: xid(), relay: Some(RELAY), ..Content::default() };
    encode(&message(MessageType::Discover, &Identity::numbered(0xbb, 1), content))
}

/// A DISCOVER whose options are `options`.
fn with_options(options: &[u8]) -> Vec<u8> {
    let mut bytes = discover();
    bytes.truncate(OPTIONS);
    bytes.extend_from_slice(options);
    bytes
}

/// A DISCOVER with an option of `length` bytes, in as many parts as it needs (RFC 3396).
fn with_long(code: u8, length: usize) -> Vec<u8> {
    let mut options = vec![53, 1, 1];
    for part in vec![7; length].chunks(255) {
        options.extend([code, u8::try_from(part.len()).expect("at most 255")]);
        options.extend_from_slice(part);
    }
    options.push(255);
    with_options(&options)
}

fn with_identifier(length: usize) -> Vec<u8> {
    with_long(61, length)
}

fn changed(position: usize, value: u8) -> Vec<u8> {
    let mut bytes = discover();
    bytes[position] = value;
    bytes
}

#[test]
fn a_malformed_packet_does_not_stop_service() {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("one byte", vec![1]),
        ("a header cut short", discover()[..100].to_vec()),
        ("no options", discover()[..OPTIONS].to_vec()),
        ("no cookie", discover()[..236].to_vec()),
        ("hlen 17", changed(2, 17)),
        ("hlen 255", changed(2, 255)),
        ("hlen 0", changed(2, 0)),
        ("op 0", changed(0, 0)),
        ("op 2, an answer", changed(0, 2)),
        ("op 9", changed(0, 9)),
        ("a wrong cookie", changed(236, 0)),
        ("an option longer than the packet", with_options(&[53, 1, 1, 61, 200, 1])),
        ("an option without length", with_options(&[53, 1, 1, 61])),
        ("message type of no bytes", with_options(&[53, 0, 255])),
        ("message type of two bytes", with_options(&[53, 2, 1, 1, 255])),
        ("message type 0", with_options(&[53, 1, 0, 255])),
        ("message type 200", with_options(&[53, 1, 200, 255])),
        ("an empty client identifier", with_options(&[53, 1, 1, 61, 0, 255])),
        ("a short requested address", with_options(&[53, 1, 3, 50, 2, 1, 2, 255])),
        ("a long server identifier", with_options(&[53, 1, 3, 54, 5, 1, 2, 3, 4, 5, 255])),
        ("overload without fields", with_options(&[53, 1, 1, 52, 1, 3, 255])),
        ("overload 200", with_options(&[53, 1, 1, 52, 1, 200, 255])),
        ("option 82 cut short", with_options(&[53, 1, 1, 82, 2, 1, 9, 255])),
        ("empty option 82", with_options(&[53, 1, 1, 82, 0, 255])),
        ("a client identifier of 2000 bytes", with_identifier(2000)),
        ("a client identifier of 256 bytes", with_identifier(256)),
        ("a relay option of 1400 bytes", with_long(82, 1400)),
        ("a host name of 510 bytes", with_long(12, 510)),
        ("a thousand pads", with_options(&[0; 1000])),
        ("the largest datagram", vec![0xff; 60_000]),
    ];
    let mut server = Server::start(LONE_SCOPE);
    for (number, (name, bytes)) in (1..).zip(&cases) {
        println!("{name}");
        server.send(bytes);
        server.must_serve(number);
    }
}

#[test]
fn random_bytes_do_not_stop_service() {
    let mut random = Random::new(seed());
    let mut server = Server::start(LONE_SCOPE);
    for number in 1..=20 {
        for _ in 0..50 {
            let length = random.below(700) as usize;
            let noise = random.bytes(length);
            server.send(&noise);
            // The same behind a good header, so that the options are reached.
            let mut bytes = with_options(&[53, 1, 1 + random.below(8) as u8]);
            bytes.extend_from_slice(&noise);
            server.send(&bytes);
            // A good packet with a few bytes changed.
            let mut bytes = discover();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.below(256) as u8;
            }
            server.send(&bytes);
        }
        server.must_serve(1000 + number);
    }
}
