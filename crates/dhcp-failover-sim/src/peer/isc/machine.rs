//! Its state machine, which is not quite the draft's.

use super::Isc;
use dhcp_failover_wire::{Message, ServerFlags, ServerState as S, State};

/// What comes of a STATE of the partner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reaction {
    Stay,
    Enter(S),
    /// isc-U17: each time it is heard.
    AskAll,
    Ask,
    /// isc-C11, isc-S09: "impossible".
    Exit,
}

use Reaction::{Ask, AskAll, Enter, Exit, Stay};

/// `starting`: this server is in STARTUP and `me` is what it was before.
fn reaction(me: S, partner: S, before: S, starting: bool) -> Reaction {
    match (me, partner) {
        (S::NORMAL, S::PARTNER_DOWN) if starting => Enter(S::RECOVER),
        (S::NORMAL, S::PARTNER_DOWN) => Enter(S::POTENTIAL_CONFLICT),
        // isc-S07.
        (S::NORMAL, S::POTENTIAL_CONFLICT | S::RESOLUTION_INTERRUPTED | S::CONFLICT_DONE) => {
            Enter(S::SHUTDOWN)
        }
        // isc-S06.
        (S::NORMAL | S::COMMUNICATIONS_INTERRUPTED, S::RECOVER | S::SHUTDOWN) => {
            Enter(S::PARTNER_DOWN)
        }
        (S::NORMAL, S::PAUSED) => Enter(S::COMMUNICATIONS_INTERRUPTED),
        (S::COMMUNICATIONS_INTERRUPTED, S::PAUSED) => Stay,
        (
            S::COMMUNICATIONS_INTERRUPTED,
            S::NORMAL | S::COMMUNICATIONS_INTERRUPTED | S::RECOVER_WAIT | S::RECOVER_DONE,
        ) => Enter(S::NORMAL),
        (S::COMMUNICATIONS_INTERRUPTED, _) => Enter(S::POTENTIAL_CONFLICT),
        (S::PARTNER_DOWN, S::RECOVER_DONE) => Enter(S::NORMAL),
        (S::PARTNER_DOWN, S::RECOVER | S::RECOVER_WAIT | S::PAUSED | S::SHUTDOWN) => Stay,
        (S::PARTNER_DOWN, _) => Enter(S::POTENTIAL_CONFLICT),
        (S::RECOVER, S::COMMUNICATIONS_INTERRUPTED | S::PARTNER_DOWN | S::RECOVER) => AskAll,
        // isc-S01: it waits for ever.
        (S::RECOVER, S::RECOVER_WAIT | S::RECOVER_DONE | S::PAUSED) => Stay,
        (S::RECOVER | S::POTENTIAL_CONFLICT | S::RECOVER_DONE, S::SHUTDOWN) => {
            Enter(S::PARTNER_DOWN)
        }
        (S::RECOVER, _) => Enter(S::POTENTIAL_CONFLICT),
        (S::RECOVER_DONE, S::NORMAL | S::RECOVER_DONE) => Enter(S::NORMAL),
        (S::POTENTIAL_CONFLICT, S::NORMAL) => Enter(S::SHUTDOWN),
        (S::POTENTIAL_CONFLICT, S::CONFLICT_DONE) if before == S::POTENTIAL_CONFLICT => Ask,
        (S::POTENTIAL_CONFLICT, S::RECOVER) => Enter(S::RECOVER),
        (S::RESOLUTION_INTERRUPTED, S::PAUSED) => Stay,
        (S::RESOLUTION_INTERRUPTED, S::SHUTDOWN) => Enter(S::PARTNER_DOWN),
        (S::RESOLUTION_INTERRUPTED, _) => Enter(S::POTENTIAL_CONFLICT),
        (S::CONFLICT_DONE, S::NORMAL) => Enter(S::NORMAL),
        (S::CONFLICT_DONE, S::POTENTIAL_CONFLICT | S::RESOLUTION_INTERRUPTED) => Stay,
        (S::CONFLICT_DONE, S::SHUTDOWN) => Enter(S::SHUTDOWN),
        (S::CONFLICT_DONE, _) => Exit,
        _ => Stay,
    }
}

