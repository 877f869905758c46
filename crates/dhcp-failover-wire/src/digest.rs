//! The message digest (draft-12 §11.1, §12.17): a keyed hash over one whole encoded message.
//!
//! The digest is the first option. What exactly it covers and how the secret becomes a key is said
//! differently in different places of the draft and not at all by [MS-DHCPF], so it is a value, a
//! [`Scheme`]; no public capture with a known secret exists to decide the matter for Windows.
//! dhcpd knows no digest.
//!
//! ```
//! use dhcp_failover_wire::{
//!     Dialect, Message, Packet, decode,
//!     digest::{self, DigestError, Key, Scheme},
//!     encode,
//! };
//!
//! let packet = Packet { time: 1_700_000_000, xid: 1, message: Message::Contact };
//! let old = Key::new(Scheme::HMAC_SHA256, "secret");
//! let new = Key::new(Scheme::HMAC_SHA256, "another secret");
//! let mut frame = Vec::new();
//! encode(&packet, Dialect::Draft12, &mut frame)?;
//! digest::sign(&mut frame, &old)?;
//!
//! digest::verify(&frame, &old)?;
//! assert_eq!(decode(&frame, Dialect::Draft12)?, packet);
//! assert_eq!(digest::verify(&frame, &new), Err(DigestError::Mismatch));
//! // While a secret is changed, both are accepted.
//! assert_eq!(digest::verify_any(&frame, &[new, old]), Ok(1));
//! # Ok::<(), dhcp_failover_wire::Error>(())
//! ```

mod error;
mod scheme;

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::Sha256;

pub use self::{
    error::DigestError,
    scheme::{Coverage, DigestKind, Key, KeyEncoding, Scheme},
};
use crate::{
    EncodeError, HEADER_LEN, MessageLimit, OptionCode, RawMessage, RawOption, error::offset_u16,
    writer::patch_length,
};

/// The most a digest adds to a message: option header, type and 32 bytes.
pub const MAX_LEN: usize = 37;

/// Puts a digest into one whole encoded message, as its first option, and adjusts its length.
///
/// # Errors
///
/// [`DigestError::Message`] if `frame` is not one message, [`DigestError::AlreadySigned`] if it
/// has a digest, [`DigestError::TooLong`] if there is no room for one. `frame` is then unchanged.
pub fn sign(frame: &mut Vec<u8>, key: &Key) -> Result<(), DigestError> {
    sign_within(frame, key, MessageLimit::DRAFT)
}

/// As [`sign`], for a connection whose servers have agreed on longer messages.
///
/// # Errors
///
/// As [`sign`].
pub fn sign_within(frame: &mut Vec<u8>, key: &Key, limit: MessageLimit) -> Result<(), DigestError> {
    let raw = RawMessage::parse(frame)?;
    if raw.option(OptionCode::MESSAGE_DIGEST).is_some() {
        return Err(DigestError::AlreadySigned);
    }
    let digest_len = key.scheme().kind.digest_len();
    let [c0, c1] = OptionCode::MESSAGE_DIGEST.0.to_be_bytes();
    let [l0, l1] = offset_u16(digest_len.saturating_add(1)).to_be_bytes();
    let head = [c0, c1, l0, l1, key.scheme().type_byte];

    let length = frame.len().saturating_add(head.len()).saturating_add(digest_len);
    if length > limit.bytes() {
        return Err(DigestError::TooLong { length, limit });
    }
    let at = raw.header().payload_start();
    frame.splice(at..at, head.into_iter().chain(core::iter::repeat_n(0, digest_len)));
    patch_length(frame, limit).map_err(|_: EncodeError| DigestError::TooLong { length, limit })?;

    let place = Place { option_at: at, digest_at: at.saturating_add(head.len()), digest_len };
    match key.scheme().kind {
        DigestKind::HmacMd5 => fill::<Hmac<Md5>>(frame, place, key),
        DigestKind::HmacSha256 => fill::<Hmac<Sha256>>(frame, place, key),
    }
    Ok(())
}

