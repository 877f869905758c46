//! `Add-DhcpServerv4Failover`.

use alloc::{format, string::String, vec::Vec};
use core::net::Ipv4Addr;

use super::read_percent;
use crate::{
    Error, Errors, Invalid, Mode, ModeName, Registry, Relationship, RelationshipBuilder, Scopes,
    ServerRole, ServerType, SharedSecret, TimeSpan,
};

/// The parameters of `Add-DhcpServerv4Failover`, and three that it does not have: `Empty`, `Mode`
/// and `ServerType`.
///
/// With the feature `serde` the secret is read but never written: who sends the parameters puts it
/// in as `SharedSecret`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "PascalCase", deny_unknown_fields, default))]
pub struct AddFailover {
    /// The relationship's name; by default the short names of the primary and the secondary with a
    /// hyphen between.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub name: Option<String>,
    /// The partner's name or address, required.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub partner_server: Option<String>,
    /// The scopes by the IPv4 addresses of their subnets, at least one unless `empty`. Texts, so that
    /// an IPv6 scope gets an error of its own.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub scope_id: Vec<String>,
    /// A relationship without scopes is meant.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "core::ops::Not::not"))]
    pub empty: bool,
    /// The mode; by default the one whose parameters are given, load balance if none is.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub mode: Option<ModeName>,
    /// Load balance: the local server's share of the clients in percent, 50 by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub load_balance_percent: Option<u32>,
    /// Hot standby: the share of the free addresses kept for the standby in percent, 5 by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub reserve_percent: Option<u32>,
    /// Hot standby: what the local server does, active by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub server_role: Option<ServerRole>,
    /// Which of the two the local server is, to make the relationship by hand at the second server;
    /// by default the primary, in hot standby the one with `server_role`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub server_type: Option<ServerType>,
    /// The MCLT, 1 hour by default.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_client_lead_time: Option<TimeSpan>,
    /// Whether a server goes from COMMUNICATIONS-INTERRUPTED to PARTNER-DOWN by itself; by default
    /// only if there is an interval.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub auto_state_transition: Option<bool>,
    /// After how long; 0 is off, 1 hour is the default when the transition is automatic.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub state_switch_interval: Option<TimeSpan>,
    /// The secret that messages are signed with; without it they are not signed.
    #[cfg_attr(feature = "serde", serde(skip_serializing))]
    pub shared_secret: Option<SharedSecret>,
}

/// The server that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalServer {
    /// Its name.
    pub name: String,
    /// All addresses it has.
    pub addresses: Vec<Ipv4Addr>,
    /// The one that the partner knows it by.
    pub address: Ipv4Addr,
}

/// The other server, whose name was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerServer {
    /// Its name or address as it was given, perhaps with a port, which does not count here.
    pub name: String,
    /// Its address.
    pub address: Ipv4Addr,
}

impl AddFailover {
    /// The relationship that is meant, with defaults for what is not given. Whether the server has
    /// the scopes and room for a relationship is for [`Registry::create`] to say, or use
    /// [`create`](Self::create) for all at once.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] and [`Error::NameTooLong`], all at once.
    pub fn resolve(
        &self,
        local: &LocalServer,
        partner: &PartnerServer,
    ) -> Result<RelationshipBuilder, Errors> {
        let (builder, mut problems) = self.read(local, partner);
        problems.extend(builder.invalid_parameters());
        problems.extend(builder.name_too_long());
        Errors::check(problems)?;
        Ok(builder)
    }

