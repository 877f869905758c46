//! TCP in captured Ethernet frames: segments, and the byte stream of each direction put together.

use crate::pcap::Frame;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Segments kept for a direction while an earlier one is missing.
const MAX_WAITING: usize = 256;
/// Directions followed at once; segments of more are not looked at.
const MAX_STREAMS: usize = 4_096;

/// One TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Who sent it.
    pub from: SocketAddrV4,
    /// To whom.
    pub to: SocketAddrV4,
    /// The sequence number of its first byte (of the SYN itself if it is one).
    pub sequence: u32,
    /// It opens a connection.
    pub syn: bool,
    /// What it carries.
    pub payload: &'a [u8],
}

/// The TCP segment in an Ethernet frame, or `None` for anything else: another protocol, a
/// fragment, a frame cut short.
#[must_use]
pub fn segment<'a>(frame: &Frame<'a>) -> Option<Segment<'a>> {
    let mut kind = word(frame.bytes, 12)?;
    let mut ip_at = 14;
    while kind == 0x8100 || kind == 0x88a8 {
        // VLAN tags.
        kind = word(frame.bytes, ip_at + 2)?;
        ip_at += 4;
    }
    let ip = frame.bytes.get(ip_at..)?;
    let version = *ip.first()?;
    // More fragments, or not the first one.
    let fragment = word(ip, 6)? & 0x3fff != 0;
    if kind != 0x0800 || version >> 4 != 4 || *ip.get(9)? != 6 || fragment {
        return None;
    }
    // Short frames are padded; the length of the packet says where it ends.
    let tcp = ip.get(usize::from(version & 15) * 4..usize::from(word(ip, 2)?))?;
    let address = |at: usize| ip.get(at..)?.first_chunk::<4>().map(|b| Ipv4Addr::from(*b));
    let flags = *tcp.get(13)?;
    Some(Segment {
        from: SocketAddrV4::new(address(12)?, word(tcp, 0)?),
        to: SocketAddrV4::new(address(16)?, word(tcp, 2)?),
        sequence: u32::from_be_bytes(*tcp.get(4..)?.first_chunk()?),
        syn: flags & 2 != 0,
        payload: tcp.get(usize::from(*tcp.get(12)? >> 4) * 4..)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
struct Stream {
    /// The number of the SYN, if it was captured.
    opened_at: Option<u32>,
    /// The sequence number of the next byte in order.
    next: u32,
    /// Segments that came before their turn, by sequence number.
    waiting: BTreeMap<u32, Vec<u8>>,
}

/// All directions of a capture, each put together in order.
///
/// Retransmissions are dropped, segments that overtook others wait for them.
#[derive(Clone, Debug, Default)]
pub struct Streams(BTreeMap<(SocketAddrV4, SocketAddrV4), Stream>);

/// What a segment adds to its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// A connection begins: what was buffered of an older one is over.
    Opened,
    /// The next bytes in order; none if they were there before, or wait for earlier ones.
    Bytes(Vec<u8>),
    /// Too much is missing; the stream goes on here, after a hole of this many bytes.
    Hole(u32, Vec<u8>),
    /// There are too many connections; this one is not followed.
    Ignored,
}

impl Streams {
    /// Takes in one segment.
    pub fn add(&mut self, segment: &Segment<'_>) -> Added {
        let key = (segment.from, segment.to);
        if !self.0.contains_key(&key) && self.0.len() >= MAX_STREAMS {
            return Added::Ignored;
        }
        if segment.syn {
            let opened_at = Some(segment.sequence);
            if self.0.get(&key).is_some_and(|stream| stream.opened_at == opened_at) {
                return Added::Bytes(Vec::new()); // sent again
            }
            let next = segment.sequence.wrapping_add(1);
            self.0.insert(key, Stream { opened_at, next, ..Stream::default() });
            return Added::Opened;
        }
        // A capture may begin in the middle of a connection.
        let fresh = Stream { next: segment.sequence, ..Stream::default() };
        self.0.entry(key).or_insert(fresh).add(segment.sequence, segment.payload)
    }
}

impl Stream {
    fn add(&mut self, sequence: u32, payload: &[u8]) -> Added {
        let ahead = sequence.wrapping_sub(self.next).cast_signed();
        if ahead <= 0 {
            // All or part of it may have been here before.
            let seen = usize::try_from(ahead.unsigned_abs()).unwrap_or(usize::MAX);
            let mut new = payload.get(seen..).unwrap_or_default().to_vec();
            self.advance(&new);
            self.continue_from_waiting(&mut new);
            return Added::Bytes(new);
        }
        if payload.is_empty() {
            return Added::Bytes(Vec::new()); // a bare acknowledgement tells nothing
        }
        let slot = self.waiting.entry(sequence).or_default();
        if slot.len() < payload.len() {
            *slot = payload.to_vec();
        }
        if self.waiting.len() <= MAX_WAITING {
            return Added::Bytes(Vec::new());
        }
        let base = self.next;
        let first = self.waiting.keys().map(|at| at.wrapping_sub(base)).min().unwrap_or(0);
        self.next = base.wrapping_add(first);
        let mut new = Vec::new();
        self.continue_from_waiting(&mut new);
        Added::Hole(first, new)
    }

    fn advance(&mut self, new: &[u8]) {
        // A captured payload is shorter than 2^16.
        self.next = self.next.wrapping_add(u32::try_from(new.len()).unwrap_or(0));
    }

    fn continue_from_waiting(&mut self, new: &mut Vec<u8>) {
        loop {
            let next = self.next;
            let reached = |at: &u32| at.wrapping_sub(next).cast_signed() <= 0;
            let Some(at) = self.waiting.keys().copied().find(reached) else { return };
            let Some(payload) = self.waiting.remove(&at) else { return };
            let seen = usize::try_from(next.wrapping_sub(at)).unwrap_or(usize::MAX);
            let rest = payload.get(seen..).unwrap_or_default();
            self.advance(rest);
            new.extend(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(sequence: u32, payload: &[u8]) -> Segment<'_> {
        let [from, to] = [1, 2].map(|n| SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, n), 647));
        Segment { from, to, sequence, syn: false, payload }
    }

    fn bytes(text: &[u8]) -> Added {
        Added::Bytes(text.to_vec())
    }

    #[test]
    fn retransmissions_and_overtaking_leave_one_stream_in_order() {
        let mut streams = Streams::default();
        let start = u32::MAX - 2; // the numbers wrap on the way
        assert_eq!(streams.add(&Segment { syn: true, ..data(start, b"") }), Added::Opened);
        let at = |n: u32| start.wrapping_add(1 + n);
        assert_eq!(streams.add(&data(at(0), b"abc")), bytes(b"abc"));
        assert_eq!(streams.add(&data(at(0), b"abc")), bytes(b""));
        assert_eq!(streams.add(&data(at(1), b"bcd")), bytes(b"d"));
        assert_eq!(streams.add(&data(at(8), b"ij")), bytes(b""));
        assert_eq!(streams.add(&data(at(6), b"ghi")), bytes(b""));
        assert_eq!(streams.add(&data(at(4), b"ef")), bytes(b"efghij"));
        assert_eq!(streams.add(&Segment { syn: true, ..data(start, b"") }), bytes(b""));
        assert_eq!(streams.add(&Segment { syn: true, ..data(77, b"") }), Added::Opened);
        assert_eq!(streams.add(&data(78, b"x")), bytes(b"x"));
    }

    #[test]
    fn what_was_never_captured_leaves_a_hole_and_memory_stays_bounded() {
        let mut streams = Streams::default();
        assert_eq!(streams.add(&data(0, b"a")), bytes(b"a"));
        for n in 0..u32::try_from(MAX_WAITING).unwrap() {
            assert_eq!(streams.add(&data(10 + 2 * n, b"b")), bytes(b""));
        }
        assert_eq!(streams.add(&data(9_000, b"z")), Added::Hole(9, b"b".to_vec()));
    }

    #[test]
    fn no_frame_however_cut_panics() {
        let file = include_bytes!("../data/isc-dora.pcap");
        let mut found = 0;
        for frame in crate::pcap::frames(file).unwrap().take(20).map(Result::unwrap) {
            found += usize::from(segment(&frame).is_some());
            for length in 0..frame.bytes.len() {
                let _ = segment(&Frame { bytes: &frame.bytes[..length], ..frame });
            }
        }
        assert_eq!(found, 20);
    }
}
