//! What an endpoint has done so far, in numbers.

use crate::{Event, State};
use dhcp_failover_wire::Message;

/// Counters of one endpoint since it was made; they only grow, and stop at [`u64::MAX`].
///
/// They hold what Windows shows as performance counters, and what else has proved worth watching.
/// Gauges, such as the number of bindings still to be told, are in [`Status`](crate::Status).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Messages sent, of any type.
    pub messages_sent: u64,
    /// Messages received that were authentic and could be read.
    pub messages_received: u64,
    /// Binding updates sent; one message holds one.
    pub bndupd_sent: u64,
    /// Binding updates received, counted one by one.
    pub bndupd_received: u64,
    /// Answers to binding updates sent.
    pub bndack_sent: u64,
    /// Answers to binding updates received.
    pub bndack_received: u64,
    /// Binding updates that were under way when the link was lost; they are sent again.
    pub bndupd_dropped: u64,
    /// Our binding updates that the partner rejected.
    pub updates_rejected: u64,
    /// The partner's binding updates that this server rejected.
    pub updates_refused: u64,
    /// Clients that lost an address that two had been given.
    pub clients_overridden: u64,
    /// The partner's update requests answered in full.
    pub update_requests_answered: u64,
    /// POOLREQ received.
    pub pool_requests_received: u64,
    /// Addresses this server handed to the secondary, or as the secondary got.
    pub addresses_to_secondary: u64,
    /// Addresses handed back to the primary.
    pub addresses_to_primary: u64,
    /// How often communications became okay (§8.3).
    pub connects: u64,
    /// How often they failed.
    pub disconnects: u64,
    /// Connections that could not be made.
    pub dials_failed: u64,
    /// Connections refused, by this server or its partner.
    pub connections_refused: u64,
    /// What the partner should not have sent.
    pub peer_errors: u64,
    /// Commands of an operator that were not carried out.
    pub commands_refused: u64,
    entered: [u64; State::ALL.len()],
}

impl Stats {
    /// How often a state was entered.
    #[must_use]
    pub fn entered(&self, state: State) -> u64 {
        self.entered.get(state as usize).copied().unwrap_or(0)
    }

    /// All counters but those of [`entered`](Self::entered), with names for a metrics page.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        [
            ("messages_sent", self.messages_sent),
            ("messages_received", self.messages_received),
            ("bndupd_sent", self.bndupd_sent),
            ("bndupd_received", self.bndupd_received),
            ("bndack_sent", self.bndack_sent),
            ("bndack_received", self.bndack_received),
            ("bndupd_dropped", self.bndupd_dropped),
            ("updates_rejected", self.updates_rejected),
            ("updates_refused", self.updates_refused),
            ("clients_overridden", self.clients_overridden),
            ("update_requests_answered", self.update_requests_answered),
            ("pool_requests_received", self.pool_requests_received),
            ("addresses_to_secondary", self.addresses_to_secondary),
            ("addresses_to_primary", self.addresses_to_primary),
            ("connects", self.connects),
            ("disconnects", self.disconnects),
            ("dials_failed", self.dials_failed),
            ("connections_refused", self.connections_refused),
            ("peer_errors", self.peer_errors),
            ("commands_refused", self.commands_refused),
        ]
        .into_iter()
    }

    pub(crate) fn sent(&mut self, message: &Message) {
        grow(&mut self.messages_sent, 1);
        match message {
            Message::BndUpd(updates) => grow(&mut self.bndupd_sent, count(updates.len())),
            Message::BndAck(acks) => grow(&mut self.bndack_sent, count(acks.len())),
            _ => {}
        }
    }

    pub(crate) fn received(&mut self, message: &Message) {
        grow(&mut self.messages_received, 1);
        match message {
            Message::BndUpd(updates) => grow(&mut self.bndupd_received, count(updates.len())),
            Message::BndAck(acks) => grow(&mut self.bndack_received, count(acks.len())),
            Message::PoolReq => grow(&mut self.pool_requests_received, 1),
            _ => {}
        }
    }

    pub(crate) fn dropped(&mut self, updates: usize) {
        grow(&mut self.bndupd_dropped, count(updates));
    }

    pub(crate) fn dial_failed(&mut self) {
        grow(&mut self.dials_failed, 1);
    }

    /// Every event passes here once.
    pub(crate) fn note(&mut self, event: &Event) {
        let counter = match event {
            Event::State { to, .. } => match self.entered.get_mut(*to as usize) {
                Some(counter) => counter,
                None => return,
            },
            Event::Connected => &mut self.connects,
            Event::Disconnected { .. } => &mut self.disconnects,
            Event::Refused { .. } => &mut self.connections_refused,
            Event::PeerError { .. } => &mut self.peer_errors,
            Event::UpdateRejected { .. } => &mut self.updates_rejected,
            Event::UpdateRefused { .. } => &mut self.updates_refused,
            Event::ClientOverridden { .. } => &mut self.clients_overridden,
            Event::Synchronized { .. } => &mut self.update_requests_answered,
            Event::CommandRefused(_) => &mut self.commands_refused,
            Event::PoolMoved { to_secondary, to_primary } => {
                grow(&mut self.addresses_to_secondary, u64::from(*to_secondary));
                grow(&mut self.addresses_to_primary, u64::from(*to_primary));
                return;
            }
            _ => return,
        };
        grow(counter, 1);
    }
}

fn grow(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn events_and_messages_are_counted_once() {
        let mut stats = Stats::default();
        stats.note(&Event::Connected);
        stats.note(&Event::Disconnected { reason: String::new() });
        stats.note(&Event::PoolMoved { to_secondary: 3, to_primary: 2 });
        stats.sent(&Message::BndAck(alloc::vec::Vec::new()));
        stats.received(&Message::PoolReq);
        stats.dropped(4);
        let named = |name| stats.named().find(|(known, _)| *known == name).map(|(_, n)| n);
        for (name, expected) in [
            ("connects", 1),
            ("disconnects", 1),
            ("addresses_to_secondary", 3),
            ("addresses_to_primary", 2),
            ("messages_sent", 1),
            ("bndack_sent", 0),
            ("messages_received", 1),
            ("pool_requests_received", 1),
            ("bndupd_dropped", 4),
        ] {
            assert_eq!(named(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn counters_stop_at_their_limit() {
        let mut stats = Stats { messages_sent: u64::MAX, ..Stats::default() };
        stats.sent(&Message::Contact);
        assert_eq!(stats.messages_sent, u64::MAX);
    }
}
