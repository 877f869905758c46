//! Servers of other makes in the place of one of the two.
//!
//! Such a server has no endpoint: what arrives for it goes to its own implementation, and what that
//! says goes on the wire. Disk, clock, network, clients and the ledger are the pair's.

mod alarm;
mod compare;
mod foreign;
pub(crate) mod isc;
pub mod windows;

pub(crate) use self::foreign::{Foreign, foreign};

use crate::net::Arrival;
use crate::server::Server;
use crate::{Host, Pair, Survives};
use dhcp_failover_lease::Client;
use dhcp_failover_proto::{Command, RequestClass, State};
use dhcp_failover_wire::{Dialect, decode};
use std::net::Ipv4Addr;

/// Who made a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Make {
    /// This project: the real endpoint.
    #[default]
    Ours,
    /// ISC dhcpd 4.4, as it was seen to behave.
    Dhcpd,
    /// Windows Server, as it is said to behave, and was seen to in one capture.
    Windows,
}

/// What a server of another make wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who carries it out must know all of them")]
pub enum Word {
    /// A connection to its partner is to be made.
    Dial,
    /// Bytes are to be sent.
    Send {
        /// On this connection.
        link: u64,
        /// One message.
        bytes: Vec<u8>,
    },
    /// A connection is to be closed.
    Close {
        /// This one.
        link: u64,
    },
    /// Its process ends by itself.
    Exit(&'static str),
    /// For people.
    Log(String),
}

/// One request of a client to a server of another make.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built field by field")]
pub struct Request<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// What for.
    pub class: RequestClass,
    /// The address it had before, if it asks for that (INIT-REBOOT).
    pub wanted: Option<Ipv4Addr>,
    /// For how many seconds it has been asking.
    pub secs: u16,
}

impl Server {
    pub(crate) fn foreign_is_up(&self) -> bool {
        self.foreign.as_ref().is_some_and(Foreign::is_up)
    }

    /// What it is in, if it is of another make and up.
    pub(crate) fn foreign_state(&self) -> Option<State> {
        let it = self.foreign.as_ref().filter(|it| it.is_up())?;
        if it.is_starting() { Some(State::Startup) } else { State::from_wire(it.state()) }
    }
}

impl Pair {
    /// The host of the server of another make, if there is one.
    #[must_use]
    pub fn foreigner(&self) -> Option<Host> {
        Host::BOTH.into_iter().find(|host| self.servers[host.index()].foreign.is_some())
    }

    /// How the two speak to each other.
    pub(crate) fn dialect(&self) -> Dialect {
        let mut all = self.servers.iter().filter_map(|server| server.foreign.as_ref());
        all.next().map_or(Dialect::Draft12, Foreign::dialect)
    }

    /// How what is on the wire is read: what a dhcpd says, and is told, the draft's way.
    pub(crate) fn read_as(&self) -> Dialect {
        match self.dialect() {
            Dialect::IscDhcpd => Dialect::Draft12,
            dialect => dialect,
        }
    }

    /// The state that a server would come back in, whoever made it.
    #[must_use]
    pub fn stored_state(&self, host: Host) -> Option<State> {
        match &self.servers[host.index()].foreign {
            Some(foreign) => State::from_wire(foreign.stored_state()),
            None => self.stored(host).map(|record| record.state),
        }
    }

    /// Has the server of another make do something, and carries out what it says.
    fn with_foreign<T>(
        &mut self,
        host: Host,
        act: impl FnOnce(&mut Foreign, u64) -> T,
    ) -> Option<T> {
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
        let Some(foreign) = self.servers[host.index()].foreign.as_mut() else { return };
        for word in foreign.take_words() {
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
        if let Ok(packet) = decode(bytes, self.dialect()) {
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
        host.and_then(|host| self.with_foreign(host, Foreign::tick)).is_some()
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
            Arrival::Dialed { link, .. } => self.with_foreign(to, |it, now| it.dialed(now, link)),
            Arrival::Accepted { link, .. } => {
                self.with_foreign(to, |it, now| it.accepted(now, link))
            }
            Arrival::Bytes { link, bytes, .. } => {
                self.with_foreign(to, |it, now| it.bytes(now, link, &bytes))
            }
            Arrival::Closed { link, .. } => {
                self.network.close(to, link, self.now);
                self.with_foreign(to, |it, now| it.closed(now, link))
            }
        };
        None
    }

    pub(crate) fn foreign_starts(&mut self, host: Host) {
        self.with_foreign(host, Foreign::start);
    }

    pub(crate) fn foreign_stops(&mut self, host: Host, survives: Survives, silently: bool) {
        if let Some(foreign) = self.servers[host.index()].foreign.as_mut() {
            foreign.stop(survives);
        }
        self.network.kill(host, silently, self.now);
        self.kept.touch_all();
        self.silence_begins();
    }

    /// An operator's order, as far as a dhcpd knows it: to pause is to end the process.
    pub(crate) fn foreign_ordered(&mut self, host: Host, command: &Command) {
        match command {
            Command::PartnerDown | Command::ForcePartnerDown => {
                self.with_foreign(host, Foreign::order_partner_down);
            }
            Command::Shutdown if self.dialect() == Dialect::IscDhcpd => {
                self.with_foreign(host, Foreign::order_shutdown);
            }
            Command::Pause | Command::Shutdown => self.crash(host, Survives::Everything),
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
        let request = Request { client: &client, class, wanted, secs };
        let served = self.with_foreign(host, |it, now| it.serve(now, &request)).flatten();
        if let Some((address, lease_s)) = served {
            self.acknowledged_at_once(number, host, address, lease_s);
        }
        served.is_some()
    }

    pub(crate) fn foreign_released(&mut self, number: usize, host: Host, address: Ipv4Addr) {
        let client = self.clients[number].client.clone();
        self.with_foreign(host, |it, now| it.released(now, address, &client));
    }

    pub(crate) fn foreign_declined(&mut self, host: Host, address: Ipv4Addr) {
        self.with_foreign(host, |it, now| it.declined(now, address));
    }
}
