//! DHCP clients: what a server does for them, and what they do with it.

use crate::check::{Rule, grant_within_bounds};
use crate::ledger::Ack;
use crate::reference::Seen;
use crate::{Host, Mutation, Pair};
use dhcp_failover_lease::{Binding, BindingFlags, BindingStatus, Client, LeaseSpan};
use dhcp_failover_proto::{
    Bindings, Decision, Ignored, Input, LeaseEvent, Query, RequestClass, Service, Token,
};
use std::net::Ipv4Addr;

/// A client gives up on a request after this.
const PATIENCE_MS: u64 = 4_000;

/// A lease, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The address.
    pub address: Ipv4Addr,
    /// Who gave it.
    pub server: Host,
    /// When it ends, in true time.
    pub expires_ms: u64,
    renew_ms: u64,
    rebind_ms: u64,
}

#[derive(Clone, Copy, Debug)]
struct Asking {
    token: Token,
    server: Host,
    since_ms: u64,
    lease: LeaseSpan,
}

/// One DHCP client.
#[derive(Clone, Debug)]
pub struct SimClient {
    pub(crate) client: Client,
    pub(crate) held: Option<Held>,
    asking: Option<Asking>,
    /// Since when it wants an address, or an answer.
    wanting_ms: Option<u64>,
    /// Does nothing by itself before then; `None`: only what the test tells it.
    pub(crate) wake: Option<u64>,
    /// Requests without an answer.
    tries: u32,
    /// Which servers hear it.
    pub(crate) reaches: [bool; 2],
}

impl SimClient {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            held: None,
            asking: None,
            wanting_ms: None,
            wake: None,
            tries: 0,
            reaches: [true; 2],
        }
    }
}

/// What a server keeps of each request of a client: the magic cookie and its host name.
pub fn host_name(number: usize) -> Vec<u8> {
    let name = format!("client-{number}");
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[99, 130, 83, 99, 12, length], name.as_bytes()].concat()
}

impl Pair {
    /// What a server did for the client of an address beside its lease. Whether it took note.
    pub fn annotate(&mut self, host: Host, address: Ipv4Addr, reply: &[u8], ddns: &[u8]) -> bool {
        let Some(binding) = self.binding(host, address) else { return false };
        self.next_token += 1;
        let (token, version) = (Token(self.next_token), binding.version);
        let (reply_options, ddns) = (reply.to_vec(), ddns.to_vec());
        let event = LeaseEvent::Annotated { token, address, version, reply_options, ddns };
        self.feed(host, Input::Lease(event));
        let now = self.binding(host, address);
        now.is_some_and(|now| now.version > version)
    }

    /// Lets a client look for an address and keep it, from now on by itself.
    pub fn join(&mut self, number: usize) {
        self.clients[number].wake = Some(self.now);
    }

    /// Makes a client do nothing more by itself.
    pub fn mute(&mut self, number: usize) {
        self.clients[number].wake = None;
    }

    /// The client's lease, if it has one that has not ended.
    #[must_use]
    pub fn lease_of(&self, number: usize) -> Option<Held> {
        self.clients[number].held.filter(|held| held.expires_ms > self.now)
    }

    /// The client's timers.
    pub(crate) fn client_due(&mut self, number: usize) {
        let now = self.now;
        let client = &mut self.clients[number];
        client.wake = Some(now + 1_000);
        if client.asking.is_some_and(|asking| now >= asking.since_ms + PATIENCE_MS) {
            client.asking = None;
        }
        if client.asking.is_some() {
            return;
        }
        let pause_s = (1 << client.tries.min(10)).min(self.setup.longest_retry_s);
        client.wake = Some(now + 1_000 * pause_s);
        match client.held {
            Some(held) if now < held.expires_ms => {
                if now < held.renew_ms {
                    client.wake = Some(held.renew_ms);
                    return;
                } else if now < held.rebind_ms {
                    self.ask(number, RequestClass::Renewal, &[held.server], Some(held.address));
                } else {
                    let both = self.shuffled();
                    self.ask(number, RequestClass::Renewal, &both, Some(held.address));
                }
            }
            _ => {
                self.clients[number].held = None;
                let both = self.shuffled();
                self.ask(number, RequestClass::New, &both, None);
            }
        }
        self.clients[number].tries += 1;
    }

    fn shuffled(&mut self) -> [Host; 2] {
        if self.rng.percent(50) { [Host::A, Host::B] } else { [Host::B, Host::A] }
    }

    /// One request, heard by `servers`: the first one that serves it counts. Whether any did.
    pub fn ask(
        &mut self,
        number: usize,
        class: RequestClass,
        servers: &[Host],
        wanted: Option<Ipv4Addr>,
    ) -> bool {
        let since = *self.clients[number].wanting_ms.get_or_insert(self.now);
        let secs = u16::try_from((self.now - since) / 1_000).unwrap_or(u16::MAX);
        self.ask_with_secs(number, class, servers, wanted, secs)
    }

