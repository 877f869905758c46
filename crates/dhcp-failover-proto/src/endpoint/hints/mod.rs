//! What two endpoints of this implementation tell each other beside the draft, in
//! vendor-specific-options of CONNECT and CONNECTACK (draft-12 §12.29). Who one is, the
//! vendor-class-identifier says (§12.28).

mod encoding;

use super::Endpoint;
use super::admission::LONGEST_MCLT;
use crate::{Bindings, Service, StartupPolicy, State};
use alloc::vec::Vec;
use dhcp_failover_lease::{LeaseSpan, Mutant};
use dhcp_failover_wire::{Dialect, Message, MessageLimit, Packet};
pub(super) use encoding::{Hints, POOLS_TOLD, PoolDigests};

/// What this implementation calls itself (§12.28): a version follows.
const VENDOR_CLASS_PREFIX: &[u8] = b"dhcp-failover-";

impl Endpoint {
    /// What to tell a partner to whom is spoken like this; dhcpd and Windows allow no such option.
    pub(super) fn vendor_specific<B: Bindings>(
        &mut self,
        dialect: Dialect,
        bindings: &B,
    ) -> Option<Vec<u8>> {
        let record = &self.record;
        let alone_by_order = record.state == State::PartnerDown
            && record.partner_down_ordered
            && !record.partner_returned;
        let hints = Hints {
            ran_failover: record.ran_failover,
            starts_alone: self.config.startup_policy == StartupPolicy::PartnerDown,
            heard_serving: record.partner_served,
            alone_since: if alone_by_order { record.state_since.as_wire_s() } else { 0 },
            connection: record.connection.saturating_add(1),
            heard_connection: record.partner_connection,
            waits_s: self.longer_wait_told(),
            longest_message: self.longest_message_told(),
            pools: Self::own_pools(bindings),
        };
        self.pools_told.clone_from(&hints.pools);
        (dialect == Dialect::Draft12).then(|| hints.to_bytes())
    }

    /// Nothing of the draft's own limit.
    fn longest_message_told(&self) -> u16 {
        let longest = self.config.longest_message;
        let more = longest > MessageLimit::DRAFT;
        u16::try_from(longest.bytes()).ok().filter(|_| more).unwrap_or(0)
    }

    /// Nothing of the MCLT that CONNECT tells, nor of one that the partner never heard of.
    fn longer_wait_told(&self) -> u32 {
        let (agreed, waits) = (self.record.mclt.agreed(), self.record.mclt.for_waits());
        if waits > agreed && self.record.partner_state.is_some() { waits.as_dhcp_s() } else { 0 }
    }

    /// A server without its memory may have given leases under a longer MCLT than it is told now (S1):
    /// its partner remembers. One that has its memory knows, and has perhaps waited already.
    fn adopt_longer_wait(&mut self, told_s: u32) {
        if Mutant::LongerMcltUnheard.is_on() {
            return;
        }
        let told = LeaseSpan::from_s(u64::from(told_s)).min(LONGEST_MCLT);
        if self.record.storage_lost && self.record.mclt.wait_at_least(told) {
            self.epoch = self.epoch.saturating_add(1);
        }
    }

    pub(super) fn partner_hints(&self) -> Option<&Hints> {
        self.link.as_ref().and_then(|link| link.hints.as_ref())
    }

    /// Takes in what the partner told, if it is one of ours.
    pub(super) fn hear_hints<B: Bindings>(&mut self, hints: Option<Hints>, bindings: &B) {
        self.compare_pools(hints.as_ref().and_then(|hints| hints.pools.as_ref()), bindings);
        let Some(hints) = hints else { return };
        self.compare_settings(&hints);
        // What one server remembers, both know: a server that lost its own memory of it must not
        // let its partner take the pair for a new one later (§9.6.2).
        self.record.ran_failover |= hints.ran_failover;
        self.updates.partner_is_ours();
        self.check_store(&hints);
        self.adopt_longer_wait(hints.waits_s);
        // Durable before STATE leaves, by which the partner learns that this connection has come to be.
        let number = self.record.connection.saturating_add(1);
        self.record.connection = number.max(hints.heard_connection);
        self.persist_record();
        let longest = MessageLimit::new(hints.longest_message).min(self.config.longest_message);
        if let Some(link) = &mut self.link {
            link.longest_message = longest;
            link.hints = Some(hints);
        }
    }

    /// A message of the partner was read. One that waits for its disk proves, in a state in which
    /// it serves, that its stamp was newer than this. CONTACT and DISCONNECT do not wait.
    pub(super) fn heard(&mut self, packet: &Packet) {
        self.stats.received(&packet.message);
        self.last_heard = Some(self.now);
        let serves =
            self.partner.is_some_and(|it| !it.startup && Service::of(it.state) != Service::Nobody);
        if serves && !matches!(packet.message, Message::Contact | Message::Disconnect(_)) {
            // Kept with the next record; the last one written before a crash is good enough.
            self.record.partner_served = packet.time;
        }
    }

    /// The partner's STATE has come: this server's store is the newest, for the partner would not say
    /// so much before it has checked, and its number of this connection is on its disk.
    pub(super) fn note_connection(&mut self) {
        // To be told back when it returns. Kept with the next record, as what is heard.
        let number = self.partner_hints().map_or(0, |hints| hints.connection);
        self.record.partner_connection = self.record.partner_connection.max(number);
    }
}

/// The hints of a partner that is one of ours.
pub(super) fn hints_of(
    vendor_class: Option<&[u8]>,
    vendor_specific: Option<&[u8]>,
) -> Option<Hints> {
    vendor_class?.starts_with(VENDOR_CLASS_PREFIX).then_some(())?;
    Hints::parse(vendor_specific?)
}
