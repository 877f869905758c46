//! Which options a message, or a binding of it, must have, may have and must not have: tables
//! 7.1-1, 7.2-1, 7.8-1, 7.9-1, 7.10-1 and 7.12-1 of the draft, and what dhcpd and Windows make of
//! them.
//!
//! [`decode`](crate::decode) reads whatever can be read, because what is missing or superfluous has
//! a reject reason that only the endpoint can send. It asks here:
//!
//! ```
//! use dhcp_failover_wire::{
//!     BindingStatus, BindingUpdate, Dialect, OptionCode, RejectReason,
//!     rules::{self, Part, Violation},
//! };
//!
//! let update = BindingUpdate::new([192, 0, 2, 9].into(), BindingStatus::ACTIVE);
//! let violation = rules::check(Dialect::Draft12, Part::Update(update.status), update.options());
//! let missing = Violation::Missing { option: OptionCode::CLIENT_HARDWARE_ADDRESS };
//! assert_eq!(violation, Err(missing));
//! assert_eq!(missing.reject_reason(), RejectReason::MISSING_BINDING_INFORMATION);
//! ```

mod draft12;
mod isc;
mod microsoft;

use thiserror::Error;

use crate::{
    BindingAck, BindingStatus, BindingUpdate, Dialect, Message, MessageType, OptionCode, OptionSet,
    RawMessage, RejectReason, windows,
};

/// What a table says of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the words of RFC 2119")]
pub enum Presence {
    /// It has to be there.
    Must,
    /// It is there unless there is a reason.
    Should,
    /// It may be there.
    May,
    /// It is not there unless there is a reason; the receiver skips it.
    ShouldNot,
    /// It is an error.
    MustNot,
    /// The table does not have it: it says nothing here, and the receiver skips it.
    Unlisted,
}

/// The column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the draft has these tables")]
pub enum Part {
    /// A message without bindings that has one column only. CONNECTACK, BNDUPD and BNDACK have no
    /// rules by this name.
    Message(MessageType),
    /// A CONNECTACK (table 7.9-1).
    ConnectAck {
        /// Whether it refuses the CONNECT.
        rejects: bool,
    },
    /// One binding of a BNDUPD (table 7.1-1). A status nobody has assigned has the rules of FREE.
    Update(BindingStatus),
    /// The answer to one binding in a BNDACK (table 7.2-1).
    Ack {
        /// Whether it rejects the binding.
        rejects: bool,
    },
}

/// One line of a table: an option, and what each column says of it.
type Row<const N: usize> = (OptionCode, [Presence; N]);

/// The tables of a dialect.
struct Tables {
    /// CONNECT.
    connect: &'static [Row<1>],
    /// CONNECTACK: accepting, rejecting.
    connect_ack: &'static [Row<2>],
    /// BNDUPD: ACTIVE, EXPIRED, RELEASED, FREE (and BACKUP and RESET), ABANDONED.
    update: &'static [Row<5>],
    /// UPDREQ.
    update_request: &'static [Row<1>],
}

const fn tables(dialect: Dialect) -> &'static Tables {
    match dialect {
        Dialect::Draft12 => &draft12::TABLES,
        Dialect::IscDhcpd => &isc::TABLES,
        Dialect::Microsoft(_) => &microsoft::TABLES,
    }
}

/// What the tables of a dialect say of an option.
///
/// message-digest is not in them: whether it must be there depends on the configuration.
#[must_use]
pub fn presence(dialect: Dialect, part: Part, option: OptionCode) -> Presence {
    let tables = tables(dialect);
    let found = match part {
        Part::Update(status) => find(tables.update, column_of(status), option),
        Part::ConnectAck { rejects } => find(tables.connect_ack, rejects.into(), option),
        Part::Ack { rejects } => find(draft12::ACK, rejects.into(), option),
        Part::Message(MessageType::CONNECT) => find(tables.connect, 0, option),
        Part::Message(MessageType::UPDREQ) => find(tables.update_request, 0, option),
        Part::Message(MessageType::STATE) => find(draft12::STATE, 0, option),
        Part::Message(MessageType::DISCONNECT) => find(draft12::DISCONNECT, 0, option),
        Part::Message(MessageType::POOLRESP) => find(draft12::POOL_RESPONSE, 0, option),
        Part::Message(_) => None,
    };
    found.unwrap_or(Presence::Unlisted)
}

