//! The message digest (draft-12 §11.1, §12.17): a keyed hash over one whole encoded message.
//!
//! The digest is the first option and covers the complete message, header and itself included,
//! with the digest bytes zero. The text says the message is hashed "concatenated with the shared
//! secret"; here the secret is the HMAC key, as RFC 2104 means it. No public capture with a known
//! secret exists to confirm that Windows (HMAC-SHA-256) does the same; dhcpd knows no digest.
//!
//! ```
//! use dhcp_failover_wire::{
//!     Dialect, Message, Packet, decode,
//!     digest::{self, DigestError, DigestKind},
//!     encode,
//! };
//!
//! let packet = Packet { time: 1_700_000_000, xid: 1, message: Message::Contact };
//! let mut frame = Vec::new();
//! encode(&packet, Dialect::Draft12, &mut frame)?;
//! digest::sign(&mut frame, DigestKind::HmacSha256, b"secret")?;
//!
//! digest::verify(&frame, DigestKind::HmacSha256, b"secret")?;
//! assert_eq!(decode(&frame, Dialect::Draft12)?, packet);
//! let wrong = digest::verify(&frame, DigestKind::HmacSha256, b"Secret");
//! assert_eq!(wrong, Err(DigestError::Mismatch));
//! # Ok::<(), dhcp_failover_wire::Error>(())
//! ```

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::Sha256;
use thiserror::Error;

use crate::{
    DecodeError, EncodeError, MAX_MESSAGE_LEN, OptionCode, RawMessage, RawOption,
    error::offset_u16, writer::patch_length,
};

/// The most a digest adds to a message: option header, type and 32 bytes.
pub const MAX_LEN: usize = 37;

/// The algorithm, with the number it has on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DigestKind {
    /// HMAC-MD5, the only one the draft defines.
    HmacMd5 = 1,
    /// HMAC-SHA-256, as Windows sends it.
    HmacSha256 = 2,
}

impl DigestKind {
    /// The type byte of the option.
    #[must_use]
    pub const fn type_byte(self) -> u8 {
        match self {
            Self::HmacMd5 => 1,
            Self::HmacSha256 => 2,
        }
    }

    /// The length of the digest in bytes, without the type byte.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::HmacMd5 => 16,
            Self::HmacSha256 => 32,
        }
    }
}

/// Puts a digest into one whole encoded message, as its first option, and adjusts its length.
///
/// # Errors
///
/// [`DigestError::Message`] if `frame` is not one message, [`DigestError::AlreadySigned`] if it
/// has a digest, [`DigestError::TooLong`] if there is no room for one. `frame` is then unchanged.
pub fn sign(frame: &mut Vec<u8>, kind: DigestKind, key: &[u8]) -> Result<(), DigestError> {
    let raw = RawMessage::parse(frame)?;
    if raw.options().any(is_digest) {
        return Err(DigestError::AlreadySigned);
    }
    let zeros = [0; 32];
    let zeros = zeros.get(..kind.digest_len()).unwrap_or(&zeros);
    let [c0, c1] = OptionCode::MESSAGE_DIGEST.0.to_be_bytes();
    let [l0, l1] = offset_u16(zeros.len().saturating_add(1)).to_be_bytes();
    let head = [c0, c1, l0, l1, kind.type_byte()];

    let length = frame.len().saturating_add(head.len()).saturating_add(zeros.len());
    if length > MAX_MESSAGE_LEN {
        return Err(DigestError::TooLong { length });
    }
    let at = raw.header().payload_start();
    let option = head.iter().chain(zeros).copied();
    frame.splice(at..at, option);
    patch_length(frame).map_err(|_: EncodeError| DigestError::TooLong { length })?;

    let digest_at = at.saturating_add(head.len());
    match kind {
        DigestKind::HmacMd5 => fill::<Hmac<Md5>>(frame, digest_at, kind, key),
        DigestKind::HmacSha256 => fill::<Hmac<Sha256>>(frame, digest_at, kind, key),
    }
    Ok(())
}

/// Checks the digest of one whole message, in a time that does not depend on where it differs.
///
/// # Errors
///
/// [`DigestError`]: the message must not be acted on, and the connection is to be closed
/// (draft-12 §11.1).
pub fn verify(frame: &[u8], kind: DigestKind, key: &[u8]) -> Result<(), DigestError> {
    let raw = RawMessage::parse(frame)?;
    let mut options = raw.options();
    let first = match options.next() {
        Some(first) if is_digest(first) => first,
        _ if options.any(is_digest) => return Err(DigestError::NotFirst),
        _ => return Err(DigestError::Missing),
    };
    let Some((&found, digest)) = first.value.split_first() else {
        return Err(DigestError::WrongLength { expected: expected_len(kind), found: 0 });
    };
    if found != kind.type_byte() {
        return Err(DigestError::WrongType { expected: kind.type_byte(), found });
    }
    if digest.len() != kind.digest_len() {
        let found = offset_u16(first.value.len());
        return Err(DigestError::WrongLength { expected: expected_len(kind), found });
    }
    let digest_at = usize::from(first.offset).saturating_add(5);
    let valid = match kind {
        DigestKind::HmacMd5 => mac::<Hmac<Md5>>(frame, digest_at, kind, key)
            .is_some_and(|mac| mac.verify_slice(digest).is_ok()),
        DigestKind::HmacSha256 => mac::<Hmac<Sha256>>(frame, digest_at, kind, key)
            .is_some_and(|mac| mac.verify_slice(digest).is_ok()),
    };
    if valid { Ok(()) } else { Err(DigestError::Mismatch) }
}

/// Checks that a message carries no digest, as it must where no secret is configured
/// (draft-12 §11.1).
///
/// # Errors
///
/// [`DigestError::Unexpected`] if there is one, [`DigestError::Message`] if `frame` is not one
/// message.
pub fn verify_absent(frame: &[u8]) -> Result<(), DigestError> {
    let raw = RawMessage::parse(frame)?;
    if raw.options().any(is_digest) { Err(DigestError::Unexpected) } else { Ok(()) }
}

fn is_digest(option: RawOption<'_>) -> bool {
    option.code == OptionCode::MESSAGE_DIGEST
}

fn expected_len(kind: DigestKind) -> u16 {
    offset_u16(kind.digest_len().saturating_add(1))
}

/// The hash over the message with the digest bytes at `digest_at` taken as zero.
fn mac<M: Mac + KeyInit>(
    frame: &[u8],
    digest_at: usize,
    kind: DigestKind,
    key: &[u8],
) -> Option<M> {
    let (before, rest) = frame.split_at_checked(digest_at)?;
    let (digest, after) = rest.split_at_checked(kind.digest_len())?;
    let zeros = [0; 32];
    // HMAC takes keys of any length.
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(before);
    mac.update(zeros.get(..digest.len())?);
    mac.update(after);
    Some(mac)
}

fn fill<M: Mac + KeyInit>(frame: &mut [u8], digest_at: usize, kind: DigestKind, key: &[u8]) {
    let Some(mac) = mac::<M>(frame, digest_at, kind, key) else { return };
    let digest = mac.finalize().into_bytes();
    let Some((_, rest)) = frame.split_at_mut_checked(digest_at) else { return };
    for (to, from) in rest.iter_mut().zip(&digest) {
        *to = *from;
    }
}

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
    #[error("message of {length} bytes with its digest is above the limit of {MAX_MESSAGE_LEN}")]
    TooLong {
        /// The length it would have.
        length: usize,
    },
    /// The bytes are not one message.
    #[error(transparent)]
    Message(#[from] DecodeError),
}
