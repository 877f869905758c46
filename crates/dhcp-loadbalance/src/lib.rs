//! Load balancing for DHCP as RFC 3074 defines it: which of two servers answers a client.
//!
//! A [hash](hash()) puts every client into one of 256 buckets; a [`HashBuckets`] map says which
//! buckets a server answers. Both servers compute the same hash over the same [`client_key`], so
//! exactly one of them answers, without a word between them. A client that is not answered raises
//! `secs`, and after a limit any server may step in: [`LoadBalance`] is the whole decision, and
//! [`serves`] its short form. [`hash_many`] hashes many keys at once, to find the addresses whose
//! last clients are one server's.
//!
//! # What a set bit means
//!
//! A map is only a set of buckets; it does not know whose they are. Implementations disagree about
//! the map sent in the hash-bucket-assignment option of a CONNECT: in draft-ietf-dhc-failover-12
//! §12.11 a set bit means that the *secondary* serves, ISC dhcpd means the *primary*, and so does
//! the one public Windows capture as far as it tells. [`Polarity`] names this choice and turns a
//! map from the wire into the buckets of one server, which is what the decision takes.
//!
//! ```
//! use dhcp_loadbalance::{HashBuckets, Polarity, client_key, serves};
//!
//! // The primary takes half of the clients, and tells an ISC secondary so.
//! let mine = HashBuckets::from_split(128)?;
//! let wire = Polarity::SetMeansPrimary.to_wire(mine).to_bytes();
//!
//! // The secondary reads the same 32 bytes.
//! let yours = Polarity::SetMeansPrimary.secondary_buckets(HashBuckets::from_bytes(wire));
//!
//! let key = client_key(None, &[0x02, 0, 0, 0, 0, 0x17]);
//! assert_ne!(serves(&mine, key, 0, Some(3)), serves(&yours, key, 0, Some(3)));
//! # Ok::<(), dhcp_loadbalance::OutOfRange>(())
//! ```
//!
//! The crate is `no_std`, allocates nothing and depends on nothing.
#![no_std]

mod batch;
mod buckets;
mod decision;
mod hash;
mod polarity;

pub use batch::hash_many;
pub use buckets::{HashBuckets, OutOfRange};
pub use decision::{Answer, DelayedService, LoadBalance, serves, unswap_secs};
pub use hash::{chaddr_key, client_key, hash};
pub use polarity::Polarity;
