//! S4: the servers' allocatable sets are disjoint.

use crate::check::Rule;
use crate::{Host, Pair};
use dhcp_failover_lease::{Client, Control, HardwareAddress};
use dhcp_failover_proto::{Bindings, Service, State};
use std::net::Ipv4Addr;

impl Pair {
    /// S4: no address may be given to a new client by both servers, as they are now, nor as one of
    /// them would come back from its disk.
    pub(crate) fn check_disjoint(&mut self) {
        let fresh = Client::new(
            Some(b"nobody"),
            HardwareAddress::new(1, &[9]).unwrap_or_else(|| unreachable!("one byte")),
        );
        let mut shared = Vec::new();
        for &address in &self.addresses {
            let both = Host::BOTH.map(|host| self.may_allocate(host, address, &fresh));
            if both == [true; 2] {
                shared.push(address);
            }
        }
        for address in shared {
            let text = format!(
                "{address} is allocatable by both: A {:?} B {:?}",
                self.servers[0].binding(address),
                self.servers[1].binding(address)
            );
            self.violation(Rule::S4, text);
        }
    }

    fn may_allocate(&self, host: Host, address: Ipv4Addr, fresh: &Client) -> bool {
        let server = &self.servers[host.index()];
        let now = server.lease_now(self.now);
        let Some(endpoint) = &server.endpoint else {
            // Down: as it would be after a restart that loses everything not synced.
            let Some(record) = server.disk.record() else { return false };
            let partner_alone = self.servers[host.partner().index()]
                .endpoint
                .as_ref()
                .is_some_and(|partner| partner.status().state == State::PartnerDown);
            if partner_alone || Service::of(record.state) == Service::Nobody {
                return false; // it will have to recover first
            }
            if record.role != server.config.role || server.table.pool_of(address).is_none() {
                return false; // likewise, or none of its addresses
            }
            let allocator = dhcp_failover_lease::Allocator {
                role: record.role,
                control: Control::Shared,
                mclt: record.mclt.for_waits(),
                now,
                storage_lost: record.storage_lost_at,
            };
            return allocator.check(&server.disk.binding(address), fresh).is_ok();
        };
        let view = endpoint.view();
        matches!(view.service(), Service::Balanced | Service::Everybody)
            && server.table.pool_of(address).is_some_and(|pool| view.gives_new(pool, now))
            && server
                .table
                .get(address)
                .is_some_and(|binding| view.may_allocate(&binding, fresh, now).is_ok())
    }
}
