//! What has to be done for a change, and whether it may be.

use crate::admin::{Problem, codes};
use crate::config::{Config, Former, Live, Related, Relationship};
use crate::core::{Core, load};
use crate::dhcp::gate::Gate;
use crate::dhcp::network::{ALONE, Networks};
use dhcp_failover_proto::EndpointRecord;
use ipnet::Ipv4Net;
use std::collections::{BTreeMap, BTreeSet};

/// What has to be done to come from one configuration to another.
#[derive(Debug, Default)]
pub(in crate::core) struct Plan {
    pub(super) removed: Vec<usize>,
    pub(super) added: Vec<(usize, Relationship)>,
    pub(super) changed: BTreeMap<usize, Relationship>,
    /// Relationships whose endpoint begins anew in another domain, from what is on disk.
    pub(super) restarted: BTreeMap<usize, usize>,
    /// A domain for each scope that leaves a relationship.
    pub(super) leaving: Vec<(usize, Former)>,
    /// Which scope goes to which domain.
    pub(super) moves: Vec<(Ipv4Net, usize)>,
}

impl Plan {
    /// How many domains are new.
    pub(super) fn numbers(&self) -> usize {
        self.added.len() + self.leaving.len() + self.restarted.len()
    }
}

impl Core {
    pub(super) fn plan(&self, config: &Config, live: &mut Live) -> Plan {
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
    pub(super) fn restart_what_must(&self, plan: &mut Plan) {
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
    pub(super) fn permitted(&self, plan: &Plan) -> Result<Networks, Vec<Problem>> {
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
}

/// Whether a partner may ever have given an address: it was heard of, or known to have been there.
pub(in crate::core) fn had_partner(record: Option<&EndpointRecord>) -> bool {
    record.is_some_and(|it| it.ran_failover || it.partner_state.is_some())
}
