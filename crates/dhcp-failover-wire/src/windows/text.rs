//! Text in UTF-16LE.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// A text as Windows sends it, UTF-16LE with a terminating NUL. It keeps the bytes a peer sent
/// whatever they are: part of it comes from DHCP clients, who put anything into a host name.
///
/// ```
/// use dhcp_failover_wire::windows::Text;
///
/// let name = Text::new("dc1");
/// assert_eq!(name.as_bytes(), b"d\0c\x001\0\0\0");
/// assert_eq!(name.to_string(), "dc1");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text {
    bytes: Vec<u8>,
}

impl Text {
    /// The text in UTF-16LE, with a NUL.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let units = text.encode_utf16().chain([0]);
        Self { bytes: units.flat_map(u16::to_le_bytes).collect() }
    }

    /// The bytes of an option.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// The bytes as on the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Without the terminating NUL; what is not UTF-16 shows as U+FFFD, and so does an odd byte at the
/// end. Control characters are not escaped.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_utf16(self.bytes.strip_suffix(&[0, 0]).unwrap_or(&self.bytes), f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Writes UTF-16LE.
pub(crate) fn write_utf16(bytes: &[u8], f: &mut impl fmt::Write) -> fmt::Result {
    let (units, odd) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
    for c in char::decode_utf16(units) {
        f.write_char(c.unwrap_or(char::REPLACEMENT_CHARACTER))?;
    }
    if odd.is_empty() { Ok(()) } else { f.write_char(char::REPLACEMENT_CHARACTER) }
}

/// The text of UTF-16LE bytes, unless they are no UTF-16.
pub(crate) fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)))
        .collect::<Result<_, _>>()
        .ok()
}
