//! What the server does with a packet: pure logic between the sockets and the lease tables.
//!
//! [`DhcpServer::handle`] reads the tables and decides; it changes nothing but the memory of
//! outstanding offers. A lease is a decision only, [`Action::Grant`]: the caller hands it to the
//! endpoint (or its own table), and lets the DHCPACK go when the lease is on disk.

pub use super::action::{Action, Answer, GrantAction, Ignore, Outcome};

use super::destination::{Outgoing, Ports, destination};
use super::gate::Gate;
use super::kind::{Arrival, RequestKind};
use super::network::{Moved, Networks, Scope, Wire};
use super::noted;
use super::offers::{Offers, PinChange};
use super::option;
use super::packet::Request;
use super::reply::{self, Body};
use dhcp_failover_lease::{Binding, LeaseInstant};
use dhcp_failover_proto::{BindingTable, Bindings, Decision, Query, RequestClass};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// A packet and how it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Incoming<'a> {
    /// The UDP payload.
    pub bytes: &'a [u8],
    /// Who sent it.
    pub source: SocketAddr,
    /// The server's address as its sender sees it.
    pub local: Ipv4Addr,
    /// How it was addressed.
    pub arrival: Arrival,
}

/// The lease tables and what failover allows, by domain ([`Networks`] explains domains).
pub trait World {
    /// The leases of a domain.
    fn table(&self, domain: usize) -> &BindingTable;
    /// What is allowed in a domain at the moment.
    fn gate(&self, domain: usize) -> Gate;
    /// Whether no more leases can be recorded at the moment. Everything else is answered.
    fn is_busy(&self) -> bool {
        false
    }
}

/// The DHCP server: its scopes and the offers it has made.
#[derive(Clone, Debug)]
pub struct DhcpServer {
    networks: Networks,
    offers: Offers,
    ports: Ports,
    /// All addresses by which clients may know this server.
    addresses: Vec<Ipv4Addr>,
}

impl DhcpServer {
    /// A server for these scopes. `addresses` are those of its sockets; a client may name any of
    /// them as its server.
    #[must_use]
    pub fn new(networks: Networks, ports: Ports, addresses: Vec<Ipv4Addr>) -> Self {
        Self { networks, offers: Offers::default(), ports, addresses }
    }

    /// The scopes.
    #[must_use]
    pub const fn networks(&self) -> &Networks {
        &self.networks
    }

    /// Moves a scope to another domain ([`Networks::move_scope`]), and then the pins of its offers.
    pub fn move_scope(
        &mut self,
        subnet: Ipv4Net,
        domain: usize,
    ) -> Option<(Moved, Vec<PinChange>)> {
        let moved = self.networks.move_scope(subnet, domain)?;
        let mut pins = Vec::new();
        self.offers.move_to(domain, |address| subnet.contains(&address), &mut pins);
        Some((moved, self.without_reserved(pins)))
    }

    /// Says whether a scope is served at all ([`Networks::set_active`]).
    pub fn set_active(&mut self, subnet: Ipv4Net, active: bool) {
        self.networks.set_active(subnet, active);
    }

    /// The offers that stand.
    #[must_use]
    pub const fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Decides what to do about a packet. Never panics, whatever the packet is.
    ///
    /// If the endpoint refuses the [`Action::Grant`] as out of date, drop the packet or call this
    /// once more; the client repeats its request anyway.
    pub fn handle(
        &mut self,
        incoming: &Incoming<'_>,
        world: &dyn World,
        now: LeaseInstant,
    ) -> Outcome {
        let mut pins = Vec::new();
        self.offers.end(now, &mut pins);
        let action = self.decide(incoming, world, now, &mut pins).unwrap_or_else(Action::Ignore);
        Outcome { action, pins: self.without_reserved(pins) }
    }

    /// Forgets the offers nobody took in time. Call it now and then, so that their addresses are
    /// free to change hands also when no packets come ([`Offers::next_end`] says when).
    pub fn end_offers(&mut self, now: LeaseInstant) -> Vec<PinChange> {
        let mut pins = Vec::new();
        self.offers.end(now, &mut pins);
        self.without_reserved(pins)
    }

    /// Reserved addresses never change hands, offered or not (draft-12 §5.13).
    fn without_reserved(&self, mut pins: Vec<PinChange>) -> Vec<PinChange> {
        pins.retain(|change| !self.networks.is_reserved(change.address()));
        pins
    }

    fn decide(
        &mut self,
        incoming: &Incoming<'_>,
        world: &dyn World,
        now: LeaseInstant,
        pins: &mut Vec<PinChange>,
    ) -> Result<Action, Ignore> {
        let request = Request::parse(incoming.bytes)?;
        let kind = RequestKind::of(&request, incoming.arrival)?;
        check_relay(&self.networks, &request)?;
        let mut exchange = Exchange {
            networks: &self.networks,
            offers: &mut self.offers,
            pins,
            world,
            request: &request,
            incoming,
            ports: self.ports,
            addresses: &self.addresses,
            now,
        };
        match kind {
            RequestKind::Discover { requested } => exchange.discover(requested),
            RequestKind::Selecting { server_id, address } => exchange.selecting(server_id, address),
            RequestKind::InitReboot { address } => exchange.init_reboot(address),
            RequestKind::Renewing { ciaddr } => exchange.extend(ciaddr, Some(ciaddr)),
            // A broadcast shows the link: that of the relay agent or of the socket.
            RequestKind::Rebinding { ciaddr } => exchange.extend(ciaddr, None),
            RequestKind::Decline { address, server_id } => exchange.decline(address, server_id),
            RequestKind::Release { ciaddr, server_id } => exchange.release(ciaddr, server_id),
            RequestKind::Inform { ciaddr } => exchange.inform(ciaddr),
        }
    }
}

