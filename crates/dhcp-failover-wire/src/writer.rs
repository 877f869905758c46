//! Writing one message: the header first, its length patched when the options are known.

use alloc::vec::Vec;

use crate::{EncodeError, MessageLimit, MessageType, OptionCode};

pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    limit: MessageLimit,
}

impl<'a> Writer<'a> {
    /// Begins a message at the end of `out`.
    pub(crate) fn begin(
        out: &'a mut Vec<u8>,
        message_type: MessageType,
        payload_offset: u8,
        time: u32,
        xid: u32,
        limit: MessageLimit,
    ) -> Self {
        let start = out.len();
        let ([t0, t1, t2, t3], [x0, x1, x2, x3]) = (time.to_be_bytes(), xid.to_be_bytes());
        let kind = message_type.0;
        out.extend_from_slice(&[0, 0, kind, payload_offset, t0, t1, t2, t3, x0, x1, x2, x3]);
        Self { out, start, limit }
    }

    pub(crate) fn bytes(&mut self, code: OptionCode, value: &[u8]) -> Result<(), EncodeError> {
        self.tagged(code, &[], value)
    }

    /// A value of two parts.
    pub(crate) fn tagged(
        &mut self,
        code: OptionCode,
        tag: &[u8],
        value: &[u8],
    ) -> Result<(), EncodeError> {
        let length = tag.len().saturating_add(value.len());
        // A value too long for its own length field is too long for any message.
        let Ok(field) = u16::try_from(length) else {
            return Err(EncodeError::TooLong { length, limit: self.limit });
        };
        let ([c0, c1], [l0, l1]) = (code.0.to_be_bytes(), field.to_be_bytes());
        self.out.extend_from_slice(&[c0, c1, l0, l1]);
        self.out.extend_from_slice(tag);
        self.out.extend_from_slice(value);
        Ok(())
    }

    /// A value of parts of equal length.
    pub(crate) fn list<const N: usize>(
        &mut self,
        code: OptionCode,
        parts: impl Iterator<Item = [u8; N]>,
    ) -> Result<(), EncodeError> {
        let header = self.out.len();
        self.bytes(code, &[])?;
        let start = self.out.len();
        for part in parts {
            self.out.extend_from_slice(&part);
        }
        let length = self.out.len().saturating_sub(start);
        let Ok(field) = u16::try_from(length) else {
            return Err(EncodeError::TooLong { length, limit: self.limit });
        };
        let tail = self.out.get_mut(header..).unwrap_or_default();
        if let Some([_, _, l0, l1]) = tail.first_chunk_mut() {
            [*l0, *l1] = field.to_be_bytes();
        }
        Ok(())
    }

    pub(crate) fn u8(&mut self, code: OptionCode, value: u8) -> Result<(), EncodeError> {
        self.bytes(code, &[value])
    }

    pub(crate) fn u16(&mut self, code: OptionCode, value: u16) -> Result<(), EncodeError> {
        self.bytes(code, &value.to_be_bytes())
    }

    pub(crate) fn u32(&mut self, code: OptionCode, value: u32) -> Result<(), EncodeError> {
        let ([c0, c1], [v0, v1, v2, v3]) = (code.0.to_be_bytes(), value.to_be_bytes());
        self.out.extend_from_slice(&[c0, c1, 0, 4, v0, v1, v2, v3]);
        Ok(())
    }

    pub(crate) fn maybe_u8(&mut self, code: OptionCode, v: Option<u8>) -> Result<(), EncodeError> {
        v.map_or(Ok(()), |value| self.u8(code, value))
    }

    pub(crate) fn maybe_u32(
        &mut self,
        code: OptionCode,
        value: Option<u32>,
    ) -> Result<(), EncodeError> {
        value.map_or(Ok(()), |value| self.u32(code, value))
    }

    pub(crate) fn maybe_bytes(
        &mut self,
        code: OptionCode,
        value: Option<&[u8]>,
    ) -> Result<(), EncodeError> {
        value.map_or(Ok(()), |value| self.bytes(code, value))
    }

    /// Ends the message: checks and patches its length.
    pub(crate) fn finish(self) -> Result<(), EncodeError> {
        let message = self.out.get_mut(self.start..).unwrap_or_default();
        patch_length(message, self.limit)
    }
}

/// Sets the length field of a whole message to its length.
pub(crate) fn patch_length(message: &mut [u8], limit: MessageLimit) -> Result<(), EncodeError> {
    let length = message.len();
    match (u16::try_from(length), message.first_chunk_mut()) {
        (Ok(value), Some(field)) if length <= limit.bytes() => {
            *field = value.to_be_bytes();
            Ok(())
        }
        _ => Err(EncodeError::TooLong { length, limit }),
    }
}
