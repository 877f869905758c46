//! The routes of the admin API and what answers them.
//!
//! A handler turns a request into an [`AdminRequest`](super::AdminRequest), has the core answer it, and
//! writes the answer as JSON. Whatever goes wrong is told in one shape, [`wire::ErrorBody`].

mod error;
mod extract;
mod openapi;
mod partner;
mod relationships;
pub(super) mod schema;
mod server;
mod state;
#[cfg(test)]
mod tests;
pub(super) mod wire;

use super::refusal::{Refusal, codes};
use super::server::AdminCall;
use super::socket::Access;
use super::{AdminRequest, AdminResponse};
use crate::metrics::Metrics;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use axum::{Json, Router};
use error::ApiError;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The longest body of a request, in bytes.
pub(super) const BODY_MAX: usize = 256 * 1024;
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What the handlers work with.
#[derive(Clone, Debug)]
struct Desk {
    calls: mpsc::Sender<AdminCall>,
    metrics: Metrics,
}

impl Desk {
    /// Has the core answer; what it refuses is an error.
    async fn ask(&self, request: AdminRequest) -> Result<AdminResponse, ApiError> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.calls.send((request, reply)).await.ok()?;
            answer.await.ok()
        };
        match tokio::time::timeout(ANSWER_MAX, asked).await {
            Ok(Some(AdminResponse::Failed(refusal))) => Err(refusal.into()),
            Ok(Some(response)) => Ok(response),
            Ok(None) => {
                let remedy = "ask what is in force when it has started: it may have been done";
                Err(Refusal::new(codes::STOPPING, "the server is stopping", remedy).into())
            }
            Err(_) => {
                let message = "the server did not answer in time";
                let remedy = "see its log, and ask what is in force: it may still be done";
                Err(Refusal::new(codes::TIMEOUT, message, remedy).into())
            }
        }
    }
}

/// An answer or a refusal.
type Answer = Result<Response, ApiError>;

/// Has the core answer and writes what it says.
async fn answer(desk: &Desk, request: AdminRequest) -> Answer {
    Ok(match desk.ask(request).await? {
        AdminResponse::Status { rows } => Json(wire::StatusRows { rows }).into_response(),
        AdminResponse::Leases { rows, more } => {
            Json(wire::LeasePage { rows, more }).into_response()
        }
        AdminResponse::Risk { report } => Json(report).into_response(),
        AdminResponse::Explained { rows } => Json(wire::ExplainRows { rows }).into_response(),
        AdminResponse::Failovers { rows } => Json(wire::FailoverRows { rows }).into_response(),
        AdminResponse::Changed(changed) => Json(changed).into_response(),
        AdminResponse::Statistics { rows } => Json(wire::StatisticsRows { rows }).into_response(),
        AdminResponse::Config { toml } => ([(CONTENT_TYPE, wire::TOML)], toml).into_response(),
        AdminResponse::Differences { lines } => Json(wire::Differences { lines }).into_response(),
        AdminResponse::Done { message } => Json(wire::Done { message }).into_response(),
        AdminResponse::Failed(refusal) => ApiError::from(refusal).into_response(),
    })
}

/// One way to ask: the method, the path, and what answers.
type Route = (&'static str, &'static str, MethodRouter<Desk>);

macro_rules! route {
    ($method:ident $path:literal $handler:path) => {
        (stringify!($method), $path, axum::routing::$method($handler))
    };
}

/// All of them. The document of [`openapi`] has the same; a test compares the two.
fn routes() -> Vec<Route> {
    vec![
        route!(get "/v1/status" state::status),
        route!(get "/v1/leases" state::leases),
        route!(get "/v1/explain" state::explain),
        route!(get "/v1/relationships" relationships::list),
        route!(post "/v1/relationships" relationships::add),
        route!(get "/v1/relationships/{name}" relationships::get),
        route!(patch "/v1/relationships/{name}" relationships::set),
        route!(delete "/v1/relationships/{name}" relationships::remove),
        route!(post "/v1/relationships/{name}/scopes" relationships::add_scopes),
        route!(delete "/v1/relationships/{name}/scopes" relationships::remove_scopes),
        route!(patch "/v1/scopes" relationships::set_scope),
        route!(get "/v1/statistics" relationships::statistics),
        route!(get "/v1/config" server::config),
        route!(get "/v1/config/differences" server::differences),
        route!(post "/v1/relationships/{name}/partner-down" state::partner_down),
        route!(get "/v1/relationships/{name}/partner-down-risk" state::partner_down_risk),
        route!(post "/v1/relationships/{name}/recover" state::recover),
        route!(post "/v1/relationships/{name}/pause" state::pause),
        route!(post "/v1/relationships/{name}/shutdown" state::shutdown),
        route!(get "/metrics" server::metrics),
        route!(get "/openapi.json" server::document),
    ]
}

/// What serves one socket.
pub(super) fn router(calls: mpsc::Sender<AdminCall>, metrics: Metrics, access: Access) -> Router {
    let mut router = Router::new();
    for (_, path, answer) in routes() {
        router = router.route(path, answer);
    }
    let router = router
        .fallback(no_such_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Desk { calls, metrics });
    match access {
        Access::Administrators => router,
        Access::Readers => router.layer(from_fn(refuse_changes)),
    }
}

async fn no_such_path(uri: Uri) -> ApiError {
    let message = format!("there is no {:?} here", uri.path());
    Refusal::new(codes::NOT_FOUND, message, "GET /openapi.json lists all paths").into()
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("{method} is not possible on {:?}", uri.path());
    let remedy = "the header Allow and GET /openapi.json say what is";
    ApiError::with_status(
        StatusCode::METHOD_NOT_ALLOWED,
        Refusal::new(codes::NOT_SUPPORTED, message, remedy),
    )
}

async fn refuse_changes(request: Request, next: Next) -> Result<Response, ApiError> {
    let method = request.method();
    if method == Method::GET {
        return Ok(next.run(request).await);
    }
    let message = format!("{method} is for administrators, and this socket is for readers");
    let remedy = "use the server's admin_socket, as its user or a member of its admin_group";
    Err(Refusal::new(codes::ACCESS_DENIED, message, remedy).into())
}
