//! What happens in the world, and what of it the other server, the network and the clients see.

use crate::server::{Effect, Happening, Pending, Sent};
use crate::world::client;
use crate::world::{Connection, Held, Item, LEASE_S, MCLT_S, Mutant, Rule, STEP_MS, Setup, World};
use dhcp_failover_proto::lease::{BindingStatus, Control, LeaseSpan};
use dhcp_failover_proto::wire::Message;
use dhcp_failover_proto::{
    Bindings, Decision, LinkId, LinkSide, Query, RequestClass, Service, Token,
};
use std::collections::VecDeque;
use std::sync::Arc;

impl World {
    pub fn happens(&mut self, host: usize, what: &Happening, setup: &Setup) {
        let server = self.servers[host].after(host, self.now_ms, what, setup);
        self.servers[host] = Arc::clone(&server);
        for effect in &server.known.effects {
            match effect {
                Effect::Sends(link, sent) => self.sends(host, *link, sent),
                Effect::Closes(link) => self.closes(host, *link),
                Effect::Confirms(pending) => self.confirmed(host, pending, setup),
                Effect::Breaks(rule, text) => self.breaks(*rule, text.clone()),
            }
        }
    }

    fn sends(&mut self, host: usize, link: LinkId, sent: &Arc<Sent>) {
        let Some(connection) = self.connections.iter_mut().find(|it| it.link() == link) else {
            return;
        };
        // Nothing arrives after the end.
        if connection.open[1 - host] && self.path_is_up {
            connection.queues[host].push_back(Item::Message(Arc::clone(sent)));
        }
        if matches!(sent.packet.as_ref().map(|it| &it.message), Some(Message::BndUpd(_))) {
            connection.unanswered[host] += 1;
            if connection.unanswered[host] > 1 {
                self.breaks(Rule::S11, format!("server {host}: two unanswered updates"));
            }
        }
    }

    fn closes(&mut self, host: usize, link: LinkId) {
        for connection in self.connections.iter_mut().filter(|it| it.link() == link) {
            connection.close(host);
        }
        self.connections.retain(|it| it.open != [false; 2]);
    }

    pub fn pass(&mut self, setup: &Setup) {
        self.budget.slow_steps -= u8::from(self.is_busy());
        self.now_ms += STEP_MS;
        for host in [0, 1] {
            if self.servers[host].endpoint.is_some() {
                self.happens(host, &Happening::TimePassed, setup);
            }
        }
        let now = self.lease_now();
        for client in &mut self.clients {
            client.held = client.held.filter(|held| held.expires > now);
        }
    }

    pub fn connect(&mut self, host: usize, setup: &Setup) {
        if !self.path_is_up || self.servers[1 - host].endpoint.is_none() {
            return self.happens(host, &Happening::DialFailed, setup);
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
        self.happens(host, &Happening::LinkUp(link, LinkSide::Dialed), setup);
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
                self.happens(host, &Happening::LinkUp(link, LinkSide::Accepted), setup);
            }
            Some(Item::Message(sent)) => {
                if matches!(sent.packet.as_ref().map(|it| &it.message), Some(Message::BndAck(_))) {
                    let unanswered = &mut connection.unanswered[host];
                    *unanswered = unanswered.saturating_sub(1);
                }
                self.happens(host, &Happening::Arrives(link, sent), setup);
            }
            Some(Item::Closed) => {
                connection.open[host] = false;
                connection.queues[1 - host].clear();
                connection.queues[host].clear();
                self.connections.retain(|it| it.open != [false; 2]);
                self.happens(host, &Happening::LinkDown(link), setup);
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
        self.happens(host, &Happening::Grants(pending), setup);
        true
    }

    /// The DHCPACK arrives.
    fn confirmed(&mut self, host: usize, it: &Pending, setup: &Setup) {
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
