//! DHCPREQUEST in its four forms (RFC 2131 §4.3.2).

use super::destination::Outgoing;
use super::discover::Unavailable;
use super::gate::Gate;
use super::network::{Scope, Wire};
use super::reply::{Body, Lease};
use super::server::{Action, Exchange, GrantAction, Ignore};
use dhcp_failover_lease::{Binding, BindingFlags, Refusal};
use dhcp_failover_proto::{Bindings, RequestClass};
use std::net::Ipv4Addr;

/// Texts for option 56.
const WRONG_NETWORK: &str = "the address does not belong to this network";
const TAKEN: &str = "the address belongs to another client";
const UNAVAILABLE: &str = "the address is not available";

impl Exchange<'_> {
    /// SELECTING: the client takes an offer, ours or another server's.
    ///
    /// The answer to a request that names this server is DHCPACK or DHCPNAK, never silence (§3.1
    /// step 4), unless failover silences this server.
    pub(super) fn selecting(
        &mut self,
        server_id: Ipv4Addr,
        address: Ipv4Addr,
    ) -> Result<Action, Ignore> {
        if !self.is_me(server_id) {
            // §3.1 step 3: it declined our offer, so the address may go to somebody else.
            self.offers.forget(&self.request.client, self.pins);
            return Err(Ignore::OtherServer(server_id));
        }
        let wire = self.wire(None)?;
        let Some(scope) = wire.scope_of(address) else {
            self.answers_on(wire, RequestClass::NamesThisServer)?;
            return Ok(self.nak(None, WRONG_NETWORK));
        };
        let gate = self.may_answer(wire, scope, RequestClass::NamesThisServer)?;
        match self.allocatable(scope, &gate, address) {
            Ok(binding) => self.grant(scope, &gate, &binding),
            Err(Unavailable::Refused(Refusal::HeldByOther) | Unavailable::Reserved) => {
                Ok(self.nak(Some(scope), TAKEN))
            }
            Err(_) => Ok(self.nak(Some(scope), UNAVAILABLE)),
        }
    }

    /// INIT-REBOOT: the client wants to keep the address it had before it restarted.
    ///
    /// - on the wrong network: DHCPNAK (§4.3.2, third paragraph of INIT-REBOOT);
    /// - another client's: DHCPNAK ("requested IP address is incorrect");
    /// - no record of this client: silence ("MUST remain silent"), for another server may know it;
    ///   the client goes on to DHCPDISCOVER by itself;
    /// - the client's, but not to be given now: silence with failover, for the partner may have
    ///   extended the lease; DHCPNAK without.
    pub(super) fn init_reboot(&mut self, address: Ipv4Addr) -> Result<Action, Ignore> {
        let wire = self.wire(None)?;
        let Some(scope) = wire.scope_of(address) else {
            self.answers_on(wire, RequestClass::New)?;
            return Ok(self.nak(None, WRONG_NETWORK));
        };
        let gate = self.may_answer(wire, scope, RequestClass::New)?;
        let binding = self.world.table(scope.domain).get(address);
        let is_known = binding.is_some_and(|binding| binding.is_for(&self.request.client));
        match self.allocatable(scope, &gate, address) {
            // Its own address, or the one reserved for it, which it may not have had a lease on.
            Ok(binding) if is_known || self.is_reserved(scope, address) => {
                self.grant(scope, &gate, &binding)
            }
            Ok(_) => Err(Ignore::NoRecord(address)),
            Err(why) => self.refuse(scope, &gate, address, is_known, why),
        }
    }

    /// RENEWING and REBINDING: the client extends its lease.
    ///
    /// Renewals are answered by both servers (draft-12 §9.8.2), so unlike INIT-REBOOT an address
    /// without a record is given to the client that uses it if it is this server's to give: the
    /// partner cannot have leased it. Otherwise:
    ///
    /// - not of this network: DHCPNAK (§4.3.2 REBINDING: "check ciaddr for correctness");
    /// - ACTIVE for another client, or reserved for one: DHCPNAK, so that the client stops;
    /// - anything else: silence with failover. The partner may know of this lease already; the
    ///   client keeps its address until its time is over and asks again. Without failover: DHCPNAK
    ///   if the lease is on record, silence if not.
    ///
    /// `link` is an address on the client's link, if the packet's way does not show it: a unicast
    /// renewal comes through routers.
    pub(super) fn extend(
        &mut self,
        ciaddr: Ipv4Addr,
        link: Option<Ipv4Addr>,
    ) -> Result<Action, Ignore> {
        let wire = self.wire(link)?;
        let Some(scope) = wire.scope_of(ciaddr) else {
            self.answers_on(wire, RequestClass::Renewal)?;
            return Ok(self.nak(None, WRONG_NETWORK));
        };
        let gate = self.may_answer(wire, scope, RequestClass::Renewal)?;
        let binding = self.world.table(scope.domain).get(ciaddr);
        let is_known = binding.is_some_and(|binding| binding.is_for(&self.request.client));
        match self.allocatable(scope, &gate, ciaddr) {
            Ok(binding) => self.grant(scope, &gate, &binding),
            Err(why) => self.refuse(scope, &gate, ciaddr, is_known, why),
        }
    }

    fn refuse(
        &self,
        scope: &Scope,
        gate: &Gate,
        address: Ipv4Addr,
        is_known: bool,
        why: Unavailable,
    ) -> Result<Action, Ignore> {
        match why {
            Unavailable::NotManaged => Err(Ignore::NotManaged(address)),
            Unavailable::Quarantined => Err(Ignore::Quarantined(address)),
            Unavailable::Reserved | Unavailable::Refused(Refusal::HeldByOther) => {
                Ok(self.nak(Some(scope), TAKEN))
            }
            // Only to be had by the other client while the offer stands; this one may ask again.
            Unavailable::Offered => Err(Ignore::NoRecord(address)),
            Unavailable::Refused(refusal) if gate.has_partner() => {
                Err(Ignore::Refused { address, refusal })
            }
            Unavailable::Refused(_) if is_known => Ok(self.nak(Some(scope), UNAVAILABLE)),
            Unavailable::Refused(_) => Err(Ignore::NoRecord(address)),
        }
    }

    fn is_reserved(&self, scope: &Scope, address: Ipv4Addr) -> bool {
        scope.reserved_for(&self.request.client) == Some(address)
    }

    /// Whether this server may say no for a whole wire: for one of its scopes is enough.
    fn answers_on(&self, wire: Wire<'_>, class: RequestClass) -> Result<(), Ignore> {
        let mut reason = Ignore::NoAddress;
        for scope in wire.scopes() {
            match self.may_answer(wire, scope, class) {
                Ok(_) => return Ok(()),
                Err(ignore) => reason = ignore,
            }
        }
        Err(reason)
    }

    fn grant(&mut self, scope: &Scope, gate: &Gate, binding: &Binding) -> Result<Action, Ignore> {
        if self.world.is_busy() {
            // Its offer stands, so that the client finds the address when it asks again.
            return Err(Ignore::Busy);
        }
        let (client, address) = (&self.request.client, binding.address);
        let desired = scope.lease_time(self.request.lease_time_s());
        let grant = gate.grant(binding, client, desired, self.now);
        let lease = Lease { address, time: grant.lease };
        let body = Body::Ack(lease, scope.parameters(client, address));
        let answer = self.answer(Some(scope), &body, Outgoing::Ack(Some(address)));
        self.offers.forget(client, self.pins);
        Ok(Action::Grant(Box::new(GrantAction {
            domain: scope.domain,
            address,
            client: client.clone(),
            grant,
            version: binding.version,
            epoch: gate.epoch(),
            flags: BindingFlags { reserved: self.is_reserved(scope, address), bootp: false },
            request_options: self.request_options(binding),
            answer,
        })))
    }
}
