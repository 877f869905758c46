//! BNDUPD out, BNDACK in (draft-12 §7.1.1, §7.2.2).

use super::Endpoint;
use crate::timer::Timer;
use crate::{Bindings, Event, State};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{Binding, BindingStatus, Client, LeaseInstant, StatusSet};
use dhcp_failover_wire as wire;
use dhcp_failover_wire::{BindingAck, BindingUpdate, IpFlags, Message, Packet};

/// Updates sent in one call at most, however large a window the partner grants.
const SEND_CHUNK: usize = 256;
/// A disputed binding is offered again by itself so many times, this far apart.
const DISPUTE_RETRIES: u8 = 5;
const DISPUTE_PERIOD_MS: u64 = 60_000;

/// An update the partner has not answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct InFlight {
    address: Ipv4Addr,
    version: u64,
    instance: u32,
    status: BindingStatus,
    client: Option<Client>,
    potential: LeaseInstant,
    start_of_state: LeaseInstant,
    sent: LeaseInstant,
}

/// Which bindings the partner must be told of. A set of addresses, not a queue of messages: it
/// coalesces, is bounded by the number of addresses, and what is sent is always the newest.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Updates {
    /// To be sent.
    dirty: BTreeSet<Ipv4Addr>,
    /// The one sent last: the next is the one after it, so that busy addresses starve no others.
    last_sent: Option<Ipv4Addr>,
    /// Sent on this connection and not answered, by xid; one per address.
    in_flight: BTreeMap<u32, InFlight>,
    busy: BTreeSet<Ipv4Addr>,
    /// Refused by the partner, with how often they were offered again.
    disputed: BTreeMap<Ipv4Addr, u8>,
    /// A scan for dirty bindings has come this far.
    scan: Option<Option<Ipv4Addr>>,
}

impl Updates {
    /// At the start the bindings are still to be looked through.
    pub(super) fn starting() -> Self {
        Self { scan: Some(None), ..Self::default() }
    }

    pub(super) fn pending(&self) -> usize {
        self.dirty.len().saturating_add(self.busy.len())
    }

    pub(super) fn disputed(&self) -> usize {
        self.disputed.len()
    }

    pub(super) fn is_busy(&self, address: Ipv4Addr) -> bool {
        self.busy.contains(&address)
    }

    pub(super) fn is_dirty(&self, address: Ipv4Addr) -> bool {
        self.dirty.contains(&address)
    }

    pub(super) fn is_scanning(&self) -> bool {
        self.scan.is_some()
    }

    pub(super) fn rescan(&mut self) {
        self.scan = Some(None);
    }

    pub(super) fn scan_position(&self) -> Option<Option<Ipv4Addr>> {
        self.scan
    }

    /// The scan looked at everything up to `last`, or found nothing more.
    pub(super) fn scanned_to(&mut self, last: Option<Ipv4Addr>) {
        self.scan = last.map(Some);
    }

    /// The partner must be told of this address. New data end a dispute.
    pub(super) fn mark(&mut self, address: Ipv4Addr) {
        self.disputed.remove(&address);
        if !self.busy.contains(&address) {
            self.dirty.insert(address);
        }
    }

    fn take_dirty(&mut self) -> Option<Ipv4Addr> {
        use core::ops::Bound::{Excluded, Unbounded};
        let start = self.last_sent.map_or(Unbounded, Excluded);
        let next = self.dirty.range((start, Unbounded)).next().or_else(|| self.dirty.first());
        self.last_sent = next.copied();
        next.copied().inspect(|address| {
            self.dirty.remove(address);
        })
    }

    /// There is nothing to tell any more.
    fn unmark(&mut self, address: Ipv4Addr) {
        self.dirty.remove(&address);
        self.disputed.remove(&address);
    }

    pub(super) fn unanswered(&self) -> BTreeSet<Ipv4Addr> {
        self.dirty.union(&self.busy).copied().collect()
    }

    /// Updates sent and not answered.
    pub(super) fn under_way(&self) -> usize {
        self.in_flight.len()
    }

    /// What was not answered on a connection must be sent again on the next (§8.6).
    pub(super) fn link_lost(&mut self) {
        self.in_flight.clear();
        self.dirty.append(&mut self.busy);
    }

    /// Counts transaction ids from 0 and instances from the present one, for comparing endpoints.
    pub(super) fn rebase(&mut self, instance: u32) {
        let in_flight = core::mem::take(&mut self.in_flight).into_values().map(|mut update| {
            update.instance = instance.wrapping_sub(update.instance);
            update
        });
        self.in_flight = (0..).zip(in_flight).collect();
    }
}

impl Endpoint {
    /// Whether updates may leave now: not while they could decide a conflict before the partner
    /// asked for them.
    pub(super) fn may_send_updates(&self) -> bool {
        self.is_connected()
            && match self.state {
                State::Normal
                | State::ConflictDone
                | State::RecoverDone
                | State::PartnerDown
                | State::CommunicationsInterrupted => true,
                State::PotentialConflict | State::Recover | State::RecoverWait => {
                    self.answer.is_some()
                }
                _ => false,
            }
    }

