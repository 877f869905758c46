//! Two threads that ask the servers for their state and note every change.

use super::remote;
use super::timeline::{Timeline, Tone};
use crate::admin::StatusRow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// A server whose last answer is older than this is shown as silent.
const SILENT_MS: u64 = 700;

/// What is shown for a server that does not answer.
pub const SILENT: &str = "(no answer)";

/// What was last heard from one server.
#[derive(Clone, Debug, Default)]
struct Heard {
    status: Option<StatusRow>,
    at_ms: u64,
}

/// Watches both servers; dropping it ends the watch.
pub struct Watch {
    heard: Arc<[Mutex<Heard>; 2]>,
    timeline: Arc<Timeline>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// Starts to ask the servers behind `sockets`, named for the timeline.
    pub fn start(servers: [(&'static str, PathBuf); 2], timeline: &Arc<Timeline>) -> Self {
        let watch =
            Self { heard: Arc::default(), timeline: Arc::clone(timeline), stop: Arc::default() };
        for (index, (name, socket)) in servers.into_iter().enumerate() {
            let (heard, timeline) = (Arc::clone(&watch.heard), Arc::clone(timeline));
            let stop = Arc::clone(&watch.stop);
            // Not joined: a question to a server that stands still may take long, and the thread
            // touches nothing but its own copies.
            std::thread::spawn(move || {
                let mut last = String::new();
                while !stop.load(Ordering::Relaxed) {
                    let status = remote::status(&socket).ok();
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    if let Some(status) = &status
                        && status.state != last
                    {
                        note(&timeline, name, &last, &status.state);
                        last.clone_from(&status.state);
                    }
                    if let Some(slot) = heard.get(index) {
                        *lock(slot) = Heard { status, at_ms: timeline.now_ms() };
                    }
                    std::thread::sleep(PAUSE);
                }
            });
        }
        watch
    }

    /// The last answer of the server `index`, if it is recent.
    pub fn status(&self, index: usize) -> Option<StatusRow> {
        let heard = lock(self.heard.get(index)?).clone();
        let age_ms = self.timeline.now_ms().saturating_sub(heard.at_ms);
        heard.status.filter(|_| age_ms <= SILENT_MS)
    }

    /// The state of the server `index`, or [`SILENT`].
    pub fn state(&self, index: usize) -> String {
        self.status(index).map_or_else(|| SILENT.to_owned(), |status| status.state)
    }

    /// Whether both servers are NORMAL and think so of each other.
    pub fn both_normal(&self) -> bool {
        (0..2).all(|index| {
            self.status(index)
                .is_some_and(|it| it.state == "NORMAL" && it.partner_state == "NORMAL")
        })
    }

    /// Whether neither server has something to tell the other, or to settle with it.
    pub fn nothing_pending(&self) -> bool {
        (0..2).all(|index| {
            self.status(index).is_some_and(|status| status.pending == 0 && status.disputed == 0)
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn note(timeline: &Timeline, name: &str, from: &str, to: &str) {
    let text = if from.is_empty() {
        format!("  {name} is in {to}")
    } else {
        format!("  {name}: {from} -> {to}")
    };
    timeline.note(Tone::Plain, text);
}

fn lock(slot: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_not_there_are_silent_and_not_normal() {
        let directory = tempfile::tempdir().expect("a directory");
        let timeline = Arc::new(Timeline::new(false));
        let sockets = ["a", "b"].map(|name| (name, directory.path().join(name)));
        let watch = Watch::start(sockets, &timeline);
        std::thread::sleep(Duration::from_millis(120));
        assert_eq!((watch.state(0).as_str(), watch.state(1).as_str()), (SILENT, SILENT));
        assert!(!watch.both_normal() && !watch.nothing_pending());
        assert!(timeline.events().is_empty());
    }

    #[test]
    fn an_old_answer_does_not_count() {
        let timeline = Arc::new(Timeline::new(false));
        let status = StatusRow {
            name: "demo".to_owned(),
            role: "primary".to_owned(),
            state: "NORMAL".to_owned(),
            partner_state: "NORMAL".to_owned(),
            pending: 0,
            disputed: 0,
        };
        let now = Heard { status: Some(status), at_ms: 0 };
        let heard = Arc::new([Mutex::new(now.clone()), Mutex::new(now)]);
        let watch = Watch { heard, timeline: Arc::clone(&timeline), stop: Arc::default() };
        assert!(watch.both_normal() && watch.nothing_pending());
        std::thread::sleep(Duration::from_millis(SILENT_MS + 100));
        assert!(!watch.both_normal());
        assert_eq!(watch.state(0), SILENT);
    }
}
