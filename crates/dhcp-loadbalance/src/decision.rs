//! Whether a server answers a client, or leaves it to the other.

use crate::{HashBuckets, OutOfRange, hash};

/// How one server shares the clients with the other: what it needs to decide about a request.
///
/// Requests that load balancing is about are those that any server may answer: DHCPDISCOVER,
/// DHCPREQUEST of an INIT-REBOOT, DHCPINFORM. A DHCPREQUEST that renews or rebinds is answered by
/// both servers (draft-12 §9.8.2), a message that names a server by that one. And clients are only
/// shared while the servers talk to each other, that is, in NORMAL: in
/// COMMUNICATIONS-INTERRUPTED, RESOLUTION-INTERRUPTED and PARTNER-DOWN a server answers all
/// (§9.9.2, §9.11.2), within the buckets of the pair where a larger group of servers shares the
/// clients (§5.3).
///
/// ```
/// use dhcp_loadbalance::{Answer, DelayedService, HashBuckets, LoadBalance};
///
/// let balance = LoadBalance {
///     buckets_of_mine: HashBuckets::from_percent(50)?,
///     delayed_service: DelayedService::after_s(3),
///     check_secs_byte_order: false,
/// };
/// let theirs = [2, 0, 0, 0, 0, 1];
/// assert_eq!(balance.decide(&[2, 0, 0, 0, 0, 2], 0), Answer::Mine);
/// assert_eq!(balance.decide(&theirs, 3), Answer::Others);
/// assert_eq!(balance.decide(&theirs, 4), Answer::Delayed);
/// # Ok::<(), dhcp_loadbalance::OutOfRange>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoadBalance {
    /// The buckets of the clients this server answers at once.
    pub buckets_of_mine: HashBuckets,
    /// When this server answers the other's clients too.
    pub delayed_service: DelayedService,
    /// Whether to read `secs` as [`unswap_secs`] does, for clients with the bytes swapped.
    pub check_secs_byte_order: bool,
}

impl LoadBalance {
    /// Decides about a request: `key` is the [`client_key`](crate::client_key), `secs` the field of
    /// the packet, in seconds since the client began.
    #[must_use]
    pub const fn decide(&self, key: &[u8], secs: u16) -> Answer {
        self.decide_bucket(hash(key), secs)
    }

    /// The same for a key whose [`hash`](crate::hash()) is known.
    #[must_use]
    pub const fn decide_bucket(&self, bucket: u8, secs: u16) -> Answer {
        let secs = if self.check_secs_byte_order { unswap_secs(secs) } else { secs };
        if self.buckets_of_mine.contains(bucket) {
            Answer::Mine
        } else if self.delayed_service.steps_in(secs) {
            Answer::Delayed
        } else {
            Answer::Others
        }
    }
}

/// Whether a server answers, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Yes: the client is one of its own.
    Mine,
    /// Yes: the client is the other's, and has waited too long.
    Delayed,
    /// No: the other server answers, and this one must leave no trace of the request.
    Others,
}

impl Answer {
    /// Whether the server answers.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Mine | Self::Delayed)
    }
}

/// How long a client of the other server waits before this one steps in (RFC 3074's delayed
/// service).
///
/// It is what keeps clients alive whose server has just died, until the failover state says so. The
/// limit is one of the server's own: dhcpd never sends it, and has `load balance max seconds` set
/// at each server. There, 0 switches load balancing off; here that is [`HashBuckets::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DelayedService(Option<u16>);

impl DelayedService {
    /// The client is left to the other server for good.
    pub const NEVER: Self = Self(None);

    /// Steps in for a client whose `secs` is *greater* than the limit, as dhcpd does.
    #[must_use]
    pub const fn after_s(limit_s: u16) -> Self {
        Self(Some(limit_s))
    }

    /// From the delayed-service-parameter of a CONNECT (draft-12 §12.10).
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] for 0, which the draft does not allow.
    pub const fn from_wire(seconds: u8) -> Result<Self, OutOfRange> {
        match seconds {
            0 => {
                let what = "delayed-service-parameter";
                Err(OutOfRange { what, value: 0, min: 1, max: 255 })
            }
            limit_s => Ok(Self::after_s(limit_s as u16)),
        }
    }

    /// The delayed-service-parameter to send (draft-12 §12.10); `None` leaves the option out, which
    /// is all that can be said of a limit that is not 1 to 255.
    #[must_use]
    pub const fn to_wire(self) -> Option<u8> {
        match self.0 {
            Some(limit_s @ 1..=255) => Some(limit_s as u8),
            _ => None,
        }
    }

    /// The limit in seconds; `None` if there is none.
    #[must_use]
    pub const fn limit_s(self) -> Option<u16> {
        self.0
    }

    /// Whether a client with this `secs` has waited too long.
    #[must_use]
    pub const fn steps_in(self, secs: u16) -> bool {
        match self.0 {
            Some(limit_s) => secs > limit_s,
            None => false,
        }
    }
}

/// The value meant by a `secs` that may have its bytes swapped, as some clients send it: 3 seconds
/// come as 768, and every server steps in at once.
///
/// A value of 256 or more whose low byte is 0 is taken for a swapped one, as dhcpd does with
/// `check-secs-byte-order`. A client that has really waited 256 seconds, or a multiple of them, is
/// taken for one that has waited a few, until its next try.
///
/// ```
/// use dhcp_loadbalance::unswap_secs;
///
/// assert_eq!([0x0300, 0x0003, 0x0301, 0xff00].map(unswap_secs), [3, 3, 0x0301, 255]);
/// ```
#[must_use]
pub const fn unswap_secs(secs: u16) -> u16 {
    if secs & 0xff == 0 { secs.swap_bytes() } else { secs }
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
pub const fn serves(
    buckets_of_mine: &HashBuckets,
    key: &[u8],
    secs: u16,
    max_load_balance_delay_s: Option<u16>,
) -> bool {
    let delayed_service = DelayedService(max_load_balance_delay_s);
    LoadBalance { buckets_of_mine: *buckets_of_mine, delayed_service, check_secs_byte_order: false }
        .decide(key, secs)
        .is_yes()
}
