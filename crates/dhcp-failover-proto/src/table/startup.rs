//! STARTUP: looking for the partner before serving anybody (draft-12 §9.3).

use super::common::{
    ANY_PARTNER, MAY_LEAVE, NO_POOLS, NO_SAFE_PERIOD, NO_UPDATES_ASKED, NO_WAIT,
    PARTNER_DOWN_ON_COMMAND, RECOVER_ON_COMMAND, SILENCE_CHANGES_NOTHING, STARTING,
};
use super::{Cause, Outcome, Reason, Rule, next_state};
use crate::{Service, StartupPolicy, State};
use dhcp_failover_lease::Role;

pub(super) const RULES: &[&[Rule]] = &[
    OWN,
    // Unless the state before refuses it: the endpoint asks that one.
    PARTNER_DOWN_ON_COMMAND,
    RECOVER_ON_COMMAND,
    MAY_LEAVE,
    NO_UPDATES_ASKED,
    NO_WAIT,
    NO_SAFE_PERIOD,
    NO_POOLS,
    SILENCE_CHANGES_NOTHING,
];

const OWN: &[Rule] = &[
    Rule::new(ANY_PARTNER, Outcome::Resume, "9.3.2", "the partner has been heard"),
    Rule::new(STARTING, Outcome::Resume, "9.3.2", "the partner has been heard, starting too"),
];

/// The state to resume from, given the one on record: a state with contact becomes what losing
/// contact makes of it (§9.3.2 step 2).
pub(crate) fn resumed(role: Role, recorded: State) -> State {
    match (recorded, next_state(role, recorded, Cause::CommunicationsFailed)) {
        // It was primary then; only the primary has this state (§9.12.1).
        (State::ConflictDone, _) if role == Role::Secondary => State::ResolutionInterrupted,
        (_, Outcome::Enter(state)) => state,
        // Never on record; a server that cannot know what it did recovers.
        (State::Startup | State::Paused | State::Shutdown, _) => State::Recover,
        _ => recorded,
    }
}

/// What a server does that found no partner during STARTUP (§9.3.2 step 6).
pub(crate) fn alone_after_startup(previous: State, policy: StartupPolicy) -> (Outcome, Reason) {
    let serves_nobody = Service::of(previous) == Service::Nobody;
    match policy {
        // Its own wait is not cut short (§9.6).
        StartupPolicy::PartnerDown if previous == State::RecoverWait => (
            Outcome::Resume,
            Reason::new(
                "9.6",
                "nobody answered, but RECOVER-WAIT must end before anybody is served",
            ),
        ),
        StartupPolicy::PartnerDown => (
            Outcome::Enter(State::PartnerDown),
            Reason::new("9.3.2", "nobody answered; configured to take the partner for down then"),
        ),
        StartupPolicy::Resume => (
            Outcome::Resume,
            Reason::new("9.3.2", "nobody answered; configured to go on as before"),
        ),
        // Serving nobody, it may as well say what it is waiting for.
        StartupPolicy::Wait if serves_nobody => (
            Outcome::Resume,
            Reason::new(
                "9.3.2",
                "nobody answered, and in the state before nobody is served either",
            ),
        ),
        StartupPolicy::Wait => (
            Outcome::Stay,
            Reason::new(
                "9.3.2",
                "nobody answered; the partner may be alone and serving, so this server waits for \
                 it; if it is down, order partner-down",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §9.3.2 step 2: for every recorded state, contact is taken for lost.
    #[test]
    fn a_recorded_state_is_resumed_without_contact() {
        for role in [Role::Primary, Role::Secondary] {
            for recorded in State::ALL {
                let expected = match recorded {
                    State::Normal => State::CommunicationsInterrupted,
                    State::PotentialConflict => State::ResolutionInterrupted,
                    State::ConflictDone if role == Role::Secondary => State::ResolutionInterrupted,
                    State::Startup | State::Paused | State::Shutdown => State::Recover,
                    other => other,
                };
                assert_eq!(resumed(role, recorded), expected, "{role:?} {recorded}");
            }
        }
    }

    /// H4, H12, §9.3.2 step 6: every previous state with every policy. By default no state in which
    /// anybody is served is entered without the partner's word.
    #[test]
    fn every_previous_state_has_an_answer_for_every_policy() {
        for previous in State::ALL {
            let alone = |policy| alone_after_startup(previous, policy).0;
            assert_eq!(alone(StartupPolicy::Resume), Outcome::Resume);
            let expected = match Service::of(previous) {
                Service::Nobody => Outcome::Resume,
                _ => Outcome::Stay,
            };
            assert_eq!(alone(StartupPolicy::Wait), expected, "{previous}");
            let expected = match previous {
                State::RecoverWait => Outcome::Resume,
                _ => Outcome::Enter(State::PartnerDown),
            };
            assert_eq!(alone(StartupPolicy::PartnerDown), expected, "{previous}");
        }
        assert_eq!(StartupPolicy::default(), StartupPolicy::Wait);
    }
}
