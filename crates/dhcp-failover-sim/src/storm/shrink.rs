//! A run that breaks a rule, made small.

use super::{Left, Regime, Step, Storm};
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
    /// What that is of the run it comes from.
    pub left: Left,
    /// What is broken then.
    pub violation: Violation,
    /// How the run it comes from is set up.
    pub setup_before: Setup,
    /// Its steps.
    pub steps_before: Vec<Step>,
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
        let (setup, steps) = (storm.setup().clone(), storm.steps().to_vec());
        let mut it = Self {
            left: Left::everything(&setup, &steps),
            regime: storm.regime(),
            violation: storm.broken()?.clone(),
            setup_before: setup.clone(),
            steps_before: steps.clone(),
            setup,
            steps,
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

    /// The command that shows it again, if the run it comes from is that of a seed.
    #[must_use]
    pub fn command(&self) -> String {
        let (seed, regime) = (self.setup.seed, self.regime.name());
        format!("failover-sim replay --seed {seed:#x} --regime {regime} --only {}", self.left)
    }

    /// Takes over what is left if that breaks the same rule. Whether it does.
    fn accept(&mut self, mut left: Left) -> bool {
        if self.runs >= MOST_RUNS || self.events >= MOST_EVENTS {
            return false;
        }
        let Some(steps) = left.steps(&self.steps_before) else { return false };
        let mut storm = Storm::again(left.setup(&self.setup_before), self.regime, steps);
        storm.pair.keep_log(false);
        storm.run();
        self.runs += 1;
        self.events += storm.pair.tally.events;
        let Some(broken) = storm.broken().filter(|it| it.rule == self.rule()) else { return false };
        self.violation = broken.clone();
        self.setup = storm.setup().clone();
        // What came after that does not matter.
        self.steps = storm.steps().to_vec();
        left.steps.truncate(self.steps.len());
        self.left = left;
        true
    }

    /// First many at once, then fewer.
    fn leave_out_steps(&mut self) {
        let mut size = self.steps.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.steps.len() {
                if !self.accept(self.left.without(from, size)) {
                    from += size;
                }
            }
            size /= 2;
        }
    }

    fn use_fewer(&mut self) {
        for clients in smaller(self.left.clients) {
            if self.accept(Left { clients, ..self.left.clone() }) {
                break;
            }
        }
        for pool in smaller(usize::from(self.left.pool)) {
            let pool = u16::try_from(pool).unwrap_or(u16::MAX);
            if self.accept(Left { pool, ..self.left.clone() }) {
                break;
            }
        }
    }

    fn simplify(&mut self) {
        for bit in 0..Left::PLAIN_BITS {
            let plain = self.left.plain | 1 << bit;
            self.accept(Left { plain, ..self.left.clone() });
        }
    }

    fn shorten_pauses(&mut self) {
        let mut index = 0;
        while index < self.steps.len() {
            for part in [0, 1, 2] {
                let mut left = self.left.clone();
                let pause_ms = &mut left.steps[index].1;
                let shorter = *pause_ms / 4 * part;
                if shorter < *pause_ms {
                    *pause_ms = shorter;
                    if self.accept(left) {
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

impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now, before) = (&self.setup, &self.setup_before);
        writeln!(f, "{:#?}", self.setup)?;
        for Step { pause_ms, action } in &self.steps {
            writeln!(f, "after {pause_ms} ms {action:?}")?;
        }
        writeln!(
            f,
            "{} of {} actions, {} of {} clients, {} of {} addresses; {} runs tried",
            self.steps.len(),
            self.steps_before.len(),
            now.clients,
            before.clients,
            now.pool,
            before.pool,
            self.runs
        )?;
        write!(f, "{}", self.violation)
    }
}
