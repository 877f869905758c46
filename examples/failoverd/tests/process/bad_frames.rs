//! Failover connections no partner should make: each is answered or closed, and clients are served.

use crate::support::{PARTNER, Server, seed};
use dhcp_failover_wire::{
    Connect, Dialect, Message, Packet, RejectReason, decode, encode, split_frame,
};
use failoverd::demo::random::Random;
use failoverd::demo::remote;
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the server may take to answer or to close.
const PATIENCE: Duration = Duration::from_secs(8);

/// A secondary whose partner never calls, and a scope it serves alone.
const SECONDARY: &str = r#"
[[relationship]]
name = "lab"
role = "secondary"
partner = "127.78.0.3:9"
mclt_s = 60
receive_timer_s = 6
startup_s = 1
dialect = "draft12"

[[scope]]
subnet = "127.78.0.0/16"
ranges = ["127.78.1.0-127.78.8.255"]
lease_s = 3600

[[scope]]
subnet = "10.78.0.0/24"
ranges = ["10.78.0.10-10.78.0.99"]
lease_s = 3600
relationship = "lab"
"#;

/// A connection from `from` to the server's failover port.
fn connect_from(server: &Server, from: Ipv4Addr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddrV4::new(from, 0).into()).expect("a loopback address");
    socket.connect(&server.failover.into()).expect("the server listens");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
    stream
}

/// A good CONNECT of the partner, under another name if wanted.
fn connect_message(name: &str) -> Vec<u8> {
    connect_that(|connect| connect.relationship_name = name.as_bytes().to_vec())
}

/// A CONNECT of the partner, changed in some way.
fn connect_that(change: impl Fn(&mut Connect)) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let mut connect = Connect {
        relationship_name: b"lab".to_vec(),
        max_unacked_bndupd: Some(10),
        receive_timer: Some(6),
        vendor_class_identifier: Some(b"test".to_vec()),
        protocol_version: 1,
        tls_request: Some(0),
        mclt: Some(60),
        hash_buckets: Some([0x55; 32]),
        ..Connect::default()
    };
    change(&mut connect);
    let packet = Packet {
        time: u32::try_from(now.as_secs()).expect("a clock before 2106"),
        xid: 1,
        message: Message::Connect(connect),
    };
    let mut bytes = Vec::new();
    encode(&packet, Dialect::Draft12, &mut bytes).expect("a good message");
    bytes
}

/// What the server says until it closes, or until `enough`; whether it has closed.
fn hear(stream: &mut TcpStream, enough: impl Fn(&[Message]) -> bool) -> (Vec<Message>, bool) {
    let (messages, end) = hear_out(stream, enough);
    (messages, end.is_some())
}

/// The same, with how it closed: in order, or not.
fn hear_out(
    stream: &mut TcpStream,
    enough: impl Fn(&[Message]) -> bool,
) -> (Vec<Message>, Option<Result<(), ErrorKind>>) {
    let deadline = Instant::now() + PATIENCE;
    let (mut messages, mut bytes, mut buffer) = (Vec::new(), Vec::new(), [0; 4096]);
    while Instant::now() < deadline && !enough(&messages) {
        match stream.read(&mut buffer) {
            Ok(0) => return (messages, Some(Ok(()))),
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return (messages, Some(Err(error.kind()))),
        }
        while let Some((frame, rest)) = split_frame(&bytes).expect("the server frames well") {
            messages.push(decode(frame, Dialect::Draft12).expect("a good message").message);
            bytes = rest.to_vec();
        }
    }
    (messages, None)
}

fn first_ack(messages: &[Message]) -> Option<&dhcp_failover_wire::ConnectAck> {
    messages.iter().find_map(|message| match message {
        Message::ConnectAck(ack) => Some(ack),
        _ => None,
    })
}

fn reason(messages: &[Message]) -> Option<RejectReason> {
    first_ack(messages)?.reject.as_ref().map(|reject| reject.reason)
}

