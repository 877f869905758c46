//! After everything heals: how long the servers may take to come together (L1), how long each may stay
//! in a state in which it serves nobody (L5), and whom they serve then (L6).

use crate::check::Rule;
use crate::{Host, Pair};
use dhcp_failover_lease::{BindingStatus, Client, HardwareAddress};
use dhcp_failover_proto::{Bindings, Command, Event, RequestClass, Service, State};

/// The longest pause between two attempts to connect: a minute or two after a refusal.
const RECONNECT_S: u64 = 120 + 3;
/// Timers, whole seconds, and clocks that drift.
const SLACK_S: u64 = 10;

impl Pair {
    /// Both servers should be in NORMAL so long after everything has healed (L1): a dead connection is
    /// found out and made anew, STARTUP and RECOVER-WAIT pass, and everything is told.
    #[must_use]
    pub fn healing_s(&self) -> u64 {
        self.setup.receive_timer_s
            + RECONNECT_S
            + self.setup.startup_s
            + self.mclt_s()
            + 4 * self.telling_s()
            + SLACK_S
    }

    /// What clients wait for at most when a server has lost its data or its partner its link: the MCLT
    /// of both, in case they differ.
    fn mclt_s(&self) -> u64 {
        self.setup.mclt_s.max(self.setup.secondary_mclt_s)
    }

    /// Everything is told in this time, one update after the other: there and back, each through a
    /// disk.
    fn telling_s(&self) -> u64 {
        let delays = [0, 1].map(|n| self.servers[n].disk.delay_ms);
        let there_and_back_ms = 2 * (self.network.delay_ms + 3) + 2 * delays[0].max(delays[1]);
        (self.addresses.len() as u64 * 2 + 20) * there_and_back_ms / 1_000 + 1
    }

    /// How long a server may stay in a state that serves nobody new while nothing is wrong; `None` if
    /// only an operator ends it.
    fn longest_stay_s(&self, state: State) -> Option<u64> {
        let meeting_s = self.setup.receive_timer_s + RECONNECT_S + SLACK_S;
        match state {
            State::Startup => Some(self.setup.startup_s + meeting_s),
            State::Recover => Some(meeting_s + self.setup.startup_s + self.telling_s()),
            State::RecoverWait => Some(self.mclt_s() + SLACK_S),
            // The partner may be waiting for the end of its own RECOVER-WAIT.
            State::RecoverDone => Some(meeting_s + self.mclt_s() + 2 * self.telling_s()),
            // The partner may have lost its data meanwhile, and waits before it compares.
            State::PotentialConflict => {
                Some(meeting_s + self.setup.startup_s + self.mclt_s() + 4 * self.telling_s())
            }
            _ => None,
        }
    }

    /// L5: since `healed_ms` no server has been in such a state for longer than it may.
    pub fn check_stays(&mut self, healed_ms: u64) {
        let mut found = Vec::new();
        for host in Host::BOTH {
            let changes = self.events_of(host).filter_map(|(at, event)| match event {
                Event::State { from, to, .. } => Some((at, *from, *to)),
                _ => None,
            });
            let mut since_ms = healed_ms;
            for (at, from, _) in changes.filter(|(at, ..)| *at >= healed_ms) {
                found.extend(self.stayed(host, from, since_ms, at));
                since_ms = at;
            }
            if let Some(state) = self.state(host) {
                found.extend(self.stayed(host, state, since_ms, self.now));
            }
        }
        found.into_iter().for_each(|text| self.violation(Rule::L5, text));
    }

    fn stayed(&self, host: Host, state: State, from_ms: u64, to_ms: u64) -> Option<String> {
        let longest_ms = self.longest_stay_s(state)? * 1_000;
        (to_ms > from_ms + longest_ms).then(|| {
            format!("{host:?} in {state} from {from_ms} to {to_ms}, at most {longest_ms} ms")
        })
    }

    /// L6, with both servers in NORMAL: each renews every lease, and who has none gets one while there
    /// are addresses.
    pub fn check_service(&mut self) {
        for number in 0..self.clients.len() {
            for host in Host::BOTH {
                let Some(held) = self.lease_of(number) else { continue };
                let table = &self.servers[host.index()].table;
                if table.pool_of(held.address).is_none() {
                    continue; // taken away meanwhile
                }
                let status = self.servers[host.index()].binding(held.address).map(|it| it.status);
                if status == Some(BindingStatus::Abandoned) {
                    continue; // declined within a second of this lease, so perhaps after it
                }
                let acks = self.ledger.acks;
                self.ask(number, RequestClass::Renewal, &[host], Some(held.address));
                self.answered(acks);
                if self.ledger.acks == acks {
                    let text = format!("{host:?} does not renew {} of {number}", held.address);
                    self.violation(Rule::L6, text);
                }
            }
        }
        for number in 0..self.clients.len() {
            self.run_until(self.healing_s(), |pair| {
                pair.is_settled() && pair.differences().is_empty()
            });
            let available =
                Host::BOTH.map(|host| self.count(host, host.role().own_available())) != [0; 2];
            if self.lease_of(number).is_some() || !available {
                continue;
            }
            let acks = self.ledger.acks;
            // The other server answers when the one it belongs to has not for some seconds.
            for _ in 0..6 {
                if self.ask(number, RequestClass::New, &Host::BOTH, None) {
                    break;
                }
                self.run_s(1);
            }
            self.answered(acks);
            if self.ledger.acks == acks {
                self.violation(Rule::L6, format!("client {number} gets no address"));
            }
        }
    }

    /// Waits for an answer for as long as a client would.
    fn answered(&mut self, acks_before: u64) {
        self.run_until(4, |pair| pair.ledger.acks > acks_before);
    }

    /// L6, when all leases are over: a server whose partner goes for good, and that is told so, can use
    /// every address when the MCLT has passed.
    pub fn check_whole_pool(&mut self, left: Host) {
        self.power_off(left.partner());
        self.run_s(self.setup.receive_timer_s + SLACK_S);
        self.command(left, Command::PartnerDown);
        self.run_s(self.mclt_s() + SLACK_S);
        let server = &self.servers[left.index()];
        let now = server.lease_now(self.now);
        let Some(view) = server.endpoint.as_ref().map(dhcp_failover_proto::Endpoint::view) else {
            return;
        };
        let nobody = nobody();
        let unusable = self.addresses.iter().filter_map(|address| {
            let binding = server.table.get(*address)?;
            view.may_allocate(&binding, &nobody, now).err().map(|why| format!("{address}: {why}"))
        });
        let mut texts: Vec<_> = unusable.collect();
        if view.service() != Service::Everybody {
            texts.push(format!("{left:?} is in {}", view.state()));
        }
        texts.into_iter().for_each(|text| self.violation(Rule::L6, text));
    }
}

/// A client that no server knows.
pub(crate) fn nobody() -> Client {
    let hardware = HardwareAddress::new(1, &[9]).unwrap_or_else(|| unreachable!("one byte"));
    Client::new(Some(b"nobody"), hardware)
}
