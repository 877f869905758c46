//! Finding messages in a byte stream (draft-12 §6.1).

use core::fmt;

use thiserror::Error;

/// The largest message the protocol allows, header included (draft-12 §6.1).
pub const MAX_MESSAGE_LEN: usize = 2048;

/// The fixed part of the header: length, type, payload offset, time and xid.
pub const HEADER_LEN: usize = 12;

/// How long a message may be on one connection, header included.
///
/// [`DRAFT`](Self::DRAFT) unless both servers have agreed on more: no other implementation takes a
/// longer message. The functions without a limit in their name use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageLimit(u16);

impl MessageLimit {
    /// 2048 bytes (draft-12 §6.1).
    pub const DRAFT: Self = Self(2048);

    /// The most the length field can say.
    pub const MAX: Self = Self(u16::MAX);

    /// A limit of so many bytes; what is under the draft's is taken for the draft's, which every
    /// implementation has to accept.
    #[must_use]
    pub const fn new(bytes: u16) -> Self {
        if bytes < Self::DRAFT.0 { Self::DRAFT } else { Self(bytes) }
    }

    /// The limit in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0 as usize
    }
}

impl Default for MessageLimit {
    fn default() -> Self {
        Self::DRAFT
    }
}

impl fmt::Display for MessageLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The length of the message at the start of `buf`, header included, as soon as its two length
/// bytes are there; `None` before that. The message itself may not be complete yet.
///
/// # Errors
///
/// [`FrameError`] if the length is not one a message can have. The stream cannot be resynchronised
/// after that: close the connection.
pub const fn frame_len(buf: &[u8]) -> Result<Option<usize>, FrameError> {
    frame_len_within(buf, MessageLimit::DRAFT)
}

/// As [`frame_len`], with another limit.
///
/// # Errors
///
/// As [`frame_len`].
pub const fn frame_len_within(
    buf: &[u8],
    limit: MessageLimit,
) -> Result<Option<usize>, FrameError> {
    let Some(bytes) = buf.first_chunk() else { return Ok(None) };
    let length = u16::from_be_bytes(*bytes);
    let whole = length as usize;
    if whole < HEADER_LEN {
        Err(FrameError::TooShort { length })
    } else if whole > limit.bytes() {
        Err(FrameError::TooLong { length, limit })
    } else {
        Ok(Some(whole))
    }
}

/// The first message of `buf` and what follows it, or `None` until the message is complete.
///
/// The result does not depend on how the stream was cut into reads. A reader that keeps at most
/// [`MAX_MESSAGE_LEN`] unparsed bytes always makes progress.
///
/// # Errors
///
/// As [`frame_len`], already when only the two length bytes are there.
#[expect(clippy::type_complexity, reason = "message and rest read best in place")]
pub fn split_frame(buf: &[u8]) -> Result<Option<(&[u8], &[u8])>, FrameError> {
    split_frame_within(buf, MessageLimit::DRAFT)
}

/// As [`split_frame`], with another limit.
///
/// # Errors
///
/// As [`split_frame`].
#[expect(clippy::type_complexity, reason = "message and rest read best in place")]
pub fn split_frame_within(
    buf: &[u8],
    limit: MessageLimit,
) -> Result<Option<(&[u8], &[u8])>, FrameError> {
    Ok(frame_len_within(buf, limit)?.and_then(|length| buf.split_at_checked(length)))
}

/// A message length that no message can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum FrameError {
    /// Shorter than the header.
    #[error("message length {length} is shorter than the header of 12 bytes")]
    TooShort {
        /// The length field as received.
        length: u16,
    },
    /// Longer than the limit.
    #[error("message length {length} is above the limit of {limit} bytes")]
    TooLong {
        /// The length field as received.
        length: u16,
        /// The most this connection allows.
        limit: MessageLimit,
    },
}
