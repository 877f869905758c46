//! What operators order, and what happens by itself instead (draft-12 §9.4, §9.13, §9.14, §10).

use super::{Endpoint, ms};
use crate::timer::Timer;
use crate::{Cause, Command, CommandError, Event, Outcome, Reason, State, rule_for};
use dhcp_failover_wire::Dialect;

/// On whose word the partner counts as down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// The configuration says so, or the safe period is over.
    Nobodys,
    /// An operator's.
    Given,
    /// An operator's who knows more than this server can.
    VouchedFor,
}

impl Command {
    const fn cause(self) -> Cause {
        match self {
            Self::PartnerDown | Self::ForcePartnerDown => Cause::PartnerDownCommand,
            Self::Recover => Cause::RecoverCommand,
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
            (State::Startup, Command::Pause | Command::Shutdown) => self.state,
            (State::Startup, _) => self.record.state,
            (state, _) => state,
        };
        let rule = rule_for(self.config.role, state, command.cause());
        match rule.outcome {
            Outcome::Refused => {
                Err(CommandError::NotInState { command, state, because: rule.because })
            }
            _ => match self.working_partner().filter(|_| command == Command::PartnerDown) {
                Some(partner) => Err(CommandError::PartnerIsHeard { partner }),
                None => Ok(()),
            },
        }
    }

    /// The state of a partner that is connected and has not said that it is of no use for now.
    fn working_partner(&self) -> Option<State> {
        let partner = self.partner.filter(|_| self.is_connected())?.state;
        let absent = matches!(
            partner,
            State::Paused | State::Shutdown | State::Recover | State::RecoverWait
        );
        (!absent).then_some(partner)
    }

    pub(super) fn command(&mut self, command: Command) {
        if let Err(error) = self.permits(command) {
            return self.event(Event::CommandRefused(error));
        }
        let because = rule_for(self.config.role, self.state, command.cause()).because;
        match command {
            Command::PartnerDown => self.partner_down(Order::Given, because),
            Command::ForcePartnerDown => self.partner_down(Order::VouchedFor, because),
            Command::Recover => self.recover(because),
            Command::Pause => {
                self.leave(State::Paused, because);
                self.close_link("paused by an operator");
            }
            Command::Shutdown => {
                self.leave(State::Shutdown, because);
                if !self.partner_knows_leaving() {
                    self.close_link("shut down by an operator");
                }
            }
        }
    }

    pub(super) fn partner_down(&mut self, order: Order, because: Reason) {
        let starting = self.state == State::Startup;
        let from = if starting { self.record.state } else { self.state };
        let was_alone = order != Order::VouchedFor && self.partner_may_have_been_alone(from);
        let outcome = rule_for(self.config.role, from, Cause::PartnerDownCommand).outcome;
        if outcome == Outcome::Refused {
            return self.settle();
        }
        // It came back for a while, or this server was away: it may have been at work meanwhile.
        let again = from == State::PartnerDown
            && (self.record.partner_returned || starting && order != Order::VouchedFor);
        if from != State::PartnerDown || again {
            self.record.partner_down_ordered = order != Order::Nobodys;
        }
        // On record before the state is, so that one write holds both.
        self.record.partner_was_alone |= was_alone;
        self.record.partner_was_alone &= order != Order::VouchedFor;
        self.enter(State::PartnerDown, because);
        if again {
            // The waits begin anew.
            self.record.partner_returned = false;
            self.record.state_since = self.lease_now;
            self.epoch = self.epoch.saturating_add(1);
            self.state_ticket = self.persist_record();
            if self.has_sent_state() {
                self.send_state();
            }
        }
        self.settle();
    }

    /// Whether the partner, now down, may have been alone for so long while this server did not
    /// serve that it has leased this server's own addresses, too (§9.4.2, H4).
    pub(super) fn partner_may_have_been_alone(&self, from: State) -> bool {
        match from {
            _ if !self.record.ran_failover => false,
            State::Recover => true,
            // Until it has heard of RECOVER-DONE a partner in PARTNER-DOWN goes on with it.
            State::RecoverDone => self.partner_may_be_alone(),
            _ => self.state == State::Startup && self.partner_may_have_taken_over(),
        }
    }

