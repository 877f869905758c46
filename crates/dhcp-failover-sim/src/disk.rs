//! A disk that forgets what was not synced.

use crate::Rng;
use dhcp_failover_lease::{Binding, LeaseInstant};
use dhcp_failover_proto::{BindingTable, EndpointRecord, Record, State, Ticket};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

/// What a crash leaves of the writes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survives {
    /// Nothing.
    Nothing,
    /// The first so many of them, chosen by the seed: disks write early as they like.
    SomePrefix,
    /// Everything written before some moment, and any of what was written at that moment: a write
    /// of several records that was torn.
    Torn,
    /// Everything: the machine went on, only the process died.
    Everything,
}

/// A disk that fails: the server cannot go on without it, and dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFailure {
    /// The next sync reports an error, and nothing is known of what it was to write.
    NextSync,
    /// Every sync does, until there is space again.
    Full,
}

/// Stable storage of one server: group commit with a delay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// Synced.
    pub(crate) bindings: BTreeMap<Ipv4Addr, Binding>,
    record: Option<EndpointRecord>,
    /// Written, not synced, and when.
    pending: VecDeque<(Ticket, Record, u64)>,
    /// The sync under way: everything up to this ticket, done at this moment.
    syncing: Option<(Ticket, u64)>,
    pub(crate) delay_ms: u64,
    pub(crate) stalled: bool,
    /// Instead of all that were written since.
    pub(crate) one_by_one: bool,
    /// Since then it is as fast as it is now.
    pub(crate) steady_since_ms: u64,
    pub(crate) failure: Option<DiskFailure>,
    /// Every state and CONNECT time that ever was durable, for the checkers.
    pub(crate) states: BTreeSet<(State, LeaseInstant)>,
    pub(crate) connects: BTreeSet<u32>,
}

impl Disk {
    pub(crate) fn forget_record(&mut self) {
        self.record = None;
        self.pending.retain(|(_, record, _)| matches!(record, Record::Binding(_)));
    }

    pub(crate) fn new(delay_ms: u64) -> Self {
        Self { delay_ms, ..Self::default() }
    }

    /// It is about to be slower or quicker, or to go on: what it does now still takes the time it took.
    pub(crate) fn steady_from(&mut self, now: u64) {
        let done = self.syncing.map_or(now, |(_, at)| at.max(now));
        self.steady_since_ms = done + self.delay_ms;
    }

    pub(crate) fn write(&mut self, ticket: Ticket, record: Record, now: u64) {
        self.pending.push_back((ticket, record, now));
        self.begin(now);
    }

    fn begin(&mut self, now: u64) {
        let all = if self.one_by_one { self.pending.front() } else { self.pending.back() };
        if self.syncing.is_none()
            && let Some((last, ..)) = all
        {
            self.syncing = Some((*last, now + self.delay_ms));
        }
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.syncing.filter(|_| !self.stalled).map(|(_, at)| at)
    }

    /// Whether the sync that is due fails.
    pub(crate) fn fails(&mut self, now: u64) -> bool {
        let due = self.next().is_some_and(|at| at <= now);
        let fails = due && self.failure.is_some();
        if fails {
            self.failure.take_if(|failure| *failure == DiskFailure::NextSync);
        }
        fails
    }

    /// Finishes the sync that is due.
    pub(crate) fn finish(&mut self, now: u64) -> Option<Ticket> {
        let (ticket, _) = self.syncing.take_if(|(_, at)| *at <= now && !self.stalled)?;
        while self.pending.front().is_some_and(|(written, ..)| *written <= ticket) {
            if let Some((_, record, _)) = self.pending.pop_front() {
                self.store(record);
            }
        }
        self.begin(now);
        Some(ticket)
    }

    fn store(&mut self, record: Record) {
        match record {
            Record::Binding(binding) => {
                self.bindings.insert(binding.address, *binding);
            }
            Record::Endpoint(record) => {
                self.states.insert((record.state, record.state_since));
                self.connects.insert(record.connect_time);
                self.record = Some(record);
            }
        }
    }

    pub(crate) fn crash(&mut self, survives: Survives, rng: &mut Rng) {
        let kept = match survives {
            Survives::Nothing => 0,
            Survives::SomePrefix | Survives::Torn => {
                rng.below(self.pending.len() as u64 + 1) as usize
            }
            Survives::Everything => self.pending.len(),
        };
        let pending = std::mem::take(&mut self.pending);
        let torn_at = pending.get(kept).map(|(.., at)| *at).filter(|_| survives == Survives::Torn);
        for (index, (_, record, at)) in pending.into_iter().enumerate() {
            let whole = index < kept && torn_at != Some(at);
            if whole || torn_at == Some(at) && rng.percent(50) {
                self.store(record);
            }
        }
        self.syncing = None;
    }

    pub(crate) fn lose(&mut self) {
        *self = Self { failure: self.failure, ..Self::new(self.delay_ms) };
    }

    /// What was synced then; what nobody has seen on this disk since is still known to have been.
    pub(crate) fn restore(&mut self, copy: Self) {
        self.bindings = copy.bindings;
        self.record = copy.record;
        self.pending.clear();
        self.syncing = None;
    }

    pub(crate) fn record(&self) -> Option<EndpointRecord> {
        self.record
    }

    pub(crate) fn binding(&self, address: Ipv4Addr) -> Binding {
        self.bindings.get(&address).cloned().unwrap_or_else(|| Binding::unused(address))
    }

    pub(crate) fn load(&self, mut empty: BindingTable) -> BindingTable {
        for binding in self.bindings.values() {
            empty.apply(binding.clone());
        }
        empty
    }
}
