//! What operators changed, for people.

use super::Live;
use crate::config::types::{Config, Relationship};
use crate::config::write;
use std::collections::BTreeSet;

impl Live {
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
