//! What operators want, as the model allows it.

use super::super::live::ends_at;
use super::{Core, model};
use crate::admin::{Partner, Problem, Refusal, codes};
use crate::config::{Live, Related, Relationship};
use dhcp_failover_relationship::cmdlet::{
    AddFailover, Failover, PartnerServer, SetFailover, add_failover_scope, remove_failover_scope,
    scope_ids,
};
use dhcp_failover_relationship::{self as windows, Errors};
use ipnet::Ipv4Net;
use std::net::{Ipv4Addr, SocketAddr};

/// A change that the model allows.
pub(in crate::core) struct Wanted {
    /// The relationship.
    pub(super) name: String,
    pub(super) live: Live,
    pub(super) done: Vec<String>,
}

impl Core {
    pub(in crate::core) fn wants_to_add(
        &self,
        parameters: &AddFailover,
        partner: &Partner,
    ) -> Result<Wanted, Refusal> {
        let mut registry = self.registry()?;
        let address = SocketAddr::V4(partner.address);
        let local = self.local_server(Some(address));
        let server = PartnerServer { name: partner.name.clone(), address: *partner.address.ip() };
        let served = |scope: Ipv4Addr| self.served(scope);
        let new = parameters.create(&mut registry, &local, &server, &served)?;
        let relationship = model::new_relationship(new, &partner.name, address);
        allowed(&relationship)?;
        self.not_left_lately(new.scopes(), &relationship)?;
        let mut done = vec![format!(
            "relationship {:?} with {} is made on this server; the partner needs it, too, as the \
             {}",
            relationship.name,
            partner.name,
            new.server_type().partner()
        )];
        done.extend(new.scopes().iter().map(|scope| {
            let joins = joins(*scope, &relationship.name);
            format!("{joins}; its clients are served again when the two servers have met")
        }));
        let mut live = self.settings.live.clone();
        let name = relationship.name.clone();
        live.set_scopes(&self.settings.file, self.subnets(new.scopes()), Some(&name));
        live.set_relationship(&self.settings.file, &name, Some(relationship));
        Ok(Wanted { name, live, done })
    }

    pub(in crate::core) fn wants_to_set(
        &self,
        name: &str,
        parameters: &SetFailover,
    ) -> Result<Wanted, Refusal> {
        let mut registry = self.registry()?;
        let before = registry.get(name)?.clone();
        let changes = parameters.changes(&before)?;
        let new = registry.set(name, changes.clone())?;
        let domain = self.domain_of(Some(name))?;
        let old = self.domains[domain].relationship().ok_or("the relationship is gone")?;
        let relationship = model::changed(old, new, &changes);
        allowed(&relationship)?;
        let mut live = self.settings.live.clone();
        let mut done = differences(&Failover::of(&before), &Failover::of(new));
        if old.secret != relationship.secret {
            done.push(format!("{name:?}: SharedSecret is changed"));
        }
        if done.is_empty() {
            done.push(format!("{name:?} is as it was"));
        }
        live.set_relationship(&self.settings.file, name, Some(relationship));
        Ok(Wanted { name: name.to_owned(), live, done })
    }

    pub(in crate::core) fn wants_to_remove(&self, name: &str) -> Result<Wanted, Refusal> {
        let removed = self.registry()?.delete(name)?;
        let file = &self.settings.file;
        let mut live = self.settings.live.clone();
        live.set_scopes(file, self.subnets(removed.scopes()), None);
        live.set_relationship(file, name, None);
        let mut done = vec![format!(
            "relationship {name:?} is removed from this server; the partner still has it"
        )];
        done.extend(removed.scopes().iter().map(|scope| self.leaves(*scope, name)));
        Ok(Wanted { name: name.to_owned(), live, done })
    }

    pub(in crate::core) fn wants_to_set_scopes(
        &self,
        scope_id: &[String],
        active: bool,
    ) -> Result<Wanted, Refusal> {
        let scopes = scope_ids(scope_id)?;
        let absent = scopes.iter().filter(|scope| self.subnet(**scope).is_none());
        let absent = absent.map(|scope| windows::Error::ScopeNotPresent { scope: *scope });
        Errors::check(absent.collect())?;
        if scopes.is_empty() {
            return Err(Errors::from(windows::Error::from(windows::Invalid::Missing {
                parameter: "ScopeId",
            }))
            .into());
        }
        let mut live = self.settings.live.clone();
        live.set_active(&self.settings.file, self.subnets(&scopes), active);
        let says = match active {
            true => "is active: this server serves its clients, as its relationship lets it",
            false => "is inactive: this server answers none of its clients, and keeps their leases",
        };
        let done = scopes.iter().map(|scope| format!("scope {scope} {says}")).collect();
        Ok(Wanted { name: String::new(), live, done })
    }

