//! One direction of a TCP connection: segments in any order, messages in theirs.

use std::{collections::BTreeMap, fmt};

use dhcp_failover_wire::{
    FrameError, HEADER_LEN, MessageType, OptionCode, RawMessage, split_frame,
};

/// What one direction of a connection may keep that has come too early. Beyond it the bytes that
/// are missing are given up.
pub const MAX_PENDING_BYTES: usize = 256 * 1024;

/// What keeping a segment costs besides its bytes, so that many small ones count too.
const SEGMENT_COST: usize = 64;

/// Why bytes were skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// The capture does not have them.
    Missing,
    /// The capture begins in the middle of a connection, or something is missing before them, and
    /// they do not begin a message.
    NotInStep,
    /// No message can have such a length, so that the end of it, and the rest of the stream, cannot
    /// be found.
    Length(FrameError),
    /// The connection ends in the middle of a message.
    Unfinished,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing in the capture"),
            Self::NotInStep => f.write_str("not the beginning of a message"),
            Self::Length(error) => error.fmt(f),
            Self::Unfinished => f.write_str("a message without its end"),
        }
    }
}

/// What a stream gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Message(Vec<u8>),
    Skipped(u64, Skip),
}

/// How sure it is where messages begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// Lost: the next segment must show a beginning.
    #[default]
    Lost,
    /// A segment looked like a beginning; its first message must be one that can be read.
    Supposed,
    /// Known from the SYN, or from a message that could be read.
    Known,
}

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// The sequence number of the next byte in order; unknown before the first segment.
    next: Option<u32>,
    /// How sure it is that `buffer` begins with a message.
    step: Step,
    /// In order and not yet a whole message.
    buffer: Vec<u8>,
    /// Come too early, by their distance from the first byte ever seen.
    pending: BTreeMap<u64, Vec<u8>>,
    pending_bytes: usize,
    /// The distance of `next` from the first byte ever seen.
    position: u64,
}

impl Stream {
    /// A stream that begins with the byte after a SYN.
    pub(crate) fn from_syn(sequence: u32) -> Self {
        Self { next: Some(sequence.wrapping_add(1)), step: Step::Known, ..Self::default() }
    }

    /// Whether a SYN with this number began it: the same SYN again is no new connection.
    pub(crate) fn began_with(&self, sequence: u32) -> bool {
        let first = self.next.map(|next| next.wrapping_sub(self.position as u32));
        first == Some(sequence.wrapping_add(1))
    }

    /// What it keeps that has come too early.
    pub(crate) const fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Takes a segment and gives what it completes.
    pub(crate) fn segment(&mut self, sequence: u32, payload: &[u8], found: &mut Vec<Piece>) {
        if payload.is_empty() {
            return;
        }
        let next = *self.next.get_or_insert(sequence);
        // Half of the number space lies behind, half before.
        let ahead = i64::from(sequence.wrapping_sub(next) as i32);
        let start = self.position as i64 + ahead;
        let known = (-ahead).max(0) as usize;
        let Some(new) = payload.get(known..).filter(|new| !new.is_empty()) else {
            return; // again, or a keep-alive
        };
        let start = (start + known as i64) as u64;
        if start == self.position {
            self.in_order(new, found);
            self.fill(found);
        } else {
            self.keep(start, new);
            while self.pending_bytes > MAX_PENDING_BYTES {
                self.give_up_gap(found);
            }
        }
    }

    /// The connection or the capture is over.
    pub(crate) fn finish(&mut self, found: &mut Vec<Piece>) {
        while !self.pending.is_empty() {
            self.give_up_gap(found);
        }
        if !self.buffer.is_empty() {
            found.push(Piece::Skipped(self.buffer.len() as u64, Skip::Unfinished));
            self.buffer.clear();
        }
    }

    fn keep(&mut self, start: u64, bytes: &[u8]) {
        let longer = |old: &Vec<u8>| old.len() >= bytes.len();
        if self.pending.get(&start).is_some_and(longer) {
            return;
        }
        let old = self.pending.insert(start, bytes.to_vec());
        self.pending_bytes += bytes.len() + SEGMENT_COST;
        self.pending_bytes -= old.map_or(0, |old| old.len() + SEGMENT_COST);
    }

