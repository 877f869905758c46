//! A log in columns, for a run that failed.

use crate::Host;
use std::collections::VecDeque;
use std::fmt;

/// So many lines are kept, unless somebody wants all.
const KEPT: usize = 20_000;

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Something that is done to both.
    Whole,
    /// What a server does.
    Server(Host),
    /// A message, and who sends it.
    Wire(Host),
}

/// The last things that happened, in columns: true time, server A, the wire, server B.
#[derive(Clone, Debug)]
pub struct Log {
    lines: VecDeque<(u64, Column, String)>,
    limit: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: VecDeque::new(), limit: KEPT }
    }
}

impl Log {
    /// Whether lines are kept at all; asked before one is made that costs time.
    pub(crate) fn is_kept(&self) -> bool {
        self.limit > 0
    }

    /// Keeps every line from now on, or none.
    pub(crate) fn keep(&mut self, all: bool) {
        self.limit = if all { usize::MAX } else { 0 };
    }

    pub(crate) fn add(&mut self, now: u64, host: Option<Host>, text: String) {
        self.put(now, host.map_or(Column::Whole, Column::Server), text);
    }

    /// A message is sent.
    pub(crate) fn sent(&mut self, now: u64, from: Host, text: String) {
        self.put(now, Column::Wire(from), text);
    }

    fn put(&mut self, now: u64, column: Column, text: String) {
        if !self.is_kept() {
            return;
        }
        if self.lines.len() >= self.limit {
            self.lines.pop_front();
        }
        self.lines.push_back((now, column, text));
    }

    /// The last `count` lines.
    #[must_use]
    pub fn tail(&self, count: usize) -> Self {
        let skipped = self.lines.len().saturating_sub(count);
        let lines = self.lines.iter().skip(skipped).cloned().collect();
        Self { lines, limit: self.limit }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (now, column, text) in &self.lines {
            let seconds = *now / 1_000;
            let ms = *now % 1_000;
            write!(f, "{seconds:>7}.{ms:03}  ")?;
            match column {
                Column::Whole => writeln!(f, "*** {text}")?,
                Column::Server(Host::A) => writeln!(f, "A {text}")?,
                Column::Wire(Host::A) => writeln!(f, "{:24}{text} -->", "")?,
                Column::Wire(Host::B) => writeln!(f, "{:24}<-- {text}", "")?,
                Column::Server(Host::B) => writeln!(f, "{:60}B {text}", "")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_column_and_nothing_is_kept_that_nobody_wants() {
        let mut log = Log::default();
        log.add(1_002, Some(Host::A), "starts".to_owned());
        log.sent(1_003, Host::A, "CONNECT 1".to_owned());
        log.sent(1_004, Host::B, "CONNECTACK 1".to_owned());
        log.add(1_005, Some(Host::B), "starts".to_owned());
        let text = log.to_string();
        let columns: Vec<Option<usize>> =
            ["A starts", "CONNECT 1 -->", "<-- CONNECTACK", "B starts"]
                .iter()
                .zip(text.lines())
                .map(|(what, line)| line.find(what))
                .collect();
        assert_eq!(columns, [Some(13), Some(37), Some(37), Some(73)]);
        assert_eq!(log.tail(1).to_string().lines().count(), 1);
        log.keep(false);
        log.add(1_006, None, "heals".to_owned());
        assert_eq!(log.to_string(), text);
    }
}
