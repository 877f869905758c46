//! One binding of a BNDUPD (draft-12 §7.1).

use super::Result;
use crate::{
    BindingUpdate, Dialect, EncodeError, HardwareAddress, IpFlags, MessageType, OptionCode,
    windows::{self, Text},
    writer::Writer,
};

pub(super) fn write_update(
    writer: &mut Writer<'_>,
    update: &BindingUpdate,
    dialect: Dialect,
) -> Result {
    check_sendable(update, dialect)?;
    let windows = windows_part(update, dialect)?;
    writer.bytes(OptionCode::ASSIGNED_IP_ADDRESS, &update.address.octets())?;
    match windows {
        Some(binding) => {
            writer.u8(OptionCode::BINDING_STATUS, binding.status.0)?;
            writer.u8(OptionCode::IP_FLAGS, binding.flags.0)?;
        }
        None => writer.u8(OptionCode::BINDING_STATUS, update.status.0)?,
    }
    writer.maybe_bytes(OptionCode::CLIENT_IDENTIFIER, update.client_identifier.as_deref())?;
    if let Some(HardwareAddress { htype, bytes }) = &update.client_hardware_address {
        let option = OptionCode::CLIENT_HARDWARE_ADDRESS;
        match windows.and_then(|binding| binding.scope_id) {
            Some(scope) => {
                let [s0, s1, s2, s3] = scope.to_bits().to_le_bytes();
                writer.tagged(option, &[s0, s1, s2, s3, *htype], bytes)?;
            }
            None => writer.tagged(option, &[*htype], bytes)?,
        }
    }
    writer.maybe_u32(OptionCode::LEASE_EXPIRATION_TIME, update.lease_expiration_time)?;
    writer.maybe_u32(OptionCode::POTENTIAL_EXPIRATION_TIME, update.potential_expiration_time)?;
    writer.maybe_u32(OptionCode::START_TIME_OF_STATE, update.start_time_of_state)?;
    writer
        .maybe_u32(OptionCode::CLIENT_LAST_TRANSACTION_TIME, update.client_last_transaction_time)?;
    if update.ip_flags != IpFlags::NONE {
        writer.u16(OptionCode::IP_FLAGS, update.ip_flags.0)?;
    }
    writer.maybe_bytes(OptionCode::DDNS, update.ddns.as_deref())?;
    writer.maybe_bytes(
        OptionCode::CLIENT_REQUEST_OPTIONS,
        update.client_request_options.as_deref(),
    )?;
    writer.maybe_bytes(OptionCode::CLIENT_REPLY_OPTIONS, update.client_reply_options.as_deref())?;
    match (windows, dialect.windows()) {
        (Some(binding), Some(settings)) => write_windows(writer, binding, settings),
        _ => Ok(()),
    }
}

/// Refuses what the peer would not survive.
fn check_sendable(update: &BindingUpdate, dialect: Dialect) -> Result {
    let facts = dialect.facts();
    let refuse = |option, reason| Err(EncodeError::Refused { dialect, option, reason });
    if let Some(reason) = facts.unknown_binding_status
        && !update.status.is_known()
    {
        return refuse(OptionCode::BINDING_STATUS, reason);
    }
    let (refused, reason) = facts.refused_options;
    if update.ddns.is_some() && refused.contains(OptionCode::DDNS) {
        return refuse(OptionCode::DDNS, reason);
    }
    Ok(())
}

/// The Windows part of an update, which has to be there in its dialect, only there, and agree with
/// the rest.
fn windows_part(update: &BindingUpdate, dialect: Dialect) -> Result<Option<&windows::Binding>> {
    let refuse = |option, reason| Err(EncodeError::Refused { dialect, option, reason });
    let (settings, binding) = match (dialect.windows(), &update.windows) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            let reason = "the update has a part for Windows only; leave it out";
            return refuse(OptionCode::BINDING_STATUS, reason);
        }
        (Some(_), None) => {
            // Mandatory in every update, so nothing could be sent without.
            let option = OptionCode::CLIENT_SUBNET_MASK;
            return Err(EncodeError::Missing { message_type: MessageType::BNDUPD, option });
        }
        (Some(settings), Some(binding)) => (settings, binding),
    };
    let has_client = update.client_hardware_address.is_some();
    if settings.binding_status(binding.status, binding.flags, has_client) != update.status {
        let reason = "status and flags for Windows say something else than the binding's status";
        return refuse(OptionCode::BINDING_STATUS, reason);
    }
    if has_client != binding.scope_id.is_some() {
        let reason = "Windows has scope id and hardware address in one option: give both or none";
        return refuse(OptionCode::CLIENT_HARDWARE_ADDRESS, reason);
    }
    if update.ip_flags != IpFlags::NONE {
        let reason = "Windows has other flags here; say reservations and BOOTP by its client type";
        return refuse(OptionCode::IP_FLAGS, reason);
    }
    Ok(Some(binding))
}

fn write_windows(
    writer: &mut Writer<'_>,
    binding: &windows::Binding,
    settings: windows::Settings,
) -> Result {
    let address = |writer: &mut Writer<'_>, option, address: Option<core::net::Ipv4Addr>| {
        address.map_or(Ok(()), |address| writer.bytes(option, &address.octets()))
    };
    let text = |writer: &mut Writer<'_>, option, text: &Option<Text>| {
        writer.maybe_bytes(option, text.as_ref().map(Text::as_bytes))
    };
    text(writer, OptionCode::CLIENT_NAME, &binding.client_name)?;
    text(writer, OptionCode::CLIENT_DESCRIPTION, &binding.client_description)?;
    address(writer, OptionCode::CLIENT_SUBNET_MASK, binding.subnet_mask)?;
    address(writer, OptionCode::SERVER_IP_ADDRESS, binding.server_ip_address)?;
    text(writer, OptionCode::SERVER_NAME, &binding.server_name)?;
    writer.maybe_u8(OptionCode::CLIENT_TYPE, binding.client_type.map(|kind| kind.0))?;
    if settings.wide_nap_status {
        writer.maybe_u32(OptionCode::CLIENT_NAP_STATUS, binding.nap_status.map(u32::from))?;
    } else {
        writer.maybe_u8(OptionCode::CLIENT_NAP_STATUS, binding.nap_status)?;
    }
    writer.maybe_u32(OptionCode::CLIENT_NAP_PROBATION, binding.nap_probation)?;
    writer.maybe_u8(OptionCode::CLIENT_NAP_CAPABLE, binding.nap_capable)?;
    text(writer, OptionCode::CLIENT_MATCHED_POLICY, &binding.matched_policy)?;
    writer.maybe_u32(OptionCode::EXTENDED_ADDRESS_STATE, binding.extended_address_state)
}
