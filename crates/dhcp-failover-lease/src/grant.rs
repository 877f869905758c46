//! For how long an address may be leased (draft-12 §5.2.1).

use crate::{Expiries, LeaseInstant, LeaseSpan};

/// What bounds a lease beside the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "section 9.4.2 gives exactly these two")]
pub enum LeaseLimit {
    /// The maximum client lead time beyond what the partner knows: every state but PARTNER-DOWN,
    /// and PARTNER-DOWN when a loss of this server's storage is to be survived (§9.4.2).
    Mclt(LeaseSpan),
    /// None: PARTNER-DOWN without that protection, or a scope without failover.
    Unlimited,
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
/// `max(now, acked potential, received potential) + MCLT` and never above the desired time: S2.
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
pub fn grant(terms: &GrantTerms, expiries: &Expiries) -> Grant {
    let desired_expiry = terms.now + terms.desired;
    let lease_expiry = match terms.limit {
        LeaseLimit::Unlimited => desired_expiry,
        LeaseLimit::Mclt(mclt) => {
            desired_expiry.min(terms.now.max(expiries.partner_known()) + mclt)
        }
    };
    let lease =
        if lease_expiry == desired_expiry { terms.desired } else { lease_expiry - terms.now };
    let potential_expiry = terms.now + lease.percent(terms.renewal_percent) + terms.desired;
    Grant { lease, lease_expiry, potential_expiry: potential_expiry.max(lease_expiry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_000_000);
    const MCLT: LeaseSpan = LeaseSpan::from_s(3_600);

    fn terms(desired_s: u64) -> GrantTerms {
        GrantTerms {
            now: NOW,
            desired: LeaseSpan::from_s(desired_s),
            limit: LeaseLimit::Mclt(MCLT),
            renewal_percent: 50,
        }
    }

    #[test]
    fn draft_example_of_5_2_1_renews_in_full_once_the_partner_acknowledged() {
        let acked = Expiries {
            acked_potential: NOW + LeaseSpan::from_s(3 * 86_400),
            ..Expiries::default()
        };
        let renewed = grant(&terms(3 * 86_400), &acked);
        assert_eq!(renewed.lease, LeaseSpan::from_s(3 * 86_400));
        assert_eq!(renewed.potential_expiry, NOW + LeaseSpan::from_s(86_400 * 9 / 2));
    }

    #[test]
    fn s2_own_lease_and_sent_times_do_not_extend_a_lease() {
        let own = Expiries {
            lease: NOW + LeaseSpan::from_s(50_000),
            sent_potential: NOW + LeaseSpan::from_s(90_000),
            received_potential_latest: NOW + LeaseSpan::from_s(90_000),
            ..Expiries::default()
        };
        assert_eq!(grant(&terms(86_400), &own).lease, MCLT);
    }

    #[test]
    fn s2_repeated_renewals_without_contact_never_pass_known_plus_mclt() {
        let known = NOW + LeaseSpan::from_s(7_200);
        let mut expiries = Expiries { received_potential: known, ..Expiries::default() };
        let mut now = NOW;
        for _ in 0..200 {
            let given = grant(&GrantTerms { now, ..terms(86_400) }, &expiries);
            assert!(given.lease_expiry <= known.max(now) + MCLT);
            expiries.lease = given.lease_expiry;
            expiries.sent_potential = given.potential_expiry;
            now = now + LeaseSpan::from_s(given.lease.as_s() / 2);
        }
    }

    #[test]
    fn infinite_leases_are_infinite_only_without_a_limit() {
        let forever = GrantTerms { desired: LeaseSpan::INFINITE, ..terms(0) };
        assert_eq!(grant(&forever, &Expiries::default()).lease, MCLT);
        let unlimited = GrantTerms { limit: LeaseLimit::Unlimited, ..forever };
        let given = grant(&unlimited, &Expiries::default());
        assert_eq!(given.lease, LeaseSpan::INFINITE);
        assert_eq!(given.lease_expiry, LeaseInstant::NEVER);
        let known = Expiries { acked_potential: LeaseInstant::NEVER, ..Expiries::default() };
        assert_eq!(grant(&forever, &known).lease, LeaseSpan::INFINITE);
    }
}
