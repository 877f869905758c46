//! DHCPDISCOVER: choosing an address and offering it (RFC 2131 §4.3.1).

use super::destination::Outgoing;
use super::gate::Gate;
use super::network::Scope;
use super::reply::{Body, Lease};
use super::server::{Action, Exchange, Ignore};
use dhcp_failover_lease::{Binding, BindingStatus, LeaseSpan, Refusal, Reservation};
use dhcp_failover_proto::{Bindings, RequestClass};
use std::net::Ipv4Addr;

/// How many addresses a search looks at in the order of the lists. They begin with those unused for
/// longest; what may not be given yet was mostly freed lately.
const SEARCH_LIMIT: usize = 64;
/// When all of those are offered to others, this many more are looked at, from everywhere. So
/// a flood of DHCPDISCOVERs costs a bounded time each, however many offers stand; a client that
/// has bad luck in a nearly full pool begins somewhere else when it asks again.
const SAMPLE_LIMIT: u64 = 256;

/// A scope the server may answer for, and what it may do there.
#[derive(Clone, Copy)]
struct Served<'a> {
    scope: &'a Scope,
    gate: Gate,
}

impl<'a> Exchange<'a> {
    pub(super) fn discover(&mut self, requested: Option<Ipv4Addr>) -> Result<Action, Ignore> {
        let wire = self.wire(None)?;
        let mut served = Vec::new();
        let mut reason = Ignore::NoAddress;
        for scope in wire.scopes() {
            match self.may_answer(wire, scope, RequestClass::New) {
                Ok(gate) => served.push(Served { scope, gate }),
                Err(ignore) => reason = ignore,
            }
        }
        if served.is_empty() {
            return Err(reason);
        }
        let (found, binding) = self.choose(&served, requested).ok_or(Ignore::NoAddress)?;
        Ok(self.offer(found, &binding))
    }

    fn offer(&mut self, found: Served<'a>, binding: &Binding) -> Action {
        let Served { scope, gate } = found;
        let (client, address) = (&self.request.client, binding.address);
        let desired = scope.lease_time(self.request.lease_time_s());
        let grant = gate.grant(binding, client, desired, self.now);
        let until = self.now + LeaseSpan::from_s(scope.config.offer_hold_s.into());
        self.offers.hold(client, scope.domain, address, until, self.pins);
        let lease = Lease { address, time: grant.lease };
        let body = Body::Offer(lease, scope.parameters(client, address));
        Action::Reply(self.answer(Some(scope), &body, Outgoing::Offer(address)))
    }

