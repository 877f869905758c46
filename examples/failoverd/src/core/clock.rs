//! The two clocks of the server.

use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_proto::{ClockStart, EndpointRecord, LeaseClock, Monotonic};
use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Names this start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The monotonic clock, which counts from the start of the machine, and the lease clock that
/// follows it.
///
/// The monotonic clock is the one that goes on while the machine is suspended: leases run out then
/// too, and the partner does not stand still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    lease: LeaseClock,
}

impl Clock {
    /// Starts the lease clock: where it must be by these records, else at the wall clock.
    pub(super) fn start<'a>(
        records: impl IntoIterator<Item = &'a EndpointRecord>,
        trust_wall: bool,
    ) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let start = ClockStart {
            now: Monotonic::from_ms(since_boot_ms()),
            wall_ms: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            boot: boot(),
            trust_wall,
        };
        Self { lease: LeaseClock::start(start, records) }
    }

    pub(super) fn monotonic(&self) -> Monotonic {
        Monotonic::from_ms(since_boot_ms())
    }

    /// The endpoints count by the same clock.
    pub(super) fn lease_now(&self) -> LeaseInstant {
        self.lease.at(self.monotonic())
    }

    pub(super) const fn lease(&self) -> LeaseClock {
        self.lease
    }

    /// When to look at the clock again for that moment, on the runtime's clock.
    pub(super) fn instant(&self, at: Monotonic) -> Instant {
        Instant::now() + Duration::from_millis(at.ms_since(self.monotonic()))
    }
}

/// Time since the machine started, suspension included.
fn since_boot_ms() -> u64 {
    // Cannot fail on a kernel that has the clock, and every Linux since 2.6.39 has it.
    let since = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A number for this start of the machine; 0 where the kernel does not name it.
fn boot() -> u64 {
    let Ok(id) = std::fs::read_to_string(BOOT_ID) else { return 0 };
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).collect();
    // It is random: half of its 128 bits tell one start from another.
    digits.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhcp_failover_lease::Role;
    use dhcp_failover_proto::{
        BindingTable, Command, Endpoint, EndpointConfig, Input, Output, Record,
    };

    #[test]
    fn the_lease_clock_ticks_with_the_wall_clock() {
        let clock = Clock::start([], false);
        for _ in 0..50 {
            let wall_s = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            let (before, shown, after) = (wall_s(), clock.lease_now().as_unix_s(), wall_s());
            // One is allowed for the moment at which both clocks tick.
            assert!(before <= shown + 1 && shown <= after, "{before} {shown} {after}");
            std::thread::sleep(Duration::from_millis(21));
        }
    }

    fn record(clock: LeaseClock, now: Monotonic) -> EndpointRecord {
        let config = EndpointConfig::new("clock", Role::Primary, [192, 0, 2, 2].into());
        let mut endpoint = Endpoint::with_clock(config, None, now, clock);
        endpoint.handle(now, Input::Command(Command::PartnerDown), &BindingTable::new());
        loop {
            match endpoint.poll_output() {
                Output::Persist { record: Record::Endpoint(record), .. } => return record,
                Output::Wait(_) => panic!("nothing to store"),
                _ => {}
            }
        }
    }

    #[test]
    fn the_wall_clock_counts_again_only_by_order_while_the_machine_runs() {
        let now = Monotonic::from_ms(since_boot_ms());
        let wall_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let wall_ms = (wall_s - 3_600) * 1_000;
        let start = ClockStart { now, wall_ms, boot: boot(), trust_wall: false };
        let left = record(LeaseClock::start(start, []), now);
        let shows_s = |record: &EndpointRecord, trust_wall| {
            Clock::start([record], trust_wall).lease_now().as_unix_s()
        };
        assert!(shows_s(&left, false).abs_diff(wall_s - 3_600) <= 2);
        assert!(shows_s(&left, true).abs_diff(wall_s) <= 2);
        let mut of_another_boot = left;
        of_another_boot.clock.boot ^= 1;
        assert!(shows_s(&of_another_boot, false).abs_diff(wall_s) <= 2);
    }

    #[test]
    fn the_kernel_names_this_start_of_the_machine() {
        assert_ne!(boot(), 0);
        assert_eq!(boot(), boot());
    }
}
