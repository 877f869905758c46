//! What operators changed while the server ran: it wins over the file.

use super::reader::{Problems, Section};
use super::types::{Config, Relationship, Secret};
use super::{relationship, write};
use crate::store::{RecordError, decode, encode};
use dhcp_failover_lease::{Allocator, Control, LeaseInstant, LeaseSpan, Role};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use toml::de::DeTable;

/// The format of a stored [`Live`].
const FORMAT: u8 = 1;

/// Changes made while a server ran, beside the file it was started with.
///
/// A relationship that was changed once is here as a whole, and its table in the file is not looked at
/// any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// By name; `None`: removed, whatever the file says.
    pub relationships: BTreeMap<String, Option<Relationship>>,
    /// By scope, the name of its relationship; `None`: it is served without failover.
    pub scopes: BTreeMap<Ipv4Net, Option<String>>,
    /// By scope, whether it is served at all.
    pub active: BTreeMap<Ipv4Net, bool>,
    /// The scopes that have left a relationship not long ago. One that has come back stays here until it
    /// leaves again: what was to be waited for is over only when the servers have met.
    pub former: BTreeMap<Ipv4Net, Former>,
    /// The relationship that each scope was in when this was written, so that a file that says otherwise
    /// at the next start is found out; `None`: that is not known.
    pub related: Option<BTreeMap<Ipv4Net, Related>>,
}

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
            super::Role::Primary => Role::Primary,
            super::Role::Secondary => Role::Secondary,
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

/// Why live changes cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// The record is damaged, or another version's.
    #[error(
        "the changes that operators made while the server ran cannot be read from the store: {0}; \
         restore the store from a copy, or start with --discard-live-changes"
    )]
    Record(#[from] RecordError),
    /// A part of it is not what this version writes.
    #[error("the stored relationship {name:?} cannot be used: {problem}")]
    Relationship {
        /// The relationship.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A scope is in a relationship of the file that was removed while the server ran, or the other way
    /// round.
    #[error(
        "scope {scope} is to be in relationship {name:?}, and there is none of that name any more: \
         it was removed from the file or while the server ran; make the file agree, or start with \
         --discard-live-changes"
    )]
    NoRelationship {
        /// The scope.
        scope: Ipv4Net,
        /// The relationship.
        name: String,
    },
    /// The file puts a scope into another relationship than the one it was in when the server ran last,
    /// or not long before.
    #[error(
        "scope {scope} is to be in relationship {name:?}, and was in {former:?} before, whose partner \
         may have leased addresses of it that this server does not know of: remove `relationship` from \
         the scope in the file, start, and put it into {name:?} when it is served without waiting"
    )]
    TooSoon {
        /// The scope.
        scope: Ipv4Net,
        /// The relationship of the file.
        name: String,
        /// The one before.
        former: String,
    },
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    relationships: Vec<(String, Option<StoredRelationship>)>,
    scopes: Vec<(Ipv4Net, Option<String>)>,
    active: Vec<(Ipv4Net, bool)>,
    former: Vec<(Ipv4Net, Former)>,
    related: Option<Vec<(Ipv4Net, Related)>>,
}

/// A table of the configuration, without its secrets, and these.
#[derive(Serialize, Deserialize)]
struct StoredRelationship {
    table: String,
    secret: Option<Vec<u8>>,
    second_secret: Option<Vec<u8>>,
}

