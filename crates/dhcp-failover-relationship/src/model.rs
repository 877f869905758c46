//! One relationship: its fields and what they may hold.

use alloc::{string::String, vec::Vec};
use core::{fmt, net::Ipv4Addr};

use ipnet::Ipv4Net;

use crate::{DEFAULT_LOAD_BALANCE_PERCENTAGE, DEFAULT_MCLT_S, Error, FsmState, MAX_NAME_LEN};

/// How the two servers share the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Mode {
    /// Both answer, each its share of the clients.
    LoadBalance {
        /// The primary's share of the clients, `0..=100` percent, on both servers.
        percentage: u8,
    },
    /// The primary answers; the secondary stands by.
    HotStandby {
        /// The share of the free addresses kept for the standby, `0..=100` percent.
        reserve_percentage: u8,
    },
}

impl Mode {
    /// The one percentage Windows stores for either mode.
    #[must_use]
    pub const fn percentage(self) -> u8 {
        match self {
            Self::LoadBalance { percentage } => percentage,
            Self::HotStandby { reserve_percentage } => reserve_percentage,
        }
    }

    /// The same mode with another percentage.
    #[must_use]
    pub const fn with_percentage(self, percentage: u8) -> Self {
        match self {
            Self::LoadBalance { .. } => Self::LoadBalance { percentage },
            Self::HotStandby { .. } => Self::HotStandby { reserve_percentage: percentage },
        }
    }

    pub(crate) const fn check(self) -> Result<(), Error> {
        if self.percentage() > 100 {
            return Err(invalid("percentage", "use 0 to 100"));
        }
        Ok(())
    }
}

impl Default for Mode {
    fn default() -> Self {
        Self::LoadBalance { percentage: DEFAULT_LOAD_BALANCE_PERCENTAGE }
    }
}

/// Which of the two servers this one is: the only field in which they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServerType {
    /// The primary: it creates the relationship, opens connections and, in hot standby, answers.
    Primary,
    /// The secondary.
    Secondary,
}

impl ServerType {
    /// The other one.
    #[must_use]
    pub const fn partner(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }
}

/// The secret two servers sign their messages with. `Debug` does not show it.
///
/// Comparing two of these takes a time that depends on them; authenticate messages with their
/// digest, not with this.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret(String);

impl SharedSecret {
    /// A secret of at least one character. To turn authentication off, use no secret at all.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if `secret` is empty.
    pub fn new(secret: impl Into<String>) -> Result<Self, Error> {
        let secret = secret.into();
        if secret.is_empty() {
            return Err(invalid("shared secret", "use at least one character, or none at all"));
        }
        Ok(Self(secret))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(hidden)")
    }
}

/// A relationship. Its fields are always within their limits; [`Relationship::builder`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        RelationshipBuilder {
            name: name.into(),
            primary_server,
            secondary_server,
            server_type: ServerType::Primary,
            mode: Mode::default(),
            mclt_s: DEFAULT_MCLT_S,
            safe_period_s: None,
            shared_secret: None,
            scopes: Vec::new(),
        }
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

    /// How the servers share the work.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.fields.mode
    }

    /// This server's own share of the clients in load balance, in percent; `None` in hot standby.
    #[must_use]
    pub const fn local_load_balance_percent(&self) -> Option<u8> {
        match (self.fields.mode, self.fields.server_type) {
            (Mode::LoadBalance { percentage }, ServerType::Primary) => Some(percentage),
            (Mode::LoadBalance { percentage }, ServerType::Secondary) => Some(100 - percentage),
            (Mode::HotStandby { .. }, _) => None,
        }
    }

    /// Maximum client lead time in seconds, at least 1.
    #[must_use]
    pub const fn mclt_s(&self) -> u32 {
        self.fields.mclt_s
    }

    /// Seconds after which a server without contact takes its partner for down; `None` if it
    /// waits for an operator.
    #[must_use]
    pub const fn safe_period_s(&self) -> Option<u32> {
        self.fields.safe_period_s
    }

    /// The secret messages are signed with; `None` if they are not.
    #[must_use]
    pub const fn shared_secret(&self) -> Option<&SharedSecret> {
        self.fields.shared_secret.as_ref()
    }

    /// The scopes, each by its network address, in the order they were added.
    #[must_use]
    pub fn scopes(&self) -> &[Ipv4Net] {
        &self.fields.scopes
    }

    /// Whether a scope belongs to the relationship. A scope is known by its network address.
    #[must_use]
    pub fn has_scope(&self, scope: Ipv4Net) -> bool {
        self.fields.scopes.iter().any(|own| own.network() == scope.network())
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
    /// not change.
    #[must_use]
    pub const fn is_synchronizing(&self) -> bool {
        self.synchronizing
    }
}

