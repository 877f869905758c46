//! State changes: when they happen, and what they bring (draft-12 §9).

use super::Endpoint;
use super::link::Phase;
use crate::timer::Timer;
use crate::{Cause, Event, Outcome, Service, StartupPolicy, State, next_state};
use alloc::string::String;
use dhcp_failover_lease::{LeaseInstant, Role};
use dhcp_failover_wire::{Message, ServerFlags, State as StateMessage};

use super::to_wire;

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
    fn has_sent_state(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.phase == Phase::Established)
    }

    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.state, State::Paused | State::Shutdown)
    }

    /// Previous states in which contact was okay become what losing contact makes of them
    /// (§9.3.2 step 2).
    pub(super) fn resume_previous_state(&mut self) {
        let previous = self.record.state;
        if let Outcome::Enter(state) =
            next_state(self.config.role, previous, Cause::CommunicationsFailed)
        {
            self.record.state = state;
        }
        if previous == State::ConflictDone && !self.is_primary() {
            // It was primary then; only the primary has this state (§9.12.1).
            self.record.state = State::ResolutionInterrupted;
        }
    }

    pub(super) fn send_state(&mut self) {
        let startup = self.state == State::Startup;
        let reported = match self.state {
            State::Startup => self.record.state,
            state => state,
        };
        self.send_new(Message::State(StateMessage {
            server_state: reported.to_wire(),
            server_flags: if startup { ServerFlags::STARTUP } else { ServerFlags::NONE },
            start_time_of_state: to_wire(self.record.state_since),
        }));
    }

    /// The partner's STATE arrived.
    pub(super) fn on_partner_state(&mut self) {
        let Some(partner) = self.partner else { return };
        if self.state == State::Startup {
            let resumed = self.state_after_startup();
            self.enter(resumed);
        }
        if !matches!(partner.state, State::RecoverDone | State::Normal) {
            self.interlock = None; // it left again before everything was acknowledged
        }
        if self.state == State::Shutdown && partner.state == State::PartnerDown {
            // §9.14.2: the partner took over; what we remember will be old.
            self.record.state = State::Recover;
            self.persist_record();
        }
        self.settle();
    }

    /// Lets the table answer the partner's state until it has nothing more to say.
    ///
    /// While the partner is in STARTUP it will soon say what it makes of our state; nothing is
    /// decided before (§9.4.3 has this for PARTNER-DOWN; it is right everywhere).
    pub(super) fn settle(&mut self) {
        if self.state == State::PartnerDown && self.record.storage_lost && self.is_connected() {
            // Put to work without its data, it has as much to learn as the partner that returns.
            self.request_updates();
        }
        for _ in 0..LONGEST_CHAIN {
            let Some(partner) = self.partner.filter(|_| self.is_connected()) else { return };
            match next_state(self.config.role, self.state, Cause::Partner(partner.state)) {
                Outcome::Enter(State::Normal) if self.state == State::PartnerDown => {
                    return self.begin_interlock();
                }
                // A server without its data has promised leases that nobody can tell it of: even
                // into a conflict it goes through RECOVER-WAIT (§9.6.2).
                Outcome::Enter(State::PotentialConflict)
                    if self.state == State::Recover && self.record.storage_lost =>
                {
                    return self.request_updates();
                }
                Outcome::Enter(state) => self.enter(state),
                Outcome::RequestUpdates => return self.request_updates(),
                Outcome::Stay | Outcome::Refused => return,
            }
        }
    }

    /// §9.3.2 step 5, H5: what the previous state becomes now that the partner is heard.
    fn state_after_startup(&self) -> State {
        let previous = self.record.state;
        let (Some(partner), Some(skew)) =
            (self.partner, self.link.as_ref().and_then(|link| link.skew))
        else {
            return previous;
        };
        let served_before = Service::of(previous) == Service::Everybody;
        if served_before && self.record.pools_digest != self.config.pools_digest {
            // Of addresses that came new into this relationship neither knows what the other did
            // with them: they compare before they serve (S15).
            return State::PotentialConflict;
        }
        // A partner that was alone when we were alone too has as much to learn from us.
        if partner.state != State::PartnerDown || !served_before || previous == State::PartnerDown {
            return previous;
        }
        // A conflict only if this server certainly served after that (H5). In doubt RECOVER, which
        // serves nobody before everything is exchanged and waited for; a conflict that is
        // interrupted would (§9.11.2), beside a partner that has taken over every address.
        let (_, entered) = skew.interval(partner.since, self.lease_now);
        let last_alive = self.record.alive_until.saturating_sub(super::ALIVE_HORIZON);
        if entered < last_alive { State::PotentialConflict } else { State::Recover }
    }

    pub(super) fn enter(&mut self, to: State) {
        let from = self.state;
        if from == to {
            return;
        }
        self.event(Event::State { from, to });
        self.state = to;
        self.epoch = self.epoch.saturating_add(1);
        if !matches!(from, State::Startup) || self.record.state != to {
            self.record.state_since = self.lease_now;
        }
        self.record.state = to;
        self.record.partner_returned &= to == State::PartnerDown;
        self.timers.stop(Timer::Startup);
        self.timers.stop(Timer::SafePeriod);
        self.interlock = None;
        self.on_entry(to);
        self.state_ticket = self.persist_record();
        if self.has_sent_state() {
            self.send_state();
        }
    }

    /// What a state brings, before it is stored and told.
    fn on_entry(&mut self, to: State) {
        match to {
            State::Normal => {
                self.record.ran_failover = true;
                // The partner has told all it knows, or neither had anything to tell.
                self.record.storage_lost = false;
                self.record.pools_digest = self.config.pools_digest;
                self.mclt_is_agreed();
                self.reopen_disputes();
                self.timers.set(Timer::Pools, self.now);
            }
            State::CommunicationsInterrupted => {
                self.start_safe_period();
            }
            State::PartnerDown => self.record.ran_failover = true,
            State::RecoverWait => self.begin_recover_wait(),
            _ => {}
        }
    }

    /// §9.6.2: waits the MCLT from when this server can last have served, which is its last stamp,
    /// or, if that is lost, its start. Never from when contact was lost.
    fn begin_recover_wait(&mut self) {
        let partner_is_new =
            self.link.as_ref().and_then(|link| link.partner_ran_failover) == Some(false);
        let resumed = self.record.recover_until > LeaseInstant::ZERO;
        if !resumed {
            self.record.recover_until = if !self.record.ran_failover && partner_is_new {
                // Neither ever served in this relationship: nothing to wait for.
                self.lease_now
            } else if self.record.storage_lost {
                let (_, started) = self.origin;
                started + self.record.mclt_for_waits
            } else {
                self.record.alive_until + self.record.mclt_for_waits
            };
        }
        self.record.storage_lost = false;
        let wait = self.record.recover_until - self.lease_now;
        // A second more: the clocks count whole ones.
        let pause = if wait.as_s() == 0 { 0 } else { super::ms(wait).saturating_add(1_000) };
        self.timers.set(Timer::RecoverWait, self.now.plus_ms(pause));
    }

    pub(super) fn recover_wait_over(&mut self) {
        if let Outcome::Enter(state) = next_state(self.config.role, self.state, Cause::WaitOver) {
            self.record.recover_until = LeaseInstant::ZERO;
            self.enter(state);
            self.settle();
        }
    }

    pub(super) fn startup_over(&mut self) {
        if self.state != State::Startup {
            return;
        }
        let previous = self.record.state;
        match self.config.startup_policy {
            StartupPolicy::PartnerDown => self.partner_down(),
            StartupPolicy::Resume => self.enter(previous),
            // Serving nobody, it may as well say what it is waiting for.
            StartupPolicy::Wait if Service::of(previous) == Service::Nobody => self.enter(previous),
            StartupPolicy::Wait => {}
        }
    }

    fn start_safe_period(&mut self) {
        if let Some(safe_period) = self.config.safe_period {
            self.timers.set(Timer::SafePeriod, self.now.plus_ms(super::ms(safe_period)));
        }
    }

    pub(super) fn safe_period_over(&mut self) {
        if self.state == State::PartnerDown && self.partner.is_none() {
            return self.partner_down();
        }
        if let Outcome::Enter(state) =
            next_state(self.config.role, self.state, Cause::SafePeriodOver)
        {
            self.enter(state);
        }
    }

    pub(super) fn partner_down(&mut self) {
        let starting = self.state == State::Startup;
        let from = if starting { self.record.state } else { self.state };
        match next_state(self.config.role, from, Cause::PartnerDownCommand) {
            Outcome::Enter(state) => self.enter(state),
            Outcome::Stay if starting => self.enter(from),
            _ => {}
        }
        if self.state == State::PartnerDown && self.record.partner_returned {
            // It came back for a while, and is gone again: the waits begin anew.
            self.record.partner_returned = false;
            self.record.state_since = self.lease_now;
            self.epoch = self.epoch.saturating_add(1);
            self.state_ticket = self.persist_record();
            self.send_state();
        }
        self.settle();
    }

    /// PAUSED and SHUTDOWN are announced, not remembered: the state before is resumed (§9.13.1).
    pub(super) fn leave(&mut self, to: State) {
        let from = self.state;
        self.event(Event::State { from, to });
        self.state = to;
        self.epoch = self.epoch.saturating_add(1);
        self.state_ticket = self.persist_record();
        self.timers.stop(Timer::Dial);
        if self.has_sent_state() {
            self.send_state();
        }
    }

    /// Contact with the partner is lost.
    pub(super) fn communications_failed(&mut self, reason: String) {
        if self.partner.take().is_some() {
            self.event(Event::Disconnected { reason });
        }
        self.updates.link_lost();
        self.request = None;
        self.answer = None;
        self.interlock = None;
        self.pools = None;
        if self.state == State::PartnerDown && self.record.partner_returned {
            // It came and went: as without contact, until the operator or the safe period says
            // again that it is down (L5).
            self.start_safe_period();
        }
        if let Outcome::Enter(state) =
            next_state(self.config.role, self.state, Cause::CommunicationsFailed)
        {
            self.enter(state);
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
        if self.interlock.is_none() {
            self.reopen_disputes();
            self.interlock = Some(self.barrier());
        }
    }

    pub(super) fn finish_interlock(&mut self) {
        let scanning = self.updates.is_scanning();
        let complete = !self.record.storage_lost;
        if complete && self.interlock.as_ref().is_some_and(|left| left.is_over(scanning)) {
            self.interlock = None;
            self.enter(State::Normal);
            self.settle();
        }
    }

    pub(super) const fn is_primary(&self) -> bool {
        matches!(self.config.role, Role::Primary)
    }
}
