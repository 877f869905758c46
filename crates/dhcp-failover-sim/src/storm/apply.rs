//! Doing it, if that makes sense and is honest.

use super::Storm;
use super::action::Action;
use crate::{Host, Pair};
use dhcp_failover_proto::{Command, RequestClass, State};

impl Storm {
    /// Whether it was done.
    pub(super) fn apply(&mut self, action: &Action) -> bool {
        match *action {
            Action::LoseDisk { host } if self.may_lose_disk(host) => self.pair.lose_disk(host),
            Action::Order { host, command } if self.may_order(host, command) => {
                self.pair.command(host, command);
            }
            Action::Start { host } if !self.pair.is_up(host) => self.start(host),
            Action::SetClock { host, ms } => self.set_wall_clock(host, ms),
            Action::Repair => self.repair(),
            _ => return self.apply_fault(action) || self.apply_client(action),
        }
        true
    }

    /// Those that are honest whatever the pair is like.
    fn apply_fault(&mut self, action: &Action) -> bool {
        let pair = &mut self.pair;
        match *action {
            Action::Cut => pair.cut(),
            Action::CutAfter { messages } => pair.cut_after_messages(messages),
            Action::Block { from, blocked } => pair.block(from, blocked),
            Action::Partition { blocked } => pair.partition(blocked),
            Action::NetDelay { ms } => pair.set_net_delay_ms(ms),
            Action::Crash { host, survives } if pair.is_up(host) => {
                pair.crash(host, survives);
            }
            Action::CrashAfter { host, outputs, survives } if pair.is_up(host) => {
                pair.crash_after_outputs(host, outputs, survives);
            }
            Action::PowerOff { host } if pair.is_up(host) => pair.power_off(host),
            Action::Freeze { host } if pair.is_up(host) => pair.freeze(host),
            Action::Thaw { host } if pair.network.frozen[host.index()] => pair.thaw(host),
            Action::StallDisk { host, stalled } => pair.stall_disk(host, stalled),
            Action::SlowDisk { host, ms } => pair.set_disk_delay_ms(host, ms),
            _ => return false,
        }
        true
    }

    fn apply_client(&mut self, action: &Action) -> bool {
        let pair = &mut self.pair;
        let holds = |pair: &Pair, client: usize| {
            let known = client < pair.clients.len();
            if known { pair.lease_of(client) } else { None }
        };
        match *action {
            Action::Reach { client, host, reaches } if client < pair.clients.len() => {
                pair.set_reach(client, host, reaches);
                return true;
            }
            Action::Release { client } if holds(pair, client).is_some() => pair.release(client),
            Action::ReleaseAndAsk { client, host } if holds(pair, client).is_some() => {
                pair.release(client);
                pair.ask(client, RequestClass::New, &[host], None);
            }
            Action::Decline { client, for_s } if holds(pair, client).is_some() => {
                pair.decline(client, for_s);
            }
            Action::AskAgain { client, host } => {
                let Some(held) = holds(pair, client) else { return false };
                pair.ask(client, RequestClass::New, &[host], Some(held.address));
            }
            Action::Renew { client, host } => {
                let Some(held) = holds(pair, client) else { return false };
                pair.ask(client, RequestClass::Renewal, &[host], Some(held.address));
            }
            _ => return false,
        }
        true
    }

    pub(super) fn start(&mut self, host: Host) {
        // A machine that has nothing but its wall clock to go by has it right.
        if self.regime.is_honest() && !self.pair.keeps_its_clock(host) {
            self.set_wall_clock(host, 0);
        }
        self.pair.start(host);
    }

    /// So far from where it was at the beginning.
    fn set_wall_clock(&mut self, host: Host, ms: i64) {
        let before = std::mem::replace(&mut self.wall_set_ms[host.index()], ms);
        if ms != before {
            self.pair.step_clock(host, ms - before);
        }
    }

    fn repair(&mut self) {
        self.pair.partition(false);
        for host in Host::BOTH {
            self.pair.thaw(host);
            self.pair.stall_disk(host, false);
            if !self.pair.is_up(host) {
                self.start(host);
            }
        }
    }

    fn durable_state(&self, host: Host) -> Option<State> {
        self.pair.stored_state(host)
    }

    /// Honest only if the other server has everything.
    fn may_lose_disk(&self, host: Host) -> bool {
        let harmless = !self.pair.is_incomplete(host.partner())
            && !self.pair.is_incomplete(host)
            && self.durable_state(host) != Some(State::PartnerDown);
        !self.pair.is_up(host) && (harmless || !self.regime.is_honest())
    }

    fn may_order(&self, host: Host, command: Command) -> bool {
        let hears = self.pair.is_up(host) && !self.pair.network.frozen[host.index()];
        let honest = match command {
            Command::PartnerDown => self.is_truly_alone(host),
            // It is more than anybody can know.
            Command::ForcePartnerDown => false,
            _ => true,
        };
        hears && (honest || !self.regime.is_honest())
    }

    /// The partner is down, and this server knows all that it told.
    fn is_truly_alone(&self, host: Host) -> bool {
        let other = host.partner();
        self.pair.state(host) == Some(State::CommunicationsInterrupted)
            && !self.pair.is_up(other)
            && !self.pair.is_incomplete(host)
            && self.durable_state(other) != Some(State::PartnerDown)
    }
}
