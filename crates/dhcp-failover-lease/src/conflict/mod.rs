//! Whether to take a binding the partner sent (draft-12 §7.1.2 - §7.1.5).

mod install;
mod judge;
mod two_leases;

pub use two_leases::surplus_leases;

use crate::{Binding, BindingFlags, BindingStatus, Client, LeaseInstant, LeaseSpan, Role};
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

/// A binding update transaction, its times already on this server's lease clock.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct Update {
    /// assigned-IP-address.
    pub address: Ipv4Addr,
    /// binding-status.
    pub status: BindingStatus,
    /// The client, if the update names one.
    pub client: Option<Client>,
    /// lease-expiration-time at its earliest possible meaning; ZERO if absent.
    pub lease_earliest: LeaseInstant,
    /// lease-expiration-time at its latest possible meaning; ZERO if absent.
    pub lease_latest: LeaseInstant,
    /// potential-expiration-time at its earliest possible meaning; ZERO if absent.
    pub potential_earliest: LeaseInstant,
    /// potential-expiration-time at its latest possible meaning; ZERO if absent.
    pub potential_latest: LeaseInstant,
    /// start-time-of-state; ZERO if absent.
    pub start_of_state: LeaseInstant,
    /// client-last-transaction-time.
    pub last_transaction: Option<LeaseInstant>,
    /// By how much more than usual that may be wrong, either way: one of the two clocks was set since.
    pub doubt: LeaseSpan,
    /// IP-flags.
    pub flags: BindingFlags,
    /// client-request-options, opaque.
    pub request_options: Vec<u8>,
    /// client-reply-options, opaque.
    pub reply_options: Vec<u8>,
    /// DDNS, opaque. Of these three an empty one says nothing: what is on record stays (§5.12.2).
    pub ddns: Vec<u8>,
}

impl Update {
    /// An update that says nothing but an address's status.
    #[must_use]
    pub const fn new(address: Ipv4Addr, status: BindingStatus) -> Self {
        Self {
            address,
            status,
            client: None,
            lease_earliest: LeaseInstant::ZERO,
            lease_latest: LeaseInstant::ZERO,
            potential_earliest: LeaseInstant::ZERO,
            potential_latest: LeaseInstant::ZERO,
            start_of_state: LeaseInstant::ZERO,
            last_transaction: None,
            doubt: LeaseSpan::ZERO,
            flags: BindingFlags { reserved: false, bootp: false },
            request_options: Vec::new(),
            reply_options: Vec::new(),
            ddns: Vec::new(),
        }
    }
}

/// Why an update was not taken; each has a reject reason in draft-12 §12.23.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Conflict {
    /// ACTIVE without a client (reason 3).
    MissingInformation,
    /// The address is in use by another client, and the primary decides (reason 2).
    InUseByOther,
    /// This server has newer information (reason 15).
    Outdated,
    /// This server has more critical information: the address is ABANDONED (reason 16).
    LessCritical,
    /// BACKUP with the R flag, and the address is not reserved here (reason 19).
    NotReserved,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingInformation => "an ACTIVE binding must name its client",
            Self::InUseByOther => "the address is in use by another client",
            Self::Outdated => "newer information is on record here",
            Self::LessCritical => "the address is abandoned here",
            Self::NotReserved => "the address is not reserved here; compare the reservations",
        })
    }
}

/// What to do with an update.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "an update is taken or it is not")]
pub enum Verdict {
    /// Store this binding, then acknowledge.
    Accept(alloc::boxed::Box<Accepted>),
    /// Answer with this reason.
    Reject(Conflict),
}

/// An update that was taken.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The binding as it is now.
    pub binding: Binding,
    /// The client whose unexpired lease this update overrode, if it did: an operator should know.
    pub overridden: Option<Client>,
}

/// Whose rules the partner follows. The result is the same on both sides only if each knows how the
/// other decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[non_exhaustive]
pub enum ConflictRules {
    /// Figure 7.1.3-1 with the corrections of this crate.
    #[default]
    Draft12,
    /// ISC dhcpd, which compares only with an update of its own that was not answered yet: then
    /// the later client-last-transaction-time wins between two leases, whoever's they are (in a tie
    /// the primary's copy), a lease wins over the end of one, and of two ends or a release the
    /// primary's stands. Whatever its partner had recorded it takes, also over ABANDONED.
    Isc,
    /// Windows: as the draft, but an available address that is reserved is never taken over.
    Windows,
}

/// The receiver's circumstances.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct Receiver {
    /// The receiver's role.
    pub role: Role,
    /// Now, on the receiver's lease clock.
    pub now: LeaseInstant,
    /// When the receiver takes its own ACTIVE lease for ended
    /// ([`Allocator::may_have_ended_at`](crate::Allocator::may_have_ended_at)).
    pub lease_ends: LeaseInstant,
    /// The instance of the relationship (§5.17).
    pub instance: u32,
    /// Whose rules the partner follows.
    pub rules: ConflictRules,
    /// Whether this server reserves the address for a client, if that is known here (§5.13).
    pub reserved_here: Option<bool>,
    /// It has asked the partner for everything, and serves nobody before it has all of that (§7.4): of an
    /// address that is available here the partner's word is taken.
    pub fetches_all: bool,
}

/// Decides by figure 7.1.3-1, with these corrections: one client's data are merged by its last
/// transaction time and never lose a later time (H6); equal seconds do not make a release outdated
/// (H8); a lease is ended only when its last second has passed here too.
///
/// ```
/// use dhcp_failover_lease::*;
/// let client = Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap());
/// let own = Binding::unused([192, 0, 2, 1].into());
/// let now = LeaseInstant::from_unix_s(1_000_000);
/// let receiver = Receiver {
///     role: Role::Secondary,
///     now,
///     lease_ends: LeaseInstant::ZERO,
///     instance: 1,
///     rules: ConflictRules::Draft12,
///     reserved_here: None,
///     fetches_all: false,
/// };
/// let update = Update {
///     client: Some(client.clone()),
///     lease_earliest: now + LeaseSpan::from_s(3_599),
///     lease_latest: now + LeaseSpan::from_s(3_601),
///     last_transaction: Some(now),
///     ..Update::new(own.address, BindingStatus::Active)
/// };
/// let Verdict::Accept(accepted) = resolve(&own, &update, &receiver) else { panic!() };
/// assert!(accepted.binding.is_for(&client));
/// ```
#[must_use]
pub fn resolve(own: &Binding, update: &Update, receiver: &Receiver) -> Verdict {
    if update.status == BindingStatus::Active && update.client.is_none() {
        return Verdict::Reject(Conflict::MissingInformation);
    }
    if let Err(conflict) = judge::reservation(update, receiver) {
        return Verdict::Reject(conflict);
    }
    if let Err(conflict) = judge::judge(own, update, receiver) {
        return Verdict::Reject(conflict);
    }
    let overridden = match (&own.client, own.status) {
        (Some(mine), BindingStatus::Active)
            if receiver.now < own.expiries.lease.max(receiver.lease_ends)
                && !matches!(&update.client, Some(theirs) if theirs.is_same(mine)) =>
        {
            Some(mine.clone())
        }
        _ => None,
    };
    let binding = install::install(own, update, receiver);
    Verdict::Accept(alloc::boxed::Box::new(Accepted { binding, overridden }))
}