    /// The order of RFC 2131 §4.3.1, with reservations before it: the client's lease, the address
    /// it had, the one it asks for, one that is free.
    fn choose(
        &self,
        served: &[Served<'a>],
        requested: Option<Ipv4Addr>,
    ) -> Option<(Served<'a>, Binding)> {
        self.reserved(served)
            .or_else(|| self.on_record(served, true))
            .or_else(|| {
                let offered = self.offers.of(&self.request.client, self.now)?;
                self.particular(served, offered)
            })
            .or_else(|| self.on_record(served, false))
            .or_else(|| self.particular(served, requested?))
            .or_else(|| self.free(served))
    }

    fn reserved(&self, served: &[Served<'a>]) -> Option<(Served<'a>, Binding)> {
        served.iter().find_map(|found| {
            let address = found.scope.reserved_for(&self.request.client)?;
            self.try_address(*found, address)
        })
    }

    /// An address on record for the client: `active` says whether its lease still runs.
    fn on_record(&self, served: &[Served<'a>], active: bool) -> Option<(Served<'a>, Binding)> {
        served.iter().find_map(|found| {
            let table = self.world.table(found.scope.domain);
            table.addresses_of(&self.request.client).find_map(|address| {
                let is_here = found.scope.config.subnet.contains(&address);
                let binding = table.get(address).filter(|_| is_here)?;
                let is_active = binding.status == BindingStatus::Active;
                if is_active == active { self.try_address(*found, address) } else { None }
            })
        })
    }

    fn particular(
        &self,
        served: &[Served<'a>],
        address: Ipv4Addr,
    ) -> Option<(Served<'a>, Binding)> {
        let found = served.iter().find(|it| it.scope.config.subnet.contains(&address))?;
        self.try_address(*found, address)
    }

    fn try_address(&self, found: Served<'a>, address: Ipv4Addr) -> Option<(Served<'a>, Binding)> {
        let binding = self.allocatable(found.scope, &found.gate, address).ok()?;
        Some((found, binding))
    }

    fn free(&self, served: &[Served<'a>]) -> Option<(Served<'a>, Binding)> {
        // First what is certainly this server's in any scope, and only then what may be.
        let own = served.iter().find_map(|it| self.search(*it, it.gate.available().0));
        let partners = || served.iter().find_map(|it| self.search(*it, it.gate.available().1));
        own.or_else(partners).or_else(|| served.iter().find_map(|it| self.search_former(*it)))
    }

    /// Unused addresses of one status.
    fn search(&self, found: Served<'a>, status: BindingStatus) -> Option<(Served<'a>, Binding)> {
        let table = self.world.table(found.scope.domain);
        let mut looked_at = 0;
        let in_order = table
            .available(found.scope.pool, status)
            .take(SEARCH_LIMIT)
            .inspect(|_| looked_at += 1)
            .find_map(|address| self.try_address(found, address));
        if in_order.is_some() || looked_at < SEARCH_LIMIT {
            return in_order;
        }
        found
            .scope
            .sample(self.seed(), SAMPLE_LIMIT)
            .filter_map(|address| self.try_address(found, address))
            .find(|(_, binding)| binding.status == status)
    }

    /// Addresses whose lease has ended but whose way to FREE is not over.
    fn search_former(&self, found: Served<'a>) -> Option<(Served<'a>, Binding)> {
        let table = self.world.table(found.scope.domain);
        let addresses = table.transitional(found.scope.pool);
        addresses.take(SEARCH_LIMIT).find_map(|address| self.try_address(found, address))
    }

    /// A number that differs between clients and between their tries (FNV-1a).
    fn seed(&self) -> u64 {
        let key = self.request.client.balance_key().iter();
        let bytes = key.copied().chain(self.request.xid.to_be_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// Whether `address` may be leased to the client of this request now.
    pub(super) fn allocatable(
        &self,
        scope: &Scope,
        gate: &Gate,
        address: Ipv4Addr,
    ) -> Result<Binding, Unavailable> {
        let client = &self.request.client;
        let table = self.world.table(scope.domain);
        let binding = table.get(address).ok_or(Unavailable::NotManaged)?;
        if scope.is_reserved_for_other(address, client) {
            return Err(Unavailable::Reserved);
        }
        if self.offers.is_others(address, client, self.now) {
            return Err(Unavailable::Offered);
        }
        let renews = binding.status == BindingStatus::Active && binding.is_for(client);
        let pool = table.pool_of(address);
        if !renews && pool.is_some_and(|pool| !gate.gives_new(pool, self.now)) {
            return Err(Unavailable::Quarantined);
        }
        // Once both servers know of the reservation, either gives the address (draft-12 §5.13).
        //
        // Another client is also one with the hardware address of the reservation that sent another
        // identifier before. One network card is not one client: containers and bridged guests share
        // a hardware address and are told apart by option 61 alone, and to the partner a lease of one
        // identifier that becomes a lease of another is a conflict. Such a client gets an address of
        // the ranges until the old lease has ended or was released, and then its own.
        let reservation = match scope.reserved_for(client) == Some(address) {
            true => Reservation::ThisClient,
            false => Reservation::None,
        };
        match gate.check(&binding, client, reservation, self.now) {
            Ok(()) => Ok(binding),
            Err(Refusal::Reserved) => Err(Unavailable::Reserved),
            Err(refusal) => Err(Unavailable::Refused(refusal)),
        }
    }
}

/// Why an address may not be leased to a client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Unavailable {
    /// It is in no range and not reserved.
    NotManaged,
    /// It is kept for another client.
    Reserved,
    /// Its pool is not the same at the partner.
    Quarantined,
    /// It is offered to another client.
    Offered,
    /// The rules of leases and failover forbid it.
    Refused(Refusal),
}
