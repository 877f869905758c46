//! Doing it, if that makes sense and is honest.

use super::Storm;
use super::Stray;
use super::action::Action;
use crate::{Host, Pair, Survives};
use dhcp_failover_proto::{Command, Event, RequestClass, State};

impl Storm {
    /// Whether it was done.
    pub(super) fn apply(&mut self, action: &Action) -> bool {
        if self.pair.foreigner().is_some() && super::dialect::is_not_for_other(action) {
            return false;
        }
        match *action {
            Action::LoseDisk { host } if self.may_lose_disk(host) => self.pair.lose_disk(host),
            Action::Order { host, command } if self.may_order(host, command) => {
                self.pair.command(host, command);
            }
            Action::CallDown { host } if self.may_call_down(host) => {
                self.pair.command(host, Command::PartnerDown);
            }
            Action::Start { host } if !self.pair.is_up(host) => self.start(host),
            Action::Restarts { host, times, every_ms, survives } if self.pair.is_up(host) => {
                self.restart(host, times, every_ms, survives);
            }
            // A server that then loses its store, and with that the clock it had gone on, is kept out by
            // the secret until the time comes that it once had: what the operator is told to mend
            // the storm cannot.
            Action::SetClock { .. }
                if !self.regime.is_honest() && self.pair.setup.secrets[0].is_some() =>
            {
                return false;
            }
            Action::SetClock { host, ms } => self.set_wall_clock(host, ms),
            Action::CopyDisk { host } => {
                self.copies[host.index()] = Some((self.pair.copy_disk(host), self.pair.now));
            }
            Action::RestoreDisk { host } => return self.restore_disk(host),
            Action::StrayConnection { by, says } => return self.stray(by, says),
            // What was in a pool that only one server has, when the other loses its data, nobody
            // can tell any more.
            Action::AddPool { .. } | Action::RemovePool { .. } if !self.regime.is_honest() => {
                return false;
            }
            Action::Configure { .. } | Action::AddPool { .. } | Action::RemovePool { .. } => {
                return self.change(action);
            }
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
            Action::ResetAfter { from, bytes } => pair.reset_after_bytes(from, bytes),
            Action::HalfOpen { host } => pair.half_open(host),
            Action::ShortReads { longest } => pair.set_longest_read(longest),
            Action::FailDisk { host, failure } => pair.fail_disk(host, Some(failure)),
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
            Action::Reboot { client } if client < pair.clients.len() => pair.reboot(client),
            Action::Avalanche => {
                for client in 0..pair.clients.len() {
                    pair.reboot(client);
                }
            }
            Action::AskTwice { client, host } if client < pair.clients.len() => {
                let wanted = pair.lease_of(client).map(|held| held.address);
                for _ in 0..2 {
                    pair.ask(client, RequestClass::New, &[host], wanted);
                }
            }
            Action::AskBoth { client, first } => {
                let Some(held) = holds(pair, client) else { return false };
                for host in [first, first.partner()] {
                    pair.ask(client, RequestClass::Renewal, &[host], Some(held.address));
                }
            }
            Action::AskSwapped { client, host, secs } if client < pair.clients.len() => {
                let class = RequestClass::New;
                pair.ask_with_secs(client, class, &[host], None, secs.swap_bytes());
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

    fn restart(&mut self, host: Host, times: u32, every_ms: u64, survives: Survives) {
        for _ in 0..times {
            self.pair.crash(host, survives);
            self.pair.run_ms(every_ms);
            if !self.pair.is_up(host) {
                self.start(host);
            }
            self.pair.run_ms(every_ms);
        }
    }

    /// So far from where it was at the beginning.
    fn set_wall_clock(&mut self, host: Host, ms: i64) {
        let before = std::mem::replace(&mut self.wall_set_ms[host.index()], ms);
        if ms != before {
            self.pair.step_clock(host, ms - before);
        }
    }

    pub(super) fn repair(&mut self) {
        self.pair.partition(false);
        self.pair.set_longest_read(None);
        for (by, link) in std::mem::take(&mut self.strays) {
            self.pair.close_at(by, link);
        }
        for host in Host::BOTH {
            self.pair.thaw(host);
            self.pair.stall_disk(host, false);
            self.pair.fail_disk(host, None);
            if matches!(self.pair.state(host), Some(State::Paused | State::Shutdown)) {
                self.pair.crash(host, Survives::Everything);
            }
            if !self.pair.is_up(host) {
                self.start(host);
            }
        }
    }

    fn durable_state(&self, host: Host) -> Option<State> {
        self.pair.stored_state(host)
    }

    /// Honest only if the other server has everything, or at least knows for how long what it has not may
    /// last: that of one that was alone and lost its disk lasts the MCLT, unless it gave leases without limit.
    fn may_lose_disk(&self, host: Host) -> bool {
        let harmless = !self.pair.is_incomplete(host.partner())
            && !self.pair.is_incomplete(host)
            && (self.durable_state(host) != Some(State::PartnerDown)
                || !self.pair.setup.unlimited_in_partner_down)
            && self.pools_are_alike();
        !self.pair.is_up(host) && (harmless || !self.regime.is_honest())
    }

    /// Not honest, for a young copy cannot be told from the truth. Otherwise only if this server's
    /// partner can tell: it was told of a newer copy when they connected since,
    /// and has everything.
    fn restore_disk(&mut self, host: Host) -> bool {
        let Some((copy, made_ms)) = self.copies[host.index()].clone() else { return false };
        let connected = |event: &Event| matches!(event, Event::Connected);
        let since = self
            .pair
            .events_of(host.partner())
            .filter(|(at, event)| *at > made_ms + 2_000 && connected(event))
            .map(|(at, _)| at)
            .last();
        // The partner of a server that lost its disk since may count from less, if a clock was set back and
        // the partner lost its disk, too.
        let counts_on = self.pair.last_connection_told(host) > copy.connection();
        let told = since.is_some_and(|at| self.settled_ms > at + 2_000) && counts_on;
        // A copy that nobody can tell from the truth is beyond what failover can repair.
        if self.regime.is_honest()
            || !told
            || !self.may_lose_disk(host)
            || self.pair.is_incomplete(host.partner())
        {
            return false;
        }
        self.pair.restore_disk(host, copy);
        true
    }

    fn stray(&mut self, by: Host, says: Stray) -> bool {
        let bytes = self.pair.last_connect().map(<[u8]>::to_vec).unwrap_or_default();
        let Some(link) = self.pair.stray_connection(by) else { return false };
        self.strays.push((by, link));
        let said = match says {
            Stray::Silence => return true,
            Stray::OldConnect => bytes.as_slice(),
            Stray::HalfAConnect => bytes.get(..bytes.len() / 2).unwrap_or_default(),
        };
        self.pair.inject(by, link, said);
        true
    }

    fn may_order(&self, host: Host, command: Command) -> bool {
        let hears = self.pair.is_up(host) && !self.pair.network.frozen[host.index()];
        let honest = match command {
            Command::PartnerDown => self.is_truly_alone(host),
            // It is more than anybody can know.
            Command::ForcePartnerDown => false,
            // What it has itself still counts (RECOVER, too): it is always true.
            _ => true,
        };
        hears && (honest || !self.regime.is_honest())
    }

    /// The partner is down, and this server was the last to be alone, or waits for what the other gave
    /// then. That may be without limit only by an operator's decision.
    fn may_call_down(&self, host: Host) -> bool {
        let hears = self.pair.is_up(host) && !self.pair.network.frozen[host.index()];
        hears
            && !self.pair.is_up(host.partner())
            && !self.pair.is_incomplete(host)
            && !self.pair.setup.unlimited_in_partner_down
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
