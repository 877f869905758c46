//! What a run found, to be written, read, added up and printed.

use super::{Failure, Legal, Stats, legality};
use crate::Regime;
use crate::tally::Standing;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The figures of one run or several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What the seeds were derived from.
    pub bases: Vec<String>,
    /// Time on all cores together.
    pub core_ms: u64,
    /// By [`Regime::name`].
    pub regimes: BTreeMap<String, Stats>,
    /// Every seed that found something.
    pub failures: Vec<Failure>,
}

impl Report {
    pub(super) fn add(&mut self, regime: Regime, stats: &Stats, failure: Option<Failure>) {
        self.regimes.entry(regime.name().to_owned()).or_default().merge(stats);
        self.failures.extend(failure);
    }

    /// Adds another run.
    pub fn merge(&mut self, other: Self) {
        self.bases.extend(other.bases);
        self.core_ms += other.core_ms;
        for (name, stats) in &other.regimes {
            self.regimes.entry(name.clone()).or_default().merge(stats);
        }
        self.failures.extend(other.failures);
    }

    /// All regimes together.
    #[must_use]
    pub fn total(&self) -> Stats {
        let mut total = Stats::default();
        self.regimes.values().for_each(|stats| total.merge(stats));
        total
    }

    /// Events a second on one core.
    #[must_use]
    pub fn events_per_core_s(&self) -> u64 {
        (self.total().events * 1_000).checked_div(self.core_ms).unwrap_or(0)
    }

    /// The pairs of states that are legal in the regimes run, and were not seen.
    #[must_use]
    pub fn pairs_missing(&self) -> Vec<String> {
        let seen = self.total().state_pairs;
        let regimes: Vec<Regime> =
            Regime::ALL.into_iter().filter(|it| self.regimes.contains_key(it.name())).collect();
        pairs()
            .filter(|(_, legal)| regimes.iter().any(|regime| legal.allowed_in(*regime)))
            .map(|(name, _)| name)
            .filter(|name| !seen.contains_key(name))
            .collect()
    }
}

/// Every pair of standings by its name.
fn pairs() -> impl Iterator<Item = (String, Legal)> {
    Standing::all()
        .flat_map(|a| Standing::all().map(move |b| (format!("{a} / {b}"), legality(a, b))))
}

/// One table for people.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = String::new();
    let names: Vec<&String> = report.regimes.keys().collect();
    let total = report.total();
    let columns: Vec<&Stats> = report.regimes.values().chain([&total]).collect();
    let headings: Vec<&str> = names.iter().map(|name| name.as_str()).chain(["all"]).collect();
    let _ = writeln!(text, "| | {} |", headings.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(headings.len()));
    let mut row = |name: &str, cell: &dyn Fn(&Stats) -> String| {
        let cells: Vec<String> = columns.iter().map(|stats| cell(stats)).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    };
    row("seeds", &|it| it.seeds.to_string());
    row("events", &|it| it.events.to_string());
    row("simulated years", &|it| format!("{:.2}", it.simulated_years()));
    row("DHCPACKs", &|it| it.leases.to_string());
    row("actions", &|it| it.actions.values().sum::<u64>().to_string());
    let a_seed = |it: &Stats| it.actions.values().sum::<u64>() as f64 / it.seeds.max(1) as f64;
    row("actions a seed", &|it| format!("{:.1}", a_seed(it)));
    row("pairs of states seen", &|it| it.state_pairs.len().to_string());
    for name in total.doubled.keys() {
        row(&format!("double leases: {name}"), &|it| count(&it.doubled, name));
    }
    for name in total.violations.keys() {
        row(&format!("{name} broken"), &|it| count(&it.violations, name));
    }
    for name in total.actions.keys() {
        row(&format!("action: {name}"), &|it| count(&it.actions, name));
    }
    for name in total.messages.keys() {
        row(&format!("message: {name}"), &|it| count(&it.messages, name));
    }
    let _ = writeln!(text, "\n{} events a second on one core", report.events_per_core_s());
    let _ = writeln!(text, "seeds from {}", report.bases.join(", "));
    let missing = report.pairs_missing();
    let _ = writeln!(text, "{} legal pairs of states not seen", missing.len());
    for name in missing {
        let _ = writeln!(text, "- {name}");
    }
    let _ = writeln!(text, "{} seeds failed", report.failures.len());
    for failure in &report.failures {
        let _ = writeln!(text, "- `{}`: {}", failure.command(), failure.what);
    }
    text
}

fn count(counts: &BTreeMap<String, u64>, name: &str) -> String {
    counts.get(name).copied().unwrap_or(0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read_again_added_up_and_printed() {
        let stats = Stats { seeds: 2, events: 1_000, ..Stats::default() };
        let what = "S1: an address for two".to_owned();
        let failure = Failure { seed: 31, regime: "honest".to_owned(), what };
        let mut one = Report { core_ms: 10, ..Report::default() };
        one.add(Regime::Honest, &stats, Some(failure));
        let text = serde_json::to_string(&one).unwrap_or_default();
        let again: Option<Report> = serde_json::from_str(&text).ok();
        assert_eq!(again.as_ref(), Some(&one));
        again.into_iter().for_each(|again| one.merge(again));
        assert_eq!((one.total().seeds, one.events_per_core_s()), (4, 100_000));
        let text = markdown(&one);
        for line in ["| seeds | 4 | 4 |", "| events | 2000 | 2000 |", "2 seeds failed"] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.contains("`failover-sim replay --seed 0x1f --regime honest`"), "{text}");
        assert!(one.pairs_missing().contains(&"NORMAL / NORMAL".to_owned()));
        assert!(!one.pairs_missing().contains(&"PARTNER-DOWN / NORMAL".to_owned()), "unsafe only");
    }
}
