//! Its states: the figure of [MS-DHCPF], and the draft where it is silent.

use super::Windows;
use dhcp_failover_wire::{Message, ServerFlags, ServerState as S, State, UpdReq};
use std::net::Ipv4Addr;

/// What comes of a STATE of the partner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reaction {
    Stay,
    Enter(S),
    Ask,
}

use Reaction::{Ask, Enter, Stay};

/// `is_fresh`: this server has just been started.
fn reaction(me: S, partner: S, is_primary: bool, is_fresh: bool) -> Reaction {
    let conflict = [S::POTENTIAL_CONFLICT, S::RESOLUTION_INTERRUPTED, S::CONFLICT_DONE];
    match (me, partner) {
        (S::NORMAL, S::RECOVER | S::RECOVER_WAIT) => Enter(S::COMMUNICATIONS_INTERRUPTED),
        (S::NORMAL, S::PARTNER_DOWN | S::POTENTIAL_CONFLICT | S::RESOLUTION_INTERRUPTED) => {
            Enter(S::POTENTIAL_CONFLICT)
        }
        (
            S::COMMUNICATIONS_INTERRUPTED,
            S::NORMAL | S::COMMUNICATIONS_INTERRUPTED | S::RECOVER_DONE,
        ) => Enter(S::NORMAL),
        (S::COMMUNICATIONS_INTERRUPTED, S::RECOVER | S::RECOVER_WAIT) => Stay,
        (S::COMMUNICATIONS_INTERRUPTED, S::PARTNER_DOWN) if is_fresh => Enter(S::RECOVER),
        (S::COMMUNICATIONS_INTERRUPTED, _) => Enter(S::POTENTIAL_CONFLICT),
        (S::PARTNER_DOWN, S::RECOVER | S::RECOVER_WAIT) => Stay,
        (S::PARTNER_DOWN, S::RECOVER_DONE) => Enter(S::NORMAL),
        (S::PARTNER_DOWN, _) => Enter(S::POTENTIAL_CONFLICT),
        (S::RECOVER | S::RECOVER_DONE, it) if conflict.contains(&it) => {
            Enter(S::POTENTIAL_CONFLICT)
        }
        (S::RECOVER, _) => Ask,
        (S::RECOVER_DONE, S::RECOVER | S::RECOVER_WAIT) => Enter(S::COMMUNICATIONS_INTERRUPTED),
        (S::RECOVER_DONE, S::NORMAL | S::RECOVER_DONE) => Enter(S::NORMAL),
        (S::POTENTIAL_CONFLICT, _) if is_primary => Ask,
        (S::POTENTIAL_CONFLICT, S::CONFLICT_DONE) => Ask,
        (S::RESOLUTION_INTERRUPTED, _) => Enter(S::POTENTIAL_CONFLICT),
        (S::CONFLICT_DONE, S::NORMAL) => Enter(S::NORMAL),
        _ => Stay,
    }
}

impl Windows {
    pub(super) fn partner_state(&mut self, heard: State) {
        let partner = heard.server_state;
        let is_first = self.volatile.partner.replace(partner).is_none();
        let flagged = heard.server_flags.contains(ServerFlags::STARTUP);
        if self.volatile.startup_until.take().is_some() && self.image.state.is_none() {
            // win-15.
            self.enter(S::RECOVER);
        }
        let is_fresh = self.volatile.is_fresh;
        // As captured: a secondary that was not restarted goes on at once, one that was says its state
        // and waits for one without the flag; a primary says its own again, unless the partner is back.
        let says_first = is_first && (self.is_primary() && partner != S::NORMAL || is_fresh);
        if says_first {
            self.say_state(false);
        }
        if flagged && is_fresh {
            return;
        }
        self.volatile.is_fresh = false;
        let reaction = reaction(self.state(), partner, self.is_primary(), is_fresh);
        if is_first && !says_first && !matches!(reaction, Enter(_)) {
            self.say_state(false);
        }
        match reaction {
            Stay => {}
            Enter(state) => self.enter(state),
            Ask => self.ask_for_updates(),
        }
    }

