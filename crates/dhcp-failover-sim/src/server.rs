//! One simulated server: endpoint, table, disk and clock.

use crate::disk::Disk;
use crate::peer::Foreign;
use crate::setup::SUBNET;
use dhcp_failover_lease::{Binding, LeaseInstant, Role};
use dhcp_failover_proto::{
    BindingTable, Bindings, ClockStart, Endpoint, EndpointConfig, LeaseClock, Monotonic, PoolDigest,
};
use dhcp_failover_wire::split_frame;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// 2023-11-14, where true time 0 lies.
const EPOCH_MS: u64 = 1_700_000_000_000;

/// Of a clock that does not drift.
const TRUE_RATE: i128 = 1_000_000;

/// The two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// The primary.
    A,
    /// The secondary.
    B,
}

impl Host {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn partner(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its role.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::A => Role::Primary,
            Self::B => Role::Secondary,
        }
    }

    /// 0 or 1.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Bytes of one connection that are not a whole message yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) buffer: Vec<u8>,
    /// The endpoint knows of this connection.
    pub(crate) known: bool,
}

impl Inbox {
    /// The next whole message, or that there can be none.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        match split_frame(&self.buffer) {
            Ok(None) => Ok(None),
            Ok(Some((frame, rest))) => {
                let frame = frame.to_vec();
                self.buffer = rest.to_vec();
                Ok(Some(frame))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A table with these pools and nothing on record.
fn table(pools: &[RangeInclusive<Ipv4Addr>]) -> BindingTable {
    let mut table = BindingTable::new();
    for pool in pools {
        let _ = table.add_pool([pool.clone()]);
    }
    table.add_subnet(SUBNET);
    table
}

/// One server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) config: EndpointConfig,
    /// The server itself, if somebody else made it: then there is never an endpoint.
    pub(crate) foreign: Option<Foreign>,
    /// `None` while it is down.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) table: BindingTable,
    /// The pools of its configuration.
    pub(crate) pools: Vec<RangeInclusive<Ipv4Addr>>,
    /// What its configuration says of the pool beside its addresses.
    pub(crate) pool_settings: PoolDigest,
    pub(crate) disk: Disk,
    pub(crate) clock_offset_ms: i64,
    /// What its clocks show while a true second passes, in microseconds.
    clock_rate: i128,
    /// Numbers the starts of the machine.
    boot: u64,
    /// The machine has stopped since the last start of the server, or never ran.
    machine_off: bool,
    machine_started_ms: u64,
    clock: Option<LeaseClock>,
    pub(crate) wake: Option<u64>,
    pub(crate) next_sweep: u64,
    pub(crate) inboxes: BTreeMap<u64, Inbox>,
    /// Bindings as adopted from an update, by connection, xid and address, until answered.
    pub(crate) adopted: BTreeMap<(u64, u32, Ipv4Addr), Binding>,
    /// Of each address the first binding written since an update came that is being taken in now: what
    /// was adopted, before this server's own news.
    pub(crate) taken_in: Option<BTreeMap<Ipv4Addr, Binding>>,
    /// Its data were lost and are not all back.
    pub(crate) incomplete: bool,
}

impl Server {
    pub(crate) fn new(
        config: EndpointConfig,
        clock_offset_ms: i64,
        clock_drift_ppm: i32,
        disk: Disk,
        pools: Vec<RangeInclusive<Ipv4Addr>>,
    ) -> Self {
        Self {
            config,
            foreign: None,
            endpoint: None,
            table: table(&pools),
            pools,
            pool_settings: PoolDigest::new(),
            disk,
            clock_offset_ms,
            clock_rate: TRUE_RATE + i128::from(clock_drift_ppm),
            boot: 0,
            machine_off: true,
            machine_started_ms: 0,
            clock: None,
            wake: None,
            next_sweep: 0,
            inboxes: BTreeMap::new(),
            adopted: BTreeMap::new(),
            taken_in: None,
            incomplete: true,
        }
    }

