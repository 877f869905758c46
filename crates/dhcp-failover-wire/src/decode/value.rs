//! The formats of option values.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::{DecodeError, Dialect, HardwareAddress, IpFlags, RawOption, error::offset_u16};

pub(super) fn u8(option: RawOption<'_>) -> Result<u8, DecodeError> {
    fixed(option).map(u8::from_be_bytes)
}

pub(super) fn u32(option: RawOption<'_>) -> Result<u32, DecodeError> {
    fixed(option).map(u32::from_be_bytes)
}

pub(super) fn address(option: RawOption<'_>) -> Result<Ipv4Addr, DecodeError> {
    fixed(option).map(<[u8; 4]>::into)
}

pub(super) fn fixed<const N: usize>(option: RawOption<'_>) -> Result<[u8; N], DecodeError> {
    option.value.try_into().map_err(|_| wrong_length(option, offset_u16(N)))
}

/// A value of at least one byte.
pub(super) fn name(option: RawOption<'_>) -> Result<Vec<u8>, DecodeError> {
    if option.value.is_empty() {
        return Err(wrong_length(option, 1));
    }
    Ok(option.value.into())
}

pub(super) fn hardware_address(option: RawOption<'_>) -> Result<HardwareAddress, DecodeError> {
    let (&htype, bytes) = option.value.split_first().ok_or_else(|| wrong_length(option, 1))?;
    Ok(HardwareAddress { htype, bytes: bytes.into() })
}

pub(super) fn ip_flags(option: RawOption<'_>, dialect: Dialect) -> Result<IpFlags, DecodeError> {
    match *option.value {
        [low] if dialect.facts().reads_short_ip_flags => Ok(IpFlags(low.into())),
        _ => fixed(option).map(|bytes| IpFlags(u16::from_be_bytes(bytes))),
    }
}

/// Text for people. One `?` takes the place of each invalid sequence, so that the text never grows
/// and a message read can always be sent again.
pub(super) fn text(option: RawOption<'_>) -> String {
    let mut text = String::with_capacity(option.value.len());
    for chunk in option.value.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('?');
        }
    }
    text
}

fn wrong_length(option: RawOption<'_>, expected: u16) -> DecodeError {
    let RawOption { code, offset, value } = option;
    DecodeError::OptionLength { option: code, offset, expected, found: offset_u16(value.len()) }
}
