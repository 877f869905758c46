//! Carrying out what the endpoints ask for, and what they do for clients.

use crate::world::{Connection, Held, Item, LEASE_S, Mutant, Pending, Rule, STEP_MS, Setup, World};
use crate::world::{MCLT_S, client};
use dhcp_failover_proto::lease::{BindingFlags, BindingStatus, Control, LeaseSpan};
use dhcp_failover_proto::wire::{Dialect, Message, ServerFlags, decode};
use dhcp_failover_proto::{
    Bindings, Decision, Input, LeaseEvent, LinkSide, Output, Query, Record, RequestClass, Service,
    State, Ticket, Token,
};
use std::collections::VecDeque;

/// Ticks in a row without time passing, at most.
const TICKS: usize = 50;

impl World {
    pub fn feed(&mut self, host: usize, input: Input<'_>, setup: &Setup) {
        let now = self.monotonic();
        let server = self.server(host);
        let Some(endpoint) = &mut server.endpoint else { return };
        endpoint.handle(now, input, &server.table);
        for _ in 0..TICKS {
            let mut early = None;
            let again = loop {
                let server = self.server(host);
                let Some(endpoint) = &mut server.endpoint else { return };
                match endpoint.poll_output() {
                    Output::Wait(at) => break at.is_some_and(|at| at <= now),
                    output => early = self.carry_out(host, output, setup).or(early),
                }
            };
            let server = self.server(host);
            let Some(endpoint) = &mut server.endpoint else { return };
            match early {
                Some(ticket) => endpoint.handle(now, Input::Persisted(ticket), &server.table),
                None if again => endpoint.handle(now, Input::Tick, &server.table),
                None => return,
            }
        }
        self.breaks(Rule::Livelock, format!("server {host} does not come to rest"));
    }

    fn carry_out(&mut self, host: usize, output: Output, setup: &Setup) -> Option<Ticket> {
        match output {
            Output::Persist { ticket, record } => {
                let server = self.server(host);
                if let Record::Binding(binding) = &record {
                    server.table.apply((**binding).clone());
                }
                server.unsynced.push((ticket, record));
                return (setup.mutant == Mutant::EarlySync).then_some(ticket);
            }
            Output::Transmit { link, bytes } => {
                self.check_transmit(host, link.0, &bytes);
                let found = self.connections.iter_mut().find(|it| it.number == link.0);
                if let Some(connection) = found.filter(|it| it.open[1 - host]) {
                    // Nothing arrives after the end.
                    if self.path_is_up {
                        connection.queues[host].push_back(Item::Message(bytes));
                    }
                }
            }
            // Only the primary's attempts get through: the secondary's could only hasten them.
            Output::Dial => self.server(host).dialling = host == 0,
            Output::Close { link } => {
                for connection in self.connections.iter_mut().filter(|it| it.number == link.0) {
                    connection.close(host);
                }
                self.connections.retain(|it| it.open != [false; 2]);
            }
            Output::Confirm { token } => self.confirmed(host, token, setup),
            Output::Refuse { token, .. } => {
                self.server(host).grants.retain(|grant| grant.token != token);
            }
            _ => {}
        }
        None
    }