    /// Starts the server, and the machine if that is off.
    pub(crate) fn boot(&mut self, now: u64, trust_wall: bool) {
        if std::mem::take(&mut self.machine_off) {
            self.boot += 1;
            self.machine_started_ms = now;
        }
        self.table = self.disk.load(table(&self.pools));
        self.table.set_pool_settings(0, self.pool_settings);
        let record = self.disk.record();
        let (monotonic, wall_ms) = (self.monotonic(now), self.wall_ms(now));
        let start = ClockStart { now: monotonic, wall_ms, boot: self.boot, trust_wall };
        let clock = LeaseClock::start(start, &record);
        self.clock = Some(clock);
        self.endpoint = Some(Endpoint::with_clock(self.config.clone(), record, monotonic, clock));
        self.wake = Some(now);
        self.next_sweep = now;
    }

    pub(crate) fn down(&mut self, machine_too: bool) {
        self.machine_off |= machine_too;
        self.endpoint = None;
        self.wake = None;
        self.inboxes.clear();
        self.adopted.clear();
    }

    /// Whether a start would carry the lease clock on.
    pub(crate) fn keeps_its_clock(&self) -> bool {
        let stored = self.disk.record().map(|record| record.clock.boot);
        !self.machine_off && stored == Some(self.boot)
    }

    /// Each start of the machine has an origin of its own for the monotonic clock.
    fn origin_ms(&self) -> u64 {
        self.boot * 7_919
    }

    pub(crate) fn monotonic(&self, now: u64) -> Monotonic {
        // The lease clock may count from the full second before the machine started.
        Monotonic::from_ms(self.origin_ms() + self.shown_ms(now - self.machine_started_ms))
    }

    /// When the monotonic clock shows `at`.
    pub(crate) fn true_ms(&self, at: Monotonic) -> u64 {
        self.true_ms_of(i128::from(at.as_ms()))
    }

    fn true_ms_of(&self, monotonic_ms: i128) -> u64 {
        let shown = monotonic_ms - i128::from(self.origin_ms());
        // Rounded up: then it does show it.
        let passed = -(-shown * TRUE_RATE).div_euclid(self.clock_rate);
        let at = i128::from(self.machine_started_ms) + passed;
        u64::try_from(at.max(0)).unwrap_or(u64::MAX)
    }

    /// How far its clocks move on in so much true time.
    fn shown_ms(&self, true_ms: u64) -> u64 {
        let shown = i128::from(true_ms) * self.clock_rate / TRUE_RATE;
        u64::try_from(shown).unwrap_or(u64::MAX)
    }

    pub(crate) fn wall_ms(&self, now: u64) -> u64 {
        (EPOCH_MS + self.shown_ms(now)).saturating_add_signed(self.clock_offset_ms)
    }

    /// Now, on the lease clock; the wall clock before the first start.
    pub(crate) fn lease_now(&self, now: u64) -> LeaseInstant {
        match self.clock {
            Some(clock) => clock.at(self.monotonic(now)),
            None => LeaseInstant::from_unix_s(self.wall_ms(now) / 1_000),
        }
    }

    /// The true moment at which the lease clock reaches `at`, or `u64::MAX`.
    pub(crate) fn true_ms_of_lease(&self, at: LeaseInstant) -> u64 {
        let Some(clock) = self.clock.filter(|_| !at.is_never()) else { return u64::MAX };
        // Possibly some moments before the machine was started.
        let turn = clock.turn_of(LeaseInstant::ZERO);
        let ahead_s = i128::from(at.as_unix_s()) - i128::from(clock.at(turn).as_unix_s());
        self.true_ms_of(i128::from(turn.as_ms()) + ahead_s * 1_000)
    }

    pub(crate) fn binding(&self, address: Ipv4Addr) -> Option<Binding> {
        self.table.get(address)
    }
}
