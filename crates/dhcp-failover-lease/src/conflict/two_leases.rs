//! One client with leases on several addresses (draft-12 §7.1.2 "Two IP addresses, one client").

use crate::{Binding, BindingStatus, Role};

/// The leases that `client` should lose when it holds several of one subnet: all but the one it was
/// heard of last. Report each as released ([`StatusCause::Release`](crate::StatusCause::Release));
/// the partner takes that like any release.
///
/// `leases` are the ACTIVE bindings of one client on one subnet; others among them are passed over.
/// Only the primary decides, so that the servers cannot give up one lease each: for a secondary
/// nothing is surplus. Equal times are decided by the lower address. A BOOTP client may use either
/// of its addresses, and a reservation stays: neither is ever surplus (§5.13, §5.14).
///
/// ```
/// use dhcp_failover_lease::{surplus_leases, Binding, BindingStatus, LeaseInstant, Role};
/// let lease = |last, heard_s| Binding {
///     status: BindingStatus::Active,
///     last_transaction: Some(LeaseInstant::from_unix_s(heard_s)),
///     ..Binding::unused([192, 0, 2, last].into())
/// };
/// let two = [lease(1, 5_000), lease(2, 6_000)];
/// let surplus: Vec<_> = surplus_leases(Role::Primary, &two).map(|lease| lease.address).collect();
/// assert_eq!(surplus, [two[0].address]);
/// assert_eq!(surplus_leases(Role::Secondary, &two).count(), 0);
/// ```
pub fn surplus_leases<'a, I>(role: Role, leases: I) -> impl Iterator<Item = &'a Binding>
where
    I: IntoIterator<Item = &'a Binding> + Clone,
{
    let decided = move |lease: &&Binding| {
        role == Role::Primary
            && lease.status == BindingStatus::Active
            && !lease.flags.bootp
            && !lease.flags.reserved
    };
    let heard = |lease: &Binding| (lease.last_transaction, core::cmp::Reverse(lease.address));
    let kept = leases
        .clone()
        .into_iter()
        .filter(decided)
        .max_by_key(|lease| heard(lease))
        .map(|lease| lease.address);
    leases.into_iter().filter(decided).filter(move |lease| Some(lease.address) != kept)
}
