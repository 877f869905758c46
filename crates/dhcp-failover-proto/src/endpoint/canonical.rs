//! A form of the endpoint in which only what matters is left.

use super::gate::Held;
use super::hints::Hints;
use super::{Endpoint, PartnerState};
use crate::{LinkId, Monotonic, State, Stats, Ticket};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{LeaseInstant, LeaseSpan, Mutant};
use dhcp_failover_wire::Message;

/// How the numbers of a world are renamed in which only some of their relations matter.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "every kind of number must be thought of")]
pub struct Renaming<'a> {
    /// Lease times, the partner's as this server's, for which the partner's clock must show the same.
    /// It must keep their order and the differences that matter; it is not asked for "none yet" and
    /// "never".
    pub times: &'a dyn Fn(LeaseInstant) -> LeaseInstant,
    /// Transactions that the partner began, by their connection. This endpoint's own are counted back
    /// from [`Endpoint::next_xid`].
    pub partners_xids: &'a dyn Fn(LinkId, u32) -> u32,
    /// Instances of the relationship (§5.17), which are only ever found equal or different.
    pub instances: &'a dyn Fn(u32) -> u32,
    /// Versions of the binding of an address, of which only equality counts, and which one is newer.
    pub versions: &'a dyn Fn(Ipv4Addr, u64) -> u64,
    /// In a world in which time only passes in steps of so many milliseconds it makes no difference
    /// when within a step a timer ends; otherwise that is 1.
    pub quantum_ms: u64,
    /// No MCLT in this world will ever be longer: of a moment from which only the MCLT is waited for it
    /// makes no difference when it was, once that is over.
    pub longest_mclt: LeaseSpan,
}

