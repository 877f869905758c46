//! One command, its server and whoever gave it.

use super::ask::Person;
use super::output::Failure;
use crate::admin::{
    AdminRequest, AdminResponse, ClientError, Refusal, StatusRow, choose_relationship,
};
use dhcp_failover_relationship::cmdlet::Failover;
use std::path::Path;

/// Asks a server.
pub(super) type Call<'a> = &'a dyn Fn(&AdminRequest) -> Result<AdminResponse, ClientError>;

/// What a command needs.
pub(super) struct Session<'a> {
    /// The server's socket.
    pub(super) server: &'a Path,
    pub(super) call: Call<'a>,
    pub(super) person: Person<'a>,
    /// `--json`
    pub(super) json: bool,
    /// `--relationship`
    pub(super) relationship: Option<&'a String>,
}

impl Session<'_> {
    pub(super) fn call(&self, request: &AdminRequest) -> Result<AdminResponse, Failure> {
        match (self.call)(request)? {
            AdminResponse::Failed(refusal) => Err(refusal.into()),
            response => Ok(response),
        }
    }

    /// Relationships by name; all without one.
    pub(super) fn failovers(&self, name: Vec<String>) -> Result<Vec<Failover>, Failure> {
        let scope_id = Vec::new();
        match self.call(&AdminRequest::GetFailover { name, scope_id })? {
            AdminResponse::Failovers { rows } => Ok(rows),
            other => Err(unexpected(&other)),
        }
    }

    /// The state of the relationship that is meant: the one of that name, or the only one.
    pub(super) fn status_of(&self, name: Option<String>) -> Result<StatusRow, Failure> {
        let request = AdminRequest::Status { relationship: name.clone() };
        let AdminResponse::Status { rows } = self.call(&request)? else {
            return Err(unexpected("no status"));
        };
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        let chosen = choose_relationship(&names, name.as_deref())?.to_owned();
        let row = rows.into_iter().find(|row| row.name == chosen);
        row.ok_or_else(|| Refusal::from("the relationship is gone").into())
    }
}

/// The server answered something else than what it was asked.
pub(super) fn unexpected(answer: impl std::fmt::Debug) -> Failure {
    ClientError::Answer(format!("it does not fit the question: {answer:?}")).into()
}
