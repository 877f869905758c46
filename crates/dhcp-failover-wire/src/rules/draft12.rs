//! The draft's tables, as it prints them.

use super::{
    Presence::{May, Must, MustNot, Should, ShouldNot},
    Row, Tables,
};
use crate::OptionCode as O;

pub(super) const TABLES: Tables =
    Tables { connect: CONNECT, connect_ack: CONNECT_ACK, update: UPDATE, update_request: &[] };

/// Table 7.8-1. Whether TLS-request must be there depends on the connection being secured already,
/// and so is left open; delayed-service-parameter (§12.10) and vendor-specific-options (§12.29)
/// are in no table.
const CONNECT: &[Row<1>] = &[
    (O::RELATIONSHIP_NAME, [Must]),
    (O::MAX_UNACKED_BNDUPD, [Must]),
    (O::RECEIVE_TIMER, [Must]),
    (O::VENDOR_CLASS_IDENTIFIER, [Must]),
    (O::PROTOCOL_VERSION, [Must]),
    (O::TLS_REQUEST, [May]),
    (O::MCLT, [Must]),
    (O::HASH_BUCKET_ASSIGNMENT, [Must]),
    (O::DELAYED_SERVICE_PARAMETER, [May]),
    (O::VENDOR_SPECIFIC_OPTIONS, [May]),
];

/// Table 7.9-1. TLS-reply depends on the CONNECT. Windows and dhcpd name themselves in a rejection
/// too, which the table forbids for no reason: it is read.
const CONNECT_ACK: &[Row<2>] = &[
    (O::RELATIONSHIP_NAME, [Must, Must]),
    (O::MAX_UNACKED_BNDUPD, [Must, MustNot]),
    (O::RECEIVE_TIMER, [Must, MustNot]),
    (O::VENDOR_CLASS_IDENTIFIER, [Must, MustNot]),
    (O::PROTOCOL_VERSION, [Must, Must]),
    (O::TLS_REPLY, [May, May]),
    (O::REJECT_REASON, [MustNot, Must]),
    (O::MESSAGE, [MustNot, Should]),
    (O::MCLT, [MustNot, MustNot]),
    (O::HASH_BUCKET_ASSIGNMENT, [MustNot, MustNot]),
    (O::VENDOR_SPECIFIC_OPTIONS, [May, May]),
];

/// Table 7.1-1, with ABANDONED in a column of its own for note 2. IP-flags must be there only if
/// one is set (note 4), DDNS only if the server updates DNS (note 1): neither can be seen from
/// outside.
const UPDATE: &[Row<5>] = &[
    (O::ASSIGNED_IP_ADDRESS, [Must, Must, Must, Must, Must]),
    (O::IP_FLAGS, [May, May, May, May, May]),
    (O::BINDING_STATUS, [Must, Must, Must, Must, Must]),
    (O::CLIENT_IDENTIFIER, [May, May, May, May, MustNot]),
    (O::CLIENT_HARDWARE_ADDRESS, [Must, Must, Must, May, MustNot]),
    (O::LEASE_EXPIRATION_TIME, [Must, MustNot, MustNot, MustNot, MustNot]),
    (O::POTENTIAL_EXPIRATION_TIME, [Must, MustNot, MustNot, MustNot, MustNot]),
    (O::START_TIME_OF_STATE, [Should, Should, Should, Should, Should]),
    (O::CLIENT_LAST_TRANSACTION_TIME, [Must, Should, Must, May, May]),
    (O::DDNS, [May, May, May, May, May]),
    (O::CLIENT_REQUEST_OPTIONS, [Should, ShouldNot, Should, ShouldNot, ShouldNot]),
    (O::CLIENT_REPLY_OPTIONS, [Should, ShouldNot, ShouldNot, ShouldNot, ShouldNot]),
];

/// Table 7.2-1, for all dialects.
pub(super) const ACK: &[Row<2>] = &[
    (O::ASSIGNED_IP_ADDRESS, [Must, Must]),
    (O::IP_FLAGS, [ShouldNot, ShouldNot]),
    (O::BINDING_STATUS, [ShouldNot, ShouldNot]),
    (O::CLIENT_IDENTIFIER, [ShouldNot, ShouldNot]),
    (O::CLIENT_HARDWARE_ADDRESS, [ShouldNot, ShouldNot]),
    // A reason is what makes it a rejection.
    (O::REJECT_REASON, [MustNot, Must]),
    (O::MESSAGE, [ShouldNot, Should]),
    (O::LEASE_EXPIRATION_TIME, [ShouldNot, ShouldNot]),
    (O::POTENTIAL_EXPIRATION_TIME, [ShouldNot, ShouldNot]),
    (O::START_TIME_OF_STATE, [ShouldNot, ShouldNot]),
    (O::CLIENT_LAST_TRANSACTION_TIME, [ShouldNot, ShouldNot]),
    (O::DDNS, [ShouldNot, ShouldNot]),
];

/// Table 7.10-1, for all dialects.
pub(super) const STATE: &[Row<1>] =
    &[(O::SERVER_STATE, [Must]), (O::SERVER_FLAGS, [Must]), (O::START_TIME_OF_STATE, [Must])];

/// Table 7.12-1, for all dialects.
pub(super) const DISCONNECT: &[Row<1>] = &[(O::REJECT_REASON, [Must]), (O::MESSAGE, [Should])];

/// §7.7.1, for all dialects.
pub(super) const POOL_RESPONSE: &[Row<1>] = &[(O::ADDRESSES_TRANSFERRED, [Must])];
