//! Which addresses change hands (draft-12 §5.4, last paragraph).

use super::Transfer;
use crate::{Binding, BindingStatus, Client, Role};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Picks the addresses of a [`Transfer`] from candidates, the best to give first: those whose last
/// client the receiving server answers under the load balance, then any, each in the order they
/// were considered. So consider those unused for longest first.
///
/// Passed over are addresses that are not the giving server's beyond doubt (S4), reserved ones
/// (§5.13) and those last given to a BOOTP client (§5.14). Offered addresses are the caller's to
/// leave out.
///
/// ```
/// use dhcp_failover_lease::{Binding, BindingStatus, Role, Selection, Transfer};
/// let mut selection = Selection::new(Transfer::ToSecondary(1), 512).unwrap();
/// assert_eq!((selection.from(), selection.to()), (BindingStatus::Free, BindingStatus::Backup));
/// let unused = Binding::unused([192, 0, 2, 1].into());
/// selection.consider(&unused, |_client| Role::Secondary);
/// assert_eq!(selection.into_addresses(), [unused.address]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Selection {
    receiver: Role,
    wanted: usize,
    affine: Vec<Ipv4Addr>,
    others: Vec<Ipv4Addr>,
}

impl Selection {
    /// Begins to pick for a transfer, no more than `at_most` addresses; `None` if nothing should
    /// move.
    #[must_use]
    pub fn new(transfer: Transfer, at_most: usize) -> Option<Self> {
        let (receiver, wanted) = match transfer {
            Transfer::None => return None,
            Transfer::ToSecondary(wanted) => (Role::Secondary, wanted),
            Transfer::ToPrimary(wanted) => (Role::Primary, wanted),
        };
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(at_most);
        Some(Self { receiver, wanted, affine: Vec::new(), others: Vec::new() })
    }

    /// The status the addresses have.
    #[must_use]
    pub const fn from(&self) -> BindingStatus {
        self.receiver.partner().own_available()
    }

    /// The status they will have.
    #[must_use]
    pub const fn to(&self) -> BindingStatus {
        self.receiver.own_available()
    }

    /// Whether considering more would change nothing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.affine.len() >= self.wanted
    }

    /// Takes a candidate into account. `served_by` says which server answers a client that is new.
    pub fn consider(&mut self, binding: &Binding, served_by: impl FnOnce(&Client) -> Role) {
        let from = self.from();
        if self.is_complete()
            || binding.status != from
            || !binding.is_balanced()
            || !binding.knowledge.is_certainly(from)
        {
            return;
        }
        let is_affine = binding.client.as_ref().is_some_and(|it| served_by(it) == self.receiver);
        if is_affine {
            self.affine.push(binding.address);
        } else if self.others.len() < self.wanted {
            self.others.push(binding.address);
        }
    }

    /// The addresses to move: as many as wanted, or all that may be moved.
    #[must_use]
    pub fn into_addresses(self) -> Vec<Ipv4Addr> {
        let Self { wanted, affine: mut addresses, others, .. } = self;
        let missing = wanted.saturating_sub(addresses.len());
        addresses.extend(others.into_iter().take(missing));
        addresses
    }
}
