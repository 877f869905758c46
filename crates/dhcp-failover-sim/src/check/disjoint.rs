//! S4: the servers' allocatable sets are disjoint.

use crate::check::Rule;
use crate::check::healed::nobody;
use crate::server::Server;
use crate::{Host, Pair};
use dhcp_failover_lease::{Allocator, Binding, Client, Control, LeaseInstant};
use dhcp_failover_proto::{Service, ServiceView, State};
use std::borrow::Cow;
use std::net::Ipv4Addr;

/// A server that may give addresses to new clients.
enum Giver<'a> {
    Running {
        server: &'a Server,
        view: ServiceView,
        now: LeaseInstant,
    },
    /// Down: as it would be after a restart that loses everything not synced.
    Down {
        server: &'a Server,
        allocator: Allocator,
    },
}

impl Giver<'_> {
    fn gives(&self, address: Ipv4Addr, fresh: &Client) -> bool {
        match self {
            Self::Running { server, view, now } => {
                server.table.pool_of(address).is_some_and(|pool| view.gives_new(pool, *now)) && {
                    let binding = or_unused(server.table.used(address), address);
                    view.may_allocate(&binding, fresh, *now).is_ok()
                }
            }
            Self::Down { server, allocator } => {
                // None of its addresses, or what the disk says of one.
                server.table.pool_of(address).is_some() && {
                    let binding = or_unused(server.disk.bindings.get(&address), address);
                    allocator.check(&binding, fresh).is_ok()
                }
            }
        }
    }
}

impl Pair {
    /// S4: no address may be given to a new client by both servers, as they are now, nor as one of
    /// them would come back from its disk.
    pub(crate) fn check_disjoint(&mut self) {
        let [Some(a), Some(b)] = Host::BOTH.map(|host| self.giver(host)) else { return };
        let fresh = nobody();
        let both = |address: &&Ipv4Addr| a.gives(**address, &fresh) && b.gives(**address, &fresh);
        let shared: Vec<Ipv4Addr> = self.addresses.iter().filter(both).copied().collect();
        for address in shared {
            let text = format!(
                "{address} is allocatable by both: A {:?} B {:?}",
                self.servers[0].binding(address),
                self.servers[1].binding(address)
            );
            self.violation(Rule::S4, text);
        }
    }

    /// Unless it gives none.
    fn giver(&self, host: Host) -> Option<Giver<'_>> {
        let server = &self.servers[host.index()];
        let now = server.lease_now(self.now);
        if let Some(endpoint) = &server.endpoint {
            let view = endpoint.view();
            let serves = matches!(view.service(), Service::Balanced | Service::Everybody);
            return serves.then_some(Giver::Running { server, view, now });
        }
        let record = server.disk.record()?;
        let partner = self.servers[host.partner().index()].endpoint.as_ref();
        let partner_alone = partner.is_some_and(|it| it.state() == State::PartnerDown);
        if partner_alone
            || Service::of(record.state) == Service::Nobody
            || record.role != server.config.role
            || record.partner_was_alone
        {
            return None; // it will have to recover first
        }
        let allocator = Allocator {
            role: record.role,
            control: Control::Shared,
            mclt: record.mclt.for_waits(),
            now,
            storage_lost: record.storage_lost_at,
        };
        Some(Giver::Down { server, allocator })
    }
}

fn or_unused(known: Option<&Binding>, address: Ipv4Addr) -> Cow<'_, Binding> {
    known.map_or_else(|| Cow::Owned(Binding::unused(address)), Cow::Borrowed)
}
