//! The state machine as data (draft-12 figure 9.2-1 and the text of section 9).

use crate::State;
use dhcp_failover_lease::Role;

/// What makes an endpoint change its state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the table answers every cause")]
pub enum Cause {
    /// Communications are okay and the partner, not starting up, is in this state; or it changed to
    /// it.
    Partner(State),
    /// Communications failed.
    CommunicationsFailed,
    /// The updates asked for are all here (UPDDONE).
    UpdatesDone,
    /// RECOVER-WAIT has lasted long enough.
    WaitOver,
    /// The operator says the partner is down.
    PartnerDownCommand,
    /// The safe period is over (§10).
    SafePeriodOver,
}

/// What the cause leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the table's answers")]
pub enum Outcome {
    /// Nothing changes.
    Stay,
    /// Enter this state.
    Enter(State),
    /// Stay, and ask the partner for updates.
    RequestUpdates,
    /// The cause does not belong in this state; nothing changes.
    Refused,
}

/// The state an endpoint of `role` in `own` goes to for `cause`.
///
/// A total function: every pair has an answer, none of a partner's states is fatal. While in
/// STARTUP the table is not asked; the endpoint first takes its previous state again (§9.3.2).
#[must_use]
pub fn next_state(role: Role, own: State, cause: Cause) -> Outcome {
    match cause {
        Cause::Partner(partner) => on_partner(role, own, partner),
        Cause::CommunicationsFailed => match own {
            State::Normal => Outcome::Enter(State::CommunicationsInterrupted),
            State::PotentialConflict => Outcome::Enter(State::ResolutionInterrupted),
            _ => Outcome::Stay,
        },
        Cause::UpdatesDone => match (own, role) {
            (State::Recover, _) => Outcome::Enter(State::RecoverWait),
            (State::PotentialConflict, Role::Primary) => Outcome::Enter(State::ConflictDone),
            (State::PotentialConflict, Role::Secondary) => Outcome::Enter(State::Normal),
            _ => Outcome::Refused,
        },
        Cause::WaitOver => match own {
            State::RecoverWait => Outcome::Enter(State::RecoverDone),
            _ => Outcome::Refused,
        },
        Cause::PartnerDownCommand => match own {
            State::PartnerDown => Outcome::Stay,
            State::Paused | State::Shutdown => Outcome::Refused,
            // A server that waits for leases it cannot know of must not be hurried (§9.6).
            State::RecoverWait => Outcome::Refused,
            _ => Outcome::Enter(State::PartnerDown),
        },
        Cause::SafePeriodOver => match own {
            State::CommunicationsInterrupted => Outcome::Enter(State::PartnerDown),
            _ => Outcome::Refused,
        },
    }
}

