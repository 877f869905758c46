//! What dhcpd 4.4 sends and demands, where it differs from the draft.

use super::{
    Presence::{May, Must, MustNot, Should},
    Row, Tables,
};
use crate::OptionCode as O;

pub(super) const TABLES: Tables =
    Tables { connect: CONNECT, connect_ack: CONNECT_ACK, update: UPDATE, update_request: &[] };

/// It allows neither a delayed-service-parameter nor anything in vendor-specific-options, and skips
/// both. Without receive-timer it floods its partner with CONTACTs, without max-unacked-bndupd it
/// never sends an update, without hash-bucket-assignment or MCLT it refuses.
const CONNECT: &[Row<1>] = &[
    (O::RELATIONSHIP_NAME, [Must]),
    (O::MAX_UNACKED_BNDUPD, [Must]),
    (O::RECEIVE_TIMER, [Must]),
    (O::VENDOR_CLASS_IDENTIFIER, [May]),
    (O::PROTOCOL_VERSION, [Must]),
    (O::TLS_REQUEST, [May]),
    (O::MCLT, [Must]),
    (O::HASH_BUCKET_ASSIGNMENT, [Must]),
];

/// Its rejections carry what the draft forbids there.
const CONNECT_ACK: &[Row<2>] = &[
    (O::RELATIONSHIP_NAME, [Must, May]),
    (O::MAX_UNACKED_BNDUPD, [Must, May]),
    (O::RECEIVE_TIMER, [Must, May]),
    (O::VENDOR_CLASS_IDENTIFIER, [May, May]),
    (O::PROTOCOL_VERSION, [Must, May]),
    (O::TLS_REPLY, [May, May]),
    (O::REJECT_REASON, [MustNot, Must]),
    (O::MESSAGE, [MustNot, Should]),
];

/// It sends both expirations in every update and needs a client in ACTIVE, EXPIRED and RELEASED. An
/// ABANDONED binding has to carry a lease expiration in the future: without one dhcpd ends the
/// abandonment at once and gives the address out again.
const UPDATE: &[Row<5>] = &[
    (O::ASSIGNED_IP_ADDRESS, [Must, Must, Must, Must, Must]),
    (O::BINDING_STATUS, [Must, Must, Must, Must, Must]),
    (O::CLIENT_IDENTIFIER, [May, May, May, May, MustNot]),
    (O::CLIENT_HARDWARE_ADDRESS, [Must, Must, Must, May, MustNot]),
    (O::LEASE_EXPIRATION_TIME, [Should, Should, Should, Should, Must]),
    (O::POTENTIAL_EXPIRATION_TIME, [Should, Should, Should, Should, Should]),
    (O::START_TIME_OF_STATE, [Should, Should, Should, Should, Should]),
    (O::CLIENT_LAST_TRANSACTION_TIME, [Should, Should, Should, May, May]),
    (O::IP_FLAGS, [May, May, May, May, May]),
    (O::DDNS, [MustNot, MustNot, MustNot, MustNot, MustNot]),
    // Read and thrown away.
    (O::CLIENT_REQUEST_OPTIONS, [May, May, May, May, May]),
    (O::CLIENT_REPLY_OPTIONS, [May, May, May, May, May]),
];
