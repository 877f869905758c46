//! What operators ask.

use super::{Core, Domain};
use crate::admin::{
    AdminCall, AdminRequest, AdminResponse, LeaseRow, Order, Problem, Refusal, ScopeState,
    StatusRow, choose_relationship, codes, owner_of,
};
use crate::dhcp::{noted, option};
use dhcp_failover_lease::{Binding, BindingStatus};
use dhcp_failover_proto::{Bindings, Command, Dispute, Endpoint, Input, Status};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;

impl Core {
    /// Answers a request, at once or when what it takes is done.
    pub(super) fn admin(&mut self, (request, reply): AdminCall) {
        let answer = match &request {
            AdminRequest::Status { relationship } => {
                let name = relationship.as_deref();
                self.chosen(name).map(|_| AdminResponse::Status { rows: self.status_rows(name) })
            }
            AdminRequest::Leases { relationship, scope_id, after, limit } => {
                let name = relationship.as_deref();
                self.chosen(name)
                    .and_then(|()| self.subnets_of(scope_id))
                    .map(|subnets| self.lease_rows(name, &subnets, *after, *limit as usize))
            }
            AdminRequest::Explain { hwaddr, client_id, relationship } => {
                let (hwaddr, id) = (hwaddr.as_deref(), client_id.as_deref());
                super::explain::client_of(hwaddr, id).and_then(|client| {
                    self.chosen(relationship.as_deref())?;
                    let rows = self.explain(&client, relationship.as_deref());
                    Ok(AdminResponse::Explained { rows })
                })
            }
            AdminRequest::PartnerDown { relationship } => {
                self.command(relationship.as_deref(), Command::PartnerDown)
            }
            AdminRequest::ForcePartnerDown { relationship } => {
                self.command(relationship.as_deref(), Command::ForcePartnerDown)
            }
            AdminRequest::PartnerDownRisk { relationship } => {
                return self.begin_dry_run(relationship.as_deref(), reply);
            }
            AdminRequest::Recover { relationship } => {
                self.command(relationship.as_deref(), Command::Recover)
            }
            AdminRequest::Pause { relationship } => {
                self.command(relationship.as_deref(), Command::Pause)
            }
            AdminRequest::Shutdown { relationship } => {
                self.command(relationship.as_deref(), Command::Shutdown)
            }
            AdminRequest::WhatIf { order, relationship } => {
                let command = match order {
                    Order::Recover => Command::Recover,
                    Order::Pause => Command::Pause,
                    Order::Shutdown => Command::Shutdown,
                };
                self.ready_for(relationship.as_deref(), command).map(|(_, status)| {
                    let Status { name, state, .. } = status;
                    let message = format!(
                        "{name}: {command} would be carried out in {state}; nothing was changed"
                    );
                    AdminResponse::Done { message }
                })
            }
            AdminRequest::GetFailover { name, scope_id } => self.get_failover(name, scope_id),
            AdminRequest::AddFailover { parameters, partner, what_if } => {
                let wanted = self.wants_to_add(parameters, partner);
                return self.change(wanted, *what_if, reply);
            }
            AdminRequest::SetFailover { name, parameters, what_if } => {
                let wanted = self.wants_to_set(name, parameters);
                return self.change(wanted, *what_if, reply);
            }
            AdminRequest::RemoveFailover { name, what_if } => {
                let wanted = self.wants_to_remove(name);
                return self.change(wanted, *what_if, reply);
            }
            AdminRequest::AddFailoverScope { name, scope_id, what_if } => {
                let wanted = self.wants_to_move(name, scope_id, true);
                return self.change(wanted, *what_if, reply);
            }
            AdminRequest::RemoveFailoverScope { name, scope_id, what_if } => {
                let wanted = self.wants_to_move(name, scope_id, false);
                return self.change(wanted, *what_if, reply);
            }
            AdminRequest::SetScope { scope_id, state, what_if } => {
                let wanted = self.wants_to_set_scopes(scope_id, *state == ScopeState::Active);
                return self.change(wanted, *what_if, reply);
            }
            AdminRequest::ScopeStatistics { scope_id } => self.scope_statistics(scope_id),
            AdminRequest::ExportConfig => self.export_config(),
            AdminRequest::ConfigDifferences => self.config_differences(),
        };
        // An operator that has gone needs no answer.
        let _ = reply.send(answer.unwrap_or_else(AdminResponse::Failed));
    }

    /// The domain of the relationship named, or of the only one.
    pub(super) fn domain_of(&self, name: Option<&str>) -> Result<usize, Refusal> {
        let name = choose_relationship(&self.names(), name)?;
        let found = self
            .domains
            .iter()
            .position(|it| it.relationship().is_some_and(|relationship| relationship.name == name));
        found.ok_or_else(|| "the relationship is gone".into())
    }

    fn names(&self) -> Vec<&str> {
        let configured = self.domains.iter().filter_map(Domain::relationship);
        configured.map(|it| it.name.as_str()).collect()
    }

    /// Checks a name given where none is needed.
    fn chosen(&self, name: Option<&str>) -> Result<(), Refusal> {
        name.map_or(Ok(()), |name| choose_relationship(&self.names(), Some(name)).map(drop))
    }

    fn status_rows(&self, only: Option<&str>) -> Vec<StatusRow> {
        let all = self.domains.iter().filter_map(super::Domain::status);
        all.filter(|status| only.is_none_or(|name| name == status.name)).map(status_row).collect()
    }