#[test]
fn a_wrong_relationship_name_is_rejected_with_reason_8() {
    let mut server = Server::start(SECONDARY);
    let mut stream = connect_from(&server, PARTNER);
    stream.write_all(&connect_message("bal")).expect("a write");
    let (messages, closed) = hear(&mut stream, |_| false);
    assert_eq!(reason(&messages), Some(RejectReason(8)), "{messages:?}");
    assert!(closed, "the connection is closed after the rejection");
    server.must_serve(1);
}

#[test]
fn malformed_frames_close_the_connection_and_nothing_else() {
    let oversize = [0xff, 0xff, 5, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut cut = connect_message("lab");
    cut.truncate(30);
    let mut overrun = connect_message("lab");
    // The length of the last option, one byte more than there is.
    let last = overrun.len() - 34;
    overrun[last + 1] = overrun[last + 1].wrapping_add(1);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("length 0", vec![0; 12]),
        ("length 11", vec![0, 11, 5, 8, 0, 0, 0, 0, 0, 0, 0]),
        ("length 2049", [&[8, 1, 5, 12][..], &[0; 2045]].concat()),
        ("length 65535", oversize.to_vec()),
        ("an HTTP request", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("an option that overruns", overrun),
        ("STATE before CONNECT", vec![0, 12, 10, 12, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("BNDUPD before CONNECT", vec![0, 12, 3, 12, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("a type nobody knows", vec![0, 12, 77, 12, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("a payload offset beyond the end", vec![0, 12, 5, 200, 0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    let mut server = Server::start(SECONDARY);
    for (number, (name, bytes)) in (1..).zip(&cases) {
        println!("{name}");
        let mut stream = connect_from(&server, PARTNER);
        stream.write_all(bytes).expect("a write");
        let (messages, closed) = hear(&mut stream, |_| false);
        assert!(closed, "{name}: still open after {messages:?}\n{}", server.process.log_tail());
        assert!(
            first_ack(&messages).is_none_or(|ack| ack.reject.is_some()),
            "{name}: {messages:?}"
        );
        server.must_serve(number);
    }
    let mut stream = connect_from(&server, PARTNER);
    stream.write_all(&cut).expect("a write");
    drop(stream);
    server.must_serve(100);
    remote::status(&server.admin).expect("the admin socket answers");
}

#[test]
fn a_stranger_is_turned_away() {
    let mut server = Server::start(SECONDARY);
    let mut stream = connect_from(&server, Ipv4Addr::new(127, 78, 0, 66));
    stream.write_all(&connect_message("lab")).expect("a write");
    let (messages, closed) = hear(&mut stream, |_| false);
    assert!(closed, "{messages:?}");
    assert!(first_ack(&messages).is_none_or(|ack| ack.reject.is_some()), "{messages:?}");
    server.must_serve(1);
}

/// The partner's connection, accepted.
fn established(server: &Server) -> TcpStream {
    let mut stream = connect_from(server, PARTNER);
    stream.write_all(&connect_message("lab")).expect("a write");
    let (messages, closed) = hear(&mut stream, |messages| first_ack(messages).is_some());
    let ack = first_ack(&messages);
    assert!(!closed && ack.is_some_and(|ack| ack.reject.is_none()), "{messages:?}");
    stream
}

#[test]
fn a_second_connection_without_a_good_connect_does_not_disturb_the_first() {
    let mut server = Server::start(SECONDARY);
    let mut first = established(&server);
    let silent = connect_from(&server, PARTNER);
    let mut noisy = connect_from(&server, PARTNER);
    noisy.write_all(&[0, 12, 77, 12, 0, 0, 0, 0, 0, 0, 0, 1]).expect("a write");
    let (_, closed) = hear(&mut noisy, |_| false);
    assert!(closed, "the connection with an unknown message is closed");
    let (_, closed) = hear(&mut first, |messages| !messages.is_empty());
    assert!(!closed, "the first connection stays\n{}", server.process.log_tail());
    drop(silent);
    server.must_serve(1);
}

/// A partner that was restarted must not be kept out by the connection of its former life.
#[test]
fn a_second_connect_takes_the_place_of_the_first_connection() {
    let mut server = Server::start(SECONDARY);
    let mut first = established(&server);
    // A CONNECT must be younger than the one before (draft-12 §11.1).
    std::thread::sleep(Duration::from_millis(1100));
    let mut second = established(&server);
    let (last_words, closed) = hear(&mut first, |_| false);
    assert!(closed, "the first connection is closed");
    let reasons: Vec<_> = last_words
        .iter()
        .filter_map(|message| match message {
            Message::Disconnect(disconnect) => Some(disconnect.reject_reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [RejectReason::DUPLICATE_CONNECTION], "{last_words:?}");
    let (_, closed) = hear(&mut second, |messages| !messages.is_empty());
    assert!(!closed, "the second connection stays\n{}", server.process.log_tail());
    server.must_serve(1);
}

/// So many that some are not read yet when the server closes: carelessly done, that is a reset, which
/// may take the last message with it.
fn contacts() -> Vec<u8> {
    [0, 12, 11, 12, 0, 0, 0, 0, 0, 0, 0, 9].repeat(40_000)
}

/// A refusal by the relationship itself, which the listener would have let in, is whole at the peer
/// before the end, and so is the last word on a connection that was accepted (draft-12 §7.9, §7.12).
#[test]
fn a_refusal_and_a_disconnect_reach_the_peer_before_the_close() {
    let mut server = Server::start(SECONDARY);
    for (number, reason) in [(0, RejectReason::INVALID_MCLT), (2, RejectReason::TLS_NOT_SUPPORTED)]
    {
        let mut stream = connect_from(&server, PARTNER);
        let bytes = connect_that(|connect| match number {
            0 => connect.mclt = Some(0),
            request => connect.tls_request = Some(request),
        });
        stream.write_all(&[bytes, contacts()].concat()).expect("a write");
        let (messages, end) = hear_out(&mut stream, |_| false);
        let reject = first_ack(&messages).and_then(|ack| ack.reject.as_ref());
        assert_eq!(reject.map(|reject| reject.reason), Some(reason), "{messages:?}");
        assert!(reject.is_some_and(|it| it.message.is_some()), "it says why: {messages:?}");
        assert_eq!((end, messages.len()), (Some(Ok(())), 1), "{messages:?}");
    }
    let mut stream = established(&server);
    let poolreq_before_state = vec![0, 12, 1, 12, 0, 0, 0, 0, 0, 0, 0, 9];
    stream.write_all(&[poolreq_before_state, contacts()].concat()).expect("a write");
    let (messages, end) = hear_out(&mut stream, |_| false);
    assert_eq!(end, Some(Ok(())), "{messages:?}");
    let Some(Message::Disconnect(last)) = messages.last() else {
        panic!("the last word is not DISCONNECT: {messages:?}\n{}", server.process.log_tail())
    };
    assert_eq!(last.reject_reason, RejectReason::UNKNOWN_ERROR);
    assert!(last.message.as_ref().is_some_and(|text| text.contains("before STATE")), "{last:?}");
    server.must_serve(1);
}

#[test]
fn random_bytes_on_the_failover_port_do_not_stop_service() {
    let mut random = Random::new(seed());
    let mut server = Server::start(SECONDARY);
    for number in 1..=10 {
        for _ in 0..10 {
            let mut stream = connect_from(&server, PARTNER);
            let length = random.below(3000) as usize;
            let mut bytes = random.bytes(length);
            if random.below(2) == 0 {
                // A good length, so that the frame is looked at.
                let length = 12 + random.below(60);
                bytes.splice(..0, [0, length as u8, 5, 12]);
            }
            // The server may close before it has read everything.
            let _ = stream.write_all(&bytes);
        }
        server.must_serve(number);
    }
}