    pub(in crate::core) fn wants_to_move(
        &self,
        name: &str,
        scope_id: &[String],
        join: bool,
    ) -> Result<Wanted, Refusal> {
        let mut registry = self.registry()?;
        let served = |scope: Ipv4Addr| self.served(scope);
        let scopes = if join {
            let scopes = add_failover_scope(&mut registry, name, scope_id, &served)?;
            let domain = self.domain_of(Some(name))?;
            let new = self.domains[domain].relationship().ok_or("the relationship is gone")?;
            self.not_left_lately(&scopes, new)?;
            scopes
        } else {
            remove_failover_scope(&mut registry, name, scope_id, &served)?
        };
        let mut live = self.settings.live.clone();
        live.set_scopes(&self.settings.file, self.subnets(&scopes), join.then_some(name));
        let mut done: Vec<_> = scopes
            .iter()
            .map(|scope| if join { joins(*scope, name) } else { self.leaves(*scope, name) })
            .collect();
        if registry.get(name)?.scopes().is_empty() {
            done.push(format!(
                "relationship {name:?} has no scope any more; remove it unless it is to be used again"
            ));
        }
        Ok(Wanted { name: name.to_owned(), live, done })
    }

    fn leaves(&self, scope: Ipv4Addr, name: &str) -> String {
        let mut scopes = self.settings.in_force.scopes.iter();
        if scopes.any(|it| it.subnet.network() == scope && !it.active) {
            return format!("scope {scope} is in {name:?} no more, and inactive on this server");
        }
        format!(
            "scope {scope} is served by this server alone; addresses that were the partner's in \
             {name:?} are given after the maximum client lead time. The partner must not serve it any \
             more: have it inactive there (set-scope)"
        )
    }

    fn subnets(&self, scopes: &[Ipv4Addr]) -> Vec<Ipv4Net> {
        scopes.iter().filter_map(|scope| self.subnet(*scope)).collect()
    }

    /// A scope comes into a relationship with all its leases on record, or not at all.
    fn not_left_lately(&self, scopes: &[Ipv4Addr], new: &Relationship) -> Result<(), Refusal> {
        let live = &self.settings.live;
        let new = Related::to(new);
        let left = self.subnets(scopes).into_iter().filter_map(|subnet| {
            let former = live.former.get(&subnet).filter(|it| !it.was_in(&new))?;
            let until = ends_at(former);
            let waits = until.as_unix_s().saturating_sub(self.lease_now().as_unix_s());
            Some(Problem {
                code: codes::SYNC_IN_PROGRESS,
                message: format!(
                    "scope {} was in relationship {:?} not long ago, and that partner may have leased \
                     addresses of it that this server does not know of",
                    subnet.network(),
                    former.name()
                ),
                remedy: format!("wait {waits} s, or put it back into that relationship, with the same partner and role"),
            })
        });
        Refusal::all(left.collect()).map_or(Ok(()), Err)
    }
}

/// Refuses what a configuration file could not say.
fn allowed(relationship: &Relationship) -> Result<(), Refusal> {
    let problems = model::refused(relationship).into_iter().map(|(message, remedy)| Problem {
        code: codes::INVALID_PARAMETER,
        message,
        remedy: remedy.to_owned(),
    });
    Refusal::all(problems.collect()).map_or(Ok(()), Err)
}

/// What is shown in another way than before, by the names of the properties.
fn differences(before: &Failover, now: &Failover) -> Vec<String> {
    let properties = |it: &Failover| match serde_json::to_value(it) {
        Ok(serde_json::Value::Object(properties)) => properties,
        _ => serde_json::Map::new(),
    };
    let (old, new) = (properties(before), properties(now));
    let shown = |value: Option<&serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => "not set".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let changed = new.iter().filter(|(key, value)| old.get(*key) != Some(value));
    changed
        .map(|(key, value)| {
            let name = &now.name;
            format!("{name:?}: {key} was {}, is {}", shown(old.get(key)), shown(Some(value)))
        })
        .collect()
}

fn joins(scope: Ipv4Addr, name: &str) -> String {
    format!("scope {scope} is in relationship {name:?}")
}