    /// The subnets of these scopes, by ascending address.
    fn subnets_of(&self, scopes: &[Ipv4Addr]) -> Result<Vec<Ipv4Net>, Refusal> {
        let mut subnets = Vec::new();
        let mut unknown = Vec::new();
        for scope in scopes {
            match self.subnet(*scope) {
                Some(subnet) => subnets.push(subnet),
                None => unknown.push(Problem {
                    code: codes::NO_SCOPE,
                    message: format!("this server has no scope {scope}"),
                    remedy: "name a scope by the address of its subnet, as in the configuration"
                        .to_owned(),
                }),
            }
        }
        subnets.sort_unstable();
        subnets.dedup();
        Refusal::all(unknown).map_or(Ok(subnets), Err)
    }

    /// A page of leases; only those in these subnets, unless there are none.
    fn lease_rows(
        &self,
        only: Option<&str>,
        subnets: &[Ipv4Net],
        after: Option<Ipv4Addr>,
        limit: usize,
    ) -> AdminResponse {
        let everywhere = [Ipv4Net::default()];
        let subnets = if subnets.is_empty() { &everywhere } else { subnets };
        let mut rows = BTreeMap::new();
        for domain in &self.domains {
            if only.is_none_or(|name| name == domain.name && domain.endpoint().is_some()) {
                let disputes: BTreeMap<_, _> =
                    domain.endpoint().into_iter().flat_map(Endpoint::disputes).collect();
                let found = subnets.iter().flat_map(|subnet| {
                    let before = subnet.network().to_bits().checked_sub(1).map(Ipv4Addr::from_bits);
                    let used = domain.table.used_after(after.max(before));
                    used.take_while(|it| subnet.contains(&it.address))
                });
                rows.extend(found.take(limit.saturating_add(1)).map(|binding| {
                    let dispute = disputes.get(&binding.address).copied();
                    (binding.address, lease_row(binding, dispute))
                }));
            }
        }
        let more = rows.len() > limit;
        AdminResponse::Leases { rows: rows.into_values().take(limit).collect(), more }
    }

    /// The domain that a command is for, and how it is, if it takes the command.
    fn ready_for(&self, name: Option<&str>, command: Command) -> Result<(usize, Status), Refusal> {
        let domain = self.domain_of(name)?;
        let endpoint = self.domains[domain].endpoint().ok_or("the relationship is gone")?;
        let status = endpoint.status();
        endpoint.permits(command).map_err(|error| format!("{}: {error}", status.name))?;
        Ok((domain, status))
    }

    fn command(&mut self, name: Option<&str>, command: Command) -> Result<AdminResponse, Refusal> {
        let (domain, before) = self.ready_for(name, command)?;
        let name = &before.name;
        tracing::warn!(relationship = name, "an operator ordered {command:?}");
        self.feed(domain, Input::Command(command));
        let after = self.domains[domain].status().map_or(before.state, |status| status.state);
        let what = match command {
            Command::PartnerDown | Command::ForcePartnerDown => {
                "this server now serves alone. The partner must really be down: if it still \
                 serves, addresses can be given twice"
            }
            Command::Recover => {
                "this server fetches everything from its partner, and serves again when leases \
                 that it gave before and nobody knows of are over; without the partner it serves \
                 nobody"
            }
            Command::Pause => {
                "the partner was told of a short absence; this server serves nobody in this \
                 relationship until it is restarted"
            }
            _ => {
                "the partner was told of a long absence and takes over; this server serves nobody \
                 in this relationship until it is restarted"
            }
        };
        Ok(AdminResponse::Done { message: format!("{name}: {} -> {after}: {what}", before.state) })
    }
}

fn status_row(status: Status) -> StatusRow {
    StatusRow {
        name: status.name,
        role: status.role.to_string(),
        state: status.state.to_string(),
        partner_state: status
            .partner_state
            .map_or_else(|| "UNKNOWN".to_owned(), |state| state.to_string()),
        pending: status.pending as u64,
        disputed: status.disputed as u64,
    }
}

/// The row of an address, with why the partner does not take it if it does not.
fn lease_row(binding: &Binding, dispute: Option<&Dispute>) -> LeaseRow {
    let noted = noted::options(&binding.request_options);
    let name = noted.get(&option::HOST_NAME).filter(|name| !name.is_empty());
    let client = binding.client.as_ref();
    let dated = matches!(binding.status, BindingStatus::Active | BindingStatus::Abandoned);
    let expires = binding.expiries.lease;
    LeaseRow {
        address: binding.address,
        status: binding.status.to_string(),
        client_id: client.and_then(|client| client.identifier()).map(hexadecimal),
        hwaddr: client.map(|client| client.hardware().to_string()),
        expires: (dated && !expires.is_never()).then(|| expires.as_unix_s()),
        owner: owner_of(binding.status.name()).to_owned(),
        // Whatever the client wrote, it must not write on the operator's terminal.
        host_name: name.map(|name| name.escape_ascii().to_string()),
        relay_agent: noted.get(&option::RELAY_AGENT).map(|value| hexadecimal(value)),
        dispute: dispute.map(|dispute| {
            let Dispute { reason, message, since, tries, .. } = dispute;
            format!(
                "{reason}: {message} (since {}, offered again {tries} times)",
                since.as_unix_s()
            )
        }),
    }
}

/// Bytes as in a hardware address.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{byte:02x}", if index == 0 { "" } else { ":" });
    }
    text
}
