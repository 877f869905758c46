//! The world that is explored: two real endpoints, and the simplest disks, network and clients.

use crate::server::{Happening, Sent, Server};
use crate::story::Beginning;
use dhcp_failover_proto::lease::{Client, Control, HardwareAddress, LeaseInstant, LeaseSpan, Role};
use dhcp_failover_proto::{Command, EndpointConfig, LinkId, Service, State};
use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Time passes in steps of the MCLT,
pub const STEP_MS: u64 = 20_000;
/// which is this,
pub const MCLT_S: u64 = 20;
/// and clients would like twice as much.
pub const LEASE_S: u64 = 40;
/// A link dies of three silent steps.
const RECEIVE_TIMER_S: u64 = 60;
/// Longer ago is long ago: the lease, the MCLT, the minute the secondary leaves the primary to end a
/// lease, and the seconds that clocks may be off.
pub const GAP_S: u64 = LEASE_S + MCLT_S + 60 + 20;
/// True time 0.
const EPOCH_S: u64 = 1_700_000_000;

/// What may still happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Budget {
    /// Crashes of each server.
    pub crashes: [u8; 2],
    /// Times the path between the servers breaks.
    pub partitions: u8,
    /// Orders of PARTNER-DOWN, only while the partner is down.
    pub orders: u8,
    /// Orders to pause or to shut down, of each server.
    pub leaves: [u8; 2],
    /// Steps of time that pass over messages under way or writes not synced.
    pub slow_steps: u8,
}

/// What is broken on purpose, to see it found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mutant {
    #[default]
    None,
    /// Writes are reported durable before they are.
    EarlySync,
    /// Clients keep their addresses for twice as long as they were told.
    ClientsHoldOn,
    /// The servers count on an MCLT that is not observed in grants.
    IgnoreMclt,
}

/// The bounds of one exploration.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub addresses: u8,
    pub requests: u8,
    pub budget: Budget,
    pub mutant: Mutant,
    pub beginning: Beginning,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Rule {
    S1,
    S2,
    S3,
    S4,
    S5,
    S7,
    S11,
    Livelock,
}

#[derive(Clone, Debug)]
pub enum Item {
    Opened,
    Message(Arc<Sent>),
    Closed,
}

#[derive(Clone, Debug)]
pub struct Connection {
    pub number: u64,
    /// By sender.
    pub queues: [VecDeque<Item>; 2],
    /// Which servers still have it.
    pub open: [bool; 2],
    /// BNDUPDs that each has sent and not had answered.
    pub unanswered: [u8; 2],
}

impl Connection {
    pub fn link(&self) -> LinkId {
        LinkId(self.number)
    }
}

#[derive(Clone, Copy, Hash, Debug)]
pub struct Held {
    pub address: Ipv4Addr,
    pub server: usize,
    pub expires: LeaseInstant,
}

#[derive(Clone, Debug)]
pub struct DhcpClient {
    pub left: u8,
    pub held: Option<Held>,
}

#[derive(Clone)]
pub struct World {
    pub now_ms: u64,
    pub addresses: u8,
    pub servers: [Arc<Server>; 2],
    pub connections: Vec<Connection>,
    pub next_link: u64,
    pub path_is_up: bool,
    pub clients: [DhcpClient; 2],
    pub budget: Budget,
    pub broken: Option<(Rule, String)>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let states = [0, 1].map(|host| self.state(host));
        write!(f, "{} s {states:?} {:?} {:?}", self.now_ms / 1_000, self.clients, self.broken)
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        let [one, two] = [self, other]
            .map(|world| BuildHasherDefault::<DefaultHasher>::default().hash_one(world));
        one == two
    }
}

/// A client; the first two are both in the primary's half of the hash buckets, so that nothing tells
/// them apart.
pub fn client(number: usize) -> Client {
    let mac = [2, 0, 0, 0, 0, u8::try_from(2 * number).unwrap_or(1)];
    let hardware = HardwareAddress::new(1, &mac).unwrap_or_else(|| unreachable!("six bytes"));
    Client::new(None, hardware)
}

pub fn config(host: usize) -> EndpointConfig {
    let (role, partner) = match host {
        0 => (Role::Primary, 2),
        _ => (Role::Secondary, 1),
    };
    EndpointConfig {
        mclt: LeaseSpan::from_s(MCLT_S),
        receive_timer: LeaseSpan::from_s(RECEIVE_TIMER_S),
        max_unacked_bndupd: 1,
        max_batch: 1,
        seed: 7,
        ..EndpointConfig::new("check", role, IpAddr::from([198, 51, 100, partner]))
    }
}

/// The wall clock of both servers, so many milliseconds from the beginning.
pub fn at_ms(now_ms: u64) -> LeaseInstant {
    LeaseInstant::from_unix_s(EPOCH_S + now_ms / 1_000)
}

impl World {
    pub fn new(setup: &Setup) -> Self {
        let client = || DhcpClient { left: setup.requests, held: None };
        let mut world = Self {
            now_ms: 0,
            addresses: setup.addresses,
            servers: Default::default(),
            connections: Vec::new(),
            next_link: 1,
            path_is_up: true,
            clients: [client(), client()],
            budget: setup.budget,
            broken: None,
        };
        for host in [0, 1] {
            world.happens(host, &Happening::Start, setup);
        }
        world
    }

