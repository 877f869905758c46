//! What concerns the process: its metrics, and the description of this interface.

use super::{Desk, openapi};
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
