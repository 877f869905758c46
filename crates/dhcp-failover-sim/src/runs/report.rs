//! What a run found, to be written, read, added up and printed.

use super::stats::HOSTILE;
use super::{Failure, Legal, Stats, legality};
use crate::Regime;
use crate::storm::NO_FAULTS;
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

/// For people: tables with a column for each regime, and what failed.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let total = report.total();
    let mut text = String::new();
    let is_fault = |kind: &str| !kind.starts_with(HOSTILE) && !NO_FAULTS.contains(&kind);
    let faults = |it: &Stats| -> u64 {
        it.actions.iter().filter(|(kind, _)| is_fault(kind)).map(|(_, count)| count).sum()
    };
    let mut figures = Table::new("Figures", report, &total);
    figures.row("seeds", &|it| thousands(it.seeds));
    figures.row("events", &|it| thousands(it.events));
    figures.row("simulated years", &|it| format!("{:.2}", it.simulated_years()));
    figures.row("DHCPACKs", &|it| thousands(it.leases));
    figures.row("faults", &|it| thousands(faults(it)));
    // Storms that wait for a moment set the delay twice a second.
    let delays = |it: &Stats| it.actions.get("network delay").copied().unwrap_or(0);
    let a_seed = |it: &Stats| (faults(it) - delays(it)) as f64 / it.seeds.max(1) as f64;
    figures.row("faults a seed, without delays", &|it| format!("{:.1}", a_seed(it)));
    figures.row("pairs of states seen", &|it| thousands(it.state_pairs.len() as u64));
    figures.print(&mut text);
    let counts =
        |title, of: fn(&Stats) -> &BTreeMap<String, u64>, wanted: &dyn Fn(&str) -> bool| {
            let mut table = Table::new(title, report, &total);
            for name in of(&total).keys().filter(|name| wanted(name)) {
                let short = name.strip_prefix(HOSTILE).unwrap_or(name);
                table.row(short, &|it| thousands(of(it).get(name).copied().unwrap_or(0)));
            }
            table
        };
    let all = |_: &str| true;
    counts("Rules broken, by whomever", |it| &it.violations, &all).print(&mut text);
    counts("Addresses two clients had", |it| &it.doubled, &all).print(&mut text);
    counts("Faults, orders and changes", |it| &it.actions, &is_fault).print(&mut text);
    let everyday = |kind: &str| NO_FAULTS.contains(&kind);
    counts("What clients did, and the end of faults", |it| &it.actions, &everyday).print(&mut text);
    let hostile = |kind: &str| kind.starts_with(HOSTILE);
    counts("The hostile peer", |it| &it.actions, &hostile).print(&mut text);
    counts("Messages sent", |it| &it.messages, &all).print(&mut text);
    let missing = report.pairs_missing();
    let _ =
        writeln!(text, "- {} events a second on one core", thousands(report.events_per_core_s()));
    let _ = writeln!(text, "- seeds from {}", report.bases.join(", "));
    let _ = writeln!(text, "- {} legal pairs of states not seen", missing.len());
    for name in missing {
        let _ = writeln!(text, "  - {name}");
    }
    let _ = writeln!(text, "- {} seeds failed", report.failures.len());
    for failure in &report.failures {
        let _ = writeln!(text, "  - `{}`: {}", failure.command(), failure.what);
    }
    text
}

/// Rows with a cell for each regime, and one for all.
struct Table<'a> {
    title: &'a str,
    names: Vec<&'a str>,
    columns: Vec<&'a Stats>,
    rows: Vec<String>,
}

impl<'a> Table<'a> {
    fn new(title: &'a str, report: &'a Report, total: &'a Stats) -> Self {
        let names = report.regimes.keys().map(String::as_str).chain(["all"]).collect();
        let columns = report.regimes.values().chain([total]).collect();
        Self { title, names, columns, rows: Vec::new() }
    }

    fn row(&mut self, name: &str, cell: &dyn Fn(&Stats) -> String) {
        let cells: Vec<String> = self.columns.iter().map(|stats| cell(stats)).collect();
        self.rows.push(format!("| {name} | {} |", cells.join(" | ")));
    }

    /// Nothing of a table without rows.
    fn print(&self, text: &mut String) {
        if !self.rows.is_empty() {
            let lines = "---:|".repeat(self.names.len());
            let head = format!("| {} | {} |\n|---|{lines}", self.title, self.names.join(" | "));
            let _ = writeln!(text, "{head}\n{}\n", self.rows.join("\n"));
        }
    }
}

/// With a comma before every three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let before_comma = |index: usize| index > 0 && (digits.len() - index).is_multiple_of(3);
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if before_comma(index) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        let texts = [0, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn what_is_called_no_fault_is_something_that_storms_do() {
        let mut total = Stats::default();
        let all_seen = (0..50).any(|seed| {
            total.merge(&crate::runs::run_seed(seed, Regime::Honest).0);
            NO_FAULTS.iter().all(|kind| total.actions.contains_key(*kind))
        });
        assert!(all_seen, "{:?}", total.actions);
    }

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
        for line in ["| seeds | 4 | 4 |", "| events | 2,000 | 2,000 |", "2 seeds failed"] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.contains("`failover-sim replay --seed 0x1f --regime honest`"), "{text}");
        assert!(one.pairs_missing().contains(&"NORMAL / NORMAL".to_owned()));
        assert!(!one.pairs_missing().contains(&"PARTNER-DOWN / NORMAL".to_owned()), "unsafe only");
    }
}
