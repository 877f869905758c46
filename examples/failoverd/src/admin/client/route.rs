//! Requests as HTTP: the counterpart of the server's routes.

use super::ClientError;
use crate::admin::api::wire::{Done, ExplainRows, LeasePage, StatusRows};
use crate::admin::message::{AdminRequest, AdminResponse};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

/// One request to a server and how to read its answer.
pub(super) struct Call {
    method: &'static str,
    /// Path and query.
    target: String,
    body: Option<Vec<u8>>,
    pub(super) read: fn(&[u8]) -> Result<AdminResponse, serde_json::Error>,
}

impl Call {
    /// The call that makes a request; `only` finds the relationship meant by one that names none.
    pub(super) fn of(
        request: &AdminRequest,
        only: impl FnOnce() -> Result<String, ClientError>,
    ) -> Result<Self, ClientError> {
        let order = |relationship: &Option<String>, rest: &str| {
            let name = relationship.clone().map_or_else(only, Ok)?;
            Ok::<_, ClientError>(format!("{}/{rest}", of_relationship(&name)))
        };
        let done = |target| Self { method: "POST", target, body: None, read: read_done };
        Ok(match request {
            AdminRequest::Status { relationship } => {
                let target = Target::new("/v1/status").with("relationship", relationship.as_ref());
                Self::get(target.0, |body| {
                    json(body, |StatusRows { rows }| AdminResponse::Status { rows })
                })
            }
            AdminRequest::Leases { relationship, after, limit } => {
                let target = Target::new("/v1/leases")
                    .with("relationship", relationship.as_ref())
                    .with("after", *after)
                    .with("limit", Some(limit));
                Self::get(target.0, |body| {
                    json(body, |LeasePage { rows, more }| AdminResponse::Leases { rows, more })
                })
            }
            AdminRequest::Explain { hwaddr, client_id, relationship } => {
                let target = Target::new("/v1/explain")
                    .with("hwaddr", hwaddr.as_ref())
                    .with("client-id", client_id.as_ref())
                    .with("relationship", relationship.as_ref());
                Self::get(target.0, |body| {
                    json(body, |ExplainRows { rows }| AdminResponse::Explained { rows })
                })
            }
            AdminRequest::PartnerDownRisk { relationship } => {
                Self::get(order(relationship, "partner-down-risk")?, |body| {
                    json(body, |report| AdminResponse::Risk { report })
                })
            }
            AdminRequest::PartnerDown { relationship } => {
                done(order(relationship, "partner-down")?)
            }
            AdminRequest::ForcePartnerDown { relationship } => {
                done(order(relationship, "partner-down?force=true")?)
            }
            AdminRequest::Recover { relationship } => done(order(relationship, "recover")?),
            AdminRequest::Pause { relationship } => done(order(relationship, "pause")?),
            AdminRequest::Shutdown { relationship } => done(order(relationship, "shutdown")?),
            other => return Err(ClientError::Answer(format!("there is no route for {other:?}"))),
        })
    }

    fn get(target: String, read: fn(&[u8]) -> Result<AdminResponse, serde_json::Error>) -> Self {
        Self { method: "GET", target, body: None, read }
    }

    /// As it goes over the wire, on a connection that ends with the answer.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let Self { method, target, body, .. } = self;
        let mut bytes =
            format!("{method} {target} HTTP/1.1\r\nHost: failoverd\r\nConnection: close\r\n");
        if let Some(body) = body {
            bytes +=
                &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        bytes += "\r\n";
        let mut bytes = bytes.into_bytes();
        bytes.extend(body.iter().flatten());
        bytes
    }
}

/// A path with a query.
struct Target(String);

impl Target {
    fn new(path: impl Into<String>) -> Self {
        Self(path.into())
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
}

/// The path of a relationship, whatever its name holds.
fn of_relationship(name: &str) -> String {
    format!("/v1/relationships/{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

fn read_done(body: &[u8]) -> Result<AdminResponse, serde_json::Error> {
    json(body, |Done { message }| AdminResponse::Done { message })
}

fn json<T: DeserializeOwned>(
    body: &[u8],
    answer: impl FnOnce(T) -> AdminResponse,
) -> Result<AdminResponse, serde_json::Error> {
    serde_json::from_slice(body).map(answer)
}
