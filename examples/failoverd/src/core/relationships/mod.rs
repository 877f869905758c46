//! The operations of Windows on relationships, on this server only.
//!
//! The model decides what is allowed ([`Registry`]): `wishes` asks it, and what it allows becomes another
//! [`Live`](crate::config::Live). `change` has that carried out ([`Core::change_to`]) and answers the operator
//! when it is on disk.

pub(super) mod change;
mod file;
mod model;
mod statistics;
#[cfg(test)]
mod tests;
mod wishes;

use super::Core;
use crate::admin::{AdminResponse, Problem, Refusal};
use dhcp_failover_relationship::cmdlet::{Failover, LocalServer};
use dhcp_failover_relationship::{self as windows, Errors, FsmState, Registry, ScopeKind};
use ipnet::Ipv4Net;
use std::net::{Ipv4Addr, SocketAddr};

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
}
