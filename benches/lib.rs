//! Benchmarks live in the `benches` folder of this package.
//!
//! A time alone says little about code on an unknown machine, so every benchmark also says how it
//! compares with something else, both measured in the same run and in turn: [`Ratios`].

use std::{
    fmt,
    time::{Duration, Instant},
};

/// Comparisons of one benchmark, printed as one table when they are all made.
#[derive(Default)]
pub struct Ratios {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    ratio: f64,
    goal: Goal,
    times: String,
}

/// What a ratio should be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Goal {
    /// Nothing is promised; the ratio is there to be seen.
    Shown,
    /// The ratio or less.
    AtMost(f64),
    /// The ratio or more.
    AtLeast(f64),
}

impl Goal {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::Shown => true,
            Self::AtMost(limit) => ratio <= limit,
            Self::AtLeast(limit) => ratio >= limit,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown => f.pad(""),
            Self::AtMost(limit) => f.pad(&format!("<= {limit}")),
            Self::AtLeast(limit) => f.pad(&format!(">= {limit}")),
        }
    }
}

impl Ratios {
    /// No comparison yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many times the time of `limit` the function `subject` takes.
    pub fn time(
        &mut self,
        name: &str,
        subject: &mut dyn FnMut(),
        limit_name: &str,
        limit: &mut dyn FnMut(),
        goal: Goal,
    ) {
        let [mine, limits] = best_nanos([subject, limit]);
        self.add(format!("time of {name} / {limit_name}"), mine / limits, goal, mine, limits);
    }

    /// How many times as fast as `other` the function `subject` is.
    pub fn speed(
        &mut self,
        name: &str,
        subject: &mut dyn FnMut(),
        other_name: &str,
        other: &mut dyn FnMut(),
        goal: Goal,
    ) {
        let [mine, others] = best_nanos([subject, other]);
        self.add(format!("speed of {name} / {other_name}"), others / mine, goal, mine, others);
    }

    /// A measured number that has a goal of its own; the ratio is that of the number to the goal, so
    /// 1 or more is as fast as promised.
    pub fn rate(&mut self, name: &str, per_s: f64, promised_per_s: f64) {
        self.rows.push(Row {
            what: format!("{name}, {per_s:.0}/s, of {promised_per_s:.0}/s"),
            ratio: per_s / promised_per_s,
            goal: Goal::AtLeast(1.0),
            times: format!("{:.1}", 1e9 / per_s),
        });
    }

    /// Two times that were measured elsewhere in the same run, in nanoseconds.
    pub fn measured(&mut self, name: &str, mine: f64, other_name: &str, others: f64, goal: Goal) {
        self.add(format!("time of {name} / {other_name}"), mine / others, goal, mine, others);
    }

    fn add(&mut self, what: String, ratio: f64, goal: Goal, mine: f64, others: f64) {
        self.rows.push(Row { what, ratio, goal, times: format!("{mine:.1} / {others:.1}") });
    }
}

impl fmt::Display for Ratios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.what.len()).max().unwrap_or(0);
        writeln!(f, "{:width$} | ratio  | goal    | met | ns", "what")?;
        for Row { what, ratio, goal, times } in &self.rows {
            let met = match goal {
                Goal::Shown => "",
                goal if goal.is_met(*ratio) => "yes",
                _ => "NO",
            };
            writeln!(f, "{what:width$} | {ratio:6.2} | {goal:7} | {met:3} | {times}")?;
        }
        Ok(())
    }
}

/// The time of a call of each function, in nanoseconds.
///
/// They run in turn for a number of rounds, so that whatever else the machine does hits all alike,
/// and the best round of each counts: noise only ever adds time.
fn best_nanos<const N: usize>(mut functions: [&mut dyn FnMut(); N]) -> [f64; N] {
    let calls = functions.each_mut().map(|f| calls_of_a_round(f));
    let mut best = [f64::MAX; N];
    for _ in 0..ROUNDS {
        for ((f, calls), best) in functions.iter_mut().zip(calls).zip(&mut best) {
            *best = best.min(run(f, calls).as_secs_f64() * 1e9 / f64::from(calls));
        }
    }
    best
}

const ROUNDS: usize = 100;
/// Shorter than a time slice of the system's, so that many rounds pass undisturbed.
const ROUND: Duration = Duration::from_millis(2);

/// How many calls fill a round.
fn calls_of_a_round(f: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    while run(f, calls) < ROUND {
        calls *= 2;
    }
    calls
}

/// How long this thread has been running on a processor, where the system tells (Linux): unlike the
/// time of day it does not count what other programs take. Elsewhere, the time since `epoch`.
#[must_use]
pub fn processor_time(epoch: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|it| it.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| epoch.elapsed(), Duration::from_nanos)
}

fn run(f: &mut dyn FnMut(), calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        f();
    }
    start.elapsed()
}
