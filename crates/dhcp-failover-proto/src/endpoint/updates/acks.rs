//! BNDACK in (draft-12 §6.3, §7.2.2).

use super::{Outstanding, Sent};
use crate::endpoint::Endpoint;
use crate::{Bindings, Event};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{BindingStatus, LeaseInstant, Mutant, StatusSet};
use dhcp_failover_wire::{BindingAck, Packet, Reject};

impl Endpoint {
    pub(in crate::endpoint) fn binding_acks<B: Bindings>(
        &mut self,
        packet: &Packet,
        acks: &[BindingAck],
        bindings: &B,
    ) {
        let xid = packet.xid;
        let message = self.updates.outstanding.remove(&xid);
        if let Some(message) = &message {
            self.note_answer_time(message.at, packet.time);
        }
        let at = message.as_ref().map_or(LeaseInstant::ZERO, |message| message.at);
        let updates = message.map_or(Vec::new(), |message| message.updates);
        let mut open: Vec<_> = updates.into_iter().map(Some).collect();
        let mut next = 0;
        for ack in acks {
            // Matched by connection, xid and address; anything else is not an answer (S11).
            let sent = take(&mut open, &mut next, ack.address);
            let busy = sent.as_ref().and_then(|sent| self.updates.busy.remove(&sent.address));
            let (Some(sent), Some(busy)) = (sent, busy) else {
                let message = alloc::format!("BNDACK for {} with xid {xid} unasked", ack.address);
                self.event(Event::PeerError { message });
                continue;
            };
            self.budget.take();
            let changed = match &ack.reject {
                None => self.update_accepted(&sent, bindings),
                Some(_) if Mutant::RefusalIsAcceptance.is_on() => {
                    self.update_accepted(&sent, bindings)
                }
                Some(reject) => self.update_rejected(&sent, reject, bindings),
            };
            // The partner has lost its storage since: its answer is worth nothing, and it waits as
            // before (§5.17, S6).
            let forgotten = sent.instance != self.record.instance;
            let again = match forgotten {
                true => Some(busy.turn),
                false => changed.then(|| busy.changed.unwrap_or_else(|| self.updates.next_turn())),
            };
            self.updates.answered(ack.address, busy.turn, again);
        }
        self.left_open(xid, at, open);
    }

    /// There is one BNDACK for a BNDUPD (§6.3): what it left out will not be answered, and goes out
    /// again, one by one, for this partner does not cope with several. One that answers nothing of
    /// it is no answer at all.
    fn left_open(&mut self, xid: u32, at: LeaseInstant, open: Vec<Option<Sent>>) {
        let several = open.len() > 1;
        let answered = open.iter().any(Option::is_none);
        let updates: Vec<_> = open.into_iter().flatten().collect();
        if updates.is_empty() {
            self.updates.batches_work |= several;
            return;
        }
        if !answered {
            self.updates.outstanding.insert(xid, Outstanding { at, updates });
            return;
        }
        let left = updates.len();
        let message =
            alloc::format!("BNDACK with xid {xid} leaves out {left} updates of its BNDUPD");
        self.event(Event::PeerError { message });
        self.updates.one_by_one = true;
        for sent in updates {
            if let Some(busy) = self.updates.busy.remove(&sent.address) {
                self.updates.dirty.insert(sent.address, busy.turn);
            }
        }
    }

    /// §7.2.2: the partner has it on its disk. Whether there is newer news to tell.
    fn update_accepted<B: Bindings>(&mut self, sent: &Sent, bindings: &B) -> bool {
        let address = sent.address;
        if sent.instance != self.record.instance {
            return false;
        }
        let Some(mut binding) = self.binding(address, bindings) else { return false };
        let freed = sent.status.is_transitional();
        let unchanged = binding.version == sent.version;
        binding.knowledge.told = StatusSet::EMPTY;
        // Both servers make it FREE at this point (§5.11).
        binding.knowledge.agreed = if freed { BindingStatus::Free } else { sent.status };
        let same_client = match (&binding.client, &sent.client) {
            (Some(now), Some(then)) => now.is_same(then),
            _ => false,
        };
        // Only for the lease it was said of: it may have ended and begun again meanwhile (S2).
        if sent.status == BindingStatus::Active
            && binding.status == BindingStatus::Active
            && binding.start_of_state == sent.start_of_state
            && same_client
        {
            binding.expiries.acked_potential = binding.expiries.acked_potential.max(sent.potential);
        }
        if sent.status != BindingStatus::Active {
            // The partner has ended the lease, and with it what it had promised to wait for: if the
            // lease has begun again here, that counts for nothing (S2).
            binding.expiries.acked_potential = LeaseInstant::ZERO;
            binding.expiries.received_potential = LeaseInstant::ZERO;
        }
        if unchanged {
            if freed {
                binding = binding.made_available(BindingStatus::Free, self.lease_now);
                binding.version = binding.version.saturating_add(1);
            }
            binding.knowledge.acked_version = binding.version;
            binding.knowledge.instance = sent.instance;
            binding.knowledge.crossed = false;
        }
        let again = binding.needs_telling(self.record.instance);
        self.persist_binding(binding);
        self.updates.disputes.settle(address);
        if let Some(interlock) = &mut self.updates.interlock {
            interlock.is_safe(address);
        }
        again
    }

    /// The partner thinks otherwise. Unless there is newer news, the binding is disputed: visible,
    /// and offered again on new data, on a new connection, and now and then (H7, L7).
    fn update_rejected<B: Bindings>(&mut self, sent: &Sent, reject: &Reject, bindings: &B) -> bool {
        let address = sent.address;
        let message = reject.message.clone().unwrap_or_else(|| reject.reason.to_string());
        let binding = self.binding(address, bindings);
        let newer = binding.as_ref().is_some_and(|binding| binding.version != sent.version);
        // A lease of PARTNER-DOWN without limit: before the partner has it on record, a pair in
        // NORMAL would not be safe (H21, S3).
        let outlives = binding.is_some_and(|binding| {
            let known = binding.expiries.partner_known().max(self.lease_now);
            binding.status == BindingStatus::Active
                && binding.expiries.lease > known + self.record.mclt.for_grants()
        });
        if let Some(interlock) = &mut self.updates.interlock {
            match outlives {
                true => interlock.is_unsafe(address),
                false => interlock.is_safe(address),
            }
        }
        let is_dispute = !newer && !Mutant::RefusalIsAnAnswer.is_on();
        if is_dispute && sent.instance == self.record.instance {
            self.dispute(address, reject.reason, &message);
        }
        self.event(Event::UpdateRejected { address, reason: reject.reason, message });
        newer
    }
}

/// The update of an address among those of a message that were not answered yet. Answers come in the
/// order of the updates, but need not (§6.3).
fn take(open: &mut [Option<Sent>], next: &mut usize, address: Ipv4Addr) -> Option<Sent> {
    let is_it = |sent: &Option<Sent>| sent.as_ref().is_some_and(|sent| sent.address == address);
    let at = match open.get(*next) {
        Some(sent) if is_it(sent) => *next,
        _ => open.iter().position(is_it)?,
    };
    *next = at.saturating_add(1);
    open.get_mut(at)?.take()
}
