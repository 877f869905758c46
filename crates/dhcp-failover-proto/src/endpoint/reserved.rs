//! Reservations: what both servers must know before either may rely on one (draft-12 §5.13, H3).

use super::Endpoint;
use crate::{Bindings, Event, Service, State};
use alloc::vec::Vec;
use dhcp_failover_lease::{Binding, BindingStatus, LeaseSpan, Update};

/// Reservations looked at in one look at the pools at most.
const MARK_CHUNK: usize = 128;
/// In NORMAL for so long the primary has told what it reserves.
const SETTLED: LeaseSpan = LeaseSpan::from_s(60);

impl Endpoint {
    /// Looks at the bindings whose R flag is not what is configured here.
    pub(super) fn check_reservations<B: Bindings>(&mut self, bindings: &B) {
        let view = self.view();
        if view.service() == Service::Nobody || self.lease_now > view.deadline() {
            return;
        }
        let found = bindings.misreserved().take(MARK_CHUNK.min(self.budget.left()));
        let found: Vec<_> = found.collect();
        if self.is_primary() {
            for address in found {
                if let Some(binding) = self.binding(address, bindings) {
                    self.budget.take();
                    self.mark_reservation(binding, bindings.is_reserved(address));
                }
            }
        } else if self.state == State::Normal && self.lease_now > self.record.state_since + SETTLED
        {
            for address in found {
                if self.pools.different.insert(address) {
                    let reserved_here = bindings.is_reserved(address);
                    self.event(Event::ReservationDiffers { address, reserved_here });
                }
            }
        }
    }

    /// The primary's configuration decides what is reserved: it says so, and the secondary takes
    /// note. An address that is not reserved any more is nobody's until the secondary has agreed,
    /// for that may still give it to the client it was reserved for.
    fn mark_reservation(&mut self, mut binding: Binding, reserved: bool) {
        if binding.flags.reserved == reserved {
            return;
        }
        binding.flags.reserved = reserved;
        binding.version = binding.version.saturating_add(1);
        if !reserved {
            binding.knowledge.told = binding.knowledge.told.with(BindingStatus::Backup);
        }
        self.binding_changed(&binding);
        self.persist_binding(binding);
    }

    /// Whether the partner leased to somebody what both servers keep for another client (H3).
    pub(super) fn check_reserved_lease<B: Bindings>(
        &mut self,
        own: &Binding,
        update: &Update,
        bindings: &B,
    ) {
        let is_kept = own.flags.reserved && bindings.is_reserved(update.address);
        let is_others = update.status == BindingStatus::Active
            && !update.flags.reserved
            && !update.client.as_ref().is_some_and(|client| own.is_for(client));
        if is_kept && is_others && self.pools.different.insert(update.address) {
            let (address, reserved_here) = (update.address, true);
            self.event(Event::ReservationDiffers { address, reserved_here });
        }
    }
}