/// Answers to relayed packets go to `giaddr`, whoever sent them: it must be the address of a host.
/// One that selects the client's link is believed more than others (RFC 3527 §3), so it must not
/// be an address that any client could be given. Loopback addresses are fine: tests and local
/// relay agents have them, and nobody else can.
fn check_relay(networks: &Networks, request: &Request) -> Result<(), Ignore> {
    let giaddr = request.giaddr;
    if !request.is_relayed() {
        return Ok(());
    }
    let scope = networks.scope_of(giaddr);
    let is_outside = matches!(giaddr.octets()[0], 0 | 255) || giaddr.is_multicast();
    if is_outside || scope.is_some_and(|scope| !scope.is_host(giaddr)) {
        return Err(Ignore::RelayAddress(giaddr));
    }
    let selects = request.relay.as_ref().is_some_and(|relay| relay.link_selection.is_some());
    if selects && scope.is_some_and(|scope| scope.is_dynamic(giaddr)) {
        return Err(Ignore::RelayInRange(giaddr));
    }
    Ok(())
}

/// One packet and everything its handling looks at.
pub(super) struct Exchange<'a> {
    pub(super) networks: &'a Networks,
    pub(super) offers: &'a mut Offers,
    pub(super) pins: &'a mut Vec<PinChange>,
    pub(super) world: &'a dyn World,
    pub(super) request: &'a Request,
    pub(super) incoming: &'a Incoming<'a>,
    pub(super) ports: Ports,
    pub(super) addresses: &'a [Ipv4Addr],
    pub(super) now: LeaseInstant,
}

impl<'a> Exchange<'a> {
    /// The client's link: as relay agents say, else that of `address`, else that of the socket
    /// (RFC 2131 §4.3.1, RFC 3527).
    pub(super) fn wire(&self, address: Option<Ipv4Addr>) -> Result<Wire<'a>, Ignore> {
        let said = self.request.link_address().or(address);
        let address = said.unwrap_or(self.incoming.local);
        self.networks.wire_of(address).ok_or(Ignore::UnknownLink(address))
    }

    /// Whether failover lets this server answer for the scope.
    pub(super) fn may_answer(
        &self,
        wire: Wire<'_>,
        scope: &Scope,
        class: RequestClass,
    ) -> Result<Gate, Ignore> {
        if !scope.config.active {
            return Err(Ignore::Inactive(scope.config.subnet));
        }
        let gate = self.world.gate(scope.domain);
        let query = Query {
            class,
            key: self.request.client.balance_key(),
            secs: self.request.secs,
            max_delay_s: Some(u16::try_from(scope.config.load_balance_delay_s).unwrap_or(u16::MAX)),
            partner_pool_empty: self.partner_has_nothing(wire, scope.domain, &gate),
            now: self.now,
        };
        match gate.explain(&query) {
            Some(why) if why.decision() != Decision::Serve => Err(Ignore::Failover(why)),
            _ => Ok(gate),
        }
    }

    fn partner_has_nothing(&self, wire: Wire<'_>, domain: usize, gate: &Gate) -> bool {
        let (_, partners) = gate.available();
        let table = self.world.table(domain);
        wire.scopes()
            .filter(|scope| scope.domain == domain)
            .all(|scope| table.available(scope.pool, partners).next().is_none())
    }

    /// Whether a server identifier in this packet means this server.
    pub(super) fn is_me(&self, server_id: Ipv4Addr) -> bool {
        server_id == self.incoming.local
            || self.request.server_identifier_override() == Some(server_id)
            || self.addresses.contains(&server_id)
            || self
                .networks
                .scopes()
                .any(|(_, scope)| scope.config.server_identifier == Some(server_id))
    }

    /// The server identifier for the client's answer: what its relay agent wants (RFC 5107), what
    /// the scope says, or the address the packet came to.
    fn server_id(&self, scope: Option<&Scope>) -> Ipv4Addr {
        let relay_says = self.request.server_identifier_override();
        let configured = scope.and_then(|scope| scope.config.server_identifier);
        relay_says.or(configured).unwrap_or(self.incoming.local)
    }

    pub(super) fn answer(
        &self,
        scope: Option<&Scope>,
        body: &Body<'_>,
        outgoing: Outgoing,
    ) -> Answer {
        let bytes = reply::encode(self.request, self.server_id(scope), body);
        let to = destination(self.request, self.incoming.source, self.ports, outgoing);
        Answer { bytes, destination: to }
    }

    pub(super) fn nak(&self, scope: Option<&Scope>, reason: &str) -> Action {
        Action::Reply(self.answer(scope, &Body::Nak(reason), Outgoing::Nak))
    }

    /// Table 7.1.1-2 of the draft: what servers tell each other of a client's request. What this
    /// request does not say and an earlier one of this client did stays: a renewal does not come
    /// through the relay agent, and so has no relay agent information (RFC 3046 §2.1).
    pub(super) fn request_options(&self, binding: &Binding) -> Vec<u8> {
        let before = match binding.is_for(&self.request.client) {
            true => noted::options(&binding.request_options),
            false => BTreeMap::new(),
        };
        let values = option::INTERESTING.into_iter().filter_map(|code| {
            let now = self.request.option(code).map(<[u8]>::to_vec);
            now.or_else(|| before.get(&code).cloned()).map(|value| (code, value))
        });
        noted::encode(values)
    }
}

#[cfg(test)]
mod tests;
