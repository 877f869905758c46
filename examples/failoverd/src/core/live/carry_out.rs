//! What runs is brought to a new configuration; nothing of it can be refused any more.

use super::plan::Plan;
use crate::config::{Related, Relationship};
use crate::core::domain::{Domain, binding_write};
use crate::core::{Core, load};
use crate::dhcp::network::{ALONE, Networks};
use crate::store::Write;
use dhcp_failover_lease::Binding;
use dhcp_failover_proto::{BindingTable, EndpointRecord, Input, Subnet};
use ipnet::Ipv4Net;
use std::collections::BTreeSet;

impl Core {
    pub(super) fn carry_out(&mut self, plan: Plan, networks: &Networks) {
        let new = (0..plan.numbers()).map(|_| Domain::alone(BindingTable::new()));
        self.domains.extend(new);
        for (domain, former) in &plan.leaving {
            self.domains[*domain] = Domain::former(BindingTable::new(), former.clone());
        }
        let mut concerned: BTreeSet<usize> = plan.changed.keys().copied().collect();
        for (subnet, to) in &plan.moves {
            // A new relationship is no domain yet that could be told from another.
            let added = plan.added.iter().find(|(domain, _)| domain == to);
            let new = added.map(|(_, relationship)| relationship);
            let new = new.or_else(|| self.domains[*to].relationship()).map(Related::to);
            concerned.extend(self.move_scope(*subnet, *to, new.as_ref()));
            concerned.insert(*to);
        }
        for domain in &plan.removed {
            self.remove_relationship(*domain);
        }
        let mut begun: Vec<(usize, Relationship, Option<EndpointRecord>)> =
            plan.added.into_iter().map(|(domain, new)| (domain, new, None)).collect();
        for (old, new) in &plan.restarted {
            let Some(relationship) = self.domains[*old].relationship().cloned() else { continue };
            begun.push((*new, relationship, self.domains[*old].record()));
            self.end(*old);
        }
        for (domain, new) in plan.changed {
            self.connections.add(domain, &new);
            self.domains[domain].set_relationship(new);
        }
        // Before anything else happens in them.
        for domain in concerned {
            if let Some(relationship) = self.domains[domain].relationship() {
                let config = load::endpoint_config(relationship, networks.pools(domain));
                self.feed(domain, Input::Configure(Box::new(config)));
            }
        }
        for (domain, relationship, record) in begun {
            let table = std::mem::take(&mut self.domains[domain].table);
            self.connections.add(domain, &relationship);
            let pools = networks.pools(domain);
            self.domains[domain] = load::failover(relationship, pools, table, record, &self.clock);
            self.feed(domain, Input::Tick);
        }
    }

    /// Takes a scope with its leases to another domain, that of the relationship `new` if it has one;
    /// returns the domain it was in.
    pub(super) fn move_scope(
        &mut self,
        subnet: Ipv4Net,
        to: usize,
        new: Option<&Related>,
    ) -> Option<usize> {
        let (moved, pins) = self.dhcp.move_scope(subnet, to)?;
        let scope = self.dhcp.networks().scope(subnet)?;
        // What the servers of one relationship know of each other means nothing in another.
        let left = self.domains[moved.from].left();
        let is_new =
            to == ALONE || left.is_some_and(|left| new.is_some_and(|new| !left.was_in(new)));
        let from = &mut self.domains[moved.from].table;
        for reservation in &scope.config.reservations {
            from.set_reserved(reservation.address, false);
        }
        let bindings: Vec<Binding> =
            (0..moved.count).flat_map(|_| from.remove_pool(moved.first)).collect();
        let table = &mut self.domains[to].table;
        for pool in scope.pools() {
            if let Err(error) = table.add_pool(pool) {
                // The pools of all scopes are disjoint; the configuration was checked.
                tracing::error!(%subnet, "a pool of the scope cannot be used: {error}");
            }
        }
        table.add_subnet(Subnet::new(subnet.network(), subnet.prefix_len()));
        for binding in bindings {
            let binding = if is_new { load::without_failover(binding) } else { binding };
            if is_new {
                self.persistence.add_own(binding_write(&binding));
            }
            table.apply(binding);
        }
        load::reserve(table, scope);
        self.pin(&pins);
        Some(moved.from)
    }

    /// An endpoint works no more; nobody waits for it.
    fn end(&mut self, domain: usize) {
        self.connections.remove(domain);
        self.replies.forget_domain(domain);
        self.dry_runs.retain(|run| run.domain != domain);
        self.domains[domain].end();
    }

    fn remove_relationship(&mut self, domain: usize) {
        let name = self.domains[domain].name.clone();
        self.end(domain);
        self.metrics.forget_relationship(&name);
        self.persistence.add_own(Write::DeleteEndpoint { relationship: name });
    }
}
