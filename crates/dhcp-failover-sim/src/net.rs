//! The network between the two servers: ordered byte pipes that can stall, break and chop.

use crate::wire_trace::WireTrace;
use crate::{Host, Rng};
use std::collections::{BTreeMap, VecDeque};

/// A dial that nobody answers fails after this.
const DIAL_TIMEOUT_MS: u64 = 3_000;

#[derive(Clone, Debug)]
enum Segment {
    /// The connection is there.
    Open,
    Bytes(Vec<u8>),
    /// The sender closed, or died.
    End,
}

#[derive(Clone, Debug, Default)]
struct Pipe {
    /// With the moment each arrives, never earlier than the one before.
    segments: VecDeque<(u64, Segment)>,
}

#[derive(Clone, Debug)]
struct Connection {
    dialer: Host,
    /// From each host to the other.
    pipes: [Pipe; 2],
    open: [bool; 2],
}

/// What the network brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A dial succeeded or failed.
    Dialed { by: Host, link: Option<u64> },
    /// The other host connected.
    Accepted { to: Host, link: u64 },
    /// Some bytes, cut anywhere.
    Bytes { to: Host, link: u64, dialed: bool, bytes: Vec<u8> },
    /// The other end is gone.
    Closed { to: Host, link: u64 },
}

/// The network.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    connections: BTreeMap<u64, Connection>,
    dials: Vec<(u64, Host)>,
    next_link: u64,
    pub(crate) delay_ms: u64,
    /// Nothing gets through from this host to the other; it waits.
    pub(crate) blocked: [bool; 2],
    /// Hosts that accept connections and read.
    pub(crate) up: [bool; 2],
    /// Hosts that exist but do not run at the moment.
    pub(crate) frozen: [bool; 2],
    /// Every connection breaks after so many more bytes of this host.
    pub(crate) reset_after: Option<(Host, usize)>,
    /// So many bytes are handed over at once at most.
    pub(crate) longest_read: Option<usize>,
    /// All that is sent, if somebody wants it.
    pub(crate) wire: Option<WireTrace>,
    rng: Rng,
}

impl Network {
    pub(crate) fn new(rng: Rng, first_link: u64) -> Self {
        Self {
            connections: BTreeMap::new(),
            dials: Vec::new(),
            next_link: first_link,
            delay_ms: 5,
            blocked: [false; 2],
            up: [false; 2],
            frozen: [false; 2],
            reset_after: None,
            longest_read: None,
            wire: None,
            rng,
        }
    }

    pub(crate) fn dial(&mut self, by: Host, now: u64) {
        let through = !self.blocked[0] && !self.blocked[1];
        let pause = if through { 2 * self.delay_ms } else { DIAL_TIMEOUT_MS };
        self.dials.push((now + pause, by));
    }

    /// Sends bytes in one to three pieces.
    pub(crate) fn send(&mut self, from: Host, link: u64, bytes: &[u8], now: u64) {
        if let Some(wire) = &mut self.wire {
            wire.sends(from, link, bytes, now);
        }
        let pieces = self.rng.between(1, 3);
        let breaks = self.count_down_to_reset(from, bytes.len());
        let mut rest = breaks.and_then(|left| bytes.get(..left)).unwrap_or(bytes);
        for piece in 0..pieces {
            let last = piece + 1 == pieces;
            let cut = if last { rest.len() } else { self.rng.below(rest.len() as u64) as usize };
            let (head, tail) = rest.split_at(cut);
            if !head.is_empty() {
                let jitter = self.rng.below(3);
                self.push(from, link, Segment::Bytes(head.to_vec()), now + jitter);
            }
            rest = tail;
        }
        if breaks.is_some() {
            for link in self.links() {
                for host in Host::BOTH {
                    self.push(host, link, Segment::End, now);
                }
            }
        }
    }

    /// How many of so many bytes still get through, if connections break then.
    fn count_down_to_reset(&mut self, from: Host, bytes: usize) -> Option<usize> {
        let (_, left) = self.reset_after.as_mut().filter(|(which, _)| *which == from)?;
        if *left >= bytes {
            *left -= bytes;
            return None;
        }
        self.reset_after.take().map(|(_, left)| left)
    }

    /// Every connection is gone at this host, which hears of it; the other one does not.
    pub(crate) fn lose_at(&mut self, host: Host, now: u64) {
        for link in self.links() {
            let Some(connection) = self.connections.get_mut(&link) else { continue };
            for pipe in &mut connection.pipes {
                pipe.segments.clear();
            }
            self.push(host.partner(), link, Segment::End, now);
        }
    }

    fn push(&mut self, from: Host, link: u64, segment: Segment, now: u64) {
        let delay = self.delay_ms;
        let Some(connection) = self.connections.get_mut(&link) else { return };
        let pipe = &mut connection.pipes[from.index()];
        let last = pipe.segments.back().map_or(0, |(at, _)| *at);
        pipe.segments.push_back((last.max(now + delay), segment));
    }

    /// `host` closes its end; what it sent before still arrives.
    pub(crate) fn close(&mut self, host: Host, link: u64, now: u64) {
        if let Some(connection) = self.connections.get_mut(&link)
            && std::mem::take(&mut connection.open[host.index()])
        {
            self.push(host, link, Segment::End, now);
            if let Some(wire) = &mut self.wire {
                wire.closes(host, link, now);
            }
        }
    }

