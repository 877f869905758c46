//! What the cmdlets print.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, net::Ipv4Addr};

use crate::{FsmState, ModeName, Relationship, ServerRole, ServerType, Statistics, TimeSpan};

/// A relationship as `Get-DhcpServerv4Failover` shows it: from the local server's view, and without
/// the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "PascalCase"))]
pub struct Failover {
    /// The relationship's name.
    pub name: String,
    /// The partner's name, or its address if the name is not known.
    pub partner_server: String,
    /// The mode.
    pub mode: ModeName,
    /// Load balance: the local server's share of the clients in percent.
    pub load_balance_percent: Option<u8>,
    /// Hot standby: what the local server does.
    pub server_role: Option<ServerRole>,
    /// Hot standby: the share of the free addresses kept for the standby in percent.
    pub reserve_percent: Option<u8>,
    /// The MCLT.
    pub max_client_lead_time: TimeSpan,
    /// After how long a server goes to PARTNER-DOWN by itself, if it does.
    pub state_switch_interval: Option<TimeSpan>,
    /// The state of the local endpoint.
    pub state: FsmState,
    /// The scopes by the addresses of their subnets.
    pub scope_id: Vec<Ipv4Addr>,
    /// Whether a server goes to PARTNER-DOWN by itself.
    pub auto_state_transition: bool,
    /// Whether messages are signed.
    pub enable_auth: bool,
    /// The primary's address.
    #[cfg_attr(feature = "serde", serde(rename = "PrimaryServerIP"))]
    pub primary_server_ip: Ipv4Addr,
    /// The primary's name, if it is known.
    pub primary_server_name: Option<String>,
    /// The secondary's address.
    #[cfg_attr(feature = "serde", serde(rename = "SecondaryServerIP"))]
    pub secondary_server_ip: Ipv4Addr,
    /// The secondary's name, if it is known.
    pub secondary_server_name: Option<String>,
    /// Which of them the local server is.
    pub server_type: ServerType,
}

impl Failover {
    /// The relationship as its own server shows it.
    #[must_use]
    pub fn of(relationship: &Relationship) -> Self {
        let known = |name: &str| (!name.is_empty()).then(|| String::from(name));
        let interval = relationship.safe_period_s().map(TimeSpan::from_s);
        Self {
            name: relationship.name().into(),
            partner_server: partner(relationship),
            mode: relationship.mode().name(),
            load_balance_percent: relationship.local_load_balance_percent().map(u8::from),
            server_role: relationship.server_role(),
            reserve_percent: relationship.reserve_percent().map(u8::from),
            max_client_lead_time: TimeSpan::from_s(relationship.mclt_s()),
            state_switch_interval: interval,
            state: relationship.state(),
            scope_id: relationship.scopes().to_vec(),
            auto_state_transition: interval.is_some(),
            enable_auth: relationship.shared_secret().is_some(),
            primary_server_ip: relationship.primary_server(),
            primary_server_name: known(relationship.primary_server_name()),
            secondary_server_ip: relationship.secondary_server(),
            secondary_server_name: known(relationship.secondary_server_name()),
            server_type: relationship.server_type(),
        }
    }

    /// The list that PowerShell prints, a property a line. What the mode does not have is blank, and
    /// no line ends with a blank.
    ///
    /// ```
    /// use dhcp_failover_relationship::{Relationship, cmdlet::Failover};
    /// let pair = Relationship::builder("a-b", [192, 0, 2, 1].into(), [192, 0, 2, 2].into())
    ///     .scopes([[10, 0, 1, 0].into(), [10, 0, 2, 0].into()])
    ///     .build()?;
    /// let list = Failover::of(&pair).to_list();
    /// assert!(list.starts_with("Name                : a-b\nPartnerServer       : 192.0.2.2\n"));
    /// assert!(list.contains("\nReservePercent      :\nMaxClientLeadTime   : 01:00:00\n"));
    /// assert!(list.contains("\nScopeId             : {10.0.1.0, 10.0.2.0}\n"));
    /// # Ok::<(), dhcp_failover_relationship::Errors>(())
    /// ```
    #[must_use]
    pub fn to_list(&self) -> String {
        let scopes: Vec<_> = self.scope_id.iter().map(Ipv4Addr::to_string).collect();
        let scopes = (!scopes.is_empty()).then(|| format!("{{{}}}", scopes.join(", ")));
        let truth = |it: bool| String::from(if it { "True" } else { "False" });
        [
            ("Name", self.name.clone()),
            ("PartnerServer", self.partner_server.clone()),
            ("Mode", self.mode.to_string()),
            ("LoadBalancePercent", blank(self.load_balance_percent)),
            ("ServerRole", blank(self.server_role)),
            ("ReservePercent", blank(self.reserve_percent)),
            ("MaxClientLeadTime", self.max_client_lead_time.to_string()),
            ("StateSwitchInterval", blank(self.state_switch_interval)),
            ("State", self.state.to_string()),
            ("ScopeId", blank(scopes)),
            ("AutoStateTransition", truth(self.auto_state_transition)),
            ("EnableAuth", truth(self.enable_auth)),
        ]
        .into_iter()
        .map(|(property, value)| format!("{}\n", format!("{property:<19} : {value}").trim_end()))
        .collect()
    }
}

fn blank(value: Option<impl fmt::Display>) -> String {
    value.map(|it| it.to_string()).unwrap_or_default()
}

fn partner(relationship: &Relationship) -> String {
    match relationship.partner_server_name() {
        "" => relationship.partner_server().to_string(),
        name => name.into(),
    }
}

/// The failover statistics of one scope, as `Get-DhcpServerv4ScopeStatistics -Failover` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ScopeStatistics {
    /// The scope by the address of its subnet.
    #[cfg_attr(feature = "serde", serde(rename = "ScopeId"))]
    pub scope_id: Ipv4Addr,
    /// Its figures, beside the scope when serialized.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub statistics: Statistics,
}

/// What failover means for one scope: the relationship it is in, from the local server's view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "PascalCase"))]
pub struct ScopeView {
    /// The scope by the address of its subnet.
    pub scope_id: Ipv4Addr,
    /// The relationship's name.
    pub name: String,
    /// The partner's name, or its address if the name is not known.
    pub partner_server: String,
    /// The mode.
    pub mode: ModeName,
    /// The state of the local endpoint.
    pub state: FsmState,
    /// Load balance: the local server's share of the clients in percent.
    pub load_balance_percent: Option<u8>,
    /// Hot standby: what the local server does.
    pub server_role: Option<ServerRole>,
    /// Hot standby: the share of the free addresses kept for the standby in percent.
    pub reserve_percent: Option<u8>,
}

impl ScopeView {
    pub(crate) fn of(scope_id: Ipv4Addr, relationship: &Relationship) -> Self {
        Self {
            scope_id,
            name: relationship.name().into(),
            partner_server: partner(relationship),
            mode: relationship.mode().name(),
            state: relationship.state(),
            load_balance_percent: relationship.local_load_balance_percent().map(u8::from),
            server_role: relationship.server_role(),
            reserve_percent: relationship.reserve_percent().map(u8::from),
        }
    }
}
