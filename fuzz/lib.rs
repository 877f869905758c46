//! What the fuzz targets share.

use dhcp_failover_wire::{
    MAX_MESSAGE_LEN,
    windows::{Declined, Ownership, RejectText, Settings, StateNumbers},
};

/// The bytes as one message, its length set right, or nearly every input would end there; the
/// target `frame` tests the rest.
#[must_use]
pub fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = bytes.to_vec();
    frame.truncate(MAX_MESSAGE_LEN);
    let length = frame.len() as u16;
    if let Some(field) = frame.first_chunk_mut() {
        *field = length.to_be_bytes();
    }
    frame
}

/// Settings of Windows for each byte.
#[must_use]
pub fn settings(choice: u8) -> Settings {
    let bit = |n: u8| choice >> n & 1 == 1;
    Settings {
        ownership: if bit(0) { Ownership::AsDocumented } else { Ownership::AsCaptured },
        state_numbers: if bit(1) { StateNumbers::Draft } else { StateNumbers::FsmState },
        declined: if bit(2) { Declined::Expired } else { Declined::Abandoned },
        reject_text: if bit(3) { RejectText::Utf16 } else { RejectText::Utf8 },
        set_buckets_are_primarys: !bit(4),
        max_bindings: choice >> 3,
        wide_nap_status: bit(5),
    }
}
