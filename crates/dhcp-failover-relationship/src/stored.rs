//! What is stored of relationships: everything but their secrets.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Error, Errors, FsmState, Mode, Registry, Relationship, RelationshipBuilder, ServerType,
    SharedSecret,
};

/// Every field is always there, so that formats without names can be used.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredRelationship {
    name: String,
    primary_server: Ipv4Addr,
    secondary_server: Ipv4Addr,
    primary_server_name: String,
    secondary_server_name: String,
    server_type: ServerType,
    mode: Mode,
    mclt_s: u32,
    safe_period_s: Option<u32>,
    scopes: Vec<Ipv4Addr>,
    state: FsmState,
    prev_state: FsmState,
    enable_auth: bool,
    #[serde(serialize_with = "nothing")]
    shared_secret: Option<SharedSecret>,
}

fn nothing<S: Serializer>(_: &Option<SharedSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

impl From<Relationship> for StoredRelationship {
    fn from(relationship: Relationship) -> Self {
        let Relationship { fields, state, prev_state, synchronizing: _ } = relationship;
        Self {
            name: fields.name,
            primary_server: fields.primary_server,
            secondary_server: fields.secondary_server,
            primary_server_name: fields.primary_server_name,
            secondary_server_name: fields.secondary_server_name,
            server_type: fields.server_type,
            mode: fields.mode,
            mclt_s: fields.mclt_s,
            safe_period_s: fields.safe_period_s,
            scopes: fields.scopes,
            state,
            prev_state,
            enable_auth: fields.shared_secret.is_some(),
            shared_secret: None,
        }
    }
}

impl TryFrom<StoredRelationship> for Relationship {
    type Error = String;

    fn try_from(stored: StoredRelationship) -> Result<Self, String> {
        if stored.enable_auth != stored.shared_secret.is_some() {
            return Err(match stored.enable_auth {
                true => "enable_auth is true without shared_secret, which is not stored: put it in",
                false => "shared_secret is given with enable_auth false: make it true",
            }
            .into());
        }
        let StoredRelationship { name, primary_server, secondary_server, .. } = stored;
        let built = RelationshipBuilder::new(name, primary_server, secondary_server)
            .server_names(stored.primary_server_name, stored.secondary_server_name)
            .server_type(stored.server_type)
            .mode(stored.mode)
            .mclt_s(stored.mclt_s)
            .safe_period_s(stored.safe_period_s)
            .shared_secret(stored.shared_secret)
            .scopes(stored.scopes)
            .build()
            .map_err(|errors| with_remedy(&errors))?;
        Ok(Self { state: stored.state, prev_state: stored.prev_state, ..built })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredRegistry {
    max_relationships: usize,
    relationships: Vec<Relationship>,
}

impl From<Registry> for StoredRegistry {
    fn from(registry: Registry) -> Self {
        Self { max_relationships: registry.max_relationships(), relationships: registry.into_vec() }
    }
}

impl TryFrom<StoredRegistry> for Registry {
    type Error = String;

    fn try_from(stored: StoredRegistry) -> Result<Self, String> {
        let mut registry = Self::with_max_relationships(stored.max_relationships);
        let mut problems: Vec<Error> = Vec::new();
        for relationship in stored.relationships {
            problems.extend(registry.insert(relationship).err().into_iter().flatten());
        }
        Errors::check(problems).map_err(|errors| with_remedy(&errors))?;
        Ok(registry)
    }
}

fn with_remedy(errors: &Errors) -> String {
    alloc::format!("{errors}: {}", errors.remedy())
}
