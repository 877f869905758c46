//! A storm of faults, and the calm after it: seeded, recorded, and repeated without the seed.
//!
//! A seed chooses a pair and, in the sight of it, what is done to it. Every [`Step`] is recorded:
//! from the [`Setup`] and the steps the same run can be had again, or one with fewer of them, for
//! whether an action is honest is asked when it is done.

mod action;
mod apply;
mod calm;
mod change;
mod choose;
mod dialect;
mod directed;
mod left;
mod regime;
mod setup;
mod shrink;

pub(crate) use action::NO_FAULTS;
pub use action::{Action, Change, Step, Stray};
pub use left::Left;
pub use regime::Regime;
pub use shrink::{Shrunk, shrink};

use crate::check::Violation;
use crate::{DiskCopy, Host, Mutation, Pair, Setup};
use choose::Chooser;
use setup::Plan;
use std::collections::BTreeMap;

/// After so much time at the latest it is asked whether a storm goes on.
const PASS_MS: u64 = 30_000;

/// A storm of so few steps goes on for some more events.
const LEAST_STEPS: usize = 60;

/// How often something was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Done.
    pub done: u64,
    /// Left out, for it made no sense then, or would not have been honest.
    pub skipped: u64,
}

/// A pair, and what is done to it.
#[derive(Clone, Debug)]
pub struct Storm {
    /// The pair in the storm.
    pub pair: Pair,
    setup: Setup,
    regime: Regime,
    script: Script,
    steps: Vec<Step>,
    counts: BTreeMap<&'static str, Count>,
    remedies: [u64; 2],
    /// By how much each wall clock was set.
    wall_set_ms: [i64; 2],
    /// A copy of each disk, and when it was made.
    copies: [Option<(DiskCopy, u64)>; 2],
    /// When both servers had last told each other everything.
    settled_ms: u64,
    /// What became of the second pool at each server.
    second_pool: [SecondPool; 2],
    /// Connections nobody asked for, and who opened them.
    strays: Vec<(Host, u64)>,
}

/// A pool that comes at one server first, and goes so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SecondPool {
    /// Not there yet.
    #[default]
    Absent,
    Present,
    /// It does not come back: its leases would have to be waited for.
    Removed,
}

/// Where the steps come from.
#[derive(Clone, Debug)]
enum Script {
    /// Chosen for so long.
    Chosen {
        by: Chooser,
        rage_s: u64,
        events: u64,
    },
    Given(Vec<Step>),
}

impl Storm {
    /// The storm of a seed.
    #[must_use]
    pub fn new(seed: u64, regime: Regime) -> Self {
        Self::with_mutation(seed, regime, Mutation::None)
    }

    /// The same with a fault in the harness, which the checkers should find.
    #[must_use]
    pub fn with_mutation(seed: u64, regime: Regime, mutation: Mutation) -> Self {
        let Plan { setup, rage_s, pause_s, events } = Plan::new(seed, regime, mutation);
        let by = Chooser::new(seed, regime, pause_s);
        Self::of(setup, regime, Script::Chosen { by, rage_s, events })
    }

    /// A storm of these steps.
    #[must_use]
    pub fn again(setup: Setup, regime: Regime, steps: Vec<Step>) -> Self {
        Self::of(setup, regime, Script::Given(steps))
    }

    /// What is left of the storm of a seed, which is run once to know its steps.
    ///
    /// # Errors
    /// It names steps that the storm of that seed does not have.
    pub fn left(seed: u64, regime: Regime, left: &Left) -> Result<Self, String> {
        let mut whole = Self::new(seed, regime);
        whole.pair.keep_log(false);
        whole.run();
        let steps = left.steps(whole.steps()).ok_or_else(|| {
            let count = whole.steps().len();
            format!("seed {seed:#x} has {count} actions, and {left} names others: shrink it anew")
        })?;
        Ok(Self::again(left.setup(whole.setup()), regime, steps))
    }

    fn of(setup: Setup, regime: Regime, script: Script) -> Self {
        Self {
            pair: Pair::new(setup.clone()),
            setup,
            regime,
            script,
            steps: Vec::new(),
            counts: BTreeMap::new(),
            remedies: [0; 2],
            wall_set_ms: [0; 2],
            copies: [None, None],
            settled_ms: 0,
            second_pool: [SecondPool::Absent; 2],
            strays: Vec::new(),
        }
    }

    /// The whole life: faults, then everything heals and must converge, then silence.
    pub fn run(&mut self) {
        self.rage();
        self.calm();
    }

    /// The faults. Ends at the first rule broken.
    pub fn rage(&mut self) {
        self.pair.start_both();
        for number in 0..self.pair.clients.len() {
            self.pair.join(number);
        }
        match self.script.clone() {
            Script::Given(steps) => {
                for step in steps {
                    if self.broken().is_some() {
                        return;
                    }
                    self.step(step);
                }
            }
            Script::Chosen { mut by, rage_s, events } => {
                let end = self.pair.now + rage_s * 1_000;
                let goes_on = |it: &Self| {
                    let busy = it.pair.tally.events < events
                        || it.steps.len() < LEAST_STEPS && it.pair.tally.events < 3 * events;
                    it.pair.now < end && busy && it.broken().is_none()
                };
                while goes_on(self) {
                    let mut step = by.next(&self.pair);
                    step.pause_ms = self.pass(step.pause_ms, goes_on);
                    self.take(step);
                }
            }
        }
    }

    /// Lets so much time pass, or less if the storm is over before.
    fn pass(&mut self, ms: u64, goes_on: impl Fn(&Self) -> bool) -> u64 {
        let begin = self.pair.now;
        while self.pair.now < begin + ms && goes_on(self) {
            self.pair.run_ms((begin + ms - self.pair.now).min(PASS_MS));
        }
        self.pair.now - begin
    }

    fn step(&mut self, step: Step) {
        self.pair.run_ms(step.pause_ms);
        self.take(step);
    }

    fn take(&mut self, step: Step) {
        if self.pair.is_settled() {
            self.settled_ms = self.pair.now;
        }
        let done = self.apply(&step.action);
        let count = self.counts.entry(step.action.kind()).or_default();
        if done {
            count.done += 1;
        } else {
            count.skipped += 1;
        }
        self.steps.push(step);
    }

    /// What counts as broken in this regime.
    #[must_use]
    pub fn broken(&self) -> Option<&Violation> {
        self.pair.violations().iter().find(|violation| self.regime.counts(violation.rule))
    }

    /// The regime.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.regime
    }

    /// How the pair was set up.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Everything done, in order, with what was left out.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How often each kind of action was done, by [`Action::kind`].
    #[must_use]
    pub fn actions(&self) -> &BTreeMap<&'static str, Count> {
        &self.counts
    }
}