impl core::fmt::Debug for Renaming<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Renaming").field("quantum_ms", &self.quantum_ms).finish_non_exhaustive()
    }
}

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
        let instance = self.record.instance;
        self.canonical_in(&Renaming {
            times: &times,
            partners_xids: &|_, _| 0,
            instances: &|it| instance.wrapping_sub(it),
            versions: &|_, it| it,
            quantum_ms: 1,
            longest_mclt: LeaseSpan::from_s(u64::MAX),
        })
    }

    /// The same within a world that has more in it than this endpoint: what the others have of the
    /// same times, transactions and bindings must be renamed alike.
    ///
    /// Beside statistics it forgets by how much the clocks may have drifted, to the half second,
    /// what only decides how long a pause between attempts to connect is, and what was only needed
    /// until the first connection of this run.
    #[must_use]
    pub fn canonical_in(&self, renaming: &Renaming<'_>) -> Self {
        let shift = |at: LeaseInstant| match at {
            LeaseInstant::ZERO | LeaseInstant::NEVER => at,
            at => (renaming.times)(at),
        };
        let lease_now = self.lease_now;
        let shift_wire = |at: u32| match at {
            0 | u32::MAX => at,
            at => shift(LeaseInstant::from_wire_s(at, lease_now)).as_wire_s(),
        };
        let mut form = self.clone();
        // RECOVER-WAIT counts from it (§9.6.2).
        let over = self.started_at + renaming.longest_mclt <= lease_now;
        if over && !Mutant::McltWaitFromRestart.is_on() {
            form.started_at = LeaseInstant::ZERO;
        }
        form.canonical_clocks(renaming.quantum_ms, &shift, &shift_wire);
        form.canonical_record(&shift, &shift_wire);
        form.record.instance = (renaming.instances)(self.record.instance);
        form.canonical_numbers(self, &shift, &shift_wire, renaming.partners_xids);
        form.updates.rebase(self.link.as_ref(), &shift, renaming);
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

    /// What the canonical form calls this connection; `None` if it is not in it.
    #[must_use]
    pub fn canonical_link(&self, link: LinkId) -> Option<LinkId> {
        let known = self.link.iter().chain(&self.candidates).map(|known| known.id);
        // Of some that were given up the last words still wait for the disk.
        let place = known.chain(self.gate.held_links()).position(|id| id == link)?;
        u64::try_from(place).ok().map(LinkId)
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
                // The others count when they come, and not again.
                let alone_since = shift_wire(hints.alone_since);
                *hints = Hints { alone_since, ..hints.with_times(&|_| 0) };
            }
        }
        self.now = Monotonic::from_ms(now.as_ms() % 1_000);
        self.lease_now = shift(self.lease_now);
        self.clock = self.clock.rebased(self.now, self.lease_now);
        // Only told to operators.
        self.last_heard = None;
        let starting = self.state == State::Startup;
        self.partner = self.partner.map(|it| {
            // It decides what becomes of STARTUP, and nothing later.
            PartnerState { since: if starting { shift_wire(it.since) } else { 0 }, ..it }
        });
        if self.store_checked {
            if !starting {
                self.stamp_at_start = LeaseInstant::ZERO;
            }
            if !self.record.storage_lost && !Mutant::McltWaitFromRestart.is_on() {
                self.started_at = LeaseInstant::ZERO;
            }
        }
        for at in [&mut self.alive_durable, &mut self.stamp_at_start, &mut self.started_at] {
            *at = shift(*at);
        }
    }

    fn canonical_record(
        &mut self,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
        shift_wire: &dyn Fn(u32) -> u32,
    ) {
        // A record is written with the moment of its writing.
        self.record.written_at = LeaseInstant::ZERO;
        // Of messages that are not signed none is a replay, and it only matters that there was one.
        let unsigned = self.config.secret.is_none();
        let connected = self.record.connect_time.min(1);
        if unsigned {
            self.record.connect_time = 0;
        }
        self.record = self.record.canonical(shift, shift_wire);
        if unsigned {
            self.record.connect_time = connected;
        }
        self.record.clock = self.clock.stamp;
    }

    /// Tickets, connections, and what waits for them.
    fn canonical_numbers(
        &mut self,
        original: &Self,
        shift: &dyn Fn(LeaseInstant) -> LeaseInstant,
        shift_wire: &dyn Fn(u32) -> u32,
        partners_xids: &dyn Fn(LinkId, u32) -> u32,
    ) {
        let base = self.gate.base();
        let relative = |ticket: Ticket| Ticket(ticket.as_u64().saturating_sub(base));
        self.state_ticket = relative(self.state_ticket);
        for (ticket, at) in &mut self.alive_pending {
            *ticket = relative(*ticket);
            *at = shift(*at);
        }
        let position = |id| original.canonical_link(id).unwrap_or(LinkId(u64::MAX));
        for link in self.link.iter_mut().chain(&mut self.candidates) {
            link.id = position(link.id);
        }
        for held in self.gate.held_mut() {
            if let Held::Message { link, xid, message, .. } = held {
                rename_message_times(message, shift_wire);
                *xid = match message {
                    Message::BndAck(_)
                    | Message::ConnectAck(_)
                    | Message::PoolResp(_)
                    | Message::UpdDone => partners_xids(*link, *xid),
                    // Nobody hears of a transaction of a connection that was given up.
                    _ => original.next_xid(*link).map_or(0, |next| next.wrapping_sub(*xid)),
                };
            }
        }
        self.gate.rebase(position);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BindingTable, EndpointConfig, Input};
    use dhcp_failover_lease::Role;

    /// §9.6.2: of a start only that counts which RECOVER-WAIT may still have to wait for.
    #[test]
    fn a_start_is_forgotten_when_no_mclt_counts_from_it_any_more() {
        let start = LeaseInstant::from_unix_s(1_700_000_000);
        let started_after = |passed_s: u64| {
            let config = EndpointConfig::new("pair", Role::Primary, [192, 0, 2, 1].into());
            let mut endpoint = Endpoint::new(config, None, Monotonic::from_ms(0), start);
            let now = Monotonic::from_ms(passed_s * 1_000);
            endpoint.handle(now, Input::Tick, &BindingTable::new());
            let renaming = Renaming {
                times: &|at| at,
                partners_xids: &|_, xid| xid,
                instances: &|it| it,
                versions: &|_, version| version,
                quantum_ms: 1,
                longest_mclt: LeaseSpan::from_s(20),
            };
            endpoint.canonical_in(&renaming).started_at
        };
        assert_eq!(started_after(19), start);
        assert_eq!(started_after(20), LeaseInstant::ZERO);
    }
}
