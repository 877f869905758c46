//! The leases of one relationship, of scopes that have left one, or of those without failover.

use super::stored::{BINDING_FORMAT, ENDPOINT_FORMAT};
use crate::config::{Former, Relationship};
use crate::dhcp::gate::Gate;
use crate::store::{Write, encode};
use dhcp_failover_lease::{
    Allocator, Binding, BindingStatus, Expiries, LeaseInstant, LeaseSpan, PoolCounts,
};
use dhcp_failover_proto::{
    BindingTable, Bindings, Endpoint, EndpointRecord, Event, Input, LeaseEvent, LinkId, Monotonic,
    Output, Record, Service, Stale, State, Status, Ticket, Token,
};
use dhcp_failover_relationship::FsmState;
use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// Leases that one search for ended ones finds; the rest waits for the next.
const ENDED_MAX: usize = 4_096;
/// How much longer than it says a lease without failover is left to its client. The server's clock
/// counts whole seconds and rounds down, when the lease begins as when it ends, and the client
/// counts by a clock of its own. With failover the endpoint waits as long.
const CLOCK_GUARD: LeaseSpan = LeaseSpan::from_s(2);

/// A lease table and who decides on it.
#[derive(Debug)]
pub(super) struct Domain {
    /// The relationship's name, for logs; a description for the scopes without failover.
    pub(super) name: String,
    pub(super) table: BindingTable,
    authority: Authority,
    /// When the endpoint wants to be called.
    pub(super) wake: Option<Monotonic>,
    /// Whether the operator knows that the partner updates DNS.
    told_of_dns: bool,
}

#[derive(Debug)]
enum Authority {
    Endpoint(Box<Running>),
    Alone(Alone),
}

/// A relationship at work.
#[derive(Debug)]
struct Running {
    relationship: Relationship,
    endpoint: Endpoint,
    /// The state before the present one; none if the relationship began with that.
    previous: Option<State>,
    /// The endpoint's newest record, on disk or on its way there.
    record: Option<EndpointRecord>,
}

/// Without failover nobody needs to agree; only the disk must.
#[derive(Debug, Default)]
struct Alone {
    /// What a partner of before may have given, if there was one.
    former: Option<Former>,
    /// Numbers records, as an endpoint does.
    sequence: u64,
    confirmed_by: VecDeque<(u64, Token)>,
}

/// What follows from an input.
#[derive(Debug)]
pub(super) enum Effect {
    Persist {
        ticket: Ticket,
        write: Write,
    },
    Transmit {
        link: LinkId,
        bytes: Vec<u8>,
    },
    Dial,
    Close {
        link: LinkId,
    },
    Confirm(Token),
    Refuse(Token, Stale),
    Event(Event),
    /// The partner updates DNS for its clients, which this server does not (draft-12 §5.12).
    PartnerUpdatesDns,
}

impl Domain {
    pub(super) fn failover(
        relationship: Relationship,
        table: BindingTable,
        endpoint: Endpoint,
        record: Option<EndpointRecord>,
    ) -> Self {
        let name = relationship.name.clone();
        let previous = record.map(|record| record.state);
        let running = Running { relationship, endpoint, previous, record };
        let authority = Authority::Endpoint(Box::new(running));
        Self { name, table, authority, wake: None, told_of_dns: false }
    }

    pub(super) fn alone(table: BindingTable) -> Self {
        Self::without_endpoint("scopes without failover".to_owned(), table, None)
    }

    /// A scope that has left a relationship.
    pub(super) fn former(table: BindingTable, former: Former) -> Self {
        let name = format!("a scope that was in {:?}", former.name());
        Self::without_endpoint(name, table, Some(former))
    }

    fn without_endpoint(name: String, table: BindingTable, former: Option<Former>) -> Self {
        let authority = Authority::Alone(Alone { former, ..Alone::default() });
        Self { name, table, authority, wake: None, told_of_dns: false }
    }

