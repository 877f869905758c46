//! One value of a configuration file, asked for as what it should be.

use super::reader::{Place, Problems, Section, list};
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;
use toml::Spanned;
use toml::de::DeValue;

/// One value of the file.
pub(super) struct Value<'a> {
    problems: &'a Problems<'a>,
    key: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Value<'a> {
    pub(super) fn new(
        problems: &'a Problems<'a>,
        key: String,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Self {
        Self { problems, key, span: value.span(), value: value.get_ref() }
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        Place::of_value(self.key.clone(), self.span.clone())
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

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Option<bool> {
        match self.raw() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.error("this is neither true nor false", "write true or false");
                None
            }
        }
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
        Value::new(self.problems, key, item)
    }

    /// A table.
    pub(super) fn section(&self, remedy: &str) -> Option<Section<'a>> {
        let DeValue::Table(table) = self.value else {
            self.error(format!("this is {}, not a table", kind(self.value)), remedy);
            return None;
        };
        Some(Section::new(self.problems, self.key.clone(), self.span.clone(), table))
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
