//! Servers of other makes in the place of one of the two.
//!
//! Such a server has no endpoint: what arrives for it goes to its own implementation, and what that
//! says goes on the wire. Disk, clock, network, clients and the ledger are the pair's.

mod alarm;
mod compare;
pub(crate) mod isc;

use crate::net::Arrival;
use crate::server::Server;
use crate::setup::Setup;
use crate::{Host, Pair, Survives};
use dhcp_failover_proto::{Balance, Command, RequestClass, State};
use dhcp_failover_wire::{Dialect, decode};
use dhcp_loadbalance::HashBuckets;
use isc::Isc;
use std::net::Ipv4Addr;

/// Who made a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Make {
    /// This project: the real endpoint.
    #[default]
    Ours,
    /// ISC dhcpd 4.4, as it was seen to behave.
    Dhcpd,
}

/// What a server of another make wants done.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    Dial,
    Send {
        link: u64,
        bytes: Vec<u8>,
    },
    Close {
        link: u64,
    },
    /// Its process ends by itself.
    Exit(&'static str),
    Log(String),
}

/// The server of another make at `host`, if there is to be one.
pub(crate) fn foreign(setup: &Setup, host: Host) -> Option<Isc> {
    let primary_percent = match setup.balance {
        Balance::LoadBalance { primary_percent } => primary_percent,
        _ => 50,
    };
    let split = HashBuckets::from_percent(primary_percent);
    (setup.makes[host.index()] == Make::Dhcpd).then(|| {
        Isc::new(isc::Config {
            role: host.role(),
            name: setup.names[host.index()].clone().into_bytes(),
            mclt_s: setup.mclt_s,
            lease_s: setup.lease_s,
            max_unacked: setup.max_unacked[host.index()],
            receive_timer_s: setup.receive_timer_s,
            split: split.unwrap_or_else(|error| unreachable!("{error}")),
            pool: setup.addresses().collect(),
            seed: setup.seed,
        })
    })
}

impl Server {
    pub(crate) fn foreign_is_up(&self) -> bool {
        self.foreign.as_ref().is_some_and(Isc::is_up)
    }

    /// What it is in, if it is of another make and up.
    pub(crate) fn foreign_state(&self) -> Option<State> {
        let isc = self.foreign.as_ref().filter(|isc| isc.is_up())?;
        if isc.is_starting() { Some(State::Startup) } else { State::from_wire(isc.state()) }
    }
}

impl Pair {
    /// The host of the server of another make, if there is one.
    #[must_use]
    pub fn foreigner(&self) -> Option<Host> {
        Host::BOTH.into_iter().find(|host| self.servers[host.index()].foreign.is_some())
    }

    /// The state that a server would come back in, whoever made it.
    #[must_use]
    pub fn stored_state(&self, host: Host) -> Option<State> {
        match &self.servers[host.index()].foreign {
            Some(isc) => State::from_wire(isc.stored_state()),
            None => self.stored(host).map(|record| record.state),
        }
    }

    /// Has the server of another make do something, and carries out what it says.
    fn with_foreign<T>(&mut self, host: Host, act: impl FnOnce(&mut Isc, u64) -> T) -> Option<T> {
        let server = &mut self.servers[host.index()];
        let wall_ms = server.wall_ms(self.now);
        let done = act(server.foreign.as_mut()?, wall_ms);
        self.carry_out_words(host);
        if self.state(host) == Some(State::Normal) {
            self.servers[host.index()].incomplete = false;
        }
        self.changed = true;
        Some(done)
    }

    fn carry_out_words(&mut self, host: Host) {
        let Some(isc) = self.servers[host.index()].foreign.as_mut() else { return };
        for word in isc.take_words() {
            match word {
                Word::Dial => self.network.dial(host, self.now),
                Word::Send { link, bytes } => self.foreign_sends(host, link, &bytes),
                Word::Close { link } => self.network.close(host, link, self.now),
                Word::Log(text) => self.log(Some(host), text),
                Word::Exit(why) => {
                    self.log(Some(host), why.to_owned());
                    self.foreign_stops(host, Survives::Everything, false);
                }
            }
            if self.count_down_to_crash(host) {
                return;
            }
        }
    }

