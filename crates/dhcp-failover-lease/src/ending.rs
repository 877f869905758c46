//! When a lease is over, and what a lost storage puts off (draft-12 §7.1.5, §9.4.2; H19).

use crate::time::CLOCK_GUARD;
use crate::{Allocator, Binding, BindingStatus, LeaseInstant, LeaseSpan, Mutant, Role};

impl Allocator {
    /// When this server may take an ACTIVE lease for ended on its own: the latest its
    /// lease-expiration-time can mean, or the MCLT beyond the latest of all its times when a server
    /// lost its storage since the lease began, for that server may have extended it without a trace
    /// (H19). Two seconds more in both cases: the client counts from when it asked, and the
    /// servers' clocks count whole seconds.
    #[must_use]
    pub fn ends_at(&self, binding: &Binding) -> LeaseInstant {
        let expiries = &binding.expiries;
        self.hold(binding).unwrap_or_else(|| expiries.lease.max(expiries.lease_latest))
            + CLOCK_GUARD
    }

    /// When an ABANDONED address may be tried again: when its time is over, and also what a server that
    /// lost its storage may have given before it heard of the abandonment (H19).
    #[must_use]
    pub fn abandonment_ends_at(&self, binding: &Binding) -> LeaseInstant {
        let until = binding.expiries.lease;
        self.hold(binding).map_or(until, |hold| until.max(hold + CLOCK_GUARD))
    }

    /// When it may believe the partner that the lease has ended: the partner's clock is as good as
    /// its own, so of a lease that the partner gave the earliest meaning is enough. Of one that this
    /// server gave since, the partner knows nothing.
    #[must_use]
    pub fn may_have_ended_at(&self, binding: &Binding) -> LeaseInstant {
        let expiries = &binding.expiries;
        let given_here = expiries.lease > expiries.lease_latest;
        let guard = if given_here { CLOCK_GUARD } else { LeaseSpan::ZERO };
        self.hold(binding).unwrap_or(expiries.lease) + guard
    }

    /// What a binding must be again when the partner has lost its storage and asks for everything;
    /// `None` if it may stay what it is. `instance` is the one that begins with that (§5.17).
    ///
    /// The partner will agree to whatever it is told now, for it remembers nothing: so the end of a
    /// lease it may have renewed, or the return of an address it may have leased, must not be asked
    /// of it before those leases are over (H19, S6). If the address may have been the partner's to give
    /// since, it may be another client's now: then nobody has it until they are over, not even the
    /// client on record (S1). Nor does the partner know how long an abandonment must last, but by what
    /// it is told.
    #[must_use]
    pub fn restored(&self, binding: &Binding, instance: u32) -> Option<Binding> {
        use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
        let hold = self.hold(binding).filter(|until| self.now < *until + CLOCK_GUARD);
        let mut restored = binding.clone();
        restored.status = match (binding.status, hold) {
            (Expired | Released, Some(_)) if !self.may_be_partners(&binding.knowledge) => {
                // The partner may have heard of the end, and made the address available: what it had
                // promised to wait for counts for nothing until it has the lease again (S2, S3).
                restored.expiries.acked_potential = LeaseInstant::ZERO;
                restored.expiries.received_potential = LeaseInstant::ZERO;
                Active
            }
            (Abandoned, Some(until)) if binding.expiries.lease >= until + CLOCK_GUARD => {
                return None;
            }
            (Expired | Released | Reset | Abandoned, Some(until)) => {
                restored.client = None;
                restored.expiries.lease = until + CLOCK_GUARD;
                Abandoned
            }
            (Free, _)
                if self.role == Role::Primary
                    && binding.knowledge.agreed == Backup
                    && binding.knowledge.instance != instance =>
            {
                Backup
            }
            _ => return None,
        };
        restored.version = binding.version.saturating_add(1);
        Some(restored)
    }

    /// Until when a lease is held that the lost storage of a server may have known more of: that
    /// server may have renewed it until it went down, up to the MCLT beyond what both knew. When an
    /// ABANDONED address may be tried again is the end of no lease, and nobody goes beyond it.
    fn hold(&self, binding: &Binding) -> Option<LeaseInstant> {
        let began = binding.last_transaction.unwrap_or(binding.start_of_state);
        let lost =
            self.storage_lost.filter(|lost| began <= *lost && !Mutant::LossForgotten.is_on())?;
        let mut expiries = binding.expiries;
        if binding.status == BindingStatus::Abandoned {
            expiries.lease = LeaseInstant::ZERO;
        }
        Some(expiries.latest().max(lost) + self.mclt)
    }
}
