//! What the two servers say to each other, as a capture that Wireshark reads.
//!
//! A classic pcap file of raw IPv4 packets: server A is 198.51.100.1, server B 198.51.100.2, who
//! accepts a connection listens on port 647. A message is seen at the moment it is sent, whether it
//! arrives or not, in virtual time. An end is seen if a server closes or its process ends; a connection
//! that is cut from outside, or whose server loses power, has none.

use crate::{Host, Pair};
use etherparse::PacketBuilder;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Magic (microseconds, little-endian), version 2.4, no time zone, packets of any size, raw IP.
const HEADER: [u8; 24] =
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0];
/// What fits into an Ethernet frame.
const SEGMENT: usize = 1_460;
const PORT: u16 = 647;
/// Of those who dial.
const FIRST_PORT: u64 = 32_768;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Syn,
    Data,
    Fin,
}

#[derive(Clone, Debug)]
struct Stream {
    dialer: Host,
    /// The next sequence number of each host.
    next: [u32; 2],
    synchronized: [bool; 2],
}

/// The capture.
#[derive(Clone, Debug)]
pub(crate) struct WireTrace {
    file: Vec<u8>,
    streams: BTreeMap<u64, Stream>,
}

impl WireTrace {
    fn new() -> Self {
        Self { file: HEADER.to_vec(), streams: BTreeMap::new() }
    }

    /// A connection is made.
    pub(crate) fn connects(&mut self, dialer: Host, link: u64, now: u64) {
        let stream = Stream { dialer, next: [1_000, 2_000], synchronized: [false; 2] };
        self.streams.insert(link, stream);
        self.packet(dialer, link, Kind::Syn, &[], now);
        self.packet(dialer.partner(), link, Kind::Syn, &[], now);
        self.packet(dialer, link, Kind::Data, &[], now);
    }

    /// A host sends.
    pub(crate) fn sends(&mut self, from: Host, link: u64, bytes: &[u8], now: u64) {
        for payload in bytes.chunks(SEGMENT) {
            self.packet(from, link, Kind::Data, payload, now);
        }
    }

    /// A host closes: it says no more.
    pub(crate) fn closes(&mut self, from: Host, link: u64, now: u64) {
        self.packet(from, link, Kind::Fin, &[], now);
    }

    fn packet(&mut self, from: Host, link: u64, kind: Kind, payload: &[u8], now: u64) {
        let Some(stream) = self.streams.get_mut(&link) else { return };
        let (us, other) = (from.index(), from.partner().index());
        let dialer_port = u16::try_from(FIRST_PORT + link % FIRST_PORT).unwrap_or(u16::MAX);
        let ports = if stream.dialer == from { (dialer_port, PORT) } else { (PORT, dialer_port) };
        let mut builder = PacketBuilder::ipv4(address(from), address(from.partner()), 64).tcp(
            ports.0,
            ports.1,
            stream.next[us],
            u16::MAX,
        );
        if stream.synchronized[other] {
            builder = builder.ack(stream.next[other]);
        }
        builder = match kind {
            Kind::Syn => builder.syn(),
            Kind::Fin => builder.fin(),
            Kind::Data if payload.is_empty() => builder,
            Kind::Data => builder.psh(),
        };
        stream.synchronized[us] = true;
        let length = u32::try_from(payload.len()).unwrap_or(0) + u32::from(kind != Kind::Data);
        stream.next[us] = stream.next[us].wrapping_add(length);
        let mut packet = Vec::with_capacity(builder.size(payload.len()));
        // Into memory, and no payload is longer than SEGMENT: it does not fail.
        if builder.write(&mut packet, payload).is_err() {
            return;
        }
        let size = u32::try_from(packet.len()).unwrap_or(u32::MAX).to_le_bytes();
        let seconds = (now / 1_000) as u32; // wraps in 2106, as the format does
        let micros = (now % 1_000 * 1_000) as u32;
        self.file.extend(seconds.to_le_bytes());
        self.file.extend(micros.to_le_bytes());
        self.file.extend(size);
        self.file.extend(size);
        self.file.extend(packet);
    }
}

fn address(host: Host) -> [u8; 4] {
    Ipv4Addr::new(198, 51, 100, host.index() as u8 + 1).octets()
}

impl Pair {
    /// Keeps all that is sent from now on; to be called before anything starts.
    pub fn keep_wire(&mut self) {
        self.network.wire = Some(WireTrace::new());
    }

    /// What was kept, as a pcap file; `None` without [`keep_wire`](Self::keep_wire).
    #[must_use]
    pub fn wire_kept(&self) -> Option<&[u8]> {
        self.network.wire.as_ref().map(|wire| &wire.file[..])
    }
}
