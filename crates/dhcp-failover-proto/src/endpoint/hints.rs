//! What two endpoints of this implementation tell each other beside the draft, in
//! vendor-specific-options of CONNECT and CONNECTACK (draft-12 §12.29).

use super::Endpoint;
use crate::{Event, Service, State};
use alloc::vec::Vec;
use dhcp_failover_lease::{Binding, LeaseInstant};
use dhcp_failover_wire::{Message, Packet};

/// The first byte; with another the rest is not looked at.
const VERSION: u8 = 1;
const RAN_FAILOVER: u8 = 1;
const ALONE_BY_ORDER: u8 = 2;

/// A store may be so much behind what its server has done without being an old copy: a slow disk
/// delays the stamps that prove otherwise, and the news that it has stopped serving and stamping. A
/// false alarm costs a RECOVER-WAIT, so the slack is generous.
const STAMP_SLACK_S: u32 = 600;

/// What the partner says of the past.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Hints {
    /// It remembers that this relationship has run before.
    pub(super) ran_failover: bool,
    /// It is in PARTNER-DOWN by an operator's order, and the receiver has not returned since.
    pub(super) alone_by_order: bool,
    /// When it last heard the receiver in a state in which clients are served, in the receiver's
    /// own time; 0 if never.
    pub(super) heard_serving: u32,
}

impl Hints {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [VERSION, flags, rest @ ..] = bytes else { return None };
        let heard_serving = match rest {
            [a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
            _ => 0,
        };
        Some(Self {
            ran_failover: flags & RAN_FAILOVER != 0,
            alone_by_order: flags & ALONE_BY_ORDER != 0,
            heard_serving,
        })
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut flags = 0;
        if self.ran_failover {
            flags |= RAN_FAILOVER;
        }
        if self.alone_by_order {
            flags |= ALONE_BY_ORDER;
        }
        let [a, b, c, d] = self.heard_serving.to_be_bytes();
        alloc::vec![VERSION, flags, a, b, c, d]
    }
}

impl Endpoint {
    pub(super) fn vendor_specific(&self) -> Vec<u8> {
        Hints {
            ran_failover: self.record.ran_failover,
            alone_by_order: self.record.state == State::PartnerDown
                && self.record.partner_down_ordered
                && !self.record.partner_returned,
            heard_serving: self.record.partner_served,
        }
        .to_bytes()
    }

    pub(super) fn partner_hints(&self) -> Option<Hints> {
        self.link.as_ref().and_then(|link| link.hints)
    }

    /// A message of the partner was read. One that waits for its disk proves, in a state in which
    /// it serves, that its stamp was newer than this. CONTACT and DISCONNECT do not wait.
    pub(super) fn heard(&mut self, packet: &Packet) {
        self.stats.received(&packet.message);
        let serves =
            self.partner.is_some_and(|it| !it.startup && Service::of(it.state) != Service::Nobody);
        if serves && !matches!(packet.message, Message::Contact | Message::Disconnect(_)) {
            // Kept with the next record; the last one written before a crash is good enough.
            self.record.partner_served = packet.time;
        }
    }

    /// The first connection of a run tells whether the store is the one this server left: if the
    /// partner has heard it serve later than its newest stamp, the store is an older copy, and
    /// whatever was promised since is missing (isc-S14). It is taken for lost then.
    pub(super) fn check_store(&mut self) {
        if core::mem::replace(&mut self.store_checked, true) || self.record.storage_lost {
            return;
        }
        let Some(heard) = self.partner_hints().map(|hints| hints.heard_serving) else { return };
        let stamp = self.stamp_at_start.as_wire_s();
        if heard <= stamp.saturating_add(STAMP_SLACK_S) {
            return;
        }
        self.event(Event::OldStore { missing_s: heard.saturating_sub(stamp) });
        self.record.storage_lost = true;
        // Unless an operator has put it to work: then it has news of its own among them.
        self.record.old_store = self.state != State::PartnerDown;
        self.record.recover_until = LeaseInstant::ZERO;
        match self.state {
            State::Startup => {
                self.record.state = State::Recover;
                self.record.state_since = self.lease_now;
            }
            // An operator put it to work; it asks for everything as one without data does.
            State::PartnerDown | State::Recover | State::Paused | State::Shutdown => {}
            _ => self.enter(State::Recover, super::starting::OLD_STORE),
        }
        self.persist_record();
    }
}

impl Endpoint {
    /// What is on record of an address, as far as it can be held against the partner's word: of an
    /// old copy of the store nothing can. What it promised is waited for in RECOVER-WAIT.
    pub(super) fn trusted(&self, own: Binding) -> Binding {
        match self.record.old_store && self.state == State::Recover {
            true => Binding { version: own.version, ..Binding::unused(own.address) },
            false => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_survive_the_wire_and_anything_else_is_no_hint() {
        for ran_failover in [false, true] {
            for alone_by_order in [false, true] {
                let hints = Hints { ran_failover, alone_by_order, heard_serving: 0x0102_0304 };
                assert_eq!(Hints::parse(&hints.to_bytes()), Some(hints));
            }
        }
        assert_eq!(Hints::parse(&[]), None);
        assert_eq!(Hints::parse(&[2, 1, 0, 0, 0, 0]), None);
        let short = Hints { ran_failover: true, alone_by_order: false, heard_serving: 0 };
        assert_eq!(Hints::parse(&[1, 1]), Some(short));
        assert_eq!(Hints::parse(&[1, 1, 9, 9]), Some(short));
    }
}
