//! The shared secret.

use alloc::{string::String, vec::Vec};
use core::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::Invalid;

/// The secret two servers sign their messages with, at least one character.
///
/// It is never shown by `Debug`, never serialized, and wiped when it is dropped. To show it or to
/// send it takes a call of [`expose`](Self::expose). Comparing two of these takes a time that depends
/// on them; authenticate messages with their digest, not with this.
///
/// With the feature `serde` it can be read, from a text. What the format's reader has in its own
/// buffers is not wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret(Zeroizing<String>);

impl SharedSecret {
    /// A secret. To turn authentication off, use no secret at all.
    ///
    /// # Errors
    ///
    /// [`Invalid::SecretEmpty`], and [`Invalid::Nul`] because that would end it in the Windows API.
    pub fn new(secret: impl Into<String>) -> Result<Self, Invalid> {
        let secret = Zeroizing::new(secret.into());
        if secret.is_empty() {
            return Err(Invalid::SecretEmpty);
        }
        if secret.contains('\0') {
            return Err(Invalid::Nul { parameter: "SharedSecret" });
        }
        Ok(Self(secret))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret as the Windows API has it.
    #[must_use]
    pub fn to_utf16(&self) -> SecretUtf16 {
        // Room for all of it at once: a vector that grows leaves copies behind.
        let mut units = Zeroizing::new(Vec::with_capacity(self.0.encode_utf16().count()));
        units.extend(self.0.encode_utf16());
        SecretUtf16(units)
    }
}

impl ZeroizeOnDrop for SharedSecret {}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(hidden)")
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for SharedSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::new(secret).map_err(serde::de::Error::custom)
    }
}

/// A shared secret as UTF-16 units without the NUL at their end. Not shown by `Debug`, wiped when it
/// is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUtf16(Zeroizing<Vec<u16>>);

impl SecretUtf16 {
    /// These units.
    #[must_use]
    pub fn new(units: Vec<u16>) -> Self {
        Self(Zeroizing::new(units))
    }

    /// The units themselves.
    #[must_use]
    pub fn expose(&self) -> &[u16] {
        &self.0
    }

    /// The secret as a text.
    ///
    /// # Errors
    ///
    /// As [`SharedSecret::new`], and [`Invalid::NotUtf16`].
    pub fn to_secret(&self) -> Result<SharedSecret, Invalid> {
        // A unit never needs more than three bytes of UTF-8.
        let mut text = Zeroizing::new(String::with_capacity(self.0.len().saturating_mul(3)));
        for character in char::decode_utf16(self.0.iter().copied()) {
            let unpaired = |_| Invalid::NotUtf16 { parameter: "SharedSecret" };
            text.push(character.map_err(unpaired)?);
        }
        SharedSecret::new(core::mem::take(&mut *text))
    }
}

impl ZeroizeOnDrop for SecretUtf16 {}

impl fmt::Debug for SecretUtf16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUtf16(hidden)")
    }
}
