//! The one task that joins everything: lease tables, endpoints, clients, partner and disk.
//!
//! `Core` owns all state, so nothing here needs a lock and a decision cannot be overtaken by
//! another. Everything else talks to it through channels:
//!
//! ```text
//!   net ── datagrams ──▶ ┌──────┐ ──▶ net::Sender      answers
//!   link ── events ────▶ │ Core │ ──▶ link::Links      messages to partners
//!   store ─ durable ───▶ │      │ ──▶ StoreWriter      records, committed in groups
//!   admin ─ calls ─────▶ └──────┘ ──▶ oneshot          responses
//! ```
//!
//! One turn takes in what is waiting, up to a bound, then hands all records made by it to the store
//! in one submission. A DHCPACK waits in `Replies` until its record is durable;
//! that decision is the endpoint's, not ours.

mod admin;
mod clock;
mod connections;
mod domain;
mod dry_run;
mod events;
mod explain;
mod kind;
mod live;
mod load;
mod packets;
mod persist;
mod relationships;
mod replies;
mod stored;
#[cfg(test)]
mod testing;

use crate::admin::{AdminCall, AdminServer};
use crate::dhcp::network::Networks;
use crate::dhcp::server::DhcpServer;
use crate::link::LinkEvent;
use crate::log_limit::LogLimits;
use crate::metrics::{Direction, Metrics};
use crate::net::{self, Datagram, NetConfig, NetError, Network};
use crate::services::Services;
use crate::store::{StoreError, StoreEvent, Write, WriterStopped};
use clock::Clock;
use connections::{Connections, ForDomain};
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_proto::{Command, Event, Input, LeaseEvent};
use domain::{Domain, Effect};
use dry_run::DryRun;
use live::Settings;
use persist::Persistence;
use relationships::change::Waiting;
use replies::Replies;
use std::collections::VecDeque;
use std::time::Duration;
pub(crate) use stored::BINDING_FORMAT;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// What one turn takes in of each kind before the records of the turn go to the store.
const TURN_MAX: usize = 256;
/// Leases are looked through for ended ones, and metrics brought up to date, this often.
const HOUSEKEEPING: Duration = Duration::from_millis(500);
/// How long a stopping server waits for its farewell to reach the partners.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why the server stopped other than by request.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// A socket could not be opened.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The stored state cannot be used.
    #[error(transparent)]
    Load(#[from] load::LoadError),
    /// Durability is gone, and with it every promise; the server must not go on.
    #[error("stopped serving because a write failed: {0}")]
    Store(StoreError),
    /// The same, noticed later.
    #[error(transparent)]
    Writer(#[from] WriterStopped),
}

/// The state of the server.
struct Core {
    settings: Settings,
    clock: Clock,
    dhcp: DhcpServer,
    /// By number: first the scopes without failover ([`ALONE`](crate::dhcp::network::ALONE)).
    domains: Vec<Domain>,
    connections: Connections,
    persistence: Persistence,
    replies: Replies,
    metrics: Metrics,
    limits: LogLimits,
    dry_runs: VecDeque<DryRun>,
    /// Operators whose changes are on their way to the disk, in that order.
    waiting: VecDeque<Waiting>,
}

/// What the core waits for.
struct Inputs {
    store_events: mpsc::UnboundedReceiver<StoreEvent>,
    link_events: mpsc::Receiver<LinkEvent>,
    datagrams: mpsc::Receiver<Datagram>,
    admin_calls: mpsc::Receiver<AdminCall>,
    stop: watch::Receiver<bool>,
    /// Kept until the end, because dropping it removes the socket.
    _admin_server: AdminServer,
}

/// Serves until told to stop. `trust_wall` has the clock of the leases begin at the wall clock even
/// where the store says where it must be.
///
/// # Errors
/// When the server cannot start, or can no longer make its promises durable.
pub async fn run(services: Services, trust_wall: bool) -> Result<(), CoreError> {
    let (mut core, mut inputs) = start(services, trust_wall)?;
    core.tick_all();
    core.submit()?;
    let mut housekeeping = Instant::now();
    let mut stopping: Option<Instant> = None;
    loop {
        let more = (!core.dry_runs.is_empty()).then(Instant::now);
        let wakes = core.next_wake().into_iter().chain(stopping).chain(more);
        let wake = wakes.fold(housekeeping, Instant::min);
        // Unbiased: a flood of one kind must not starve the others.
        tokio::select! {
            Some(event) = inputs.store_events.recv() => {
                core.stored(event)?;
                while let Ok(event) = inputs.store_events.try_recv() {
                    core.stored(event)?;
                }
            }
            Some(event) = inputs.link_events.recv() => {
                core.link(event);
                for _ in 1..TURN_MAX {
                    let Ok(event) = inputs.link_events.try_recv() else { break };
                    core.link(event);
                }
            }
            Some(datagram) = inputs.datagrams.recv(), if stopping.is_none() => {
                core.datagram(datagram).await;
                for _ in 1..TURN_MAX {
                    let Ok(datagram) = inputs.datagrams.try_recv() else { break };
                    core.datagram(datagram).await;
                }
            }
            Some(call) = inputs.admin_calls.recv() => core.admin(call),
            Ok(()) = inputs.stop.changed(), if stopping.is_none() => {
                stopping = Some(Instant::now() + FAREWELL);
                core.say_farewell();
            }
            () = tokio::time::sleep_until(wake) => {}
        }
        // Timers run in every turn, however busy it was.
        core.tick_due();
        core.go_on_with_dry_runs();
        if housekeeping <= Instant::now() {
            core.housekeeping()?;
            housekeeping = Instant::now() + HOUSEKEEPING;
        }
        core.submit()?;
        core.send_replies().await;
        let said = core.connections.is_idle() && core.persistence.is_idle();
        if stopping.is_some_and(|end| said || end <= Instant::now()) {
            tracing::info!("stopped");
            return Ok(());
        }
    }
}

fn start(services: Services, trust_wall: bool) -> Result<(Core, Inputs), CoreError> {
    let Services {
        file,
        mut live,
        config,
        contents,
        store,
        store_events,
        links,
        link_events,
        admin_calls,
        metrics,
        stop,
        admin_server,
    } = services;
    let server = &config.server;
    let listen = server.dhcp_listen;
    let sockets = Network::open(&NetConfig { listen, interfaces: server.interfaces.clone() })?;
    for address in &sockets.listening {
        tracing::info!("serving DHCP on {address}");
    }
    let mut records = load::endpoint_records(&contents)?;
    load::compare_where_scopes_joined(&config, &live, &mut records);
    let clock = Clock::start(records.values(), trust_wall);
    let now = clock.lease_now();
    let mut persistence = Persistence::new(store);
    load::note_those_that_left(&config, &contents, &records, &mut live, now)?;
    // Also where it is to be forgotten: not before it is known that the server can start without it.
    let record = live.encode().map_err(load::LoadError::Record)?;
    let is_on_disk = match &contents.live {
        Some(stored) => *stored == record,
        None => live.is_empty(),
    };
    if !is_on_disk {
        persistence.add_own(Write::Live { record });
    }
    // A relationship of that name that is made later is another one.
    for name in records.keys() {
        if config.relationships.iter().all(|it| it.name != *name) {
            persistence.add_own(Write::DeleteEndpoint { relationship: name.clone() });
        }
    }
    let networks = Networks::new(&config.scopes, |it| load::domain_of(&config, &live, it));
    let domains = load::domains(&config, &networks, &contents, &records, &live.former, &clock)?;
    let mut connections = Connections::new(links);
    for (domain, it) in domains.iter().enumerate() {
        it.relationship().into_iter().for_each(|it| connections.add(domain, it));
    }
    let ports = net::ports(server.relay_port);
    let core = Core {
        settings: Settings { file, live, in_force: config },
        dhcp: DhcpServer::new(networks, ports, sockets.addresses),
        connections,
        persistence,
        replies: Replies::new(sockets.sender),
        clock,
        domains,
        metrics,
        limits: LogLimits::default(),
        dry_runs: VecDeque::new(),
        waiting: VecDeque::new(),
    };
    let inputs = Inputs {
        store_events,
        link_events,
        datagrams: sockets.datagrams,
        admin_calls,
        stop,
        _admin_server: admin_server,
    };
    Ok((core, inputs))
}

impl Core {
    fn lease_now(&self) -> LeaseInstant {
        self.clock.lease_now()
    }

    /// Tells a domain that something happened, and does what follows from it.
    fn feed(&mut self, domain: usize, input: Input<'_>) {
        let now = self.clock.monotonic();
        let lease_now = self.clock.lease_now();
        let Some(target) = self.domains.get_mut(domain) else { return };
        let name = target.name.clone();
        for effect in target.handle(now, lease_now, input) {
            match effect {
                Effect::Persist { ticket, write } => {
                    self.persistence.add(domain, ticket, write);
                }
                Effect::Transmit { link, bytes } => {
                    self.count_message(&name, Direction::Out, &bytes);
                    self.connections.send(link, &bytes);
                }
                Effect::Dial => self.connections.dial(domain),
                Effect::Close { link } => self.connections.close(link),
                Effect::Confirm(token) => self.replies.confirm(token),
                Effect::Refuse(token, why) => {
                    tracing::debug!("{name}: a grant was decided on old facts ({why:?})");
                    self.metrics.dhcp_dropped("stale");
                    self.replies.forget(token);
                }
                Effect::PartnerUpdatesDns => tracing::warn!(
                    relationship = name,
                    "the partner updates DNS and this server does not: names of clients that this \
                     server gives addresses to are not in DNS; see to it, or let neither do it"
                ),
                Effect::Event(event) => {
                    if let Event::PoolsDiffer(difference) = &event {
                        self.name_pools(&name, domain, difference.pools.as_deref());
                    }
                    events::log(&name, &event, &self.metrics, &mut self.limits);
                }
            }
        }
    }

    /// Says in the operator's words which scopes an alarm is about.
    fn name_pools(&self, relationship: &str, domain: usize, pools: Option<&[usize]>) {
        for (_, scope) in self.dhcp.networks().scopes() {
            // A scope has a pool, and one more for its reservations if there are any.
            let last = scope.pool + usize::from(!scope.config.reservations.is_empty());
            let is_meant = |pool: &usize| (scope.pool..=last).contains(pool);
            if scope.domain == domain && pools.is_none_or(|pools| pools.iter().any(is_meant)) {
                let subnet = scope.config.subnet;
                tracing::error!(relationship, %subnet, "the scope is not the same at the partner");
            }
        }
    }

    fn count_message(&self, relationship: &str, direction: Direction, bytes: &[u8]) {
        let kind = bytes.get(2).copied().unwrap_or(0);
        self.metrics.failover_message(relationship, direction, kind);
    }

    fn submit(&mut self) -> Result<(), CoreError> {
        Ok(self.persistence.submit()?)
    }

    fn stored(&mut self, event: StoreEvent) -> Result<(), CoreError> {
        match event {
            StoreEvent::Failed { error } => Err(CoreError::Store(error)),
            StoreEvent::Persisted { ticket, .. } => {
                self.changes_are_durable(ticket);
                for (domain, ticket) in self.persistence.persisted(ticket) {
                    self.feed(domain, Input::Persisted(ticket));
                }
                Ok(())
            }
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let wakes = self.domains.iter().filter_map(|domain| domain.wake);
        wakes.min().map(|at| self.clock.instant(at))
    }

    /// Gives time to the endpoints that asked for it.
    fn tick_due(&mut self) {
        let now = self.clock.monotonic();
        for domain in 0..self.domains.len() {
            if self.domains[domain].wake.is_some_and(|at| at <= now) {
                self.feed(domain, Input::Tick);
            }
        }
    }

    fn tick_all(&mut self) {
        for domain in 0..self.domains.len() {
            self.feed(domain, Input::Tick);
        }
    }

    fn housekeeping(&mut self) -> Result<(), CoreError> {
        let now = self.lease_now();
        let pins = self.dhcp.end_offers(now);
        self.pin(&pins);
        for domain in 0..self.domains.len() {
            for address in self.domains[domain].ended(now) {
                self.feed(domain, Input::Lease(LeaseEvent::Expired { address }));
            }
        }
        self.forget_partners()?;
        self.update_metrics();
        self.limits.settle();
        self.connections.settle_log();
        Ok(())
    }

    fn update_metrics(&self) {
        let mut counts = [0u64; dhcp_failover_lease::BindingStatus::ALL.len()];
        for domain in &self.domains {
            domain.count(&mut counts);
            if let Some(endpoint) = domain.endpoint() {
                let available = domain.available();
                self.metrics.set_status(&endpoint.status(), available, self.clock.monotonic());
                self.metrics.set_endpoint(&domain.name, endpoint.stats());
            }
        }
        for (status, count) in dhcp_failover_lease::BindingStatus::ALL.iter().zip(counts) {
            self.metrics.set_leases(status.name(), count);
        }
    }

    /// A server that stops says so, so that its partner takes over at once (§9.13).
    fn say_farewell(&mut self) {
        for domain in 0..self.domains.len() {
            self.feed(domain, Input::Command(Command::Pause));
        }
    }

    fn link(&mut self, event: LinkEvent) {
        for (domain, input) in self.connections.event(event, self.clock.lease_now()) {
            if let ForDomain::Frame { bytes, .. } = &input {
                self.count_message(&self.domains[domain].name, Direction::In, bytes);
            }
            self.feed(domain, input.as_input());
        }
    }
}
