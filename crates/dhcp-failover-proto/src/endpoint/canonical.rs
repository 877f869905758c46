//! A form of the endpoint in which only what matters is left.

use super::Endpoint;
use crate::{LinkId, Monotonic, Ticket};
use dhcp_failover_lease::{LeaseInstant, LeaseSpan};

/// Canonical lease times count from here, so that the past has a place too.
const CANONICAL_NOW: LeaseInstant = LeaseInstant::from_unix_s(1 << 40);

impl Endpoint {
    /// The endpoint with its clocks at a fixed moment and its running numbers counted from what is
    /// outstanding: two endpoints with equal canonical forms, and bindings whose times differ from
    /// each other by the same shift, behave alike from now on.
    ///
    /// For model checking and for tests; it is meant to be compared and hashed, not to be run on,
    /// because the partner knows the transaction ids it forgets.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut form = self.clone();
        let (now, lease_now) = (self.now, self.lease_now);
        let shift = |at: LeaseInstant| {
            if at == LeaseInstant::ZERO || at.is_never() {
                return at;
            }
            if at >= lease_now {
                CANONICAL_NOW + (at - lease_now)
            } else {
                CANONICAL_NOW.saturating_sub(lease_now - at)
            }
        };
        form.now = Monotonic::from_ms(now.as_ms() % 1_000);
        form.lease_now = CANONICAL_NOW;
        form.clock = form.clock.rebased(form.now, CANONICAL_NOW);
        form.timers.rebase(now);
        form.attempts.rebase(now);
        form.last_heard = None;
        form.pools.rebase(now);
        let links = form.link.iter_mut().chain(&mut form.candidates);
        for (number, link) in links.enumerate() {
            {
                link.rebase(now);
                link.answered_connect = link.answered_connect.map(shift);
                link.skew = link.skew.map(|skew| skew.rebased(shift));
                if let Some(hints) = &mut link.hints {
                    *hints = hints.without_times();
                }
                link.id = LinkId(u64::try_from(number).unwrap_or(0));
            }
        }
        let record = &mut form.record;
        for at in [
            &mut record.state_since,
            &mut record.recover_until,
            &mut record.alive_until,
            &mut record.written_at,
            &mut form.alive_durable,
            &mut form.stamp_at_start,
            &mut form.started_at,
        ] {
            *at = shift(*at);
        }
        record.mclt = record.mclt.rebased(shift);
        record.storage_lost_at = record.storage_lost_at.map(shift);
        record.connect_time = 0;
        record.connects_seen = [0; 4];
        record.partner_served = 0;
        record.partner_alive_until = 0;
        form.stamp_told = 0;
        record.clock = form.clock.stamp;
        record.partner_offset = None;
        record.instance = 0;
        let base = form.gate.base();
        form.state_ticket = Ticket(form.state_ticket.as_u64().saturating_sub(base));
        for (ticket, at) in &mut form.alive_pending {
            *ticket = Ticket(ticket.as_u64().saturating_sub(base));
            *at = shift(*at);
        }
        let position = |id| {
            let links = self.link.iter().chain(&self.candidates);
            links.enumerate().find(|(_, link)| link.id == id).map(|(number, _)| number)
        };
        form.gate.rebase(|id| {
            LinkId(position(id).and_then(|n| u64::try_from(n).ok()).unwrap_or(u64::MAX))
        });
        form.updates.rebase(self.record.instance);
        form.epoch = 0;
        form.stats = crate::Stats::default();
        form.partner = form.partner.map(|partner| super::PartnerState { since: 0, ..partner });
        debug_assert_eq!(form.lease_now - CANONICAL_NOW, LeaseSpan::ZERO);
        form
    }
}
