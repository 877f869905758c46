//! What operators changed while the server ran: it wins over the file.

mod differences;
mod former;
mod stored;

pub use former::{Former, Related};

use super::types::{Config, Relationship};
use crate::store::RecordError;
use ipnet::Ipv4Net;
use std::collections::BTreeMap;

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

impl Live {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
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
}

#[cfg(test)]
mod tests;
