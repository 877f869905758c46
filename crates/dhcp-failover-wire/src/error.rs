//! What can be wrong with a message, and what the peer is told about it.

use thiserror::Error;

use crate::{
    Dialect, FrameError, MessageLimit, MessageType, OptionCode, RejectReason, digest::DigestError,
};

/// Why bytes are not a message. Offsets count from the start of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The length field is impossible.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The bytes given are not exactly one message.
    #[error("message of {expected} bytes was given as {found} bytes")]
    Length {
        /// The length field.
        expected: u16,
        /// The bytes given.
        found: u16,
    },
    /// The options begin inside the header or after the end.
    #[error("payload offset {found} is neither 8 nor from 12 to the message length {length}")]
    PayloadOffset {
        /// The offset as received.
        found: u8,
        /// The length of the message.
        length: u16,
    },
    /// An option reaches over the end of the message.
    #[error("option {} at offset {offset} needs {expected} bytes and has {found}", Named(*.option))]
    OptionOverrun {
        /// The option, unless even its code and length are cut off.
        option: Option<OptionCode>,
        /// Where it begins.
        offset: u16,
        /// The length it announces (4 if the option header itself is cut off).
        expected: u16,
        /// The bytes left.
        found: u16,
    },
    /// A known option has a length its format does not allow.
    #[error("option {option} at offset {offset} has {found} bytes instead of {expected}")]
    OptionLength {
        /// The option.
        option: OptionCode,
        /// Where it begins.
        offset: u16,
        /// The length of its format, the least one if it varies.
        expected: u16,
        /// Its length.
        found: u16,
    },
    /// A known option has a value its format does not allow: a name that is not UTF-16 in the
    /// dialect of Windows, a NAP status above 255.
    #[error("option {option} at offset {offset} has a value its format does not allow")]
    OptionValue {
        /// The option.
        option: OptionCode,
        /// Where it begins.
        offset: u16,
    },
    /// A known option came twice; only bindings may repeat, each begun by its own
    /// assigned-IP-address, and not in every dialect (draft-12 §6.2, §6.3).
    #[error("option {option} at offset {offset} is a duplicate")]
    Duplicate {
        /// The option.
        option: OptionCode,
        /// Where it came again.
        offset: u16,
    },
    /// A required option is missing.
    #[error("{message_type} at offset {offset} lacks option {option}")]
    Missing {
        /// The message.
        message_type: MessageType,
        /// The option that should be there.
        option: OptionCode,
        /// Where the binding that lacks it begins, or the message (0).
        offset: u16,
    },
    /// An option of a binding came before the first assigned-IP-address (draft-12 §6.3).
    #[error("option {option} at offset {offset} comes before any assigned-IP-address")]
    OutsideBinding {
        /// The option.
        option: OptionCode,
        /// Where it begins.
        offset: u16,
    },
    /// A type below 128 that nobody knows: close the connection (draft-12 §6.1).
    #[error("message type {found} is unknown")]
    UnknownMessageType {
        /// The type.
        found: MessageType,
    },
    /// A type from 128 up that nobody knows: go on with the next message (draft-12 §6.1).
    #[error("message type {found} is unknown and may be ignored")]
    Ignorable {
        /// The type.
        found: MessageType,
    },
}

impl DecodeError {
    /// Whether the message is to be skipped and the connection kept.
    #[must_use]
    pub const fn is_ignorable(&self) -> bool {
        matches!(self, Self::Ignorable { .. })
    }
}

/// Why a message cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The message would be longer than the protocol allows.
    #[error("message of {length} bytes is above the limit of {limit}: send less in one message")]
    TooLong {
        /// The length it would have.
        length: usize,
        /// The most this connection allows.
        limit: MessageLimit,
    },
    /// A required option would be missing or a list empty.
    #[error("{message_type} lacks option {option}")]
    Missing {
        /// The message.
        message_type: MessageType,
        /// The option that should be there.
        option: OptionCode,
    },
    /// The peer this dialect is for cannot take it.
    #[error("option {option} cannot be sent in dialect {dialect}: {reason}")]
    Refused {
        /// The dialect.
        dialect: Dialect,
        /// The option concerned.
        option: OptionCode,
        /// What the peer would do, and so what to send instead.
        reason: &'static str,
    },
    /// The peer this dialect is for does not take such a message.
    #[error("{message_type} cannot be sent in dialect {dialect}: {reason}")]
    RefusedMessage {
        /// The dialect.
        dialect: Dialect,
        /// The message.
        message_type: MessageType,
        /// What the peer would do, and so what to do instead.
        reason: &'static str,
    },
}

/// Any error of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Error {
    /// The stream cannot be cut into messages.
    #[error("failed to find a message: {0}")]
    Frame(#[from] FrameError),
    /// A message cannot be read.
    #[error("failed to decode a message: {0}")]
    Decode(#[from] DecodeError),
    /// A message cannot be sent.
    #[error("failed to encode a message: {0}")]
    Encode(#[from] EncodeError),
    /// A message is not authentic.
    #[error("failed to authenticate a message: {0}")]
    Digest(#[from] DigestError),
}

/// What a peer is told about an error, in a DISCONNECT, a CONNECTACK or a BNDACK: the one place
/// that decides it (draft-12 §12.21).
///
/// ```
/// use dhcp_failover_wire::{FrameError, RejectReason, reject_reason};
///
/// let reason = reject_reason(FrameError::TooShort { length: 4 });
/// assert_eq!(reason, RejectReason::UNKNOWN_ERROR);
/// ```
#[must_use]
pub fn reject_reason(error: impl Into<Error>) -> RejectReason {
    match error.into() {
        Error::Digest(DigestError::Missing) => RejectReason::MISSING_DIGEST,
        Error::Digest(DigestError::Unexpected) => RejectReason::DIGEST_NOT_CONFIGURED,
        Error::Digest(DigestError::WrongType { .. }) => RejectReason::DIGEST_NOT_SUPPORTED,
        Error::Digest(_) => RejectReason::DIGEST_MISMATCH,
        Error::Decode(DecodeError::Missing { message_type, option, .. }) => match option {
            _ if message_type == MessageType::BNDUPD => RejectReason::MISSING_BINDING_INFORMATION,
            OptionCode::RELATIONSHIP_NAME => RejectReason::INVALID_PARTNER,
            OptionCode::PROTOCOL_VERSION => RejectReason::VERSION_MISMATCH,
            _ => RejectReason::UNKNOWN_ERROR,
        },
        Error::Decode(DecodeError::OptionLength { option, .. }) => match option {
            OptionCode::RELATIONSHIP_NAME => RejectReason::INVALID_PARTNER,
            OptionCode::HASH_BUCKET_ASSIGNMENT => RejectReason::HASH_BUCKET_CONFLICT,
            OptionCode::MCLT => RejectReason::INVALID_MCLT,
            _ => RejectReason::UNKNOWN_ERROR,
        },
        Error::Decode(DecodeError::OptionValue {
            option: OptionCode::RELATIONSHIP_NAME, ..
        }) => RejectReason::INVALID_PARTNER,
        Error::Frame(_) | Error::Decode(_) | Error::Encode(_) => RejectReason::UNKNOWN_ERROR,
    }
}

/// An offset or length of something inside a message; a longer slice given by mistake saturates.
pub(crate) fn offset_u16(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}

/// Prints an option that may not even have a code.
struct Named(Option<OptionCode>);

impl core::fmt::Display for Named {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(option) => option.fmt(f),
            None => f.write_str("header"),
        }
    }
}
