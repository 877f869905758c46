//! Live changes as a record of the store.

use super::{Former, Live, LiveError, Related};
use crate::config::reader::{Problems, Section};
use crate::config::types::{Relationship, Secret};
use crate::config::{relationship, write};
use crate::store::{RecordError, decode, encode};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::DeTable;

/// The format of a stored [`Live`].
const FORMAT: u8 = 1;

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
