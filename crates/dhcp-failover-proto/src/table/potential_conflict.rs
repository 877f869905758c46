//! POTENTIAL-CONFLICT: comparing what was done behind each other's back (draft-12 §9.10).

use super::common::{
    MAY_LEAVE, NO_POOLS, NO_RECOVER_IN_A_CONFLICT, NO_SAFE_PERIOD, NO_WAIT,
    PARTNER_DOWN_ON_COMMAND, PARTNER_SHUT_DOWN, PARTNER_STARTS,
};
use super::{Cause, Outcome, Rule, partner_in};
use crate::State;

pub(super) const RULES: &[&[Rule]] = &[
    OWN,
    PARTNER_SHUT_DOWN,
    PARTNER_DOWN_ON_COMMAND,
    PARTNER_STARTS,
    NO_RECOVER_IN_A_CONFLICT,
    MAY_LEAVE,
    NO_WAIT,
    NO_SAFE_PERIOD,
    NO_POOLS,
];

const OWN: &[Rule] = &[
    Rule::new(
        partner_in![PotentialConflict],
        Outcome::RequestUpdates,
        "9.10.1",
        "the primary asks for the secondary's changes first",
    )
    .primary(),
    Rule::new(
        partner_in![PotentialConflict],
        Outcome::Stay,
        "9.10.1",
        "the secondary waits for the primary to ask first",
    )
    .secondary(),
    // Whenever it is *seen*, not only when the primary has just entered it, or a break at the wrong
    // moment would leave both waiting (H9).
    Rule::new(
        partner_in![ConflictDone],
        Outcome::RequestUpdates,
        "9.10.3",
        "the primary has this server's changes; now the other way round",
    )
    .secondary(),
    Rule::new(
        partner_in![ConflictDone],
        Outcome::Stay,
        "9.12.1",
        "a secondary never is in CONFLICT-DONE; it is waited for",
    )
    .primary(),
    Rule::new(
        partner_in![
            Normal,
            CommunicationsInterrupted,
            PartnerDown,
            Recover,
            RecoverDone,
            ResolutionInterrupted
        ],
        Outcome::Stay,
        "9.10.1",
        "the partner enters POTENTIAL-CONFLICT too when it hears of this server",
    ),
    Rule::new(
        partner_in![RecoverWait],
        Outcome::Stay,
        "9.6.2",
        "the partner waits for leases of its own before it compares",
    ),
    Rule::new(
        partner_in![Paused],
        Outcome::Enter(State::ResolutionInterrupted),
        "9.13",
        "the partner is about to restart, before the comparison is complete",
    ),
    Rule::new(
        &[Cause::CommunicationsFailed],
        Outcome::Enter(State::ResolutionInterrupted),
        "9.10.3",
        "contact is lost before the comparison is complete",
    ),
    Rule::new(
        &[Cause::UpdatesDone],
        Outcome::Enter(State::ConflictDone),
        "9.10.3",
        "the primary has all of the secondary's changes",
    )
    .primary(),
    Rule::new(
        &[Cause::UpdatesDone],
        Outcome::Enter(State::Normal),
        "9.10.3",
        "each server has all of the other's changes",
    )
    .secondary(),
];
