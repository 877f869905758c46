//! A short log in columns, for a run that failed.

use crate::Host;
use std::collections::VecDeque;
use std::fmt;

/// So many lines are kept.
const KEPT: usize = 20_000;

/// The last things that happened, in columns: true time, server A, server B.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: VecDeque<(u64, Option<Host>, String)>,
}

impl Log {
    pub(crate) fn add(&mut self, now: u64, host: Option<Host>, text: String) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back((now, host, text));
    }
}

impl Log {
    /// The last `count` lines.
    #[must_use]
    pub fn tail(&self, count: usize) -> Self {
        let skipped = self.lines.len().saturating_sub(count);
        Self { lines: self.lines.iter().skip(skipped).cloned().collect() }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (now, host, text) in &self.lines {
            let seconds = *now / 1_000;
            let ms = *now % 1_000;
            match host {
                None => writeln!(f, "{seconds:>7}.{ms:03}  {text}")?,
                Some(Host::A) => writeln!(f, "{seconds:>7}.{ms:03}  A {text}")?,
                Some(Host::B) => writeln!(f, "{seconds:>7}.{ms:03}  {:48}B {text}", "")?,
            }
        }
        Ok(())
    }
}
