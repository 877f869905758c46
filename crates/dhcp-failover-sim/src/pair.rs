//! Two servers, a network, clients, and virtual time.

use crate::Rng;
use crate::check::{Rule, Violation};
use crate::client::SimClient;
use crate::disk::{Disk, Survives};
use crate::ledger::Ledger;
use crate::log::Log;
use crate::monitor::Monitor;
use crate::net::{Arrival, Network};
use crate::reference::{Reference, Seen};
use crate::second::facts;
use crate::server::{Host, Inbox, Server};
use crate::setup::{Mutation, Setup, hardware};
use crate::tally::Tally;
use dhcp_failover_lease::{BindingStatus, Client, Grant, Role};
use dhcp_failover_proto::{
    Bindings, Event, Input, LeaseEvent, LinkId, LinkSide, Listener, Route, Ticket, Token,
};
use dhcp_failover_wire::{Message, decode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

/// So many things may happen at one moment before it counts as never coming to rest.
const LIVELOCK: u32 = 20_000;

/// A simulated pair in virtual time. Same setup, same run.
#[derive(Clone, Debug)]
pub struct Pair {
    pub(crate) setup: Setup,
    pub(crate) rng: Rng,
    pub(crate) now: u64,
    pub(crate) servers: [Server; 2],
    pub(crate) network: Network,
    pub(crate) clients: Vec<SimClient>,
    pub(crate) ledger: Ledger,
    pub(crate) monitor: Monitor,
    /// What the text of the draft has to say of each server.
    pub(crate) reference: [Reference; 2],
    pub(crate) grants: BTreeMap<(Host, Token), (Ipv4Addr, Client, Grant, u64)>,
    pub(crate) next_token: u64,
    pub(crate) violations: Vec<Violation>,
    /// What the endpoints reported.
    pub(crate) events: Vec<(u64, Host, Event)>,
    pub(crate) log: Log,
    /// Messages sent and states entered, if somebody wants to compare them.
    pub(crate) trace: Option<Vec<(u64, Host, String)>>,
    pub(crate) notes: crate::connections::Notes,
    pub(crate) stamp_shift_s: [i64; 2],
    pub(crate) last_connect: Option<Vec<u8>>,
    /// What happened, counted.
    pub(crate) tally: Tally,
    at_this_moment: u32,
    pub(crate) changed: bool,
    pub(crate) kept: crate::check::kept::Kept,
    pub(crate) balanced: crate::check::balance::Balanced,
    /// When the configured pools of a server changed last.
    pub(crate) pools_changed_ms: u64,
    pub(crate) last_refused: Option<Token>,
    /// Since when nothing gets through in one direction, and both servers would see that.
    pub(crate) silent_since_ms: Option<u64>,
    pub(crate) early: VecDeque<(Host, Ticket)>,
    /// Crash a host, or cut the connections, after so many more outputs or messages.
    pub(crate) crash_after: Option<(Host, u32, Survives)>,
    pub(crate) cut_after: Option<u32>,
    /// All that were in a pool at any time.
    pub(crate) addresses: BTreeSet<Ipv4Addr>,
}

impl Pair {
    /// Two servers that are not started yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        #[cfg(failover_mutants)]
        crate::mutants::switch_on_named();
        let mut rng = Rng::new(setup.seed);
        let mut network = Network::new(Rng::new(rng.next_u64()), setup.first_link);
        network.delay_ms = setup.net_delay_ms;
        let servers = Host::BOTH.map(|host| {
            let mut disk = Disk::new(setup.disk_delay_ms);
            disk.one_by_one = setup.mutation == Mutation::OneByOne;
            let offset = setup.clock_offset_ms[host.index()];
            let drift = setup.clock_drift_ppm[host.index()];
            let mut server = Server::new(setup.config(host), offset, drift, disk, setup.pools());
            server.foreign = crate::peer::foreign(&setup, host);
            server
        });
        let reference = Host::BOTH.map(|host| Reference::new(facts(&setup.config(host))));
        let clients = (0..setup.clients)
            .map(|number| SimClient::new(Client::new(None, hardware(number))))
            .collect();
        Self {
            rng,
            now: setup.begin_ms,
            servers,
            network,
            clients,
            ledger: Ledger::default(),
            monitor: Monitor::default(),
            reference,
            grants: BTreeMap::new(),
            next_token: 0,
            violations: Vec::new(),
            events: Vec::new(),
            log: Log::default(),
            trace: None,
            notes: crate::connections::Notes::default(),
            stamp_shift_s: [0; 2],
            last_connect: None,
            tally: Tally::default(),
            at_this_moment: 0,
            changed: false,
            kept: crate::check::kept::Kept::default(),
            balanced: crate::check::balance::Balanced::default(),
            pools_changed_ms: 0,
            last_refused: None,
            silent_since_ms: None,
            early: VecDeque::new(),
            crash_after: None,
            cut_after: None,
            addresses: setup.addresses().collect(),
            setup,
        }
    }

    /// Lets everything happen that happens within the next `ms`.
    pub fn run_ms(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.step(end) {}
        self.now = end;
        self.at_this_moment = 0;
    }

    /// [`run_ms`](Self::run_ms), in seconds.
    pub fn run_s(&mut self, seconds: u64) {
        self.run_ms(seconds * 1_000);
    }

    /// Runs until `condition` holds, for at most `limit_s`. Whether it came to hold.
    pub fn run_until(&mut self, limit_s: u64, condition: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit_s * 1_000;
        loop {
            if condition(self) {
                return true;
            }
            if !self.step(end) {
                self.now = end;
                return condition(self);
            }
        }
    }

    /// The next thing, if it is due by `end`.
    pub(crate) fn step(&mut self, end: u64) -> bool {
        let Some(at) = self.next_moment().filter(|at| *at <= end) else { return false };
        if at > self.now {
            self.now = at;
            self.at_this_moment = 0;
        }
        self.at_this_moment += 1;
        if self.at_this_moment > LIVELOCK {
            self.violation(Rule::Livelock, "nothing comes to rest".to_owned());
            return false;
        }
        let fed = self.tally.events;
        if self.happen() && self.tally.events == fed {
            self.tally.events += 1; // it reached no endpoint
        }
        self.note_states();
        self.check_contact();
        if std::mem::take(&mut self.changed) {
            self.check_disjoint();
            self.check_protection();
            self.check_kept();
            self.check_balance();
        }
        true
    }

    fn running(&self) -> impl Iterator<Item = (Host, &Server)> {
        Host::BOTH
            .into_iter()
            .filter(|host| !self.network.frozen[host.index()])
            .map(|host| (host, &self.servers[host.index()]))
            .filter(|(_, server)| server.endpoint.is_some())
    }

    fn next_moment(&self) -> Option<u64> {
        let early = self.early.front().map(|_| self.now);
        let hosts = self.running().flat_map(|(_, server)| {
            [server.disk.next(), server.wake, Some(server.next_sweep)].into_iter().flatten()
        });
        let clients = self.clients.iter().filter_map(|client| client.wake);
        let foreign = self.foreign_wake();
        hosts.chain(clients).chain(self.network.next()).chain(early).chain(foreign).min()
    }

    /// The next thing; whether it is one, and not a look at the clock for leases that have ended.
    fn happen(&mut self) -> bool {
        let now = self.now;
        if let Some((host, ticket)) = self.early.pop_front() {
            self.feed(host, Input::Persisted(ticket));
            return true;
        }
        for host in self.running().map(|(host, _)| host).collect::<Vec<_>>() {
            let server = &mut self.servers[host.index()];
            if server.disk.fails(now) {
                self.log(Some(host), "its disk fails".to_owned());
                self.crash(host, Survives::Torn);
                return true;
            }
            if let Some(ticket) = server.disk.finish(now) {
                self.note_synced(host);
                self.feed(host, Input::Persisted(ticket));
                return true;
            }
            if server.wake.is_some_and(|at| at <= now) {
                server.wake = None;
                self.feed(host, Input::Tick);
                return true;
            }
            if server.next_sweep <= now {
                self.sweep(host);
                return false;
            }
        }
        if self.foreign_due() {
            return true;
        }
        if let Some(arrival) = self.network.take(now) {
            self.arrived(arrival);
            return true;
        }
        if let Some(number) = self.clients.iter().position(|c| c.wake.is_some_and(|at| at <= now)) {
            self.client_due(number);
        }
        true
    }

    /// What a DHCP server does about leases whose time is over.
    fn sweep(&mut self, host: Host) {
        let server = &mut self.servers[host.index()];
        server.next_sweep = self.now + self.setup.sweep_ms;
        let Some(endpoint) = &server.endpoint else { return };
        let (view, now) = (endpoint.view(), server.lease_now(self.now));
        let over: Vec<Ipv4Addr> = server
            .table
            .ended(now)
            .filter(|binding| match binding.status {
                BindingStatus::Active => view.ends_at(binding) <= now,
                _ => true,
            })
            .map(|binding| binding.address)
            .collect();
        for address in over {
            self.feed(host, Input::Lease(LeaseEvent::Expired { address }));
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        let Some(arrival) = self.arrived_at_foreign(arrival) else { return };
        match arrival {
            Arrival::Dialed { by, link: Some(link) } if self.notes.no_dialling[by.index()] => {
                self.network.kill_connection(link);
                self.feed(by, Input::DialFailed);
            }
            Arrival::Dialed { by, link: None } => self.feed(by, Input::DialFailed),
            Arrival::Dialed { by, link: Some(link) } => {
                let inbox = Inbox { known: true, ..Inbox::default() };
                self.servers[by.index()].inboxes.insert(link, inbox);
                let side = LinkSide::Dialed;
                self.feed(by, Input::LinkUp { link: LinkId(link), side });
            }
            // A secondary waits for the first message; a primary may say it itself (§8.2).
            Arrival::Accepted { to, link } => {
                if to.role() == Role::Primary && self.servers[to.index()].endpoint.is_some() {
                    let inbox = Inbox { known: true, ..Inbox::default() };
                    self.servers[to.index()].inboxes.insert(link, inbox);
                    let side = LinkSide::Accepted;
                    self.feed(to, Input::LinkUp { link: LinkId(link), side });
                }
            }
            Arrival::Closed { to, link } => {
                let known = self.servers[to.index()].inboxes.remove(&link);
                self.network.close(to, link, self.now);
                if known.is_some_and(|inbox| inbox.known) {
                    self.feed(to, Input::LinkDown { link: LinkId(link) });
                }
            }
            Arrival::Bytes { to, link, dialed, bytes } => {
                let inboxes = &mut self.servers[to.index()].inboxes;
                if !inboxes.contains_key(&link) && (dialed || to.role() == Role::Primary) {
                    return; // closed meanwhile
                }
                inboxes.entry(link).or_default().buffer.extend(bytes);
                self.read(to, link);
            }
        }
    }

    /// Hands over the whole messages of a connection.
    fn read(&mut self, to: Host, link: u64) {
        while let Some(inbox) = self.servers[to.index()].inboxes.get_mut(&link) {
            match inbox.next() {
                Ok(None) => return,
                Ok(Some(frame)) => self.frame(to, link, &frame),
                Err(error) => {
                    self.log(Some(to), format!("framing: {error}"));
                    let known = self.servers[to.index()].inboxes.remove(&link);
                    self.network.close(to, link, self.now);
                    if known.is_some_and(|inbox| inbox.known) {
                        self.feed(to, Input::LinkDown { link: LinkId(link) });
                    }
                    return;
                }
            }
        }
    }

    fn frame(&mut self, to: Host, link: u64, frame: &[u8]) {
        let server = &mut self.servers[to.index()];
        let now = server.lease_now(self.now);
        if let Some(inbox) = server.inboxes.get_mut(&link).filter(|inbox| !inbox.known) {
            let mut listener = Listener::new();
            listener.add(&server.config.name, server.config.role, server.config.partner);
            match listener.route(to.partner().address(), frame, now) {
                Route::Relationship(_) => {
                    inbox.known = true;
                    let side = LinkSide::Accepted;
                    self.feed(to, Input::LinkUp { link: LinkId(link), side });
                }
                Route::Refuse { reply, message } => {
                    server.inboxes.remove(&link);
                    if let Some(reply) = reply {
                        self.notes.sent(link, &reply);
                        self.network.send(to, link, &reply, self.now);
                    }
                    self.network.close(to, link, self.now);
                    return self.log(Some(to), format!("refused: {message}"));
                }
            }
        }
        let packet = decode(frame, self.read_as()).ok();
        let server = &self.servers[to.index()];
        if let Some(packet) = &packet {
            self.monitor.received(to, link, packet, server);
            self.seen(to, Seen::Heard { link, packet });
        }
        let updates = match packet.as_ref().map(|packet| &packet.message) {
            Some(Message::BndUpd(updates)) => &updates[..],
            _ => &[],
        };
        let (contradicted, since) = (self.contradictions(to, updates), self.events.len());
        self.servers[to.index()].taken_in = (!updates.is_empty()).then(BTreeMap::new);
        self.feed(to, Input::Frame { link: LinkId(link), bytes: frame });
        self.check_told(to, &contradicted, since);
        let xid = packet.as_ref().map_or(0, |packet| packet.xid);
        let server = &mut self.servers[to.index()];
        let mut taken_in = server.taken_in.take().unwrap_or_default();
        for update in updates {
            let unchanged = || server.table.get(update.address);
            if let Some(binding) = taken_in.remove(&update.address).or_else(unchanged) {
                server.adopted.insert((link, xid, update.address), binding);
            }
        }
    }
}
