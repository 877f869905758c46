//! Typed messages to bytes.

use alloc::vec::Vec;

use crate::{
    BindingAck, BindingUpdate, Connect, ConnectAck, Dialect, EncodeError, HardwareAddress, Message,
    MessageType, OptionCode, Packet, Reject, State, writer::Writer,
};

type Result<T = ()> = core::result::Result<T, EncodeError>;

/// Appends a message to `out`, which is the only thing that may allocate. Options go in the order dhcpd uses, so that what it sent comes out
/// as it came; no peer known depends on an order beyond assigned-IP-address first.
///
/// No message-digest is added; [`digest::sign`](crate::digest::sign) does that afterwards, and
/// needs room for it: at most [`digest::MAX_LEN`](crate::digest::MAX_LEN) bytes.
///
/// # Errors
///
/// [`EncodeError`]; `out` is then as it was.
pub fn encode(packet: &Packet, dialect: Dialect, out: &mut Vec<u8>) -> Result {
    let facts = dialect.facts();
    if !facts.typed {
        return Err(EncodeError::NotSupported { dialect });
    }
    let Packet { time, xid, ref message } = *packet;
    let start = out.len();
    let mut writer = Writer::begin(out, message.message_type(), facts.payload_offset, time, xid);
    let written = write_message(&mut writer, message, dialect).and_then(|()| writer.finish());
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn write_message(writer: &mut Writer<'_>, message: &Message, dialect: Dialect) -> Result {
    match message {
        Message::PoolReq
        | Message::UpdReqAll
        | Message::UpdDone
        | Message::UpdReq
        | Message::Contact => Ok(()),
        Message::PoolResp(body) => {
            writer.u32(OptionCode::ADDRESSES_TRANSFERRED, body.addresses_transferred)
        }
        Message::BndUpd(updates) => {
            check_count(updates.len(), MessageType::BNDUPD, dialect)?;
            updates.iter().try_for_each(|update| write_update(writer, update, dialect))
        }
        Message::BndAck(acks) => {
            check_count(acks.len(), MessageType::BNDACK, dialect)?;
            acks.iter().try_for_each(|ack| write_ack(writer, ack))
        }
        Message::Connect(body) => write_connect(writer, body),
        Message::ConnectAck(body) => write_connect_ack(writer, body),
        Message::State(body) => write_state(writer, *body, dialect),
        Message::Disconnect(body) => {
            writer.u8(OptionCode::REJECT_REASON, body.reject_reason.0)?;
            writer.maybe_bytes(OptionCode::MESSAGE, body.message.as_deref().map(str::as_bytes))
        }
    }
}

/// A BNDUPD or BNDACK has one binding, or several where the dialect batches.
fn check_count(bindings: usize, message_type: MessageType, dialect: Dialect) -> Result {
    let option = OptionCode::ASSIGNED_IP_ADDRESS;
    match bindings {
        0 => Err(EncodeError::Missing { message_type, option }),
        2.. if !dialect.facts().batches_bindings => Err(EncodeError::Refused {
            dialect,
            option,
            reason: "the peer takes a second binding for a duplicate and closes the connection; \
                     send one binding a message",
        }),
        _ => Ok(()),
    }
}

fn write_update(writer: &mut Writer<'_>, update: &BindingUpdate, dialect: Dialect) -> Result {
    let facts = dialect.facts();
    if !facts.takes_unknown_states && !update.status.is_known() {
        return Err(EncodeError::Refused {
            dialect,
            option: OptionCode::BINDING_STATUS,
            reason: "the peer exits on a status outside 1 to 7",
        });
    }
    if !facts.sends_ddns && update.ddns.is_some() {
        return Err(EncodeError::Refused {
            dialect,
            option: OptionCode::DDNS,
            reason: "the peer closes the connection on it; leave it out",
        });
    }
    writer.bytes(OptionCode::ASSIGNED_IP_ADDRESS, &update.address.octets())?;
    writer.u8(OptionCode::BINDING_STATUS, update.status.0)?;
    writer.maybe_bytes(OptionCode::CLIENT_IDENTIFIER, update.client_identifier.as_deref())?;
    if let Some(hardware) = &update.client_hardware_address {
        let HardwareAddress { htype, bytes } = hardware;
        writer.tagged(OptionCode::CLIENT_HARDWARE_ADDRESS, &[*htype], bytes)?;
    }
    writer.maybe_u32(OptionCode::LEASE_EXPIRATION_TIME, update.lease_expiration_time)?;
    writer.maybe_u32(OptionCode::POTENTIAL_EXPIRATION_TIME, update.potential_expiration_time)?;
    writer.maybe_u32(OptionCode::START_TIME_OF_STATE, update.start_time_of_state)?;
    writer
        .maybe_u32(OptionCode::CLIENT_LAST_TRANSACTION_TIME, update.client_last_transaction_time)?;
    if update.ip_flags.0 != 0 {
        writer.u16(OptionCode::IP_FLAGS, update.ip_flags.0)?;
    }
    writer.maybe_bytes(OptionCode::DDNS, update.ddns.as_deref())?;
    writer.maybe_bytes(
        OptionCode::CLIENT_REQUEST_OPTIONS,
        update.client_request_options.as_deref(),
    )?;
    writer.maybe_bytes(OptionCode::CLIENT_REPLY_OPTIONS, update.client_reply_options.as_deref())
}

fn write_ack(writer: &mut Writer<'_>, ack: &BindingAck) -> Result {
    // Nothing but the address and the reason: dhcpd reads an echoed client-identifier as a
    // potential expiration of 0 and forgets what it promised.
    writer.bytes(OptionCode::ASSIGNED_IP_ADDRESS, &ack.address.octets())?;
    write_reject(writer, ack.reject.as_ref())
}

fn write_reject(writer: &mut Writer<'_>, reject: Option<&Reject>) -> Result {
    let Some(Reject { reason, message }) = reject else { return Ok(()) };
    writer.u8(OptionCode::REJECT_REASON, reason.0)?;
    writer.maybe_bytes(OptionCode::MESSAGE, message.as_deref().map(str::as_bytes))
}

fn write_connect(writer: &mut Writer<'_>, body: &Connect) -> Result {
    write_name(writer, &body.relationship_name, MessageType::CONNECT)?;
    writer.maybe_u32(OptionCode::MAX_UNACKED_BNDUPD, body.max_unacked_bndupd)?;
    writer.maybe_u32(OptionCode::RECEIVE_TIMER, body.receive_timer)?;
    writer.maybe_bytes(
        OptionCode::VENDOR_CLASS_IDENTIFIER,
        body.vendor_class_identifier.as_deref(),
    )?;
    writer.u8(OptionCode::PROTOCOL_VERSION, body.protocol_version)?;
    writer.maybe_u8(OptionCode::TLS_REQUEST, body.tls_request)?;
    writer.maybe_u32(OptionCode::MCLT, body.mclt)?;
    let buckets = body.hash_buckets.as_ref().map(<[u8; 32]>::as_slice);
    writer.maybe_bytes(OptionCode::HASH_BUCKET_ASSIGNMENT, buckets)?;
    writer.maybe_u8(OptionCode::DELAYED_SERVICE_PARAMETER, body.delayed_service_parameter)?;
    writer.maybe_bytes(OptionCode::VENDOR_SPECIFIC_OPTIONS, body.vendor_specific.as_deref())
}

fn write_connect_ack(writer: &mut Writer<'_>, body: &ConnectAck) -> Result {
    if body.reject.is_none() || !body.relationship_name.is_empty() {
        write_name(writer, &body.relationship_name, MessageType::CONNECTACK)?;
    }
    writer.maybe_u32(OptionCode::MAX_UNACKED_BNDUPD, body.max_unacked_bndupd)?;
    writer.maybe_u32(OptionCode::RECEIVE_TIMER, body.receive_timer)?;
    writer.maybe_bytes(
        OptionCode::VENDOR_CLASS_IDENTIFIER,
        body.vendor_class_identifier.as_deref(),
    )?;
    writer.u8(OptionCode::PROTOCOL_VERSION, body.protocol_version)?;
    writer.maybe_u8(OptionCode::TLS_REPLY, body.tls_reply)?;
    write_reject(writer, body.reject.as_ref())?;
    writer.maybe_bytes(OptionCode::VENDOR_SPECIFIC_OPTIONS, body.vendor_specific.as_deref())
}

fn write_name(writer: &mut Writer<'_>, name: &[u8], message_type: MessageType) -> Result {
    if name.is_empty() {
        return Err(EncodeError::Missing { message_type, option: OptionCode::RELATIONSHIP_NAME });
    }
    writer.bytes(OptionCode::RELATIONSHIP_NAME, name)
}

fn write_state(writer: &mut Writer<'_>, body: State, dialect: Dialect) -> Result {
    if !dialect.facts().takes_unknown_states && !body.server_state.is_known() {
        return Err(EncodeError::Refused {
            dialect,
            option: OptionCode::SERVER_STATE,
            reason: "the peer goes to SHUTDOWN for good on a state it does not know",
        });
    }
    writer.u8(OptionCode::SERVER_STATE, body.server_state.0)?;
    writer.u8(OptionCode::SERVER_FLAGS, body.server_flags.0)?;
    writer.u32(OptionCode::START_TIME_OF_STATE, body.start_time_of_state)
}
