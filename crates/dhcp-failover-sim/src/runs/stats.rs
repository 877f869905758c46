//! The figures of many seeds.

use crate::Storm;
use crate::hostile::Tally;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Before what the hostile peer does, among the actions.
pub(super) const HOSTILE: &str = "hostile: ";

/// Sums over seeds; those of two runs can be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Seeds run.
    pub seeds: u64,
    /// Inputs fed to endpoints, and other things that happened to clients, networks and disks.
    pub events: u64,
    /// Time that passed in the simulation.
    pub simulated_ms: u64,
    /// DHCPACKs clients received.
    pub leases: u64,
    /// What was done to the pairs, by [`Action::kind`](crate::Action::kind).
    pub actions: BTreeMap<String, u64>,
    /// Messages sent, by type.
    pub messages: BTreeMap<String, u64>,
    /// In how many seeds both servers were in these states at one time, A first: `NORMAL / down`.
    pub state_pairs: BTreeMap<String, u64>,
    /// Addresses that two clients had at one time, by what became of them, as in
    /// [`DoubledCounts`](crate::DoubledCounts).
    #[serde(default)]
    pub doubled: BTreeMap<String, u64>,
    /// Rules broken, whether they count in the regime or not.
    pub violations: BTreeMap<String, u64>,
}

impl Stats {
    /// Those of one storm.
    #[must_use]
    pub fn of(storm: &Storm) -> Self {
        let pair = &storm.pair;
        let mut stats = Self {
            seeds: 1,
            events: pair.event_count(),
            simulated_ms: pair.now_ms() - storm.setup().begin_ms,
            leases: pair.ledger().acks,
            ..Self::default()
        };
        for (kind, count) in storm.actions() {
            add(&mut stats.actions, kind, count.done);
        }
        for ((_, kind), count) in &pair.monitor.counts {
            add(&mut stats.messages, kind, *count);
        }
        for (a, b) in pair.standings_seen() {
            add(&mut stats.state_pairs, &format!("{a} / {b}"), 1);
        }
        let doubled = pair.doubled_counts();
        for (fate, count) in [
            ("happened", doubled.happened),
            ("ended", doubled.ended),
            ("record lost", doubled.record_lost),
            ("survived", doubled.survived),
            ("resolved", doubled.resolved),
            ("silent", doubled.silent),
            ("open", doubled.open),
        ] {
            add(&mut stats.doubled, fate, count);
        }
        for violation in pair.violations() {
            add(&mut stats.violations, &format!("{:?}", violation.rule), 1);
        }
        stats
    }

    /// Those of one run against a hostile peer.
    #[must_use]
    pub fn of_hostile(tally: &Tally) -> Self {
        let mut stats = Self {
            seeds: 1,
            events: tally.operations,
            simulated_ms: tally.simulated_ms,
            leases: tally.acks,
            ..Self::default()
        };
        for (kind, count) in &tally.kinds {
            add(&mut stats.actions, &format!("{HOSTILE}{kind}"), *count);
        }
        for (kind, count) in &tally.said {
            add(&mut stats.messages, kind, *count);
        }
        stats
    }

    /// Adds other seeds.
    pub fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.events += other.events;
        self.simulated_ms += other.simulated_ms;
        self.leases += other.leases;
        for (mine, theirs) in [
            (&mut self.actions, &other.actions),
            (&mut self.messages, &other.messages),
            (&mut self.state_pairs, &other.state_pairs),
            (&mut self.doubled, &other.doubled),
            (&mut self.violations, &other.violations),
        ] {
            for (name, count) in theirs {
                add(mine, name, *count);
            }
        }
    }

    /// Years of 365.25 days.
    #[must_use]
    pub fn simulated_years(&self) -> f64 {
        self.simulated_ms as f64 / (365.25 * 86_400_000.0)
    }
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    if count > 0 {
        *counts.entry(name.to_owned()).or_default() += count;
    }
}
