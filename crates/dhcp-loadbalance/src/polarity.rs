//! Whose buckets the set bits of a map from the wire are.

use crate::HashBuckets;

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
