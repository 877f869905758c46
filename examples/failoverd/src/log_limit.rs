//! Log lines that others can provoke, kept from filling the disk.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Lines about one topic in one [`INTERVAL`]; the rest is counted.
const LINES_MAX: u32 = 10;
/// The time in which lines are counted.
const INTERVAL: Duration = Duration::from_secs(1);

/// Lets a few lines a second through for each topic, and tells how many were left out.
///
/// ```
/// # use failoverd::log_limit::LogLimits;
/// let mut limits = LogLimits::default();
/// let written = (0..100).filter(|_| limits.allow("failed sends")).count();
/// assert!(written < 100);
/// ```
#[derive(Debug, Default)]
pub struct LogLimits {
    topics: BTreeMap<&'static str, Topic>,
}

#[derive(Debug)]
struct Topic {
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl LogLimits {
    /// Whether a line about `topic` may be written now; if not, it is counted. `topic` completes
    /// the sentence "7 more lines were left out: ".
    pub fn allow(&mut self, topic: &'static str) -> bool {
        let (allowed, left_out) = self.allow_at(topic, Instant::now());
        tell(topic, left_out);
        allowed
    }

    /// Tells of the lines left out so far when their second is over. Call it now and then, so that
    /// the end of a storm is told too.
    pub fn settle(&mut self) {
        for (topic, left_out) in self.settle_at(Instant::now()) {
            tell(topic, left_out);
        }
    }

    /// As [`Self::allow`]; also how many lines to tell of first.
    fn allow_at(&mut self, topic: &'static str, now: Instant) -> (bool, u64) {
        let fresh = Topic { since: now, lines: 0, left_out: 0 };
        let topic = self.topics.entry(topic).or_insert(fresh);
        let mut left_out = 0;
        if topic.is_over(now) {
            left_out = topic.left_out;
            *topic = Topic { since: now, lines: 0, left_out: 0 };
        }
        let allowed = topic.lines < LINES_MAX;
        if allowed {
            topic.lines += 1;
        } else {
            topic.left_out += 1;
        }
        (allowed, left_out)
    }

    fn settle_at(&mut self, now: Instant) -> Vec<(&'static str, u64)> {
        let mut told = Vec::new();
        self.topics.retain(|name, topic| {
            let over = topic.is_over(now);
            if over && topic.left_out > 0 {
                told.push((*name, topic.left_out));
            }
            !over
        });
        told
    }
}

impl Topic {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= INTERVAL
    }
}

fn tell(topic: &'static str, left_out: u64) {
    if left_out > 0 {
        tracing::warn!(left_out, "{left_out} more lines were left out: {topic}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topic_has_its_lines_in_each_second_and_the_rest_is_counted() {
        let (mut limits, start) = (LogLimits::default(), Instant::now());
        let mut storm = |topic, at_ms| {
            let now = start + Duration::from_millis(at_ms);
            let answers: Vec<_> = (0..100).map(|_| limits.allow_at(topic, now)).collect();
            let allowed = answers.iter().filter(|(allowed, _)| *allowed).count();
            (allowed, answers.iter().map(|(_, left_out)| left_out).sum::<u64>())
        };
        assert_eq!(storm("a", 0), (10, 0));
        assert_eq!(storm("a", 999), (0, 0), "the second is not over");
        assert_eq!(storm("b", 999), (10, 0), "another topic");
        assert_eq!(storm("a", 1000), (10, 190), "told once");
        assert_eq!(storm("a", 2500), (10, 90));
    }

    #[test]
    fn the_end_of_a_storm_is_told_once() {
        let (mut limits, start) = (LogLimits::default(), Instant::now());
        for _ in 0..15 {
            limits.allow_at("a", start);
        }
        limits.allow_at("quiet", start);
        assert_eq!(limits.settle_at(start + Duration::from_millis(999)), []);
        assert_eq!(limits.settle_at(start + INTERVAL), [("a", 5)]);
        assert_eq!(limits.settle_at(start + INTERVAL), []);
        assert!(limits.topics.is_empty(), "nothing is kept of what is over");
        assert_eq!(limits.allow_at("a", start + INTERVAL), (true, 0));
    }
}
