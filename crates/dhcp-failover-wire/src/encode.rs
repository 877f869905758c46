//! Typed messages to bytes.

mod binding;
mod connect;

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use self::{
    binding::write_update,
    connect::{write_connect, write_connect_ack},
};
use crate::{
    BindingAck, Dialect, EncodeError, Message, MessageLimit, MessageType, OptionCode, Packet,
    Reject, ServerState, State, windows::RejectText, writer::Writer,
};

type Result<T = ()> = core::result::Result<T, EncodeError>;

/// Appends a message to `out`, which is the only thing that may allocate. Options go in the order
/// dhcpd and Windows use, so that what they sent comes out as it came; no peer known depends on an
/// order beyond assigned-IP-address first.
///
/// No message-digest is added; [`digest::sign`](crate::digest::sign) does that afterwards, and
/// needs room for it: at most [`digest::MAX_LEN`](crate::digest::MAX_LEN) bytes.
///
/// # Errors
///
/// [`EncodeError`]; `out` is then as it was.
pub fn encode(packet: &Packet, dialect: Dialect, out: &mut Vec<u8>) -> Result {
    encode_within(packet, dialect, MessageLimit::DRAFT, out)
}

/// As [`encode`], for a connection whose servers have agreed on longer messages.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_within(
    packet: &Packet,
    dialect: Dialect,
    limit: MessageLimit,
    out: &mut Vec<u8>,
) -> Result {
    let Packet { time, xid, ref message } = *packet;
    let message_type = message.message_type();
    let (refused, reason) = dialect.facts().refused_messages;
    if refused.contains(&message_type) {
        return Err(EncodeError::RefusedMessage { dialect, message_type, reason });
    }
    let start = out.len();
    let offset = dialect.facts().payload_offset;
    let mut writer = Writer::begin(out, message_type, offset, time, xid, limit);
    let written = write_message(&mut writer, message, dialect).and_then(|()| writer.finish());
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn write_message(writer: &mut Writer<'_>, message: &Message, dialect: Dialect) -> Result {
    match message {
        Message::PoolReq | Message::UpdReqAll | Message::UpdDone | Message::Contact => Ok(()),
        Message::UpdReq(body) => write_scope_ids(writer, &body.scope_ids, dialect),
        Message::PoolResp(body) => {
            writer.u32(OptionCode::ADDRESSES_TRANSFERRED, body.addresses_transferred)
        }
        Message::BndUpd(updates) => {
            check_count(updates.len(), MessageType::BNDUPD, dialect.max_bindings(), dialect)?;
            updates.iter().try_for_each(|update| write_update(writer, update, dialect))
        }
        Message::BndAck(acks) => {
            let most = if dialect.batches_bindings() { usize::MAX } else { 1 };
            check_count(acks.len(), MessageType::BNDACK, most, dialect)?;
            acks.iter().try_for_each(|ack| write_ack(writer, ack, dialect))
        }
        Message::Connect(body) => write_connect(writer, body, dialect),
        Message::ConnectAck(body) => write_connect_ack(writer, body, dialect),
        Message::State(body) => write_state(writer, *body, dialect),
        Message::Disconnect(body) => {
            writer.u8(OptionCode::REJECT_REASON, body.reject_reason.0)?;
            write_text(writer, body.message.as_deref(), dialect)
        }
    }
}

fn write_scope_ids(writer: &mut Writer<'_>, scope_ids: &[Ipv4Addr], dialect: Dialect) -> Result {
    let option = OptionCode::SCOPE_ID_LIST;
    if scope_ids.is_empty() {
        return Ok(());
    }
    if !dialect.knows(option) {
        let reason = "only Windows knows scopes; ask for all bindings";
        return Err(EncodeError::Refused { dialect, option, reason });
    }
    writer.list(option, scope_ids.iter().map(|id| id.to_bits().to_le_bytes()))
}

/// A BNDUPD or BNDACK has one binding, or several where the dialect batches.
fn check_count(
    bindings: usize,
    message_type: MessageType,
    most: usize,
    dialect: Dialect,
) -> Result {
    let option = OptionCode::ASSIGNED_IP_ADDRESS;
    if bindings == 0 {
        Err(EncodeError::Missing { message_type, option })
    } else if bindings > most {
        let reason = "the peer takes fewer bindings in one message: dhcpd one, for a second is a \
                      duplicate to it and it closes the connection; Windows at most sixteen";
        Err(EncodeError::Refused { dialect, option, reason })
    } else {
        Ok(())
    }
}

fn write_ack(writer: &mut Writer<'_>, ack: &BindingAck, dialect: Dialect) -> Result {
    // Nothing but the address and the reason: dhcpd reads an echoed client-identifier as a
    // potential expiration of 0 and forgets what it promised.
    writer.bytes(OptionCode::ASSIGNED_IP_ADDRESS, &ack.address.octets())?;
    write_reject(writer, ack.reject.as_ref(), dialect)
}

fn write_reject(writer: &mut Writer<'_>, reject: Option<&Reject>, dialect: Dialect) -> Result {
    let Some(Reject { reason, message }) = reject else { return Ok(()) };
    writer.u8(OptionCode::REJECT_REASON, reason.0)?;
    write_text(writer, message.as_deref(), dialect)
}

fn write_text(writer: &mut Writer<'_>, text: Option<&str>, dialect: Dialect) -> Result {
    let Some(text) = text else { return Ok(()) };
    match dialect.windows() {
        Some(settings) if settings.reject_text == RejectText::Utf16 => {
            writer.list(OptionCode::MESSAGE, text.encode_utf16().map(u16::to_le_bytes))
        }
        _ => writer.bytes(OptionCode::MESSAGE, text.as_bytes()),
    }
}

fn write_state(writer: &mut Writer<'_>, body: State, dialect: Dialect) -> Result {
    let State { server_state, server_flags, start_time_of_state } = body;
    let refuse =
        |reason| EncodeError::Refused { dialect, option: OptionCode::SERVER_STATE, reason };
    if let Some(reason) = dialect.facts().unknown_server_state
        && !server_state.is_known()
    {
        return Err(refuse(reason));
    }
    let number = match dialect.windows() {
        Some(_) if [ServerState::PAUSED, ServerState::SHUTDOWN].contains(&server_state) => {
            return Err(refuse("Windows has the state reserved; close the connection without it"));
        }
        Some(settings) => settings.state_number(server_state),
        None => server_state.0,
    };
    writer.u8(OptionCode::SERVER_STATE, number)?;
    writer.u8(OptionCode::SERVER_FLAGS, server_flags.0)?;
    writer.u32(OptionCode::START_TIME_OF_STATE, start_time_of_state)
}
