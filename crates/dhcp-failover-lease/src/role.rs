//! The two servers of a pair.

use crate::BindingStatus;
use core::fmt;

/// The role of a server in one relationship (draft-12 §2.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a failover pair has two roles")]
pub enum Role {
    /// Owns FREE addresses, decides conflicts, sends CONNECT.
    Primary,
    /// Owns BACKUP addresses.
    Secondary,
}

impl Role {
    /// The partner's role.
    #[must_use]
    pub const fn partner(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    /// The status of an unused address that this role may allocate (§5.4).
    #[must_use]
    pub const fn own_available(self) -> BindingStatus {
        match self {
            Self::Primary => BindingStatus::Free,
            Self::Secondary => BindingStatus::Backup,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        })
    }
}
