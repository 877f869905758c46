//! RECOVER-DONE: recovered, waiting for the partner to agree (draft-12 §9.7).

use super::common::{
    MAY_LEAVE, NO_POOLS, NO_SAFE_PERIOD, NO_UPDATES_ASKED, NO_WAIT, PARTNER_DOWN_ON_COMMAND,
    PARTNER_STARTS, RECOVER_ON_COMMAND, SILENCE_CHANGES_NOTHING,
};
use super::{Outcome, Rule, partner_in};
use crate::State;

pub(super) const RULES: &[&[Rule]] = &[
    OWN,
    PARTNER_DOWN_ON_COMMAND,
    PARTNER_STARTS,
    RECOVER_ON_COMMAND,
    MAY_LEAVE,
    NO_UPDATES_ASKED,
    NO_WAIT,
    NO_SAFE_PERIOD,
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN: &[Rule] = &[
    Rule::new(
        partner_in![Normal, RecoverDone],
        Outcome::Enter(State::Normal),
        "9.7.2",
        "the partner is in NORMAL or has recovered too",
    ),
    // The text has no such transition, the figure has one for POTENTIAL-CONFLICT: the partner would
    // otherwise wait for us for ever (L5).
    Rule::new(
        partner_in![PotentialConflict, ResolutionInterrupted, ConflictDone],
        Outcome::Enter(State::PotentialConflict),
        "9.2",
        "the partner is in a conflict: both must compare what they did",
    ),
    Rule::new(
        partner_in![CommunicationsInterrupted, PartnerDown],
        Outcome::Stay,
        "9.7.2",
        "the partner goes to NORMAL first, when it has seen that this server recovered",
    ),
    Rule::new(
        partner_in![Recover, RecoverWait],
        Outcome::Stay,
        "9.7.2",
        "the partner recovers too; both go to NORMAL when it is done",
    ),
    Rule::new(partner_in![Paused], Outcome::Stay, "9.7.2", "the partner is about to restart"),
    // Not even if it says so itself (§9.14).
    Rule::new(
        partner_in![Shutdown],
        Outcome::Stay,
        "9.7.2",
        "the partner was alone and may not have told of all that it gave away: only an operator's \
         partner-down ends this, and addresses wait for the MCLT then",
    ),
];
