//! PARTNER-DOWN: the partner is known to be down (draft-12 §9.4).

use super::common::{MAY_LEAVE, NO_POOLS, NO_WAIT, PARTNER_STARTS, SILENCE_CHANGES_NOTHING};
use super::{Cause, Outcome, Rule, partner_in};
use crate::State;

pub(super) const RULES: &[&[Rule]] =
    &[OWN, PARTNER_STARTS, MAY_LEAVE, NO_WAIT, NO_POOLS, SILENCE_CHANGES_NOTHING];

const OWN: &[Rule] = &[
    Rule::new(
        partner_in![Recover, RecoverWait],
        Outcome::Stay,
        "9.4.3",
        "the partner recovers and serves nobody meanwhile",
    ),
    Rule::new(partner_in![Shutdown, Paused], Outcome::Stay, "9.4.3", "the partner is leaving"),
    // The endpoint first has everything acknowledged that changed meanwhile (H21).
    Rule::new(
        partner_in![RecoverDone],
        Outcome::Enter(State::Normal),
        "9.4.3",
        "the partner has recovered and knows everything",
    ),
    Rule::new(
        partner_in![
            Normal,
            CommunicationsInterrupted,
            PartnerDown,
            PotentialConflict,
            ResolutionInterrupted,
            ConflictDone
        ],
        Outcome::Enter(State::PotentialConflict),
        "9.4.3",
        "the partner was not down after all: both must compare what they did",
    ),
    Rule::new(
        &[Cause::UpdatesDone],
        Outcome::Stay,
        "9.5.2",
        "a server put to work without its data has them now",
    ),
    Rule::new(
        &[Cause::PartnerDownCommand],
        Outcome::Stay,
        "9.4",
        "it is known already; if the partner came back meanwhile, the waits begin anew",
    ),
    Rule::new(
        &[Cause::RecoverCommand],
        Outcome::Refused,
        "9.4.3",
        "this server may have leased its partner's addresses, which the partner must learn before \
         it serves; order it at the partner",
    ),
    Rule::new(
        &[Cause::SafePeriodOver],
        Outcome::Stay,
        "10",
        "the partner came back and is gone again: the waits begin anew",
    ),
];
