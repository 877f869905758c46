//! What the server knows, and orders that change its state.

use super::error::ApiError;
use super::extract::{Name, Query};
use super::wire::{Done, ErrorBody, ExplainRows, LeasePage, StatusRows};
use super::{Answer, Desk, answer, schema};
use crate::admin::message::{AdminRequest, LEASES_LIMIT_MAX, Order};
use crate::admin::risk::RiskReport;
use axum::extract::State;

/// The states of the relationships.
#[utoipa::path(
    get, path = "/v1/status", tag = "state",
    params(("relationship" = Option<String>, Query, description = "Only this one.")),
    responses(
        (status = 200, description = "One row for each.", body = StatusRows),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn status(State(desk): State<Desk>, mut query: Query) -> Answer {
    let relationship = query.one("relationship")?;
    query.finish()?;
    answer(&desk, AdminRequest::Status { relationship }).await
}

/// The addresses and their leases, by ascending address.
#[utoipa::path(
    get, path = "/v1/leases", tag = "state",
    params(
        ("relationship" = Option<String>, Query, description = "Only addresses of this one."),
        ("ScopeId" = Option<Vec<String>>, Query,
            description = "Only addresses of these scopes; may be given repeatedly."),
        ("after" = Option<String>, Query, format = "ipv4",
            description = "Only addresses above this one, to go on after a page with `more`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000,
            description = "The most rows wanted; 1000 unless given.")
    ),
    responses(
        (status = 200, description = "A page of them.", body = LeasePage),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn leases(State(desk): State<Desk>, mut query: Query) -> Answer {
    let relationship = query.one("relationship")?;
    let scope_id = query.scopes()?;
    let after = query.parsed("after", "an IPv4 address")?;
    let limit = query.parsed("limit", "a number")?.unwrap_or(LEASES_LIMIT_MAX);
    query.finish()?;
    if !(1..=LEASES_LIMIT_MAX).contains(&limit) {
        let remedy = format!("ask for 1 to {LEASES_LIMIT_MAX} rows, and for more with after");
        return Err(ApiError::invalid(format!("limit is {limit}"), remedy));
    }
    answer(&desk, AdminRequest::Leases { relationship, scope_id, after, limit }).await
}

/// Whether a client is answered, with which lease, and why.
#[utoipa::path(
    get, path = "/v1/explain", tag = "state",
    params(
        ("hwaddr" = Option<String>, Query,
            description = "Its hardware address, such as 02:00:00:00:00:01."),
        ("client-id" = Option<String>, Query,
            description = "Its client identifier (option 61), written in the same way."),
        ("relationship" = Option<String>, Query, description = "Only scopes of this one.")
    ),
    responses(
        (status = 200, description = "One row for each decision.", body = ExplainRows),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn explain(State(desk): State<Desk>, mut query: Query) -> Answer {
    let hwaddr = query.one("hwaddr")?;
    let client_id = query.one("client-id")?;
    let relationship = query.one("relationship")?;
    query.finish()?;
    answer(&desk, AdminRequest::Explain { hwaddr, client_id, relationship }).await
}

/// The operator knows that the partner is down (draft-12 §9.4).
#[utoipa::path(
    post, path = "/v1/relationships/{name}/partner-down", tag = "orders",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("force" = Option<bool>, Query,
            description = "Whatever the server hears or suspects of its partner."),
        ("what-if" = Option<bool>, Query,
            description = "Only say what it would risk, as partner-down-risk does.")
    ),
    responses(
        (status = 200, description = "Done; with what-if the report of what it would risk.",
            body = schema::PartnerDown),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn partner_down(
    State(desk): State<Desk>,
    Name(name): Name,
    mut query: Query,
) -> Answer {
    let force = query.switch("force")?;
    let what_if = query.switch("what-if")?;
    query.finish()?;
    let relationship = Some(name);
    let request = match (what_if, force) {
        (true, _) => AdminRequest::PartnerDownRisk { relationship },
        (false, true) => AdminRequest::ForcePartnerDown { relationship },
        (false, false) => AdminRequest::PartnerDown { relationship },
    };
    answer(&desk, request).await
}

/// What partner-down would risk; nothing is changed.
#[utoipa::path(
    get, path = "/v1/relationships/{name}/partner-down-risk", tag = "orders",
    params(("name" = String, Path, description = "The relationship.")),
    responses(
        (status = 200, description = "The report.", body = RiskReport),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn partner_down_risk(
    State(desk): State<Desk>,
    Name(name): Name,
    query: Query,
) -> Answer {
    query.finish()?;
    answer(&desk, AdminRequest::PartnerDownRisk { relationship: Some(name) }).await
}

/// Fetch everything from the partner, and wait, before serving again (draft-12 §9.5, §9.6).
#[utoipa::path(
    post, path = "/v1/relationships/{name}/recover", tag = "orders",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("what-if" = Option<bool>, Query, description = "Only say whether it would be done.")
    ),
    responses(
        (status = 200, description = "Done, or would be.", body = Done),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn recover(State(desk): State<Desk>, Name(name): Name, query: Query) -> Answer {
    order(&desk, Order::Recover, name, query).await
}

/// Stop serving for a while (draft-12 §9.13).
#[utoipa::path(
    post, path = "/v1/relationships/{name}/pause", tag = "orders",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("what-if" = Option<bool>, Query, description = "Only say whether it would be done.")
    ),
    responses(
        (status = 200, description = "Done, or would be.", body = Done),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn pause(State(desk): State<Desk>, Name(name): Name, query: Query) -> Answer {
    order(&desk, Order::Pause, name, query).await
}

/// Stop serving for long (draft-12 §9.14).
#[utoipa::path(
    post, path = "/v1/relationships/{name}/shutdown", tag = "orders",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("what-if" = Option<bool>, Query, description = "Only say whether it would be done.")
    ),
    responses(
        (status = 200, description = "Done, or would be.", body = Done),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn shutdown(State(desk): State<Desk>, Name(name): Name, query: Query) -> Answer {
    order(&desk, Order::Shutdown, name, query).await
}

/// Has an order carried out, or says whether it would be.
async fn order(desk: &Desk, order: Order, name: String, query: Query) -> Answer {
    let what_if = query.only_what_if()?;
    let relationship = Some(name);
    let request = match order {
        _ if what_if => AdminRequest::WhatIf { order, relationship },
        Order::Recover => AdminRequest::Recover { relationship },
        Order::Pause => AdminRequest::Pause { relationship },
        Order::Shutdown => AdminRequest::Shutdown { relationship },
    };
    answer(desk, request).await
}
