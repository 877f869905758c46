//! The maximum client lead time, and how it changes under running leases (draft-12 §5.2, §7.8.2).

use crate::{LeaseInstant, LeaseSpan};

/// The maximum client lead time of a relationship: one value, or two while it is being changed.
///
/// Both servers count on it: one gives a lease up to the MCLT beyond what the other knows, the other
/// waits the MCLT beyond what it knows. So while they may differ over it, grants use the smaller
/// value and waits the larger one (S3), until
///
/// 1. the partner has the new one on its disk ([`partner_has_it`](Self::partner_has_it)): from then
///    on grants use it; and
/// 2. leases given under the old one have been told or have ended ([`settle`](Self::settle)): from
///    then on waits use it too.
///
/// Durable as a whole, before anything is granted with it.
///
/// ```
/// use dhcp_failover_lease::{LeaseInstant, LeaseSpan, Mclt};
/// let (hour, minute) = (LeaseSpan::from_s(3_600), LeaseSpan::from_s(60));
/// let now = LeaseInstant::from_unix_s(1_000_000);
/// let mut mclt = Mclt::new(minute);
/// mclt.change(hour);
/// assert_eq!((mclt.for_grants(), mclt.for_waits()), (minute, hour));
/// mclt.partner_has_it(now);
/// assert_eq!((mclt.for_grants(), mclt.for_waits()), (hour, hour));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mclt {
    agreed: LeaseSpan,
    grants: LeaseSpan,
    waits: LeaseSpan,
    settles_at: LeaseInstant,
}

impl Mclt {
    /// The MCLT of a relationship under which nothing was granted yet.
    #[must_use]
    pub const fn new(mclt: LeaseSpan) -> Self {
        Self { agreed: mclt, grants: mclt, waits: mclt, settles_at: LeaseInstant::NEVER }
    }

    /// The value that is to hold: the configured one, told to the partner.
    #[must_use]
    pub const fn agreed(&self) -> LeaseSpan {
        self.agreed
    }

    /// The value that leases are given with.
    #[must_use]
    pub const fn for_grants(&self) -> LeaseSpan {
        self.grants
    }

    /// The value that waits count with: the longest under which a lease may still run.
    #[must_use]
    pub const fn for_waits(&self) -> LeaseSpan {
        self.waits
    }

    /// When the waits may become the agreed value again; [`LeaseInstant::NEVER`] before the partner
    /// has it.
    #[must_use]
    pub const fn settles_at(&self) -> LeaseInstant {
        self.settles_at
    }

    /// Begins to change it. Nothing happens if `to` is the value already agreed.
    pub const fn change(&mut self, to: LeaseSpan) {
        if self.agreed.as_s() == to.as_s() {
            return;
        }
        self.agreed = to;
        self.grants = self.grants.shorter(to);
        self.waits = self.waits.longer(to);
        self.settles_at = LeaseInstant::NEVER;
    }

    /// Leases may run under a longer MCLT than this server remembers: waits count with `longest` until
    /// they [`settle`](Self::settle). Returns whether anything changed.
    ///
    /// ```
    /// use dhcp_failover_lease::{LeaseSpan, Mclt};
    /// let (hour, minute) = (LeaseSpan::from_s(3_600), LeaseSpan::from_s(60));
    /// let mut mclt = Mclt::new(minute);
    /// assert!(mclt.wait_at_least(hour) && !mclt.wait_at_least(minute));
    /// assert_eq!((mclt.for_grants(), mclt.for_waits()), (minute, hour));
    /// ```
    pub const fn wait_at_least(&mut self, longest: LeaseSpan) -> bool {
        let longer = longest.as_s() > self.waits.as_s();
        if longer {
            self.waits = longest;
            self.settles_at = LeaseInstant::NEVER;
        }
        longer
    }

    /// The partner has the agreed value on its disk, and has told what it gave before.
    pub const fn partner_has_it(&mut self, now: LeaseInstant) {
        self.grants = self.agreed;
        if self.settles_at.is_never() {
            self.settles_at = now.plus(self.waits);
        }
    }

    /// Lets the waits follow when every lease given under an older value is told or over. Returns
    /// whether anything changed; call it only while the servers are in contact (NORMAL).
    pub fn settle(&mut self, now: LeaseInstant) -> bool {
        let settled = self.waits != self.agreed && now >= self.settles_at;
        if settled {
            self.waits = self.agreed;
        }
        settled
    }

    /// The same with its own moment moved, for comparing endpoints.
    #[must_use]
    pub fn rebased(self, shift: impl FnOnce(LeaseInstant) -> LeaseInstant) -> Self {
        Self { settles_at: shift(self.settles_at), ..self }
    }
}
