//! The connections of a capture.

use std::{collections::HashMap, net::SocketAddr};

use dhcp_failover_wire::{Dialect, OptionCode, RawMessage};

use crate::{
    network::Segment,
    stream::{Piece, Stream},
};

/// So many connections are followed at a time; beyond them the one that was silent for longest is
/// given up.
pub const MAX_CONNECTIONS: usize = 4096;

/// What all connections together may keep that has come too early; beyond it the connection that
/// was silent for longest is given up.
pub const MAX_TOTAL_PENDING_BYTES: usize = 64 * 1024 * 1024;

/// Both directions of a connection.
#[derive(Debug, Default)]
struct Connection {
    /// From the lower address, and to it.
    streams: [Stream; 2],
    dialect: Option<Dialect>,
    last_frame: u64,
}

/// A piece of a stream and whose it is.
pub(crate) struct Owned {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) dialect: Dialect,
    pub(crate) piece: Piece,
}

#[derive(Debug, Default)]
pub(crate) struct Connections {
    by_ends: HashMap<(SocketAddr, SocketAddr), Connection>,
    /// Of all of them.
    pending_bytes: usize,
}

impl Connections {
    /// Takes a segment and gives what it completes, in order.
    pub(crate) fn segment(&mut self, frame: u64, segment: &Segment<'_>, found: &mut Vec<Owned>) {
        let (ends, direction) = ends(segment);
        if !self.by_ends.contains_key(&ends) && self.by_ends.len() >= MAX_CONNECTIONS {
            self.give_up_oldest(found);
        }
        let connection = self.by_ends.entry(ends).or_default();
        connection.last_frame = frame;
        self.pending_bytes -= connection.pending_bytes();
        let again = connection.streams[direction].began_with(segment.sequence);
        if segment.syn && !again {
            if !segment.ack {
                // A new connection between the same ends.
                connection.finish(ends, found);
                *connection = Connection { last_frame: frame, ..Connection::default() };
            }
            let mut before = std::mem::replace(
                &mut connection.streams[direction],
                Stream::from_syn(segment.sequence),
            );
            let mut pieces = Vec::new();
            before.finish(&mut pieces);
            connection.give(ends, direction, pieces, found);
        }
        let first = segment.sequence.wrapping_add(u32::from(segment.syn));
        let mut pieces = Vec::new();
        connection.streams[direction].segment(first, segment.payload, &mut pieces);
        // After a FIN, what is only late may still come; after a RST nobody sends it again.
        if segment.rst {
            connection.streams[direction].finish(&mut pieces);
        }
        connection.give(ends, direction, pieces, found);
        self.pending_bytes += connection.pending_bytes();
        while self.pending_bytes > MAX_TOTAL_PENDING_BYTES {
            self.give_up_oldest(found);
        }
    }

    /// The capture is over.
    pub(crate) fn finish(&mut self, found: &mut Vec<Owned>) {
        self.pending_bytes = 0;
        let mut all: Vec<_> = self.by_ends.drain().collect();
        all.sort_by_key(|(ends, connection)| (connection.last_frame, *ends));
        for (ends, mut connection) in all {
            connection.finish(ends, found);
        }
    }

    fn give_up_oldest(&mut self, found: &mut Vec<Owned>) {
        let oldest = self.by_ends.iter().min_by_key(|(_, it)| it.last_frame).map(|(ends, _)| *ends);
        if let Some(ends) = oldest
            && let Some(mut connection) = self.by_ends.remove(&ends)
        {
            self.pending_bytes -= connection.pending_bytes();
            connection.finish(ends, found);
        }
    }
}

impl Connection {
    fn pending_bytes(&self) -> usize {
        self.streams.iter().map(Stream::pending_bytes).sum()
    }

    fn finish(&mut self, ends: (SocketAddr, SocketAddr), found: &mut Vec<Owned>) {
        for direction in [0, 1] {
            let mut pieces = Vec::new();
            self.streams[direction].finish(&mut pieces);
            self.give(ends, direction, pieces, found);
        }
    }

    fn give(
        &mut self,
        (lower, upper): (SocketAddr, SocketAddr),
        direction: usize,
        pieces: Vec<Piece>,
        found: &mut Vec<Owned>,
    ) {
        let (source, destination) = if direction == 0 { (lower, upper) } else { (upper, lower) };
        for piece in pieces {
            if let Piece::Message(bytes) = &piece {
                self.learn(bytes);
            }
            let dialect = self.dialect.unwrap_or(Dialect::Draft12);
            found.push(Owned { source, destination, dialect, piece });
        }
    }

    /// Finds the dialect out. Where one of the two is Windows or dhcpd the other has to speak as it
    /// does, so theirs counts. A connection whose beginning is not in the capture is Windows' if a
    /// message has its payload offset and its digest in the first place; dhcpd's messages then read
    /// as the draft's, which comes to the same.
    fn learn(&mut self, bytes: &[u8]) {
        let Ok(raw) = RawMessage::parse(bytes) else { return };
        let signed_like_windows = raw.header().payload_offset == 8
            && raw.options().next().is_some_and(|first| {
                first.code == OptionCode::MESSAGE_DIGEST && first.value.first() == Some(&2)
            });
        let named = Dialect::detect(raw);
        let named = named.or_else(|| signed_like_windows.then_some(Dialect::MICROSOFT));
        let weight = |dialect: Option<Dialect>| match dialect {
            None => 0,
            Some(Dialect::Draft12) => 1,
            Some(Dialect::IscDhcpd) => 2,
            Some(_) => 3,
        };
        if weight(named) > weight(self.dialect) {
            self.dialect = named;
        }
    }
}

/// The two ends in a fixed order, and from which of them the segment comes.
fn ends(segment: &Segment<'_>) -> ((SocketAddr, SocketAddr), usize) {
    if segment.source <= segment.destination {
        ((segment.source, segment.destination), 0)
    } else {
        ((segment.destination, segment.source), 1)
    }
}
