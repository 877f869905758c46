//! The bodies of answers.

use super::schema;
use crate::admin::message::{ExplainRow, LeaseRow, ScopeState, StatusRow};
use crate::admin::refusal::Refusal;
use dhcp_failover_relationship::cmdlet::{Failover, ScopeStatistics};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of configurations.
pub(super) const TOML: &str = "application/toml";

/// Why a request was not carried out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct ErrorBody {
    /// The reason that counts, and all of them.
    pub(in crate::admin) error: Refusal,
}

/// The state of relationships.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct StatusRows {
    /// One row for each relationship.
    pub(in crate::admin) rows: Vec<StatusRow>,
}

/// A page of leases.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct LeasePage {
    /// By ascending address.
    pub(in crate::admin) rows: Vec<LeaseRow>,
    /// Whether there are addresses above the last row; ask for those with `after`.
    pub(in crate::admin) more: bool,
}

/// Decisions on a client.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct ExplainRows {
    /// One row for each decision.
    pub(in crate::admin) rows: Vec<ExplainRow>,
}

/// Relationships.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct FailoverRows {
    /// In the order they were made.
    #[schema(value_type = Vec<schema::Failover>)]
    pub(in crate::admin) rows: Vec<Failover>,
}

/// Scopes, and whether they are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct SetScope {
    /// The scopes by the IPv4 addresses of their subnets.
    pub scope_id: Vec<String>,
    /// Whether this server serves them.
    pub state: ScopeState,
}

/// Figures of scopes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct StatisticsRows {
    /// One for each scope.
    #[schema(value_type = Vec<schema::ScopeStatistics>)]
    pub(in crate::admin) rows: Vec<ScopeStatistics>,
}

/// Scopes to be put into a relationship.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ScopeIds {
    /// The scopes by the IPv4 addresses of their subnets.
    #[serde(rename = "ScopeId")]
    pub(in crate::admin) scope_id: Vec<String>,
}

/// What is in force and not what the configuration file says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct Differences {
    /// One for each difference.
    pub(in crate::admin) lines: Vec<String>,
}

/// An order was carried out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct Done {
    /// What was done, for the operator.
    pub(in crate::admin) message: String,
}
