//! Bytes to typed messages.

mod binding;
mod connect;
mod value;
mod windows;

use alloc::{string::String, vec::Vec};

use crate::{
    DecodeError, Dialect, Disconnect, Message, MessageType, OptionCode, OptionSet, Packet,
    PoolResp, RawMessage, RawOption, RejectReason, ServerFlags, ServerState, State, UpdReq,
    message::BINDING_OPTIONS,
};

/// Reads one whole message, as [`split_frame`](crate::split_frame) gives it.
///
/// Options the dialect does not know, and known ones that have no meaning in the message, are
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
    let header = raw.header();
    let message = match header.message_type {
        MessageType::POOLREQ => Message::PoolReq,
        MessageType::POOLRESP => Message::PoolResp(pool_resp(raw, dialect)?),
        MessageType::BNDUPD => Message::BndUpd(binding::bindings(raw, dialect)?),
        MessageType::BNDACK => Message::BndAck(binding::bindings(raw, dialect)?),
        MessageType::CONNECT => Message::Connect(connect::connect(raw, dialect)?),
        MessageType::CONNECTACK => Message::ConnectAck(connect::connect_ack(raw, dialect)?),
        MessageType::UPDREQALL => Message::UpdReqAll,
        MessageType::UPDDONE => Message::UpdDone,
        MessageType::UPDREQ => Message::UpdReq(update_request(raw, dialect)?),
        MessageType::STATE => Message::State(state(raw, dialect)?),
        MessageType::CONTACT => Message::Contact,
        MessageType::DISCONNECT => Message::Disconnect(disconnect(raw, dialect)?),
        found if found.is_ignorable() => return Err(DecodeError::Ignorable { found }),
        found => return Err(DecodeError::UnknownMessageType { found }),
    };
    Ok(Packet { time: header.time, xid: header.xid, message })
}

fn update_request(raw: RawMessage<'_>, dialect: Dialect) -> Result<UpdReq, DecodeError> {
    let mut scope_ids = Vec::new();
    for option in distinct(raw, dialect) {
        let option = option?;
        if option.code == OptionCode::SCOPE_ID_LIST && dialect.knows(option.code) {
            scope_ids = value::scope_ids(option)?;
        }
    }
    Ok(UpdReq { scope_ids })
}

fn pool_resp(raw: RawMessage<'_>, dialect: Dialect) -> Result<PoolResp, DecodeError> {
    let mut addresses_transferred = None;
    for option in distinct(raw, dialect) {
        let option = option?;
        if option.code == OptionCode::ADDRESSES_TRANSFERRED {
            addresses_transferred = Some(value::u32(option)?);
        }
    }
    let addresses_transferred =
        require(addresses_transferred, raw, OptionCode::ADDRESSES_TRANSFERRED)?;
    Ok(PoolResp { addresses_transferred })
}

fn state(raw: RawMessage<'_>, dialect: Dialect) -> Result<State, DecodeError> {
    let (mut server_state, mut server_flags, mut start_time_of_state) = (None, None, None);
    for option in distinct(raw, dialect) {
        let option = option?;
        match option.code {
            OptionCode::SERVER_STATE => {
                let number = value::u8(option)?;
                server_state = Some(
                    dialect
                        .windows()
                        .map_or(ServerState(number), |windows| windows.server_state(number)),
                );
            }
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

fn disconnect(raw: RawMessage<'_>, dialect: Dialect) -> Result<Disconnect, DecodeError> {
    let (mut reject_reason, mut text): (_, Option<String>) = (None, None);
    for option in distinct(raw, dialect) {
        let option = option?;
        match option.code {
            OptionCode::REJECT_REASON => reject_reason = Some(RejectReason(value::u8(option)?)),
            OptionCode::MESSAGE => text = Some(value::text(option, dialect)),
            _ => {}
        }
    }
    let reject_reason = require(reject_reason, raw, OptionCode::REJECT_REASON)?;
    Ok(Disconnect { reject_reason, message: text })
}

/// The options of a message in which no known option may repeat (draft-12 §6.2).
fn distinct<'a>(
    raw: RawMessage<'a>,
    dialect: Dialect,
) -> impl Iterator<Item = Result<RawOption<'a>, DecodeError>> + use<'a> {
    let mut seen = Seen::new(dialect);
    raw.options().map(move |option| seen.first(option).map(|()| option))
}

fn require<T>(value: Option<T>, raw: RawMessage<'_>, option: OptionCode) -> Result<T, DecodeError> {
    let message_type = raw.header().message_type;
    value.ok_or(DecodeError::Missing { message_type, option, offset: 0 })
}

/// The known options already met.
struct Seen {
    options: OptionSet,
    /// The last of the options that the dialect knows.
    last: OptionCode,
}

impl Seen {
    const fn new(dialect: Dialect) -> Self {
        Self { options: OptionSet::EMPTY, last: dialect.facts().last_option }
    }

    /// Notes an option, which must not have been noted before. Unknown options are not counted:
    /// whether they may repeat is not known either.
    fn first(&mut self, option: RawOption<'_>) -> Result<(), DecodeError> {
        let RawOption { code, offset, .. } = option;
        if code.0 > self.last.0 || self.options.insert(code) {
            Ok(())
        } else {
            Err(DecodeError::Duplicate { option: code, offset })
        }
    }

    /// Forgets the options of a binding when the next one begins.
    const fn next_binding(&mut self) {
        self.options = self.options.without(BINDING_OPTIONS);
    }
}
