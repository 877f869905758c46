//! Windows Server ([MS-DHCPF]): the facts that are settled. Its typed messages need more than this
//! table: binding status as a bit field, UTF-16LE names, states numbered otherwise, options 30-41.

use super::Facts;

pub(super) const FACTS: Facts = Facts {
    typed: false,
    payload_offset: 8,
    set_buckets_are_primarys: true,
    batches_bindings: true,
    sends_ddns: true,
    reads_short_ip_flags: true,
    takes_unknown_states: false,
};

/// How its vendor-class-identifier begins, in UTF-16LE; the version follows.
pub(super) const VENDOR_CLASS_PREFIX: &[u8] = b"M\0S\0F\0T\0";
