//! What a scope is in, and what it has left.

use crate::config::{self, Config, Relationship};
use dhcp_failover_lease::{Allocator, Control, LeaseInstant, LeaseSpan, Role};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The relationship that a scope is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// Its name.
    pub relationship: String,
    /// What this server is in it.
    pub role: Role,
    /// The partner, by its address.
    pub partner: IpAddr,
}

impl Related {
    /// The relationship as scopes are in it.
    pub fn to(it: &Relationship) -> Self {
        let role = match it.role {
            config::Role::Primary => Role::Primary,
            config::Role::Secondary => Role::Secondary,
        };
        Self { relationship: it.name.clone(), role, partner: it.partner.ip() }
    }

    /// The relationship of each scope that has one.
    pub fn of(config: &Config) -> BTreeMap<Ipv4Net, Self> {
        let scopes = config.scopes.iter();
        scopes.filter_map(|it| Some((it.subnet, Self::to(config.relationship_of(it)?)))).collect()
    }

    /// Whether the same two servers share it, each in its place, whatever it is called.
    pub fn is_same_pair(&self, other: &Self) -> bool {
        (self.role, self.partner) == (other.role, other.partner)
    }
}

/// What is still to be waited for after a scope has left a relationship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// The relationship; `None` if that is not known.
    pub related: Option<Related>,
    /// What this server was in it.
    pub role: Role,
    /// When the scope left it, or the partner was down before.
    pub since: LeaseInstant,
    /// This server did not know then which addresses were whose.
    pub without_data: bool,
    /// The maximum client lead time.
    pub mclt: LeaseSpan,
    /// When either server was last found to have lost its storage.
    pub storage_lost: Option<LeaseInstant>,
}

impl Former {
    /// A scope leaves a relationship; `rules` are those that counted until `now`.
    pub fn new(related: Related, rules: Allocator, now: LeaseInstant) -> Self {
        let (since, without_data) = match rules.control {
            Control::PartnerDown { since } => (since, false),
            Control::PartnerDownWithoutData { since } => (since, true),
            _ => (now, false),
        };
        Self {
            related: Some(related),
            role: rules.role,
            since,
            without_data,
            mclt: rules.mclt,
            storage_lost: rules.storage_lost,
        }
    }

    /// The relationship, for people.
    pub fn name(&self) -> &str {
        self.related.as_ref().map_or("a relationship of before", |it| &it.relationship)
    }

    /// Whether the scope comes back to where it was: the same name and the same two servers, each in its
    /// place.
    pub fn was_in(&self, new: &Related) -> bool {
        self.related.as_ref() == Some(new)
    }

    /// The rules by which its addresses are given from now on: as if the partner had gone down when
    /// the scope left (draft-12 §9.4.2).
    pub fn rules(&self) -> Allocator {
        let since = self.since;
        Allocator {
            role: self.role,
            control: match self.without_data {
                true => Control::PartnerDownWithoutData { since },
                false => Control::PartnerDown { since },
            },
            mclt: self.mclt,
            now: since,
            storage_lost: self.storage_lost,
        }
    }
}