    pub(super) fn gate(&self) -> Gate {
        match &self.authority {
            Authority::Endpoint(running) => Gate::Failover(running.endpoint.view()),
            Authority::Alone(Alone { former: Some(former), .. }) => Gate::Former(former.rules()),
            Authority::Alone(_) => Gate::Alone,
        }
    }

    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        match &self.authority {
            Authority::Endpoint(running) => Some(&running.endpoint),
            Authority::Alone(_) => None,
        }
    }

    /// What the scope in it has left, if it has.
    pub(super) fn left(&self) -> Option<&Former> {
        match &self.authority {
            Authority::Alone(Alone { former: Some(former), .. }) => Some(former),
            _ => None,
        }
    }

    /// How the relationship is configured, if this is one.
    pub(super) fn relationship(&self) -> Option<&Relationship> {
        match &self.authority {
            Authority::Endpoint(running) => Some(&running.relationship),
            Authority::Alone(_) => None,
        }
    }

    /// The newest record of the endpoint.
    pub(super) fn record(&self) -> Option<EndpointRecord> {
        match &self.authority {
            Authority::Endpoint(running) => running.record,
            Authority::Alone(_) => None,
        }
    }

    /// The endpoint's state and the one before, in Windows' words.
    pub(super) fn states(&self) -> Option<(FsmState, FsmState)> {
        match &self.authority {
            Authority::Endpoint(running) => {
                let previous = running.previous.map_or(FsmState::Init, State::to_fsm);
                Some((running.endpoint.state().to_fsm(), previous))
            }
            Authority::Alone(_) => None,
        }
    }

    /// The relationship is configured anew; the endpoint is told by itself.
    pub(super) fn set_relationship(&mut self, new: Relationship) {
        if let Authority::Endpoint(running) = &mut self.authority {
            running.relationship = new;
        }
    }

    /// The relationship has ended; what is in the table has gone elsewhere.
    pub(super) fn end(&mut self) {
        *self = Self::alone(BindingTable::new());
    }

    pub(super) fn status(&self) -> Option<Status> {
        self.endpoint().map(Endpoint::status)
    }

    /// Adds how many addresses have each status, in the order of [`BindingStatus::ALL`].
    pub(super) fn count(&self, counts: &mut [u64; BindingStatus::ALL.len()]) {
        for binding in self.table.iter() {
            if let Some(at) = BindingStatus::ALL.iter().position(|it| *it == binding.status) {
                counts[at] += u64::from(!binding.status.is_available());
            }
        }
        for pool in 0..self.table.pool_count() {
            for (at, status) in BindingStatus::ALL.iter().enumerate() {
                // Not the pool's counts, which leave out reserved addresses.
                counts[at] += u64::try_from(self.table.available_count(pool, *status)).unwrap_or(0);
            }
        }
    }

    /// Addresses of all pools that new clients may get, by the server they are for.
    pub(super) fn available(&self) -> PoolCounts {
        let pools = (0..self.table.pool_count()).map(|pool| self.table.counts(pool));
        pools.fold(PoolCounts::default(), |sum, it| PoolCounts {
            free: sum.free.saturating_add(it.free),
            backup: sum.backup.saturating_add(it.backup),
        })
    }

    /// Leases that have ended, some at a time; none while this server must leave them alone.
    pub(super) fn ended(&self, now: LeaseInstant) -> Vec<Ipv4Addr> {
        let view = self.endpoint().map(Endpoint::view);
        if view.is_some_and(|view| view.service() == Service::Nobody || view.deadline() < now) {
            return Vec::new();
        }
        let is_over = |binding: &&Binding| match (&view, &self.authority) {
            (None, Authority::Alone(alone)) => alone.is_over(binding, now),
            (None, _) => false,
            (Some(view), _) => {
                binding.status != BindingStatus::Active || view.ends_at(binding) <= now
            }
        };
        // First those that are over: however many others wait longer, they do not stand in the way.
        let ended = self.table.ended(now).filter(is_over).take(ENDED_MAX);
        ended.map(|binding| binding.address).collect()
    }

    /// Takes in what happened; the table is up to date when this returns.
    pub(super) fn handle(
        &mut self,
        now: Monotonic,
        lease_now: LeaseInstant,
        input: Input<'_>,
    ) -> Vec<Effect> {
        match &mut self.authority {
            Authority::Alone(alone) => alone.handle(&mut self.table, lease_now, input),
            Authority::Endpoint(running) => {
                let endpoint = &mut running.endpoint;
                let before = endpoint.state();
                endpoint.handle(now, input, &self.table);
                if endpoint.state() != before {
                    running.previous = Some(before);
                }
                let mut effects = Vec::new();
                loop {
                    let effect = match endpoint.poll_output() {
                        Output::Wait(until) => {
                            self.wake = until;
                            return effects;
                        }
                        Output::Persist { ticket, record } => {
                            let write = write(&self.name, &record);
                            match record {
                                Record::Binding(binding) => {
                                    if !binding.ddns.is_empty() && !self.told_of_dns {
                                        self.told_of_dns = true;
                                        effects.push(Effect::PartnerUpdatesDns);
                                    }
                                    self.table.apply(*binding);
                                }
                                Record::Endpoint(record) => running.record = Some(record),
                            }
                            Effect::Persist { ticket, write }
                        }
                        Output::Transmit { link, bytes } => Effect::Transmit { link, bytes },
                        Output::Dial => Effect::Dial,
                        Output::Close { link } => Effect::Close { link },
                        Output::Confirm { token } => Effect::Confirm(token),
                        Output::Refuse { token, why } => Effect::Refuse(token, why),
                        Output::Event(event) => Effect::Event(event),
                    };
                    effects.push(effect);
                }
            }
        }
    }
}

