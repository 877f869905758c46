//! Relationships and their scopes: what the DhcpServerv4Failover cmdlets do, on this server.

use super::extract::{Body, Name, Query};
use super::wire::{ErrorBody, FailoverRows, ScopeIds, SetScope, StatisticsRows};
use super::{Answer, Desk, answer, partner, schema};
use crate::admin::message::{AdminRequest, AdminResponse, Changed};
use crate::admin::refusal::{Refusal, codes};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use dhcp_failover_relationship::cmdlet::{AddFailover, SetFailover};

/// The relationships, as Get-DhcpServerv4Failover shows them.
#[utoipa::path(
    get, path = "/v1/relationships", tag = "relationships",
    params(
        ("Name" = Option<Vec<String>>, Query, description = "Only these; may be given repeatedly."),
        ("ScopeId" = Option<Vec<String>>, Query,
            description = "Only those of these scopes; may be given repeatedly.")
    ),
    responses(
        (status = 200, description = "One row for each.", body = FailoverRows),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn list(State(desk): State<Desk>, mut query: Query) -> Answer {
    let name = query.all("Name");
    let scope_id = query.scopes()?;
    query.finish()?;
    answer(&desk, AdminRequest::GetFailover { name, scope_id }).await
}

/// One relationship.
#[utoipa::path(
    get, path = "/v1/relationships/{name}", tag = "relationships",
    params(("name" = String, Path, description = "The relationship.")),
    responses(
        (status = 200, description = "The relationship.", body = schema::Failover),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn get(State(desk): State<Desk>, Name(name): Name, query: Query) -> Answer {
    query.finish()?;
    let request = AdminRequest::GetFailover { name: vec![name.clone()], scope_id: Vec::new() };
    if let AdminResponse::Failovers { rows } = desk.ask(request).await?
        && let Some(row) = rows.into_iter().find(|row| row.name == name)
    {
        return Ok(Json(row).into_response());
    }
    let message = format!("there is no relationship {name:?}");
    let remedy = "GET /v1/relationships lists them";
    Err(Refusal::new(codes::NO_RELATIONSHIP, message, remedy).into())
}

/// Begins a relationship, as Add-DhcpServerv4Failover does, on this server only.
///
/// The partner's name is looked up by this server.
#[utoipa::path(
    post, path = "/v1/relationships", tag = "relationships",
    params(("what-if" = Option<bool>, Query, description = "Only say what would be done.")),
    request_body = schema::AddFailover,
    responses(
        (status = 200, description = "The relationship, and what was done.", body = Changed),
        (status = "default", description = "Refused; nothing was changed.", body = ErrorBody)
    )
)]
pub(super) async fn add(
    State(desk): State<Desk>,
    query: Query,
    Body(parameters): Body<AddFailover>,
) -> Answer {
    let what_if = query.only_what_if()?;
    let partner = partner::look_up(parameters.partner_server.as_deref()).await?;
    let parameters = Box::new(parameters);
    answer(&desk, AdminRequest::AddFailover { parameters, partner, what_if }).await
}

/// Changes a relationship, as Set-DhcpServerv4Failover does, on this server only.
#[utoipa::path(
    patch, path = "/v1/relationships/{name}", tag = "relationships",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("what-if" = Option<bool>, Query, description = "Only say what would be done.")
    ),
    request_body = schema::SetFailover,
    responses(
        (status = 200, description = "The relationship, and what was done.", body = Changed),
        (status = "default", description = "Refused; nothing was changed.", body = ErrorBody)
    )
)]
pub(super) async fn set(
    State(desk): State<Desk>,
    Name(name): Name,
    query: Query,
    Body(parameters): Body<SetFailover>,
) -> Answer {
    let what_if = query.only_what_if()?;
    let parameters = Box::new(parameters);
    answer(&desk, AdminRequest::SetFailover { name, parameters, what_if }).await
}

