//! What an endpoint keeps on disk, and the tickets that prove it is there.

use crate::{ClockStamp, State};
use dhcp_failover_lease::{Binding, LeaseInstant, LeaseSpan, Mclt, Role};
use dhcp_loadbalance::HashBuckets;

/// Numbers the records of one endpoint in the order they are to be written.
///
/// Reporting a ticket durable reports all earlier ones too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ticket(pub(crate) u64);

impl Ticket {
    /// The ticket with a number, for a driver that stores records of its own beside an endpoint's.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number, for a driver that numbers the commits of several endpoints together.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// Something to write to stable storage.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a store must handle every kind of record")]
#[expect(clippy::large_enum_variant, reason = "few are under way at a time")]
pub enum Record {
    /// One binding, replacing the record of the same address.
    Binding(alloc::boxed::Box<Binding>),
    /// The endpoint's own record, replacing the one before.
    Endpoint(EndpointRecord),
}

/// The durable part of an endpoint (draft-12 §9.2 and the durability table of `ARCHITECTURE.md`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "stores write and read every field")]
pub struct EndpointRecord {
    /// The state to resume from; never STARTUP, PAUSED or SHUTDOWN.
    pub state: State,
    /// When that state was entered.
    pub state_since: LeaseInstant,
    /// The partner's state when last heard.
    pub partner_state: Option<State>,
    /// The role this server had.
    pub role: Role,
    /// [`EndpointConfig::pools_digest`](crate::EndpointConfig::pools_digest) when the pair was last
    /// in NORMAL, or this server was told of another while it ran.
    pub pools_digest: u64,
    /// Some pool was not the same at both servers when they last compared: every pool is under
    /// [`Quarantine`](crate::Quarantine) until they compare again.
    pub pools_differ: bool,
    /// The maximum client lead time, with what is left of an older one (the secondary's comes from
    /// the primary, §7.8.2).
    pub mclt: Mclt,
    /// The hash buckets in force: those of clients the *primary* serves.
    pub primary_buckets: HashBucketsRecord,
    /// When the CONNECT of the last connection was sent, in the primary's time (§11.1); at the
    /// secondary at most ten minutes after it was received. 0 is none yet.
    pub connect_time: u32,
    /// Marks of the last signed CONNECTs that were accepted, the newest first; 0 is none. A copy of
    /// one of them is refused, and so is what is older than `connect_time`; another CONNECT of the
    /// same second is not (H16).
    pub connects_seen: [u64; 4],
    /// Whether one of the pair may have served: this server came to NORMAL or PARTNER-DOWN, or to
    /// RECOVER-DONE, on which its partner goes to NORMAL; or the partner said so of itself.
    pub ran_failover: bool,
    /// This server needs everything its partner has: it lost its storage (§9.5.2).
    pub storage_lost: bool,
    /// With `storage_lost`: there are data, but of an older copy; the partner's word replaces them.
    pub old_store: bool,
    /// When either server's storage was last found lost (H19).
    pub storage_lost_at: Option<LeaseInstant>,
    /// The instance of the relationship; a new one makes every binding unknown to the partner
    /// (§5.17).
    pub instance: u32,
    /// RECOVER-WAIT ends then (§9.6.2).
    pub recover_until: LeaseInstant,
    /// In PARTNER-DOWN: the partner has been heard in RECOVER-DONE since, so it may be renewing
    /// leases and its addresses are not ours any more (H21); or it was told that this server shuts
    /// down, and may have taken over (§9.14).
    pub partner_returned: bool,
    /// In PARTNER-DOWN: an operator ordered it, rather than the safe period or the configuration,
    /// and the partner has not been given all updates since: it has not served.
    pub partner_down_ordered: bool,
    /// Counts in PARTNER-DOWN, RECOVER-DONE, POTENTIAL-CONFLICT and RESOLUTION-INTERRUPTED: while this server did not
    /// serve, or was not heard, the partner may have been alone for longer than the MCLT, and so may
    /// have leased every address, this server's own ones too (§9.4.2, H4).
    pub partner_was_alone: bool,
    /// When the partner was last heard in a state in which clients are served, in its own time; 0
    /// if never. Told to it when it returns, so that it can see whether its store is the newest.
    pub partner_served: u32,
    /// The number that the last connection that came to be had for the partner, as it told it; 0 if it
    /// never told one. Told back to it when it returns: a store that knows of fewer is an older copy.
    pub partner_connection: u32,
    /// This server does not serve beyond this moment without a later record (§9.3.2, §9.6.2).
    pub alive_until: LeaseInstant,
    /// When this record was made: the clock never starts before it.
    pub written_at: LeaseInstant,
    /// Where the lease clock stood then: a process that starts again on the same running machine
    /// carries it on.
    pub clock: ClockStamp,
    /// How far the partner's clock was from this one when last heard; `None` if that is unknown.
    pub partner_offset: Option<PartnerOffset>,
    /// The number of the last connection that came to be, for this server: each has one, and is told it.
    /// The first one's is the time at which the record was begun, in seconds.
    pub connection: u32,
    /// One of the two clocks was set, or seems to have been; `None` if that was never found.
    pub clock_doubt: Option<ClockDoubt>,
}

/// How far the partner's clock is from the lease clock, in seconds to add to the partner's time,
/// as last known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "stores write and read every field")]
pub struct PartnerOffset {
    /// At least.
    pub low_s: i64,
    /// At most.
    pub high_s: i64,
    /// When that was, on the lease clock.
    pub as_of: LeaseInstant,
    /// On which start of this machine: [`ClockStart::boot`](crate::ClockStart::boot).
    pub boot: u64,
}

/// Times of the past that one server took by another clock than that of now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "stores write and read every field")]
pub struct ClockDoubt {
    /// They may be off by so much.
    pub by: LeaseSpan,
    /// Those until then.
    pub until: LeaseInstant,
}

/// [`HashBuckets`] as plain bytes, for storage.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HashBucketsRecord(pub [u8; 32]);

impl EndpointRecord {
    /// With its moments renamed, for comparing worlds: lease times by `times`, those on the partner's
    /// clock by `wire_times`. Where either clock stood is not part of it, nor is `instance` changed.
    #[must_use]
    pub fn canonical(
        mut self,
        times: &dyn Fn(LeaseInstant) -> LeaseInstant,
        wire_times: &dyn Fn(u32) -> u32,
    ) -> Self {
        for at in [
            &mut self.state_since,
            &mut self.recover_until,
            &mut self.alive_until,
            &mut self.written_at,
        ] {
            *at = times(*at);
        }
        for at in [&mut self.connect_time, &mut self.partner_served] {
            *at = wire_times(*at);
        }
        self.mclt = self.mclt.rebased(times);
        // They tell an old copy of a store, and nothing else.
        (self.connection, self.partner_connection) = (0, 0);
        self.storage_lost_at = self.storage_lost_at.map(times);
        // Nothing but news for people comes of it; what it gave rise to is in the doubt.
        self.partner_offset = None;
        self.clock_doubt =
            self.clock_doubt.map(|doubt| ClockDoubt { until: times(doubt.until), ..doubt });
        self.clock = ClockStamp { boot: 0, monotonic_ms: 0, shown: LeaseInstant::ZERO };
        self
    }
}

impl From<HashBuckets> for HashBucketsRecord {
    fn from(buckets: HashBuckets) -> Self {
        Self(buckets.to_bytes())
    }
}

impl From<HashBucketsRecord> for HashBuckets {
    fn from(record: HashBucketsRecord) -> Self {
        Self::from_bytes(record.0)
    }
}
