//! Looking through all bindings for what the partner must be told of.

use super::{Turn, Updates};
use crate::Bindings;
use crate::endpoint::Endpoint;
use core::net::Ipv4Addr;

/// A sweep stops while so many addresses wait to be sent: it follows the sending, so that memory
/// does not grow with the number of leases.
const ENOUGH: usize = 4_096;

/// A look through all bindings, by ascending address.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sweep {
    /// What it finds has been waiting since then.
    pub(super) turn: Turn,
    /// The last address looked at.
    after: Option<Ipv4Addr>,
    /// Something behind it is to be told, too: once more when it is through.
    again: bool,
}

impl Updates {
    pub(super) fn sweep_turn(&self) -> Option<Turn> {
        self.sweep.as_ref().map(|sweep| sweep.turn)
    }

    /// Looks through all bindings from the first one on. Who waits for a sweep that is under way
    /// waits for this one.
    pub(in crate::endpoint) fn sweep_anew(&mut self) {
        let turn = self.sweep_turn().unwrap_or_else(|| self.next_turn());
        self.sweep = Some(Sweep { turn, after: None, again: false });
    }

    /// Sees to it that a sweep meets `address`.
    pub(super) fn sweep_past(&mut self, address: Ipv4Addr) {
        match &mut self.sweep {
            Some(sweep) => sweep.again |= sweep.after.is_some_and(|after| address <= after),
            None => self.sweep_anew(),
        }
    }

    /// Whether a sweep has something to do now.
    pub(in crate::endpoint) fn wants_to_sweep(&self) -> bool {
        self.sweep.is_some() && self.dirty.len() < ENOUGH
    }

    /// The sweep met a binding that the partner must be told of.
    pub(super) fn found(&mut self, address: Ipv4Addr, turn: Turn) {
        let Some(busy) = self.busy.get_mut(&address) else {
            // What is disputed is offered again at its own time.
            if self.dirty.contains_key(&address) || !self.disputes.contains(address) {
                self.waits_since(address, turn);
            }
            return;
        };
        if turn < busy.turn {
            let before = core::mem::replace(&mut busy.turn, turn);
            self.recount(address, Some(before), Some(turn));
        }
    }

    pub(super) fn sweep_over(&mut self) {
        let again = self.sweep.take().is_some_and(|sweep| sweep.again);
        if again {
            self.sweep_anew();
        }
    }
}

impl Endpoint {
    /// Looks for bindings the partner must be told of, some at a time.
    pub(in crate::endpoint) fn sweep<B: Bindings>(&mut self, bindings: &B) {
        let Some(Sweep { turn, after, .. }) = self.updates.sweep.clone() else { return };
        let mut used = bindings.used_after(after);
        while self.updates.wants_to_sweep() && self.budget.take() {
            let Some(binding) = used.next() else { return self.updates.sweep_over() };
            let binding = self.newest(binding);
            let address = binding.address;
            if binding.needs_telling(self.record.instance) {
                self.updates.found(address, turn);
            }
            if let Some(sweep) = &mut self.updates.sweep {
                sweep.after = Some(address);
            }
        }
    }
}
