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
    let mut row = |name: &str, cell: &dyn Fn(&Stats) -> String| {
        let cells: Vec<String> = columns.iter().map(|stats| cell(stats)).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    };
    let mut headings = names.iter().copied().cloned().chain(["all".to_owned()]).collect::<Vec<_>>();
    headings.reverse();
    let heading = std::cell::RefCell::new(headings);
    row("", &|_| heading.borrow_mut().pop().unwrap_or_default());
    row("---", &|_| "---:".to_owned());
    row("seeds", &|it| it.seeds.to_string());
    row("events", &|it| it.events.to_string());
    row("simulated years", &|it| format!("{:.2}", it.simulated_years()));
    row("DHCPACKs", &|it| it.leases.to_string());
    row("actions", &|it| it.actions.values().sum::<u64>().to_string());
    row("pairs of states seen", &|it| it.state_pairs.len().to_string());
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
