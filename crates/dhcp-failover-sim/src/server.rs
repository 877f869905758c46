//! One simulated server: endpoint, table, disk and clock.

use crate::disk::Disk;
use dhcp_failover_lease::{Binding, LeaseInstant, Role};
use dhcp_failover_proto::{BindingTable, Bindings, Endpoint, EndpointConfig, Monotonic};
use dhcp_failover_wire::split_frame;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// 2023-11-14, where true time 0 lies.
const EPOCH_MS: u64 = 1_700_000_000_000;

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

/// One server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) config: EndpointConfig,
    /// `None` while it is down.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) table: BindingTable,
    pub(crate) disk: Disk,
    pub(crate) clock_offset_ms: i64,
    pub(crate) boots: u32,
    booted_ms: u64,
    pub(crate) wake: Option<u64>,
    pub(crate) next_sweep: u64,
    pub(crate) inboxes: BTreeMap<u64, Inbox>,
    /// Bindings as adopted from an update, by connection, xid and address, until answered.
    pub(crate) adopted: BTreeMap<(u64, u32, Ipv4Addr), Binding>,
    /// Its data were lost and are not all back.
    pub(crate) incomplete: bool,
}

impl Server {
    pub(crate) fn new(
        config: EndpointConfig,
        clock_offset_ms: i64,
        disk: Disk,
        table: BindingTable,
    ) -> Self {
        Self {
            config,
            endpoint: None,
            table,
            disk,
            clock_offset_ms,
            boots: 0,
            booted_ms: 0,
            wake: None,
            next_sweep: 0,
            inboxes: BTreeMap::new(),
            adopted: BTreeMap::new(),
            incomplete: true,
        }
    }

    pub(crate) fn boot(&mut self, now: u64, empty: BindingTable) {
        self.boots += 1;
        self.booted_ms = now;
        self.table = self.disk.load(empty);
        let (monotonic, wall) = (self.monotonic(now), self.wall(now));
        let record = self.disk.record();
        self.endpoint = Some(Endpoint::new(self.config.clone(), record, monotonic, wall));
        self.wake = Some(now);
        self.next_sweep = now;
    }

    pub(crate) fn down(&mut self) {
        self.endpoint = None;
        self.wake = None;
        self.inboxes.clear();
        self.adopted.clear();
    }

    /// Each start has an origin of its own for the monotonic clock, as a real machine would.
    fn origin_ms(&self) -> u64 {
        u64::from(self.boots) * 7_919
    }

    pub(crate) fn monotonic(&self, now: u64) -> Monotonic {
        Monotonic::from_ms(now - self.booted_ms + self.origin_ms())
    }

    /// When the monotonic clock shows `at`.
    pub(crate) fn true_ms(&self, at: Monotonic) -> u64 {
        (self.booted_ms + at.as_ms()).saturating_sub(self.origin_ms())
    }

    fn wall(&self, now: u64) -> LeaseInstant {
        let ms = (EPOCH_MS + now).saturating_add_signed(self.clock_offset_ms);
        LeaseInstant::from_unix_s(ms / 1_000)
    }

    /// Now, on the lease clock; the wall clock while the server is down.
    pub(crate) fn lease_now(&self, now: u64) -> LeaseInstant {
        match &self.endpoint {
            Some(endpoint) => endpoint.lease_time_at(self.monotonic(now)),
            None => self.wall(now),
        }
    }

    /// The true moment at which the lease clock reaches `at`, or `u64::MAX`.
    pub(crate) fn true_ms_of_lease(&self, at: LeaseInstant) -> u64 {
        if at.is_never() {
            return u64::MAX;
        }
        let start = self.lease_now(self.booted_ms).as_unix_s();
        let ahead = i128::from(at.as_unix_s()) - i128::from(start);
        let ms = i128::from(self.booted_ms) + ahead * 1_000;
        u64::try_from(ms.max(0)).unwrap_or(u64::MAX)
    }

    pub(crate) fn binding(&self, address: Ipv4Addr) -> Option<Binding> {
        self.table.get(address)
    }
}
