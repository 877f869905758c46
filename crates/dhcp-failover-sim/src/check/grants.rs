//! S2: no lease is granted beyond what the partner can know, plus the MCLT.

use crate::Setup;
use dhcp_failover_lease::{Binding, Client, Control, Grant, LeaseInstant, LeaseSpan};
use dhcp_failover_proto::ServiceView;

/// S2, recomputed from the binding before the grant.
pub(crate) fn grant_within_bounds(
    grant: &Grant,
    binding: &Binding,
    who: &Client,
    view: &ServiceView,
    now: LeaseInstant,
    setup: &Setup,
) -> Result<(), String> {
    let control = view.allocator(now).control;
    let down = matches!(control, Control::PartnerDown { .. });
    if down && setup.unlimited_in_partner_down {
        return Ok(());
    }
    let present = binding.is_for(who) && !binding.status.is_available();
    let known = if present {
        binding.expiries.acked_potential.max(binding.expiries.received_potential)
    } else {
        LeaseInstant::ZERO
    };
    // A secondary that is alone and never heard its primary, or lost what it heard, has only its own
    // configuration.
    let mclt_s = match control {
        Control::PartnerDownWithoutData { .. } => setup.mclt_s.max(setup.secondary_mclt_s),
        _ => setup.mclt_s,
    };
    let bound = now.max(known) + LeaseSpan::from_s(mclt_s);
    if grant.lease_expiry > bound {
        return Err(format!("{} until {:?}, bound {bound:?}", binding.address, grant.lease_expiry));
    }
    Ok(())
}