impl Live {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As a record of the store.
    ///
    /// # Errors
    /// None that can happen.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let stored = |it: &Relationship| StoredRelationship {
            table: write::table(it).to_string(),
            secret: it.secret.as_ref().map(|secret| secret.bytes().to_vec()),
            second_secret: it.second_secret.as_ref().map(|secret| secret.bytes().to_vec()),
        };
        let relationships = self.relationships.iter();
        encode(
            FORMAT,
            &Stored {
                relationships: relationships
                    .map(|(name, it)| (name.clone(), it.as_ref().map(stored)))
                    .collect(),
                scopes: self.scopes.clone().into_iter().collect(),
                active: self.active.clone().into_iter().collect(),
                former: self.former.clone().into_iter().collect(),
                related: self.related.clone().map(|it| it.into_iter().collect()),
            },
        )
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// When it is damaged, or of a later version.
    pub fn decode(record: &[u8]) -> Result<Self, LiveError> {
        let stored: Stored = decode(FORMAT, record)?;
        let mut relationships = BTreeMap::new();
        for (name, it) in stored.relationships {
            let read = it.map(|it| it.read(&name)).transpose()?;
            relationships.insert(name, read);
        }
        let scopes = stored.scopes.into_iter().collect();
        let active = stored.active.into_iter().collect();
        let related = stored.related.map(|it| it.into_iter().collect());
        let former = stored.former.into_iter().collect();
        Ok(Self { relationships, scopes, active, former, related })
    }

    /// The configuration of the file with these changes.
    ///
    /// # Errors
    /// When the file has come to contradict them.
    pub fn apply(&self, file: &Config) -> Result<Config, LiveError> {
        let mut relationships: Vec<Relationship> = Vec::new();
        for it in &file.relationships {
            match self.relationships.get(&it.name) {
                None => relationships.push(it.clone()),
                Some(changed) => relationships.extend(changed.clone()),
            }
        }
        let is_new = |it: &&Relationship| file.relationships.iter().all(|old| old.name != it.name);
        relationships.extend(self.relationships.values().flatten().filter(is_new).cloned());
        let mut scopes = file.scopes.clone();
        for scope in &mut scopes {
            scope.active = self.active.get(&scope.subnet).copied().unwrap_or(scope.active);
            let of_file = || file.relationship_of(scope).map(|it| it.name.clone());
            let name = self.scopes.get(&scope.subnet).cloned().unwrap_or_else(of_file);
            scope.relationship = match name {
                None => None,
                Some(name) => {
                    let at = relationships.iter().position(|it| it.name == name);
                    Some(at.ok_or(LiveError::NoRelationship { scope: scope.subnet, name })?)
                }
            };
        }
        let mut config = Config { relationships, scopes, ..file.clone() };
        if !config.relationships.is_empty() {
            let listen = &mut config.server.failover_listen;
            *listen = Some(listen.unwrap_or(Config::DEFAULT_FAILOVER_LISTEN));
        }
        Ok(config)
    }

    /// Has a relationship be like this, or removed, beside that file.
    pub fn set_relationship(&mut self, file: &Config, name: &str, is: Option<Relationship>) {
        let of_file = file.relationships.iter().find(|it| it.name == name);
        if of_file == is.as_ref() {
            self.relationships.remove(name);
        } else {
            self.relationships.insert(name.to_owned(), is);
        }
    }

    /// Has scopes be in a relationship, or in none, beside that file.
    pub fn set_scopes(
        &mut self,
        file: &Config,
        scopes: impl IntoIterator<Item = Ipv4Net>,
        name: Option<&str>,
    ) {
        for subnet in scopes {
            let of_file = file.scopes.iter().find(|scope| scope.subnet == subnet);
            let of_file = of_file.and_then(|it| file.relationship_of(it)).map(|it| &it.name);
            if of_file.map(String::as_str) == name {
                self.scopes.remove(&subnet);
            } else {
                self.scopes.insert(subnet, name.map(str::to_owned));
            }
        }
    }

    /// Has scopes be served, or not, beside that file.
    pub fn set_active(
        &mut self,
        file: &Config,
        scopes: impl IntoIterator<Item = Ipv4Net>,
        active: bool,
    ) {
        for subnet in scopes {
            let of_file = file.scopes.iter().find(|scope| scope.subnet == subnet);
            if of_file.is_some_and(|scope| scope.active == active) {
                self.active.remove(&subnet);
            } else {
                self.active.insert(subnet, active);
            }
        }
    }

    /// What differs from the file, one line each; secrets are not shown.
    pub fn differences(&self, file: &Config) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, live) in &self.relationships {
            let old = file.relationships.iter().find(|it| it.name == *name);
            match (old, live) {
                (None, None) => {}
                (None, Some(_)) => {
                    lines.push(format!("relationship {name:?}: added while the server ran"));
                }
                (Some(_), None) => lines.push(format!(
                    "relationship {name:?}: removed while the server ran, and still in the file"
                )),
                (Some(old), Some(live)) => lines.extend(changes(old, live)),
            }
        }
        let known: BTreeSet<_> = file.scopes.iter().map(|scope| scope.subnet).collect();
        for scope in &file.scopes {
            if let Some(live) = self.active.get(&scope.subnet).filter(|it| **it != scope.active) {
                lines.push(format!(
                    "scope {}: active = {} in the file, {live} in force",
                    scope.subnet, scope.active
                ));
            }
            let Some(live) = self.scopes.get(&scope.subnet) else { continue };
            let old = file.relationship_of(scope).map(|it| it.name.as_str());
            if old != live.as_deref() {
                let shown = |name: Option<&str>| {
                    name.map_or("no relationship".to_owned(), |name| format!("{name:?}"))
                };
                lines.push(format!(
                    "scope {}: relationship = {} in the file, {} in force",
                    scope.subnet,
                    shown(old),
                    shown(live.as_deref())
                ));
            }
        }
        let gone =
            self.scopes.iter().filter(|(subnet, name)| name.is_some() && !known.contains(subnet));
        lines.extend(gone.map(|(subnet, name)| {
            let name = name.as_deref().unwrap_or_default();
            format!("scope {subnet}: put into {name:?} while the server ran, and not in the file")
        }));
        lines
    }
}

