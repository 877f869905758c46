//! A storm of faults, and the calm after it: seeded, recorded, and repeated without the seed.
//!
//! A seed chooses a pair and, in the sight of it, what is done to it. Every [`Step`] is recorded:
//! from the [`Setup`] and the steps the same run can be had again, or one with fewer of them, for
//! whether an action is honest is asked when it is done.

mod action;
mod apply;
mod calm;
mod choose;
mod regime;
mod setup;

pub use action::{Action, Step};
pub use regime::Regime;

use crate::check::Violation;
use crate::{Mutation, Pair, Setup};
use choose::Chooser;
use setup::Plan;
use std::collections::BTreeMap;

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
    regime: Regime,
    script: Script,
    steps: Vec<Step>,
    counts: BTreeMap<&'static str, Count>,
    /// By how much each wall clock was set.
    wall_set_ms: [i64; 2],
}

/// Where the steps come from.
#[derive(Clone, Debug)]
enum Script {
    /// Chosen for so long.
    Chosen {
        by: Chooser,
        rage_s: u64,
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
        let Plan { setup, rage_s, pause_s } = Plan::new(seed, regime, mutation);
        let by = Chooser::new(seed, pause_s);
        Self::of(setup, regime, Script::Chosen { by, rage_s })
    }

    /// A storm of these steps.
    #[must_use]
    pub fn again(setup: Setup, regime: Regime, steps: Vec<Step>) -> Self {
        Self::of(setup, regime, Script::Given(steps))
    }

    fn of(setup: Setup, regime: Regime, script: Script) -> Self {
        Self {
            pair: Pair::new(setup),
            regime,
            script,
            steps: Vec::new(),
            counts: BTreeMap::new(),
            wall_set_ms: [0; 2],
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
            Script::Chosen { mut by, rage_s } => {
                let end = self.pair.now + rage_s * 1_000;
                while self.pair.now < end && self.broken().is_none() {
                    let step = by.next(&self.pair);
                    self.step(step);
                }
            }
        }
    }

    fn step(&mut self, step: Step) {
        self.pair.run_ms(step.pause_ms);
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
        &self.pair.setup
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