    pub(super) fn send_updates<B: Bindings>(&mut self, bindings: &B) {
        if !self.may_send_updates() {
            return;
        }
        let window = self.link.as_ref().map_or(0, |link| link.max_unacked);
        let window = usize::try_from(window).unwrap_or(usize::MAX);
        for _ in 0..SEND_CHUNK {
            if self.updates.in_flight.len() >= window {
                return;
            }
            let Some(address) = self.updates.take_dirty() else { return };
            match self.binding(address, bindings) {
                Some(binding) if binding.needs_telling(self.record.instance) => {
                    self.send_update(binding);
                }
                _ => self.settled(address),
            }
        }
        self.timers.set(Timer::Work, self.now);
    }

    /// Nothing is left to tell of this address: who waits for it need not.
    fn settled(&mut self, address: Ipv4Addr) {
        self.updates.unmark(address);
        self.answered(address);
    }

    fn answered(&mut self, address: Ipv4Addr) {
        if let Some(answer) = &mut self.answer {
            answer.answered(address, false);
        }
        if let Some(interlock) = &mut self.interlock {
            interlock.answered(address, false);
        }
    }

    fn send_update(&mut self, mut binding: Binding) {
        // §7.1.5, H19: what we promise to wait for covers everything either of us knows.
        let potential = binding.expiries.latest();
        let told = binding.knowledge.told.with(binding.status);
        let is_active = binding.status == BindingStatus::Active;
        let raises = is_active && potential > binding.expiries.sent_potential;
        if told != binding.knowledge.told || raises {
            binding.knowledge.told = told;
            if is_active {
                binding.expiries.sent_potential = potential;
            }
            // Durable before it leaves (H2): the gate sees to that.
            self.persist_binding(binding.clone());
        }
        let update = to_update(&binding, potential);
        if let Some(xid) = self.send_new(Message::BndUpd(alloc::vec![update])) {
            self.updates.busy.insert(binding.address);
            let in_flight = InFlight {
                address: binding.address,
                version: binding.version,
                instance: self.record.instance,
                status: binding.status,
                client: binding.client,
                potential,
                start_of_state: binding.start_of_state,
                sent: self.lease_now,
            };
            self.updates.in_flight.insert(xid, in_flight);
        }
    }

    pub(super) fn binding_acks<B: Bindings>(
        &mut self,
        packet: &Packet,
        acks: &[BindingAck],
        bindings: &B,
    ) {
        for ack in acks {
            // Matched by connection, xid and address; anything else is not an answer (S11).
            let matches =
                self.updates.in_flight.get(&packet.xid).is_some_and(|u| u.address == ack.address);
            let Some(sent) = matches.then(|| self.updates.in_flight.remove(&packet.xid)).flatten()
            else {
                let message =
                    alloc::format!("BNDACK for {} with xid {} unasked", ack.address, packet.xid);
                self.event(Event::PeerError { message });
                continue;
            };
            self.updates.busy.remove(&sent.address);
            self.note_answer_time(sent.sent, packet.time);
            match &ack.reject {
                None => self.update_accepted(&sent, bindings),
                Some(reject) => {
                    let message =
                        reject.message.clone().unwrap_or_else(|| reject.reason.to_string());
                    self.update_rejected(&sent, bindings);
                    self.event(Event::UpdateRejected {
                        address: sent.address,
                        reason: reject.reason,
                        message,
                    });
                }
            }
            let dirty = self.updates.is_dirty(sent.address);
            if let Some(answer) = &mut self.answer {
                answer.answered(sent.address, dirty);
            }
            let safe =
                ack.reject.is_none() || !self.outlives_what_partner_knows(sent.address, bindings);
            if let Some(interlock) = self.interlock.as_mut().filter(|_| safe) {
                interlock.answered(sent.address, dirty);
            }
        }
    }

    /// A lease of PARTNER-DOWN without limit: before the partner has it on record, a pair in NORMAL
    /// would not be safe (H21, S3).
    fn outlives_what_partner_knows<B: Bindings>(&self, address: Ipv4Addr, bindings: &B) -> bool {
        self.binding(address, bindings).is_some_and(|binding| {
            let known = binding.expiries.partner_known().max(self.lease_now);
            binding.status == BindingStatus::Active
                && binding.expiries.lease > known + self.record.mclt.for_grants()
        })
    }

