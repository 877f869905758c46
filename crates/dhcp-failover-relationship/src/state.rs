//! The states as Windows numbers them.

use core::fmt;

/// State of a failover endpoint, numbered as Windows numbers it in its API and on its wire
/// (`FSM_STATE`). The draft's own numbers differ.
///
/// The words are those of the Windows header, spelt out: `COMMUNICATION_INT` is
/// `CommunicationInterrupted`. Of what PowerShell prints only `Normal` is in its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum FsmState {
    /// No state.
    NoState = 0,
    /// Just created.
    Init = 1,
    /// Starting, not yet sure of anything.
    Startup = 2,
    /// Both servers work together.
    Normal = 3,
    /// The partner does not answer.
    CommunicationInterrupted = 4,
    /// The partner is known not to run.
    PartnerDown = 5,
    /// Both may have given out the same addresses.
    PotentialConflict = 6,
    /// The primary has resolved its conflicts.
    ConflictDone = 7,
    /// The connection broke while conflicts were resolved.
    ResolutionInterrupted = 8,
    /// Asking the partner for everything.
    Recover = 9,
    /// Recovered, waiting the MCLT out.
    RecoverWait = 10,
    /// Recovered, waiting for the partner.
    RecoverDone = 11,
    /// Reserved: in the Windows header, not in [MS-DHCPM].
    Paused = 12,
    /// Reserved: in the Windows header, not in [MS-DHCPM].
    Shutdown = 13,
}

impl FsmState {
    /// All states in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::NoState,
        Self::Init,
        Self::Startup,
        Self::Normal,
        Self::CommunicationInterrupted,
        Self::PartnerDown,
        Self::PotentialConflict,
        Self::ConflictDone,
        Self::ResolutionInterrupted,
        Self::Recover,
        Self::RecoverWait,
        Self::RecoverDone,
        Self::Paused,
        Self::Shutdown,
    ];

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The state with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The word for it, as PowerShell prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoState => "NoState",
            Self::Init => "Init",
            Self::Startup => "Startup",
            Self::Normal => "Normal",
            Self::CommunicationInterrupted => "CommunicationInterrupted",
            Self::PartnerDown => "PartnerDown",
            Self::PotentialConflict => "PotentialConflict",
            Self::ConflictDone => "ConflictDone",
            Self::ResolutionInterrupted => "ResolutionInterrupted",
            Self::Recover => "Recover",
            Self::RecoverWait => "RecoverWait",
            Self::RecoverDone => "RecoverDone",
            Self::Paused => "Paused",
            Self::Shutdown => "Shutdown",
        }
    }

    /// The state's name in draft-ietf-dhc-failover-12 (§9), which has none for `NO_STATE` and
    /// `INIT`: an endpoint there does not exist before STARTUP.
    #[must_use]
    pub const fn draft_name(self) -> Option<&'static str> {
        Some(match self {
            Self::NoState | Self::Init => return None,
            Self::Startup => "STARTUP",
            Self::Normal => "NORMAL",
            Self::CommunicationInterrupted => "COMMUNICATIONS-INTERRUPTED",
            Self::PartnerDown => "PARTNER-DOWN",
            Self::PotentialConflict => "POTENTIAL-CONFLICT",
            Self::ConflictDone => "CONFLICT-DONE",
            Self::ResolutionInterrupted => "RESOLUTION-INTERRUPTED",
            Self::Recover => "RECOVER",
            Self::RecoverWait => "RECOVER-WAIT",
            Self::RecoverDone => "RECOVER-DONE",
            Self::Paused => "PAUSED",
            Self::Shutdown => "SHUTDOWN",
        })
    }

    /// The state with this name in the draft, if there is one.
    #[must_use]
    pub fn from_draft_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.draft_name() == Some(name))
    }

    /// Whether Windows says "reserved, do not use". An endpoint of ours does use them: they are the
    /// draft's PAUSED and SHUTDOWN.
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        matches!(self, Self::Paused | Self::Shutdown)
    }

    /// Whether [`Registry::set`](crate::Registry::set) takes it as the state: an endpoint can be in
    /// it, and it is not reserved.
    #[must_use]
    pub const fn is_settable(self) -> bool {
        !self.is_reserved() && self.draft_name().is_some()
    }
}

impl fmt::Display for FsmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
