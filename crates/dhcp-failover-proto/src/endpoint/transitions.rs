//! State changes: when they happen, and what they bring (draft-12 §9).

use super::Endpoint;
use super::dhcpd::NOT_ASKED;
use super::link::Phase;
use crate::timer::Timer;
use crate::{Cause, Event, Outcome, Reason, Service, State, rule_for};
use alloc::string::String;
use dhcp_failover_lease::{LeaseInstant, Mutant};
use dhcp_failover_wire::{Message, ServerFlags, State as StateMessage};

const ALL_ACKNOWLEDGED: Reason =
    Reason::new("9.4.3", "the partner has recovered and acknowledged everything that changed");

/// No chain of transitions is longer than this.
const LONGEST_CHAIN: usize = 8;

impl Endpoint {
    /// Whether messages about bindings may flow: the partner's STATE is here and it has left
    /// STARTUP (§8.3).
    pub(super) fn is_connected(&self) -> bool {
        self.link.is_some() && self.partner.is_some_and(|partner| !partner.startup)
    }

    /// Whether the partner was told a state on this link, and so must be told of every change,
    /// whether its own STATE is here yet or not.
    pub(super) fn has_sent_state(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.phase == Phase::Established)
    }

    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.state, State::Paused | State::Shutdown)
    }

    pub(super) fn send_state(&mut self) {
        if self.lets_dhcpd_speak_first() {
            return;
        }
        let startup = self.state == State::Startup;
        let reported = match self.state {
            State::Startup => self.record.state,
            state => state,
        };
        let reported = self.bearable(reported);
        self.send_new(Message::State(StateMessage {
            server_state: reported.to_wire(),
            server_flags: if startup { ServerFlags::STARTUP } else { ServerFlags::NONE },
            start_time_of_state: self.record.state_since.as_wire_s(),
        }));
    }

    /// The partner's STATE arrived.
    pub(super) fn on_partner_state(&mut self) {
        let Some(partner) = self.partner else { return };
        if self.state == State::Startup {
            self.leave_startup();
        }
        self.rouse();
        if !matches!(partner.state, State::RecoverDone | State::Normal) {
            self.updates.interlock = None; // it left again before everything was acknowledged
        }
        self.settle();
    }

    /// Lets the table answer the partner's state until it has nothing more to say.
    ///
    /// While the partner is in STARTUP it will soon say what it makes of our state; nothing is
    /// decided before (§9.4.3 has this for PARTNER-DOWN; it is right everywhere).
    pub(super) fn settle(&mut self) {
        for step in 0..LONGEST_CHAIN {
            let Some(partner) = self.partner.filter(|_| self.is_connected()) else { return };
            let rule = rule_for(self.config.role, self.state, Cause::Partner(partner.state));
            match rule.outcome {
                Outcome::Enter(State::Normal) if self.state == State::PartnerDown => {
                    self.catch_up();
                    return self.begin_interlock();
                }
                // A server without its data has promised leases that nobody can tell it of: even
                // into a conflict it goes through RECOVER-WAIT (§9.6.2).
                Outcome::Enter(State::PotentialConflict)
                    if self.state == State::Recover && self.record.storage_lost =>
                {
                    return self.request_updates();
                }
                Outcome::Enter(state) => self.enter(state, rule.because),
                Outcome::RequestUpdates
                    if Mutant::ConflictDoneOnTransition.is_on()
                        && step > 0
                        && partner.state == State::ConflictDone =>
                {
                    return;
                }
                Outcome::RequestUpdates => return self.request_updates(),
                Outcome::RecoverNextTime => return self.recover_next_time(),
                Outcome::Stay | Outcome::Resume | Outcome::Refused => {
                    if !self.was_not_asked(partner.state) {
                        return self.catch_up();
                    }
                    self.enter(State::Recover, NOT_ASKED);
                }
            }
        }
    }

    /// Put to work without its data, a server in PARTNER-DOWN has as much to learn as the partner
    /// that returns. Not before it is clear that it stays: in a conflict the primary asks first
    /// (§9.10.1).
    fn catch_up(&mut self) {
        if self.state == State::PartnerDown && self.record.storage_lost {
            self.request_updates();
        }
    }

    /// §9.14.2: the partner took over; what this server remembers will be old when it returns.
    fn recover_next_time(&mut self) {
        if self.record.state != State::Recover {
            self.record.state = State::Recover;
            self.persist_record();
        }
    }

    pub(super) fn enter(&mut self, to: State, because: Reason) {
        let from = self.state;
        if from == to {
            return;
        }
        self.event(Event::State { from, to, because });
        self.record.partner_was_alone = self.was_partner_alone(to);
        self.state = to;
        self.epoch = self.epoch.saturating_add(1);
        if !matches!(from, State::Startup) || self.record.state != to {
            self.record.state_since = self.lease_now;
        }
        if !Mutant::StateNotPersisted.is_on() {
            self.record.state = to;
        }
        if !matches!(to, State::Recover | State::RecoverWait) {
            // Of a wait that was not waited for, nothing is left for the next one (§9.6.2).
            self.record.recover_until = LeaseInstant::ZERO;
        }
        self.record.partner_returned &= to == State::PartnerDown;
        self.record.partner_down_ordered &= to == State::PartnerDown;
        self.timers.stop(Timer::Startup);
        self.timers.stop(Timer::SafePeriod);
        self.updates.interlock = None;
        self.on_entry(to);
        self.state_ticket = self.persist_record();
        if self.has_sent_state() {
            self.send_state();
        }
    }

    /// Whether in the state that is entered nothing is known yet of what a partner that was alone gave
    /// away while this server did not serve: until both have compared, or the waits of PARTNER-DOWN are
    /// over (S1).
    fn was_partner_alone(&self, to: State) -> bool {
        let was_alone = self.record.partner_was_alone;
        match (self.state, to) {
            (_, State::PartnerDown | State::ResolutionInterrupted) => was_alone,
            // Alone as well, and for long enough it knows better than anybody.
            (State::PartnerDown, State::PotentialConflict) => {
                was_alone && !self.view().allocator(self.lease_now).partner_is_over()
            }
            (_, State::PotentialConflict) => {
                let from =
                    if self.state == State::Startup { self.record.state } else { self.state };
                // It was to fetch what a partner that was alone did, and has not, or not all of it.
                let recovers = matches!(from, State::Recover | State::RecoverDone);
                let is_alone = self.partner.is_some_and(|it| it.state == State::PartnerDown);
                was_alone || recovers || is_alone
            }
            (State::Startup, State::Recover) => was_alone || self.partner_may_have_forgotten(),
            (_, State::Recover | State::RecoverWait | State::RecoverDone) => was_alone,
            _ => false,
        }
    }

    /// What a state brings, before it is stored and told.
    fn on_entry(&mut self, to: State) {
        match to {
            State::Normal => {
                self.record.ran_failover = true;
                // The partner has told all it knows, or neither had anything to tell.
                self.record.storage_lost = false;
                self.record.old_store = false;
                self.record.pools_digest = self.config.pools_digest;
                self.mclt_is_agreed();
                self.reopen_disputes();
                self.pools.begin();
            }
            State::CommunicationsInterrupted => {
                self.start_safe_period();
            }
            // The partner goes to NORMAL when it hears of RECOVER-DONE, and serves, whether this
            // server comes so far or not (S1).
            State::PartnerDown | State::RecoverDone => self.record.ran_failover = true,
            State::RecoverWait => self.begin_recover_wait(),
            _ => {}
        }
        if Service::of(to) != Service::Nobody {
            self.timers.set(Timer::Pools, self.now);
        }
    }

    /// Contact with the partner is lost.
    pub(super) fn communications_failed(&mut self, reason: String) {
        if self.partner.take().is_some() {
            self.event(Event::Disconnected { reason });
        }
        self.stats.dropped(self.updates.under_way());
        self.updates.link_lost();
        self.request = None;
        self.pools.link_lost();
        if self.state == State::PartnerDown && self.record.partner_returned {
            // It came and went: as without contact, until the operator or the safe period says
            // again that it is down (L5).
            self.start_safe_period();
        }
        let rule = rule_for(self.config.role, self.state, Cause::CommunicationsFailed);
        if let Outcome::Enter(state) = rule.outcome {
            self.enter(state, rule.because);
        }
    }

    /// The partner of a server in PARTNER-DOWN has recovered (§9.4.3). From now on it renews
    /// leases, so this server takes no more liberties; it says NORMAL once the partner has
    /// acknowledged everything that changed meanwhile (H21).
    fn begin_interlock(&mut self) {
        if !self.record.partner_returned {
            self.record.partner_returned = true;
            self.epoch = self.epoch.saturating_add(1);
            self.persist_record();
        }
        if self.updates.interlock.is_none() {
            self.reopen_disputes();
            self.updates.begin_interlock();
        }
    }

    pub(super) fn finish_interlock(&mut self) {
        let complete = !self.record.storage_lost;
        if complete && self.updates.interlock_is_over() {
            self.updates.interlock = None;
            self.enter(State::Normal, ALL_ACKNOWLEDGED);
            self.settle();
        }
    }
}
