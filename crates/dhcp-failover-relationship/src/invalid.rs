//! What can be wrong with a parameter.

use alloc::{borrow::Cow, format, string::String};
use core::net::Ipv4Addr;

use thiserror::Error;

use crate::{FsmState, ModeName, ServerRole, ServerType, TimeSpan};

/// What is wrong with a parameter (code 87). Parameters have the names of the cmdlets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Invalid {
    /// A parameter that has no default is not given, or is empty.
    #[error("{parameter} is missing")]
    Missing {
        /// The parameter.
        parameter: &'static str,
    },
    /// A word that is not one of those the parameter can be.
    #[error("{parameter} {text:?} is unknown")]
    Unknown {
        /// The parameter.
        parameter: &'static str,
        /// The word.
        text: String,
        /// What it can be.
        expected: &'static str,
    },
    /// A number that stands for nothing.
    #[error("{parameter} {value} has no meaning")]
    Number {
        /// The parameter.
        parameter: &'static str,
        /// The number.
        value: u32,
        /// The greatest that has one.
        greatest: u32,
    },
    /// A text with a NUL inside, which would end it in the Windows API.
    #[error("{parameter} has a NUL in it")]
    Nul {
        /// The parameter.
        parameter: &'static str,
    },
    /// Not UTF-16.
    #[error("{parameter} is not valid UTF-16")]
    NotUtf16 {
        /// The parameter.
        parameter: &'static str,
    },
    /// A secret without a character.
    #[error("SharedSecret is empty")]
    SecretEmpty,
    /// More than 100 percent.
    #[error("{parameter} {value} is more than 100")]
    Percent {
        /// The parameter.
        parameter: &'static str,
        /// The percentage.
        value: u32,
    },
    /// Not a time span.
    #[error("time span {text:?} cannot be read")]
    TimeSpan {
        /// The text.
        text: String,
    },
    /// An MCLT of 0.
    #[error("MaxClientLeadTime is 0")]
    MaxClientLeadTimeZero,
    /// A state that is not to be set by hand.
    #[error("state {state} cannot be set")]
    State {
        /// The state.
        state: FsmState,
    },
    /// A server without an address.
    #[error("{server}Server is 0.0.0.0")]
    ServerAddressZero {
        /// Which of the two.
        server: ServerType,
    },
    /// Twice the same server.
    #[error("both servers have the address {address}")]
    SameServers {
        /// The address.
        address: Ipv4Addr,
    },
    /// The partner is the server that was asked.
    #[error("PartnerServer {partner:?} ({address}) is this server itself")]
    PartnerIsLocal {
        /// The name as it was given.
        partner: String,
        /// Its address.
        address: Ipv4Addr,
    },
    /// Not an IPv4 address.
    #[error("ScopeId {text:?} is not an IPv4 address")]
    ScopeUnreadable {
        /// The text.
        text: String,
    },
    /// An IPv6 scope.
    #[error("ScopeId {text:?} is an IPv6 scope, which failover does not support")]
    ScopeIpv6 {
        /// The text.
        text: String,
    },
    /// A scope that is named twice in one call.
    #[error("scope {scope} is named twice")]
    ScopeTwice {
        /// The scope.
        scope: Ipv4Addr,
    },
    /// A scope for BOOTP clients only.
    #[error("scope {scope} serves BOOTP only")]
    ScopeBootpOnly {
        /// The scope.
        scope: Ipv4Addr,
    },
    /// Scopes for a relationship that is to have none.
    #[error("ScopeId is given for a relationship that is to be empty")]
    ScopesForEmpty,
    /// A parameter of the mode the relationship does not have.
    #[error("{parameter} does not belong to mode {mode}")]
    OtherMode {
        /// The parameter.
        parameter: &'static str,
        /// The mode.
        mode: ModeName,
    },
    /// Parameters of both modes, and no mode.
    #[error("LoadBalancePercent and {parameter} belong to different modes")]
    BothModes {
        /// That of hot standby.
        parameter: &'static str,
    },
    /// In hot standby the primary is the active server, the secondary the standby.
    #[error("ServerRole {role} and ServerType {server_type} contradict each other")]
    RoleAgainstType {
        /// The role.
        role: ServerRole,
        /// The type.
        server_type: ServerType,
    },
    /// Roles cannot be exchanged.
    #[error("ServerRole {role} is the partner's")]
    RoleOfPartner {
        /// The role.
        role: ServerRole,
    },
    /// An interval, but no automatic transition.
    #[error("StateSwitchInterval {interval} is given with AutoStateTransition false")]
    IntervalButOff {
        /// The interval.
        interval: TimeSpan,
    },
    /// Automatic transition, but an interval that turns it off.
    #[error("AutoStateTransition true is given with StateSwitchInterval {interval}, which is off")]
    OnButNoInterval {
        /// 0, or the `0xFFFF_FFFF` seconds that Windows has for off.
        interval: TimeSpan,
    },
    /// A change of nothing.
    #[error("no change is named")]
    NothingToChange,
    /// Flags that have no meaning.
    #[error("flags {bits:#x} have no meaning")]
    UnknownFlags {
        /// The flags without those that have one.
        bits: u32,
    },
}

impl Invalid {
    pub(crate) fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Missing { parameter } => return format!("give {parameter}").into(),
            Self::Unknown { expected, .. } => return format!("use {expected}").into(),
            Self::Number { greatest, .. } => return format!("use 0 to {greatest}").into(),
            Self::Nul { .. } => "leave the NUL out",
            Self::NotUtf16 { .. } => "pair the surrogates",
            Self::SecretEmpty => "use at least one character, or no secret at all",
            Self::Percent { .. } => "use 0 to 100",
            Self::TimeSpan { .. } => "use seconds (7200), hours (2:00:00) or units (1h30m)",
            Self::MaxClientLeadTimeZero => "use at least 1 second; 1 hour is usual",
            Self::State { .. } => "use a state of an endpoint, from Startup to RecoverDone",
            Self::ServerAddressZero { .. } => "give the server's own address",
            Self::SameServers { .. } | Self::PartnerIsLocal { .. } => {
                "name another server: a relationship has exactly two"
            }
            Self::ScopeUnreadable { .. } => {
                "name a scope by the address of its subnet, such as 10.0.0.0, without a prefix"
            }
            Self::ScopeIpv6 { .. } => "name IPv4 scopes only",
            Self::ScopeTwice { .. } => "name each scope once",
            Self::ScopeBootpOnly { .. } => "leave the scope out, or let it serve DHCP",
            Self::ScopesForEmpty => "give scopes or ask for an empty relationship, not both",
            Self::OtherMode { mode: ModeName::LoadBalance, .. } => {
                "leave it out, or use mode HotStandby"
            }
            Self::OtherMode { mode: ModeName::HotStandby, .. } => {
                "leave it out, or use mode LoadBalance"
            }
            Self::BothModes { .. } => "give the parameters of one mode only",
            Self::RoleAgainstType { .. } => {
                "give one of them: the primary is Active, the secondary Standby"
            }
            Self::RoleOfPartner { .. } => {
                "delete the relationship and create it the other way round"
            }
            Self::IntervalButOff { .. } => "leave one of them out",
            Self::OnButNoInterval { .. } => "give an interval, or leave it out for 1 hour",
            Self::NothingToChange => "name at least one field to change",
            Self::UnknownFlags { .. } => "use the flags 0x01 to 0x40",
        }
        .into()
    }
}
