//! The borrowed view: header and options, validated once, without types.

use core::{fmt, iter::FusedIterator};

use crate::{
    DecodeError, FrameError, HEADER_LEN, MessageLimit, MessageType, OptionCode, OptionSet,
    error::offset_u16, frame_len_within,
};

/// The fixed header of every message (draft-12 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Length of the whole message in bytes, at least 12.
    pub length: u16,
    /// What kind of message it is.
    pub message_type: MessageType,
    /// The payload offset as received; [`payload_start`](Self::payload_start) is what it means.
    pub payload_offset: u8,
    /// When the message was sent, seconds since 1970 on the sender's clock.
    pub time: u32,
    /// Transaction id; a response carries that of its request.
    pub xid: u32,
}

impl Header {
    /// Where the options begin.
    ///
    /// The draft and Windows send 8, which cannot be right for a header of 12 bytes: it counts
    /// from the end of the first word or not at all. Their options begin at 12, and so they are
    /// read; dhcpd says 12. Larger values leave room for more header and are honoured.
    #[must_use]
    pub fn payload_start(&self) -> usize {
        usize::from(self.payload_offset).max(HEADER_LEN)
    }
}

/// One message whose header and option structure are known to be sound.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawMessage<'a> {
    header: Header,
    frame: &'a [u8],
    options: Options<'a>,
}

impl<'a> RawMessage<'a> {
    /// Checks one whole message, as [`split_frame`](crate::split_frame) gives it; how long it may
    /// be was decided there.
    ///
    /// Every option must lie within the message; codes and values are not looked at, so a type or
    /// an option nobody knows passes.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Frame`], [`DecodeError::Length`], [`DecodeError::PayloadOffset`] or
    /// [`DecodeError::OptionOverrun`].
    #[inline]
    pub fn parse(frame: &'a [u8]) -> Result<Self, DecodeError> {
        let length = DecodeError::Length {
            expected: frame.first_chunk().map_or(12, |bytes| u16::from_be_bytes(*bytes)),
            found: offset_u16(frame.len()),
        };
        let Some(fixed) = frame.first_chunk::<HEADER_LEN>() else {
            return Err(whole_len(frame).map_or_else(DecodeError::Frame, |_| length));
        };
        if whole_len(frame)? != Some(frame.len()) {
            return Err(length);
        }
        let &[l0, l1, message_type, payload_offset, t0, t1, t2, t3, x0, x1, x2, x3] = fixed;
        let header = Header {
            length: u16::from_be_bytes([l0, l1]),
            message_type: MessageType(message_type),
            payload_offset,
            time: u32::from_be_bytes([t0, t1, t2, t3]),
            xid: u32::from_be_bytes([x0, x1, x2, x3]),
        };
        let start = header.payload_start();
        let payload = match payload_offset {
            8 | 12.. => frame.get(start..),
            _ => None,
        };
        let Some(payload) = payload else {
            return Err(DecodeError::PayloadOffset {
                found: payload_offset,
                length: header.length,
            });
        };
        let options = Options { rest: payload, end: frame.len() };
        check_options(options)?;
        Ok(Self { header, frame, options })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    /// The options in the order of the message.
    #[must_use]
    pub const fn options(&self) -> Options<'a> {
        self.options
    }

    /// The first option with a code.
    #[must_use]
    pub fn option(&self, code: OptionCode) -> Option<RawOption<'a>> {
        self.options().find(|option| option.code == code)
    }

    /// Which options with a name are there, for [`rules`](crate::rules). A message with bindings is
    /// checked binding by binding ([`BindingUpdate::options`](crate::BindingUpdate::options)).
    #[must_use]
    pub fn option_set(&self) -> OptionSet {
        self.options().map(|option| option.code).collect()
    }

    /// The whole message.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.frame
    }
}

impl fmt::Debug for RawMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMessage")
            .field("header", &self.header)
            .field("options", &self.options)
            .finish()
    }
}

/// One option of a [`RawMessage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawOption<'a> {
    /// The code.
    pub code: OptionCode,
    /// The value, without code and length.
    pub value: &'a [u8],
    /// Where the option's code stands, in bytes from the start of the message.
    pub offset: u16,
}

/// The options of a message, in order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Options<'a> {
    rest: &'a [u8],
    /// Where they end, in bytes from the start of the message.
    end: usize,
}

impl Options<'_> {
    /// Where the next option stands.
    fn offset(&self) -> u16 {
        offset_u16(self.end.saturating_sub(self.rest.len()))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = RawOption<'a>;

    fn next(&mut self) -> Option<RawOption<'a>> {
        let (&[c0, c1, l0, l1], after) = self.rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let (value, rest) = after.split_at_checked(length)?;
        let option = RawOption {
            code: OptionCode(u16::from_be_bytes([c0, c1])),
            value,
            offset: self.offset(),
        };
        self.rest = rest;
        Some(option)
    }
}

impl FusedIterator for Options<'_> {}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

const fn whole_len(frame: &[u8]) -> Result<Option<usize>, FrameError> {
    frame_len_within(frame, MessageLimit::MAX)
}

/// Walks all options; what is left when they end is an option that does not fit.
fn check_options(mut options: Options<'_>) -> Result<(), DecodeError> {
    for _ in options.by_ref() {}
    let offset = options.offset();
    match *options.rest {
        [] => Ok(()),
        [c0, c1, l0, l1, ref after @ ..] => Err(DecodeError::OptionOverrun {
            option: Some(OptionCode(u16::from_be_bytes([c0, c1]))),
            offset,
            expected: u16::from_be_bytes([l0, l1]),
            found: offset_u16(after.len()),
        }),
        ref stump => Err(DecodeError::OptionOverrun {
            option: None,
            offset,
            expected: 4,
            found: offset_u16(stump.len()),
        }),
    }
}
