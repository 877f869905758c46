//! ISC dhcpd 4.4: what it sends, and what it survives.

use super::{Facts, NO_ADDITIONAL_HEADER};

pub(super) const FACTS: Facts = Facts {
    typed: true,
    payload_offset: NO_ADDITIONAL_HEADER,
    set_buckets_are_primarys: true,
    // A second assigned-IP-address is a duplicate option to it: it closes the connection.
    batches_bindings: false,
    // Its option table declares the option with a size of 0: it closes the connection.
    sends_ddns: false,
    reads_short_ip_flags: false,
    // A binding-status outside 1..=7 makes dhcpd exit; a server-state it does not know sends it
    // to SHUTDOWN for good.
    takes_unknown_states: false,
};

/// How its vendor-class-identifier begins; the version follows.
pub(super) const VENDOR_CLASS_PREFIX: &[u8] = b"isc-";
