//! A run that breaks a rule, made small.

use super::{Regime, Step, Storm};
use crate::{Rule, Setup, Violation};
use std::fmt;

/// So many runs are tried at most.
const MOST_RUNS: u32 = 600;
/// And so many things happen in them.
const MOST_EVENTS: u64 = 15_000_000;

/// A small run that breaks the same rule as a large one did.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// How to set the pair up.
    pub setup: Setup,
    /// What counts as broken.
    pub regime: Regime,
    /// What to do to it.
    pub steps: Vec<Step>,
    /// What is broken then.
    pub violation: Violation,
    /// Steps of the run it comes from.
    pub steps_before: usize,
    /// How many runs were tried.
    pub runs: u32,
    events: u64,
}

/// Makes the run of a seed small; `None` if it breaks no rule.
#[must_use]
pub fn shrink(seed: u64, regime: Regime) -> Option<Shrunk> {
    let mut storm = Storm::new(seed, regime);
    storm.run();
    Shrunk::of(&storm)
}

impl Shrunk {
    /// Makes a run small that has ended: fewer steps, clients and addresses, shorter pauses, a
    /// plainer setup. `None` if it broke no rule.
    #[must_use]
    pub fn of(storm: &Storm) -> Option<Self> {
        let mut it = Self {
            setup: storm.setup().clone(),
            regime: storm.regime(),
            steps: storm.steps().to_vec(),
            violation: storm.broken()?.clone(),
            steps_before: storm.steps().len(),
            runs: 0,
            events: 0,
        };
        it.leave_out_steps();
        it.use_fewer();
        it.simplify();
        it.shorten_pauses();
        it.leave_out_steps();
        Some(it)
    }

    /// The rule that is broken.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.violation.rule
    }

    /// The run, which has not begun yet.
    #[must_use]
    pub fn again(&self) -> Storm {
        Storm::again(self.setup.clone(), self.regime, self.steps.clone())
    }

    /// Takes over a setup and steps that break the same rule. Whether they do.
    fn accept(&mut self, setup: Setup, steps: Vec<Step>) -> bool {
        if self.runs >= MOST_RUNS || self.events >= MOST_EVENTS {
            return false;
        }
        let mut storm = Storm::again(setup, self.regime, steps);
        storm.run();
        self.runs += 1;
        self.events += storm.pair.tally.events;
        let Some(broken) = storm.broken().filter(|it| it.rule == self.rule()) else { return false };
        self.violation = broken.clone();
        self.setup = storm.setup().clone();
        // What came after that does not matter.
        self.steps = storm.steps().to_vec();
        true
    }

    /// First many at once, then fewer.
    fn leave_out_steps(&mut self) {
        let mut size = self.steps.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.steps.len() {
                let fewer = without(&self.steps, from, size);
                if !self.accept(self.setup.clone(), fewer) {
                    from += size;
                }
            }
            size /= 2;
        }
    }

    fn use_fewer(&mut self) {
        for clients in smaller(self.setup.clients) {
            let setup = Setup { clients, ..self.setup.clone() };
            if self.accept(setup, self.steps.clone()) {
                break;
            }
        }
        for pool in smaller(usize::from(self.setup.pool)) {
            let pool = u16::try_from(pool).unwrap_or(u16::MAX);
            let setup = Setup { pool, ..self.setup.clone() };
            if self.accept(setup, self.steps.clone()) {
                break;
            }
        }
    }

    fn simplify(&mut self) {
        let plain = Setup::new(self.setup.seed);
        let changes: [fn(&mut Setup, &Setup); 7] = [
            |it, _| it.clock_drift_ppm = [0, 0],
            |it, _| it.clock_offset_ms = [0, 0],
            |it, _| it.secrets = [None, None],
            |it, _| it.begin_ms = 0,
            |it, plain| it.max_batch = plain.max_batch,
            |it, plain| it.max_unacked = plain.max_unacked,
            |it, plain| {
                (it.disk_delay_ms, it.net_delay_ms) = (plain.disk_delay_ms, plain.net_delay_ms);
            },
        ];
        for change in changes {
            let mut setup = self.setup.clone();
            change(&mut setup, &plain);
            self.accept(setup, self.steps.clone());
        }
    }

    fn shorten_pauses(&mut self) {
        let mut index = 0;
        while index < self.steps.len() {
            for part in [0, 1, 2] {
                let mut steps = self.steps.clone();
                let pause_ms = &mut steps[index].pause_ms;
                let shorter = *pause_ms / 4 * part;
                if shorter < *pause_ms {
                    *pause_ms = shorter;
                    if self.accept(self.setup.clone(), steps) {
                        break;
                    }
                }
            }
            index += 1;
        }
    }
}

/// 1, and what lies between that and `number`, doubled each time.
fn smaller(number: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1), |it| Some(it * 2)).take_while(move |it| *it < number)
}

/// Without some of the steps, at the same times.
fn without(steps: &[Step], from: usize, count: usize) -> Vec<Step> {
    let mut passed_ms = 0;
    let mut left = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        passed_ms += step.pause_ms;
        if index < from || index >= from + count {
            left.push(Step { pause_ms: passed_ms, action: step.action.clone() });
            passed_ms = 0;
        }
    }
    left
}

impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.violation)?;
        writeln!(f, "{} of {} steps, {:?}", self.steps.len(), self.steps_before, self.regime)?;
        writeln!(f, "{:#?}", self.setup)?;
        for Step { pause_ms, action } in &self.steps {
            writeln!(f, "after {pause_ms} ms {action:?}")?;
        }
        Ok(())
    }
}
