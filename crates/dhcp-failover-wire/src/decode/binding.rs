//! BNDUPD and BNDACK: bindings, each begun by its assigned-IP-address (draft-12 §6.3).

use alloc::{boxed::Box, vec::Vec};
use core::net::Ipv4Addr;

use super::{Seen, value, windows::read_windows_option};
use crate::{
    BindingAck, BindingStatus, BindingUpdate, DecodeError, Dialect, MessageType, OptionCode,
    OptionSet, RawMessage, RawOption, Reject, RejectReason, message::BINDING_OPTIONS, windows,
};

/// The bindings of a message.
pub(super) fn bindings<T: Binding>(
    raw: RawMessage<'_>,
    dialect: Dialect,
) -> Result<Vec<T>, DecodeError> {
    let mut reader = Reader::new(raw.header().length.into(), dialect);
    let batches = dialect.facts().batches_bindings;
    if !batches {
        // The order is free: the whole message is about this address.
        raw.option(OptionCode::ASSIGNED_IP_ADDRESS).map_or(Ok(()), |first| reader.begin(first))?;
    }
    for option in raw.options() {
        if batches && option.code == OptionCode::ASSIGNED_IP_ADDRESS {
            reader.finish()?;
            reader.begin(option)?;
        } else {
            reader.read(option)?;
        }
    }
    reader.finish()?;
    if reader.found.is_empty() {
        return Err(DecodeError::Missing {
            message_type: raw.header().message_type,
            option: OptionCode::ASSIGNED_IP_ADDRESS,
            offset: 0,
        });
    }
    Ok(reader.found)
}

/// Reads options in the order of the message.
struct Reader<T> {
    found: Vec<T>,
    /// Of the whole message.
    length: usize,
    /// Where the address of the last of them stands.
    begun_at: u16,
    seen: Seen,
    dialect: Dialect,
}

impl<T: Binding> Reader<T> {
    fn new(length: usize, dialect: Dialect) -> Self {
        // Most messages have one binding.
        Self {
            found: Vec::with_capacity(1),
            length,
            begun_at: 0,
            seen: Seen::new(dialect),
            dialect,
        }
    }

    fn begin(&mut self, address: RawOption<'_>) -> Result<(), DecodeError> {
        if self.found.len() == 1 {
            // A batch: the others will be about as long as the first.
            let first = usize::from(address.offset.saturating_sub(self.begun_at)).max(1);
            self.found.reserve(self.length.checked_div(first).unwrap_or(0));
        }
        self.begun_at = address.offset;
        self.seen.next_binding();
        self.found.push(T::EMPTY);
        let address = value::address(address)?;
        self.found.last_mut().into_iter().for_each(|binding| binding.begin(address, self.dialect));
        Ok(())
    }

    #[inline]
    fn read(&mut self, option: RawOption<'_>) -> Result<(), DecodeError> {
        let RawOption { code, offset, .. } = option;
        match self.found.last_mut() {
            Some(binding) => {
                self.seen.first(option)?;
                binding.read(option, self.dialect)
            }
            // In a message that may hold several bindings, an option before the first address.
            None if BINDING_OPTIONS.contains(code)
                && self.dialect.knows(code)
                && self.dialect.batches_bindings() =>
            {
                Err(DecodeError::OutsideBinding { option: code, offset })
            }
            None => self.seen.first(option),
        }
    }

    /// Ends the binding begun last, if there is one.
    fn finish(&mut self) -> Result<(), DecodeError> {
        match self.found.last_mut() {
            Some(binding) => binding.finish(self.seen.options, self.begun_at, self.dialect),
            None => Ok(()),
        }
    }
}

/// A binding while it is read, in the place where it will stay: it is large, and a copy of what has
/// just been written piece by piece is slow.
pub(super) trait Binding: Sized {
    /// What it is before anything is read.
    const EMPTY: Self;

    /// Takes the address the binding begins with.
    fn begin(&mut self, address: Ipv4Addr, dialect: Dialect);

    /// Takes an option of the binding or of the whole message.
    fn read(&mut self, option: RawOption<'_>, dialect: Dialect) -> Result<(), DecodeError>;

    /// Checks and completes the binding, whose options were these and whose address stood there.
    fn finish(
        &mut self,
        options: OptionSet,
        begun_at: u16,
        dialect: Dialect,
    ) -> Result<(), DecodeError>;
}

impl Binding for BindingUpdate {
    const EMPTY: Self = Self::new(Ipv4Addr::UNSPECIFIED, BindingStatus(0));

    fn begin(&mut self, address: Ipv4Addr, dialect: Dialect) {
        self.address = address;
        self.windows = dialect.windows().map(|_| Box::new(windows::Binding::empty()));
    }

    #[inline]
    fn read(&mut self, option: RawOption<'_>, dialect: Dialect) -> Result<(), DecodeError> {
        if self.windows.is_some() && read_windows_option(self, option)? {
            return Ok(());
        }
        read_update_option(self, option, dialect)
    }

    fn finish(
        &mut self,
        options: OptionSet,
        begun_at: u16,
        dialect: Dialect,
    ) -> Result<(), DecodeError> {
        let (message_type, option) = (MessageType::BNDUPD, OptionCode::BINDING_STATUS);
        if !options.contains(option) {
            return Err(DecodeError::Missing { message_type, option, offset: begun_at });
        }
        if let (Some(extra), Some(settings)) = (&mut self.windows, dialect.windows()) {
            extra.status = windows::Status(self.status.0);
            let has_client = self.client_hardware_address.is_some();
            self.status = settings.binding_status(extra.status, extra.flags, has_client);
        }
        Ok(())
    }
}

impl Binding for BindingAck {
    const EMPTY: Self = Self::accept(Ipv4Addr::UNSPECIFIED);

    fn begin(&mut self, address: Ipv4Addr, _: Dialect) {
        self.address = address;
    }

    #[inline]
    fn read(&mut self, option: RawOption<'_>, dialect: Dialect) -> Result<(), DecodeError> {
        let no_reject = Reject { reason: RejectReason(0), message: None };
        match option.code {
            OptionCode::REJECT_REASON => {
                let reason = RejectReason(value::u8(option)?);
                self.reject.get_or_insert(no_reject).reason = reason;
            }
            OptionCode::MESSAGE => {
                let text = value::text(option, dialect);
                self.reject.get_or_insert(no_reject).message = Some(text);
            }
            // A peer may repeat the binding here (table 7.2-1 only advises against it).
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, options: OptionSet, _: u16, _: Dialect) -> Result<(), DecodeError> {
        if !options.contains(OptionCode::REJECT_REASON) {
            self.reject = None;
        }
        Ok(())
    }
}

#[inline]
fn read_update_option(
    update: &mut BindingUpdate,
    option: RawOption<'_>,
    dialect: Dialect,
) -> Result<(), DecodeError> {
    match option.code {
        OptionCode::BINDING_STATUS => update.status = BindingStatus(value::u8(option)?),
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
