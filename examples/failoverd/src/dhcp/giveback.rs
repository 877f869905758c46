//! DHCPRELEASE, DHCPDECLINE and DHCPINFORM (RFC 2131 §4.3.3 to §4.3.5).

use super::destination::Outgoing;
use super::network::Scope;
use super::reply::Body;
use super::server::{Action, Exchange, Ignore};
use dhcp_failover_lease::{BindingStatus, LeaseSpan};
use dhcp_failover_proto::{Bindings, RequestClass};
use std::net::Ipv4Addr;

impl<'a> Exchange<'a> {
    /// The client gives its address back. Only the client that holds it can.
    pub(super) fn release(
        &mut self,
        address: Ipv4Addr,
        server_id: Ipv4Addr,
    ) -> Result<Action, Ignore> {
        let scope = self.own_lease(address, server_id)?;
        self.offers.forget(&self.request.client, self.pins);
        let client = self.request.client.clone();
        Ok(Action::Release { domain: scope.domain, address, client })
    }

    /// The client found somebody else using the address it was given.
    pub(super) fn decline(
        &mut self,
        address: Ipv4Addr,
        server_id: Ipv4Addr,
    ) -> Result<Action, Ignore> {
        let scope = self.own_lease(address, server_id)?;
        self.offers.forget(&self.request.client, self.pins);
        let until = self.now + LeaseSpan::from_s(scope.config.decline_hold_s.into());
        Ok(Action::Decline { domain: scope.domain, address, until })
    }

    /// The scope of an address whose lease the client holds by this server's word. The address
    /// tells the scope: a DHCPRELEASE is unicast and may come by way of any interface.
    fn own_lease(&self, address: Ipv4Addr, server_id: Ipv4Addr) -> Result<&'a Scope, Ignore> {
        if !self.is_me(server_id) {
            return Err(Ignore::OtherServer(server_id));
        }
        let unknown = Ignore::UnknownLink(address);
        let wire = self.networks.wire_of(address).ok_or(unknown)?;
        let scope = wire.scope_of(address).ok_or(unknown)?;
        self.may_answer(wire, scope, RequestClass::NamesThisServer)?;
        let binding = self.world.table(scope.domain).get(address);
        let holds = binding.is_some_and(|binding| {
            binding.status == BindingStatus::Active && binding.is_for(&self.request.client)
        });
        if holds { Ok(scope) } else { Err(Ignore::NotOwner(address)) }
    }

    /// The client configured its address by hand and wants the rest. Leases are not looked at.
    pub(super) fn inform(&mut self, ciaddr: Ipv4Addr) -> Result<Action, Ignore> {
        let wire = self.wire(Some(ciaddr))?;
        // The answer goes to ciaddr, which therefore must not be the subnet's broadcast address.
        let scope = wire.scope_of(ciaddr).filter(|scope| scope.is_host(ciaddr));
        let scope = scope.ok_or(Ignore::UnknownLink(ciaddr))?;
        self.may_answer(wire, scope, RequestClass::New)?;
        let parameters = scope.parameters(&self.request.client, ciaddr);
        let body = Body::InformAck(parameters);
        Ok(Action::Reply(self.answer(Some(scope), &body, Outgoing::Ack(None))))
    }
}
