//! The two clocks of the server.

use dhcp_failover_lease::{LeaseInstant, LeaseSpan};
use dhcp_failover_proto::Monotonic;
use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The monotonic clock, and the lease clock that starts from the wall clock and then follows it.
///
/// The monotonic clock is the one that goes on while the machine is suspended: leases run out then
/// too, and the partner does not stand still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Duration,
    lease_origin: LeaseInstant,
}

impl Clock {
    /// Starts both. The lease clock never shows a time before `latest_written`: records made by
    /// then say so, whatever the wall clock was set to since.
    pub(super) fn start(latest_written: LeaseInstant) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = LeaseInstant::from_unix_s(since_1970.as_secs());
        if wall < latest_written {
            tracing::warn!(
                "the clock is {} s behind the last record in the store; counting from that record",
                (latest_written - wall).as_s()
            );
        }
        // The monotonic clock begins at the last full second of the wall clock, so that the lease
        // clock ticks with the wall clock instead of being late by up to a second more.
        let fraction = Duration::from_nanos(since_1970.subsec_nanos().into());
        let origin = since_boot().saturating_sub(fraction);
        Self { origin, lease_origin: wall.max(latest_written) }
    }

    pub(super) fn monotonic(&self) -> Monotonic {
        let elapsed = since_boot().saturating_sub(self.origin).as_millis();
        Monotonic::from_ms(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    /// The endpoints count the same way from the same origin.
    pub(super) fn lease_now(&self) -> LeaseInstant {
        self.lease_origin + LeaseSpan::from_s(self.monotonic().as_ms() / 1_000)
    }

    pub(super) const fn lease_origin(&self) -> LeaseInstant {
        self.lease_origin
    }

    /// When to look at the clock again for that moment, on the runtime's clock.
    pub(super) fn instant(&self, at: Monotonic) -> Instant {
        Instant::now() + Duration::from_millis(at.ms_since(self.monotonic()))
    }
}

/// Time since the machine started, suspension included.
fn since_boot() -> Duration {
    // Cannot fail on a kernel that has the clock, and every Linux since 2.6.39 has it.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_clock_ticks_with_the_wall_clock() {
        let clock = Clock::start(LeaseInstant::ZERO);
        for _ in 0..50 {
            let wall_s = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            let (before, shown, after) = (wall_s(), clock.lease_now().as_unix_s(), wall_s());
            // One is allowed for the moment at which both clocks tick.
            assert!(before <= shown + 1 && shown <= after, "{before} {shown} {after}");
            std::thread::sleep(Duration::from_millis(21));
        }
    }

    #[test]
    fn the_lease_clock_never_starts_before_the_last_record() {
        let future = LeaseInstant::from_unix_s(1 << 33);
        assert_eq!(Clock::start(future).lease_now(), future);
    }
}
