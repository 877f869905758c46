//! What must be answered before something may happen: UPDDONE (S9), the end of PARTNER-DOWN (H21).

use super::{Turn, Updates};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::ops::RangeInclusive;

/// "Everything that was to be told at this moment", as a number and a count: whatever has been
/// waiting since then or longer is part of it, whatever came later is not (§7.3.2: "changed before
/// the UPDREQ"), or a busy server would never be done.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::endpoint) struct Barrier {
    pub(super) up_to: Turn,
    waiting: usize,
    /// Only addresses in one of these belong to it; with none, all do.
    scopes: Vec<RangeInclusive<Ipv4Addr>>,
}

impl Barrier {
    fn holds(&self, address: Ipv4Addr, turn: Option<Turn>) -> bool {
        turn.is_some_and(|turn| turn <= self.up_to)
            && (self.scopes.is_empty() || self.scopes.iter().any(|scope| scope.contains(&address)))
    }

    /// What waited since `before` waits since `now`; `None` is not at all. Whether that is one less.
    fn recount(&mut self, address: Ipv4Addr, before: Option<Turn>, now: Option<Turn>) -> bool {
        match (self.holds(address, before), self.holds(address, now)) {
            (true, false) => {
                self.waiting = self.waiting.saturating_sub(1);
                true
            }
            (false, true) => {
                self.waiting = self.waiting.saturating_add(1);
                false
            }
            _ => false,
        }
    }
}

/// The partner's UPDREQ or UPDREQALL, being answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::endpoint) struct Answer {
    pub(in crate::endpoint) xid: u32,
    pub(super) barrier: Barrier,
    /// Updates of it that were answered.
    pub(in crate::endpoint) bindings: u64,
}

impl Answer {
    pub(super) const fn forget_numbers(&mut self) {
        self.bindings = 0;
    }
}

/// What must be acknowledged before a server leaves PARTNER-DOWN (H21).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::endpoint) struct Interlock {
    pub(super) barrier: Barrier,
    /// Refused by the partner, though it must have them on record first.
    unsafe_leases: BTreeSet<Ipv4Addr>,
}

impl Interlock {
    pub(super) fn is_safe(&mut self, address: Ipv4Addr) {
        self.unsafe_leases.remove(&address);
    }

    pub(super) fn is_unsafe(&mut self, address: Ipv4Addr) {
        self.unsafe_leases.insert(address);
    }
}

impl Updates {
    /// Keeps the barriers right when an address begins to wait, waits since earlier or later, or
    /// waits no more.
    pub(super) fn recount(&mut self, address: Ipv4Addr, before: Option<Turn>, now: Option<Turn>) {
        if let Some(answer) = &mut self.answer
            && answer.barrier.recount(address, before, now)
        {
            answer.bindings = answer.bindings.saturating_add(1);
        }
        if let Some(interlock) = &mut self.interlock {
            interlock.barrier.recount(address, before, now);
        }
    }

    /// Begins to answer a request: everything that must be told now, in these scopes if any.
    pub(in crate::endpoint) fn begin_answer(
        &mut self,
        xid: u32,
        scopes: Vec<RangeInclusive<Ipv4Addr>>,
    ) {
        let barrier = self.barrier(scopes);
        self.answer = Some(Answer { xid, barrier, bindings: 0 });
    }

    /// The answer, if all of it was answered on this connection (S9).
    pub(in crate::endpoint) fn take_finished_answer(&mut self) -> Option<Answer> {
        let sweep = self.sweep_turn();
        self.answer.take_if(|answer| is_over(&answer.barrier, sweep))
    }

    pub(in crate::endpoint) fn begin_interlock(&mut self) {
        let barrier = self.barrier(Vec::new());
        self.interlock = Some(Interlock { barrier, unsafe_leases: BTreeSet::new() });
    }

    pub(in crate::endpoint) fn interlock_is_over(&self) -> bool {
        self.interlock.as_ref().is_some_and(|interlock| {
            is_over(&interlock.barrier, self.sweep_turn()) && interlock.unsafe_leases.is_empty()
        })
    }

    /// What is known to wait, and what a sweep from the first address on still finds.
    fn barrier(&mut self, scopes: Vec<RangeInclusive<Ipv4Addr>>) -> Barrier {
        self.sweep_anew();
        let mut barrier = Barrier { up_to: self.turn, waiting: 0, scopes };
        barrier.waiting = if barrier.scopes.is_empty() {
            self.dirty.len().saturating_add(self.busy.len())
        } else {
            let addresses = self.dirty.keys().chain(self.busy.keys());
            addresses.filter(|address| barrier.holds(**address, Some(0))).count()
        };
        barrier
    }
}

fn is_over(barrier: &Barrier, sweep: Option<Turn>) -> bool {
    let sweeping = sweep.is_some_and(|turn| turn <= barrier.up_to);
    barrier.waiting == 0 && !sweeping
}