    /// S5 and S11 of what is sent.
    fn check_transmit(&mut self, host: usize, link: u64, bytes: &[u8]) {
        let Ok(packet) = decode(bytes, Dialect::Draft12) else {
            return self.breaks(Rule::S11, format!("server {host} sends what nobody can read"));
        };
        let disk = &self.servers[host].disk;
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
            self.breaks(Rule::S5, format!("server {host}: {what} before it is on disk"));
        }
        if matches!(packet.message, Message::BndUpd(_))
            && let Some(connection) = self.connections.iter_mut().find(|it| it.number == link)
        {
            connection.unanswered[host] += 1;
            if connection.unanswered[host] > 1 {
                self.breaks(Rule::S11, format!("server {host}: two unanswered updates"));
            }
        }
    }

    pub fn tick(&mut self, host: usize, setup: &Setup) {
        self.feed(host, Input::Tick, setup);
    }

    pub fn pass(&mut self, setup: &Setup) {
        self.budget.slow_steps -= u8::from(self.is_busy());
        self.now_ms += STEP_MS;
        for host in [0, 1] {
            self.tick(host, setup);
            let (now, server) = (self.lease_now(), &self.servers[host]);
            let Some(endpoint) = &server.endpoint else { continue };
            let view = endpoint.view();
            let over: Vec<_> = server
                .table
                .ended(now)
                .filter(|it| it.status != BindingStatus::Active || view.ends_at(it) <= now)
                .map(|it| it.address)
                .collect();
            for address in over {
                self.feed(host, Input::Lease(LeaseEvent::Expired { address }), setup);
            }
        }
        let now = self.lease_now();
        for client in &mut self.clients {
            client.held = client.held.filter(|held| held.expires > now);
        }
    }

    pub fn flush(&mut self, host: usize, setup: &Setup) {
        let server = self.server(host);
        let mut last = None;
        for (ticket, record) in std::mem::take(&mut server.unsynced) {
            server.disk.store(record);
            last = Some(ticket);
        }
        if let Some(ticket) = last {
            self.feed(host, Input::Persisted(ticket), setup);
        }
        self.server(host).disk.states.clear();
    }

    pub fn connect(&mut self, host: usize, setup: &Setup) {
        self.server(host).dialling = false;
        if !self.path_is_up || self.servers[1 - host].endpoint.is_none() {
            return self.feed(host, Input::DialFailed, setup);
        }
        let mut connection = Connection {
            number: self.next_link,
            queues: [VecDeque::new(), VecDeque::new()],
            open: [true; 2],
            unanswered: [0; 2],
        };
        self.next_link += 1;
        connection.queues[host].push_back(Item::Opened);
        let link = connection.link();
        self.connections.push(connection);
        self.feed(host, Input::LinkUp { link, side: LinkSide::Dialed }, setup);
    }

    /// The next thing on a connection arrives at a server.
    pub fn deliver(&mut self, host: usize, number: u64, setup: &Setup) {
        let Some(connection) = self.connections.iter_mut().find(|it| it.number == number) else {
            return;
        };
        let link = connection.link();
        match connection.queues[1 - host].pop_front() {
            None => {}
            Some(Item::Opened) => {
                self.feed(host, Input::LinkUp { link, side: LinkSide::Accepted }, setup);
            }
            Some(Item::Message(bytes)) => {
                let packet = decode(&bytes, Dialect::Draft12);
                if packet.is_ok_and(|it| matches!(it.message, Message::BndAck(_))) {
                    let unanswered = &mut connection.unanswered[host];
                    *unanswered = unanswered.saturating_sub(1);
                }
                self.feed(host, Input::Frame { link, bytes: &bytes }, setup);
            }
            Some(Item::Closed) => {
                connection.open[host] = false;
                connection.queues[1 - host].clear();
                connection.queues[host].clear();
                self.connections.retain(|it| it.open != [false; 2]);
                self.feed(host, Input::LinkDown { link }, setup);
            }
        }
    }

    /// A client asks for an address, or for more time; `false` if the server does not answer.
    pub fn ask(&mut self, number: usize, host: usize, setup: &Setup) -> bool {
        let (who, now) = (client(number), self.lease_now());
        let Some(endpoint) = &self.servers[host].endpoint else { return false };
        let view = endpoint.view();
        let held = self.clients[number].held;
        let class = if held.is_some() { RequestClass::Renewal } else { RequestClass::New };
        let query = Query {
            class,
            key: who.balance_key(),
            // Long enough for every server that is free to answer at all (RFC 3074).
            secs: 10,
            max_delay_s: Some(3),
            partner_pool_empty: false,
            now,
        };
        if view.decide(&query) != Decision::Serve {
            return false;
        }
        let silent = match view.service() {
            Service::Nobody => true,
            Service::RenewalsOnly => class != RequestClass::Renewal,
            _ => false,
        };
        if silent {
            self.breaks(Rule::S7, format!("server {host} serves in {}", view.state()));
        }
        let wanted = |at: &std::net::Ipv4Addr| held.is_none_or(|held| held.address == *at);
        let table = &self.servers[host].table;
        let chosen = self.addresses().filter(wanted).filter_map(|at| table.get(at)).find(|it| {
            view.may_allocate(it, &who, now).is_ok()
                && (it.status == BindingStatus::Active || view.gives_new(0, now))
        });
        let Some(binding) = chosen else { return false };
        let desired = LeaseSpan::from_s(LEASE_S);
        let mut grant = view.grant(&binding, &who, desired, 50, now);
        if setup.mutant == Mutant::IgnoreMclt {
            (grant.lease, grant.lease_expiry) = (desired, now + desired);
        }
        let known = binding.expiries_for(&who).partner_known();
        let alone = matches!(view.allocator(now).control, Control::PartnerDown { .. });
        if grant.lease_expiry > now.max(known) + LeaseSpan::from_s(MCLT_S) && !alone {
            self.breaks(Rule::S2, format!("server {host} leases until {:?}", grant.lease_expiry));
        }
        self.clients[number].left -= 1;
        let token = Token((number as u64) * 16 + u64::from(self.clients[number].left));
        let (address, version) = (binding.address, binding.version);
        let pending = Pending { token, client: number, address, asked: now, grant, version };
        self.server(host).grants.push(pending);
        let event = LeaseEvent::Granted {
            token,
            address,
            client: who,
            grant,
            version,
            epoch: view.epoch(),
            flags: BindingFlags::default(),
            request_options: Vec::new(),
        };
        self.feed(host, Input::Lease(event), setup);
        true
    }

    /// The DHCPACK leaves, and arrives.
    fn confirmed(&mut self, host: usize, token: Token, setup: &Setup) {
        let grants = &mut self.server(host).grants;
        let Some(place) = grants.iter().position(|grant| grant.token == token) else { return };
        let it = grants.remove(place);
        let disk = self.servers[host].disk.binding(it.address);
        let same = disk.version == it.version + 1
            && disk.is_for(&client(it.client))
            && disk.expiries.lease >= it.grant.lease_expiry;
        if !same && disk.version <= it.version + 1 {
            self.breaks(Rule::S5, format!("server {host}: DHCPACK before the lease is on disk"));
        }
        let times = if setup.mutant == Mutant::ClientsHoldOn { 2 } else { 1 };
        let expires = it.asked + LeaseSpan::from_s(it.grant.lease.as_s() * times);
        let now = self.lease_now();
        let other = self.clients[1 - it.client].held;
        if expires > now && other.is_some_and(|o| o.address == it.address && o.expires > now) {
            let text = format!("{} is given to client {}, and {other:?}", it.address, it.client);
            self.breaks(Rule::S1, text);
        }
        let held = &mut self.clients[it.client].held;
        let longer = held.is_some_and(|old| old.address == it.address && old.expires > expires);
        if !longer && expires > now {
            *held = Some(Held { address: it.address, server: host, expires });
        }
    }
}
