//! The formats of option values.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::{
    DecodeError, Dialect, HardwareAddress, IpFlags, RawOption,
    error::offset_u16,
    windows::{
        RejectText,
        text::{from_utf16, write_utf16},
    },
};

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

/// The name of a relationship, of at least one byte; from Windows turned into UTF-8.
pub(super) fn name(option: RawOption<'_>, dialect: Dialect) -> Result<Vec<u8>, DecodeError> {
    if option.value.is_empty() {
        return Err(wrong_length(option, 1));
    }
    vendor_class(option, dialect)
}

/// The name of an implementation; from Windows turned into UTF-8.
pub(super) fn vendor_class(
    option: RawOption<'_>,
    dialect: Dialect,
) -> Result<Vec<u8>, DecodeError> {
    match dialect {
        Dialect::Microsoft(_) => {
            from_utf16(option.value).map(String::into_bytes).ok_or_else(|| wrong_value(option))
        }
        _ => Ok(option.value.into()),
    }
}

/// Scope ids of Windows, each little-endian.
pub(super) fn scope_ids(option: RawOption<'_>) -> Result<Vec<Ipv4Addr>, DecodeError> {
    match option.value.as_chunks::<4>() {
        (ids, []) => Ok(ids.iter().copied().map(scope_id).collect()),
        (ids, _) => {
            let whole = ids.len().saturating_add(1).saturating_mul(4);
            Err(wrong_length(option, offset_u16(whole)))
        }
    }
}

fn scope_id(bytes: [u8; 4]) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from_le_bytes(bytes))
}

/// Scope id, hardware type and address, as Windows has them in one option.
pub(super) fn scope_and_hardware(
    option: RawOption<'_>,
) -> Result<(Ipv4Addr, HardwareAddress), DecodeError> {
    match option.value.split_first_chunk() {
        Some((&scope, [htype, bytes @ ..])) => {
            Ok((scope_id(scope), HardwareAddress { htype: *htype, bytes: bytes.into() }))
        }
        _ => Err(wrong_length(option, 5)),
    }
}

/// A number of one byte that Windows' text gives four.
pub(super) fn u8_of_one_or_four(option: RawOption<'_>) -> Result<u8, DecodeError> {
    match *option.value {
        [value] => Ok(value),
        // The order of the bytes is not said either: the one that is not zero counts.
        [0, 0, 0, value] | [value, 0, 0, 0] => Ok(value),
        [_, _, _, _] => Err(wrong_value(option)),
        _ => Err(wrong_length(option, 1)),
    }
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
pub(super) fn text(option: RawOption<'_>, dialect: Dialect) -> String {
    let mut text = String::with_capacity(option.value.len());
    if let Dialect::Microsoft(settings) = dialect
        && settings.reject_text == RejectText::Utf16
    {
        // Writing to a string does not fail.
        let _ = write_utf16(option.value, &mut text);
        return text;
    }
    for chunk in option.value.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('?');
        }
    }
    text
}

fn wrong_value(option: RawOption<'_>) -> DecodeError {
    DecodeError::OptionValue { option: option.code, offset: option.offset }
}

fn wrong_length(option: RawOption<'_>, expected: u16) -> DecodeError {
    let RawOption { code, offset, value } = option;
    DecodeError::OptionLength { option: code, offset, expected, found: offset_u16(value.len()) }
}
