//! BNDUPD and BNDACK: bindings, each begun by its assigned-IP-address (draft-12 §6.3).

use alloc::{boxed::Box, vec::Vec};

use super::{Seen, value, windows::read_windows_option};
use crate::{
    BindingAck, BindingStatus, BindingUpdate, DecodeError, Dialect, MessageType, OptionCode,
    RawMessage, RawOption, Reject, RejectReason, message::BINDING_OPTIONS, windows,
};

pub(super) fn updates(
    raw: RawMessage<'_>,
    dialect: Dialect,
) -> Result<Vec<BindingUpdate>, DecodeError> {
    bindings(raw, dialect, |address, options| {
        let mut update = BindingUpdate::new(value::address(address)?, BindingStatus(0));
        let mut extra = dialect.windows().map(|_| Box::new(windows::Binding::empty()));
        let mut number = None;
        for option in options {
            if let Some(extra) = &mut extra
                && read_windows_option(&mut update, extra, option)?
            {
                continue;
            }
            read_update_option(&mut update, &mut number, option, dialect)?;
        }
        let number = number.ok_or(DecodeError::Missing {
            message_type: MessageType::BNDUPD,
            option: OptionCode::BINDING_STATUS,
            offset: address.offset,
        })?;
        update.status = BindingStatus(number);
        if let (Some(mut extra), Some(settings)) = (extra, dialect.windows()) {
            extra.status = windows::Status(number);
            let has_client = update.client_hardware_address.is_some();
            update.status = settings.binding_status(extra.status, extra.flags, has_client);
            update.windows = Some(extra);
        }
        Ok(update)
    })
}

fn read_update_option(
    update: &mut BindingUpdate,
    number: &mut Option<u8>,
    option: RawOption<'_>,
    dialect: Dialect,
) -> Result<(), DecodeError> {
    match option.code {
        OptionCode::BINDING_STATUS => *number = Some(value::u8(option)?),
        OptionCode::CLIENT_IDENTIFIER => update.client_identifier = Some(option.value.into()),
        OptionCode::CLIENT_HARDWARE_ADDRESS => {
            update.client_hardware_address = Some(value::hardware_address(option)?);
        }
        OptionCode::LEASE_EXPIRATION_TIME => {
            update.lease_expiration_time = Some(value::u32(option)?);
        }
        OptionCode::POTENTIAL_EXPIRATION_TIME => {
            update.potential_expiration_time = Some(value::u32(option)?);
        }
        OptionCode::START_TIME_OF_STATE => update.start_time_of_state = Some(value::u32(option)?),
        OptionCode::CLIENT_LAST_TRANSACTION_TIME => {
            update.client_last_transaction_time = Some(value::u32(option)?);
        }
        OptionCode::IP_FLAGS => update.ip_flags = value::ip_flags(option, dialect)?,
        // dhcpd takes no DDNS option, so whatever stands there is not the draft's.
        OptionCode::DDNS if dialect != Dialect::IscDhcpd => {
            update.ddns = Some(option.value.into());
        }
        OptionCode::CLIENT_REQUEST_OPTIONS => {
            update.client_request_options = Some(option.value.into());
        }
        OptionCode::CLIENT_REPLY_OPTIONS => {
            update.client_reply_options = Some(option.value.into());
        }
        _ => {}
    }
    Ok(())
}

pub(super) fn acks(raw: RawMessage<'_>, dialect: Dialect) -> Result<Vec<BindingAck>, DecodeError> {
    bindings(raw, dialect, |address, options| {
        let (mut reason, mut message) = (None, None);
        for option in options {
            match option.code {
                OptionCode::REJECT_REASON => reason = Some(RejectReason(value::u8(option)?)),
                OptionCode::MESSAGE => message = Some(value::text(option, dialect)),
                // A peer may repeat the binding here (table 7.2-1 only advises against it).
                _ => {}
            }
        }
        let reject = reason.map(|reason| Reject { reason, message });
        Ok(BindingAck { address: value::address(address)?, reject })
    })
}

/// Cuts a message into its bindings and reads each with `read`, which gets the address option and
/// the options that belong to it.
fn bindings<'a, T>(
    raw: RawMessage<'a>,
    dialect: Dialect,
    read: impl Fn(RawOption<'a>, BindingOptions<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let batches = dialect.facts().batches_bindings;
    let mut seen = Seen::new(dialect);
    let mut found = Vec::new();
    let mut options = raw.options();
    while let Some(option) = options.next() {
        if option.code == OptionCode::ASSIGNED_IP_ADDRESS {
            if batches {
                seen.next_binding();
            } else {
                seen.first(option)?;
            }
            // Without batches the order is free: the whole message is about this address.
            let of_binding = if batches { options } else { raw.options() };
            found.push(read(option, BindingOptions { options: of_binding, batches })?);
        } else {
            if batches
                && found.is_empty()
                && BINDING_OPTIONS.contains(option.code)
                && dialect.knows(option.code)
            {
                let RawOption { code, offset, .. } = option;
                return Err(DecodeError::OutsideBinding { option: code, offset });
            }
            seen.first(option)?;
        }
    }
    if found.is_empty() {
        return Err(DecodeError::Missing {
            message_type: raw.header().message_type,
            option: OptionCode::ASSIGNED_IP_ADDRESS,
            offset: 0,
        });
    }
    Ok(found)
}

/// The options of one binding: up to the next address where several may follow.
struct BindingOptions<'a> {
    options: crate::Options<'a>,
    batches: bool,
}

impl<'a> Iterator for BindingOptions<'a> {
    type Item = RawOption<'a>;

    fn next(&mut self) -> Option<RawOption<'a>> {
        self.options
            .next()
            .filter(|option| !(self.batches && option.code == OptionCode::ASSIGNED_IP_ADDRESS))
    }
}