/// Checks the digest of one whole message, in a time that does not depend on where it differs.
///
/// # Errors
///
/// [`DigestError`]: the message must not be acted on, and the connection is to be closed
/// (draft-12 §11.1).
pub fn verify(frame: &[u8], key: &Key) -> Result<(), DigestError> {
    let raw = RawMessage::parse(frame)?;
    let mut options = raw.options();
    let first = match options.next() {
        Some(first) if is_digest(first) => first,
        _ if options.any(is_digest) => return Err(DigestError::NotFirst),
        _ => return Err(DigestError::Missing),
    };
    let Scheme { kind, type_byte: expected, .. } = key.scheme();
    let digest_len = kind.digest_len();
    let wrong_length = DigestError::WrongLength {
        expected: offset_u16(digest_len.saturating_add(1)),
        found: offset_u16(first.value.len()),
    };
    let Some((&found, digest)) = first.value.split_first() else { return Err(wrong_length) };
    if found != expected {
        return Err(DigestError::WrongType { expected, found });
    }
    if digest.len() != digest_len {
        return Err(wrong_length);
    }
    let option_at = usize::from(first.offset);
    let place = Place { option_at, digest_at: option_at.saturating_add(5), digest_len };
    let valid = match kind {
        DigestKind::HmacMd5 => {
            mac::<Hmac<Md5>>(frame, place, key).is_some_and(|mac| mac.verify_slice(digest).is_ok())
        }
        DigestKind::HmacSha256 => mac::<Hmac<Sha256>>(frame, place, key)
            .is_some_and(|mac| mac.verify_slice(digest).is_ok()),
    };
    if valid { Ok(()) } else { Err(DigestError::Mismatch) }
}

/// Checks a digest against several keys: the present one first, then the one it replaces or will be
/// replaced by. Gives the index of the key that fits.
///
/// # Errors
///
/// That of the first key, if none fits; [`DigestError::Missing`] without any key.
pub fn verify_any(frame: &[u8], keys: &[Key]) -> Result<usize, DigestError> {
    let mut first_error = None;
    for (index, key) in keys.iter().enumerate() {
        match verify(frame, key) {
            Ok(()) => return Ok(index),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(DigestError::Missing))
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
    match raw.option(OptionCode::MESSAGE_DIGEST) {
        Some(_) => Err(DigestError::Unexpected),
        None => Ok(()),
    }
}

fn is_digest(option: RawOption<'_>) -> bool {
    option.code == OptionCode::MESSAGE_DIGEST
}

/// Where in a message the digest is.
#[derive(Clone, Copy)]
struct Place {
    option_at: usize,
    digest_at: usize,
    digest_len: usize,
}

/// The hash over what the scheme covers.
fn mac<M: Mac + KeyInit>(frame: &[u8], place: Place, key: &Key) -> Option<M> {
    let Place { option_at, digest_at, digest_len } = place;
    let (_, after) = frame.split_at_checked(digest_at.saturating_add(digest_len))?;
    // HMAC takes keys of any length.
    let mut mac = <M as KeyInit>::new_from_slice(key.bytes()).ok()?;
    match key.scheme().coverage {
        Coverage::ZeroedDigest => {
            mac.update(frame.get(..digest_at)?);
            mac.update([0; 32].get(..digest_len)?);
        }
        Coverage::WithoutOption => {
            let option_len = digest_at.saturating_add(digest_len).saturating_sub(option_at);
            let length = offset_u16(frame.len().saturating_sub(option_len));
            debug_assert!(option_at >= HEADER_LEN, "options come after the header");
            mac.update(&length.to_be_bytes());
            mac.update(frame.get(2..option_at)?);
        }
    }
    mac.update(after);
    if key.scheme().appends_secret {
        mac.update(key.bytes());
    }
    Some(mac)
}

fn fill<M: Mac + KeyInit>(frame: &mut [u8], place: Place, key: &Key) {
    let Some(mac) = mac::<M>(frame, place, key) else { return };
    let digest = mac.finalize().into_bytes();
    let Some((_, rest)) = frame.split_at_mut_checked(place.digest_at) else { return };
    for (to, from) in rest.iter_mut().zip(&digest) {
        *to = *from;
    }
}
