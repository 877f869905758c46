//! The file a server was started with, changed to what is in force.

use super::types::{Config, Relationship};
use super::write;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

impl Config {
    /// `text`, which says `file`, changed to say this configuration: comments, order, and everything
    /// that did not change stay as they are. A key that was set while the server ran is never shown:
    /// the result names a file in which to write it, so that it is refused until that is there.
    ///
    /// # Errors
    /// When the text is not TOML.
    pub fn export(&self, file: &Self, text: &str) -> Result<String, toml_edit::TomlError> {
        let mut document: DocumentMut = text.parse()?;
        self.export_relationships(file, tables_of(&mut document, "relationship"));
        for (scope, table) in self.scopes.iter().zip(tables_of(&mut document, "scope").iter_mut()) {
            match self.relationship_of(scope) {
                Some(it) => set(table, "relationship", it.name.as_str().into()),
                None => drop(table.remove("relationship")),
            }
            if file
                .scopes
                .iter()
                .any(|old| old.subnet == scope.subnet && old.active != scope.active)
            {
                set(table, "active", scope.active.into());
            }
        }
        Ok(document.to_string())
    }

    fn export_relationships(&self, file: &Self, tables: &mut ArrayOfTables) {
        for (at, old) in file.relationships.iter().enumerate().rev() {
            match self.relationships.iter().find(|new| new.name == old.name) {
                Some(new) => tables.get_mut(at).into_iter().for_each(|it| patch(it, old, new)),
                None => drop(tables.remove(at)),
            }
        }
        let is_new = |it: &&Relationship| file.relationships.iter().all(|old| old.name != it.name);
        for new in self.relationships.iter().filter(is_new) {
            let mut table = write::table(new);
            let plain = Relationship { secret: None, second_secret: None, ..new.clone() };
            patch(&mut table, &plain, new);
            table.decor_mut().set_prefix("\n");
            tables.push(table);
        }
    }
}

/// The tables of that name, however they are written.
fn tables_of<'a>(document: &'a mut DocumentMut, name: &str) -> &'a mut ArrayOfTables {
    let item = document.entry(name).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let tables = std::mem::take(item).into_array_of_tables().unwrap_or_default();
    *item = Item::ArrayOfTables(tables);
    match item {
        Item::ArrayOfTables(tables) => tables,
        _ => unreachable!("it was just put there"),
    }
}

/// Changes a table that says `old` to say `new`.
fn patch(table: &mut Table, old: &Relationship, new: &Relationship) {
    for ((key, old), (_, new)) in write::entries(old).into_iter().zip(write::entries(new)) {
        if !write::same(old.as_ref(), new.as_ref()) {
            match new {
                Some(value) => set(table, key, value),
                None => drop(table.remove(key)),
            }
        }
    }
    let names = [
        ("secret_file", &old.secret, &new.secret, "key"),
        ("second_secret_file", &old.second_secret, &new.second_secret, "second.key"),
    ];
    for (key, old, new_secret, ending) in names {
        if old == new_secret {
            continue;
        }
        match new_secret {
            Some(_) => {
                let mut value: toml_edit::Value =
                    format!("{}.{ending}", file_name(&new.name)).into();
                let advice = " # write the shared secret into this file: it is not exported";
                value.decor_mut().set_suffix(advice);
                table.insert(key, Item::Value(value));
            }
            None => drop(table.remove(key)),
        }
    }
}

/// Sets a value and keeps the comments around it.
fn set(table: &mut Table, key: &str, value: toml_edit::Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        None => drop(table.insert(key, Item::Value(value))),
    }
}

/// A name without what file names do not have.
fn file_name(name: &str) -> String {
    name.chars().map(|it| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' }).collect()
}
