//! ISC dhcpd 4.4: what it sends, and what it survives.

use super::{Facts, NO_ADDITIONAL_HEADER};
use crate::{OptionCode, OptionSet};

pub(super) const FACTS: Facts = Facts {
    payload_offset: NO_ADDITIONAL_HEADER,
    last_option: OptionCode::VENDOR_SPECIFIC_OPTIONS,
    // A second assigned-IP-address is a duplicate option to it: it closes the connection.
    batches_bindings: false,
    has_digests: false,
    reads_short_ip_flags: false,
    unknown_server_state: Some("the peer goes to SHUTDOWN for good on a state it does not know"),
    unknown_binding_status: Some("the peer exits on a status outside 1 to 7"),
    // Its option table declares the option with a size of 0.
    refused_options: (
        OptionSet::EMPTY.with(OptionCode::DDNS),
        "the peer closes the connection on it; leave it out",
    ),
    refused_messages: (&[], ""),
};

/// How its vendor-class-identifier begins; the version follows.
pub(super) const VENDOR_CLASS_PREFIX: &[u8] = b"isc-";
