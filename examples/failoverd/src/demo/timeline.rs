//! What happened when, told as it happens.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds since the demo began.
    pub at_ms: u64,
    /// What, in words.
    pub text: String,
}

/// The events of a demo, printed at once when somebody watches.
pub struct Timeline {
    start: Instant,
    print: bool,
    colour: bool,
    events: Mutex<Vec<Event>>,
}

/// How a line stands out on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A plain line.
    Plain,
    /// Something failed.
    Bad,
    /// Something succeeded.
    Good,
    /// A turn of the story.
    Strong,
}

impl Timeline {
    /// An empty timeline; with `print`, every line goes to standard output.
    pub fn new(print: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none();
        Self { start: Instant::now(), print, colour, events: Mutex::default() }
    }

    /// Whether decoration beyond ASCII is welcome.
    pub fn is_fancy(&self) -> bool {
        self.colour
    }

    /// Milliseconds since the demo began.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Records an event and prints it.
    pub fn note(&self, tone: Tone, text: impl Into<String>) {
        let (at_ms, text) = (self.now_ms(), text.into());
        self.line(tone, &format!("{} {}", seconds(at_ms), text));
        self.lock().push(Event { at_ms, text });
    }

    /// Prints a line that is not an event.
    pub fn line(&self, tone: Tone, text: &str) {
        if !self.print {
            return;
        }
        let mut out = std::io::stdout().lock();
        // A reader that went away is no reason to stop: the exit code still tells the verdict.
        let _ = writeln!(out, "{}", self.painted(tone, text));
    }

    /// `text` in the colour of `tone`.
    pub fn painted(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.colour => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Bad => "31;1",
            Tone::Good => "32",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Every event so far.
    pub fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds as a column of seconds with one decimal.
pub fn seconds(at_ms: u64) -> String {
    format!("{:>5}.{} s ", at_ms / 1000, at_ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_events_in_order_and_prints_plain_text_without_a_terminal() {
        let timeline = Timeline { colour: false, ..Timeline::new(false) };
        timeline.note(Tone::Strong, "first");
        timeline.note(Tone::Bad, "second");
        let texts: Vec<_> = timeline.events().into_iter().map(|event| event.text).collect();
        assert_eq!(texts, ["first", "second"]);
        assert_eq!(timeline.painted(Tone::Bad, "x"), "x");
        let fancy = Timeline { colour: true, ..Timeline::new(false) };
        assert_eq!(fancy.painted(Tone::Good, "x"), "\x1b[32mx\x1b[0m");
    }

    #[test]
    fn seconds_have_one_decimal() {
        assert_eq!(seconds(12_345), "   12.3 s ");
        assert_eq!(seconds(99), "    0.0 s ");
    }
}