    /// The same with another `secs` than the client should say.
    pub fn ask_with_secs(
        &mut self,
        number: usize,
        class: RequestClass,
        servers: &[Host],
        wanted: Option<Ipv4Addr>,
        secs: u16,
    ) -> bool {
        servers.iter().any(|host| self.serve(number, class, *host, wanted, secs))
    }

    fn serve(
        &mut self,
        number: usize,
        class: RequestClass,
        host: Host,
        wanted: Option<Ipv4Addr>,
        secs: u16,
    ) -> bool {
        let client = &self.clients[number];
        if !client.reaches[host.index()] || self.network.frozen[host.index()] {
            return false;
        }
        if self.servers[host.index()].foreign.is_some() {
            return self.foreign_serves(number, class, host, wanted, secs);
        }
        let who = client.client.clone();
        let Some(endpoint) = &self.servers[host.index()].endpoint else { return false };
        let (view, now) = (endpoint.view(), self.servers[host.index()].lease_now(self.now));
        let query = Query {
            class,
            key: who.balance_key(),
            secs,
            max_delay_s: Some(3),
            partner_pool_empty: false,
            now,
        };
        if self.decide(host, &query) != Some(Decision::Serve) {
            return false;
        }
        let renewal = class == RequestClass::Renewal;
        self.seen(host, Seen::Answers { renewal });
        if view.service() == Service::Nobody
            || view.service() == Service::RenewalsOnly && class != RequestClass::Renewal
        {
            self.violation(Rule::S7, format!("{host:?} serves in {}", view.state()));
        }
        let Some(binding) = self.choose(host, &who, wanted) else { return false };
        let desired = LeaseSpan::from_s(self.setup.lease_s);
        let mut grant = view.grant(&binding, &who, desired, 50, now);
        if self.setup.mutation == Mutation::IgnoreMclt {
            grant.lease = desired;
            grant.lease_expiry = now + desired;
        }
        let bounds = grant_within_bounds(&grant, &binding, &who, &view, now, &self.setup);
        if let Err(text) = bounds {
            self.violation(Rule::S2, format!("{host:?}: {text}"));
        }
        let wrongly = self.given_wrongly(host, &binding, &who);
        self.next_token += 1;
        let token = Token(self.next_token);
        let address = binding.address;
        let asking = Asking { token, server: host, since_ms: self.now, lease: grant.lease };
        self.clients[number].asking = Some(asking);
        self.grants.insert((host, token), (address, who.clone(), grant, binding.version + 1));
        let event = LeaseEvent::Granted {
            token,
            address,
            client: who,
            grant,
            version: binding.version,
            epoch: view.epoch(),
            flags: BindingFlags::default(),
            request_options: host_name(number),
        };
        self.feed(host, Input::Lease(event));
        if let Some((rule, text)) = wrongly.filter(|_| self.last_refused != Some(token)) {
            self.violation(rule, text);
        }
        true
    }

    /// What the server makes of a request, if it runs.
    pub(crate) fn decide(&self, host: Host, query: &Query<'_>) -> Option<Decision> {
        let view = self.servers[host.index()].endpoint.as_ref()?.view();
        let answers_too = self.setup.mutation == Mutation::AnswersToo && query.key.len() == 1;
        match view.decide(query) {
            Decision::Ignore(Ignored::PartnersClient) if answers_too => Some(Decision::Serve),
            decision => Some(decision),
        }
    }

    /// The address for a client: the one it asks for, or one it had, or a new one.
    fn choose(&self, host: Host, who: &Client, wanted: Option<Ipv4Addr>) -> Option<Binding> {
        let server = &self.servers[host.index()];
        let view = server.endpoint.as_ref()?.view();
        let now = server.lease_now(self.now);
        let allocator = view.allocator(now);
        let table = &server.table;
        let usable = |address: Ipv4Addr| {
            table.get(address).filter(|binding| {
                !table.is_pinned(address)
                    && allocator.check(binding, who).is_ok()
                    && (binding.status == BindingStatus::Active
                        || table.pool_of(address).is_some_and(|pool| view.gives_new(pool, now)))
            })
        };
        if let Some(address) = wanted {
            return usable(address);
        }
        let own = self.servers[host.index()].config.role.own_available();
        let other = match own {
            BindingStatus::Free => BindingStatus::Backup,
            _ => BindingStatus::Free,
        };
        let of_pools = (0..table.pool_count()).flat_map(|pool| {
            let available = table.available(pool, own).chain(table.available(pool, other));
            available.chain(table.transitional(pool))
        });
        table.addresses_of(who).chain(of_pools).find_map(usable)
    }

