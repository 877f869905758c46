//! Running seeds: one, many on all cores, and what they add up to.

mod past;
mod report;
mod stats;
mod table;

pub use past::{PastSeed, number, past_seeds};
pub use report::{Report, markdown};
pub use stats::Stats;
pub use table::{Legal, legality};

use crate::{Host, Regime, Rng, Storm, hostile};
use dhcp_failover_proto::Event;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A seed that found something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// By [`Regime::name`].
    pub regime: String,
    /// What, first.
    pub what: String,
}

impl Failure {
    /// The command that shows it again.
    #[must_use]
    pub fn command(&self) -> String {
        format!("failover-sim replay --seed {:#x} --regime {}", self.seed, self.regime)
    }
}

/// What is wrong with a storm that is over, if anything.
#[must_use]
pub fn complaint(storm: &Storm) -> Option<String> {
    if let Some(first) = storm.broken() {
        return Some(first.to_string());
    }
    // Where no old copy came back, nobody may take a store for one (isc-S14). What an old CONNECT said
    // of it counts as well, if no secret tells that it is one.
    let done = |action| storm.actions().get(action).is_some_and(|count| count.done > 0);
    let misled = done("old connect") && storm.setup().secrets.contains(&None);
    let excused = done("old disk restored") || misled;
    let old = |host| storm.pair.events_of(host).any(|(_, it)| matches!(it, Event::OldStore { .. }));
    if let Some(host) = Host::BOTH.into_iter().find(|host| !excused && old(*host)) {
        return Some(format!("{host:?} takes a store for an old copy"));
    }
    storm.pair.standings_seen().find_map(|(a, b)| {
        let legal = legality(a, b).allowed_in(storm.regime());
        (!legal).then(|| format!("the states {a} / {b} cannot be together"))
    })
}

/// Runs one seed; a panic is a finding, too (S16).
#[must_use]
pub fn run_seed(seed: u64, regime: Regime) -> (Stats, Option<Failure>) {
    let run = || {
        if regime == Regime::Hostile {
            return (Stats::of_hostile(&hostile::run_seed(seed, None)), None);
        }
        let mut storm = Storm::new(seed, regime);
        storm.pair.keep_log(false);
        storm.run();
        (Stats::of(&storm), complaint(&storm))
    };
    let (stats, what) = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
        // Of a hostile run a rule that is broken is told like this.
        let names_its_rule = ["S7: ", "S11: "].iter().any(|rule| text.starts_with(rule));
        let what = if names_its_rule { text.to_owned() } else { format!("S16: panic: {text}") };
        (Stats { seeds: 1, ..Stats::default() }, Some(what))
    });
    let regime = regime.name().to_owned();
    (stats, what.map(|what| Failure { seed, regime, what }))
}

/// Which seeds, in which regimes, for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The first seed, or what the seeds are derived from.
    pub base: u64,
    /// So many seeds of each regime, `base`, `base + 1` and so on; `None`: as many as there is time
    /// for, scattered by the base.
    pub seeds: Option<u64>,
    /// Each seed runs in each of these.
    pub regimes: Vec<Regime>,
    /// No seed begins later than this.
    pub limit: Option<Duration>,
    /// At least 1.
    pub threads: usize,
}

impl Plan {
    /// The job of this number, if there is one.
    fn job(&self, number: u64) -> Option<(u64, Regime)> {
        let regimes = self.regimes.len() as u64;
        let seed = number.checked_div(regimes)?;
        let regime = *self.regimes.get(usize::try_from(number % regimes).ok()?)?;
        match self.seeds {
            Some(seeds) => (seed < seeds).then(|| (self.base.wrapping_add(seed), regime)),
            None => Some((Rng::new(self.base.wrapping_add(seed)).next_u64(), regime)),
        }
    }

    /// Runs them all, failing ones included, and says what came of each as soon as it is known.
    #[must_use]
    pub fn run(&self, say: impl Fn(&Failure) + Sync) -> Report {
        let begun = Instant::now();
        let next = AtomicU64::new(0);
        let report = Mutex::new(Report::default());
        let work = || {
            while self.limit.is_none_or(|limit| begun.elapsed() < limit) {
                let Some((seed, regime)) = self.job(next.fetch_add(1, Ordering::Relaxed)) else {
                    return;
                };
                let (stats, failure) = run_seed(seed, regime);
                failure.iter().for_each(&say);
                let mut report = report.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                report.add(regime, &stats, failure);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(work);
            }
        });
        let mut report = report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        report.core_ms = begun.elapsed().as_millis() as u64 * self.threads as u64;
        report.bases = vec![format!("{:#x}", self.base)];
        report
    }
}

/// The base that a word stands for, such as the name of a commit: FNV-1a, so that it is the same for
/// ever.
#[must_use]
pub fn base_of(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