    /// Everything is fetched as by a server without its data. What this server has still counts, so
    /// that what only it knows is not lost; RECOVER-WAIT is counted from its last service.
    fn recover(&mut self, because: Reason) {
        if !self.record.storage_lost {
            // Without its storage it does not know: the wait is counted when it begins.
            let last_served_ends = self.record.alive_until + self.record.mclt.for_waits();
            self.record.recover_until = self.record.recover_until.max(last_served_ends);
        }
        self.record.storage_lost = true;
        self.give_up_request();
        if self.state == State::Recover {
            self.persist_record();
        } else {
            self.enter(State::Recover, because);
        }
        self.settle();
    }

    /// PAUSED and SHUTDOWN are announced, not remembered: the state before is resumed (§9.13.1).
    fn leave(&mut self, to: State, because: Reason) {
        let from = self.state;
        self.event(Event::State { from, to, because });
        self.state = to;
        self.epoch = self.epoch.saturating_add(1);
        let is_told = self.has_sent_state() && self.partner_knows_leaving();
        // The partner takes over when it hears of that (§9.14), but this server may not hear so before
        // it is started again: then it must not go on being alone (S3).
        self.record.partner_returned |=
            is_told && to == State::Shutdown && self.record.state == State::PartnerDown;
        self.state_ticket = self.persist_record();
        self.timers.stop(Timer::Dial);
        self.updates.interlock = None; // not even into NORMAL (§9.14.3)
        if is_told {
            self.send_state();
        }
    }

    /// Windows does not use PAUSED and SHUTDOWN: when it stops it closes the connection, and so does
    /// a server that leaves it ([MS-DHCPF]).
    fn partner_knows_leaving(&self) -> bool {
        self.link.as_ref().is_none_or(|link| !matches!(link.dialect, Dialect::Microsoft(_)))
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
            Outcome::Stay if self.partner.is_none() => {
                self.partner_down(Order::Nobodys, rule.because);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::PartnerState;
    use crate::endpoint::link::{Link, Phase};
    use crate::{BindingTable, EndpointConfig, Input, LinkId, LinkSide, Monotonic, Output};
    use alloc::vec::Vec;
    use dhcp_failover_lease::{LeaseInstant, Role};
    use dhcp_failover_wire::{Message, decode};

    /// The states it tells a partner to whom it speaks like this, and whether it closes the
    /// connection.
    fn says(command: Command, dialect: Dialect) -> (Vec<Option<State>>, bool) {
        let config = EndpointConfig::new("pair", Role::Primary, [192, 0, 2, 1].into());
        let mut endpoint = Endpoint::new(config, None, Monotonic::from_ms(0), LeaseInstant::ZERO);
        let established = Phase::Established;
        let mut link = Link::new(LinkId(1), LinkSide::Dialed, established, dialect, endpoint.now);
        (link.max_unacked, link.partner_receive_ms) = (100, 60_000);
        endpoint.link = Some(link);
        endpoint.partner = Some(PartnerState { state: State::Normal, startup: false, since: 0 });
        endpoint.state = State::Normal;
        endpoint.record.state = State::Normal;
        let (mut said, mut closed) = (Vec::new(), false);
        let mut input = Some(Input::Command(command));
        while let Some(now) = input.take() {
            endpoint.handle(endpoint.now, now, &BindingTable::new());
            loop {
                match endpoint.poll_output() {
                    Output::Wait(_) => break,
                    Output::Persist { ticket, .. } => input = Some(Input::Persisted(ticket)),
                    Output::Close { .. } => closed = true,
                    Output::Transmit { bytes, .. } => {
                        if let Message::State(state) = decode(&bytes, dialect).unwrap().message {
                            said.push(State::from_wire(state.server_state));
                        }
                    }
                    _ => {}
                }
            }
        }
        (said, closed)
    }

    /// §9.13, §9.14, [MS-DHCPF]: the draft's partners hear it; Windows only sees the connection end.
    #[test]
    fn windows_is_told_of_neither_pause_nor_shutdown() {
        for (command, state) in
            [(Command::Pause, State::Paused), (Command::Shutdown, State::Shutdown)]
        {
            for dialect in [Dialect::Draft12, Dialect::IscDhcpd] {
                assert_eq!(says(command, dialect).0, [Some(state)], "{dialect:?}");
            }
            assert_eq!(says(command, Dialect::MICROSOFT), (Vec::new(), true), "{command:?}");
        }
    }
}
