//! PAUSED and SHUTDOWN: announced, then left by a restart (draft-12 §9.13, §9.14).

use super::common::{
    ANY_PARTNER, NO_POOLS, NO_SAFE_PERIOD, NO_UPDATES_ASKED, NO_WAIT, PARTNER_STARTS,
    SILENCE_CHANGES_NOTHING, STARTING,
};
use super::{Cause, Outcome, Rule, partner_in};

pub(super) const PAUSED: &[&[Rule]] = &[
    OWN_PAUSED,
    NO_COMMANDS,
    NO_UPDATES_ASKED,
    NO_WAIT,
    NO_SAFE_PERIOD,
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN_PAUSED: &[Rule] = &[
    Rule::new(ANY_PARTNER, Outcome::Stay, "9.13.2", "only a restart ends PAUSED"),
    Rule::new(STARTING, Outcome::Stay, "9.13.2", "only a restart ends PAUSED"),
];

pub(super) const SHUTDOWN: &[&[Rule]] = &[
    OWN_SHUTDOWN,
    PARTNER_STARTS,
    NO_COMMANDS,
    NO_UPDATES_ASKED,
    NO_WAIT,
    NO_SAFE_PERIOD,
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN_SHUTDOWN: &[Rule] = &[
    Rule::new(
        partner_in![PartnerDown],
        Outcome::RecoverNextTime,
        "9.14.2",
        "the partner took over; what this server remembers will be old when it returns",
    ),
    Rule::new(
        partner_in![
            Normal,
            CommunicationsInterrupted,
            PotentialConflict,
            Recover,
            Paused,
            Shutdown,
            RecoverDone,
            ResolutionInterrupted,
            ConflictDone,
            RecoverWait
        ],
        Outcome::Stay,
        "9.14.3",
        "only a restart ends SHUTDOWN",
    ),
];

const NO_COMMANDS: &[Rule] = &[Rule::new(
    &[
        Cause::PartnerDownCommand,
        Cause::RecoverCommand,
        Cause::PauseCommand,
        Cause::ShutdownCommand,
    ],
    Outcome::Refused,
    "9.14.3",
    "this server is leaving already; start it again first",
)];
