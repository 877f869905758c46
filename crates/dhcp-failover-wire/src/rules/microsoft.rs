//! What Windows sends and demands ([MS-DHCPF] 3.1.5.2). An update with
//! [`DELETED_COMM_DOWN`](crate::windows::Flags::DELETED_COMM_DOWN) is not held to these rules.

use super::{
    Presence::{May, Must, MustNot, Should},
    Row, Tables,
};
use crate::OptionCode as O;

pub(super) const TABLES: Tables = Tables {
    connect: CONNECT,
    connect_ack: CONNECT_ACK,
    update: UPDATE,
    update_request: &[(O::SCOPE_ID_LIST, [May])],
};

/// As captured. TLS is never negotiated.
const CONNECT: &[Row<1>] = &[
    (O::RELATIONSHIP_NAME, [Must]),
    (O::MAX_UNACKED_BNDUPD, [Must]),
    (O::RECEIVE_TIMER, [Must]),
    (O::VENDOR_CLASS_IDENTIFIER, [Must]),
    (O::PROTOCOL_VERSION, [Must]),
    (O::MCLT, [Must]),
    (O::HASH_BUCKET_ASSIGNMENT, [Must]),
];

/// As captured where it accepts; no rejection was seen.
const CONNECT_ACK: &[Row<2>] = &[
    (O::RELATIONSHIP_NAME, [Must, Must]),
    (O::MAX_UNACKED_BNDUPD, [Must, May]),
    (O::RECEIVE_TIMER, [Must, May]),
    (O::VENDOR_CLASS_IDENTIFIER, [Must, May]),
    (O::PROTOCOL_VERSION, [Must, Must]),
    (O::REJECT_REASON, [MustNot, Must]),
    (O::MESSAGE, [MustNot, Should]),
];

/// The extended address state of an ownership update is not in the published matrix and was
/// captured.
const UPDATE: &[Row<5>] = &[
    (O::ASSIGNED_IP_ADDRESS, [Must, Must, Must, Must, Must]),
    (O::BINDING_STATUS, [Must, Must, Must, Must, Must]),
    (O::IP_FLAGS, [Must, Must, Must, Must, Must]),
    (O::CLIENT_SUBNET_MASK, [Must, Must, Must, Must, Must]),
    (O::CLIENT_HARDWARE_ADDRESS, [Must, Must, Must, MustNot, Must]),
    (O::CLIENT_LAST_TRANSACTION_TIME, [Must, Must, Must, MustNot, May]),
    (O::LEASE_EXPIRATION_TIME, [Must, May, May, MustNot, May]),
    (O::POTENTIAL_EXPIRATION_TIME, [Must, May, May, MustNot, May]),
    (O::DDNS, [May, May, May, MustNot, May]),
    (O::START_TIME_OF_STATE, [May, May, May, MustNot, May]),
    (O::CLIENT_IDENTIFIER, [May, May, May, MustNot, May]),
    (O::CLIENT_REQUEST_OPTIONS, [May, May, May, MustNot, May]),
    (O::CLIENT_REPLY_OPTIONS, [May, May, May, MustNot, May]),
    (O::CLIENT_NAME, [Should, Should, Should, MustNot, Should]),
    (O::CLIENT_DESCRIPTION, [Should, Should, Should, MustNot, Should]),
    (O::SERVER_IP_ADDRESS, [Should, Should, Should, MustNot, Should]),
    (O::SERVER_NAME, [Should, Should, Should, MustNot, Should]),
    (O::CLIENT_TYPE, [Should, Should, Should, MustNot, Should]),
    (O::CLIENT_NAP_STATUS, [Should, Should, Should, MustNot, Should]),
    (O::CLIENT_NAP_PROBATION, [Should, Should, Should, MustNot, Should]),
    (O::CLIENT_NAP_CAPABLE, [Should, Should, Should, MustNot, Should]),
    (O::CLIENT_MATCHED_POLICY, [Should, Should, Should, MustNot, Should]),
    (O::EXTENDED_ADDRESS_STATE, [Should, Should, Should, May, Should]),
];
