//! What handlers take out of a request; what does not fit is refused in the common shape.

use super::BODY_MAX;
use super::error::ApiError;
use crate::admin::refusal::{Refusal, codes};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::net::Ipv4Addr;
use std::str::FromStr;
use std::time::Duration;

/// How long a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The `{name}` of the path, with its percent-encoding undone.
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| {
            ApiError::invalid("the name in the path is not UTF-8", "percent-encode its UTF-8 bytes")
        })?;
        if name.is_empty() {
            let remedy = "name a relationship; GET /v1/status lists them";
            return Err(ApiError::invalid("the name in the path is empty", remedy));
        }
        Ok(Self(name))
    }
}

/// The parameters of the query. What a handler does not take, it refuses with
/// [`finish`](Self::finish): a misspelt `what-if` must not change anything.
pub(super) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Query {
    /// All values of a parameter, in their order.
    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(known, _)| known == name).map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may be given once.
    pub(super) fn one(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let mut values = self.all(name);
        let value = values.pop();
        if values.is_empty() {
            return Ok(value);
        }
        Err(ApiError::invalid(format!("the parameter {name} is given twice"), "give it once"))
    }

    /// The same, read as a `what`.
    pub(super) fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        what: &str,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::invalid(format!("{name}={text:?} is not {what}"), format!("give {what}"))
        })
    }

    /// Whether a switch is on; off when absent.
    pub(super) fn switch(&mut self, name: &str) -> Result<bool, ApiError> {
        Ok(self.parsed(name, "true or false")?.unwrap_or(false))
    }

    /// The scopes that are asked for.
    pub(super) fn scopes(&mut self) -> Result<Vec<Ipv4Addr>, ApiError> {
        let scope = |text: String| {
            text.parse().map_err(|_| {
                let message = format!("ScopeId={text:?} is not an IPv4 address");
                ApiError::invalid(message, "give the address of an IPv4 scope's subnet")
            })
        };
        self.all("ScopeId").into_iter().map(scope).collect()
    }

    /// The switch of a change that has no other parameters, or none left.
    pub(super) fn only_what_if(mut self) -> Result<bool, ApiError> {
        let what_if = self.switch("what-if")?;
        self.finish()?;
        Ok(what_if)
    }

    /// Refuses what nobody has taken.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(
                format!("the parameter {name:?} is unknown here"),
                "GET /openapi.json lists the parameters of each path",
            )),
        }
    }
}

/// The body as JSON; its size is bounded by a layer of the router.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let read = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await;
        let bytes = read
            .map_err(|_| refused(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))?
            .map_err(|rejection| match rejection.status() {
                status @ StatusCode::PAYLOAD_TOO_LARGE => {
                    refused(status, format!("the body has more than {BODY_MAX} bytes"))
                }
                status => refused(status, "the body did not come whole"),
            })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let remedy = "send a JSON object as GET /openapi.json describes it";
            ApiError::invalid(format!("the body is not understood: {error}"), remedy)
        })
    }
}

fn refused(status: StatusCode, message: impl Into<String>) -> ApiError {
    let remedy = "send all of it at once, and less than that";
    ApiError::with_status(status, Refusal::new(codes::INVALID_PARAMETER, message, remedy))
}
