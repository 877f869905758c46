//! BNDUPD out (draft-12 §6.3, §7.1.1, §8.4).

use super::convert::to_update;
use super::{Outstanding, Sent, windows};
use crate::endpoint::Endpoint;
use crate::timer::Timer;
use crate::{Bindings, State};
use alloc::vec::Vec;
use dhcp_failover_lease::{Binding, BindingStatus, LeaseInstant, Mutant};
use dhcp_failover_wire::{BindingUpdate, Dialect, HEADER_LEN, Message, digest};

/// A lease without a client identifier takes so many bytes.
const USUAL_LEN: usize = 56;
/// Updates under way at most, however many messages a partner takes and however much they hold.
const MAX_UNDER_WAY: usize = 10_000;

impl Endpoint {
    /// Whether updates may leave now: not while they could decide a conflict before the partner
    /// asked for them, nor before a partner that recovers has said whether it has lost its storage: it
    /// would hear of ends that are taken back then (H19).
    pub(in crate::endpoint) fn may_send_updates(&self) -> bool {
        self.is_connected()
            && !self.partner_will_ask()
            && match self.state {
                State::Normal
                | State::ConflictDone
                | State::RecoverDone
                | State::PartnerDown
                | State::CommunicationsInterrupted => true,
                State::PotentialConflict | State::Recover | State::RecoverWait => {
                    self.updates.answer.is_some()
                }
                _ => false,
            }
    }

    /// Whether the partner is in RECOVER and has still to ask for what it has missed. A dhcpd may not.
    fn partner_will_ask(&self) -> bool {
        self.partner.is_some_and(|partner| partner.state == State::Recover)
            && self
                .link
                .as_ref()
                .is_some_and(|link| link.dialect == Dialect::Draft12 && !link.asked)
    }

    /// Sends what is to be told, as much as the partner takes: its window counts messages (§8.4,
    /// §12.14).
    pub(in crate::endpoint) fn send_updates<B: Bindings>(&mut self, bindings: &B) {
        if !self.may_send_updates() {
            return;
        }
        let window = self.link.as_ref().map_or(0, |link| link.max_unacked);
        let window = usize::try_from(window).unwrap_or(usize::MAX);
        let window = if Mutant::WindowOneMore.is_on() { window.saturating_add(1) } else { window };
        while self.updates.outstanding.len() < window && self.updates.busy.len() < MAX_UNDER_WAY {
            if self.updates.dirty.is_empty() {
                return;
            }
            if self.budget.is_spent() {
                return self.timers.set(Timer::Work, self.now);
            }
            self.send_batch(bindings);
        }
    }

    /// One message of updates.
    fn send_batch<B: Bindings>(&mut self, bindings: &B) {
        let most = self.most_in_a_batch();
        let dialect = self.link.as_ref().map_or(Dialect::Draft12, |link| link.dialect);
        let signed = if self.config.secret.is_some() { digest::MAX_LEN } else { 0 };
        let limit = self.link.as_ref().map_or(0, |link| link.longest_message.bytes());
        let mut room = limit.saturating_sub(HEADER_LEN).saturating_sub(signed);
        let Some(xid) = self.link.as_mut().map(|link| link.take_xid()) else { return };
        let expected = most.min(self.updates.dirty.len()).min(room / USUAL_LEN);
        let mut batch: Vec<BindingUpdate> = Vec::with_capacity(expected);
        let mut updates = Vec::with_capacity(expected);
        while batch.len() < most
            && let Some((address, turn)) = self.updates.next_dirty()
            && self.budget.take()
        {
            let instance = self.record.instance;
            let newest = self.binding(address, bindings).filter(|it| it.needs_telling(instance));
            let Some(binding) = newest else {
                self.updates.settled(address);
                continue;
            };
            // The partner has lost its storage, and agrees to whatever it is told (H19, S6).
            let forgotten = binding.knowledge.instance != instance;
            let restored = forgotten
                .then(|| self.view().allocator(self.lease_now).restored(&binding, instance))
                .flatten();
            let changed = restored.is_some();
            let binding = restored.unwrap_or(binding);
            // §7.1.5, H19: what we promise to wait for covers everything either of us knows.
            let potential = binding.expiries.latest();
            let update = match dialect.windows() {
                Some(settings) => {
                    let subnet = bindings.subnet_of(address);
                    windows::to_update(&binding, potential, settings, subnet)
                }
                None => to_update(&binding, potential, dialect),
            };
            let length = update.encoded_len();
            if length > room && !batch.is_empty() {
                break;
            }
            room = room.saturating_sub(length);
            batch.push(update);
            self.updates.begin(address, xid, turn);
            updates.push(self.begin_update(binding, potential, changed));
        }
        if !batch.is_empty() {
            self.updates.outstanding.insert(xid, Outstanding { at: self.lease_now, updates });
            self.send_as(xid, Message::BndUpd(batch));
        }
    }

    /// Every implementation of the draft must read batches (§6.3); one that has shown that it does
    /// not gets its updates one by one.
    fn most_in_a_batch(&self) -> usize {
        let dialect = self.link.as_ref().map_or(1, |link| link.dialect.max_bindings());
        if self.updates.one_by_one { 1 } else { dialect.min(self.config.max_batch) }
    }

    /// The update of a binding is about to leave: what it promises is made durable before (H2; the
    /// gate sees to that).
    fn begin_update(
        &mut self,
        mut binding: Binding,
        potential: LeaseInstant,
        changed: bool,
    ) -> Sent {
        let told = binding.knowledge.told.with(binding.status);
        let is_active = binding.status == BindingStatus::Active;
        let raises = is_active && potential > binding.expiries.sent_potential;
        let news = changed || told != binding.knowledge.told || raises;
        if news {
            binding.knowledge.told = told;
            if is_active {
                binding.expiries.sent_potential = potential;
            }
        }
        let sent = Sent {
            address: binding.address,
            version: binding.version,
            instance: self.record.instance,
            status: binding.status,
            client: binding.client.clone(),
            potential,
            start_of_state: binding.start_of_state,
        };
        if news {
            self.persist_binding(binding);
        }
        sent
    }
}