impl Isc {
    pub(super) fn partner_state(&mut self, heard: State) {
        let (partner, before) = (heard.server_state, self.image.partner);
        self.image.partner = partner;
        self.store_state();
        let (me, starting) = (self.image.state, self.volatile.startup_until.is_some());
        // isc-C12.
        if !partner.is_known() || partner == S::STARTUP {
            return self.enter(S::SHUTDOWN);
        }
        if partner == before {
            // isc-S02: compared with what was heard before the restart.
            if starting {
                return self.adopt();
            }
            use S as W;
            let ignores = [
                W::NORMAL,
                W::POTENTIAL_CONFLICT,
                W::RECOVER_DONE,
                W::RECOVER_WAIT,
                W::SHUTDOWN,
                W::PAUSED,
            ];
            if ignores.contains(&me) {
                return;
            }
        }
        if me == S::PARTNER_DOWN && heard.server_flags.contains(ServerFlags::STARTUP) {
            if starting {
                self.adopt();
            }
            return;
        }
        match reaction(me, partner, before, starting) {
            Stay => {}
            Enter(state) => self.enter(state),
            AskAll => {
                self.volatile.asked_all = true;
                self.say(Message::UpdReqAll);
            }
            Ask => self.ask_for_updates(),
            Exit => return self.exit("has no answer to this state (isc-C11)"),
        }
        if partner == S::PARTNER_DOWN && self.image.state == S::SHUTDOWN {
            self.volatile.leaving_at = self.volatile.leaving_at.map(|_| self.now);
        }
        if self.volatile.startup_until.is_some() {
            self.adopt();
        }
    }

    /// Goes on from the state before, since when it was in that (isc-S13).
    fn adopt(&mut self) {
        self.volatile.startup_until = None;
        match self.image.state {
            S::RESOLUTION_INTERRUPTED => self.enter(S::POTENTIAL_CONFLICT),
            state => {
                self.say_state();
                self.entered(state);
            }
        }
    }

    /// Nobody was found.
    pub(super) fn startup_is_over(&mut self) {
        self.drop_active();
        self.link_lost();
        if self.volatile.connections.is_empty() {
            self.volatile.dial_at.get_or_insert(self.now);
        }
    }

    pub(super) fn link_lost(&mut self) {
        self.volatile.startup_until = None;
        // isc-U01: nothing is sent again in the other states, and the window stays as full as it was.
        match self.image.state {
            S::NORMAL => self.enter(S::COMMUNICATIONS_INTERRUPTED),
            S::POTENTIAL_CONFLICT => self.enter(S::RESOLUTION_INTERRUPTED),
            S::CONFLICT_DONE => self.rescind(),
            S::SHUTDOWN if self.volatile.leaving_at.is_some() => self.leave(),
            _ => {}
        }
    }

    pub(super) fn enter(&mut self, state: S) {
        let old = self.image.state;
        if old == state && self.volatile.startup_until.is_none() {
            return;
        }
        self.volatile.startup_until = None;
        if [S::NORMAL, S::POTENTIAL_CONFLICT, S::PARTNER_DOWN].contains(&old) {
            self.rescind();
        }
        self.image.state = state;
        if state != S::RECOVER_WAIT {
            self.image.since = self.now_s();
        }
        self.store_state();
        self.log(format!("{old} -> {state}"));
        self.volatile.balance_at = None;
        self.say_state();
        self.entered(state);
    }

    fn entered(&mut self, state: S) {
        match state {
            S::NORMAL => self.in_normal(),
            S::POTENTIAL_CONFLICT
                if self.is_primary() || self.image.partner == S::CONFLICT_DONE =>
            {
                self.ask_for_updates();
            }
            S::RECOVER => {
                self.volatile.asked_all = true;
                self.say(Message::UpdReqAll);
            }
            S::PARTNER_DOWN => {
                let from = self.image.since + self.image.mclt_s;
                self.image.leases.values_mut().filter(|it| it.is_over()).for_each(|lease| {
                    lease.from_partner = from;
                });
            }
            _ => {}
        }
    }

