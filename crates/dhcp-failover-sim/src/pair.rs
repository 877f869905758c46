//! Two servers, a network, clients, and virtual time.

use crate::Rng;
use crate::check::{Rule, Violation, durable_before_visible};
use crate::client::SimClient;
use crate::disk::{Disk, Survives};
use crate::ledger::Ledger;
use crate::log::Log;
use crate::monitor::{Monitor, line};
use crate::net::{Arrival, Network};
use crate::server::{Host, Inbox, Server};
use crate::setup::{Mutation, Setup, hardware};
use dhcp_failover_lease::{Binding, BindingStatus, Client, Grant, StatusSet};
use dhcp_failover_proto::{
    Bindings, Command, Endpoint, Event, Input, LeaseEvent, LinkId, LinkSide, Listener, Output,
    Record, Route, State, Status, Ticket, Token,
};
use dhcp_failover_wire::{Dialect, Message, decode};
use std::collections::{BTreeMap, VecDeque};
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
    pub(crate) grants: BTreeMap<(Host, Token), (Ipv4Addr, Client, Grant, u64)>,
    pub(crate) next_token: u64,
    pub(crate) violations: Vec<Violation>,
    /// What the endpoints reported.
    pub(crate) events: Vec<(u64, Host, Event)>,
    log: Log,
    at_this_moment: u32,
    changed: bool,
    early: VecDeque<(Host, Ticket)>,
    /// Crash a host, or cut the connections, after so many more outputs or messages.
    pub(crate) crash_after: Option<(Host, u32, Survives)>,
    pub(crate) cut_after: Option<u32>,
}

impl Pair {
    /// Two servers that are not started yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let mut rng = Rng::new(setup.seed);
        let mut network = Network::new(Rng::new(rng.next_u64()), setup.first_link);
        network.delay_ms = setup.net_delay_ms;
        let servers = Host::BOTH.map(|host| {
            let disk = Disk::new(setup.disk_delay_ms);
            let offset = setup.clock_offset_ms[host.index()];
            Server::new(setup.config(host), offset, disk, setup.table())
        });
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
            grants: BTreeMap::new(),
            next_token: 0,
            violations: Vec::new(),
            events: Vec::new(),
            log: Log::default(),
            at_this_moment: 0,
            changed: false,
            early: VecDeque::new(),
            crash_after: None,
            cut_after: None,
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
        self.happen();
        if std::mem::take(&mut self.changed) {
            self.check_disjoint();
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
        hosts.chain(clients).chain(self.network.next()).chain(early).min()
    }

    fn happen(&mut self) {
        let now = self.now;
        if let Some((host, ticket)) = self.early.pop_front() {
            return self.feed(host, Input::Persisted(ticket));
        }
        for host in self.running().map(|(host, _)| host).collect::<Vec<_>>() {
            let server = &mut self.servers[host.index()];
            if let Some(ticket) = server.disk.finish(now) {
                return self.feed(host, Input::Persisted(ticket));
            }
            if server.wake.is_some_and(|at| at <= now) {
                server.wake = None;
                return self.feed(host, Input::Tick);
            }
            if server.next_sweep <= now {
                return self.sweep(host);
            }
        }
        if let Some(arrival) = self.network.take(now) {
            return self.arrived(arrival);
        }
        if let Some(number) = self.clients.iter().position(|c| c.wake.is_some_and(|at| at <= now)) {
            self.client_due(number);
        }
    }

