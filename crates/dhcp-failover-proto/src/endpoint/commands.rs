//! What operators order, and what happens by itself instead (draft-12 §9.4, §9.13, §9.14, §10).

use super::{Endpoint, ms};
use crate::timer::Timer;
use crate::{Cause, Command, CommandError, Event, Outcome, Reason, State, rule_for};

impl Command {
    const fn cause(self) -> Cause {
        match self {
            Self::PartnerDown => Cause::PartnerDownCommand,
            Self::Pause => Cause::PauseCommand,
            Self::Shutdown => Cause::ShutdownCommand,
        }
    }
}

impl Endpoint {
    /// Whether a command would be carried out now.
    ///
    /// # Errors
    /// Why not.
    pub fn permits(&self, command: Command) -> Result<(), CommandError> {
        // In STARTUP, the state before decides.
        let state = match (self.state, command) {
            (State::Startup, Command::PartnerDown) => self.record.state,
            (state, _) => state,
        };
        let rule = rule_for(self.config.role, state, command.cause());
        match rule.outcome {
            Outcome::Refused => {
                Err(CommandError::NotInState { command, state, because: rule.because })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        if let Err(error) = self.permits(command) {
            return self.event(Event::CommandRefused(error));
        }
        let because = rule_for(self.config.role, self.state, command.cause()).because;
        match command {
            Command::PartnerDown => self.partner_down(true, because),
            Command::Pause => {
                self.leave(State::Paused, because);
                self.close_link("paused by an operator");
            }
            Command::Shutdown => self.leave(State::Shutdown, because),
        }
    }

    /// `ordered` by an operator, or a consequence of the configuration.
    pub(super) fn partner_down(&mut self, ordered: bool, because: Reason) {
        let starting = self.state == State::Startup;
        let from = if starting { self.record.state } else { self.state };
        match rule_for(self.config.role, from, Cause::PartnerDownCommand).outcome {
            Outcome::Enter(state) => {
                // On record before the state is, so that one write holds both.
                self.record.partner_down_ordered = ordered;
                self.enter(state, because);
            }
            Outcome::Stay if starting => self.enter(from, because),
            _ => {}
        }
        if self.state == State::PartnerDown && self.record.partner_returned {
            // It came back for a while, and is gone again: the waits begin anew.
            self.record.partner_returned = false;
            self.record.partner_down_ordered = ordered;
            self.record.state_since = self.lease_now;
            self.epoch = self.epoch.saturating_add(1);
            self.state_ticket = self.persist_record();
            self.send_state();
        }
        self.settle();
    }

    /// PAUSED and SHUTDOWN are announced, not remembered: the state before is resumed (§9.13.1).
    fn leave(&mut self, to: State, because: Reason) {
        let from = self.state;
        self.event(Event::State { from, to, because });
        self.state = to;
        self.epoch = self.epoch.saturating_add(1);
        self.state_ticket = self.persist_record();
        self.timers.stop(Timer::Dial);
        if self.has_sent_state() {
            self.send_state();
        }
    }

    pub(super) fn start_safe_period(&mut self) {
        if let Some(safe_period) = self.config.safe_period {
            self.timers.set(Timer::SafePeriod, self.now.plus_ms(ms(safe_period)));
        }
    }

    pub(super) fn safe_period_over(&mut self) {
        if self.partner_is_skewed() {
            return self.start_safe_period(); // it is up, only its clock is wrong (§5.10)
        }
        let rule = rule_for(self.config.role, self.state, Cause::SafePeriodOver);
        match rule.outcome {
            Outcome::Enter(state) => self.enter(state, rule.because),
            Outcome::Stay if self.partner.is_none() => self.partner_down(false, rule.because),
            _ => {}
        }
    }
}