    fn foreign_sends(&mut self, host: Host, link: u64, bytes: &[u8]) {
        if let Ok(packet) = decode(bytes, Dialect::IscDhcpd) {
            let kind = crate::monitor::kind(&packet.message);
            *self.monitor.counts.entry((host, kind)).or_default() += 1;
            if !matches!(kind, "CONTACT" | "POOLREQ" | "POOLRESP") {
                self.log(Some(host), crate::monitor::line(&packet));
            }
        }
        self.network.send(host, link, bytes, self.now);
        self.count_down_to_cut();
    }

    /// When the one of another make has something to do.
    pub(crate) fn foreign_wake(&self) -> Option<u64> {
        let host = self.foreigner().filter(|host| !self.network.frozen[host.index()])?;
        let server = &self.servers[host.index()];
        let at = server.foreign.as_ref()?.wake()?;
        // Its clock goes a little wrong: it is asked again then.
        Some(self.now + at.saturating_sub(server.wall_ms(self.now)))
    }

    /// Whether it had something to do.
    pub(crate) fn foreign_due(&mut self) -> bool {
        let due = self.foreign_wake().is_some_and(|at| at <= self.now);
        let host = self.foreigner().filter(|_| due);
        host.and_then(|host| self.with_foreign(host, Isc::tick)).is_some()
    }

    /// Takes what arrives for a server of another make, and gives back what does not.
    pub(crate) fn arrived_at_foreign(&mut self, arrival: Arrival) -> Option<Arrival> {
        let to = match &arrival {
            Arrival::Dialed { by, .. } => *by,
            Arrival::Accepted { to, .. }
            | Arrival::Bytes { to, .. }
            | Arrival::Closed { to, .. } => *to,
        };
        if self.foreigner() != Some(to) {
            return Some(arrival);
        }
        match arrival {
            Arrival::Dialed { link, .. } => self.with_foreign(to, |isc, now| isc.dialed(now, link)),
            Arrival::Accepted { link, .. } => {
                self.with_foreign(to, |isc, now| isc.accepted(now, link))
            }
            Arrival::Bytes { link, bytes, .. } => {
                self.with_foreign(to, |isc, now| isc.bytes(now, link, &bytes))
            }
            Arrival::Closed { link, .. } => {
                self.network.close(to, link, self.now);
                self.with_foreign(to, |isc, now| isc.closed(now, link))
            }
        };
        None
    }

    pub(crate) fn foreign_starts(&mut self, host: Host) {
        self.with_foreign(host, Isc::start);
    }

    pub(crate) fn foreign_stops(&mut self, host: Host, survives: Survives, silently: bool) {
        if let Some(isc) = self.servers[host.index()].foreign.as_mut() {
            isc.stop(survives);
        }
        self.network.kill(host, silently, self.now);
        self.kept.touch_all();
        self.silence_begins();
    }

    /// An operator's order, as far as a dhcpd knows it: to pause is to end the process.
    pub(crate) fn foreign_ordered(&mut self, host: Host, command: &Command) {
        match command {
            Command::PartnerDown | Command::ForcePartnerDown => {
                self.with_foreign(host, Isc::order_partner_down);
            }
            Command::Shutdown => {
                self.with_foreign(host, Isc::order_shutdown);
            }
            Command::Pause => self.crash(host, Survives::Everything),
            _ => {}
        }
    }

    /// Whether it served the client.
    pub(crate) fn foreign_serves(
        &mut self,
        number: usize,
        class: RequestClass,
        host: Host,
        wanted: Option<Ipv4Addr>,
        secs: u16,
    ) -> bool {
        let client = self.clients[number].client.clone();
        let request = isc::Request { client: &client, class, wanted, secs };
        let served = self.with_foreign(host, |isc, now| isc.serve(now, &request)).flatten();
        if let Some((address, lease_s)) = served {
            self.acknowledged_at_once(number, host, address, lease_s);
        }
        served.is_some()
    }

    pub(crate) fn foreign_released(&mut self, number: usize, host: Host, address: Ipv4Addr) {
        let client = self.clients[number].client.clone();
        self.with_foreign(host, |isc, now| isc.released(now, address, &client));
    }

    pub(crate) fn foreign_declined(&mut self, host: Host, address: Ipv4Addr) {
        self.with_foreign(host, |isc, now| isc.declined(now, address));
    }
}
