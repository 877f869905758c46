//! CONFLICT-DONE: the primary has the secondary's changes, not yet the reverse (draft-12 §9.12).

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
        partner_in![Normal],
        Outcome::Enter(State::Normal),
        "9.12.3",
        "the secondary has this server's changes too",
    ),
    // It sees CONFLICT-DONE and goes to POTENTIAL-CONFLICT, asks, and reaches NORMAL (H9).
    Rule::new(
        partner_in![
            CommunicationsInterrupted,
            PartnerDown,
            PotentialConflict,
            Recover,
            RecoverWait,
            RecoverDone,
            ResolutionInterrupted,
            ConflictDone
        ],
        Outcome::Stay,
        "9.12.2",
        "the secondary is on its way to NORMAL; everybody is served meanwhile",
    ),
    Rule::new(partner_in![Paused], Outcome::Stay, "9.12.2", "the partner is about to restart"),
];
