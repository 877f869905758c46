//! What concerns the process: its metrics, and the description of this interface.

use super::extract::Query;
use super::wire::{Differences, ErrorBody};
use super::{Answer, Desk, answer, openapi};
use crate::admin::message::AdminRequest;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use utoipa::OpenApi;

/// All metrics, as on `metrics_listen`.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses((status = 200, description = "In the OpenMetrics text format.", body = String,
        content_type = "application/openmetrics-text"))
)]
pub(super) async fn metrics(State(desk): State<Desk>) -> impl IntoResponse {
    desk.metrics.page()
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "server",
    responses((status = 200, description = "OpenAPI 3.1.", body = serde_json::Value))
)]
pub(super) async fn document() -> impl IntoResponse {
    Json(openapi::Document::openapi())
}

/// The configuration file changed to say what is in force. It has no secrets.
#[utoipa::path(
    get, path = "/v1/config", tag = "server",
    responses(
        (status = 200, description = "TOML.", body = String, content_type = "application/toml"),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn config(State(desk): State<Desk>, query: Query) -> Answer {
    query.finish()?;
    answer(&desk, AdminRequest::ExportConfig).await
}

/// What is in force and not what the configuration file says now.
#[utoipa::path(
    get, path = "/v1/config/differences", tag = "server",
    responses(
        (status = 200, description = "A line for each difference.", body = Differences),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn differences(State(desk): State<Desk>, query: Query) -> Answer {
    query.finish()?;
    answer(&desk, AdminRequest::ConfigDifferences).await
}
