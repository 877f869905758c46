//! What the partner knows, or may know, about one binding.

use crate::BindingStatus;
use core::fmt;

/// A set of [`BindingStatus`] values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StatusSet(u8);

impl StatusSet {
    /// The set with nothing in it.
    pub const EMPTY: Self = Self(0);

    /// The set with `status` added.
    #[must_use]
    pub const fn with(self, status: BindingStatus) -> Self {
        Self(self.0 | Self::bit(status))
    }

    /// Whether `status` is in the set.
    #[must_use]
    pub const fn contains(self, status: BindingStatus) -> bool {
        self.0 & Self::bit(status) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the set holds nothing but (possibly) `status`.
    #[must_use]
    pub const fn is_only(self, status: BindingStatus) -> bool {
        self.0 & !Self::bit(status) == 0
    }

    const fn bit(status: BindingStatus) -> u8 {
        match status {
            BindingStatus::Free => 1,
            BindingStatus::Active => 2,
            BindingStatus::Expired => 4,
            BindingStatus::Released => 8,
            BindingStatus::Abandoned => 16,
            BindingStatus::Reset => 32,
            BindingStatus::Backup => 64,
        }
    }
}

impl fmt::Debug for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(BindingStatus::ALL.iter().filter(|s| self.contains(**s))).finish()
    }
}

/// What the partner certainly has of a binding, and what it may have been told since.
///
/// Durable together with the binding: it is what makes "rewind" (H10) and hand-overs (H2) safe
/// across a crash. A status enters `told` *before* the BNDUPD that tells it may leave.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Knowledge {
    /// The status both servers last agreed on: acknowledged by the partner, or accepted from it.
    /// FREE for an address that neither has ever used.
    pub agreed: BindingStatus,
    /// Statuses the partner may have recorded since, from updates it has not answered.
    pub told: StatusSet,
    /// The [`Binding::version`](crate::Binding::version) the partner has acknowledged.
    pub acked_version: u64,
    /// The instance of the relationship in which that acknowledgement was given (draft-12 §5.17).
    /// A new instance, begun when the partner asks for everything, makes all bindings unknown.
    pub instance: u32,
    /// The ACTIVE lease on record was taken from the partner while one of another client was on its
    /// way there, and may have been taken in the same way; or it has lapsed, and the partner has one of
    /// another client. Until the partner has this one, neither server knows whose the address will be,
    /// and neither gives it to anybody (S1).
    #[cfg_attr(feature = "serde", serde(default))]
    pub crossed: bool,
}

impl Knowledge {
    /// Whether the partner can have recorded no other status than `status`.
    #[must_use]
    pub const fn is_certainly(&self, status: BindingStatus) -> bool {
        StatusSet::EMPTY.with(self.agreed).is_only(status) && self.told.is_only(status)
    }

    /// Whether the partner may have recorded `status`.
    #[must_use]
    pub fn may_be(&self, status: BindingStatus) -> bool {
        self.agreed == status || self.told.contains(status)
    }

    /// Whether the partner may have recorded the end of a lease, and so freed the address (§9.8.3:
    /// the same client may come back only "if a BNDUPD has not been sent").
    #[must_use]
    pub fn may_have_ended(&self) -> bool {
        !self.is_certainly(BindingStatus::Active)
    }
}
