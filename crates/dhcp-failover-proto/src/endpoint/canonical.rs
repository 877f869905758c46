//! A form of the endpoint in which only what matters is left.

use super::gate::Held;
use super::hints::Hints;
use super::{Endpoint, PartnerState};
use crate::{LinkId, Monotonic, Stats, Ticket};
use alloc::vec::Vec;
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_wire::Message;

/// Canonical lease times count from here, so that the past has a place too.
const CANONICAL_NOW: LeaseInstant = LeaseInstant::from_unix_s((1 << 40) + (1 << 30));

impl Endpoint {
    /// The endpoint with its clocks at a fixed moment and its running numbers counted from what is
    /// outstanding: two endpoints with equal canonical forms, and bindings whose times differ from
    /// each other by the same shift, behave alike from now on.
    ///
    /// For model checking and for tests; it is meant to be compared and hashed, not to be run on,
    /// because the partner knows the transaction ids it forgets.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let lease_now = self.lease_now;
        let times = |at: LeaseInstant| {
            if at >= lease_now {
                CANONICAL_NOW + (at - lease_now)
            } else {
                CANONICAL_NOW.saturating_sub(lease_now - at)
            }
        };
        self.canonical_in(&times, &|_| 0, 1)
    }

    /// The same within a world that has more in it than this endpoint: what the others have of the
    /// same times and transactions must be renamed alike.
    ///
    /// `times` renames lease times, the partner's as this server's, for which the partner's clock
    /// must show the same; it must keep their order and the differences that matter.
    /// `partners_xids` renames the transactions the partner began; this endpoint's own are counted
    /// back from [`next_xid`](Self::next_xid). In a world in which time only passes in steps of
    /// `quantum_ms` it makes no difference when within a step a timer ends; otherwise that is 1.
    ///
    /// Beside statistics it forgets by how much the clocks may have drifted, to the half second, and
    /// what only decides how long a pause between attempts to connect is.
    #[must_use]
    pub fn canonical_in(
        &self,
        times: &dyn Fn(LeaseInstant) -> LeaseInstant,
        partners_xids: &dyn Fn(u32) -> u32,
        quantum_ms: u64,
    ) -> Self {
        let shift = |at: LeaseInstant| match at {
            LeaseInstant::ZERO | LeaseInstant::NEVER => at,
            at => times(at),
        };
        let lease_now = self.lease_now;
        let shift_wire = |at: u32| match at {
            0 | u32::MAX => at,
            at => shift(LeaseInstant::from_wire_s(at, lease_now)).as_wire_s(),
        };
        let mut form = self.clone();
        form.canonical_clocks(quantum_ms, &shift, &shift_wire);
        form.canonical_record(&shift, &shift_wire);
        form.canonical_numbers(self, &shift, &shift_wire, partners_xids);
        form.updates.rebase(self.next_own_xid(), &shift, partners_xids);
        form.epoch = 0;
        form.stats = Stats::default();
        form
    }

    /// The transaction id that the next request on this connection gets; `None` if there is no such
    /// connection.
    #[must_use]
    pub fn next_xid(&self, link: LinkId) -> Option<u32> {
        let mut links = self.link.iter().chain(&self.candidates);
        links.find(|known| known.id == link).map(super::link::Link::next_xid)
    }

    fn next_own_xid(&self) -> u32 {
        self.link.as_ref().map_or(0, super::link::Link::next_xid)
    }

    fn canonical_clocks(
        &mut self,
        quantum_ms: u64,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
        shift_wire: &dyn Fn(u32) -> u32,
    ) {
        let now = self.now;
        self.timers.rebase(now, quantum_ms);
        self.attempts.rebase(now);
        self.pools.rebase(now, shift);
        let next_xid = self.next_own_xid();
        if let Some(request) = &mut self.request {
            request.rebase(now, next_xid, shift);
        }
        for link in self.link.iter_mut().chain(&mut self.candidates) {
            link.rebase(now, shift);
            if let Some(hints) = &mut link.hints {
                *hints = hints.with_times(shift_wire);
            }
        }
        self.now = Monotonic::from_ms(now.as_ms() % 1_000);
        self.lease_now = shift(self.lease_now);
        self.clock = self.clock.rebased(self.now, self.lease_now);
        // Only told to operators.
        self.last_heard = None;
        self.partner = self.partner.map(|it| PartnerState { since: shift_wire(it.since), ..it });
        self.stamps_told =
            self.stamps_told.map(|(first, last)| (shift_wire(first), shift_wire(last)));
        for at in [&mut self.alive_durable, &mut self.stamp_at_start, &mut self.started_at] {
            *at = shift(*at);
        }
    }

    fn canonical_record(
        &mut self,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
        shift_wire: &dyn Fn(u32) -> u32,
    ) {
        self.record = self.record.canonical(shift, shift_wire);
        self.record.clock = self.clock.stamp;
    }

    /// Tickets, connections, and what waits for them.
    fn canonical_numbers(
        &mut self,
        original: &Self,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
        shift_wire: &dyn Fn(u32) -> u32,
        partners_xids: &dyn Fn(u32) -> u32,
    ) {
        let base = self.gate.base();
        let relative = |ticket: Ticket| Ticket(ticket.as_u64().saturating_sub(base));
        self.state_ticket = relative(self.state_ticket);
        for (ticket, at) in &mut self.alive_pending {
            *ticket = relative(*ticket);
            *at = shift(*at);
        }
        let position = |id| {
            let links = original.link.iter().chain(&original.candidates);
            let place = links.enumerate().find(|(_, link)| link.id == id);
            LinkId(place.and_then(|(n, _)| u64::try_from(n).ok()).unwrap_or(u64::MAX))
        };
        for link in self.link.iter_mut().chain(&mut self.candidates) {
            link.id = position(link.id);
        }
        self.gate.rebase(position);
        let next_xid = original.next_own_xid();
        for held in self.gate.held_mut() {
            if let Held::Message { xid, message, .. } = held {
                rename_message_times(message, shift_wire);
                *xid = match message {
                    Message::BndAck(_)
                    | Message::ConnectAck(_)
                    | Message::PoolResp(_)
                    | Message::UpdDone => partners_xids(*xid),
                    _ => next_xid.wrapping_sub(*xid),
                };
            }
        }
    }
}

/// Renames all times in a message, for comparing worlds with messages under way in them; 0 and
/// `0xffff_ffff` are not given to `renamed`.
pub fn rename_message_times(message: &mut Message, renamed: &dyn Fn(u32) -> u32) {
    let rename = |at: &mut u32| match *at {
        0 | u32::MAX => {}
        moment => *at = renamed(moment),
    };
    let rename_hints = |bytes: &mut Option<Vec<u8>>| {
        let hints = bytes.as_deref().and_then(Hints::parse);
        if let Some(hints) = hints {
            let zero_stays = |at| if at == 0 { 0 } else { renamed(at) };
            *bytes = Some(hints.with_times(&zero_stays).to_bytes());
        }
    };
    match message {
        Message::BndUpd(updates) => {
            for update in updates {
                let times = [
                    &mut update.lease_expiration_time,
                    &mut update.potential_expiration_time,
                    &mut update.start_time_of_state,
                    &mut update.client_last_transaction_time,
                ];
                times.into_iter().flatten().for_each(rename);
            }
        }
        Message::State(state) => rename(&mut state.start_time_of_state),
        Message::Connect(connect) => rename_hints(&mut connect.vendor_specific),
        Message::ConnectAck(ack) => rename_hints(&mut ack.vendor_specific),
        _ => {}
    }
}
