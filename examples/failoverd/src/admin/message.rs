//! What the handlers of the admin API hand to the core, what it answers, and the rows of answers.

use super::api::schema;
use super::refusal::{Refusal, codes};
use super::risk::RiskReport;
use dhcp_failover_relationship::cmdlet::{AddFailover, Failover, ScopeStatistics, SetFailover};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddrV4};
use utoipa::ToSchema;

/// The most rows in one answer to [`AdminRequest::Leases`].
pub const LEASES_LIMIT_MAX: u32 = 1000;

/// What an operator asks. `relationship` may be absent where one relationship is configured, or
/// where all are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminRequest {
    /// The state of the relationships.
    Status {
        /// Only this one; absent: all.
        relationship: Option<String>,
    },
    /// The addresses and their leases, by ascending address.
    Leases {
        /// Only addresses of this one; absent: all, also those without failover.
        relationship: Option<String>,
        /// Only addresses of these scopes; empty: all.
        scope_id: Vec<Ipv4Addr>,
        /// Only addresses above this one, to go on after an answer with `more`.
        after: Option<Ipv4Addr>,
        /// The most rows wanted, 1 to [`LEASES_LIMIT_MAX`].
        limit: u32,
    },
    /// Why a client is answered or not, and with which lease.
    Explain {
        /// Its hardware address, hexadecimal bytes joined by colons; Ethernet.
        hwaddr: Option<String>,
        /// Its client identifier (option 61), written in the same way.
        client_id: Option<String>,
        /// Only scopes of this one; absent: all with failover.
        relationship: Option<String>,
    },
    /// The operator knows that the partner is down (draft-12 §9.4).
    PartnerDown {
        /// Required where there are several.
        relationship: Option<String>,
    },
    /// The same, whatever the server hears or suspects of its partner.
    ForcePartnerDown {
        /// Required where there are several.
        relationship: Option<String>,
    },
    /// What [`PartnerDown`](Self::PartnerDown) would risk; nothing is changed.
    PartnerDownRisk {
        /// Required where there are several.
        relationship: Option<String>,
    },
    /// Fetch everything from the partner, and wait, before serving again (draft-12 §9.5, §9.6).
    Recover {
        /// Required where there are several.
        relationship: Option<String>,
    },
    /// Stop serving for a while (draft-12 §9.13).
    Pause {
        /// Required where there are several.
        relationship: Option<String>,
    },
    /// Stop serving for long (draft-12 §9.14).
    Shutdown {
        /// Required where there are several.
        relationship: Option<String>,
    },
    /// Whether an order would be carried out; nothing is changed.
    WhatIf {
        /// Which one.
        order: Order,
        /// Required where there are several.
        relationship: Option<String>,
    },
    /// The relationships (`Get-DhcpServerv4Failover`).
    GetFailover {
        /// Only these; empty: all.
        name: Vec<String>,
        /// Only those of these scopes; empty: all.
        scope_id: Vec<Ipv4Addr>,
    },
    /// Begin a relationship (`Add-DhcpServerv4Failover`), on this server only.
    AddFailover {
        /// What is wanted.
        parameters: Box<AddFailover>,
        /// The partner, by the name in the parameters and the address found for it.
        partner: Partner,
        /// Only say what would be done.
        what_if: bool,
    },
    /// Change a relationship (`Set-DhcpServerv4Failover`), on this server only.
    SetFailover {
        /// Which one.
        name: String,
        /// What is wanted.
        parameters: Box<SetFailover>,
        /// Only say what would be done.
        what_if: bool,
    },
    /// End a relationship (`Remove-DhcpServerv4Failover`), on this server only; its scopes stay.
    RemoveFailover {
        /// Which one.
        name: String,
        /// Only say what would be done.
        what_if: bool,
    },
    /// Put scopes into a relationship (`Add-DhcpServerv4FailoverScope`), on this server only.
    AddFailoverScope {
        /// Which one.
        name: String,
        /// The scopes by the addresses of their subnets.
        scope_id: Vec<String>,
        /// Only say what would be done.
        what_if: bool,
    },
    /// Take scopes out of a relationship (`Remove-DhcpServerv4FailoverScope`), on this server only;
    /// they stay.
    RemoveFailoverScope {
        /// Which one.
        name: String,
        /// The scopes by the addresses of their subnets.
        scope_id: Vec<String>,
        /// Only say what would be done.
        what_if: bool,
    },
    /// Have this server serve scopes, or not (`Set-DhcpServerv4Scope -State`).
    SetScope {
        /// The scopes by the addresses of their subnets.
        scope_id: Vec<String>,
        /// Whether they are served.
        state: ScopeState,
        /// Only say what would be done.
        what_if: bool,
    },
    /// How many addresses of scopes in failover are free and in use, here and at the partner
    /// (`Get-DhcpServerv4ScopeStatistics -Failover`).
    ScopeStatistics {
        /// Only these scopes; empty: all in failover.
        scope_id: Vec<Ipv4Addr>,
    },
    /// The configuration file changed to say what is in force.
    ExportConfig,
    /// What is in force and not what the configuration file says now.
    ConfigDifferences,
}

/// An order whose consequences are always the same. That of partner-down has a report of its own,
/// [`AdminRequest::PartnerDownRisk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// [`AdminRequest::Recover`].
    Recover,
    /// [`AdminRequest::Pause`].
    Pause,
    /// [`AdminRequest::Shutdown`].
    Shutdown,
}

