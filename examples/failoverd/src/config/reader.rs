//! Walking a parsed TOML document while collecting every mistake, not only the first.
//!
//! Deserialising with serde stops at the first wrong value and knows nothing about meaning. Here
//! each accessor reports its own mistake and returns `None`; the caller goes on, and a configuration
//! is only built when nothing was reported.

use super::error::{ConfigError, ConfigErrors, Position};
use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::str::FromStr;
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
    /// The document itself.
    pub(super) fn root(problems: &'a Problems<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        let known = RefCell::default();
        Self { problems, key: String::new(), span: 0..0, table: table.get_ref(), known }
    }

    /// The value of `name`, if it is there.
    pub(super) fn get(&self, name: &'static str) -> Option<Value<'a>> {
        self.known.borrow_mut().push(name);
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
        let (problems, key) = (self.problems, join(&self.key, name));
        Value { problems, key, span: value.span(), value: value.get_ref() }
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

/// One value of the file.
pub(super) struct Value<'a> {
    problems: &'a Problems<'a>,
    key: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Value<'a> {
    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        Place { key: self.key.clone(), at: self.span.start, value: Some(self.span.clone()) }
    }

    /// Records a mistake in this value.
    pub(super) fn error(&self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.problems.report(&self.place(), problem, remedy);
    }

    /// The raw value, where its type decides its meaning.
    pub(super) fn raw(&self) -> &'a DeValue<'a> {
        self.value
    }

    /// The text of a string.
    pub(super) fn string(&self, remedy: &str) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.error(format!("this is {}, not a string", kind(self.value)), remedy);
        }
        text
    }

    /// A string that `T` can parse.
    pub(super) fn parsed<T: FromStr>(&self, what: &str, remedy: &str) -> Option<T> {
        let parsed = self.string(remedy)?.parse().ok();
        if parsed.is_none() {
            self.error(format!("this is not {what}"), remedy);
        }
        parsed
    }

    /// A string out of a fixed list.
    pub(super) fn one_of<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let text = self.string(&format!("write one of {}", list(&words)))?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.error("unknown value", format!("write one of {}", list(&words)));
        }
        found
    }

    /// An integer within `range`; `unit` is empty or follows "a number", such as ` of seconds`.
    pub(super) fn integer(&self, range: RangeInclusive<i64>, unit: &str) -> Option<i64> {
        let remedy = format!("write a number{unit} from {} to {}", range.start(), range.end());
        let DeValue::Integer(digits) = self.value else {
            self.error(format!("this is {}, not a number", kind(self.value)), remedy);
            return None;
        };
        let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.error("out of range", remedy);
        }
        number
    }

    /// A number of seconds within `range`.
    pub(super) fn seconds(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let wide = i64::from(*range.start())..=i64::from(*range.end());
        self.integer(wide, " of seconds").and_then(|number| u32::try_from(number).ok())
    }

    /// The members of an array.
    pub(super) fn items(&self, remedy: &str) -> Option<Vec<Value<'a>>> {
        let DeValue::Array(items) = self.value else {
            self.error(format!("this is {}, not an array", kind(self.value)), remedy);
            return None;
        };
        Some(items.iter().enumerate().map(|(index, item)| self.item(index, item)).collect())
    }

    fn item(&self, index: usize, item: &'a Spanned<DeValue<'a>>) -> Value<'a> {
        let key = format!("{}[{index}]", self.key);
        Value { problems: self.problems, key, span: item.span(), value: item.get_ref() }
    }

    /// A table.
    pub(super) fn section(&self, remedy: &str) -> Option<Section<'a>> {
        let DeValue::Table(table) = self.value else {
            self.error(format!("this is {}, not a table", kind(self.value)), remedy);
            return None;
        };
        let (problems, key, span) = (self.problems, self.key.clone(), self.span.clone());
        Some(Section { problems, key, span, table, known: RefCell::default() })
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