/// The record as the store takes it.
fn write(relationship: &str, record: &Record) -> Write {
    // Every field of both types has a postcard encoding; a test proves it.
    match record {
        Record::Binding(binding) => binding_write(binding),
        Record::Endpoint(record) => Write::Endpoint {
            relationship: relationship.to_owned(),
            record: encode(ENDPOINT_FORMAT, record).expect("endpoint records can be encoded"),
        },
    }
}

/// The record of an address as the store takes it.
pub(super) fn binding_write(binding: &Binding) -> Write {
    let record = encode(BINDING_FORMAT, binding).expect("bindings can be encoded");
    Write::Binding { address: binding.address, record }
}

impl Alone {
    /// Whether the client of a lease, or the time of an abandoned address, is done. The partner of
    /// before may have given its client more time: what this server had agreed to, or the MCLT.
    fn is_over(&self, binding: &Binding, now: LeaseInstant) -> bool {
        let former = self.former.as_ref().map(|former| Allocator { now, ..former.rules() });
        let ends = match former {
            Some(former) if !former.partner_is_over() => return false,
            Some(former) => former.ends_at(binding).max(binding.expiries.latest()),
            None => binding.expiries.lease,
        };
        ends + CLOCK_GUARD <= now
    }

    fn handle(
        &mut self,
        table: &mut BindingTable,
        now: LeaseInstant,
        input: Input<'_>,
    ) -> Vec<Effect> {
        let event = match input {
            Input::Lease(event) => event,
            Input::Persisted(ticket) => return self.persisted(ticket),
            _ => return Vec::new(),
        };
        match event {
            LeaseEvent::Granted {
                token,
                address,
                client,
                grant,
                version,
                flags,
                request_options,
                ..
            } => {
                let Some(old) = table.get(address).filter(|old| old.version == version) else {
                    return vec![Effect::Refuse(token, Stale::Binding)];
                };
                let continues = old.status == BindingStatus::Active && old.is_for(&client);
                let new = Binding {
                    status: BindingStatus::Active,
                    expiries: Expiries { lease: grant.lease_expiry, ..Expiries::default() },
                    start_of_state: if continues { old.start_of_state } else { now },
                    last_transaction: Some(now),
                    client: Some(client),
                    flags,
                    request_options,
                    ..old
                };
                let effect = self.change(table, new);
                self.confirmed_by.push_back((self.sequence, token));
                vec![effect]
            }
            LeaseEvent::Released { address, client } => self.end(table, address, now, |binding| {
                binding.status == BindingStatus::Active && binding.is_for(&client)
            }),
            LeaseEvent::Expired { address } => match table.get(address) {
                Some(binding) if self.is_over(&binding, now) => {
                    self.end(table, address, now, |_| true)
                }
                _ => Vec::new(),
            },
            LeaseEvent::Reset { address } => self.end(table, address, now, |_| true),
            LeaseEvent::Declined { address, until } => {
                let Some(old) = table.get(address) else { return Vec::new() };
                let abandoned = Binding {
                    status: BindingStatus::Abandoned,
                    client: None,
                    expiries: Expiries { lease: until, ..Expiries::default() },
                    start_of_state: now,
                    ..old
                };
                vec![self.change(table, abandoned)]
            }
            _ => Vec::new(),
        }
    }

    fn end(
        &mut self,
        table: &mut BindingTable,
        address: Ipv4Addr,
        now: LeaseInstant,
        allowed: impl FnOnce(&Binding) -> bool,
    ) -> Vec<Effect> {
        let held = [BindingStatus::Active, BindingStatus::Abandoned];
        match table.get(address) {
            Some(binding) if held.contains(&binding.status) && allowed(&binding) => {
                let freed = binding.made_available(BindingStatus::Free, now);
                vec![self.change(table, freed)]
            }
            _ => Vec::new(),
        }
    }

    fn change(&mut self, table: &mut BindingTable, mut new: Binding) -> Effect {
        new.version += 1;
        // Whoever adds failover to the scope later must tell all of it.
        new.knowledge.agreed = BindingStatus::Free;
        let write = binding_write(&new);
        table.apply(new);
        self.sequence += 1;
        Effect::Persist { ticket: Ticket::from_u64(self.sequence), write }
    }

    fn persisted(&mut self, ticket: Ticket) -> Vec<Effect> {
        let mut confirmed = Vec::new();
        while self.confirmed_by.front().is_some_and(|(by, _)| *by <= ticket.as_u64()) {
            confirmed.extend(self.confirmed_by.pop_front().map(|(_, it)| Effect::Confirm(it)));
        }
        confirmed
    }
}

#[cfg(test)]
mod tests;