    /// Resolves the parameters and creates the relationship.
    ///
    /// ```
    /// use core::net::Ipv4Addr;
    /// use dhcp_failover_relationship::{Registry, ScopeKind};
    /// use dhcp_failover_relationship::cmdlet::{AddFailover, LocalServer, PartnerServer};
    /// let address = Ipv4Addr::new(192, 0, 2, 1);
    /// let local = LocalServer { name: "dc1.example".into(), addresses: vec![address], address };
    /// let partner = PartnerServer { name: "dhcp1.example".into(), address: [192, 0, 2, 2].into() };
    /// let parameters = AddFailover {
    ///     partner_server: Some("dhcp1.example".into()),
    ///     scope_id: vec!["192.168.10.0".into()],
    ///     load_balance_percent: Some(70),
    ///     state_switch_interval: Some("2h".parse()?),
    ///     ..AddFailover::default()
    /// };
    /// let served = |_: Ipv4Addr| Some(ScopeKind::Dhcp);
    /// let mut registry = Registry::new();
    /// let made = parameters.create(&mut registry, &local, &partner, &served)?;
    /// assert_eq!((made.name(), made.safe_period_s()), ("dc1-dhcp1", Some(7200)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What [`resolve`](Self::resolve) refuses and what [`Registry::create`] does, all at once.
    pub fn create<'a>(
        &self,
        registry: &'a mut Registry,
        local: &LocalServer,
        partner: &PartnerServer,
        served: &impl Scopes,
    ) -> Result<&'a Relationship, Errors> {
        let (builder, problems) = self.read(local, partner);
        registry.create_unless(problems, builder, served)
    }

    /// What can be read, and what is wrong beside what the builder finds itself.
    fn read(
        &self,
        local: &LocalServer,
        partner: &PartnerServer,
    ) -> (RelationshipBuilder, Vec<Error>) {
        let mut invalid = Vec::new();
        if self.partner_server.as_ref().is_none_or(String::is_empty) {
            invalid.push(Invalid::Missing { parameter: "PartnerServer" });
        }
        let is_local =
            partner.address == local.address || local.addresses.contains(&partner.address);
        if is_local && !partner.address.is_unspecified() {
            let (partner, address) = (partner.name.clone(), partner.address);
            invalid.push(Invalid::PartnerIsLocal { partner, address });
        }
        let scopes = self.scopes(&mut invalid);
        let (mode, server_type) = self.mode_and_type(&mut invalid);
        let safe_period_s =
            super::safe_period_s(self.auto_state_transition, self.state_switch_interval, None)
                .unwrap_or_else(|it| {
                    invalid.push(it);
                    None
                });
        let mut builder = in_order(server_type, local, partner, self.name.clone())
            .mode(mode)
            .safe_period_s(safe_period_s.flatten())
            .shared_secret(self.shared_secret.clone())
            .scopes(scopes);
        if let Some(mclt) = self.max_client_lead_time {
            builder = builder.mclt_s(mclt.as_s());
        }
        // What is wrong about the scopes is known here, where their texts are.
        builder = builder.may_be_empty();
        (builder, invalid.into_iter().map(Error::from).collect())
    }

    fn scopes(&self, invalid: &mut Vec<Invalid>) -> Vec<Ipv4Addr> {
        match (self.scope_id.is_empty(), self.empty) {
            (true, false) => invalid.push(Invalid::Missing { parameter: "ScopeId" }),
            (false, true) => invalid.push(Invalid::ScopesForEmpty),
            (true, true) | (false, false) => {}
        }
        super::read_scope_ids(&self.scope_id, invalid)
    }

    /// The mode, given or meant, with its percentage for both servers, and which server is which.
    fn mode_and_type(&self, invalid: &mut Vec<Invalid>) -> (Mode, ServerType) {
        let of_standby = [
            (self.reserve_percent.is_some(), "ReservePercent"),
            (self.server_role.is_some(), "ServerRole"),
        ];
        let of_standby = of_standby.into_iter().filter(|(given, _)| *given).map(|(_, it)| it);
        let mode = match self.mode {
            Some(mode @ ModeName::LoadBalance) => {
                invalid.extend(of_standby.map(|parameter| Invalid::OtherMode { parameter, mode }));
                mode
            }
            Some(mode @ ModeName::HotStandby) => {
                if self.load_balance_percent.is_some() {
                    invalid.push(Invalid::OtherMode { parameter: "LoadBalancePercent", mode });
                }
                mode
            }
            None if self.load_balance_percent.is_some() => {
                invalid.extend(of_standby.map(|parameter| Invalid::BothModes { parameter }));
                ModeName::LoadBalance
            }
            None if of_standby.count() > 0 => ModeName::HotStandby,
            None => ModeName::LoadBalance,
        };
        let server_type = match (self.server_role, self.server_type) {
            (Some(role), Some(server_type)) if role.server_type() != server_type => {
                invalid.push(Invalid::RoleAgainstType { role, server_type });
                server_type
            }
            (Some(role), _) => role.server_type(),
            (None, Some(server_type)) => server_type,
            (None, None) => ServerType::Primary,
        };
        // Both are read: one of the other mode may be wrong in itself, too.
        let share = read_percent("LoadBalancePercent", self.load_balance_percent, invalid);
        let reserve = read_percent("ReservePercent", self.reserve_percent, invalid);
        let percentage = match mode {
            ModeName::LoadBalance => share.map(|local| server_type.own_share(local)),
            ModeName::HotStandby => reserve,
        }
        .unwrap_or(mode.default_percentage());
        (Mode::new(mode, percentage), server_type)
    }
}

/// A relationship between the two, the primary first: also in the default name, so that it is the
/// same on both servers.
fn in_order(
    server_type: ServerType,
    local: &LocalServer,
    partner: &PartnerServer,
    name: Option<String>,
) -> RelationshipBuilder {
    let own = (local.address, &local.name);
    let other = (partner.address, &partner.name);
    let (primary, secondary) = match server_type {
        ServerType::Primary => (own, other),
        ServerType::Secondary => (other, own),
    };
    let name = name.unwrap_or_else(|| format!("{}-{}", short(primary.1), short(secondary.1)));
    Relationship::builder(name, primary.0, secondary.0)
        .server_names(host_name(primary.1), host_name(secondary.1))
        .server_type(server_type)
}

/// A server without its port.
fn host(server: &str) -> &str {
    match server.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => server,
    }
}

/// The name of a server; empty if it is known by its address only.
fn host_name(server: &str) -> &str {
    let host = host(server);
    if host.parse::<Ipv4Addr>().is_ok() { "" } else { host }
}

/// A host name up to its first dot; an address is left whole.
fn short(server: &str) -> &str {
    match host_name(server) {
        "" => host(server),
        name => name.split_once('.').map_or(name, |(host, _)| host),
    }
}
