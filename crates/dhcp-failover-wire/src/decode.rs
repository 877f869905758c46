//! Bytes to typed messages.

mod binding;
mod connect;
mod value;

use alloc::string::String;

use crate::{
    DecodeError, Dialect, Disconnect, Message, MessageType, OptionCode, Packet, PoolResp,
    RawMessage, RawOption, RejectReason, ServerFlags, ServerState, State, message,
};

/// Reads one whole message, as [`split_frame`](crate::split_frame) gives it.
///
/// Options this crate does not know, and known ones that have no meaning in the message, are
/// skipped unread (draft-12 §6.1). A message-digest is skipped too: check it first, with
/// [`digest::verify`](crate::digest::verify). Numbers nobody has assigned (states, statuses,
/// reasons, flags) are kept for the endpoint to judge.
///
/// # Errors
///
/// [`DecodeError`]: any but [`Ignorable`](DecodeError::Ignorable) means that the peer and this side
/// do not speak the same protocol and the connection should be closed.
pub fn decode(frame: &[u8], dialect: Dialect) -> Result<Packet, DecodeError> {
    let raw = RawMessage::parse(frame)?;
    if !dialect.facts().typed {
        return Err(DecodeError::NotSupported { dialect });
    }
    let header = raw.header();
    let message = match header.message_type {
        MessageType::POOLREQ => Message::PoolReq,
        MessageType::POOLRESP => Message::PoolResp(pool_resp(raw)?),
        MessageType::BNDUPD => Message::BndUpd(binding::updates(raw, dialect)?),
        MessageType::BNDACK => Message::BndAck(binding::acks(raw, dialect)?),
        MessageType::CONNECT => Message::Connect(connect::connect(raw)?),
        MessageType::CONNECTACK => Message::ConnectAck(connect::connect_ack(raw)?),
        MessageType::UPDREQALL => Message::UpdReqAll,
        MessageType::UPDDONE => Message::UpdDone,
        MessageType::UPDREQ => Message::UpdReq,
        MessageType::STATE => Message::State(state(raw)?),
        MessageType::CONTACT => Message::Contact,
        MessageType::DISCONNECT => Message::Disconnect(disconnect(raw)?),
        found if found.is_ignorable() => return Err(DecodeError::Ignorable { found }),
        found => return Err(DecodeError::UnknownMessageType { found }),
    };
    Ok(Packet { time: header.time, xid: header.xid, message })
}

fn pool_resp(raw: RawMessage<'_>) -> Result<PoolResp, DecodeError> {
    let mut addresses_transferred = None;
    for option in distinct(raw) {
        let option = option?;
        if option.code == OptionCode::ADDRESSES_TRANSFERRED {
            addresses_transferred = Some(value::u32(option)?);
        }
    }
    let addresses_transferred =
        require(addresses_transferred, raw, OptionCode::ADDRESSES_TRANSFERRED)?;
    Ok(PoolResp { addresses_transferred })
}

fn state(raw: RawMessage<'_>) -> Result<State, DecodeError> {
    let (mut server_state, mut server_flags, mut start_time_of_state) = (None, None, None);
    for option in distinct(raw) {
        let option = option?;
        match option.code {
            OptionCode::SERVER_STATE => server_state = Some(ServerState(value::u8(option)?)),
            OptionCode::SERVER_FLAGS => server_flags = Some(ServerFlags(value::u8(option)?)),
            OptionCode::START_TIME_OF_STATE => start_time_of_state = Some(value::u32(option)?),
            _ => {}
        }
    }
    Ok(State {
        server_state: require(server_state, raw, OptionCode::SERVER_STATE)?,
        server_flags: require(server_flags, raw, OptionCode::SERVER_FLAGS)?,
        start_time_of_state: require(start_time_of_state, raw, OptionCode::START_TIME_OF_STATE)?,
    })
}

fn disconnect(raw: RawMessage<'_>) -> Result<Disconnect, DecodeError> {
    let (mut reject_reason, mut text): (_, Option<String>) = (None, None);
    for option in distinct(raw) {
        let option = option?;
        match option.code {
            OptionCode::REJECT_REASON => reject_reason = Some(RejectReason(value::u8(option)?)),
            OptionCode::MESSAGE => text = Some(value::text(option)),
            _ => {}
        }
    }
    let reject_reason = require(reject_reason, raw, OptionCode::REJECT_REASON)?;
    Ok(Disconnect { reject_reason, message: text })
}

/// The options of a message in which no known option may repeat (draft-12 §6.2).
fn distinct<'a>(
    raw: RawMessage<'a>,
) -> impl Iterator<Item = Result<RawOption<'a>, DecodeError>> + use<'a> {
    let mut seen = Seen::default();
    raw.options().map(move |option| seen.first(option).map(|()| option))
}

fn require<T>(value: Option<T>, raw: RawMessage<'_>, option: OptionCode) -> Result<T, DecodeError> {
    let message_type = raw.header().message_type;
    value.ok_or(DecodeError::Missing { message_type, option, offset: 0 })
}

/// The known options already met, one bit each.
#[derive(Clone, Copy, Default)]
struct Seen(u64);

impl Seen {
    /// Notes an option, which must not have been noted before. Unknown options are not counted:
    /// whether they may repeat is not known either.
    fn first(&mut self, option: RawOption<'_>) -> Result<(), DecodeError> {
        let RawOption { code, offset, .. } = option;
        let bit = if code.is_known() { 1_u64.checked_shl(code.0.into()).unwrap_or(0) } else { 0 };
        if self.0 & bit != 0 {
            return Err(DecodeError::Duplicate { option: code, offset });
        }
        self.0 |= bit;
        Ok(())
    }

    /// Forgets the options of a binding when the next one begins.
    fn next_binding(&mut self) {
        self.0 &= !BINDING_OPTIONS;
    }
}

/// The bits of the options that belong to one binding.
const BINDING_OPTIONS: u64 = {
    let mut bits = 0;
    let mut code = 0;
    while code < 64 {
        if message::is_binding_option(OptionCode(code)) {
            bits |= 1_u64 << code;
        }
        code = code.wrapping_add(1);
    }
    bits
};
