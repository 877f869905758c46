//! RECOVER: fetching what the partner knows (draft-12 §9.5).

use super::common::{
    MAY_LEAVE, NO_POOLS, NO_SAFE_PERIOD, NO_WAIT, PARTNER_DOWN_ON_COMMAND, PARTNER_STARTS,
    SILENCE_CHANGES_NOTHING,
};
use super::{Cause, Outcome, Rule, partner_in};
use crate::State;

pub(super) const RULES: &[&[Rule]] = &[
    OWN,
    PARTNER_DOWN_ON_COMMAND,
    PARTNER_STARTS,
    MAY_LEAVE,
    NO_WAIT,
    NO_SAFE_PERIOD,
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN: &[Rule] = &[
    Rule::new(
        &[Cause::RecoverCommand],
        Outcome::RequestUpdates,
        "5.17",
        "what has been fetched so far is fetched again",
    ),
    // A server without its data asks first, even then (§9.6.2): the endpoint sees to that.
    Rule::new(
        partner_in![PotentialConflict, ResolutionInterrupted, ConflictDone],
        Outcome::Enter(State::PotentialConflict),
        "9.5.2",
        "the partner is in a conflict: both must compare what they did",
    ),
    Rule::new(
        partner_in![
            Normal,
            CommunicationsInterrupted,
            PartnerDown,
            Recover,
            RecoverWait,
            RecoverDone,
            Paused,
            Shutdown
        ],
        Outcome::RequestUpdates,
        "9.5.2",
        "this server asks for what it missed, whatever its partner is doing",
    ),
    Rule::new(
        &[Cause::UpdatesDone],
        Outcome::Enter(State::RecoverWait),
        "9.5.2",
        "the partner has told everything it knows",
    ),
];
