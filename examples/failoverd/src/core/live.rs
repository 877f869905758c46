//! Relationships and scopes that change while the server runs.
//!
//! What operators changed is one record, [`Live`], beside the file: a change makes a new one, from it
//! the configuration that is to be in force, and then what runs is brought to that. Everything that
//! can be refused is refused first; after that nothing fails. The record is handed to the store before
//! anything that follows from it, so whatever of the change is on disk, the record is.

use super::domain::{Domain, binding_write};
use super::load;
use super::{Core, CoreError};
use crate::admin::{Problem, codes};
use crate::config::{Config, Former, Live, Related, Relationship};
use crate::dhcp::gate::Gate;
use crate::dhcp::network::{ALONE, Networks};
use crate::store::Write;
use dhcp_failover_lease::{
    Allocator, Binding, BindingStatus, Client, HardwareAddress, LeaseInstant, Refusal,
};
use dhcp_failover_proto::{BindingTable, EndpointRecord, Input, Subnet};
use ipnet::Ipv4Net;
use std::collections::{BTreeMap, BTreeSet};

/// How the configuration came to be what is in force.
#[derive(Debug)]
pub(super) struct Settings {
    /// As the file said at the start.
    pub(super) file: Config,
    /// What operators changed.
    pub(super) live: Live,
    /// Both together.
    pub(super) in_force: Config,
}

/// What has to be done to come from one configuration to another.
#[derive(Debug, Default)]
pub(super) struct Plan {
    removed: Vec<usize>,
    added: Vec<(usize, Relationship)>,
    changed: BTreeMap<usize, Relationship>,
    /// Relationships whose endpoint begins anew in another domain, from what is on disk.
    restarted: BTreeMap<usize, usize>,
    /// A domain for each scope that leaves a relationship.
    leaving: Vec<(usize, Former)>,
    /// Which scope goes to which domain.
    moves: Vec<(Ipv4Net, usize)>,
}

impl Plan {
    /// How many domains are new.
    fn numbers(&self) -> usize {
        self.added.len() + self.leaving.len() + self.restarted.len()
    }
}

impl Core {
    /// Brings what runs to the configuration of the file with `live`, and returns the number of the
    /// submission that makes it durable. Scopes that leave a relationship are added to `live.former`.
    ///
    /// # Errors
    /// Everything that is in the way; then nothing was changed.
    pub(super) fn change_to(&mut self, mut live: Live) -> Result<u64, Vec<Problem>> {
        let (config, plan) = self.would_change_to(&mut live)?;
        let networks = self.permitted(&plan)?;
        if let (false, Some(address)) = (plan.added.is_empty(), config.server.failover_listen) {
            self.connections.listen(address).map_err(|error| {
                failed(format!(
                    "cannot listen for partners on {address}: {error}; have that port free, or set \
                     another server.failover_listen"
                ))
            })?;
        }
        let record = live.encode().map_err(failed)?;
        let submission = self.persistence.add_own(Write::Live { record });
        for scope in &config.scopes {
            self.dhcp.set_active(scope.subnet, scope.active);
        }
        self.settings = Settings { file: self.settings.file.clone(), live, in_force: config };
        self.carry_out(plan, &networks);
        Ok(submission)
    }

    /// What [`change_to`](Self::change_to) would bring about, and how.
    pub(super) fn would_change_to(&self, live: &mut Live) -> Result<(Config, Plan), Vec<Problem>> {
        let config = live.apply(&self.settings.file).map_err(failed)?;
        let mut plan = self.plan(&config, live);
        live.related = Some(Related::of(&config));
        self.restart_what_must(&mut plan);
        self.permitted(&plan)?;
        Ok((config, plan))
    }

    fn plan(&self, config: &Config, live: &mut Live) -> Plan {
        let mut plan = Plan::default();
        let mut next = self.domains.len();
        let mut number = || {
            next += 1;
            next - 1
        };
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        for (domain, old) in self.domains.iter().enumerate() {
            let Some(old) = old.relationship() else { continue };
            match config.relationships.iter().find(|new| new.name == old.name) {
                None => plan.removed.push(domain),
                Some(new) => {
                    by_name.insert(&old.name, domain);
                    if new != old {
                        plan.changed.insert(domain, new.clone());
                    }
                }
            }
        }
        for new in &config.relationships {
            if !by_name.contains_key(new.name.as_str()) {
                let domain = number();
                by_name.insert(&new.name, domain);
                plan.added.push((domain, new.clone()));
            }
        }
        for scope in &config.scopes {
            let Some(present) = self.dhcp.networks().scope(scope.subnet) else { continue };
            let old = &self.domains[present.domain];
            match (config.relationship_of(scope), old.gate()) {
                (Some(new), _) => {
                    let to = by_name.get(new.name.as_str()).copied().unwrap_or(ALONE);
                    if to != present.domain {
                        plan.moves.push((scope.subnet, to));
                    }
                }
                (None, Gate::Failover(view)) => {
                    let now = self.lease_now();
                    let related = old.relationship().filter(|_| had_partner(old.record().as_ref()));
                    if let Some(related) = related.map(Related::to) {
                        let former = Former::new(related, view.allocator(now), now);
                        live.former.insert(scope.subnet, former);
                    }
                    // Otherwise only from before may there be a partner to be waited for.
                    let Some(former) = live.former.get(&scope.subnet) else {
                        plan.moves.push((scope.subnet, ALONE));
                        continue;
                    };
                    let domain = number();
                    plan.leaving.push((domain, former.clone()));
                    plan.moves.push((scope.subnet, domain));
                }
                (None, _) => {}
            }
        }
        plan
    }

