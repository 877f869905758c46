//! One server: its endpoint, table and disk, and what it makes of what happens to it.
//!
//! Nothing here looks at the rest of the world. So a server that is in many worlds, with the other server
//! at different points, does what follows from one thing once only, and what it becomes is in many worlds
//! again ([`Known`]): that makes an exploration, which consists of such interleavings, cheap.

use crate::canonical::Code;
use crate::world::{Mutant, Rule, Setup, at_ms, client, config};
use dhcp_failover_proto::lease::{Binding, BindingFlags, BindingStatus, Grant, LeaseInstant};
use dhcp_failover_proto::wire::{Dialect, Message, Packet, ServerFlags, decode};
use dhcp_failover_proto::{
    BindingTable, Command, Endpoint, EndpointRecord, Input, LeaseEvent, LinkId, LinkSide,
    Monotonic, Output, Record, State, Ticket, Token,
};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// Ticks in a row without time passing, at most.
const TICKS: usize = 50;

#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub bindings: BTreeMap<Ipv4Addr, Binding>,
    pub record: Option<EndpointRecord>,
    /// The states in all records of the sync that is being reported, and before it.
    pub states: Vec<State>,
}

impl Disk {
    pub fn store(&mut self, record: Record) {
        match record {
            Record::Binding(binding) => {
                self.bindings.insert(binding.address, *binding);
            }
            Record::Endpoint(record) => {
                self.states.extend(self.record.map(|before| before.state));
                self.states.push(record.state);
                self.record = Some(record);
            }
        }
    }

    pub fn binding(&self, address: Ipv4Addr) -> Binding {
        self.bindings.get(&address).cloned().unwrap_or_else(|| Binding::unused(address))
    }
}

/// A lease that a client is to be told of when it is durable.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    pub token: Token,
    pub client: usize,
    pub address: Ipv4Addr,
    pub asked: LeaseInstant,
    pub grant: Grant,
    pub version: u64,
}

/// A message under way.
#[derive(PartialEq, Debug)]
pub struct Sent {
    pub bytes: Vec<u8>,
    /// `None` if nobody can read it.
    pub packet: Option<Packet>,
}

/// What happens to a server.
#[derive(Clone, PartialEq, Debug)]
pub enum Happening {
    /// It starts from its disk.
    Start,
    /// It goes down; of what was not synced all stays, or nothing.
    End {
        keeps_unsynced: bool,
    },
    /// Time has passed, and leases may have ended.
    TimePassed,
    /// All writes are durable.
    Synced,
    DialFailed,
    LinkUp(LinkId, LinkSide),
    Arrives(LinkId, Arc<Sent>),
    LinkDown(LinkId),
    Order(Command),
    Grants(Pending),
}

/// What others see of it.
#[derive(Debug)]
pub enum Effect {
    Sends(LinkId, Arc<Sent>),
    Closes(LinkId),
    Confirms(Pending),
    Breaks(Rule, String),
}

/// What is known of a server as it is.
#[derive(Debug, Default)]
pub struct Known {
    /// What it is compared by.
    pub code: OnceLock<Code>,
    /// What was seen of it when it became what it is.
    pub effects: Vec<Effect>,
    /// What became of it in worlds that are still looked at, by what happened, and when.
    outcomes: Mutex<Vec<(u64, Happening, Weak<Server>)>>,
}

impl Clone for Known {
    /// A server is copied to be changed.
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Server {
    pub endpoint: Option<Box<Endpoint>>,
    pub table: BindingTable,
    pub disk: Disk,
    pub unsynced: Vec<(Ticket, Record)>,
    pub dialling: bool,
    pub grants: Vec<Pending>,
    pub known: Known,
}

impl Server {
    /// What becomes of it when this happens to it at this time.
    pub fn after(&self, host: usize, now_ms: u64, what: &Happening, setup: &Setup) -> Arc<Self> {
        let mut outcomes = self.known.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut same = outcomes.iter().filter(|(at, it, _)| *at == now_ms && it == what);
        if let Some(known) = same.find_map(|(.., outcome)| outcome.upgrade()) {
            return known;
        }
        let mut run = Run { host, now_ms, setup, server: self.clone() };
        run.happens(what);
        let outcome = Arc::new(run.server);
        outcomes.retain(|(.., outcome)| outcome.strong_count() > 0);
        outcomes.push((now_ms, what.clone(), Arc::downgrade(&outcome)));
        outcome
    }
}

/// A server while something happens to it.
struct Run<'a> {
    host: usize,
    now_ms: u64,
    setup: &'a Setup,
    server: Server,
}

