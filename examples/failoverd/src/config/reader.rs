//! Walking a parsed TOML document while collecting every mistake, not only the first.
//!
//! Deserialising with serde stops at the first wrong value and knows nothing about meaning. Here
//! each accessor reports its own mistake and returns `None`; the caller goes on, and a configuration
//! is only built when nothing was reported.

use super::error::{ConfigError, ConfigErrors, Position};
use super::value::Value;
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The longest piece of a value repeated in an error, in characters.
const SHOWN_VALUE_MAX: usize = 60;

/// The mistakes found so far in one file.
pub(super) struct Problems<'t> {
    file: &'t Path,
    text: &'t str,
    found: RefCell<Vec<ConfigError>>,
}

/// Where a value stands, kept for checks that compare several values later.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The key path, such as `scope[1].ranges[0]`.
    pub(super) key: String,
    /// Where the error points to.
    at: usize,
    /// The value, unless it is its absence that is wrong.
    value: Option<Range<usize>>,
}

impl Place {
    /// The place of a value that is there.
    pub(super) fn of_value(key: String, span: Range<usize>) -> Self {
        Self { key, at: span.start, value: Some(span) }
    }
}

impl<'t> Problems<'t> {
    pub(super) fn new(file: &'t Path, text: &'t str) -> Self {
        Self { file, text, found: RefCell::new(Vec::new()) }
    }

    /// Records one mistake.
    pub(super) fn report(
        &self,
        place: &Place,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let value = place.value.clone().map(|span| shorten(self.text.get(span)));
        self.found.borrow_mut().push(ConfigError {
            file: self.file.to_owned(),
            at: Some(Position::of(self.text, place.at)),
            key: place.key.clone(),
            value,
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    /// A mistake of TOML itself, told with line and column.
    pub(super) fn report_syntax(&self, error: &toml::de::Error) {
        self.found.borrow_mut().push(ConfigError {
            file: self.file.to_owned(),
            at: error.span().map(|span| Position::of(self.text, span.start)),
            key: String::new(),
            value: None,
            problem: format!("not valid TOML: {}", error.message()),
            remedy: "correct this line".to_owned(),
        });
    }

    /// Whether anything was reported yet.
    pub(super) fn any(&self) -> bool {
        !self.found.borrow().is_empty()
    }

    /// What was reported, in the order of the file; `None` when nothing was.
    pub(super) fn into_errors(self) -> Option<ConfigErrors> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|error| error.at.map(|at| (at.line, at.column)));
        (!found.is_empty()).then_some(ConfigErrors(found))
    }
}

fn shorten(value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    let line = value.lines().next().unwrap_or_default();
    let mut shown: String = line.chars().take(SHOWN_VALUE_MAX).collect();
    if shown.len() < value.len() {
        shown.push_str("...");
    }
    shown
}

/// A table of the file and the keys asked of it so far.
pub(super) struct Section<'a> {
    problems: &'a Problems<'a>,
    key: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        problems: &'a Problems<'a>,
        key: String,
        span: Range<usize>,
        table: &'a DeTable<'a>,
    ) -> Self {
        Self { problems, key, span, table, known: RefCell::default() }
    }

    /// The document itself.
    pub(super) fn root(problems: &'a Problems<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self::new(problems, String::new(), 0..0, table.get_ref())
    }

    /// The value of `name`, if it is there.
    pub(super) fn get(&self, name: &'static str) -> Option<Value<'a>> {
        let mut known = self.known.borrow_mut();
        // Some keys are asked for twice; a list for a person names each once.
        if !known.contains(&name) {
            known.push(name);
        }
        drop(known);
        self.table.get(name).map(|value| self.value(name, value))
    }

    /// The value of `name`; its absence is a mistake with `remedy`.
    pub(super) fn require(&self, name: &'static str, remedy: &str) -> Option<Value<'a>> {
        let value = self.get(name);
        if value.is_none() {
            self.problems.report(&self.missing(name), "this key is missing", remedy);
        }
        value
    }

    /// The place where `name` would stand.
    pub(super) fn missing(&self, name: &str) -> Place {
        Place { key: join(&self.key, name), at: self.span.start, value: None }
    }

    /// Every key and value, for tables whose keys are data.
    pub(super) fn entries(&self) -> Vec<(&'a str, Value<'a>)> {
        self.table
            .iter()
            .map(|(key, value)| {
                let name: &'a str = key.get_ref().as_ref();
                (name, self.value(name, value))
            })
            .collect()
    }

    /// Reports every key that nobody asked for.
    pub(super) fn report_unknown(&self) {
        let known = self.known.borrow();
        for (key, value) in self.table {
            let name: &str = key.get_ref().as_ref();
            if !known.contains(&name) {
                let key_path = join(&self.key, name);
                let place =
                    Place { key: key_path, at: key.span().start, value: Some(value.span()) };
                self.problems.report(&place, "unknown key", suggest(name, &known));
            }
        }
    }

    fn value(&self, name: &str, value: &'a Spanned<DeValue<'a>>) -> Value<'a> {
        Value::new(self.problems, join(&self.key, name), value)
    }
}

fn join(prefix: &str, name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let name = if bare && !name.is_empty() { name.to_owned() } else { format!("{name:?}") };
    if prefix.is_empty() { name } else { format!("{prefix}.{name}") }
}

/// "write X" for the known word closest to `found`, else the list of all.
pub(super) fn suggest(found: &str, known: &[&str]) -> String {
    let close = known
        .iter()
        .map(|word| (distance(found, word), word))
        .min()
        .filter(|(distance, word)| *distance <= 2.max(word.len() / 3));
    match close {
        Some((_, word)) => format!("did you mean {word:?}?"),
        None => format!("write one of {}", list(known)),
    }
}

/// `"a", "b", "c"`.
pub(super) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

/// The Levenshtein distance, on bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let replaced = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}
