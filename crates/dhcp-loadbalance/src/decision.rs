//! From buckets to a decision: whose a set bit is, and whether a server answers.

use crate::{HashBuckets, hash};

/// Which server a set bit of a hash-bucket-assignment option stands for.
///
/// The two servers must agree on it, or every client is answered by both or by none. It is a
/// property of the peer, not of the protocol version: nothing on the wire tells the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Polarity {
    /// A set bit is a bucket the secondary serves: draft-ietf-dhc-failover-12 §12.11.
    SetMeansSecondary,
    /// A set bit is a bucket the primary serves: ISC dhcpd, and Windows Server 2022 as captured
    /// (the capture shows a map of one half each, so for Windows this stays unproved).
    SetMeansPrimary,
}

impl Polarity {
    /// The buckets the primary serves, from a map as received.
    #[must_use]
    pub const fn primary_buckets(self, wire: HashBuckets) -> HashBuckets {
        match self {
            Self::SetMeansPrimary => wire,
            Self::SetMeansSecondary => wire.complement(),
        }
    }

    /// The buckets the secondary serves, from a map as received.
    #[must_use]
    pub const fn secondary_buckets(self, wire: HashBuckets) -> HashBuckets {
        self.primary_buckets(wire).complement()
    }

    /// The map to send, from the buckets the primary serves.
    #[must_use]
    pub const fn to_wire(self, primary: HashBuckets) -> HashBuckets {
        // Taking the complement or not is its own inverse.
        self.primary_buckets(primary)
    }
}

/// Whether a server answers a client under load balancing.
///
/// It does if the bucket of `key` (see [`client_key`](crate::client_key)) is one of
/// `buckets_of_mine`, or if the client has been waiting for *more* than
/// `max_load_balance_delay_s`: `secs` is the field of the client's message, in seconds. With
/// `None` the wait never overrides the map. Clients are known to send `secs` in the wrong byte
/// order; such a client is answered at once by both servers, which DHCP allows.
///
/// ```
/// use dhcp_loadbalance::{HashBuckets, serves};
///
/// assert!(!serves(&HashBuckets::NONE, b"client", 3, Some(3)));
/// assert!(serves(&HashBuckets::NONE, b"client", 4, Some(3)));
/// assert!(!serves(&HashBuckets::NONE, b"client", u16::MAX, None));
/// ```
#[must_use]
pub fn serves(
    buckets_of_mine: &HashBuckets,
    key: &[u8],
    secs: u16,
    max_load_balance_delay_s: Option<u16>,
) -> bool {
    buckets_of_mine.contains(hash(key))
        || max_load_balance_delay_s.is_some_and(|limit_s| secs > limit_s)
}
