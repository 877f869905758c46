//! For how long an address may be leased (draft-12 §5.2.1).

use crate::{Binding, BindingStatus, Client, Control, Expiries, LeaseInstant, LeaseSpan};

/// What bounds a lease beside the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "sections 9.4.2 and 9.7 give exactly these")]
pub enum LeaseLimit {
    /// The maximum client lead time beyond what the partner knows: every state but PARTNER-DOWN,
    /// and PARTNER-DOWN when a loss of this server's storage is to be survived (§9.4.2).
    Mclt(LeaseSpan),
    /// The maximum client lead time beyond what the partner knows, and not beyond now: the partner
    /// may not have heard yet that this server serves again (§9.7), and gives an address to
    /// somebody else when that time is over (§9.4.2). A lease that has lapsed is given no time: a
    /// partner that lost its data since learned of it from this server, and had perhaps given the
    /// address away before.
    McltBeyondPartner(LeaseSpan),
    /// None: PARTNER-DOWN without that protection, a scope without failover, or a BOOTP client,
    /// which cannot renew (§5.14).
    Unlimited,
}

impl LeaseLimit {
    /// The latest end of a lease given at `now` on a binding with these expiries (S2, S3).
    #[must_use]
    pub const fn latest_end(self, now: LeaseInstant, expiries: &Expiries) -> LeaseInstant {
        match self {
            Self::Unlimited => LeaseInstant::NEVER,
            Self::Mclt(mclt) => now.later(expiries.partner_known()).plus(mclt),
            Self::McltBeyondPartner(_) if expiries.lease.is_before(now) => now,
            Self::McltBeyondPartner(mclt) => expiries.partner_known().plus(mclt),
        }
    }

    /// The bound under a control. `protected` says whether leases given in PARTNER-DOWN are to
    /// survive the loss of this server's storage (§9.4.2); `mclt` is the one
    /// [for grants](crate::Mclt::for_grants).
    ///
    /// A server that lost its data is always bound: its partner knows more than it does.
    #[must_use]
    pub const fn under(control: Control, mclt: LeaseSpan, protected: bool) -> Self {
        match control {
            Control::Alone => Self::Unlimited,
            Control::PartnerDown { .. } if !protected => Self::Unlimited,
            Control::Shared
            | Control::PartnerDown { .. }
            | Control::PartnerDownWithoutData { .. } => Self::Mclt(mclt),
        }
    }
}

/// What a grant is computed from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct GrantTerms {
    /// Now, on the lease clock.
    pub now: LeaseInstant,
    /// The lease time the configuration would give.
    pub desired: LeaseSpan,
    /// The bound failover sets.
    pub limit: LeaseLimit,
    /// When the client renews, in percent of its lease (T1); 50 unless configured.
    pub renewal_percent: u8,
}

/// What to tell the client, and what to tell the partner.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Grant {
    /// The lease time for the client, from `now`.
    pub lease: LeaseSpan,
    /// When that lease ends.
    pub lease_expiry: LeaseInstant,
    /// The potential-expiration-time for the partner: beyond the next renewal by a whole desired
    /// lease, so that the renewal can be given in full (§5.2.1).
    pub potential_expiry: LeaseInstant,
}

/// The longest lease allowed, and what the partner is told about it.
///
/// `expiries` are those of *this client's present binding*; pass the default for an address that
/// is new to the client. The lease ends no later than
/// `max(now, acked potential, received potential) + MCLT` and never above the desired time: S2. Of
/// no time at all is a lease whose limit is over.
/// The draft also lets a server count from its own lease-expiration-time (§9.9.2); that lets
/// repeated renewals outrun the partner, so we do not (H1).
///
/// ```
/// use dhcp_failover_lease::{grant, Expiries, GrantTerms, LeaseInstant, LeaseLimit, LeaseSpan};
/// let now = LeaseInstant::from_unix_s(1_000_000);
/// let three_days = LeaseSpan::from_s(3 * 86_400);
/// let hour = LeaseSpan::from_s(3_600);
/// let terms = GrantTerms {
///     now, desired: three_days, limit: LeaseLimit::Mclt(hour), renewal_percent: 50,
/// };
/// // The draft's example: a new lease is the MCLT long, the partner hears of 3 days + 1/2 hour.
/// let first = grant(&terms, &Expiries::default());
/// assert_eq!(first.lease, hour);
/// assert_eq!(first.potential_expiry, now + three_days + LeaseSpan::from_s(1_800));
/// ```
#[must_use]
pub const fn grant(terms: &GrantTerms, expiries: &Expiries) -> Grant {
    let GrantTerms { now, desired, limit, renewal_percent } = *terms;
    let desired_expiry = now.plus(desired);
    let allowed = limit.latest_end(now, expiries).later(now);
    let (lease, lease_expiry) = if allowed.is_before(desired_expiry) {
        (allowed.since(now), allowed)
    } else {
        (desired, desired_expiry)
    };
    let potential_expiry = now.plus(lease.percent(renewal_percent)).plus(desired);
    Grant { lease, lease_expiry, potential_expiry: potential_expiry.later(lease_expiry) }
}

/// What may be answered to a client that renews early, without a new lease: the rest of the one it
/// has. `None` if it should get a new one.
///
/// A client that asks again soon after it was answered (it restarted, it heard no answer, it is
/// impatient) costs a write and a BNDUPD each time. While less than `threshold_percent` of its
/// lease has passed since it was last heard, the old promise can be repeated instead: nothing is
/// written, nothing is told, and S2 holds because no time moves. 0 switches this off; dhcpd's
/// default is 25.
///
/// A lease that ends later than `desired` allows now (the configuration changed) is not repeated.
///
/// ```
/// use dhcp_failover_lease::*;
/// let client = Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap());
/// let given = LeaseInstant::from_unix_s(1_000_000);
/// let hour = LeaseSpan::from_s(3_600);
/// let mut lease = Binding::unused([192, 0, 2, 1].into());
/// lease.status = BindingStatus::Active;
/// lease.client = Some(client.clone());
/// lease.last_transaction = Some(given);
/// lease.expiries.lease = given + hour;
/// let terms = |later_s| GrantTerms {
///     now: given + LeaseSpan::from_s(later_s),
///     desired: hour,
///     limit: LeaseLimit::Mclt(hour),
///     renewal_percent: 50,
/// };
/// assert_eq!(early_renewal(&terms(60), &lease, &client, 25), Some(LeaseSpan::from_s(3_540)));
/// assert_eq!(early_renewal(&terms(900), &lease, &client, 25), None);
/// ```
#[must_use]
pub fn early_renewal(
    terms: &GrantTerms,
    binding: &Binding,
    client: &Client,
    threshold_percent: u8,
) -> Option<LeaseSpan> {
    if binding.status != BindingStatus::Active || !binding.is_for(client) {
        return None;
    }
    let GrantTerms { now, desired, .. } = *terms;
    let given = binding.last_transaction.filter(|given| *given <= now)?;
    let expiry = binding.expiries.lease;
    let rest = expiry - now;
    let is_early = now - given < (expiry - given).percent(threshold_percent);
    (is_early && rest <= desired).then_some(rest)
}
