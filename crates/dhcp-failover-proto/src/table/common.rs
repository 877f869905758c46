//! What several states have in common.

use super::{Cause, Outcome, Rule, partner_in};
use crate::State;

/// The partner's states with the STARTUP flag.
pub(super) const STARTING: &[Cause] = &[
    Cause::PartnerStarting(State::Startup),
    Cause::PartnerStarting(State::Normal),
    Cause::PartnerStarting(State::CommunicationsInterrupted),
    Cause::PartnerStarting(State::PartnerDown),
    Cause::PartnerStarting(State::PotentialConflict),
    Cause::PartnerStarting(State::Recover),
    Cause::PartnerStarting(State::Paused),
    Cause::PartnerStarting(State::Shutdown),
    Cause::PartnerStarting(State::RecoverDone),
    Cause::PartnerStarting(State::ResolutionInterrupted),
    Cause::PartnerStarting(State::ConflictDone),
    Cause::PartnerStarting(State::RecoverWait),
];

/// The partner's states without it.
pub(super) const ANY_PARTNER: &[Cause] = partner_in![
    Startup,
    Normal,
    CommunicationsInterrupted,
    PartnerDown,
    PotentialConflict,
    Recover,
    Paused,
    Shutdown,
    RecoverDone,
    ResolutionInterrupted,
    ConflictDone,
    RecoverWait
];

/// A partner that is still starting decides nothing: it will soon say what it makes of our state.
/// The draft has this for PARTNER-DOWN; it is right everywhere.
pub(super) const PARTNER_STARTS: &[Rule] = &[
    Rule::new(
        STARTING,
        Outcome::Stay,
        "9.4.3",
        "a partner with the STARTUP flag has not decided on its state yet",
    ),
    Rule::new(
        partner_in![Startup],
        Outcome::Stay,
        "9.3.1",
        "a starting partner is to report the state before; STARTUP says nothing",
    ),
];

/// The operator may take a server away at any time.
pub(super) const MAY_LEAVE: &[Rule] = &[
    Rule::new(
        &[Cause::PauseCommand],
        Outcome::Enter(State::Paused),
        "9.13",
        "an operator is about to restart this server",
    ),
    Rule::new(
        &[Cause::ShutdownCommand],
        Outcome::Enter(State::Shutdown),
        "9.14",
        "an operator takes this server out of service",
    ),
];

/// PARTNER-DOWN on the operator's word.
pub(super) const PARTNER_DOWN_ON_COMMAND: &[Rule] = &[Rule::new(
    &[Cause::PartnerDownCommand],
    Outcome::Enter(State::PartnerDown),
    "9.4.2",
    "an operator says that the partner is down",
)];

/// RECOVER on the operator's word: the order of Windows' SetRelationship.
pub(super) const RECOVER_ON_COMMAND: &[Rule] = &[Rule::new(
    &[Cause::RecoverCommand],
    Outcome::Enter(State::Recover),
    "5.17",
    "an operator has this server fetch everything anew",
)];

pub(super) const NO_RECOVER_IN_A_CONFLICT: &[Rule] = &[Rule::new(
    &[Cause::RecoverCommand],
    Outcome::Refused,
    "9.10",
    "both servers tell each other everything already, to end a conflict",
)];

/// The partner hands its work over.
pub(super) const PARTNER_SHUT_DOWN: &[Rule] = &[Rule::new(
    partner_in![Shutdown],
    Outcome::Enter(State::PartnerDown),
    "9.14",
    "the partner announced that it goes out of service for longer",
)];

pub(super) const NO_UPDATES_ASKED: &[Rule] = &[Rule::new(
    &[Cause::UpdatesDone],
    Outcome::Refused,
    "7.5.2",
    "UPDDONE, but in this state no updates were asked for",
)];

pub(super) const NO_WAIT: &[Rule] = &[Rule::new(
    &[Cause::WaitOver],
    Outcome::Refused,
    "9.6.2",
    "only RECOVER-WAIT is left by this timer",
)];

pub(super) const NO_SAFE_PERIOD: &[Rule] = &[Rule::new(
    &[Cause::SafePeriodOver],
    Outcome::Refused,
    "10",
    "the safe period counts in COMMUNICATIONS-INTERRUPTED only",
)];

pub(super) const NO_POOLS: &[Rule] = &[Rule::new(
    &[Cause::PoolRequest],
    Outcome::Refused,
    "7.7",
    "addresses change hands in NORMAL only; the partner is told that none were moved",
)];

pub(super) const SILENCE_CHANGES_NOTHING: &[Rule] = &[Rule::new(
    &[Cause::CommunicationsFailed],
    Outcome::Stay,
    "9.2",
    "this state is the same with and without contact",
)];
