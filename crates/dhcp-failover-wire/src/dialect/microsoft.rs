//! Windows Server ([MS-DHCPF]). What is not settled is in [`windows::Settings`](crate::windows).

use super::Facts;
use crate::{MessageType, OptionCode, OptionSet};

pub(super) const FACTS: Facts = Facts {
    // The draft's own value, and the mark by which others tell Windows.
    payload_offset: 8,
    last_option: OptionCode::EXTENDED_ADDRESS_STATE,
    batches_bindings: true,
    has_digests: true,
    reads_short_ip_flags: true,
    unknown_server_state: Some("Windows has no such state"),
    unknown_binding_status: Some("Windows has no such status"),
    refused_options: (
        OptionSet::EMPTY.with(OptionCode::TLS_REQUEST).with(OptionCode::TLS_REPLY),
        "Windows does not negotiate TLS; leave it out",
    ),
    refused_messages: (
        &[MessageType::POOLREQ, MessageType::POOLRESP, MessageType::DISCONNECT],
        "Windows drops it unread: addresses are handed over by BNDUPDs, and a connection ends \
         without a word",
    ),
};

/// How its vendor-class-identifier begins, in UTF-16LE; the version follows.
pub(super) const VENDOR_CLASS_PREFIX: &[u8] = b"M\0S\0F\0T\0";