/// Checks the options of a message or binding: every option that must be there is, none is that
/// must not be. Of several violations the first in the order of option codes is told, what is
/// missing before what is forbidden.
///
/// # Errors
///
/// [`Violation`].
pub fn check(dialect: Dialect, part: Part, options: OptionSet) -> Result<(), Violation> {
    let known = || (1..=OptionCode::EXTENDED_ADDRESS_STATE.0).map(OptionCode);
    let is = |option, presence| self::presence(dialect, part, option) == presence;
    let missing = known().find(|option| !options.contains(*option) && is(*option, Presence::Must));
    if let Some(option) = missing {
        return Err(Violation::Missing { option });
    }
    match options.iter().find(|option| is(*option, Presence::MustNot)) {
        Some(option) => Err(Violation::Forbidden { option }),
        None => Ok(()),
    }
}

/// Checks a whole message, each of its bindings by itself: [`check`] for what `raw` has and
/// `message` was read from.
///
/// # Errors
///
/// The first [`Violation`].
pub fn check_message(
    dialect: Dialect,
    raw: RawMessage<'_>,
    message: &Message,
) -> Result<(), Violation> {
    let part = match message {
        Message::BndUpd(updates) => {
            let check = |update: &BindingUpdate| {
                check(dialect, Part::Update(update.status), update.options())
            };
            return updates.iter().filter(|update| !is_exempt(update)).try_for_each(check);
        }
        Message::BndAck(acks) => {
            let check = |ack: &BindingAck| {
                check(dialect, Part::Ack { rejects: ack.reject.is_some() }, ack.options())
            };
            return acks.iter().try_for_each(check);
        }
        Message::ConnectAck(body) => Part::ConnectAck { rejects: body.reject.is_some() },
        other => Part::Message(other.message_type()),
    };
    check(dialect, part, raw.option_set())
}

/// Windows demands nothing of an update about a lease that was deleted while the servers could not
/// talk.
fn is_exempt(update: &BindingUpdate) -> bool {
    let flag = windows::Flags::DELETED_COMM_DOWN;
    update.windows.as_ref().is_some_and(|windows| windows.flags.contains(flag))
}

/// What breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[expect(clippy::exhaustive_enums, reason = "an option can only lack or be too many")]
pub enum Violation {
    /// An option that must be there is not.
    #[error("option {option} is missing")]
    Missing {
        /// The option.
        option: OptionCode,
    },
    /// An option is there that must not be.
    #[error("option {option} must not be there")]
    Forbidden {
        /// The option.
        option: OptionCode,
    },
}

impl Violation {
    /// What the sender of such a binding is told (draft-12 §12.21, reason 3); for what is
    /// forbidden the draft has no number of its own.
    #[must_use]
    pub const fn reject_reason(self) -> RejectReason {
        match self {
            Self::Missing { .. } => RejectReason::MISSING_BINDING_INFORMATION,
            Self::Forbidden { .. } => RejectReason::UNKNOWN_ERROR,
        }
    }
}

const fn column_of(status: BindingStatus) -> usize {
    match status {
        BindingStatus::ACTIVE => 0,
        BindingStatus::EXPIRED => 1,
        BindingStatus::RELEASED => 2,
        BindingStatus::ABANDONED => 4,
        _ => 3,
    }
}

fn find<const N: usize>(table: &[Row<N>], column: usize, option: OptionCode) -> Option<Presence> {
    let (_, columns) = table.iter().find(|(code, _)| *code == option)?;
    columns.get(column).copied()
}