    /// The DHCPACK left.
    pub(crate) fn confirmed(&mut self, host: Host, token: Token) {
        let Some((address, ..)) = self.grants.remove(&(host, token)) else { return };
        let Some(number) = self.clients.iter().position(|client| {
            client.asking.is_some_and(|asking| asking.token == token && asking.server == host)
        }) else {
            return; // it gave up
        };
        if let Some(asking) = self.clients[number].asking.take() {
            self.check_answer(host, asking.since_ms);
            self.acknowledged(number, asking, address);
        }
    }

    /// A server that commits before it answers has given a client this address.
    pub(crate) fn acknowledged_at_once(
        &mut self,
        number: usize,
        server: Host,
        address: Ipv4Addr,
        lease_s: u64,
    ) {
        let lease = LeaseSpan::from_s(lease_s);
        let asking = Asking { token: Token(0), server, since_ms: self.now, lease };
        self.clients[number].asking = None;
        self.acknowledged(number, asking, address);
    }

    /// The client hears the DHCPACK, if it still listens.
    fn acknowledged(&mut self, number: usize, asking: Asking, address: Ipv4Addr) {
        let (now, host) = (self.now, asking.server);
        let client = &mut self.clients[number];
        if now >= asking.since_ms + PATIENCE_MS || !client.reaches[host.index()] {
            return;
        }
        let told_ms = asking.lease.as_s().saturating_mul(1_000);
        let holds_on = self.setup.mutation == Mutation::ClientsHoldOn;
        let lease_ms = if holds_on { told_ms.saturating_mul(2) } else { told_ms };
        let ack = Ack { received_ms: now, expires_ms: asking.since_ms.saturating_add(lease_ms) };
        let moved = client.held.take().filter(|old| old.address != address);
        client.held = Some(Held {
            address,
            server: host,
            expires_ms: ack.expires_ms,
            renew_ms: asking.since_ms.saturating_add(lease_ms / 2),
            rebind_ms: asking.since_ms.saturating_add(lease_ms / 8 * 7),
        });
        client.wanting_ms = None;
        client.tries = 0;
        if client.wake.is_some() {
            client.wake = client.held.map(|held| held.renew_ms);
        }
        if let Some(old) = moved {
            self.ledger.released(number, old.address);
        }
        self.log(Some(host), format!("ACK client {number} {address} {} s", asking.lease.as_s()));
        if let Some(trace) = &mut self.trace {
            let step = format!("gives client {number} {address} for {} s", asking.lease.as_s());
            trace.push((now, host, step));
        }
        if let Err(duplicate) = self.ledger.acked(number, address, ack) {
            self.kept.doubled(address, [duplicate.holder, number], now);
            self.violation(Rule::S1, format!("{duplicate:?}"));
        }
    }

    /// The server would not commit to what it had decided.
    pub(crate) fn refused(&mut self, host: Host, token: Token) {
        self.grants.remove(&(host, token));
        self.last_refused = Some(token);
        for client in &mut self.clients {
            client.asking.take_if(|asking| asking.token == token && asking.server == host);
        }
    }

    /// The client gives its address back, to the server that gave it.
    pub fn release(&mut self, number: usize) {
        let Some(held) = self.clients[number].held.take() else { return };
        self.clients[number].asking = None;
        self.ledger.released(number, held.address);
        let client = self.clients[number].client.clone();
        let heard = self.clients[number].reaches[held.server.index()];
        self.log(Some(held.server), format!("RELEASE client {number} {}", held.address));
        if heard && !self.network.frozen[held.server.index()] {
            self.foreign_released(number, held.server, held.address);
            let event = LeaseEvent::Released { address: held.address, client };
            self.feed(held.server, Input::Lease(event));
        }
    }

    /// The client starts anew and remembers nothing; it looks for an address at once.
    pub fn reboot(&mut self, number: usize) {
        let client = &mut self.clients[number];
        client.held = None;
        client.asking = None;
        client.wanting_ms = None;
        client.tries = 0;
        client.wake = Some(self.now);
    }

    /// The client finds its address in use by somebody else, who is not one of ours.
    pub fn decline(&mut self, number: usize, for_s: u64) {
        let Some(held) = self.clients[number].held.take() else { return };
        self.clients[number].asking = None;
        self.ledger.released(number, held.address);
        let until =
            self.servers[held.server.index()].lease_now(self.now) + LeaseSpan::from_s(for_s);
        self.log(Some(held.server), format!("DECLINE client {number} {}", held.address));
        if !self.network.frozen[held.server.index()] {
            self.foreign_declined(held.server, held.address);
            // A server does not heed a client to which it has not given the address, or has no more.
            let binding = self.servers[held.server.index()].binding(held.address);
            if binding.is_some_and(|it| it.is_for(&self.clients[number].client)) {
                let event = LeaseEvent::Declined { address: held.address, until };
                self.feed(held.server, Input::Lease(event));
            }
        }
    }
}
