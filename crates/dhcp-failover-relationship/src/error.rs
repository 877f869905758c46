//! Errors, with the codes Windows gives them.

use alloc::string::String;

use ipnet::Ipv4Net;
use thiserror::Error;

use crate::{MAX_ADDED_SCOPES, MAX_NAME_LEN, MAX_RELATIONSHIPS};

/// Why an operation on relationships failed.
///
/// [`code`](Self::code) is the number Windows returns, as its header has it; where [MS-DHCPM]
/// prints another number, the header is right. Some variants are never returned by this crate:
/// they are what partners and tools report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// 2: this server has no relationship at all.
    #[error("there is no relationship on this server: create one first")]
    NotFound,
    /// 5: the caller may not do this.
    #[error("access denied")]
    AccessDenied,
    /// 87: a parameter has a value it must not have.
    #[error("invalid parameter {parameter}: {remedy}")]
    InvalidParameter {
        /// The parameter.
        parameter: &'static str,
        /// What it must be.
        remedy: &'static str,
    },
    /// 20005: this server has no such scope.
    #[error("scope {scope} does not exist on this server")]
    ScopeNotPresent {
        /// The scope.
        scope: Ipv4Net,
    },
    /// 20113: a scope is in a relationship already.
    #[error("scope {scope} is already in relationship {relationship:?}: remove it there first")]
    ScopeAlreadyInRelationship {
        /// The scope.
        scope: Ipv4Net,
        /// The relationship that has it.
        relationship: String,
    },
    /// 20114: the name is taken.
    #[error("relationship {name:?} already exists: choose another name")]
    RelationshipExists {
        /// The name.
        name: String,
    },
    /// 20115: there is no relationship of that name.
    #[error("relationship {name:?} does not exist")]
    RelationshipDoesNotExist {
        /// The name.
        name: String,
    },
    /// 20116: a scope is not in the relationship.
    #[error("scope {scope} is not in a failover relationship")]
    ScopeNotInRelationship {
        /// The scope.
        scope: Ipv4Net,
    },
    /// 20117: only the primary can do this.
    #[error("this server is the secondary of the relationship: use the primary")]
    RelationIsSecondary,
    /// 20118: not supported.
    #[error("failover operation is not supported")]
    NotSupported,
    /// 20119: the clocks of the servers differ too much.
    #[error("clocks of the two servers are out of sync")]
    TimeOutOfSync,
    /// 20120: the relationship is not in NORMAL.
    #[error("relationship is not in state NORMAL: wait until both servers are")]
    StateNotNormal,
    /// 20121: no administrator on the partner.
    #[error("no administrator permission on the partner")]
    NoAdminPermission,
    /// 20122: the partner cannot be reached.
    #[error("partner server cannot be reached")]
    ServerNotReachable,
    /// 20123: the partner's service does not run.
    #[error("DHCP service on the partner is not running")]
    ServerNotRunning,
    /// 20124: the partner's name cannot be resolved.
    #[error("name of the partner cannot be resolved")]
    ServerNameNotResolved,
    /// 20125: the name is too long.
    #[error("name of {units} UTF-16 units is too long: use at most {MAX_NAME_LEN}")]
    NameTooLong {
        /// Its length in UTF-16 units.
        units: usize,
    },
    /// 20126: end of the selection.
    #[error("end of selection reached")]
    EndOfSelection,
    /// 20127: leases of added scopes were not synchronized.
    #[error("leases of the added scopes were not synchronized")]
    AddedScopeLeasesNotSynced,
    /// 20128: this server has all the relationships it may have.
    #[error("server has {MAX_RELATIONSHIPS} relationships, which is the limit: delete one first")]
    MaxRelationships,
    /// 20129: an address range in failover cannot change to that type.
    #[error("address range cannot be converted to that type")]
    IllegalRangeTypeConversion,
    /// 20130: too many scopes at once.
    #[error("{count} scopes are too many at once: add at most {MAX_ADDED_SCOPES}")]
    MaxAddedScopes {
        /// How many were given.
        count: usize,
    },
    /// 20131: BOOTP is not supported in failover.
    #[error("BOOTP is not supported in failover")]
    BootNotSupported,
    /// 20132: the address range is part of a relationship.
    #[error("address range is part of a relationship")]
    RangePartOfRelationship,
    /// 20133: scopes are being synchronized.
    #[error("relationship is synchronizing scopes: wait until it is done")]
    ScopeSyncInProgress,
    /// 20134: the partner does not support the feature.
    #[error("feature is not supported by the partner")]
    FeatureNotSupported,
}

impl Error {
    /// The Windows error code, decimal.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::NotFound => 2,
            Self::AccessDenied => 5,
            Self::InvalidParameter { .. } => 87,
            Self::ScopeNotPresent { .. } => 20005,
            Self::ScopeAlreadyInRelationship { .. } => 20113,
            Self::RelationshipExists { .. } => 20114,
            Self::RelationshipDoesNotExist { .. } => 20115,
            Self::ScopeNotInRelationship { .. } => 20116,
            Self::RelationIsSecondary => 20117,
            Self::NotSupported => 20118,
            Self::TimeOutOfSync => 20119,
            Self::StateNotNormal => 20120,
            Self::NoAdminPermission => 20121,
            Self::ServerNotReachable => 20122,
            Self::ServerNotRunning => 20123,
            Self::ServerNameNotResolved => 20124,
            Self::NameTooLong { .. } => 20125,
            Self::EndOfSelection => 20126,
            Self::AddedScopeLeasesNotSynced => 20127,
            Self::MaxRelationships => 20128,
            Self::IllegalRangeTypeConversion => 20129,
            Self::MaxAddedScopes { .. } => 20130,
            Self::BootNotSupported => 20131,
            Self::RangePartOfRelationship => 20132,
            Self::ScopeSyncInProgress => 20133,
            Self::FeatureNotSupported => 20134,
        }
    }
}
