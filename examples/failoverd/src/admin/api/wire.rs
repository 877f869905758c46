//! The bodies of answers.

use crate::admin::message::{ExplainRow, LeaseRow, StatusRow};
use crate::admin::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

/// An order was carried out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::admin) struct Done {
    /// What was done, for the operator.
    pub(in crate::admin) message: String,
}