fn on_partner(role: Role, own: State, partner: State) -> Outcome {
    use Outcome::{Enter, RequestUpdates, Stay};
    use State::{
        CommunicationsInterrupted as CommInt, ConflictDone, Normal, PartnerDown, Paused,
        PotentialConflict, Recover, RecoverDone, RecoverWait, ResolutionInterrupted, Shutdown,
        Startup,
    };
    // A partner that reports STARTUP itself (the draft has it report its previous state) tells us
    // nothing yet; a server that is leaving does not change course but for the rule of §9.14.2,
    // which the endpoint applies.
    if partner == Startup || matches!(own, Startup | Paused | Shutdown) {
        return Stay;
    }
    let conflicting = matches!(partner, PotentialConflict | ResolutionInterrupted | ConflictDone);
    match own {
        // §9.8.4: through COMMUNICATIONS-INTERRUPTED into what that state would answer.
        Normal => match partner {
            Normal | CommInt | RecoverDone => Stay,
            Paused | Recover | RecoverWait => Enter(CommInt),
            Shutdown => Enter(PartnerDown),
            // §9.10.3: the secondary is in NORMAL first; the primary follows when it hears so.
            ConflictDone if role == Role::Secondary => Stay,
            _ => Enter(PotentialConflict),
        },
        // §9.9.3
        CommInt => match partner {
            Normal | CommInt | RecoverDone => Enter(Normal),
            Recover | RecoverWait | Paused => Stay,
            Shutdown => Enter(PartnerDown),
            _ => Enter(PotentialConflict),
        },
        // §9.4.3; the interlock of H21 stands before NORMAL.
        PartnerDown => match partner {
            Recover | RecoverWait | Shutdown | Paused => Stay,
            RecoverDone => Enter(Normal),
            _ => Enter(PotentialConflict),
        },
        // §9.5.2
        Recover if conflicting => Enter(PotentialConflict),
        Recover => RequestUpdates,
        RecoverWait => Stay,
        // §9.7.2; a partner in conflict would otherwise wait for us for ever (L5).
        RecoverDone => match partner {
            Normal | RecoverDone => Enter(Normal),
            Shutdown => Enter(PartnerDown),
            _ if conflicting => Enter(PotentialConflict),
            _ => Stay,
        },
        // §9.10.3; the secondary asks whenever it *sees* CONFLICT-DONE, not only when the primary
        // has just entered it, or a break at the wrong moment would leave both waiting (H9).
        PotentialConflict => match (role, partner) {
            (_, Shutdown) => Enter(PartnerDown),
            (_, Paused) => Enter(ResolutionInterrupted),
            (Role::Primary, PotentialConflict) => RequestUpdates,
            (Role::Secondary, ConflictDone) => RequestUpdates,
            _ => Stay,
        },
        // §9.11.3
        ResolutionInterrupted => match partner {
            Paused => Stay,
            Shutdown => Enter(PartnerDown),
            _ => Enter(PotentialConflict),
        },
        // §9.12.3
        ConflictDone => match partner {
            Normal => Enter(Normal),
            Shutdown => Enter(PartnerDown),
            _ => Stay,
        },
        Startup | Paused | Shutdown => Stay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    /// The text of §9.4.3, §9.5.2, §9.7.2, §9.9.3, §9.10.3, §9.11.3 and §9.12.3, row by row.
    #[test]
    fn the_table_follows_section_9() {
        use State::*;
        let partner = |own, partner| next_state(Role::Primary, own, Cause::Partner(partner));
        for state in [Normal, CommunicationsInterrupted, PartnerDown, PotentialConflict] {
            assert_eq!(partner(PartnerDown, state), Outcome::Enter(PotentialConflict));
        }
        assert_eq!(partner(PartnerDown, RecoverDone), Outcome::Enter(Normal));
        assert_eq!(partner(PartnerDown, Recover), Outcome::Stay);
        assert_eq!(partner(Recover, PartnerDown), Outcome::RequestUpdates);
        assert_eq!(partner(Recover, ConflictDone), Outcome::Enter(PotentialConflict));
        assert_eq!(partner(RecoverDone, Normal), Outcome::Enter(Normal));
        assert_eq!(partner(CommunicationsInterrupted, Normal), Outcome::Enter(Normal));
        assert_eq!(partner(CommunicationsInterrupted, Shutdown), Outcome::Enter(PartnerDown));
        assert_eq!(partner(ResolutionInterrupted, Normal), Outcome::Enter(PotentialConflict));
        assert_eq!(partner(ConflictDone, Normal), Outcome::Enter(Normal));
        assert_eq!(partner(Normal, Paused), Outcome::Enter(CommunicationsInterrupted));
    }

    /// L5: from every pair of states with communications okay, letting each server react to the
    /// other leads to NORMAL/NORMAL, or to a pair where somebody must come back or wait.
    #[test]
    fn l5_every_pair_of_states_has_a_way_out() {
        for primary in State::ALL {
            for secondary in State::ALL {
                let leaving = |s| matches!(s, State::Paused | State::Shutdown | State::Startup);
                if leaving(primary) || leaving(secondary) {
                    continue; // these end with a restart, which starts over
                }
                if secondary == State::ConflictDone {
                    continue; // "A secondary server should never enter" it (§9.12.1)
                }
                let end = settle(primary, secondary);
                assert_eq!(end, (State::Normal, State::Normal), "{primary} / {secondary}");
            }
        }
    }

    /// Lets both servers react until nothing changes; requests are answered, waits end.
    fn settle(mut primary: State, mut secondary: State) -> (State, State) {
        let mut seen: BTreeSet<(State, State)> = BTreeSet::new();
        let mut trace: Vec<(State, State)> = Vec::new();
        loop {
            trace.push((primary, secondary));
            assert!(seen.insert((primary, secondary)) || trace.len() < 40, "loop: {trace:?}");
            let before = (primary, secondary);
            primary = step(Role::Primary, primary, secondary);
            secondary = step(Role::Secondary, secondary, primary);
            if before == (primary, secondary) {
                return before;
            }
        }
    }

    fn step(role: Role, own: State, partner: State) -> State {
        if own == State::RecoverWait {
            return State::RecoverDone;
        }
        match next_state(role, own, Cause::Partner(partner)) {
            Outcome::Enter(state) => state,
            Outcome::RequestUpdates => match next_state(role, own, Cause::UpdatesDone) {
                Outcome::Enter(state) => state,
                other => panic!("{own} asked for updates and then {other:?}"),
            },
            Outcome::Stay | Outcome::Refused => own,
        }
    }
}