    /// Nobody was found: it goes on, alone.
    pub(super) fn startup_is_over(&mut self) {
        self.volatile.is_fresh = false;
        match self.image.state {
            None => self.enter(S::COMMUNICATIONS_INTERRUPTED),
            Some(state) => self.log(format!("goes on in {state} without its partner")),
        }
    }

    pub(super) fn link_lost(&mut self) {
        self.volatile.partner = None;
        self.volatile.asked = None;
        self.volatile.answering = None;
        let unanswered = std::mem::take(&mut self.volatile.unanswered);
        for (address, _) in unanswered.into_values() {
            self.enqueue(address);
        }
        self.volatile.balance_at = None;
        match self.state() {
            S::NORMAL => self.enter(S::COMMUNICATIONS_INTERRUPTED),
            S::POTENTIAL_CONFLICT => self.enter(S::RESOLUTION_INTERRUPTED),
            _ => {}
        }
    }

    pub(super) fn enter(&mut self, state: S) {
        if self.image.state == Some(state) {
            return;
        }
        self.log(format!("{} -> {state}", self.state()));
        self.volatile.startup_until = None;
        self.image.state = Some(state);
        self.image.since = self.now_s();
        self.say_state(false);
        match state {
            S::NORMAL => self.in_normal(),
            S::RECOVER => self.ask_for_updates(),
            S::POTENTIAL_CONFLICT
                if self.is_primary() || self.volatile.partner == Some(S::CONFLICT_DONE) =>
            {
                self.ask_for_updates();
            }
            _ => {}
        }
    }

    fn in_normal(&mut self) {
        self.image.is_restored = false;
        let is_new = !std::mem::replace(&mut self.image.has_worked, true);
        self.tell_news();
        if is_new && self.is_primary() {
            let all = self.config.scopes.iter().map(|scope| scope.id).collect();
            self.ask_for_scopes(all);
        }
        self.volatile.balance_at = self.is_primary().then_some(self.now);
    }

    /// win-8.
    pub(super) fn ask_for_scopes(&mut self, scope_ids: Vec<Ipv4Addr>) {
        if self.volatile.asked.is_none() {
            let xid = self.say(Message::UpdReq(UpdReq { scope_ids }));
            self.volatile.asked = Some(xid);
        }
    }

    fn ask_for_updates(&mut self) {
        if self.volatile.asked.is_some() || !self.is_connected() {
            return;
        }
        // win-16.
        let xid = self.say(match self.image.is_restored {
            true => Message::UpdReqAll,
            false => Message::UpdReq(UpdReq::default()),
        });
        self.volatile.asked = Some(xid);
    }

    pub(super) fn updates_done(&mut self, xid: u32) {
        if self.volatile.asked.take_if(|asked| *asked == xid).is_none() {
            return;
        }
        match self.state() {
            // win-15.
            S::RECOVER if !self.image.has_worked && !self.image.is_restored => {
                self.enter(S::RECOVER_DONE);
            }
            S::RECOVER => self.enter(S::RECOVER_WAIT),
            S::POTENTIAL_CONFLICT if self.is_primary() => self.enter(S::CONFLICT_DONE),
            S::POTENTIAL_CONFLICT => self.enter(S::NORMAL),
            S::NORMAL if self.is_primary() => {
                // As captured: the addresses of new scopes are handed over now.
                self.volatile.balance_at = Some(self.now);
            }
            _ => {}
        }
    }

    /// RECOVER-WAIT ends, connected or not.
    pub(super) fn wait_may_be_over(&mut self) {
        if self.state() == S::RECOVER_WAIT && self.volatile.wait_until <= self.now {
            self.enter(S::RECOVER_DONE);
            if let Some(partner) = self.volatile.partner {
                let heard = State {
                    server_state: partner,
                    server_flags: ServerFlags::NONE,
                    start_time_of_state: 0,
                };
                self.partner_state(heard);
            }
        }
    }

    pub(super) fn say_state(&mut self, flagged: bool) {
        // As captured: a primary that was restarted does not know since when.
        let since = if self.volatile.is_fresh && self.is_primary() { 0 } else { self.image.since };
        self.say(Message::State(State {
            server_state: self.state(),
            server_flags: if flagged { ServerFlags::STARTUP } else { ServerFlags::NONE },
            start_time_of_state: super::wire(since),
        }));
    }
}
