//! One relationship.

use alloc::string::String;
use core::net::Ipv4Addr;

use crate::{
    Error, FsmState, Mode, Percent, RelationshipBuilder, ServerRole, ServerType, SharedSecret,
};

/// A relationship, field by field as `DHCP_FAILOVER_RELATIONSHIP` has it. Its fields are always
/// within their limits; [`Relationship::builder`] makes one.
///
/// With the feature `serde` everything is stored but the secret: `shared_secret` is always empty in
/// what is written, while `enable_auth` says whether there is one. Reading refuses such a pair, so
/// that authentication cannot go off unnoticed: put the secret in, or store what
/// [`split_secret`](Self::split_secret) gives and keep the secret elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "crate::stored::StoredRelationship",
        into = "crate::stored::StoredRelationship"
    )
)]
pub struct Relationship {
    pub(crate) fields: RelationshipBuilder,
    pub(crate) state: FsmState,
    pub(crate) prev_state: FsmState,
    pub(crate) synchronizing: bool,
}

impl Relationship {
    /// Begins a relationship with what has no default: its name and the two servers.
    pub fn builder(
        name: impl Into<String>,
        primary_server: Ipv4Addr,
        secondary_server: Ipv4Addr,
    ) -> RelationshipBuilder {
        RelationshipBuilder::new(name.into(), primary_server, secondary_server)
    }

    /// The name: 1 to 126 UTF-16 units, the same on both servers, never changed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.fields.name
    }

    /// The primary's address.
    #[must_use]
    pub const fn primary_server(&self) -> Ipv4Addr {
        self.fields.primary_server
    }

    /// The secondary's address.
    #[must_use]
    pub const fn secondary_server(&self) -> Ipv4Addr {
        self.fields.secondary_server
    }

    /// The primary's host name, empty if it is not known. It is for people only.
    #[must_use]
    pub fn primary_server_name(&self) -> &str {
        &self.fields.primary_server_name
    }

    /// The secondary's host name, empty if it is not known. It is for people only.
    #[must_use]
    pub fn secondary_server_name(&self) -> &str {
        &self.fields.secondary_server_name
    }

    /// Which of them this server is.
    #[must_use]
    pub const fn server_type(&self) -> ServerType {
        self.fields.server_type
    }

    /// The address of the other server.
    #[must_use]
    pub const fn partner_server(&self) -> Ipv4Addr {
        match self.fields.server_type {
            ServerType::Primary => self.fields.secondary_server,
            ServerType::Secondary => self.fields.primary_server,
        }
    }

    /// The host name of the other server, empty if it is not known.
    #[must_use]
    pub fn partner_server_name(&self) -> &str {
        match self.fields.server_type {
            ServerType::Primary => self.secondary_server_name(),
            ServerType::Secondary => self.primary_server_name(),
        }
    }

    /// How the servers share the work.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.fields.mode
    }

    /// This server's own share of the clients in load balance; `None` in hot standby.
    #[must_use]
    pub const fn local_load_balance_percent(&self) -> Option<Percent> {
        match self.fields.mode {
            Mode::LoadBalance { percentage } => Some(self.fields.server_type.own_share(percentage)),
            Mode::HotStandby { .. } => None,
        }
    }

    /// What this server does in hot standby; `None` in load balance.
    #[must_use]
    pub const fn server_role(&self) -> Option<ServerRole> {
        match self.fields.mode {
            Mode::LoadBalance { .. } => None,
            Mode::HotStandby { .. } => Some(self.fields.server_type.role()),
        }
    }

    /// The share of the free addresses kept for the standby in hot standby; `None` in load balance.
    #[must_use]
    pub const fn reserve_percent(&self) -> Option<Percent> {
        match self.fields.mode {
            Mode::LoadBalance { .. } => None,
            Mode::HotStandby { reserve_percentage } => Some(reserve_percentage),
        }
    }

    /// Maximum client lead time in seconds, at least 1: by how much a server may extend a lease
    /// beyond what its partner knows of.
    #[must_use]
    pub const fn mclt_s(&self) -> u32 {
        self.fields.mclt_s
    }

    /// Seconds in `COMMUNICATION_INT` after which a server takes its partner for down; `None` if it
    /// waits for an operator. Never 0 or `0xFFFF_FFFF`.
    #[must_use]
    pub const fn safe_period_s(&self) -> Option<u32> {
        self.fields.safe_period_s
    }

    /// The secret messages are signed with; `None` if they are not.
    #[must_use]
    pub const fn shared_secret(&self) -> Option<&SharedSecret> {
        self.fields.shared_secret.as_ref()
    }

    /// The relationship without its secret, and the secret, to be stored apart.
    #[must_use]
    pub fn split_secret(mut self) -> (Self, Option<SharedSecret>) {
        let secret = self.fields.shared_secret.take();
        (self, secret)
    }

    /// The same relationship with another secret, or none.
    #[must_use]
    pub fn with_secret(mut self, shared_secret: Option<SharedSecret>) -> Self {
        self.fields.shared_secret = shared_secret;
        self
    }

    /// The scopes by the addresses of their subnets, in the order they were added.
    #[must_use]
    pub fn scopes(&self) -> &[Ipv4Addr] {
        &self.fields.scopes
    }

    /// Whether a scope belongs to the relationship.
    #[must_use]
    pub fn has_scope(&self, scope: Ipv4Addr) -> bool {
        self.fields.scopes.contains(&scope)
    }

    /// The state of the endpoint as last recorded.
    #[must_use]
    pub const fn state(&self) -> FsmState {
        self.state
    }

    /// The state before that, which a restart begins from.
    #[must_use]
    pub const fn prev_state(&self) -> FsmState {
        self.prev_state
    }

    /// Whether leases of scopes are being brought to the partner, so that the list of scopes must
    /// not change. It is not stored: after a restart nothing is being brought.
    #[must_use]
    pub const fn is_synchronizing(&self) -> bool {
        self.synchronizing
    }

    pub(crate) fn check_not_synchronizing(&self) -> Result<(), Error> {
        if self.synchronizing {
            return Err(Error::ScopeSyncInProgress { relationship: self.name().into() });
        }
        Ok(())
    }
}
