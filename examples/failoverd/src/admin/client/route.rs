//! Requests as HTTP: the counterpart of the server's routes.

use super::ClientError;
use crate::admin::api::wire::{
    Differences, Done, ExplainRows, FailoverRows, LeasePage, ScopeIds, SetScope, StatisticsRows,
    StatusRows,
};
use crate::admin::message::{AdminRequest, AdminResponse, Order};
use dhcp_failover_relationship::SharedSecret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One request to a server and how to read its answer.
pub(super) struct Call {
    method: &'static str,
    target: Target,
    body: Option<Vec<u8>>,
    pub(super) read: Read,
}

/// Reads the body of an answer; the error says what is wrong with it.
type Read = fn(&[u8]) -> Result<AdminResponse, String>;

const STATUS: Read = |it| json(it, |StatusRows { rows }| AdminResponse::Status { rows });
const LEASES: Read = |it| json(it, |LeasePage { rows, more }| AdminResponse::Leases { rows, more });
const EXPLAINED: Read = |it| json(it, |ExplainRows { rows }| AdminResponse::Explained { rows });
const RISK: Read = |it| json(it, |report| AdminResponse::Risk { report });
const FAILOVERS: Read = |it| json(it, |FailoverRows { rows }| AdminResponse::Failovers { rows });
const CHANGED: Read = |it| json(it, AdminResponse::Changed);
const FIGURES: Read = |it| json(it, |StatisticsRows { rows }| AdminResponse::Statistics { rows });
const DIFFERENCES: Read =
    |it| json(it, |Differences { lines }| AdminResponse::Differences { lines });
const DONE: Read = |it| json(it, |Done { message }| AdminResponse::Done { message });
const CONFIG: Read = |it| {
    let toml = String::from_utf8(it.to_vec()).map_err(|error| error.to_string())?;
    Ok(AdminResponse::Config { toml })
};

impl Call {
    /// The call that makes a request; `only` finds the relationship meant by one that names none.
    pub(super) fn of(
        request: &AdminRequest,
        only: impl Fn() -> Result<String, ClientError>,
    ) -> Result<Self, ClientError> {
        use AdminRequest as R;
        let new = Target::new;
        let of = Target::relationship;
        let order = |relationship: &Option<String>, what| {
            let name = relationship.clone().map_or_else(&only, Ok)?;
            Ok::<_, ClientError>(post(of(&name, what), None, DONE))
        };
        Ok(match request {
            R::Status { relationship } => {
                get(new("/v1/status").with("relationship", relationship), STATUS)
            }
            R::Leases { relationship, scope_id, after, limit } => {
                let target = new("/v1/leases").with("relationship", relationship);
                get(
                    target.with("ScopeId", scope_id).with("after", after).with("limit", [limit]),
                    LEASES,
                )
            }
            R::Explain { hwaddr, client_id, relationship } => {
                let target = new("/v1/explain").with("hwaddr", hwaddr).with("client-id", client_id);
                get(target.with("relationship", relationship), EXPLAINED)
            }
            R::PartnerDown { relationship } => order(relationship, "/partner-down")?,
            R::ForcePartnerDown { relationship } => {
                order(relationship, "/partner-down?force=true")?
            }
            R::PartnerDownRisk { relationship } => {
                let name = relationship.clone().map_or_else(&only, Ok)?;
                get(of(&name, "/partner-down-risk"), RISK)
            }
            R::Recover { relationship } => order(relationship, path_of(Order::Recover))?,
            R::Pause { relationship } => order(relationship, path_of(Order::Pause))?,
            R::Shutdown { relationship } => order(relationship, path_of(Order::Shutdown))?,
            R::WhatIf { order: what, relationship } => {
                let mut call = order(relationship, path_of(*what))?;
                call.target = call.target.what_if(true);
                call
            }
            R::GetFailover { name, scope_id } => {
                let target = new("/v1/relationships").with("Name", name);
                get(target.with("ScopeId", scope_id), FAILOVERS)
            }
            R::AddFailover { parameters, what_if, .. } => {
                let body = with_secret(parameters, parameters.shared_secret.as_ref())?;
                post(new("/v1/relationships").what_if(*what_if), Some(body), CHANGED)
            }
            R::SetFailover { name, parameters, what_if } => {
                // That there shall be none is in the parameters as they are written.
                let secret = parameters.shared_secret.as_ref().and_then(Option::as_ref);
                let body = Some(with_secret(parameters, secret)?);
                let target = of(name, "").what_if(*what_if);
                Self { method: "PATCH", target, body, read: CHANGED }
            }
            R::RemoveFailover { name, what_if } => delete(of(name, "").what_if(*what_if)),
            R::AddFailoverScope { name, scope_id, what_if } => {
                let body = with_secret(&ScopeIds { scope_id: scope_id.clone() }, None)?;
                post(of(name, "/scopes").what_if(*what_if), Some(body), CHANGED)
            }
            R::RemoveFailoverScope { name, scope_id, what_if } => {
                delete(of(name, "/scopes").with("ScopeId", scope_id).what_if(*what_if))
            }
            R::SetScope { scope_id, state, what_if } => {
                let body = SetScope { scope_id: scope_id.clone(), state: *state };
                let target = new("/v1/scopes").what_if(*what_if);
                Self {
                    method: "PATCH",
                    target,
                    body: Some(with_secret(&body, None)?),
                    read: CHANGED,
                }
            }
            R::ScopeStatistics { scope_id } => {
                get(new("/v1/statistics").with("ScopeId", scope_id), FIGURES)
            }
            R::ExportConfig => get(new("/v1/config"), CONFIG),
            R::ConfigDifferences => get(new("/v1/config/differences"), DIFFERENCES),
        })
    }

