//! The commands that only look.

use super::arguments::ExplainArgs;
use super::output::{Answer, Failure, json, rendered};
use super::relationship::{GetArgs, LeasesArgs, OneName};
use super::session::{Session, unexpected};
use crate::admin::{self, AdminRequest, AdminResponse, Problem, Refusal, Row};
use dhcp_failover_relationship::cmdlet::{Failover, ScopeStatistics};
use std::net::Ipv4Addr;

pub(super) fn status(session: &Session<'_>, name: &OneName) -> Result<Answer, Failure> {
    let relationship = name.given(session.relationship)?;
    match session.call(&AdminRequest::Status { relationship })? {
        AdminResponse::Status { rows } => Ok(rendered(&rows, session.json).into()),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn leases(session: &Session<'_>, arguments: &LeasesArgs) -> Result<Answer, Failure> {
    let relationship = arguments.name.given(session.relationship)?;
    let scopes = arguments.scopes.read()?;
    let rows = admin::leases_of(session.server, relationship.as_deref(), &scopes)?;
    Ok(rendered(&rows, session.json).into())
}

pub(super) fn explain(session: &Session<'_>, client: &ExplainArgs) -> Result<Answer, Failure> {
    let request = AdminRequest::Explain {
        hwaddr: client.hwaddr.clone(),
        client_id: client.client_id.clone(),
        relationship: client.name.as_ref().or(session.relationship).cloned(),
    };
    match session.call(&request)? {
        AdminResponse::Explained { rows } => Ok(rendered(&rows, session.json).into()),
        other => Err(unexpected(&other)),
    }
}

/// As the cmdlet: what there is of several names is shown, and for the others there are errors.
pub(super) fn get(session: &Session<'_>, arguments: &GetArgs) -> Result<Answer, Failure> {
    let scopes = arguments.scopes.read()?;
    let names = arguments.names.given(session.relationship);
    let requests = if names.is_empty() {
        vec![Vec::new()]
    } else {
        names.into_iter().map(|name| vec![name]).collect()
    };
    let mut found: Vec<Failover> = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    for name in requests {
        let request = AdminRequest::GetFailover { name, scope_id: scopes.clone() };
        match session.call(&request) {
            Ok(AdminResponse::Failovers { rows }) => found.extend(rows),
            Ok(other) => return Err(unexpected(&other)),
            Err(Failure::Refused(refusal)) => {
                for problem in refusal.into_problems() {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
            Err(other) => return Err(other),
        }
    }
    let but = Refusal::all(problems);
    match but {
        Some(refusal) if found.is_empty() => Err(refusal.into()),
        but => Ok(Answer { text: shown(&found, session.json), but, code: 0 }),
    }
}

/// Figures of scopes in failover.
pub(super) fn stats(session: &Session<'_>, arguments: &GetArgs) -> Result<Answer, Failure> {
    let mut scopes = arguments.scopes.read()?;
    let names = arguments.names.given(session.relationship);
    if !names.is_empty() {
        let relationships = session.failovers(names)?;
        let of_them: Vec<Ipv4Addr> = relationships.into_iter().flat_map(|it| it.scope_id).collect();
        let is_wanted = |scope: &Ipv4Addr| scopes.is_empty() || scopes.contains(scope);
        scopes = of_them.into_iter().filter(is_wanted).collect();
        // No scope at all would ask for all.
        if scopes.is_empty() {
            return Ok(rendered::<ScopeStatistics>(&[], session.json).into());
        }
    }
    Ok(rendered(&statistics(session, scopes)?, session.json).into())
}

/// The figures of these scopes; of all in failover without one.
pub(super) fn statistics(
    session: &Session<'_>,
    scope_id: Vec<Ipv4Addr>,
) -> Result<Vec<ScopeStatistics>, Failure> {
    match session.call(&AdminRequest::ScopeStatistics { scope_id })? {
        AdminResponse::Statistics { rows } => Ok(rows),
        other => Err(unexpected(&other)),
    }
}

impl Row for ScopeStatistics {
    const COLUMNS: &'static [&'static str] = &[
        "SCOPE",
        "ADDRESSES",
        "FREE",
        "IN USE",
        "PERCENT",
        "FREE HERE",
        "IN USE HERE",
        "FREE AT PARTNER",
        "IN USE AT PARTNER",
    ];

    fn cells(&self) -> Vec<String> {
        let it = &self.statistics;
        let numbers = [it.num_addr, it.addr_free, it.addr_in_use];
        let sides =
            [it.this_addr_free, it.this_addr_in_use, it.partner_addr_free, it.partner_addr_in_use];
        let mut cells = vec![self.scope_id.to_string()];
        cells.extend(numbers.map(|it| it.to_string()));
        cells.push(format!("{:.1}", it.in_use_percent()));
        cells.extend(sides.map(|it| it.to_string()));
        cells
    }
}

/// Relationships as PowerShell lists them, or as JSON with the same names.
pub(super) fn shown(relationships: &[Failover], as_json: bool) -> String {
    if as_json {
        return json(&relationships);
    }
    let lists: Vec<String> = relationships.iter().map(Failover::to_list).collect();
    lists.join("\n")
}
