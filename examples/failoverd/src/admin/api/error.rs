//! Refusals as HTTP.

use super::wire::ErrorBody;
use crate::admin::refusal::{Refusal, codes};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    refusal: Refusal,
}

impl ApiError {
    /// With another status than that of its code.
    pub(super) fn with_status(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, refusal }
    }

    /// The request itself makes no sense.
    pub(super) fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Refusal::new(codes::INVALID_PARAMETER, message, remedy).into()
    }
}

#[cfg(test)]
impl ApiError {
    pub(super) fn into_refusal(self) -> Refusal {
        self.refusal
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self { status: status_of(refusal.code()), refusal }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorBody { error: self.refusal })).into_response()
    }
}

/// The status that says most of a code to whoever does not know the code.
fn status_of(code: u32) -> StatusCode {
    match code {
        codes::INVALID_PARAMETER => StatusCode::BAD_REQUEST,
        codes::ACCESS_DENIED => StatusCode::FORBIDDEN,
        codes::NOT_FOUND | codes::NO_SCOPE | codes::NO_RELATIONSHIP | codes::SCOPE_NOT_RELATED => {
            StatusCode::NOT_FOUND
        }
        codes::SCOPE_RELATED
        | codes::RELATIONSHIP_EXISTS
        | codes::NOT_NORMAL
        | codes::SYNC_IN_PROGRESS => StatusCode::CONFLICT,
        codes::NOT_SUPPORTED => StatusCode::NOT_IMPLEMENTED,
        codes::STOPPING => StatusCode::SERVICE_UNAVAILABLE,
        codes::TIMEOUT => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
