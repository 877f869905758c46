//! A relationship in the making.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::{
    DEFAULT_MCLT_S, Error, Errors, FsmState, Invalid, MAX_NAME_LEN, Mode, Relationship, ServerType,
    SharedSecret, safe_period_from_api,
};

/// A relationship in the making; [`build`](Self::build) or
/// [`Registry::create`](crate::Registry::create) check it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct RelationshipBuilder {
    pub(crate) name: String,
    pub(crate) primary_server: Ipv4Addr,
    pub(crate) secondary_server: Ipv4Addr,
    pub(crate) primary_server_name: String,
    pub(crate) secondary_server_name: String,
    pub(crate) server_type: ServerType,
    pub(crate) mode: Mode,
    pub(crate) mclt_s: u32,
    pub(crate) safe_period_s: Option<u32>,
    pub(crate) shared_secret: Option<SharedSecret>,
    pub(crate) scopes: Vec<Ipv4Addr>,
    pub(crate) may_be_empty: bool,
}

impl RelationshipBuilder {
    pub(crate) fn new(name: String, primary_server: Ipv4Addr, secondary_server: Ipv4Addr) -> Self {
        Self {
            name,
            primary_server,
            secondary_server,
            primary_server_name: String::new(),
            secondary_server_name: String::new(),
            server_type: ServerType::Primary,
            mode: Mode::default(),
            mclt_s: DEFAULT_MCLT_S,
            safe_period_s: None,
            shared_secret: None,
            scopes: Vec::new(),
            may_be_empty: false,
        }
    }

    /// The host names of the primary and the secondary, for people; empty, the default, if they are
    /// not known.
    pub fn server_names(
        mut self,
        primary: impl Into<String>,
        secondary: impl Into<String>,
    ) -> Self {
        self.primary_server_name = primary.into();
        self.secondary_server_name = secondary.into();
        self
    }

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

    /// The scopes, each by the address of its subnet.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Ipv4Addr>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Lets [`Registry::create`](crate::Registry::create) accept a relationship without scopes,
    /// which Windows' API refuses and its tools need.
    pub fn may_be_empty(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    /// Checks all that concerns this relationship alone. It may have no scopes yet. It has no
    /// history: its state is `STARTUP`, before that `INIT`.
    ///
    /// # Errors
    ///
    /// In this order: [`Error::InvalidParameter`] for an empty name or one with a NUL, a server
    /// address of zero, an MCLT of 0 or a repeated scope; [`Error::NameTooLong`].
    pub fn build(self) -> Result<Relationship, Errors> {
        let mut problems = self.invalid_parameters();
        problems.extend(self.name_too_long());
        Errors::check(problems)?;
        Ok(self.into_relationship())
    }

    /// What is wrong with it by itself, but for the length of its name, which Windows checks later.
    pub(crate) fn invalid_parameters(&self) -> Vec<Error> {
        let mut invalid = Vec::new();
        if self.name.is_empty() {
            invalid.push(Invalid::Missing { parameter: "Name" });
        }
        for (parameter, text) in [
            ("Name", &self.name),
            ("PrimaryServerName", &self.primary_server_name),
            ("SecondaryServerName", &self.secondary_server_name),
        ] {
            if text.contains('\0') {
                invalid.push(Invalid::Nul { parameter });
            }
        }
        let (primary, secondary) = (self.primary_server, self.secondary_server);
        if primary.is_unspecified() {
            invalid.push(Invalid::ServerAddressZero { server: ServerType::Primary });
        }
        if secondary.is_unspecified() {
            invalid.push(Invalid::ServerAddressZero { server: ServerType::Secondary });
        }
        if self.mclt_s == 0 {
            invalid.push(Invalid::MaxClientLeadTimeZero);
        }
        invalid.extend(repeated(&self.scopes));
        invalid.into_iter().map(Error::from).collect()
    }

    /// The address that both servers are to have. A new relationship needs two servers; one that is
    /// there may have two on one machine, which this model, without ports, cannot tell apart.
    pub(crate) fn same_servers(&self) -> Option<Error> {
        let address = self.primary_server;
        let same = address == self.secondary_server && !address.is_unspecified();
        same.then(|| Invalid::SameServers { address }.into())
    }

    pub(crate) fn name_too_long(&self) -> Option<Error> {
        let units = self.name.encode_utf16().count();
        (units > MAX_NAME_LEN).then_some(Error::NameTooLong { units })
    }

    pub(crate) fn into_relationship(self) -> Relationship {
        Relationship {
            // A wish about its creation is no part of it.
            fields: Self { may_be_empty: false, ..self },
            state: FsmState::Startup,
            prev_state: FsmState::Init,
            synchronizing: false,
        }
    }
}

/// No scope may be named twice in one call. One that is named three times is told twice, which
/// [`Errors::check`] makes once.
pub(crate) fn repeated(scopes: &[Ipv4Addr]) -> Vec<Invalid> {
    let mut sorted = scopes.to_vec();
    sorted.sort_unstable();
    let twice = sorted.windows(2).filter(|pair| pair[0] == pair[1]);
    twice.map(|pair| Invalid::ScopeTwice { scope: pair[0] }).collect()
}