impl AdminRequest {
    /// [`AddFailover`](Self::AddFailover) as a client makes it: the server looks the partner up.
    pub fn add_failover(parameters: AddFailover, what_if: bool) -> Self {
        let name = parameters.partner_server.clone().unwrap_or_default();
        let partner = Partner { name, address: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0) };
        Self::AddFailover { parameters: Box::new(parameters), partner, what_if }
    }
}

/// The other server of a relationship that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its name or address, as the operator gave it without a port.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddrV4,
}

/// Whether a server serves a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
pub enum ScopeState {
    /// It does.
    Active,
    /// It answers none of its clients, and keeps their leases.
    #[serde(rename = "InActive", alias = "Inactive")]
    Inactive,
}

/// What a change of a relationship led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// The relationship as it is now, or would be; none if it was removed.
    #[schema(value_type = Option<schema::Failover>)]
    pub relationship: Option<Failover>,
    /// What was done, or would be, as sentences for the operator.
    pub done: Vec<String>,
    /// Whether nothing was done, because only the consequences were asked for.
    pub what_if: bool,
}

/// The answer to an [`AdminRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminResponse {
    /// To [`AdminRequest::Status`].
    Status {
        /// One row for each relationship.
        rows: Vec<StatusRow>,
    },
    /// To [`AdminRequest::Leases`].
    Leases {
        /// The rows.
        rows: Vec<LeaseRow>,
        /// Whether there are addresses above the last row.
        more: bool,
    },
    /// To [`AdminRequest::PartnerDownRisk`].
    Risk {
        /// What it would risk.
        report: Box<RiskReport>,
    },
    /// To [`AdminRequest::Explain`].
    Explained {
        /// One row for each answer.
        rows: Vec<ExplainRow>,
    },
    /// To [`AdminRequest::GetFailover`].
    Failovers {
        /// One for each relationship, in the order they were made.
        rows: Vec<Failover>,
    },
    /// A relationship was changed, or would be.
    Changed(Changed),
    /// To [`AdminRequest::ScopeStatistics`].
    Statistics {
        /// One for each scope.
        rows: Vec<ScopeStatistics>,
    },
    /// To [`AdminRequest::ExportConfig`].
    Config {
        /// The configuration file.
        toml: String,
    },
    /// To [`AdminRequest::ConfigDifferences`].
    Differences {
        /// One for each difference.
        lines: Vec<String>,
    },
    /// The command was carried out.
    Done {
        /// What was done, as a sentence for the operator.
        message: String,
    },
    /// The command was not carried out.
    Failed(Refusal),
}

/// One relationship. The first six fields are a promise to scripts; others may be added after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusRow {
    /// The relationship's name.
    pub name: String,
    /// `primary` or `secondary`.
    pub role: String,
    /// This server's state, in the draft's words such as `COMMUNICATIONS-INTERRUPTED`.
    pub state: String,
    /// The partner's state as last heard, or `UNKNOWN`.
    pub partner_state: String,
    /// How many addresses the partner has to be told about.
    pub pending: u64,
    /// How many addresses the two servers disagree on.
    pub disputed: u64,
}

/// One address. The fields are a promise to scripts; others may be added after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseRow {
    /// The address.
    #[schema(value_type = String, format = "ipv4")]
    pub address: Ipv4Addr,
    /// Its binding status, in the draft's words such as `ACTIVE`.
    pub status: String,
    /// The client identifier, hexadecimal bytes joined by colons.
    pub client_id: Option<String>,
    /// The hardware address, hexadecimal bytes joined by colons.
    pub hwaddr: Option<String>,
    /// When the lease ends, in Unix seconds.
    pub expires: Option<u64>,
    /// Who may give it out or has it: `primary`, `secondary`, `client` or `none`.
    pub owner: String,
    /// The client's host name as it gave it (option 12), to whichever server.
    #[serde(default)]
    pub host_name: Option<String>,
    /// What its relay agent said of it (option 82), hexadecimal bytes joined by colons.
    #[serde(default)]
    pub relay_agent: Option<String>,
    /// Why the partner does not take this binding, and since when (Unix seconds) it has not, if the
    /// two servers disagree on it.
    #[serde(default)]
    pub dispute: Option<String>,
}

/// One decision and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainRow {
    /// The scope.
    pub subnet: String,
    /// In words.
    pub explanation: String,
}

/// Who owns an address with this binding status: the primary may give out FREE ones, the secondary
/// BACKUP ones, a client has ACTIVE ones, and nobody any other.
pub fn owner_of(status: &str) -> &'static str {
    match status {
        "FREE" => "primary",
        "BACKUP" => "secondary",
        "ACTIVE" => "client",
        _ => "none",
    }
}

/// The relationship a command is for: the one named, or the only one.
///
/// # Errors
/// When there is none of that name, or several and no name.
pub fn choose_relationship<'n>(
    known: &[&'n str],
    requested: Option<&str>,
) -> Result<&'n str, Refusal> {
    let list = known.join(", ");
    match (requested, known) {
        (_, []) => {
            let remedy = "add one first";
            Err(Refusal::new(codes::NO_RELATIONSHIP, "this server has no relationship", remedy))
        }
        (None, [only]) => Ok(only),
        (None, _) => {
            let remedy = format!("add --name NAME: {list}");
            Err(Refusal::new(codes::INVALID_PARAMETER, "there are several relationships", remedy))
        }
        (Some(name), _) => known.iter().find(|known| **known == name).copied().ok_or_else(|| {
            let message = format!("there is no relationship {name:?}");
            Refusal::new(codes::NO_RELATIONSHIP, message, format!("known: {list}"))
        }),
    }
}
