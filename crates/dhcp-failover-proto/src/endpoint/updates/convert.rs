//! A binding as the options of a BNDUPD (draft-12 §7.1).

use dhcp_failover_lease::{Binding, BindingStatus, LeaseInstant};
use dhcp_failover_wire as wire;
use dhcp_failover_wire::{BindingUpdate, Dialect, IpFlags, OptionCode};

/// The options of table 7.1-1 for a binding.
pub(super) fn to_update(
    binding: &Binding,
    potential: LeaseInstant,
    dialect: Dialect,
) -> BindingUpdate {
    let status = status_to_wire(binding.status);
    let mut update = BindingUpdate::new(binding.address, status);
    let time = |instant: LeaseInstant| (instant > LeaseInstant::ZERO).then(|| instant.as_wire_s());
    update.start_time_of_state = time(binding.start_of_state);
    update.ip_flags = flags_to_wire(binding);
    if binding.status == BindingStatus::Abandoned {
        // Deviation from table 7.1-1: when the address may be tried again. Nothing else says it,
        // and without it dhcpd ends the abandonment at once.
        update.lease_expiration_time = time(binding.expiries.lease);
        return update;
    }
    update.client_last_transaction_time = binding.last_transaction.map(LeaseInstant::as_wire_s);
    if let Some(client) = &binding.client {
        update.client_identifier = client.identifier().map(<[u8]>::to_vec);
        let hardware = client.hardware();
        // Type 0 stands for a client the partner named by its identifier alone.
        update.client_hardware_address =
            (hardware.hardware_type() != 0).then(|| wire::HardwareAddress {
                htype: hardware.hardware_type(),
                bytes: hardware.as_bytes().to_vec(),
            });
    }
    let some = |options: &[u8]| (!options.is_empty()).then(|| options.to_vec());
    // Also when the lease is over: whoever ends it deletes the client's DNS records (§5.12.4).
    update.ddns = some(&binding.ddns).filter(|_| dialect.survives(OptionCode::DDNS));
    if binding.status == BindingStatus::Active {
        update.lease_expiration_time = Some(binding.expiries.lease.as_wire_s());
        update.potential_expiration_time = Some(potential.as_wire_s());
        update.client_request_options = some(&binding.request_options);
        update.client_reply_options = some(&binding.reply_options);
    }
    update
}

fn flags_to_wire(binding: &Binding) -> IpFlags {
    let mut flags = IpFlags::NONE;
    if binding.flags.reserved {
        flags = flags.union(IpFlags::RESERVED);
    }
    if binding.flags.bootp {
        flags = flags.union(IpFlags::BOOTP);
    }
    flags
}

fn status_to_wire(status: BindingStatus) -> wire::BindingStatus {
    match status {
        BindingStatus::Free => wire::BindingStatus::FREE,
        BindingStatus::Active => wire::BindingStatus::ACTIVE,
        BindingStatus::Expired => wire::BindingStatus::EXPIRED,
        BindingStatus::Released => wire::BindingStatus::RELEASED,
        BindingStatus::Abandoned => wire::BindingStatus::ABANDONED,
        BindingStatus::Reset => wire::BindingStatus::RESET,
        BindingStatus::Backup => wire::BindingStatus::BACKUP,
    }
}

/// The status a partner named, if the draft has it.
pub(in crate::endpoint) fn status_from_wire(status: wire::BindingStatus) -> Option<BindingStatus> {
    BindingStatus::ALL.into_iter().find(|known| status_to_wire(*known) == status)
}