    /// As it goes over the wire, on a connection that ends with the answer.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let Self { method, target: Target(target), body, .. } = self;
        let mut head =
            format!("{method} {target} HTTP/1.1\r\nHost: failoverd\r\nConnection: close\r\n");
        if let Some(body) = body {
            head +=
                &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend(body.iter().flatten());
        bytes
    }
}

const fn path_of(order: Order) -> &'static str {
    match order {
        Order::Recover => "/recover",
        Order::Pause => "/pause",
        Order::Shutdown => "/shutdown",
    }
}

fn get(target: Target, read: Read) -> Call {
    Call { method: "GET", target, body: None, read }
}

fn post(target: Target, body: Option<Vec<u8>>, read: Read) -> Call {
    Call { method: "POST", target, body, read }
}

fn delete(target: Target) -> Call {
    Call { method: "DELETE", target, body: None, read: CHANGED }
}

/// A path with a query.
struct Target(String);

impl Target {
    fn new(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// The path of a relationship, whatever its name holds, and what follows it.
    fn relationship(name: &str, rest: &str) -> Self {
        Self(format!("/v1/relationships/{}{rest}", utf8_percent_encode(name, NON_ALPHANUMERIC)))
    }

    /// Adds a parameter for each of these values.
    fn with<T: ToString>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        for value in values {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0 += name;
            self.0.push('=');
            self.0.extend(utf8_percent_encode(&value.to_string(), NON_ALPHANUMERIC));
        }
        self
    }

    fn what_if(self, what_if: bool) -> Self {
        self.with("what-if", what_if.then_some(true))
    }
}

/// The body of a request: parameters with their secret, which is never written with them.
fn with_secret(
    parameters: &impl Serialize,
    secret: Option<&SharedSecret>,
) -> Result<Vec<u8>, ClientError> {
    let unclear = |error: serde_json::Error| ClientError::Transport(error.into());
    let mut value = serde_json::to_value(parameters).map_err(unclear)?;
    if let Some(secret) = secret {
        value["SharedSecret"] = secret.expose().into();
    }
    serde_json::to_vec(&value).map_err(unclear)
}

fn json<T: DeserializeOwned>(
    body: &[u8],
    answer: impl FnOnce(T) -> AdminResponse,
) -> Result<AdminResponse, String> {
    serde_json::from_slice(body).map(answer).map_err(|error| error.to_string())
}
