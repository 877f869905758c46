//! What handlers take out of a request; what does not fit is refused in the common shape.

use super::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use std::str::FromStr;

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
