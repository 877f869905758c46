//! Failover endpoint states (draft-12 §9).

use core::fmt;
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
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
