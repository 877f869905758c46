//! NORMAL: both servers work together (draft-12 §9.8).

use super::common::{
    MAY_LEAVE, NO_SAFE_PERIOD, NO_UPDATES_ASKED, NO_WAIT, PARTNER_DOWN_ON_COMMAND,
    PARTNER_SHUT_DOWN, PARTNER_STARTS, RECOVER_ON_COMMAND,
};
use super::{Cause, Outcome, Rule, partner_in};
use crate::State;

pub(super) const RULES: &[&[Rule]] = &[
    OWN,
    PARTNER_SHUT_DOWN,
    PARTNER_DOWN_ON_COMMAND,
    PARTNER_STARTS,
    RECOVER_ON_COMMAND,
    MAY_LEAVE,
    NO_UPDATES_ASKED,
    NO_WAIT,
    NO_SAFE_PERIOD,
];

/// §9.8.4 sends a changed partner through COMMUNICATIONS-INTERRUPTED into what that state answers;
/// these are the results.
const OWN: &[Rule] = &[
    Rule::new(
        partner_in![Normal, CommunicationsInterrupted, RecoverDone],
        Outcome::Stay,
        "9.8",
        "the partner is in NORMAL or about to be",
    ),
    Rule::new(
        partner_in![Paused],
        Outcome::Enter(State::CommunicationsInterrupted),
        "9.8.4",
        "the partner announced a restart",
    ),
    Rule::new(
        partner_in![Recover, RecoverWait],
        Outcome::Enter(State::CommunicationsInterrupted),
        "9.8.4",
        "the partner recovers and serves nobody meanwhile",
    ),
    Rule::new(
        partner_in![PartnerDown, PotentialConflict, ResolutionInterrupted],
        Outcome::Enter(State::PotentialConflict),
        "9.8.4",
        "the partner has been alone, or is in a conflict: both must compare what they did",
    ),
    Rule::new(
        partner_in![ConflictDone],
        Outcome::Enter(State::PotentialConflict),
        "9.8.4",
        "the partner is in a conflict: both must compare what they did",
    )
    .primary(),
    Rule::new(
        partner_in![ConflictDone],
        Outcome::Stay,
        "9.10.3",
        "the secondary reaches NORMAL first; the primary follows",
    )
    .secondary(),
    Rule::new(
        &[Cause::CommunicationsFailed],
        Outcome::Enter(State::CommunicationsInterrupted),
        "9.8.4",
        "contact with the partner is lost",
    ),
    Rule::new(
        &[Cause::PoolRequest],
        Outcome::Stay,
        "7.6.2",
        "the primary looks at the pools and moves what is due",
    )
    .primary(),
    Rule::new(
        &[Cause::PoolRequest],
        Outcome::Stay,
        "7.6.2",
        "only the secondary should ask, but dhcpd does: the primary gets what is beyond the \
         secondary's share",
    )
    .secondary(),
];
