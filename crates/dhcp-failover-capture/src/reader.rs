//! From a file to messages.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Read,
    net::SocketAddr,
};

use dhcp_failover_wire::Dialect;

use crate::{
    CaptureError, Skip, Timestamp,
    connections::{Connections, Owned},
    container::{Container, Packet},
    network::{Content, Segment, content},
    stream::Piece,
};

/// Where failover is found: 647 (assigned, dhcpd and Windows), 847 (assigned, the peer's port in
/// many dhcpd configurations), 519 and 520 (the examples of dhcpd's manual).
pub const DEFAULT_PORTS: [u16; 4] = [647, 847, 519, 520];

/// So many different ports are told of that the capture has and nobody asked for.
const MAX_OTHER_PORTS: usize = 32;

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "options are built field by field")]
pub struct Options {
    /// A connection is looked at if either end has one of these ports.
    pub ports: Vec<u16>,
    /// The dialect of all connections; `None` finds it out for each.
    pub dialect: Option<Dialect>,
}

impl Default for Options {
    fn default() -> Self {
        Self { ports: DEFAULT_PORTS.to_vec(), dialect: None }
    }
}

/// A message, or where one could not be found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The number of the packet that completed it, from 1, as Wireshark counts.
    pub frame: u64,
    /// When that packet was captured.
    pub time: Timestamp,
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// How the connection speaks, as far as known by now.
    pub dialect: Dialect,
    /// The message.
    pub what: What,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "bytes are a message or they are not")]
pub enum What {
    /// One whole message, its length being right; what is in it may still be broken.
    Message(Vec<u8>),
    /// Bytes of the stream that are no message.
    Skipped {
        /// How many.
        bytes: u64,
        /// Why.
        why: Skip,
    },
}

/// What else was in a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// All packets.
    pub packets: u64,
    /// TCP segments on the ports looked for.
    pub segments: u64,
    /// Of these, the ones the capture has not in full (a small snapshot length).
    pub cut_segments: u64,
    /// Pieces of IP packets, which are not put together.
    pub fragments: u64,
    /// Packets of a kind of link that is not known.
    pub unknown_link: u64,
    /// TCP segments on other ports, by the lower port; only the first few ports.
    pub other_ports: BTreeMap<u16, u64>,
}

/// Reads a capture message by message.
pub struct Reader<'r> {
    container: Container<'r>,
    connections: Connections,
    options: Options,
    statistics: Statistics,
    ready: VecDeque<Found>,
    last: (u64, Timestamp),
    error: Option<CaptureError>,
    over: bool,
}

impl<'r> Reader<'r> {
    /// Begins to read a capture.
    ///
    /// # Errors
    ///
    /// [`CaptureError::Empty`], [`CaptureError::NotACapture`] or [`CaptureError::Read`].
    pub fn new(source: impl Read + Send + 'r, options: Options) -> Result<Self, CaptureError> {
        Ok(Self {
            container: Container::new(source)?,
            connections: Connections::default(),
            options,
            statistics: Statistics::default(),
            ready: VecDeque::new(),
            last: (0, Timestamp::default()),
            error: None,
            over: false,
        })
    }

    /// What was in the capture so far.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Reads packets until there is something to give.
    fn fill(&mut self) {
        while self.ready.is_empty() && !self.over {
            let Self { container, connections, options, statistics, .. } = self;
            let next = container.next(|packet| {
                let mut found = Vec::new();
                take(packet, connections, options, statistics, &mut found);
                ((packet.frame, packet.time), found)
            });
            let mut found = match next {
                Some(Ok((last, found))) => {
                    self.last = last;
                    found
                }
                Some(Err(error)) => {
                    self.error = Some(error);
                    Vec::new()
                }
                None => {
                    self.over = true;
                    Vec::new()
                }
            };
            if self.over || self.error.is_some() {
                self.over = true;
                self.connections.finish(&mut found);
            }
            let (frame, time) = self.last;
            let dialect = self.options.dialect;
            self.ready.extend(found.into_iter().map(|owned| Found {
                frame,
                time,
                source: owned.source,
                destination: owned.destination,
                dialect: dialect.unwrap_or(owned.dialect),
                what: match owned.piece {
                    Piece::Message(bytes) => What::Message(bytes),
                    Piece::Skipped(bytes, why) => What::Skipped { bytes, why },
                },
            }));
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Found, CaptureError>;

    /// The next message. An error is the last item: the capture cannot be read any further, and
    /// everything before it was given.
    fn next(&mut self) -> Option<Self::Item> {
        self.fill();
        self.ready.pop_front().map(Ok).or_else(|| self.error.take().map(Err))
    }
}

fn take(
    packet: &Packet<'_>,
    connections: &mut Connections,
    options: &Options,
    statistics: &mut Statistics,
    found: &mut Vec<Owned>,
) {
    statistics.packets += 1;
    match content(packet.link_type, packet.data) {
        Content::Tcp(segment) if is_wanted(&segment, &options.ports) => {
            statistics.segments += 1;
            statistics.cut_segments += u64::from(segment.cut);
            connections.segment(packet.frame, &segment, found);
        }
        Content::Tcp(segment) => {
            let port = segment.source.port().min(segment.destination.port());
            let counts = &mut statistics.other_ports;
            if counts.len() < MAX_OTHER_PORTS || counts.contains_key(&port) {
                *counts.entry(port).or_default() += 1;
            }
        }
        Content::Fragment => statistics.fragments += 1,
        Content::UnknownLink => statistics.unknown_link += 1,
        Content::Other => {}
    }
}

fn is_wanted(segment: &Segment<'_>, ports: &[u16]) -> bool {
    ports.contains(&segment.source.port()) || ports.contains(&segment.destination.port())
}
