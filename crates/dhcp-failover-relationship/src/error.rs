//! Errors, with the codes Windows gives them.

use alloc::{borrow::Cow, format, string::String};
use core::net::Ipv4Addr;

use thiserror::Error;

use crate::{FsmState, Invalid, MAX_ADDED_SCOPES, MAX_NAME_LEN};

/// Why an operation on relationships is refused.
///
/// `Display` says what is wrong, with the thing and the value; [`remedy`](Self::remedy) says what to
/// do. [`code`](Self::code) is the number Windows returns, as its header has it; where [MS-DHCPM]
/// prints another number, the header is right. Some variants are never returned by this crate:
/// they are what servers, partners and tools report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// 2: this server has no relationship at all.
    #[error("this server has no failover relationship")]
    NotFound,
    /// 2: a scope is in no relationship, so it has no failover statistics.
    #[error("scope {scope} has no failover statistics, because it is in no relationship")]
    NoStatistics {
        /// The scope.
        scope: Ipv4Addr,
    },
    /// 5: the caller may not do this.
    #[error("access denied")]
    AccessDenied,
    /// 87: a parameter has a value it must not have.
    #[error(transparent)]
    InvalidParameter(#[from] Invalid),
    /// 259: an enumeration is at its end.
    #[error("there are no more relationships after the first {resume}")]
    NoMoreItems {
        /// Where it was to go on.
        resume: u32,
    },
    /// 20005: this server has no such scope.
    #[error("scope {scope} does not exist on this server")]
    ScopeNotPresent {
        /// The scope.
        scope: Ipv4Addr,
    },
    /// 20013: no lease of such a client.
    #[error("client {client:?} has no lease on this server")]
    ClientNotFound {
        /// The client, as it was asked for.
        client: String,
    },
    /// 20113: a scope is in a relationship already.
    #[error("scope {scope} is already in relationship {relationship:?}")]
    ScopeAlreadyInRelationship {
        /// The scope.
        scope: Ipv4Addr,
        /// The relationship that has it.
        relationship: String,
    },
    /// 20114: the name is taken.
    #[error("relationship {name:?} already exists")]
    RelationshipExists {
        /// The name.
        name: String,
    },
    /// 20115: there is no relationship of that name.
    #[error("relationship {name:?} does not exist on this server")]
    RelationshipDoesNotExist {
        /// The name.
        name: String,
    },
    /// 20116: a scope is not in a relationship, or not in the one that was named.
    #[error("scope {scope} is not in {}", named(.relationship.as_deref()))]
    ScopeNotInRelationship {
        /// The scope.
        scope: Ipv4Addr,
        /// The relationship that was named, if one was.
        relationship: Option<String>,
    },
    /// 20117: only the primary can do this.
    #[error("this server is the secondary of relationship {relationship:?}")]
    RelationIsSecondary {
        /// The relationship.
        relationship: String,
    },
    /// 20118: not supported.
    #[error("failover operation is not supported: {operation}")]
    NotSupported {
        /// What was asked for.
        operation: String,
    },
    /// 20119: the clocks of the servers differ too much.
    #[error("clock of server {server:?} differs by {difference_s} s")]
    TimeOutOfSync {
        /// The other server.
        server: String,
        /// By how many seconds its clock is ahead, negative if it is behind.
        difference_s: i64,
    },
    /// 20120: the relationship is not in NORMAL.
    #[error("relationship {relationship:?} is in state {state}, not Normal")]
    StateNotNormal {
        /// The relationship.
        relationship: String,
        /// Its state.
        state: FsmState,
    },
    /// 20121: no administrator on the partner.
    #[error("no administrator permission on server {server:?}")]
    NoAdminPermission {
        /// The partner.
        server: String,
    },
    /// 20122: the partner cannot be reached.
    #[error("server {server:?} cannot be reached")]
    ServerNotReachable {
        /// The partner.
        server: String,
    },
    /// 20123: the partner's service does not run.
    #[error("DHCP service on server {server:?} is not running")]
    ServerNotRunning {
        /// The partner.
        server: String,
    },
    /// 20124: the partner's name cannot be resolved.
    #[error("name {server:?} cannot be resolved to an IPv4 address")]
    ServerNameNotResolved {
        /// The name.
        server: String,
    },
    /// 20125: the name is too long.
    #[error("name of the relationship has {units} UTF-16 units, more than {MAX_NAME_LEN}")]
    NameTooLong {
        /// Its length in UTF-16 units.
        units: usize,
    },
    /// 20126: end of the selection.
    #[error("end of the selection is reached")]
    EndOfSelection,
    /// 20127: leases of added scopes were not synchronized.
    #[error("leases of scopes added to relationship {relationship:?} are not synchronized")]
    AddedScopeLeasesNotSynced {
        /// The relationship.
        relationship: String,
    },
    /// 20128: this server has all the relationships it may have.
    #[error("this server has {limit} relationships, which is its limit")]
    MaxRelationships {
        /// The limit.
        limit: usize,
    },
    /// 20129: an address range in failover cannot change to that type.
    #[error("address range of scope {scope} cannot be converted while it is in failover")]
    IllegalRangeTypeConversion {
        /// The scope.
        scope: Ipv4Addr,
    },
    /// 20130: too many scopes at once.
    #[error("{count} scopes at once are more than {MAX_ADDED_SCOPES}")]
    MaxAddedScopes {
        /// How many were given.
        count: usize,
    },
    /// 20131: BOOTP is not supported in failover.
    #[error("BOOTP of scope {scope} is not supported in failover")]
    BootNotSupported {
        /// The scope.
        scope: Ipv4Addr,
    },
    /// 20132: the address range is part of a relationship.
    #[error("address range of scope {scope} is part of relationship {relationship:?}")]
    RangePartOfRelationship {
        /// The scope.
        scope: Ipv4Addr,
        /// The relationship.
        relationship: String,
    },
    /// 20133: scopes are being synchronized.
    #[error("relationship {relationship:?} is synchronizing scopes")]
    ScopeSyncInProgress {
        /// The relationship.
        relationship: String,
    },
    /// 20134: the partner does not support the feature.
    #[error("server {server:?} does not support this feature")]
    FeatureNotSupported {
        /// The partner.
        server: String,
    },
}

