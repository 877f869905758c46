//! What can be wrong with a digest.

use thiserror::Error;

use crate::{DecodeError, MessageLimit};

/// Why a message is not authentic, or cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DigestError {
    /// There is no digest.
    #[error("message has no digest and a shared secret is configured")]
    Missing,
    /// There is a digest, and no secret to check it with.
    #[error("message has a digest and no shared secret is configured")]
    Unexpected,
    /// The digest is not the first option.
    #[error("message-digest is not the first option")]
    NotFirst,
    /// The digest is of another algorithm.
    #[error("message-digest has type {found} instead of {expected}")]
    WrongType {
        /// The type configured.
        expected: u8,
        /// The type received.
        found: u8,
    },
    /// The option has another length than its type demands.
    #[error("message-digest has {found} bytes instead of {expected}")]
    WrongLength {
        /// The length of the option for this type, type byte included.
        expected: u16,
        /// The length received.
        found: u16,
    },
    /// The digest is wrong: another secret, or the message was changed.
    #[error("message digest does not match: check that both servers have the same shared secret")]
    Mismatch,
    /// The message to sign has a digest already.
    #[error("message has a digest already")]
    AlreadySigned,
    /// The message to sign would exceed the limit with a digest.
    #[error("message of {length} bytes with its digest is above the limit of {limit}")]
    TooLong {
        /// The length it would have.
        length: usize,
        /// The most this connection allows.
        limit: MessageLimit,
    },
    /// The bytes are not one message.
    #[error(transparent)]
    Message(#[from] DecodeError),
}
