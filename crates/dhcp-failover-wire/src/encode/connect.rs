//! CONNECT and CONNECTACK (draft-12 §7.8, §7.9).

use super::{Result, write_reject};
use crate::{Connect, ConnectAck, Dialect, EncodeError, MessageType, OptionCode, writer::Writer};

pub(super) fn write_connect(writer: &mut Writer<'_>, body: &Connect, dialect: Dialect) -> Result {
    write_name(writer, &body.relationship_name, MessageType::CONNECT, dialect)?;
    writer.maybe_u32(OptionCode::MAX_UNACKED_BNDUPD, body.max_unacked_bndupd)?;
    writer.maybe_u32(OptionCode::RECEIVE_TIMER, body.receive_timer)?;
    write_vendor_class(writer, body.vendor_class_identifier.as_deref(), dialect)?;
    writer.u8(OptionCode::PROTOCOL_VERSION, body.protocol_version)?;
    write_tls(writer, OptionCode::TLS_REQUEST, body.tls_request, dialect)?;
    writer.maybe_u32(OptionCode::MCLT, body.mclt)?;
    let buckets = body.hash_buckets.as_ref().map(<[u8; 32]>::as_slice);
    writer.maybe_bytes(OptionCode::HASH_BUCKET_ASSIGNMENT, buckets)?;
    writer.maybe_u8(OptionCode::DELAYED_SERVICE_PARAMETER, body.delayed_service_parameter)?;
    writer.maybe_bytes(OptionCode::VENDOR_SPECIFIC_OPTIONS, body.vendor_specific.as_deref())
}

pub(super) fn write_connect_ack(
    writer: &mut Writer<'_>,
    body: &ConnectAck,
    dialect: Dialect,
) -> Result {
    if body.reject.is_none() || !body.relationship_name.is_empty() {
        write_name(writer, &body.relationship_name, MessageType::CONNECTACK, dialect)?;
    }
    writer.maybe_u32(OptionCode::MAX_UNACKED_BNDUPD, body.max_unacked_bndupd)?;
    writer.maybe_u32(OptionCode::RECEIVE_TIMER, body.receive_timer)?;
    write_vendor_class(writer, body.vendor_class_identifier.as_deref(), dialect)?;
    writer.u8(OptionCode::PROTOCOL_VERSION, body.protocol_version)?;
    write_tls(writer, OptionCode::TLS_REPLY, body.tls_reply, dialect)?;
    write_reject(writer, body.reject.as_ref(), dialect)?;
    writer.maybe_bytes(OptionCode::VENDOR_SPECIFIC_OPTIONS, body.vendor_specific.as_deref())
}

fn write_tls(
    writer: &mut Writer<'_>,
    option: OptionCode,
    value: Option<u8>,
    dialect: Dialect,
) -> Result {
    let (refused, reason) = dialect.facts().refused_options;
    if value.is_some() && refused.contains(option) {
        return Err(EncodeError::Refused { dialect, option, reason });
    }
    writer.maybe_u8(option, value)
}

fn write_name(
    writer: &mut Writer<'_>,
    name: &[u8],
    message_type: MessageType,
    dialect: Dialect,
) -> Result {
    let option = OptionCode::RELATIONSHIP_NAME;
    if name.is_empty() {
        return Err(EncodeError::Missing { message_type, option });
    }
    write_utf16_to_windows(writer, option, name, dialect)
}

fn write_vendor_class(writer: &mut Writer<'_>, name: Option<&[u8]>, dialect: Dialect) -> Result {
    name.map_or(Ok(()), |name| {
        write_utf16_to_windows(writer, OptionCode::VENDOR_CLASS_IDENTIFIER, name, dialect)
    })
}

/// A name as it is, or in UTF-16LE without NUL.
fn write_utf16_to_windows(
    writer: &mut Writer<'_>,
    option: OptionCode,
    name: &[u8],
    dialect: Dialect,
) -> Result {
    if dialect.windows().is_none() {
        return writer.bytes(option, name);
    }
    let Ok(text) = core::str::from_utf8(name) else {
        let reason = "Windows has names in UTF-16 and this one is not UTF-8 text";
        return Err(EncodeError::Refused { dialect, option, reason });
    };
    writer.list(option, text.encode_utf16().map(u16::to_le_bytes))
}