/// A relationship in the making; [`build`](Self::build) or
/// [`Relationships::create`](crate::Relationships::create) check it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct RelationshipBuilder {
    pub(crate) name: String,
    pub(crate) primary_server: Ipv4Addr,
    pub(crate) secondary_server: Ipv4Addr,
    pub(crate) server_type: ServerType,
    pub(crate) mode: Mode,
    pub(crate) mclt_s: u32,
    pub(crate) safe_period_s: Option<u32>,
    pub(crate) shared_secret: Option<SharedSecret>,
    pub(crate) scopes: Vec<Ipv4Net>,
}

impl RelationshipBuilder {
    /// Which of the two this server is; the primary by default.
    pub fn server_type(mut self, server_type: ServerType) -> Self {
        self.server_type = server_type;
        self
    }

    /// How the servers share the work; load balance with 50 percent by default.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Maximum client lead time in seconds, 3600 by default.
    pub fn mclt_s(mut self, mclt_s: u32) -> Self {
        self.mclt_s = mclt_s;
        self
    }

    /// Seconds without contact after which the partner is taken for down; `None`, the default,
    /// waits for an operator. 0 and `0xFFFF_FFFF` mean `None` too, as in the Windows API.
    pub fn safe_period_s(mut self, safe_period_s: Option<u32>) -> Self {
        self.safe_period_s = safe_period_s.and_then(safe_period_from_api);
        self
    }

    /// The secret messages are signed with; `None`, the default, sends them unsigned.
    pub fn shared_secret(mut self, shared_secret: Option<SharedSecret>) -> Self {
        self.shared_secret = shared_secret;
        self
    }

    /// The scopes; host bits are dropped.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Ipv4Net>) -> Self {
        self.scopes = scopes.into_iter().map(|scope| scope.trunc()).collect();
        self
    }

    /// Checks all that concerns this relationship alone. It may have no scopes yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for an empty name, a zero or repeated server address, a
    /// percentage over 100, an MCLT of 0 or a repeated scope; then [`Error::NameTooLong`].
    pub fn build(self) -> Result<Relationship, Error> {
        self.check_parameters()?;
        self.check_name_len()?;
        Ok(self.into_relationship())
    }

    pub(crate) fn check_parameters(&self) -> Result<(), Error> {
        if self.name.is_empty() {
            return Err(invalid("name", "use at least one character"));
        }
        let (primary, secondary) = (self.primary_server, self.secondary_server);
        if primary.is_unspecified() || secondary.is_unspecified() {
            return Err(invalid("server address", "use the servers' own addresses, not 0.0.0.0"));
        }
        // Windows checks neither this nor the MCLT here; both make every later message useless.
        if primary == secondary {
            return Err(invalid("server address", "use different addresses for the two servers"));
        }
        if self.mclt_s == 0 {
            return Err(invalid("MCLT", "use at least 1 second"));
        }
        self.mode.check()?;
        check_distinct(&self.scopes)
    }

    pub(crate) fn check_name_len(&self) -> Result<(), Error> {
        match self.name.encode_utf16().count() {
            ..=MAX_NAME_LEN => Ok(()),
            units => Err(Error::NameTooLong { units }),
        }
    }

    /// A new relationship has no history (`STARTUP`, before that `INIT`).
    pub(crate) fn into_relationship(self) -> Relationship {
        Relationship {
            fields: self,
            state: FsmState::Startup,
            prev_state: FsmState::Init,
            synchronizing: false,
        }
    }
}

/// The safe period from its form in the Windows API, in seconds: 0 and `0xFFFF_FFFF` are off.
#[must_use]
pub const fn safe_period_from_api(seconds: u32) -> Option<u32> {
    match seconds {
        0 | u32::MAX => None,
        seconds => Some(seconds),
    }
}

/// The safe period in its form in the Windows API: `0xFFFF_FFFF` if off.
#[must_use]
pub const fn safe_period_to_api(safe_period_s: Option<u32>) -> u32 {
    match safe_period_s {
        Some(seconds) => seconds,
        None => u32::MAX,
    }
}

pub(crate) const fn invalid(parameter: &'static str, remedy: &'static str) -> Error {
    Error::InvalidParameter { parameter, remedy }
}

/// No scope may be named twice in one call.
pub(crate) fn check_distinct(scopes: &[Ipv4Net]) -> Result<(), Error> {
    let mut networks: Vec<Ipv4Addr> = scopes.iter().map(Ipv4Net::network).collect();
    networks.sort_unstable();
    if networks.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(invalid("scopes", "name each scope once"));
    }
    Ok(())
}
