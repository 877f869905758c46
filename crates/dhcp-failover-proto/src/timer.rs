//! The endpoint's timers: a fixed table of moments.

use crate::Monotonic;

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Timer {
    /// Connect to the partner.
    Dial = 0,
    /// End of STARTUP without a partner (§9.3.2 step 6).
    Startup,
    /// End of RECOVER-WAIT (§9.6.2).
    RecoverWait,
    /// End of the safe period (§10).
    SafePeriod,
    /// Write the next alive-until stamp.
    Alive,
    /// Look at the pools, or ask for addresses (§5.4, §7.6).
    Pools,
    /// Offer disputed bindings again (L7).
    Disputes,
    /// Send this server's own record of what it refused (§7.2.1).
    Corrections,
    /// Work left over from the last call.
    Work,
}

impl Timer {
    const ALL: [Self; 9] = [
        Self::Dial,
        Self::Startup,
        Self::RecoverWait,
        Self::SafePeriod,
        Self::Alive,
        Self::Pools,
        Self::Disputes,
        Self::Corrections,
        Self::Work,
    ];
}

/// One moment per [`Timer`], or none.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct TimerTable([Option<Monotonic>; Timer::ALL.len()]);

impl TimerTable {
    pub(crate) fn set(&mut self, timer: Timer, at: Monotonic) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = Some(at);
        }
    }

    /// Sets a timer that is set already to an earlier moment; one that is not stays so.
    pub(crate) fn bring_forward(&mut self, timer: Timer, to: Monotonic) {
        if let Some(Some(at)) = self.0.get_mut(timer as usize) {
            *at = to.min(*at);
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = None;
        }
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.0.get(timer as usize).is_some_and(Option::is_some)
    }

    /// Clears and names one timer that is due.
    pub(crate) fn take_due(&mut self, now: Monotonic) -> Option<Timer> {
        Timer::ALL.into_iter().find(|timer| match self.0.get_mut(*timer as usize) {
            Some(slot) if slot.is_some_and(|at| at <= now) => {
                *slot = None;
                true
            }
            _ => false,
        })
    }

    pub(crate) fn next(&self) -> Option<Monotonic> {
        self.0.iter().flatten().min().copied()
    }

    /// Counts all moments from `origin` instead of 0, in whole steps of time.
    pub(crate) fn rebase(&mut self, origin: Monotonic, step_ms: u64) {
        for at in self.0.iter_mut().flatten() {
            *at = Monotonic::from_ms(at.ms_since(origin).next_multiple_of(step_ms.max(1)));
        }
    }
}
