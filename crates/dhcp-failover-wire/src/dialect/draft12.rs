//! The text of draft-ietf-dhc-failover-12, with its contradictions decided.

use super::{Facts, NO_ADDITIONAL_HEADER};

pub(super) const FACTS: Facts = Facts {
    typed: true,
    // Deviation: §6.1 gives 8 for version 1, which lies inside its own header of 12 bytes. An
    // implementation that takes the offset at its word (dhcpd) then reads the time and the xid as
    // options and closes the connection; 12 is understood by all that are known.
    payload_offset: NO_ADDITIONAL_HEADER,
    set_buckets_are_primarys: false,
    batches_bindings: true,
    sends_ddns: true,
    // §12.12 prints a length of 1 but draws and describes 16 bits. Two bytes are sent, as dhcpd
    // does; one byte is read as the low half.
    reads_short_ip_flags: true,
    takes_unknown_states: true,
};
