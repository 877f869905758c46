//! The file a server was started with, changed to what is in force.

use super::types::{Config, Relationship};
use super::write;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, TableLike};

impl Config {
    /// `text`, which says `file`, changed to say this configuration: comments, order, and everything
    /// that did not change stay as they are. A key that was set while the server ran is never shown:
    /// the result names a file in which to write it, so that it is refused until that is there.
    ///
    /// # Errors
    /// When the text is not TOML.
    pub fn export(&self, file: &Self, text: &str) -> Result<String, toml_edit::TomlError> {
        let mut document: DocumentMut = text.parse()?;
        self.export_relationships(file, &mut Tables::of(&mut document, "relationship"));
        let mut tables = Tables::of(&mut document, "scope");
        for (at, scope) in self.scopes.iter().enumerate() {
            let Some(table) = tables.get(at) else { continue };
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

    fn export_relationships(&self, file: &Self, tables: &mut Tables<'_>) {
        let has_lines = matches!(tables, Tables::Blocks(_));
        for (at, old) in file.relationships.iter().enumerate().rev() {
            match self.relationships.iter().find(|new| new.name == old.name) {
                Some(new) => {
                    tables.get(at).into_iter().for_each(|it| patch(it, old, new, has_lines));
                }
                None => tables.remove(at),
            }
        }
        let is_new = |it: &&Relationship| file.relationships.iter().all(|old| old.name != it.name);
        for new in self.relationships.iter().filter(is_new) {
            let mut table = write::table(new);
            let plain = Relationship { secret: None, second_secret: None, ..new.clone() };
            patch(&mut table, &plain, new, has_lines);
            table.decor_mut().set_prefix("\n");
            match tables {
                Tables::Blocks(tables) => tables.push(table),
                Tables::Inline(array) => array.push(table.into_inline_table()),
            }
        }
    }
}

/// The tables of one name, in the way the file has them.
enum Tables<'a> {
    /// `[[name]]`
    Blocks(&'a mut ArrayOfTables),
    /// `name = [{ .. }]`
    Inline(&'a mut Array),
}

impl<'a> Tables<'a> {
    fn of(document: &'a mut DocumentMut, name: &str) -> Self {
        let none = || Item::ArrayOfTables(ArrayOfTables::new());
        let item = document.entry(name).or_insert_with(none);
        if !item.is_array() && !item.is_array_of_tables() {
            *item = none();
        }
        match item {
            Item::ArrayOfTables(tables) => Self::Blocks(tables),
            Item::Value(toml_edit::Value::Array(array)) => Self::Inline(array),
            _ => unreachable!("it was just made one of them"),
        }
    }

    fn get(&mut self, at: usize) -> Option<&mut dyn TableLike> {
        match self {
            Self::Blocks(tables) => tables.get_mut(at).map(|it| it as &mut dyn TableLike),
            Self::Inline(array) => {
                let table = array.get_mut(at)?.as_inline_table_mut()?;
                Some(table as &mut dyn TableLike)
            }
        }
    }

    fn remove(&mut self, at: usize) {
        match self {
            Self::Blocks(tables) => drop(tables.remove(at)),
            Self::Inline(array) => drop(array.remove(at)),
        }
    }
}

/// Changes a table that says `old` to say `new`. Only where it `has_lines` of its own can there be a
/// comment behind a value.
fn patch(table: &mut dyn TableLike, old: &Relationship, new: &Relationship, has_lines: bool) {
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
                if has_lines {
                    value.decor_mut().set_suffix(advice);
                }
                table.insert(key, Item::Value(value));
            }
            None => drop(table.remove(key)),
        }
    }
}

/// Sets a value and keeps the comments around it.
fn set(table: &mut dyn TableLike, key: &str, value: toml_edit::Value) {
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
