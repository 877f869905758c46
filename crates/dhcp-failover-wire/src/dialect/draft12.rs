//! The text of draft-ietf-dhc-failover-12, with its contradictions decided.

use super::{Facts, NO_ADDITIONAL_HEADER};
use crate::{OptionCode, OptionSet};

pub(super) const FACTS: Facts = Facts {
    // Deviation: §6.1 gives 8 for version 1, which lies inside its own header of 12 bytes. An
    // implementation that takes the offset at its word (dhcpd) then reads the time and the xid as
    // options and closes the connection; 12 is understood by all that are known.
    payload_offset: NO_ADDITIONAL_HEADER,
    last_option: OptionCode::VENDOR_SPECIFIC_OPTIONS,
    batches_bindings: true,
    has_digests: true,
    // §12.12 prints a length of 1 but draws and describes 16 bits. Two bytes are sent, as dhcpd
    // does; one byte is read as the low half.
    reads_short_ip_flags: true,
    unknown_server_state: None,
    unknown_binding_status: None,
    refused_options: (OptionSet::EMPTY, ""),
    refused_messages: (&[], ""),
};
