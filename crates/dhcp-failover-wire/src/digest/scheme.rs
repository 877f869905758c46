//! How a digest is computed.

use alloc::vec::Vec;
use core::{
    fmt,
    hash::{Hash, Hasher},
};

use zeroize::Zeroizing;

/// The algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DigestKind {
    /// HMAC-MD5, the only one the draft defines; 16 bytes.
    HmacMd5,
    /// HMAC-SHA-256, as Windows sends it; 32 bytes.
    HmacSha256,
}

impl DigestKind {
    /// The length of the digest in bytes, without the type byte.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::HmacMd5 => 16,
            Self::HmacSha256 => 32,
        }
    }
}

/// Everything two servers have to agree on beside the secret.
///
/// The constants are the ones to use; the fields are there because the published facts about
/// Windows end at "HMAC of the text" and only a pair with a known secret can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a scheme is built field by field")]
pub struct Scheme {
    /// The algorithm.
    pub kind: DigestKind,
    /// The type byte in front of the digest: 1 for HMAC-MD5 (draft-12 §12.17), 2 for Windows'
    /// HMAC-SHA-256.
    pub type_byte: u8,
    /// What is hashed.
    pub coverage: Coverage,
    /// How the secret becomes the key.
    pub key_encoding: KeyEncoding,
    /// Whether the key is also hashed after the message: §11.1 hashes the message "concatenated
    /// with the shared secret". In the constants that means the key of the HMAC, as in RFC 2104,
    /// and nothing is appended.
    pub appends_secret: bool,
}

impl Scheme {
    /// HMAC-MD5, the draft's only one.
    pub const HMAC_MD5: Self = Self {
        kind: DigestKind::HmacMd5,
        type_byte: 1,
        coverage: Coverage::ZeroedDigest,
        key_encoding: KeyEncoding::Bytes,
        appends_secret: false,
    };

    /// HMAC-SHA-256 with the type byte of Windows and the secret as it is: the one to use between
    /// two of this implementation.
    pub const HMAC_SHA256: Self =
        Self { kind: DigestKind::HmacSha256, type_byte: 2, ..Self::HMAC_MD5 };

    /// What Windows is taken to do. Algorithm, type byte, length and position were captured;
    /// coverage and key encoding are **unverified**.
    pub const WINDOWS: Self = Self { key_encoding: KeyEncoding::Utf16, ..Self::HMAC_SHA256 };
}

/// What a digest is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the draft has these two texts")]
pub enum Coverage {
    /// The whole message as sent, the bytes of the digest taken as zero (§11.1).
    ZeroedDigest,
    /// The message as it was before the option came in, with the length it had (§12.17).
    WithoutOption,
}

/// How a shared secret becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "what else was thought of would be added by name")]
pub enum KeyEncoding {
    /// Its bytes as they are (of a text, its UTF-8).
    Bytes,
    /// The text in UTF-16LE.
    Utf16,
    /// The text in UTF-16LE with a terminating NUL. Up to 32 characters that is the same key as
    /// without, because HMAC pads keys with zeros to 64 bytes.
    Utf16Nul,
}

/// A shared secret made ready for a scheme. It is wiped when dropped, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    scheme: Scheme,
    bytes: Zeroizing<Vec<u8>>,
}

impl Key {
    /// Makes a key of a secret that is text, in the encoding of the scheme.
    #[must_use]
    pub fn new(scheme: Scheme, secret: &str) -> Self {
        let bytes = match scheme.key_encoding {
            KeyEncoding::Bytes => secret.into(),
            KeyEncoding::Utf16 => secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            KeyEncoding::Utf16Nul => {
                secret.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
            }
        };
        Self { scheme, bytes: Zeroizing::new(bytes) }
    }

    /// Takes these bytes for the key, whatever the encoding of the scheme.
    #[must_use]
    pub fn from_bytes(scheme: Scheme, bytes: &[u8]) -> Self {
        Self { scheme, bytes: Zeroizing::new(bytes.into()) }
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scheme.hash(state);
        self.bytes.as_slice().hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, {} bytes)", self.scheme, self.bytes.len())
    }
}