/// Ends a relationship, as Remove-DhcpServerv4Failover does, on this server only.
///
/// Its scopes stay.
#[utoipa::path(
    delete, path = "/v1/relationships/{name}", tag = "relationships",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("what-if" = Option<bool>, Query, description = "Only say what would be done.")
    ),
    responses(
        (status = 200, description = "What was done.", body = Changed),
        (status = "default", description = "Refused; nothing was changed.", body = ErrorBody)
    )
)]
pub(super) async fn remove(State(desk): State<Desk>, Name(name): Name, query: Query) -> Answer {
    let what_if = query.only_what_if()?;
    answer(&desk, AdminRequest::RemoveFailover { name, what_if }).await
}

/// Puts scopes into a relationship, as Add-DhcpServerv4FailoverScope does, on this server only.
#[utoipa::path(
    post, path = "/v1/relationships/{name}/scopes", tag = "relationships",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("what-if" = Option<bool>, Query, description = "Only say what would be done.")
    ),
    request_body = ScopeIds,
    responses(
        (status = 200, description = "The relationship, and what was done.", body = Changed),
        (status = "default", description = "Refused; nothing was changed.", body = ErrorBody)
    )
)]
pub(super) async fn add_scopes(
    State(desk): State<Desk>,
    Name(name): Name,
    query: Query,
    Body(ScopeIds { scope_id }): Body<ScopeIds>,
) -> Answer {
    let what_if = query.only_what_if()?;
    answer(&desk, AdminRequest::AddFailoverScope { name, scope_id, what_if }).await
}

/// Takes scopes out of a relationship, as Remove-DhcpServerv4FailoverScope does, on this server only.
///
/// The scopes stay.
#[utoipa::path(
    delete, path = "/v1/relationships/{name}/scopes", tag = "relationships",
    params(
        ("name" = String, Path, description = "The relationship."),
        ("ScopeId" = Vec<String>, Query,
            description = "The scopes by the addresses of their subnets; may be given repeatedly."),
        ("what-if" = Option<bool>, Query, description = "Only say what would be done.")
    ),
    responses(
        (status = 200, description = "The relationship, and what was done.", body = Changed),
        (status = "default", description = "Refused; nothing was changed.", body = ErrorBody)
    )
)]
pub(super) async fn remove_scopes(
    State(desk): State<Desk>,
    Name(name): Name,
    mut query: Query,
) -> Answer {
    let scope_id = query.all("ScopeId");
    let what_if = query.only_what_if()?;
    answer(&desk, AdminRequest::RemoveFailoverScope { name, scope_id, what_if }).await
}

/// Has this server serve scopes, or not, as Set-DhcpServerv4Scope -State does.
#[utoipa::path(
    patch, path = "/v1/scopes", tag = "relationships",
    params(("what-if" = Option<bool>, Query, description = "Only say what would be done.")),
    request_body = SetScope,
    responses(
        (status = 200, description = "What was done.", body = Changed),
        (status = "default", description = "Refused; nothing was changed.", body = ErrorBody)
    )
)]
pub(super) async fn set_scope(
    State(desk): State<Desk>,
    query: Query,
    Body(SetScope { scope_id, state }): Body<SetScope>,
) -> Answer {
    let what_if = query.only_what_if()?;
    answer(&desk, AdminRequest::SetScope { scope_id, state, what_if }).await
}

/// How many addresses of scopes in failover are free and in use, here and at the partner.
#[utoipa::path(
    get, path = "/v1/statistics", tag = "relationships",
    params(("ScopeId" = Option<Vec<String>>, Query,
        description = "Only these scopes; may be given repeatedly.")),
    responses(
        (status = 200, description = "One row for each scope.", body = StatisticsRows),
        (status = "default", description = "Refused.", body = ErrorBody)
    )
)]
pub(super) async fn statistics(State(desk): State<Desk>, mut query: Query) -> Answer {
    let scope_id = query.scopes()?;
    query.finish()?;
    answer(&desk, AdminRequest::ScopeStatistics { scope_id }).await
}