    /// An endpoint that is not done with the addresses there are lets none of them go: it is begun
    /// anew, as if the server had been started with the new scopes.
    fn restart_what_must(&self, plan: &mut Plan) {
        let leave: BTreeSet<usize> = plan
            .moves
            .iter()
            .filter_map(|(subnet, _)| Some(self.dhcp.networks().scope(*subnet)?.domain))
            .collect();
        for domain in leave.into_iter().filter(|it| !plan.removed.contains(it)) {
            let Some(endpoint) = self.domains[domain].endpoint() else { continue };
            if endpoint.permits_other_pools() {
                continue;
            }
            let new = self.domains.len() + plan.numbers();
            plan.restarted.insert(domain, new);
            for (_, scope) in self.dhcp.networks().scopes().filter(|it| it.1.domain == domain) {
                let subnet = scope.config.subnet;
                if plan.moves.iter().all(|(moved, _)| *moved != subnet) {
                    plan.moves.push((subnet, new));
                }
            }
        }
    }

    /// The scopes as they will be, unless an endpoint does not take its new configuration.
    fn permitted(&self, plan: &Plan) -> Result<Networks, Vec<Problem>> {
        let mut networks = self.dhcp.networks().clone();
        let mut concerned: BTreeSet<usize> = plan.changed.keys().copied().collect();
        for (subnet, to) in &plan.moves {
            let moved = networks.move_scope(*subnet, *to);
            concerned.extend(moved.map(|moved| moved.from));
            concerned.insert(*to);
        }
        let mut errors = Vec::new();
        let goes_on = |it: &usize| !plan.removed.contains(it) && !plan.restarted.contains_key(it);
        for domain in concerned.into_iter().filter(goes_on) {
            let Some(old) = self.domains.get(domain) else { continue };
            let (Some(endpoint), Some(relationship)) = (old.endpoint(), old.relationship()) else {
                continue;
            };
            let new = plan.changed.get(&domain).unwrap_or(relationship);
            let config = load::endpoint_config(new, networks.pools(domain));
            if let Err(refused) = endpoint.permits_configuration(&config) {
                let name = &relationship.name;
                errors.extend(refused.iter().map(|error| {
                    let text = format!("relationship {name:?}: {error}");
                    Problem::of_text(codes::NOT_NORMAL, &text)
                }));
            }
        }
        if errors.is_empty() { Ok(networks) } else { Err(errors) }
    }

    fn carry_out(&mut self, plan: Plan, networks: &Networks) {
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
    fn move_scope(&mut self, subnet: Ipv4Net, to: usize, new: Option<&Related>) -> Option<usize> {
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

    /// Scopes that left a relationship so long ago that nothing is left to be waited for are served
    /// like any other.
    pub(super) fn forget_partners(&mut self) -> Result<(), CoreError> {
        let now = self.lease_now();
        let scopes = self.dhcp.networks().scopes().map(|(_, scope)| scope);
        let over: Vec<Ipv4Net> = scopes
            .filter(|scope| {
                let domain = &self.domains[scope.domain];
                let Gate::Former(rules) = domain.gate() else { return false };
                is_over(&domain.table, Allocator { now, ..rules })
            })
            .map(|scope| scope.config.subnet)
            .collect();
        for subnet in over {
            tracing::info!(%subnet, "what the former partner may have leased is over");
            self.settings.live.former.remove(&subnet);
            self.move_scope(subnet, ALONE, None);
            let record = self.settings.live.encode().map_err(load::LoadError::Record)?;
            self.persistence.add_own(Write::Live { record });
        }
        Ok(())
    }
}

/// What is in the way and no state of a relationship.
fn failed(problem: impl ToString) -> Vec<Problem> {
    vec![Problem::of_text(codes::FAILED, &problem.to_string())]
}

/// Whether a partner may ever have given an address: it was heard of, or known to have been there.
pub(super) fn had_partner(record: Option<&EndpointRecord>) -> bool {
    record.is_some_and(|it| it.ran_failover || it.partner_state.is_some())
}

/// Whether no address but those of running leases is kept from anybody on a former partner's account.
fn is_over(table: &BindingTable, rules: Allocator) -> bool {
    let nobody = HardwareAddress::new(0, &[]).map(|none| Client::new(None, none));
    let Some(nobody) = nobody else { return false };
    let is_free = |binding: &Binding| match binding.status {
        BindingStatus::Active | BindingStatus::Abandoned => true,
        _ => !matches!(rules.check(binding, &nobody), Err(Refusal::WaitUntil(_))),
    };
    rules.partner_is_over() && table.iter().all(is_free)
}

/// The moment a scope is served like any other, as far as it is known: leases that ended may have to
/// be waited for longer.
pub(super) fn ends_at(former: &Former) -> LeaseInstant {
    former.since + former.mclt
}