/// What is not the same in two tables of one relationship, one line each; secrets are not shown.
fn changes(old: &Relationship, new: &Relationship) -> Vec<String> {
    let name = &new.name;
    let both = write::entries(old).into_iter().zip(write::entries(new));
    let mut lines: Vec<String> = both
        .filter(|((_, old), (_, new))| !write::same(old.as_ref(), new.as_ref()))
        .map(|((key, old), (_, new))| {
            let shown = |value: Option<toml_edit::Value>| {
                value.map_or("not set".to_owned(), |value| value.to_string())
            };
            format!(
                "relationship {name:?}: {key} = {} in the file, {} in force",
                shown(old),
                shown(new)
            )
        })
        .collect();
    for (key, old, new) in [
        ("secret_file", &old.secret, &new.secret),
        ("second_secret_file", &old.second_secret, &new.second_secret),
    ] {
        let what = match (old, new) {
            (None, Some(_)) => ["none", "one"],
            (Some(_), None) => ["one", "none"],
            (Some(old), Some(new)) if old != new => ["one", "another one"],
            _ => continue,
        };
        let [old, new] = what;
        lines.push(format!("relationship {name:?}: {key}: {old} in the file, {new} in force"));
    }
    lines
}

impl StoredRelationship {
    fn read(self, name: &str) -> Result<Relationship, LiveError> {
        let wrong = |problem: String| LiveError::Relationship { name: name.to_owned(), problem };
        let document = DeTable::parse(&self.table).map_err(|error| wrong(error.to_string()))?;
        let problems = Problems::new(Path::new("live changes"), &self.table);
        let found = relationship::read(Section::root(&problems, &document), Path::new(""));
        let read = found.value;
        if let Some(errors) = problems.into_errors() {
            return Err(wrong(errors.to_string()));
        }
        let read = read.ok_or_else(|| wrong("it is incomplete".to_owned()))?;
        Ok(Relationship {
            secret: self.secret.and_then(Secret::new),
            second_secret: self.second_secret.and_then(Secret::new),
            ..read
        })
    }
}

#[cfg(test)]
mod tests;