    pub fn lease_now(&self) -> LeaseInstant {
        at_ms(self.now_ms)
    }

    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        (1..=self.addresses).map(|last| Ipv4Addr::new(192, 0, 2, last))
    }

    /// For a change that does not just happen.
    #[cfg(test)]
    pub fn server(&mut self, host: usize) -> &mut Server {
        let server = Arc::make_mut(&mut self.servers[host]);
        server.known = Default::default();
        server
    }

    pub fn state(&self, host: usize) -> Option<State> {
        self.servers[host].endpoint.as_ref().map(|endpoint| endpoint.status().state)
    }

    pub fn is_busy(&self) -> bool {
        let writing = self.servers.iter().any(|server| !server.unsynced.is_empty());
        writing || self.connections.iter().any(|it| it.queues.iter().any(|q| !q.is_empty()))
    }

    /// The server goes down, and with it its end of every connection.
    pub fn end(&mut self, host: usize, keeps_unsynced: bool, setup: &Setup) {
        self.happens(host, &Happening::End { keeps_unsynced }, setup);
        for connection in &mut self.connections {
            connection.close(host);
        }
        self.connections.retain(|it| it.open != [false; 2]);
    }

    pub fn partition(&mut self) {
        self.path_is_up = false;
        for connection in &mut self.connections {
            for (from, queue) in connection.queues.iter_mut().enumerate() {
                queue.clear();
                if connection.open[1 - from] {
                    queue.push_back(Item::Closed);
                }
            }
        }
    }

    /// Whether the server was paused or shut down, and runs still.
    pub fn is_leaving(&self, host: usize) -> bool {
        matches!(self.state(host), Some(State::Paused | State::Shutdown))
    }

    /// Whether it may still be that the server has to start from its disk.
    pub fn may_stop(&self, host: usize) -> bool {
        let budget = &self.budget;
        let ordered = budget.leaves[host] > 0 || self.is_leaving(host);
        budget.crashes[host] > 0 || ordered || self.servers[host].endpoint.is_none()
    }

    pub fn may_order(&self, host: usize) -> bool {
        let endpoint = self.servers[host].endpoint.as_ref();
        self.servers[1 - host].endpoint.is_none()
            && endpoint.is_some_and(|it| it.permits(Command::PartnerDown).is_ok())
    }

    pub fn breaks(&mut self, rule: Rule, text: String) {
        self.broken.get_or_insert((rule, text));
    }

    /// S4: no address may be given to a new client by both servers, as they are now or as they would
    /// come back from their disks.
    pub fn check_disjoint(&mut self) {
        let both = self.addresses().find(|at| (0..2).all(|host| self.may_allocate(host, *at)));
        if let Some(address) = both {
            self.breaks(Rule::S4, format!("{address} can be given away by both"));
        }
    }

    fn may_allocate(&self, host: usize, address: Ipv4Addr) -> bool {
        use dhcp_failover_proto::Bindings;
        let (server, now, nobody) = (&self.servers[host], self.lease_now(), client(99));
        if let Some(endpoint) = &server.endpoint {
            let view = endpoint.view();
            let binding = server.table.get(address);
            return matches!(view.service(), Service::Balanced | Service::Everybody)
                && view.gives_new(0, now)
                && binding.is_some_and(|it| view.may_allocate(&it, &nobody, now).is_ok());
        }
        let Some(record) = server.disk.record else { return false };
        let alone = self.state(1 - host) == Some(State::PartnerDown);
        let lacks_data = record.partner_was_alone;
        if alone || lacks_data || Service::of(record.state) == Service::Nobody {
            return false;
        }
        let allocator = dhcp_failover_proto::lease::Allocator {
            role: record.role,
            control: Control::Shared,
            mclt: record.mclt.for_waits(),
            now,
            storage_lost: record.storage_lost_at,
        };
        allocator.check(&server.disk.binding(address), &nobody).is_ok()
    }

    /// S3: what the partner of the server that gave a lease has on its disk, or its waits, cover it.
    pub fn check_protection(&mut self) {
        let now = self.lease_now();
        for number in 0..self.clients.len() {
            let Some(held) = self.clients[number].held.filter(|held| held.expires > now) else {
                continue;
            };
            let disk = &self.servers[1 - held.server].disk;
            let binding = disk.binding(held.address);
            let known = match binding.is_for(&client(number)) {
                true => binding.expiries.latest(),
                false => LeaseInstant::ZERO,
            };
            // One that is down, or starts, has to be told again that it is alone, and waits anew; so
            // does one whose disk has not heard of it yet.
            let status = self.servers[1 - held.server].endpoint.as_ref().map(|it| it.status());
            let alone = status.filter(|status| status.state == State::PartnerDown);
            let on_disk = disk.record.filter(|record| !record.partner_returned);
            let waits_from = alone
                .zip(on_disk)
                .map_or(now, |(status, record)| status.state_since.max(record.state_since));
            let protected = known.max(waits_from) + LeaseSpan::from_s(MCLT_S + 3);
            if held.expires > protected {
                let text = format!("client {number} {held:?}, protected until {protected:?}");
                self.breaks(Rule::S3, text);
            }
        }
    }
}

impl Connection {
    /// One end is gone.
    pub fn close(&mut self, host: usize) {
        self.open[host] = false;
        self.queues[1 - host].clear();
        if self.open[1 - host] {
            self.queues[host].push_back(Item::Closed);
        }
    }
}