impl Run<'_> {
    fn happens(&mut self, what: &Happening) {
        match what {
            Happening::Start => self.start(),
            Happening::End { keeps_unsynced } => self.end(*keeps_unsynced),
            Happening::TimePassed => self.time_passed(),
            Happening::Synced => self.synced(),
            Happening::DialFailed => {
                self.server.dialling = false;
                self.feed(Input::DialFailed);
            }
            Happening::LinkUp(link, side) => {
                self.server.dialling &= *side != LinkSide::Dialed;
                self.feed(Input::LinkUp { link: *link, side: *side });
            }
            Happening::Arrives(link, sent) => {
                self.feed(Input::Frame { link: *link, bytes: &sent.bytes });
            }
            Happening::LinkDown(link) => self.feed(Input::LinkDown { link: *link }),
            Happening::Order(command) => self.feed(Input::Command(*command)),
            Happening::Grants(pending) => self.grants(pending),
        }
    }

    fn start(&mut self) {
        let now = at_ms(self.now_ms);
        let (first, last) = (Ipv4Addr::new(192, 0, 2, 1), self.setup.addresses);
        let server = &mut self.server;
        server.table = BindingTable::new();
        let _ = server.table.add_pool([first..=Ipv4Addr::new(192, 0, 2, last)]);
        for binding in server.disk.bindings.values() {
            server.table.apply(binding.clone());
        }
        let monotonic = Monotonic::from_ms(self.now_ms);
        let endpoint = Endpoint::new(config(self.host), server.disk.record, monotonic, now);
        server.endpoint = Some(Box::new(endpoint));
        self.feed(Input::Tick);
    }

    fn end(&mut self, keeps_unsynced: bool) {
        let server = &mut self.server;
        for (_, record) in std::mem::take(&mut server.unsynced) {
            if keeps_unsynced {
                server.disk.store(record);
            }
        }
        server.disk.states.clear();
        server.table = BindingTable::new();
        server.endpoint = None;
        server.dialling = false;
        server.grants.clear();
    }

    fn time_passed(&mut self) {
        self.feed(Input::Tick);
        let now = at_ms(self.now_ms);
        let Some(endpoint) = &self.server.endpoint else { return };
        let view = endpoint.view();
        let over: Vec<_> = self
            .server
            .table
            .ended(now)
            .filter(|it| it.status != BindingStatus::Active || view.ends_at(it) <= now)
            .map(|it| it.address)
            .collect();
        for address in over {
            self.feed(Input::Lease(LeaseEvent::Expired { address }));
        }
    }

    fn synced(&mut self) {
        let mut last = None;
        for (ticket, record) in std::mem::take(&mut self.server.unsynced) {
            self.server.disk.store(record);
            last = Some(ticket);
        }
        if let Some(ticket) = last {
            self.feed(Input::Persisted(ticket));
        }
        self.server.disk.states.clear();
    }

    fn grants(&mut self, pending: &Pending) {
        let Some(endpoint) = &self.server.endpoint else { return };
        let event = LeaseEvent::Granted {
            token: pending.token,
            address: pending.address,
            client: client(pending.client),
            grant: pending.grant,
            version: pending.version,
            epoch: endpoint.view().epoch(),
            flags: BindingFlags::default(),
            request_options: Vec::new(),
        };
        self.server.grants.push(pending.clone());
        self.feed(Input::Lease(event));
    }

    fn feed(&mut self, input: Input<'_>) {
        let now = Monotonic::from_ms(self.now_ms);
        let Some(endpoint) = &mut self.server.endpoint else { return };
        endpoint.handle(now, input, &self.server.table);
        for _ in 0..TICKS {
            let mut early = None;
            let again = loop {
                let Some(endpoint) = &mut self.server.endpoint else { return };
                match endpoint.poll_output() {
                    Output::Wait(at) => break at.is_some_and(|at| at <= now),
                    output => early = self.carry_out(output).or(early),
                }
            };
            let server = &mut self.server;
            let Some(endpoint) = &mut server.endpoint else { return };
            match early {
                Some(ticket) => endpoint.handle(now, Input::Persisted(ticket), &server.table),
                None if again => endpoint.handle(now, Input::Tick, &server.table),
                None => return,
            }
        }
        self.breaks(Rule::Livelock, format!("server {} does not come to rest", self.host));
    }

    fn carry_out(&mut self, output: Output) -> Option<Ticket> {
        match output {
            Output::Persist { ticket, record } => {
                if let Record::Binding(binding) = &record {
                    self.server.table.apply((**binding).clone());
                }
                self.server.unsynced.push((ticket, record));
                return (self.setup.mutant == Mutant::EarlySync).then_some(ticket);
            }
            Output::Transmit { link, bytes } => {
                let packet = decode(&bytes, Dialect::Draft12).ok();
                self.check_sent(packet.as_ref());
                self.server
                    .known
                    .effects
                    .push(Effect::Sends(link, Arc::new(Sent { bytes, packet })));
            }
            // Only the primary's attempts get through: the secondary's could only hasten them.
            Output::Dial => self.server.dialling = self.host == 0,
            Output::Close { link } => self.server.known.effects.push(Effect::Closes(link)),
            Output::Confirm { token } => self.confirmed(token),
            Output::Refuse { token, .. } => {
                self.server.grants.retain(|grant| grant.token != token);
            }
            _ => {}
        }
        None
    }

    /// S5 of what is sent, and S11: that it can be read.
    fn check_sent(&mut self, packet: Option<&Packet>) {
        let Some(packet) = packet else {
            let text = format!("server {} sends what nobody can read", self.host);
            return self.breaks(Rule::S11, text);
        };
        let disk = &self.server.disk;
        let early = match &packet.message {
            Message::BndUpd(updates) => updates.iter().find_map(|update| {
                let known = disk.binding(update.address).knowledge;
                let status =
                    BindingStatus::ALL.into_iter().find(|it| *it as u8 + 1 == update.status.0);
                let told = status.is_some_and(|it| known.told.contains(it) || known.agreed == it);
                (!told).then(|| format!("BNDUPD {} {}", update.address, update.status))
            }),
            Message::State(state) if !state.server_flags.contains(ServerFlags::STARTUP) => {
                let sent = State::from_wire(state.server_state);
                let leaving = matches!(sent, Some(State::Paused | State::Shutdown));
                let known = disk.record.map(|record| record.state) == sent
                    || disk.states.iter().any(|state| Some(*state) == sent);
                (!known && !leaving).then(|| format!("STATE {sent:?}"))
            }
            Message::ConnectAck(ack) if ack.reject.is_none() => {
                let known = disk.record.is_some_and(|record| record.connect_time != 0);
                (!known).then(|| "CONNECTACK".to_owned())
            }
            _ => None,
        };
        if let Some(what) = early {
            self.breaks(Rule::S5, format!("server {}: {what} before it is on disk", self.host));
        }
    }

    /// The DHCPACK leaves.
    fn confirmed(&mut self, token: Token) {
        let grants = &mut self.server.grants;
        let Some(place) = grants.iter().position(|grant| grant.token == token) else { return };
        let it = grants.remove(place);
        let disk = self.server.disk.binding(it.address);
        let same = disk.version == it.version + 1
            && disk.is_for(&client(it.client))
            && disk.expiries.lease >= it.grant.lease_expiry;
        if !same && disk.version <= it.version + 1 {
            let text = format!("server {}: DHCPACK before the lease is on disk", self.host);
            self.breaks(Rule::S5, text);
        }
        self.server.known.effects.push(Effect::Confirms(it));
    }

    fn breaks(&mut self, rule: Rule, text: String) {
        self.server.known.effects.push(Effect::Breaks(rule, text));
    }
}