    /// Takes what was early and is not any more.
    fn fill(&mut self, found: &mut Vec<Piece>) {
        while let Some(entry) = self.pending.first_entry() {
            if *entry.key() > self.position {
                return;
            }
            let (start, bytes) = entry.remove_entry();
            self.pending_bytes -= bytes.len() + SEGMENT_COST;
            let known = usize::try_from(self.position - start).unwrap_or(usize::MAX);
            if let Some(new) = bytes.get(known..).filter(|new| !new.is_empty()) {
                self.in_order(new, found);
            }
        }
    }

    /// Goes on behind the missing bytes.
    fn give_up_gap(&mut self, found: &mut Vec<Piece>) {
        let Some(start) = self.pending.first_key_value().map(|(start, _)| *start) else { return };
        if !self.buffer.is_empty() {
            found.push(Piece::Skipped(self.buffer.len() as u64, Skip::Unfinished));
            self.buffer.clear();
        }
        let missing = start.saturating_sub(self.position);
        found.push(Piece::Skipped(missing, Skip::Missing));
        self.advance(missing);
        self.step = Step::Lost;
        self.fill(found);
    }

    fn advance(&mut self, bytes: u64) {
        self.position += bytes;
        self.next = self.next.map(|next| next.wrapping_add(bytes as u32));
    }

    fn in_order(&mut self, bytes: &[u8], found: &mut Vec<Piece>) {
        self.advance(bytes.len() as u64);
        if self.step == Step::Lost {
            if !begins_message(bytes) {
                return skip(bytes.len(), Skip::NotInStep, found);
            }
            self.step = Step::Supposed;
        }
        self.buffer.extend_from_slice(bytes);
        let mut consumed = 0;
        let failed = loop {
            match split_frame(self.buffer.get(consumed..).unwrap_or_default()) {
                Ok(Some((frame, _))) => {
                    if self.step == Step::Supposed && !is_readable(frame) {
                        break Some(Skip::NotInStep);
                    }
                    self.step = Step::Known;
                    consumed += frame.len();
                    found.push(Piece::Message(frame.to_vec()));
                }
                Ok(None) => break None,
                Err(error) => break Some(Skip::Length(error)),
            }
        };
        self.buffer.drain(..consumed);
        if let Some(why) = failed {
            skip(self.buffer.len(), why, found);
            self.buffer.clear();
            self.step = Step::Lost;
        }
    }
}

/// Adds to what was skipped last for the same reason.
fn skip(bytes: usize, why: Skip, found: &mut Vec<Piece>) {
    match found.last_mut() {
        Some(Piece::Skipped(total, last)) if *last == why => *total += bytes as u64,
        _ => found.push(Piece::Skipped(bytes as u64, why)),
    }
}

/// Whether bytes look like the beginning of a message: a length, a type and a payload offset that
/// go together, and sound options as far as they are there.
fn begins_message(bytes: &[u8]) -> bool {
    match split_frame(bytes) {
        Ok(Some((frame, _))) => is_readable(frame),
        Ok(None) => is_readable_so_far(bytes),
        Err(_) => false,
    }
}

fn is_readable(frame: &[u8]) -> bool {
    RawMessage::parse(frame).is_ok_and(|raw| raw.header().message_type.is_known())
}

/// The same for a message whose end is missing.
fn is_readable_so_far(bytes: &[u8]) -> bool {
    let Some(&[l0, l1, message_type, offset, ..]) = bytes.first_chunk::<HEADER_LEN>() else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    // The offset counts from the header's beginning (at least 12) or from behind its length (8).
    let mut at = usize::from(offset).max(HEADER_LEN);
    if !MessageType(message_type).is_known() || !matches!(offset, 8 | 12..=64) || at > length {
        return false;
    }
    while let Some(&[c0, c1, n0, n1]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        at += 4 + usize::from(u16::from_be_bytes([n0, n1]));
        if at > length || OptionCode(u16::from_be_bytes([c0, c1])).name().is_none() {
            return false;
        }
    }
    true
}
