//! The operations of Windows on relationships, on this server only.
//!
//! The model decides what is allowed ([`Registry`]); what it allows becomes a change of [`Live`] and is
//! carried out by [`Core::change_to`]. The operator is answered when it is on disk.

mod model;
mod statistics;
#[cfg(test)]
mod tests;

use super::Core;
use super::domain::Domain;
use super::live::Settings;
use super::load::too_soon;
use crate::admin::{AdminResponse, Changed, Partner, Problem, Refusal, codes};
use crate::config::{Config, Live, Related, Relationship};
use dhcp_failover_relationship::cmdlet::{
    AddFailover, Failover, LocalServer, PartnerServer, SetFailover, add_failover_scope,
    remove_failover_scope, scope_ids,
};
use dhcp_failover_relationship::{self as windows, Errors, FsmState, Registry, ScopeKind};
use ipnet::Ipv4Net;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::sync::oneshot;

/// An operator who waits until a change is on disk.
pub(super) struct Waiting {
    submission: u64,
    changed: Changed,
    reply: oneshot::Sender<AdminResponse>,
}

/// A change that the model allows.
struct Wanted {
    /// The relationship.
    name: String,
    live: Live,
    done: Vec<String>,
}

impl From<Errors> for Refusal {
    fn from(errors: Errors) -> Self {
        let problems = errors.iter().map(|error| Problem {
            code: error.code(),
            message: error.to_string(),
            remedy: error.remedy().into_owned(),
        });
        Self::all(problems.collect()).unwrap_or_else(|| Self::from("nothing was done"))
    }
}

impl From<windows::Error> for Refusal {
    fn from(error: windows::Error) -> Self {
        Self::from(Errors::from(error))
    }
}

impl Core {
    /// The relationships in force.
    fn registry(&self) -> Result<Registry, Refusal> {
        let there = self.domains.iter().filter(|it| it.relationship().is_some()).count();
        let allowed = match self.settings.in_force.server.max_relationships {
            0 => 0,
            most => most.max(there),
        };
        let mut registry = Registry::with_max_relationships(allowed);
        for (domain, it) in self.domains.iter().enumerate() {
            let Some(relationship) = it.relationship() else { continue };
            let local = self.local_server(Some(relationship.partner));
            let scopes = self.scopes_of(domain).map(|scope| scope.network());
            registry.insert(model::to_model(relationship, &local, scopes)?)?;
            let (state, previous) = it.states().unwrap_or((FsmState::NoState, FsmState::NoState));
            registry.set_state(&relationship.name, state, previous)?;
        }
        Ok(registry)
    }

    fn local_server(&self, partner: Option<SocketAddr>) -> LocalServer {
        let server = &self.settings.in_force.server;
        model::local_server(&server.name, server.failover_listen, partner)
    }

    fn scopes_of(&self, domain: usize) -> impl Iterator<Item = Ipv4Net> {
        let scopes = self.dhcp.networks().scopes().map(|(_, scope)| scope);
        scopes.filter(move |scope| scope.domain == domain).map(|scope| scope.config.subnet)
    }

    /// What the scope with this address serves: every scope serves DHCP.
    fn served(&self, scope: Ipv4Addr) -> Option<ScopeKind> {
        self.subnet(scope).map(|_| ScopeKind::Dhcp)
    }

    pub(super) fn subnet(&self, scope: Ipv4Addr) -> Option<Ipv4Net> {
        let scopes = self.settings.in_force.scopes.iter();
        scopes.map(|it| it.subnet).find(|subnet| subnet.network() == scope)
    }

    pub(super) fn get_failover(
        &self,
        names: &[String],
        scopes: &[Ipv4Addr],
    ) -> Result<AdminResponse, Refusal> {
        let registry = self.registry()?;
        let unknown = names.iter().filter_map(|name| registry.get(name).err());
        let unrelated = scopes.iter().filter_map(|scope| registry.of_scope(*scope).err());
        Errors::check(unknown.chain(unrelated).collect())?;
        let is_wanted = |it: &&windows::Relationship| {
            let of_scope = || scopes.iter().any(|scope| it.has_scope(*scope));
            (names.is_empty() || names.iter().any(|name| name == it.name()))
                && (scopes.is_empty() || of_scope())
        };
        let rows = registry.iter().filter(is_wanted).map(Failover::of).collect();
        Ok(AdminResponse::Failovers { rows })
    }

    pub(super) fn add_failover(
        &mut self,
        parameters: &AddFailover,
        partner: &Partner,
        what_if: bool,
        reply: oneshot::Sender<AdminResponse>,
    ) {
        let wanted = self.wants_to_add(parameters, partner);
        self.change(wanted, what_if, reply);
    }

