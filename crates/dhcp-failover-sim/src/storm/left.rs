//! What is left of the run of a seed that was made small, written as one word.

use super::Step;
use crate::Setup;
use std::fmt;
use std::str::FromStr;

/// Parts of a setup that may be as in [`Setup::new`], each a bit of [`Left::plain`].
const PLAIN: [fn(&mut Setup, &Setup); 7] = [
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

/// Which steps of a run are left, and how plain its setup has become.
///
/// As text it is one word, for a command line: `c2,p4,s7f:12+350,57+0` are two clients, four
/// addresses, the plain parts of the setup as bits, and of the steps the 13th, 350 ms after the
/// beginning, and the 58th, at once after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// DHCP clients.
    pub clients: usize,
    /// Addresses in the pool.
    pub pool: u16,
    /// Which parts of the setup are as in [`Setup::new`].
    pub plain: u8,
    /// The number of each step in the whole run, from 0, and the pause before it, in milliseconds.
    pub steps: Vec<(usize, u64)>,
}

impl Left {
    /// How many bits of [`plain`](Self::plain) there are.
    pub(super) const PLAIN_BITS: usize = PLAIN.len();

    /// Everything is left.
    #[must_use]
    pub fn everything(setup: &Setup, steps: &[Step]) -> Self {
        let pauses = steps.iter().map(|step| step.pause_ms);
        Self {
            clients: setup.clients,
            pool: setup.pool,
            plain: 0,
            steps: pauses.enumerate().collect(),
        }
    }

    /// The setup that the run has now.
    #[must_use]
    pub fn setup(&self, whole: &Setup) -> Setup {
        let plain = Setup::new(whole.seed);
        let mut setup = Setup { clients: self.clients, pool: self.pool, ..whole.clone() };
        for (bit, change) in PLAIN.into_iter().enumerate() {
            if self.plain & (1 << bit) != 0 {
                change(&mut setup, &plain);
            }
        }
        setup
    }

    /// The steps that the run has now; `None` if the whole run has fewer than are named.
    #[must_use]
    pub fn steps(&self, whole: &[Step]) -> Option<Vec<Step>> {
        let step = |&(number, pause_ms): &(usize, u64)| {
            whole.get(number).map(|step| Step { pause_ms, action: step.action.clone() })
        };
        self.steps.iter().map(step).collect()
    }

    /// Without some of the steps, the others at the same times.
    pub(super) fn without(&self, from: usize, count: usize) -> Self {
        let mut passed_ms = 0;
        let mut steps = Vec::with_capacity(self.steps.len());
        for (index, (number, pause_ms)) in self.steps.iter().enumerate() {
            passed_ms += pause_ms;
            if index < from || index >= from + count {
                steps.push((*number, passed_ms));
                passed_ms = 0;
            }
        }
        Self { steps, ..self.clone() }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{},p{},s{:x}:", self.clients, self.pool, self.plain)?;
        for (index, (number, pause_ms)) in self.steps.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{number}+{pause_ms}")?;
        }
        Ok(())
    }
}

impl FromStr for Left {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (setup, steps) = text.split_once(':')?;
            let mut parts = setup.split(',');
            let mut part = |letter| parts.next()?.strip_prefix(letter);
            let (clients, pool, plain) = (part('c')?, part('p')?, part('s')?);
            let step = |step: &str| {
                let (number, pause_ms) = step.split_once('+')?;
                Some((number.parse().ok()?, pause_ms.parse().ok()?))
            };
            let steps = steps.split(',').filter(|step| !step.is_empty());
            Some(Self {
                clients: clients.parse().ok()?,
                pool: pool.parse().ok().filter(|pool| *pool > 0)?,
                plain: u8::from_str_radix(plain, 16).ok()?,
                steps: steps.map(step).collect::<Option<_>>()?,
            })
        };
        read().ok_or_else(|| {
            format!("{text} is not what replay --shrink prints, such as c2,p4,s7f:12+350,57+0")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        for text in ["c2,p4,s7f:12+350,57+0", "c0,p1,s0:"] {
            assert_eq!(text.parse::<Left>().map(|left| left.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "c2,p4,s7f", "c2,p0,s0:", "p4,c2,s0:", "c2,p4,s0:1", "c2,p4,s0:1+x"] {
            assert!(text.parse::<Left>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_left_out_leaves_its_pause() {
        let left = Left { clients: 1, pool: 1, plain: 0, steps: vec![(0, 5), (1, 7), (2, 11)] };
        assert_eq!(left.without(0, 1).steps, [(1, 12), (2, 11)]);
        assert_eq!(left.without(1, 2).steps, [(0, 5)]);
    }
}
