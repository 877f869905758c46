//! What an update of Windows has in formats of its own.

use super::value;
use crate::{
    BindingUpdate, DecodeError, OptionCode, RawOption,
    windows::{ClientType, Flags, Text},
};

/// Reads an option whose format is Windows' own; `false` if it has the draft's.
pub(super) fn read_windows_option(
    update: &mut BindingUpdate,
    option: RawOption<'_>,
) -> Result<bool, DecodeError> {
    let Some(binding) = &mut update.windows else { return Ok(false) };
    let text = || Some(Text::from_bytes(option.value.into()));
    match option.code {
        OptionCode::CLIENT_HARDWARE_ADDRESS => {
            let (scope_id, hardware) = value::scope_and_hardware(option)?;
            binding.scope_id = Some(scope_id);
            update.client_hardware_address = Some(hardware);
        }
        OptionCode::IP_FLAGS => binding.flags = Flags(value::u8(option)?),
        OptionCode::CLIENT_NAME => binding.client_name = text(),
        OptionCode::CLIENT_DESCRIPTION => binding.client_description = text(),
        OptionCode::CLIENT_SUBNET_MASK => binding.subnet_mask = Some(value::address(option)?),
        OptionCode::SERVER_IP_ADDRESS => binding.server_ip_address = Some(value::address(option)?),
        OptionCode::SERVER_NAME => binding.server_name = text(),
        OptionCode::CLIENT_TYPE => binding.client_type = Some(ClientType(value::u8(option)?)),
        OptionCode::CLIENT_NAP_STATUS => {
            binding.nap_status = Some(value::u8_of_one_or_four(option)?);
        }
        OptionCode::CLIENT_NAP_PROBATION => binding.nap_probation = Some(value::u32(option)?),
        OptionCode::CLIENT_NAP_CAPABLE => binding.nap_capable = Some(value::u8(option)?),
        OptionCode::CLIENT_MATCHED_POLICY => binding.matched_policy = text(),
        OptionCode::EXTENDED_ADDRESS_STATE => {
            binding.extended_address_state = Some(value::u32(option)?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}
