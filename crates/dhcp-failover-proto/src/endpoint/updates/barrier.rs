//! What must be answered before something may happen: UPDDONE (S9), the end of PARTNER-DOWN (H21).

use super::{Turn, Updates};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::ops::RangeInclusive;
use dhcp_failover_lease::Mutant;

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
        self.answer
            .take_if(|answer| is_over(&answer.barrier, sweep) || Mutant::UpddoneEarly.is_on())
    }

    pub(in crate::endpoint) fn begin_interlock(&mut self) {
        let barrier = self.barrier(Vec::new());
        self.interlock = Some(Interlock { barrier, unsafe_leases: BTreeSet::new() });
    }

    pub(in crate::endpoint) fn interlock_is_over(&self) -> bool {
        self.interlock.as_ref().is_some_and(|interlock| {
            is_over(&interlock.barrier, self.sweep_turn()) && interlock.unsafe_leases.is_empty()
                || Mutant::InterlockSkipped.is_on()
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// What the partner should know, told by the simplest means.
    #[derive(Default)]
    struct Model {
        /// Of each address: its version, and the one the partner has acknowledged.
        versions: BTreeMap<Ipv4Addr, (u64, u64)>,
        /// Versions under way.
        under_way: BTreeMap<Ipv4Addr, u64>,
        /// What the request asked for: these versions or later ones.
        asked: BTreeMap<Ipv4Addr, u64>,
    }

    impl Model {
        fn untold(&self, address: Ipv4Addr) -> bool {
            self.versions.get(&address).is_some_and(|(version, acked)| version != acked)
        }
    }

    fn sweep_step(updates: &mut Updates, model: &Model, after: &mut Option<Ipv4Addr>) {
        use core::ops::Bound::{Excluded, Unbounded};
        let Some(turn) = updates.sweep_turn() else { return };
        let start = after.map_or(Unbounded, Excluded);
        match model.versions.range((start, Unbounded)).next() {
            Some((address, _)) => {
                *after = Some(*address);
                if model.untold(*address) {
                    updates.found(*address, turn);
                }
            }
            None => {
                *after = None;
                updates.sweep_over();
            }
        }
    }

    fn answer_one(updates: &mut Updates, model: &mut Model, pick: u64) {
        let count = u64::try_from(model.under_way.len()).unwrap();
        let Some(at) = pick.checked_rem(count) else { return };
        let (&address, &version) = model.under_way.iter().nth(at.try_into().unwrap()).unwrap();
        model.under_way.remove(&address);
        let known = model.versions.get_mut(&address).unwrap();
        known.1 = version;
        let busy = updates.busy.remove(&address).unwrap();
        let again =
            (known.0 != version).then(|| busy.changed.unwrap_or_else(|| updates.next_turn()));
        updates.answered(address, busy.turn, again);
    }

    fn send_one(updates: &mut Updates, model: &mut Model) {
        let Some((address, turn)) = updates.next_dirty() else { return };
        if !model.untold(address) {
            return updates.settled(address);
        }
        updates.begin(address, 1, turn);
        model.under_way.insert(address, model.versions[&address].0);
    }

    /// S9: an answer is finished when every update of the request was answered, and not before,
    /// whatever changes, is sent or is answered meanwhile; and changes that go on do not keep it
    /// from that (§7.3.2).
    #[test]
    fn s09_an_answer_is_over_exactly_when_all_that_was_asked_for_was_answered() {
        let mut finished = 0;
        for seed in 1..400_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut next = move || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            let address = |pick: u64| Ipv4Addr::from_bits(u32::try_from(pick % 12).unwrap());
            let mut updates = Updates::default();
            // Some are not told from before, and known to nobody but the sweep.
            let mut model = Model {
                versions: (0..12).map(|pick| (address(pick), (1, next() % 2))).collect(),
                ..Model::default()
            };
            let mut after = None;
            for step in 0..600 {
                match next() % 10 {
                    0 | 1 => {
                        let changed = address(next());
                        model.versions.get_mut(&changed).unwrap().0 += 1;
                        updates.mark(changed);
                    }
                    2..=4 => send_one(&mut updates, &mut model),
                    5..=7 => answer_one(&mut updates, &mut model, next()),
                    8 => sweep_step(&mut updates, &model, &mut after),
                    _ if step % 7 == 0 || updates.answer.is_none() => {
                        let untold = model.versions.iter().filter(|(_, it)| it.0 != it.1);
                        model.asked = untold.map(|(address, it)| (*address, it.0)).collect();
                        updates.begin_answer(step, Vec::new());
                        after = None;
                    }
                    _ => {}
                }
                if updates.take_finished_answer().is_some() {
                    finished += 1;
                    for (address, version) in &model.asked {
                        let acked = model.versions[address].1;
                        assert!(acked >= *version, "seed {seed}, step {step}: {address}");
                    }
                }
            }
            // One change goes on for ever: what was asked for before is answered nevertheless.
            updates.begin_answer(0, Vec::new());
            after = None;
            let rounds = (0..200).take_while(|_| {
                model.versions.get_mut(&address(0)).unwrap().0 += 1;
                updates.mark(address(0));
                for _ in 0..4 {
                    send_one(&mut updates, &mut model);
                    sweep_step(&mut updates, &model, &mut after);
                    answer_one(&mut updates, &mut model, 0);
                }
                updates.take_finished_answer().is_none()
            });
            assert!(rounds.count() < 200, "seed {seed}: never done");
        }
        assert!(finished > 300, "{finished}");
    }
}
