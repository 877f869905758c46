//! Finding messages in a byte stream (draft-12 §6.1).

use thiserror::Error;

/// The largest message the protocol allows, header included (draft-12 §6.1).
pub const MAX_MESSAGE_LEN: usize = 2048;

/// The fixed part of the header: length, type, payload offset, time and xid.
pub const HEADER_LEN: usize = 12;

/// The length of the message at the start of `buf`, header included, as soon as its two length
/// bytes are there; `None` before that. The message itself may not be complete yet.
///
/// # Errors
///
/// [`FrameError`] if the length is not one a message can have. The stream cannot be resynchronised
/// after that: close the connection.
pub fn frame_len(buf: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some(bytes) = buf.first_chunk() else { return Ok(None) };
    let length = u16::from_be_bytes(*bytes);
    match usize::from(length) {
        ..HEADER_LEN => Err(FrameError::TooShort { length }),
        whole @ HEADER_LEN..=MAX_MESSAGE_LEN => Ok(Some(whole)),
        _ => Err(FrameError::TooLong { length }),
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
    Ok(frame_len(buf)?.and_then(|length| buf.split_at_checked(length)))
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
    /// Longer than [`MAX_MESSAGE_LEN`].
    #[error("message length {length} is above the limit of 2048 bytes")]
    TooLong {
        /// The length field as received.
        length: u16,
    },
}
