//! How moments are named: by their order, and by how far they are from now.

use crate::world::{GAP_S, STEP_MS};
use dhcp_failover_proto::EndpointRecord;
use dhcp_failover_proto::lease::{Binding, LeaseInstant, LeaseSpan};
use std::cell::RefCell;
use std::collections::BTreeSet;

const NOW: LeaseInstant = LeaseInstant::from_unix_s((1 << 40) + (1 << 30));
/// Of two moments that are long ago only the order counts, and whether they are further apart than
/// what any comparison of two moments of the past allows for: that is seconds.
const APART_S: u64 = STEP_MS / 1_000;

/// What renames the moments of one world.
pub struct Names<'a> {
    now: LeaseInstant,
    rename: &'a dyn Fn(LeaseInstant) -> LeaseInstant,
}

impl Names<'_> {
    /// Makes a form in which the moments of it are named; `make` must not ask for one that is not
    /// part of the form.
    pub fn given<T>(now: LeaseInstant, make: impl Fn(&Names<'_>) -> T) -> T {
        let moments = RefCell::new(BTreeSet::new());
        let note = |at: LeaseInstant| {
            moments.borrow_mut().insert(at.as_unix_s());
            at
        };
        make(&Names { now, rename: &note });
        let names = names(&moments.into_inner(), now.as_unix_s());
        make(&Names { now, rename: &|at| name(&names, at.as_unix_s()).unwrap_or(at) })
    }

    /// Makes a form in which each moment is a number, by where it comes first, and tells these moments.
    /// Two such forms are equal if and only if those with names are, and the names of their moments:
    /// so a part of a world can be made when the others are not known yet.
    pub fn numbered<T>(
        now: LeaseInstant,
        make: impl FnOnce(&Names<'_>) -> T,
    ) -> (T, Box<[LeaseInstant]>) {
        let moments = RefCell::new(Vec::new());
        let number = |at: LeaseInstant| {
            let mut moments = moments.borrow_mut();
            let known = moments.iter().position(|it| *it == at).unwrap_or(moments.len());
            if known == moments.len() {
                moments.push(at);
            }
            NOW + LeaseSpan::from_s(known as u64)
        };
        let form = make(&Names { now, rename: &number });
        (form, moments.into_inner().into())
    }

    /// The names of moments that are in several parts of one world.
    pub fn of_all(now: LeaseInstant, parts: &[&[LeaseInstant]]) -> Vec<LeaseInstant> {
        let all = || parts.iter().copied().flatten().map(|at| at.as_unix_s());
        let names = names(&all().collect(), now.as_unix_s());
        all().filter_map(|at| name(&names, at)).collect()
    }

    pub fn time(&self, at: LeaseInstant) -> LeaseInstant {
        match at {
            LeaseInstant::ZERO | LeaseInstant::NEVER => at,
            at => (self.rename)(at),
        }
    }

    /// The same for a moment on the wire.
    pub fn wire(&self, at: u32) -> u32 {
        match at {
            0 | u32::MAX => at,
            at => self.time(LeaseInstant::from_wire_s(at, self.now)).as_wire_s(),
        }
    }

    pub fn binding(&self, mut it: Binding) -> Binding {
        let expiries = &mut it.expiries;
        for at in [
            &mut expiries.lease,
            &mut expiries.lease_latest,
            &mut expiries.sent_potential,
            &mut expiries.acked_potential,
            &mut expiries.received_potential,
            &mut expiries.received_potential_latest,
            &mut it.start_of_state,
        ] {
            *at = self.time(*at);
        }
        it.last_transaction = it.last_transaction.map(|at| self.time(at));
        it
    }

    /// Of a record that nobody will start from again only what the rules look at is left.
    pub fn record(&self, it: EndpointRecord, may_be_read: bool) -> EndpointRecord {
        // No wall clock is ever set back, so no clock starts later for it.
        let mut it = EndpointRecord { written_at: LeaseInstant::ZERO, ..it };
        if !may_be_read {
            it = EndpointRecord {
                recover_until: LeaseInstant::ZERO,
                alive_until: LeaseInstant::ZERO,
                storage_lost_at: None,
                partner_served: 0,
                partner_connection: 0,
                partner_state: None,
                connect_time: it.connect_time.min(1),
                ..it
            };
        }
        // Messages are not signed, so it does not matter how old they are.
        let signed = it.connect_time;
        it.connect_time = 0;
        it = it.canonical(&|at| self.time(at), &|at| self.wire(at));
        it.connect_time = signed.min(1);
        it
    }
}

fn name(names: &[(u64, LeaseInstant)], at: u64) -> Option<LeaseInstant> {
    let place = names.binary_search_by_key(&at, |(from, _)| *from).ok()?;
    Some(names[place].1)
}

/// Every moment keeps its order and its distance to now, if that is no longer than `GAP_S`, which is
/// longer than every wait: what is over is over. Earlier ones keep their order, and their distance to
/// the next if that is shorter than a step.
fn names(moments: &BTreeSet<u64>, now: u64) -> Vec<(u64, LeaseInstant)> {
    let mut names: Vec<_> = Vec::new();
    let (mut last, mut back) = (now, 0_u64);
    for at in moments.range(..=now).rev() {
        back += (last - at).min(GAP_S.saturating_sub(back).max(APART_S));
        last = *at;
        names.push((*at, LeaseInstant::from_unix_s(NOW.as_unix_s() - back)));
    }
    names.reverse();
    let later = moments.range(now + 1..);
    names.extend(later.map(|at| (*at, LeaseInstant::from_unix_s(NOW.as_unix_s() + (at - now)))));
    names
}
