//! RECOVER-WAIT: waiting for leases given before the failure (draft-12 §9.6).

use super::common::{
    ANY_PARTNER, MAY_LEAVE, NO_POOLS, NO_SAFE_PERIOD, NO_UPDATES_ASKED, RECOVER_ON_COMMAND,
    SILENCE_CHANGES_NOTHING, STARTING,
};
use super::{Cause, Outcome, Rule};
use crate::State;

pub(super) const RULES: &[&[Rule]] = &[
    OWN,
    RECOVER_ON_COMMAND,
    MAY_LEAVE,
    NO_UPDATES_ASKED,
    NO_SAFE_PERIOD,
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN: &[Rule] = &[
    Rule::new(
        ANY_PARTNER,
        Outcome::Stay,
        "9.6.2",
        "only time ends this wait; the partner's state is looked at afterwards",
    ),
    Rule::new(
        STARTING,
        Outcome::Stay,
        "9.6.2",
        "only time ends this wait; the partner's state is looked at afterwards",
    ),
    Rule::new(
        &[Cause::WaitOver],
        Outcome::Enter(State::RecoverDone),
        "9.6.2",
        "no lease can still run that this server gave before its failure and did not tell",
    ),
    Rule::new(
        &[Cause::PartnerDownCommand],
        Outcome::Refused,
        "9.6",
        "leases given before the failure, which nobody knows of, may still run; order it again \
         when RECOVER-WAIT is over",
    ),
];