    /// The process at `host` is gone. If the whole machine is, nobody tells the partner.
    pub(crate) fn kill(&mut self, host: Host, silently: bool, now: u64) {
        self.up[host.index()] = false;
        self.dials.retain(|(_, by)| *by != host);
        for link in self.links() {
            if silently {
                if let Some(connection) = self.connections.get_mut(&link) {
                    connection.open[host.index()] = false;
                    connection.pipes[host.index()].segments.clear();
                }
            } else {
                self.close(host, link, now);
            }
        }
    }

    /// Breaks every connection at once; what was under way is lost.
    pub(crate) fn reset(&mut self, now: u64) {
        for link in self.links() {
            for host in Host::BOTH {
                if let Some(connection) = self.connections.get_mut(&link) {
                    connection.pipes[host.index()].segments.clear();
                }
                self.push(host, link, Segment::End, now);
            }
        }
    }

    fn links(&self) -> Vec<u64> {
        self.connections.keys().copied().collect()
    }

    fn readable(&self, from: Host) -> bool {
        let to = from.partner().index();
        !self.blocked[from.index()] && !self.frozen[to]
    }

    /// When something arrives next.
    pub(crate) fn next(&self) -> Option<u64> {
        let dials = self.dials.iter().filter(|(_, by)| !self.frozen[by.index()]);
        let segments = self.connections.values().flat_map(|connection| {
            Host::BOTH.into_iter().filter(|from| self.readable(*from)).filter_map(|from| {
                connection.pipes[from.index()].segments.front().map(|(at, _)| *at)
            })
        });
        dials.map(|(at, _)| *at).chain(segments).min()
    }

    /// One thing that arrives by `now`.
    pub(crate) fn take(&mut self, now: u64) -> Option<Arrival> {
        let due = |(at, by): &(u64, Host)| *at <= now && !self.frozen[by.index()];
        if let Some(index) = self.dials.iter().position(due) {
            let (_, by) = self.dials.remove(index);
            return Some(Arrival::Dialed { by, link: self.connect(by, now) });
        }
        for link in self.links() {
            for from in Host::BOTH {
                if self.readable(from)
                    && let Some(arrival) = self.deliver(link, from, now)
                {
                    return Some(arrival);
                }
            }
        }
        None
    }

    pub(crate) fn kill_connection(&mut self, link: u64) {
        self.connections.remove(&link);
    }

    pub(crate) fn open(&self) -> Vec<u64> {
        let open = self.connections.iter().filter(|(_, it)| it.open == [true; 2]);
        open.map(|(link, _)| *link).collect()
    }

    pub(crate) fn last(&self) -> Option<u64> {
        self.connections.keys().next_back().copied()
    }

    pub(crate) fn is_open(&self, host: Host, link: u64) -> bool {
        self.connections.get(&link).is_some_and(|connection| connection.open[host.index()])
    }

    pub(crate) fn connect(&mut self, by: Host, now: u64) -> Option<u64> {
        let to = by.partner();
        if !self.up[to.index()] || self.blocked != [false; 2] {
            return None;
        }
        let link = self.next_link;
        self.next_link += 1;
        let pipes = [Pipe::default(), Pipe::default()];
        self.connections.insert(link, Connection { dialer: by, pipes, open: [true; 2] });
        self.push(by, link, Segment::Open, now);
        if let Some(wire) = &mut self.wire {
            wire.connects(by, link, now);
        }
        Some(link)
    }

    /// Hands over what is due on one pipe; silently drops what nobody reads any more.
    fn deliver(&mut self, link: u64, from: Host, now: u64) -> Option<Arrival> {
        let to = from.partner();
        loop {
            let connection = self.connections.get_mut(&link)?;
            let pipe = &mut connection.pipes[from.index()];
            pipe.segments.front().filter(|(at, _)| *at <= now)?;
            let (_, segment) = pipe.segments.pop_front()?;
            let dialed = connection.dialer == to;
            let open = connection.open[to.index()];
            match segment {
                Segment::Open if open => return Some(Arrival::Accepted { to, link }),
                Segment::Open => {}
                Segment::Bytes(mut bytes) if open => {
                    if let Some(longest) = self.longest_read.filter(|most| *most < bytes.len()) {
                        let rest = bytes.split_off(longest);
                        pipe.segments.push_front((now, Segment::Bytes(rest)));
                    }
                    return Some(Arrival::Bytes { to, link, dialed, bytes });
                }
                // To a socket that is gone: answered by a reset, if anybody is there to answer.
                Segment::Bytes(_) => {
                    if self.up[to.index()] {
                        connection.pipes[from.index()].segments.clear();
                        self.push(to, link, Segment::End, now);
                    }
                }
                Segment::End => {
                    let was_open = std::mem::take(&mut connection.open[to.index()]);
                    if connection.open == [false; 2] {
                        self.connections.remove(&link);
                    }
                    if was_open {
                        return Some(Arrival::Closed { to, link });
                    }
                }
            }
        }
    }
}