    fn in_normal(&mut self) {
        self.rebalance(false);
        let told: Vec<_> = self
            .image
            .leases
            .iter()
            .filter(|(_, lease)| lease.needs_sending() || lease.is_over())
            .map(|(address, _)| *address)
            .collect();
        for address in told {
            self.enqueue(address);
        }
        self.send_updates();
    }

    fn ask_for_updates(&mut self) {
        self.say(match self.volatile.asked_all {
            true => Message::UpdReqAll,
            false => Message::UpdReq(dhcp_failover_wire::UpdReq::default()),
        });
    }

    /// isc-U04: whatever its xid.
    pub(super) fn update_done(&mut self) {
        self.volatile.asked_all = false;
        let partner = self.image.partner;
        match self.image.state {
            S::RECOVER => {
                let waits = self.image.since + self.image.mclt_s > self.now_s()
                    && ![S::RECOVER, S::RECOVER_DONE].contains(&partner);
                self.enter(if waits { S::RECOVER_WAIT } else { S::RECOVER_DONE });
            }
            S::POTENTIAL_CONFLICT if self.is_primary() => match partner {
                S::CONFLICT_DONE => self.enter(S::SHUTDOWN),
                _ => self.enter(S::CONFLICT_DONE),
            },
            S::POTENTIAL_CONFLICT if partner == S::CONFLICT_DONE => self.enter(S::NORMAL),
            _ => {}
        }
    }

    /// RECOVER-WAIT ends, whatever the connection.
    pub(super) fn wait_may_be_over(&mut self) {
        if self.image.state == S::RECOVER_WAIT
            && self.image.since + self.image.mclt_s <= self.now_s()
            && self.volatile.startup_until.is_none()
        {
            self.enter(S::RECOVER_DONE);
        }
    }

    pub(super) fn say_state(&mut self) {
        let starting = self.volatile.startup_until.is_some();
        self.say(Message::State(State {
            server_state: self.image.state,
            server_flags: if starting { ServerFlags::STARTUP } else { ServerFlags::NONE },
            start_time_of_state: super::link::wire(self.image.since),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bold cells of the table in isc-dhcpd.md 2.4: what differs from the draft.
    #[test]
    fn it_has_dhcpds_own_answers() {
        let expected = [
            (S::NORMAL, S::POTENTIAL_CONFLICT, Enter(S::SHUTDOWN)),
            (S::NORMAL, S::RECOVER, Enter(S::PARTNER_DOWN)),
            (S::COMMUNICATIONS_INTERRUPTED, S::RECOVER, Enter(S::PARTNER_DOWN)),
            (S::COMMUNICATIONS_INTERRUPTED, S::RECOVER_WAIT, Enter(S::NORMAL)),
            (S::RECOVER, S::NORMAL, Enter(S::POTENTIAL_CONFLICT)),
            (S::RECOVER, S::RECOVER_DONE, Stay),
            (S::RECOVER, S::SHUTDOWN, Enter(S::PARTNER_DOWN)),
            (S::POTENTIAL_CONFLICT, S::NORMAL, Enter(S::SHUTDOWN)),
            (S::CONFLICT_DONE, S::COMMUNICATIONS_INTERRUPTED, Exit),
            (S::CONFLICT_DONE, S::SHUTDOWN, Enter(S::SHUTDOWN)),
        ];
        for (me, partner, answer) in expected {
            assert_eq!(reaction(me, partner, S::NORMAL, false), answer, "{me} hears {partner}");
        }
        assert_eq!(reaction(S::NORMAL, S::PARTNER_DOWN, S::NORMAL, true), Enter(S::RECOVER));
    }
}
