//! The commands that only look.

use super::arguments::ExplainArgs;
use super::output::{Answer, Failure, json, rendered};
use super::relationship::{GetArgs, OneName};
use super::session::{Session, unexpected};
use crate::admin::{self, AdminRequest, AdminResponse, Problem, Refusal};
use dhcp_failover_relationship::cmdlet::{Failover, scope_ids};

pub(super) fn status(session: &Session<'_>, name: &OneName) -> Result<Answer, Failure> {
    let relationship = name.given(session.relationship)?;
    match session.call(&AdminRequest::Status { relationship })? {
        AdminResponse::Status { rows } => Ok(rendered(&rows, session.json).into()),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn leases(session: &Session<'_>, name: &OneName) -> Result<Answer, Failure> {
    let relationship = name.given(session.relationship)?;
    let rows = admin::leases(session.server, relationship.as_deref())?;
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
    let scopes = scope_ids(&arguments.scopes.scope_id).map_err(Refusal::from)?;
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
        but => Ok(Answer { text: shown(&found, session.json), but }),
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