    /// What a DHCP server does about leases whose time is over.
    fn sweep(&mut self, host: Host) {
        let server = &mut self.servers[host.index()];
        server.next_sweep = self.now + 1_000;
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
        match arrival {
            Arrival::Dialed { by, link: None } => self.feed(by, Input::DialFailed),
            Arrival::Dialed { by, link: Some(link) } => {
                let inbox = Inbox { known: true, ..Inbox::default() };
                self.servers[by.index()].inboxes.insert(link, inbox);
                let side = LinkSide::Dialed;
                self.feed(by, Input::LinkUp { link: LinkId(link), side });
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
                if !inboxes.contains_key(&link) && dialed {
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
                        self.network.send(to, link, &reply, self.now);
                    }
                    self.network.close(to, link, self.now);
                    return self.log(Some(to), format!("refused: {message}"));
                }
            }
        }
        let packet = decode(frame, Dialect::Draft12).ok();
        let server = &self.servers[to.index()];
        if let Some(packet) = &packet {
            self.monitor.received(to, link, packet, server);
        }
        self.feed(to, Input::Frame { link: LinkId(link), bytes: frame });
        if let Some(Message::BndUpd(updates)) = packet.as_ref().map(|packet| &packet.message) {
            let xid = packet.as_ref().map_or(0, |packet| packet.xid);
            let server = &mut self.servers[to.index()];
            for update in updates {
                if let Some(binding) = server.table.get(update.address) {
                    server.adopted.insert((link, xid, update.address), binding);
                }
            }
        }
    }

    /// One input, and all that comes of it.
    pub(crate) fn feed(&mut self, host: Host, input: Input<'_>) {
        self.changed = true;
        let now = self.now;
        let server = &mut self.servers[host.index()];
        let monotonic = server.monotonic(now);
        let Some(endpoint) = &mut server.endpoint else { return };
        endpoint.handle(monotonic, input, &server.table);
        loop {
            let server = &mut self.servers[host.index()];
            let Some(endpoint) = &mut server.endpoint else { return };
            match endpoint.poll_output() {
                Output::Wait(at) => {
                    server.wake = at.map(|at| server.true_ms(at).max(now));
                    return;
                }
                output => self.carry_out(host, output),
            }
            if self.count_down_to_crash(host) {
                return;
            }
        }
    }

    fn count_down_to_crash(&mut self, host: Host) -> bool {
        match &mut self.crash_after {
            Some((which, left, survives)) if *which == host => {
                *left = left.saturating_sub(1);
                let survives = *survives;
                if *left > 0 {
                    return false;
                }
                self.crash_after = None;
                self.crash(host, survives);
                true
            }
            _ => false,
        }
    }

    fn carry_out(&mut self, host: Host, output: Output) {
        let now = self.now;
        let server = &mut self.servers[host.index()];
        match output {
            Output::Persist { ticket, record } => {
                if let Record::Binding(binding) = &record {
                    let mut binding = (**binding).clone();
                    mutate(self.setup.mutation, host, &mut binding);
                    server.table.apply(binding);
                }
                server.disk.write(ticket, record, now);
                if self.setup.mutation == Mutation::PersistedBeforeSync {
                    self.early.push_back((host, ticket));
                }
            }
            Output::Transmit { link, bytes } => self.transmit(host, link.0, &bytes),
            Output::Dial => self.network.dial(host, now),
            Output::Close { link } => {
                server.inboxes.remove(&link.0);
                self.network.close(host, link.0, now);
            }
            Output::Confirm { token } => {
                self.check_confirm(host, token);
                self.confirmed(host, token);
            }
            Output::Refuse { token, why } => {
                self.log(Some(host), format!("refused a grant: {why:?}"));
                self.refused(host, token);
            }
            Output::Event(event) => self.event(host, event),
            _ => {}
        }
    }

    fn transmit(&mut self, host: Host, link: u64, bytes: &[u8]) {
        if let Ok(packet) = decode(bytes, Dialect::Draft12) {
            if !matches!(packet.message, Message::Contact | Message::PoolReq | Message::PoolResp(_))
            {
                self.log(Some(host), line(&packet));
            }
            let server = &self.servers[host.index()];
            let mut window = self.setup.max_unacked[host.partner().index()];
            if self.setup.mutation == Mutation::StricterWindow {
                window -= 1;
            }
            if let Err((update_done, text)) = self.monitor.sent(host, link, &packet, window, server)
            {
                let rule = if update_done { Rule::S9 } else { Rule::S11 };
                self.violation(rule, format!("{host:?}: {text}"));
            }
            let server = &self.servers[host.index()];
            if let Err(text) = durable_before_visible(server, link, &packet) {
                self.violation(Rule::S5, format!("{host:?} {text}"));
            }
        } else {
            self.violation(Rule::S11, format!("{host:?} sends what nobody can read"));
        }
        self.network.send(host, link, bytes, self.now);
        if let Some(left) = &mut self.cut_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.cut_after = None;
                self.cut();
            }
        }
    }

    fn event(&mut self, host: Host, event: Event) {
        if let Event::State { from, to } = &event {
            self.log(Some(host), format!("{from} -> {to}"));
            if *to == State::Normal {
                self.servers[host.index()].incomplete = false;
            }
        } else {
            self.log(Some(host), format!("{event:?}"));
        }
        self.events.push((self.now, host, event));
    }

    pub(crate) fn log(&mut self, host: Option<Host>, text: String) {
        self.log.add(self.now, host, text);
    }

    /// What happened last, in columns: 250 lines, or as many as the environment variable
    /// `DHCP_FAILOVER_SIM_LOG` says.
    #[must_use]
    pub fn log_text(&self) -> String {
        let lines = std::env::var("DHCP_FAILOVER_SIM_LOG").ok().and_then(|n| n.parse().ok());
        self.log.tail(lines.unwrap_or(250)).to_string()
    }

    /// True time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now
    }

    /// A server's endpoint, if it is running.
    #[must_use]
    pub fn endpoint(&self, host: Host) -> Option<&Endpoint> {
        self.servers[host.index()].endpoint.as_ref()
    }

    /// A server's status, if it is running.
    #[must_use]
    pub fn status(&self, host: Host) -> Option<Status> {
        self.endpoint(host).map(Endpoint::status)
    }

    /// A server's state, if it is running.
    #[must_use]
    pub fn state(&self, host: Host) -> Option<State> {
        self.status(host).map(|status| status.state)
    }

    /// A server's binding of an address.
    #[must_use]
    pub fn binding(&self, host: Host, address: Ipv4Addr) -> Option<Binding> {
        self.servers[host.index()].binding(address)
    }

    /// How many messages of a kind (`"BNDUPD"`) a server has sent.
    #[must_use]
    pub fn sent(&self, host: Host, kind: &'static str) -> u64 {
        self.monitor.counts.get(&(host, kind)).copied().unwrap_or(0)
    }

    /// What an endpoint reported, with the time.
    pub fn events_of(&self, host: Host) -> impl Iterator<Item = (u64, &Event)> {
        self.events.iter().filter(move |(_, who, _)| *who == host).map(|(at, _, e)| (*at, e))
    }

    /// Every rule broken so far.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The omniscient record.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Orders something at a server.
    pub fn command(&mut self, host: Host, command: Command) {
        self.log(Some(host), format!("operator: {command:?}"));
        self.feed(host, Input::Command(command));
    }
}

fn mutate(mutation: Mutation, host: Host, binding: &mut Binding) {
    match mutation {
        Mutation::ForgetTold => {
            binding.knowledge.agreed = binding.status;
            binding.knowledge.told = StatusSet::EMPTY;
        }
        Mutation::OwnEverything if binding.status.is_available() => {
            binding.status = host.role().own_available();
            binding.knowledge.agreed = binding.status;
            binding.knowledge.told = StatusSet::EMPTY;
        }
        _ => {}
    }
}
