//! COMMUNICATIONS-INTERRUPTED: no contact, the partner may be serving (draft-12 §9.9).

use super::common::{
    MAY_LEAVE, NO_POOLS, NO_UPDATES_ASKED, NO_WAIT, PARTNER_DOWN_ON_COMMAND, PARTNER_SHUT_DOWN,
    PARTNER_STARTS, RECOVER_ON_COMMAND, SILENCE_CHANGES_NOTHING,
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
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN: &[Rule] = &[
    Rule::new(
        partner_in![Normal, CommunicationsInterrupted],
        Outcome::Enter(State::Normal),
        "9.9.3",
        "contact is back, and neither server has been alone",
    ),
    Rule::new(
        partner_in![RecoverDone],
        Outcome::Enter(State::Normal),
        "9.9.3",
        "the partner has recovered",
    ),
    Rule::new(
        partner_in![Recover, RecoverWait],
        Outcome::Stay,
        "9.9.3",
        "the partner recovers and serves nobody meanwhile",
    ),
    Rule::new(partner_in![Paused], Outcome::Stay, "9.9.3", "the partner is about to restart"),
    Rule::new(
        partner_in![PartnerDown, PotentialConflict, ConflictDone, ResolutionInterrupted],
        Outcome::Enter(State::PotentialConflict),
        "9.9.3",
        "the partner has been alone, or is in a conflict: both must compare what they did",
    ),
    Rule::new(
        &[Cause::SafePeriodOver],
        Outcome::Enter(State::PartnerDown),
        "9.9.3",
        "the safe period is over, and the partner counts as down",
    ),
];
