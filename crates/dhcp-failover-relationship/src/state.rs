//! The states as Windows numbers them.

/// State of a failover endpoint, numbered as Windows numbers it in its API and on its wire
/// (`FSM_STATE`). The draft's own numbers differ.
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
}
