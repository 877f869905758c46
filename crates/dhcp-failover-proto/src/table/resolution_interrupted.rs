//! RESOLUTION-INTERRUPTED: contact was lost while comparing (draft-12 §9.11).

use super::common::{
    MAY_LEAVE, NO_POOLS, NO_RECOVER_IN_A_CONFLICT, NO_SAFE_PERIOD, NO_UPDATES_ASKED, NO_WAIT,
    PARTNER_DOWN_ON_COMMAND, PARTNER_SHUT_DOWN, PARTNER_STARTS, SILENCE_CHANGES_NOTHING,
};
use super::{Outcome, Rule, partner_in};
use crate::State;

pub(super) const RULES: &[&[Rule]] = &[
    OWN,
    PARTNER_SHUT_DOWN,
    PARTNER_DOWN_ON_COMMAND,
    PARTNER_STARTS,
    NO_RECOVER_IN_A_CONFLICT,
    MAY_LEAVE,
    NO_UPDATES_ASKED,
    NO_WAIT,
    NO_SAFE_PERIOD,
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN: &[Rule] = &[
    Rule::new(
        partner_in![
            Normal,
            CommunicationsInterrupted,
            PartnerDown,
            PotentialConflict,
            Recover,
            RecoverWait,
            RecoverDone,
            ResolutionInterrupted,
            ConflictDone
        ],
        Outcome::Enter(State::PotentialConflict),
        "9.11.3",
        "contact is back: the comparison begins anew",
    ),
    Rule::new(partner_in![Paused], Outcome::Stay, "9.13", "the partner is about to restart"),
];