impl Error {
    /// The Windows error code, decimal.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::NotFound | Self::NoStatistics { .. } => 2,
            Self::AccessDenied => 5,
            Self::InvalidParameter(_) => 87,
            Self::NoMoreItems { .. } => 259,
            Self::ScopeNotPresent { .. } => 20005,
            Self::ClientNotFound { .. } => 20013,
            Self::ScopeAlreadyInRelationship { .. } => 20113,
            Self::RelationshipExists { .. } => 20114,
            Self::RelationshipDoesNotExist { .. } => 20115,
            Self::ScopeNotInRelationship { .. } => 20116,
            Self::RelationIsSecondary { .. } => 20117,
            Self::NotSupported { .. } => 20118,
            Self::TimeOutOfSync { .. } => 20119,
            Self::StateNotNormal { .. } => 20120,
            Self::NoAdminPermission { .. } => 20121,
            Self::ServerNotReachable { .. } => 20122,
            Self::ServerNotRunning { .. } => 20123,
            Self::ServerNameNotResolved { .. } => 20124,
            Self::NameTooLong { .. } => 20125,
            Self::EndOfSelection => 20126,
            Self::AddedScopeLeasesNotSynced { .. } => 20127,
            Self::MaxRelationships { .. } => 20128,
            Self::IllegalRangeTypeConversion { .. } => 20129,
            Self::MaxAddedScopes { .. } => 20130,
            Self::BootNotSupported { .. } => 20131,
            Self::RangePartOfRelationship { .. } => 20132,
            Self::ScopeSyncInProgress { .. } => 20133,
            Self::FeatureNotSupported { .. } => 20134,
        }
    }

    /// What to do about it: a sentence without its capital and its full stop.
    #[must_use]
    pub fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::NotFound => "create a relationship first",
            Self::NoStatistics { .. } => "add the scope to a relationship, or name another scope",
            Self::AccessDenied => "ask as a member of the administrators' group",
            Self::InvalidParameter(invalid) => return invalid.remedy(),
            Self::NoMoreItems { .. } => "begin again at 0",
            Self::ScopeNotPresent { .. } => {
                "name a scope by the address of its subnet, or configure the scope first"
            }
            Self::ClientNotFound { .. } => "check the address, the identifier or the name",
            Self::ScopeAlreadyInRelationship { relationship, .. } => {
                return format!("remove the scope from {relationship:?} first").into();
            }
            Self::RelationshipExists { .. } => "choose another name, or change the one there is",
            Self::RelationshipDoesNotExist { .. } => {
                "list the relationships and use one of their names"
            }
            Self::ScopeNotInRelationship { .. } => "name a scope of the relationship",
            Self::RelationIsSecondary { .. } => "ask the primary",
            Self::NotSupported { .. } => "leave it out",
            Self::TimeOutOfSync { .. } => "set both clocks from the same source",
            Self::StateNotNormal { .. } => "wait until both servers are in state Normal",
            Self::NoAdminPermission { .. } => {
                "use an account that is administrator on both servers"
            }
            Self::ServerNotReachable { .. } => "check the network and the partner's address",
            Self::ServerNotRunning { .. } => "start the service there",
            Self::ServerNameNotResolved { .. } => "give the partner's IPv4 address",
            Self::NameTooLong { .. } => return format!("use at most {MAX_NAME_LEN}").into(),
            Self::EndOfSelection => "begin again",
            Self::AddedScopeLeasesNotSynced { .. } => "add the scopes again when both servers run",
            Self::MaxRelationships { .. } => {
                "reuse a relationship, delete one that is not in use, or raise the limit"
            }
            Self::IllegalRangeTypeConversion { .. } | Self::RangePartOfRelationship { .. } => {
                "remove the scope from its relationship first"
            }
            Self::MaxAddedScopes { .. } => {
                return format!("add at most {MAX_ADDED_SCOPES} at a time").into();
            }
            Self::BootNotSupported { .. } => "leave the scope out",
            Self::ScopeSyncInProgress { .. } => "wait until it is done",
            Self::FeatureNotSupported { .. } => "leave it out, or upgrade that server",
        }
        .into()
    }
}

fn named(relationship: Option<&str>) -> String {
    match relationship {
        Some(name) => format!("relationship {name:?}"),
        None => "a failover relationship".into(),
    }
}
