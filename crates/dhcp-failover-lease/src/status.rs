//! Binding status (draft-12 §5.11).

use crate::Role;
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

    /// Whether `cause` may take an address of this status to `to` at a server of `role`: figure
    /// 5.11-1, with the arrows' labels. A binding update is not a cause: [`resolve`](crate::resolve)
    /// decides about it by what both servers know.
    ///
    /// ```
    /// use dhcp_failover_lease::{BindingStatus::*, Role, StatusCause};
    /// assert!(Active.may_become(Released, StatusCause::Release, Role::Primary));
    /// assert!(!Free.may_become(Backup, StatusCause::Balance, Role::Secondary));
    /// ```
    #[must_use]
    pub const fn may_become(self, to: Self, cause: StatusCause, role: Role) -> bool {
        match cause {
            StatusCause::Lease => matches!(to, Self::Active) && !matches!(self, Self::Abandoned),
            StatusCause::Release => matches!((self, to), (Self::Active, Self::Released)),
            StatusCause::End => {
                matches!((self, to), (Self::Active, Self::Expired) | (Self::Abandoned, Self::Reset))
            }
            StatusCause::Problem => matches!(to, Self::Abandoned),
            StatusCause::Operator => matches!(to, Self::Reset),
            StatusCause::Agreement => self.is_transitional() && matches!(to, Self::Free),
            StatusCause::Rewind => {
                !self.is_available()
                    && matches!(
                        (role, to),
                        (Role::Primary, Self::Free) | (Role::Secondary, Self::Backup)
                    )
            }
            StatusCause::Balance => {
                matches!(role, Role::Primary)
                    && matches!((self, to), (Self::Free, Self::Backup) | (Self::Backup, Self::Free))
            }
        }
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

/// What takes an address from one status to another on a server, beside its partner's updates
/// (figure 5.11-1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the labels of one figure")]
pub enum StatusCause {
    /// A client is given the address, or renews it. *Which* client may is
    /// [`Allocator::check`](crate::Allocator::check)'s to say.
    Lease,
    /// The client gave it back (DHCPRELEASE).
    Release,
    /// Its time is over: a lease becomes EXPIRED, an abandonment RESET (arrow 3).
    End,
    /// A DHCPDECLINE, or somebody else answers at the address.
    Problem,
    /// An operator's command.
    Operator,
    /// The partner acknowledged the end of the lease; in PARTNER-DOWN the wait stands for it
    /// (arrow 1).
    Agreement,
    /// The partner never heard of the lease, so it goes back to its owner at once (H10).
    Rewind,
    /// The primary moves an address between the pools (§5.4).
    Balance,
}

impl StatusCause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::Lease,
        Self::Release,
        Self::End,
        Self::Problem,
        Self::Operator,
        Self::Agreement,
        Self::Rewind,
        Self::Balance,
    ];
}

impl fmt::Display for BindingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
