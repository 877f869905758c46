//! One end of a failover connection that says what a story has it say.

use crate::pair::in_space;
use dhcp_failover_wire::{
    Connect, ConnectAck, Dialect, Message, MessageType, Packet, ServerFlags, ServerState, State,
    decode, encode, split_frame,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What it says of itself when a connection is made.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) relationship: String,
    pub(crate) vendor_class: &'static str,
    pub(crate) max_unacked: u32,
    pub(crate) mclt_s: u32,
    pub(crate) hash_buckets: [u8; 32],
}

/// A connection.
pub(crate) struct Script {
    stream: TcpStream,
    buffer: Vec<u8>,
    xid: u32,
}

impl Script {
    /// Connects from a namespace.
    pub(crate) fn dial(space: &str, to: SocketAddrV4) -> Self {
        Self::of(in_space(space, || TcpStream::connect(to).expect("a connection")))
    }

    /// Waits for a connection to what [`listen`] made.
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        Self::of(listener.accept().expect("a connection").0)
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a time-out");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, buffer: Vec::new(), xid: 0 }
    }

    /// Says something of its own, and returns its transaction.
    pub(crate) fn say(&mut self, message: Message) -> u32 {
        self.xid += 1;
        self.answer(self.xid, message);
        self.xid
    }

    pub(crate) fn answer(&mut self, xid: u32, message: Message) {
        let bytes = bytes_of(xid, message);
        self.stream.write_all(&bytes).expect("the connection takes it");
    }

    /// Many at once.
    pub(crate) fn say_all(&mut self, messages: impl Iterator<Item = Message>) {
        let mut bytes = Vec::new();
        for message in messages {
            self.xid += 1;
            bytes.extend(bytes_of(self.xid, message));
        }
        self.stream.write_all(&bytes).expect("the connection takes them");
    }

    pub(crate) fn state(&mut self, server_state: ServerState) {
        self.say(Message::State(State {
            server_state,
            server_flags: ServerFlags::NONE,
            start_time_of_state: now_s(),
        }));
    }

    /// The next message, if one comes in time.
    pub(crate) fn next(&mut self, limit: Duration) -> Option<Packet> {
        let start = Instant::now();
        loop {
            if let Some((frame, rest)) = split_frame(&self.buffer).expect("messages of good length")
            {
                let packet = decode(frame, Dialect::IscDhcpd).expect("a message that can be read");
                self.buffer = rest.to_vec();
                return Some(packet);
            }
            let mut more = [0; 65_536];
            match self.stream.read(&mut more) {
                Ok(0) => return None,
                Ok(length) => self.buffer.extend(more.iter().take(length)),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if start.elapsed() > limit {
                        return None;
                    }
                }
                Err(_) => return None,
            }
        }
    }

    /// The next message of this type, whatever comes before it.
    pub(crate) fn expect(&mut self, wanted: MessageType) -> Packet {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            let found = self.next(Duration::from_secs(1));
            if let Some(packet) = found.filter(|it| it.message.message_type() == wanted) {
                return packet;
            }
        }
        panic!("no {wanted} within 20 s")
    }

    /// CONNECT and CONNECTACK as the primary; the window it is offered.
    pub(crate) fn connect(&mut self, manner: &Manner) -> Option<u32> {
        self.say(Message::Connect(Connect {
            relationship_name: manner.relationship.clone().into_bytes(),
            max_unacked_bndupd: Some(manner.max_unacked),
            receive_timer: Some(60),
            vendor_class_identifier: Some(manner.vendor_class.into()),
            protocol_version: 1,
            tls_request: Some(0),
            mclt: Some(manner.mclt_s),
            hash_buckets: Some(manner.hash_buckets),
            ..Connect::default()
        }));
        let ack = self.expect(MessageType::CONNECTACK);
        match ack.message {
            Message::ConnectAck(ack) if ack.reject.is_none() => ack.max_unacked_bndupd,
            other => panic!("{other:?}"),
        }
    }

    /// The same as the secondary, which waits for CONNECT.
    pub(crate) fn connected(&mut self, manner: &Manner) -> Option<u32> {
        let packet = self.expect(MessageType::CONNECT);
        self.answer(
            packet.xid,
            Message::ConnectAck(ConnectAck {
                relationship_name: manner.relationship.clone().into_bytes(),
                max_unacked_bndupd: Some(manner.max_unacked),
                receive_timer: Some(60),
                vendor_class_identifier: Some(manner.vendor_class.into()),
                protocol_version: 1,
                tls_reply: Some(0),
                ..ConnectAck::default()
            }),
        );
        match packet.message {
            Message::Connect(connect) => connect.max_unacked_bndupd,
            _ => None,
        }
    }
}

/// Where a scripted server is found.
pub(crate) fn listen(space: &str, at: SocketAddrV4) -> TcpListener {
    in_space(space, || TcpListener::bind(at).expect("a listener"))
}

pub(crate) fn now_s() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u32::try_from(since.as_secs()).expect("before 2106")
}

fn bytes_of(xid: u32, message: Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = Packet { time: now_s(), xid, message };
    encode(&packet, Dialect::IscDhcpd, &mut bytes).expect("what can be written");
    bytes
}
