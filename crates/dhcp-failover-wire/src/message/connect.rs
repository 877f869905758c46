//! The bodies of CONNECT and CONNECTACK (draft-12 §7.8, §7.9).

use alloc::vec::Vec;

use super::Reject;

/// Body of a CONNECT (draft-12 §7.8, table 7.8-1).
///
/// Options the draft requires are `Option` where peers in the field leave them out or where their
/// absence has a reject reason of its own that only the endpoint can send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connect {
    /// Name of the relationship, compared byte by byte; at least one byte.
    pub relationship_name: Vec<u8>,
    /// How many unacknowledged BNDUPDs the sender accepts. dhcpd never sends an update to a peer
    /// that leaves this out.
    pub max_unacked_bndupd: Option<u32>,
    /// Seconds of silence after which the sender gives the connection up. dhcpd floods a peer that
    /// leaves this out with CONTACTs.
    pub receive_timer: Option<u32>,
    /// Names the implementation.
    pub vendor_class_identifier: Option<Vec<u8>>,
    /// Version of the protocol, 1.
    pub protocol_version: u8,
    /// 0 no TLS, 1 wanted, 2 required (draft-12 §12.27).
    pub tls_request: Option<u8>,
    /// Maximum client lead time, seconds.
    pub mclt: Option<u32>,
    /// The 256 hash buckets as on the wire; whose the set bits are depends on the dialect, see
    /// [`Dialect::set_buckets_are_primarys`](crate::Dialect::set_buckets_are_primarys).
    pub hash_buckets: Option<[u8; 32]>,
    /// Seconds after which a client's `secs` overrides load balancing (draft-12 §12.10).
    pub delayed_service_parameter: Option<u8>,
    /// Options of the implementation's own.
    pub vendor_specific: Option<Vec<u8>>,
}

/// Body of a CONNECTACK (draft-12 §7.9, table 7.9-1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectAck {
    /// Name of the relationship; empty if a rejecting peer left it out.
    pub relationship_name: Vec<u8>,
    /// As in [`Connect::max_unacked_bndupd`].
    pub max_unacked_bndupd: Option<u32>,
    /// As in [`Connect::receive_timer`].
    pub receive_timer: Option<u32>,
    /// Names the implementation.
    pub vendor_class_identifier: Option<Vec<u8>>,
    /// Version of the protocol, 1.
    pub protocol_version: u8,
    /// 0 no TLS, 1 TLS; only in answer to a TLS-request (draft-12 §12.26).
    pub tls_reply: Option<u8>,
    /// `None` accepts the connection.
    pub reject: Option<Reject>,
    /// Options of the implementation's own.
    pub vendor_specific: Option<Vec<u8>>,
}
