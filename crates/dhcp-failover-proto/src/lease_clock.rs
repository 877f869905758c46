//! The clock of lease times, and how it survives a restart of the process.

use crate::{EndpointRecord, Monotonic};
use dhcp_failover_lease::{LeaseInstant, LeaseSpan};

/// What an embedder knows of its clocks when its process starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "every field must be thought of")]
pub struct ClockStart {
    /// The monotonic clock now. For `boot` to be of use it counts from the start of the machine,
    /// suspension included (`CLOCK_BOOTTIME` on Linux).
    pub now: Monotonic,
    /// The wall clock now, in milliseconds since 1970.
    pub wall_ms: u64,
    /// Which start of the machine this is: any number that is the same for all processes of one
    /// start and differs between two, such as a hash of `/proc/sys/kernel/random/boot_id`. 0 if it
    /// is unknown.
    pub boot: u64,
    /// Take the wall clock even though the lease clock could be carried on: leases given before end
    /// early or late by as much as that was set. For one start, by an operator's decision.
    pub trust_wall: bool,
}

/// The clock of lease times. It follows the monotonic clock and never steps.
///
/// It begins at the wall clock when a machine has started. A process that starts again on the same
/// running machine carries it on by exactly the time that has passed, whatever the wall clock was
/// set to meanwhile: otherwise leases would seem to have ended that the clients still use (S3). A
/// machine that has started anew has nothing but its wall clock; there the clock does not begin
/// before the newest record was written.
///
/// ```
/// use dhcp_failover_proto::lease::LeaseInstant;
/// use dhcp_failover_proto::{ClockStart, LeaseClock, Monotonic};
/// let now = Monotonic::from_ms(5_000);
/// let start = ClockStart { now, wall_ms: 1_700_000_000_250, boot: 7, trust_wall: false };
/// let clock = LeaseClock::start(start, []);
/// assert_eq!(clock.at(now.plus_ms(1_749)), LeaseInstant::from_unix_s(1_700_000_001));
/// assert_eq!(clock.wall_ahead_s(), 0);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LeaseClock {
    pub(crate) stamp: ClockStamp,
    wall_ahead_s: i64,
    pub(crate) trusted_wall: bool,
}

/// Where a lease clock stood at one moment of one start of a machine, as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "stores write and read every field")]
pub struct ClockStamp {
    /// [`ClockStart::boot`].
    pub boot: u64,
    /// The monotonic clock, in milliseconds, at the turn of the second ...
    pub monotonic_ms: u64,
    /// ... that the lease clock showed from then on.
    pub shown: LeaseInstant,
}

impl LeaseClock {
    /// The clock of a process that starts, with the records of all its relationships. Endpoints of
    /// one process share one clock.
    #[must_use]
    pub fn start<'a>(
        start: ClockStart,
        records: impl IntoIterator<Item = &'a EndpointRecord>,
    ) -> Self {
        let newest = records.into_iter().max_by_key(|record| record.written_at);
        let written_at = newest.map_or(LeaseInstant::ZERO, |record| record.written_at);
        let continued = newest.map(|record| record.clock).filter(|stamp| {
            !start.trust_wall
                && start.boot != 0
                && stamp.boot == start.boot
                // A machine that was restored from a snapshot has its old identity and an old time.
                && stamp.monotonic_ms <= start.now.as_ms()
        });
        let wall = LeaseInstant::from_unix_s(start.wall_ms / 1_000);
        let stamp = continued.unwrap_or(ClockStamp {
            boot: start.boot,
            // It ticks with the wall clock.
            monotonic_ms: start.now.as_ms().saturating_sub(start.wall_ms % 1_000),
            shown: wall.max(written_at),
        });
        let clock = Self { stamp, wall_ahead_s: 0, trusted_wall: start.trust_wall };
        let shown = clock.at(start.now);
        let difference = |later: LeaseInstant, earlier: LeaseInstant| {
            i64::try_from((later - earlier).as_s()).unwrap_or(i64::MAX)
        };
        let wall_ahead_s = match wall >= shown {
            true => difference(wall, shown),
            false => difference(shown, wall).saturating_neg(),
        };
        Self { wall_ahead_s, ..clock }
    }

    /// What it shows at a moment of the monotonic clock, in whole seconds.
    #[must_use]
    pub fn at(&self, at: Monotonic) -> LeaseInstant {
        let begun = Monotonic::from_ms(self.stamp.monotonic_ms);
        self.stamp.shown + LeaseSpan::from_s(at.ms_since(begun) / 1_000)
    }

    /// The moment at which it began to show this time, in milliseconds of the monotonic clock; the
    /// earliest it knows of if that was before.
    #[must_use]
    pub fn turn_of(&self, shown: LeaseInstant) -> Monotonic {
        let since = (shown - self.stamp.shown).as_s().saturating_mul(1_000);
        Monotonic::from_ms(self.stamp.monotonic_ms).plus_ms(since)
    }

    /// By how many seconds the wall clock was ahead of it at the start; negative: behind.
    #[must_use]
    pub const fn wall_ahead_s(&self) -> i64 {
        self.wall_ahead_s
    }

    /// The same, showing `shown` at `now`, for comparing endpoints.
    pub(crate) fn rebased(self, now: Monotonic, shown: LeaseInstant) -> Self {
        let stamp = ClockStamp { boot: 0, monotonic_ms: now.as_ms(), shown };
        Self { stamp, wall_ahead_s: 0, trusted_wall: false }
    }

    /// What to store with a record written at `now`.
    pub(crate) fn stamp_at(&self, now: Monotonic) -> ClockStamp {
        let shown = self.at(now);
        ClockStamp { monotonic_ms: self.turn_of(shown).as_ms(), shown, ..self.stamp }
    }
}