    /// §7.2.2: the partner has it on its disk.
    fn update_accepted<B: Bindings>(&mut self, sent: &InFlight, bindings: &B) {
        if sent.instance != self.record.instance {
            // The partner has lost its storage since: its agreement is worth nothing (§5.17, S6).
            return self.updates.mark(sent.address);
        }
        let Some(mut binding) = self.binding(sent.address, bindings) else { return };
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
        }
        let address = binding.address;
        if binding.needs_telling(self.record.instance) {
            self.updates.mark(address);
        } else {
            self.updates.unmark(address);
        }
        self.persist_binding(binding);
    }

    /// The partner thinks otherwise. Unless there is newer news, the binding is disputed: visible,
    /// and offered again on new data, on a new connection, and now and then (H7, L7).
    fn update_rejected<B: Bindings>(&mut self, sent: &InFlight, bindings: &B) {
        let newer = self
            .binding(sent.address, bindings)
            .is_some_and(|binding| binding.version != sent.version);
        if newer {
            self.updates.mark(sent.address);
        } else {
            self.updates.disputed.entry(sent.address).or_insert(0);
            if !self.timers.is_set(Timer::Disputes) {
                self.timers.set(Timer::Disputes, self.now.plus_ms(DISPUTE_PERIOD_MS));
            }
        }
    }

    /// Offers all disputed bindings again, because the partner asks or the pair begins anew (H7).
    pub(super) fn reopen_disputes(&mut self) {
        self.updates.disputed.values_mut().for_each(|tries| *tries = 0);
        self.retry_disputed();
    }

    /// Offers those again that have not been offered too often.
    pub(super) fn retry_disputed(&mut self) {
        if !self.may_send_updates() {
            return; // what is not sent does not count; entering NORMAL reopens them
        }
        let mut again = false;
        for (address, tries) in &mut self.updates.disputed {
            if *tries < DISPUTE_RETRIES {
                *tries = tries.saturating_add(1);
                again = true;
                if !self.updates.busy.contains(address) {
                    self.updates.dirty.insert(*address);
                }
            }
        }
        if again {
            self.timers.set(Timer::Disputes, self.now.plus_ms(DISPUTE_PERIOD_MS));
        }
    }

    /// A binding has changed here, by a client or by the partner: tell it, or stop telling it.
    pub(super) fn binding_changed(&mut self, binding: &Binding) {
        if binding.needs_telling(self.record.instance) {
            self.updates.mark(binding.address);
        } else if !self.updates.is_busy(binding.address) {
            self.settled(binding.address);
        }
    }
}

/// The options of table 7.1-1 for a binding.
fn to_update(binding: &Binding, potential: LeaseInstant) -> BindingUpdate {
    let status = status_to_wire(binding.status);
    let mut update = BindingUpdate::new(binding.address, status);
    let time = |instant: LeaseInstant| (instant > LeaseInstant::ZERO).then(|| instant.as_wire_s());
    update.start_time_of_state = time(binding.start_of_state);
    update.ip_flags = flags_to_wire(binding);
    if binding.status == BindingStatus::Abandoned {
        // Deviation from table 7.1-1: when the address may be tried again. Nothing else says it,
        // and without it dhcpd ends the abandonment at once.
        update.lease_expiration_time = time(binding.expiries.lease);
        return update;
    }
    update.client_last_transaction_time = binding.last_transaction.map(LeaseInstant::as_wire_s);
    if let Some(client) = &binding.client {
        update.client_identifier = client.identifier().map(<[u8]>::to_vec);
        let hardware = client.hardware();
        // Type 0 stands for a client the partner named by its identifier alone.
        update.client_hardware_address =
            (hardware.hardware_type() != 0).then(|| wire::HardwareAddress {
                htype: hardware.hardware_type(),
                bytes: hardware.as_bytes().to_vec(),
            });
    }
    if binding.status == BindingStatus::Active {
        update.lease_expiration_time = Some(binding.expiries.lease.as_wire_s());
        update.potential_expiration_time = Some(potential.as_wire_s());
        let some = |options: &[u8]| (!options.is_empty()).then(|| options.to_vec());
        update.client_request_options = some(&binding.request_options);
        update.client_reply_options = some(&binding.reply_options);
    }
    update
}

fn flags_to_wire(binding: &Binding) -> IpFlags {
    let mut flags = IpFlags::NONE;
    if binding.flags.reserved {
        flags = flags.union(IpFlags::RESERVED);
    }
    if binding.flags.bootp {
        flags = flags.union(IpFlags::BOOTP);
    }
    flags
}

fn status_to_wire(status: BindingStatus) -> wire::BindingStatus {
    match status {
        BindingStatus::Free => wire::BindingStatus::FREE,
        BindingStatus::Active => wire::BindingStatus::ACTIVE,
        BindingStatus::Expired => wire::BindingStatus::EXPIRED,
        BindingStatus::Released => wire::BindingStatus::RELEASED,
        BindingStatus::Abandoned => wire::BindingStatus::ABANDONED,
        BindingStatus::Reset => wire::BindingStatus::RESET,
        BindingStatus::Backup => wire::BindingStatus::BACKUP,
    }
}

/// The status a partner named, if the draft has it.
pub(super) fn status_from_wire(status: wire::BindingStatus) -> Option<BindingStatus> {
    BindingStatus::ALL.into_iter().find(|known| status_to_wire(*known) == status)
}