    fn wants_to_add(&self, parameters: &AddFailover, partner: &Partner) -> Result<Wanted, Refusal> {
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

    pub(super) fn set_failover(
        &mut self,
        name: &str,
        parameters: &SetFailover,
        what_if: bool,
        reply: oneshot::Sender<AdminResponse>,
    ) {
        let wanted = self.wants_to_set(name, parameters);
        self.change(wanted, what_if, reply);
    }

    fn wants_to_set(&self, name: &str, parameters: &SetFailover) -> Result<Wanted, Refusal> {
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

    pub(super) fn remove_failover(
        &mut self,
        name: &str,
        what_if: bool,
        reply: oneshot::Sender<AdminResponse>,
    ) {
        let wanted = self.wants_to_remove(name);
        self.change(wanted, what_if, reply);
    }

    fn wants_to_remove(&self, name: &str) -> Result<Wanted, Refusal> {
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

    pub(super) fn set_scope(
        &mut self,
        scope_id: &[String],
        active: bool,
        what_if: bool,
        reply: oneshot::Sender<AdminResponse>,
    ) {
        let wanted = self.wants_to_set_scopes(scope_id, active);
        self.change(wanted, what_if, reply);
    }

    fn wants_to_set_scopes(&self, scope_id: &[String], active: bool) -> Result<Wanted, Refusal> {
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

    pub(super) fn move_failover_scopes(
        &mut self,
        name: &str,
        scope_id: &[String],
        join: bool,
        what_if: bool,
        reply: oneshot::Sender<AdminResponse>,
    ) {
        let wanted = self.wants_to_move(name, scope_id, join);
        self.change(wanted, what_if, reply);
    }

    fn wants_to_move(
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
            let until = super::live::ends_at(former);
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

    /// Carries out what is wanted, or only says what would be done.
    fn change(
        &mut self,
        wanted: Result<Wanted, Refusal>,
        what_if: bool,
        reply: oneshot::Sender<AdminResponse>,
    ) {
        let outcome = wanted.and_then(|Wanted { name, live, done }| {
            // What could not be read again would keep the server from starting.
            let stored = live.encode().map_err(|error| error.to_string());
            let again = stored.and_then(|it| Live::decode(&it).map_err(|error| error.to_string()));
            if again.map_err(Refusal::from)? != live {
                return Err("the change would not be the same after a restart".into());
            }
            if what_if {
                let (config, _) = self.would_change_to(&mut live.clone()).map_err(in_the_way)?;
                return Ok((None, self.changed(&config, &name, done, true)?));
            }
            let submission = self.change_to(live).map_err(in_the_way)?;
            for line in &done {
                tracing::warn!(relationship = name, "an operator changed this: {line}");
            }
            let config = self.settings.in_force.clone();
            Ok((Some(submission), self.changed(&config, &name, done, false)?))
        });
        // An operator that has gone needs no answer.
        match outcome {
            Ok((Some(submission), changed)) => {
                self.waiting.push_back(Waiting { submission, changed, reply });
            }
            Ok((None, changed)) => drop(reply.send(AdminResponse::Changed(changed))),
            Err(refusal) => drop(reply.send(AdminResponse::Failed(refusal))),
        }
    }

    /// What the operator is told: the relationship as `config` has it, or nothing if it is gone.
    fn changed(
        &self,
        config: &Config,
        name: &str,
        done: Vec<String>,
        what_if: bool,
    ) -> Result<Changed, Refusal> {
        let new = config.relationships.iter().find(|it| it.name == name);
        let view = new.map(|relationship| -> Result<Failover, Errors> {
            let local = self.local_server(Some(relationship.partner));
            let scopes = config
                .scopes
                .iter()
                .filter(|scope| config.relationship_of(scope).is_some_and(|it| it.name == name));
            let scopes = scopes.map(|scope| scope.subnet.network());
            let mut registry = Registry::with_max_relationships(0);
            registry.insert(model::to_model(relationship, &local, scopes)?)?;
            let of_name = |it: &&Domain| it.relationship().is_some_and(|it| it.name == name);
            let running = self.domains.iter().find(of_name).and_then(Domain::states);
            if let Some((state, previous)) = running {
                registry.set_state(name, state, previous)?;
            }
            Ok(Failover::of(registry.get(name)?))
        });
        Ok(Changed { relationship: view.transpose()?, done, what_if })
    }

    /// Answers the operators whose changes are on disk up to this submission.
    pub(super) fn changes_are_durable(&mut self, submission: u64) {
        while self.waiting.front().is_some_and(|it| it.submission <= submission) {
            let Some(Waiting { changed, reply, .. }) = self.waiting.pop_front() else { return };
            drop(reply.send(AdminResponse::Changed(changed)));
        }
    }

    pub(super) fn export_config(&self) -> Result<AdminResponse, Refusal> {
        let (file, text) = self.read_file()?;
        let config = self.settings.live.apply(&file).map_err(|error| error.to_string())?;
        let toml = config.export(&file, &text).map_err(|error| error.to_string())?;
        Ok(AdminResponse::Config { toml })
    }

    pub(super) fn config_differences(&self) -> Result<AdminResponse, Refusal> {
        let (file, _) = self.read_file()?;
        let Settings { live, .. } = &self.settings;
        let records = self.domains.iter().filter_map(|it| Some((it.name.clone(), it.record()?)));
        // With such a file the server would not start again.
        let started = live.apply(&file);
        let started = started.and_then(|config| too_soon(&config, &records.collect(), live));
        let problem = started.err().map(|error| error.to_string());
        let lines = live.differences(&file).into_iter().chain(problem).collect();
        Ok(AdminResponse::Differences { lines })
    }

    /// The configuration file as it is now.
    fn read_file(&self) -> Result<(Config, String), Refusal> {
        let path = &self.settings.file.file;
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let config = Config::parse(path, &text).map_err(|errors| errors.to_string())?;
        Ok((config, text))
    }
}

fn in_the_way(problems: Vec<String>) -> Refusal {
    let problems = problems.iter().map(|text| Problem::of_text(codes::NOT_NORMAL, text));
    Refusal::all(problems.collect()).unwrap_or_else(|| Refusal::from("nothing was done"))
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
