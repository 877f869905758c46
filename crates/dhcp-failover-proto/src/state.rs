//! Failover endpoint states (draft-12 §9).

use core::fmt;
use dhcp_failover_relationship::FsmState;
use dhcp_failover_wire::ServerState;

/// A failover endpoint state. Complete: the draft names twelve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "the draft's list is closed")]
pub enum State {
    /// Looking for the partner before serving anybody (§9.3).
    Startup,
    /// Both servers work together (§9.8).
    Normal,
    /// No contact; the partner may be serving (§9.9).
    CommunicationsInterrupted,
    /// The partner is known to be down (§9.4).
    PartnerDown,
    /// The servers compare what they did behind each other's back (§9.10).
    PotentialConflict,
    /// Fetching what the partner knows (§9.5).
    Recover,
    /// About to restart, soon back (§9.13).
    Paused,
    /// Going away for longer (§9.14).
    Shutdown,
    /// Recovered, waiting for the partner to agree (§9.7).
    RecoverDone,
    /// Contact was lost while comparing (§9.11).
    ResolutionInterrupted,
    /// The primary has the secondary's changes, not yet the reverse (§9.12).
    ConflictDone,
    /// Recovered, waiting for leases given before the failure (§9.6).
    RecoverWait,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 12] = [
        Self::Startup,
        Self::Normal,
        Self::CommunicationsInterrupted,
        Self::PartnerDown,
        Self::PotentialConflict,
        Self::Recover,
        Self::Paused,
        Self::Shutdown,
        Self::RecoverDone,
        Self::ResolutionInterrupted,
        Self::ConflictDone,
        Self::RecoverWait,
    ];

    /// The draft's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Startup => "STARTUP",
            Self::Normal => "NORMAL",
            Self::CommunicationsInterrupted => "COMMUNICATIONS-INTERRUPTED",
            Self::PartnerDown => "PARTNER-DOWN",
            Self::PotentialConflict => "POTENTIAL-CONFLICT",
            Self::Recover => "RECOVER",
            Self::Paused => "PAUSED",
            Self::Shutdown => "SHUTDOWN",
            Self::RecoverDone => "RECOVER-DONE",
            Self::ResolutionInterrupted => "RESOLUTION-INTERRUPTED",
            Self::ConflictDone => "CONFLICT-DONE",
            Self::RecoverWait => "RECOVER-WAIT",
        }
    }

    /// The state a partner named, or `None` for a number the draft does not have.
    #[must_use]
    pub fn from_wire(state: ServerState) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_wire() == state)
    }

    /// The number for the server-state option. RECOVER-WAIT has none in the draft (H14); 254 is
    /// what ISC dhcpd uses.
    #[must_use]
    pub const fn to_wire(self) -> ServerState {
        match self {
            Self::Startup => ServerState::STARTUP,
            Self::Normal => ServerState::NORMAL,
            Self::CommunicationsInterrupted => ServerState::COMMUNICATIONS_INTERRUPTED,
            Self::PartnerDown => ServerState::PARTNER_DOWN,
            Self::PotentialConflict => ServerState::POTENTIAL_CONFLICT,
            Self::Recover => ServerState::RECOVER,
            Self::Paused => ServerState::PAUSED,
            Self::Shutdown => ServerState::SHUTDOWN,
            Self::RecoverDone => ServerState::RECOVER_DONE,
            Self::ResolutionInterrupted => ServerState::RESOLUTION_INTERRUPTED,
            Self::ConflictDone => ServerState::CONFLICT_DONE,
            Self::RecoverWait => ServerState::RECOVER_WAIT,
        }
    }

    /// The state as Windows numbers it (`FSM_STATE`).
    #[must_use]
    pub const fn to_fsm(self) -> FsmState {
        match self {
            Self::Startup => FsmState::Startup,
            Self::Normal => FsmState::Normal,
            Self::CommunicationsInterrupted => FsmState::CommunicationInterrupted,
            Self::PartnerDown => FsmState::PartnerDown,
            Self::PotentialConflict => FsmState::PotentialConflict,
            Self::Recover => FsmState::Recover,
            Self::Paused => FsmState::Paused,
            Self::Shutdown => FsmState::Shutdown,
            Self::RecoverDone => FsmState::RecoverDone,
            Self::ResolutionInterrupted => FsmState::ResolutionInterrupted,
            Self::ConflictDone => FsmState::ConflictDone,
            Self::RecoverWait => FsmState::RecoverWait,
        }
    }

    /// The state that Windows numbers so. `None` for `NO_STATE` and `INIT`: an endpoint does not
    /// exist before STARTUP.
    #[must_use]
    pub fn from_fsm(state: FsmState) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_fsm() == state)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_one_number_on_the_wire_and_one_at_windows() {
        for state in State::ALL {
            assert_eq!(State::from_wire(state.to_wire()), Some(state));
            assert_eq!(State::from_fsm(state.to_fsm()), Some(state));
        }
        let before: alloc::vec::Vec<_> =
            FsmState::ALL.into_iter().filter(|it| State::from_fsm(*it).is_none()).collect();
        assert_eq!(before, [FsmState::NoState, FsmState::Init]);
    }

    /// H14: RECOVER-WAIT has no number in the draft.
    #[test]
    fn h14_recover_wait_is_254() {
        assert_eq!(State::RecoverWait.to_wire(), ServerState(254));
        assert_eq!(State::from_wire(ServerState(12)), None);
        assert_eq!(State::from_wire(ServerState(0)), None);
    }
}
