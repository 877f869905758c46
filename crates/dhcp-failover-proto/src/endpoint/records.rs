//! What is on record: read newest first, and written through the gate.

use super::{ALIVE_HORIZON, Endpoint};
use crate::record::HashBucketsRecord;
use crate::timer::Timer;
use crate::{Bindings, EndpointConfig, EndpointRecord, LeaseClock, Record, Service, State, Ticket};
use core::net::Ipv4Addr;
use dhcp_failover_lease::{Binding, LeaseInstant, Mclt};

/// So often a server that serves proves to its disk that it is alive.
const ALIVE_PERIOD_MS: u64 = 2_000;
/// Stamps that may be on their way to a slow disk; more would not make it quicker.
const MAX_STAMPS_PENDING: usize = 16;

impl Endpoint {
    /// The newest binding of an address: from this call, else from the embedder.
    pub(super) fn binding<B: Bindings>(&self, address: Ipv4Addr, bindings: &B) -> Option<Binding> {
        self.staged(address).cloned().or_else(|| bindings.get(address))
    }

    /// What this call has changed already is newer than the view.
    pub(super) fn newest<'a>(&'a self, binding: &'a Binding) -> &'a Binding {
        self.staged(binding.address).unwrap_or(binding)
    }

    fn staged(&self, address: Ipv4Addr) -> Option<&Binding> {
        self.staged.get(&address).and_then(|place| self.gate.binding_at(*place))
    }

    pub(super) fn persist_binding(&mut self, binding: Binding) -> Ticket {
        self.pools_stirred();
        let address = binding.address;
        let ticket = self.gate.persist(Record::Binding(alloc::boxed::Box::new(binding)));
        self.staged.insert(address, self.gate.last_place());
        ticket
    }

    pub(super) fn persist_record(&mut self) -> Ticket {
        self.record.written_at = self.lease_now;
        self.record.clock = self.clock.stamp_at(self.now);
        self.remember_partner_offset();
        if Service::of(self.state) != Service::Nobody {
            self.record.alive_until = self.lease_now + ALIVE_HORIZON;
            self.timers.set(Timer::Alive, self.now.plus_ms(ALIVE_PERIOD_MS));
        }
        let ticket = self.gate.persist(Record::Endpoint(self.record));
        if self.alive_pending.len() < MAX_STAMPS_PENDING {
            self.alive_pending.push_back((ticket, self.record.alive_until));
        }
        ticket
    }

    pub(super) fn persisted(&mut self, ticket: Ticket) {
        self.gate.persisted(ticket);
        while self.alive_pending.front().is_some_and(|(stamp, _)| *stamp <= ticket) {
            let durable = self.alive_pending.pop_front();
            self.alive_durable = durable.map_or(self.alive_durable, |(_, until)| until);
        }
    }
}

/// The record of a server that finds nothing on its disk: it cannot tell whether it is new or has
/// lost everything, so it fetches everything (§9.3.2 step 1, §9.5.2).
pub(super) fn first_record(
    config: &EndpointConfig,
    now: LeaseInstant,
    clock: LeaseClock,
) -> EndpointRecord {
    EndpointRecord {
        state: State::Recover,
        state_since: now,
        partner_state: None,
        role: config.role,
        pools_digest: config.pools_digest,
        pools_differ: false,
        mclt: Mclt::new(config.mclt),
        primary_buckets: HashBucketsRecord::from(config.balance.primary_buckets()),
        connect_time: 0,
        connects_seen: [0; 4],
        ran_failover: false,
        storage_lost: true,
        old_store: false,
        storage_lost_at: None,
        // Unlike that of any relationship these bindings may have been in before (§5.17).
        instance: instance_at(now),
        recover_until: LeaseInstant::ZERO,
        partner_returned: false,
        partner_down_ordered: false,
        partner_was_alone: false,
        partner_served: 0,
        partner_connection: 0,
        alive_until: LeaseInstant::ZERO,
        written_at: now,
        clock: clock.stamp,
        partner_offset: None,
        // Above what was counted before, if both servers have lost their storage and an older copy comes
        // back: there is less than one connection a second.
        connection: instance_at(now),
        clock_doubt: None,
    }
}

/// A number for an instance of a relationship that begins now.
fn instance_at(now: LeaseInstant) -> u32 {
    now.as_wire_s().max(1)
}
