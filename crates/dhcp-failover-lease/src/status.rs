//! Binding status (draft-12 §5.11).

use core::fmt;

/// The status of one address (draft-12 §5.11). Complete: the draft names seven and no more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "the draft's list is closed")]
pub enum BindingStatus {
    /// Unused, and the primary's to allocate.
    #[default]
    Free,
    /// Leased to a client.
    Active,
    /// A lease that ended; becomes FREE when the partner agrees.
    Expired,
    /// Given up by the client; becomes FREE when the partner agrees.
    Released,
    /// Unusable: declined by a client, or found in use by someone else.
    Abandoned,
    /// Made available by an operator; becomes FREE when the partner agrees.
    Reset,
    /// Unused, and the secondary's to allocate.
    Backup,
}

impl BindingStatus {
    /// Every status, in the order of the draft's numbers.
    pub const ALL: [Self; 7] = [
        Self::Free,
        Self::Active,
        Self::Expired,
        Self::Released,
        Self::Abandoned,
        Self::Reset,
        Self::Backup,
    ];

    /// FREE or BACKUP: no client, and one of the two servers may allocate it.
    #[must_use]
    pub const fn is_available(self) -> bool {
        matches!(self, Self::Free | Self::Backup)
    }

    /// EXPIRED, RELEASED or RESET: on the way to FREE, waiting for the partner's agreement.
    #[must_use]
    pub const fn is_transitional(self) -> bool {
        matches!(self, Self::Expired | Self::Released | Self::Reset)
    }

    /// The name the draft uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Active => "ACTIVE",
            Self::Expired => "EXPIRED",
            Self::Released => "RELEASED",
            Self::Abandoned => "ABANDONED",
            Self::Reset => "RESET",
            Self::Backup => "BACKUP",
        }
    }
}

impl fmt::Display for BindingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
