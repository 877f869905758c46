//! Two endpoints back to back with as little between them as possible: for many leases, where a
//! [`Pair`](crate::Pair) with its checkers would be slow. Frames are handed over in memory, and the
//! disks commit whatever was written since the last commit at once.

use crate::Host;
use dhcp_failover_lease::{
    Binding, BindingStatus, Client, Expiries, HardwareAddress, LeaseInstant, LeaseSpan, PoolCounts,
};
use dhcp_failover_proto::{
    BindingTable, Bindings, Endpoint, EndpointConfig, EndpointRecord, Event, Input, LeaseEvent,
    LinkId, LinkSide, Monotonic, Output, Record, State, Subnet, Ticket, Token,
};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// 2023-11-14.
const EPOCH_S: u64 = 1_700_000_000;
/// The first address of the pool.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);
/// Messages that are read before the disk commits.
const GROUP: usize = 32;

/// One of the two.
#[derive(Debug)]
pub struct Side {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its bindings.
    pub table: BindingTable,
    /// What it stored of itself last.
    pub record: Option<EndpointRecord>,
    /// Leases looked at in one call, at most.
    pub most_examined: usize,
    /// Messages that came and were not read yet.
    pub inbox: VecDeque<Vec<u8>>,
    /// What it reported.
    pub events: Vec<Event>,
    written: Option<Ticket>,
    wake_ms: Option<u64>,
}

/// Two endpoints, one connection, and a clock.
#[derive(Debug)]
pub struct Bulk {
    /// Primary and secondary.
    pub sides: [Side; 2],
    now_ms: u64,
    link: u64,
    /// The network takes connections and frames.
    pub up: bool,
    /// Frames handed over.
    pub frames: u64,
    /// The longest of them, in bytes.
    pub longest_frame: usize,
    /// Cut the connection when so many frames have been handed over.
    pub cut_at: Option<u64>,
}

/// The bindings as an endpoint sees them; notes which it looks at.
struct View<'a> {
    table: &'a BindingTable,
    seen: RefCell<Vec<Ipv4Addr>>,
}

impl Bindings for View<'_> {
    fn get(&self, address: Ipv4Addr) -> Option<Binding> {
        self.seen.borrow_mut().push(address);
        self.table.get(address)
    }

    fn used_after(&self, after: Option<Ipv4Addr>) -> impl Iterator<Item = &Binding> {
        let bindings = self.table.used_after(after);
        bindings.inspect(|binding| self.seen.borrow_mut().push(binding.address))
    }

    fn pool_count(&self) -> usize {
        self.table.pool_count()
    }

    fn counts(&self, pool: usize) -> PoolCounts {
        self.table.counts(pool)
    }

    fn available_after(
        &self,
        pool: usize,
        status: BindingStatus,
        after: Option<(LeaseInstant, Ipv4Addr)>,
    ) -> impl Iterator<Item = Ipv4Addr> {
        let addresses = self.table.available_after(pool, status, after);
        addresses.inspect(|address| self.seen.borrow_mut().push(*address))
    }

    fn is_pinned(&self, address: Ipv4Addr) -> bool {
        self.table.is_pinned(address)
    }

    fn is_reserved(&self, address: Ipv4Addr) -> bool {
        self.table.is_reserved(address)
    }

    fn misreserved(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.table.misreserved().inspect(|address| self.seen.borrow_mut().push(*address))
    }

    fn subnet_of(&self, address: Ipv4Addr) -> Option<Subnet> {
        self.table.subnet_of(address)
    }
}

impl Side {
    fn new(config: EndpointConfig, table: BindingTable, stored: Option<EndpointRecord>) -> Self {
        let wall = LeaseInstant::from_unix_s(EPOCH_S);
        let endpoint = Endpoint::new(config, stored, Monotonic::from_ms(0), wall);
        Self {
            endpoint,
            table,
            record: stored,
            most_examined: 0,
            inbox: VecDeque::new(),
            events: Vec::new(),
            written: None,
            wake_ms: Some(0),
        }
    }

    fn handle(&mut self, now_ms: u64, input: Input<'_>) {
        // The table cannot lend itself and be changed at once, so the view ends here.
        let view = View { table: &self.table, seen: RefCell::default() };
        self.endpoint.handle(Monotonic::from_ms(now_ms), input, &view);
        let mut seen = view.seen.into_inner();
        if seen.len() > self.most_examined {
            seen.sort_unstable();
            seen.dedup();
            self.most_examined = self.most_examined.max(seen.len());
        }
    }

    fn is_quiet(&self) -> bool {
        let status = self.endpoint.status();
        status.state == State::Normal && status.connected && status.pending == 0
    }
}

/// A pool of so many addresses, of which the first `leases` are leased.
#[must_use]
pub fn table(addresses: u32, leases: u32) -> BindingTable {
    let mut table = BindingTable::new();
    let last = Ipv4Addr::from_bits(FIRST.to_bits() + addresses - 1);
    // The range is empty if there are none.
    let _ = table.add_pool([FIRST..=last]);
    (0..leases).for_each(|number| {
        table.apply(lease(number));
    });
    table
}

/// The client of a lease.
#[must_use]
pub fn client(number: u32) -> Client {
    let [a, b, c, d] = number.to_be_bytes();
    let hardware = HardwareAddress::new(1, &[2, 0, a, b, c, d]);
    Client::new(None, hardware.unwrap_or_else(|| unreachable!("six bytes")))
}

/// A lease the partner has not heard of.
fn lease(number: u32) -> Binding {
    let now = LeaseInstant::from_unix_s(EPOCH_S - 100);
    Binding {
        status: BindingStatus::Active,
        client: Some(client(number)),
        expiries: Expiries { lease: now + LeaseSpan::from_s(86_400), ..Expiries::default() },
        start_of_state: now,
        last_transaction: Some(now),
        version: 1,
        ..Binding::unused(Ipv4Addr::from_bits(FIRST.to_bits() + number))
    }
}

impl Bulk {
    /// Two servers that start now, with these configurations, tables and records.
    #[must_use]
    pub fn new(
        configs: [EndpointConfig; 2],
        tables: [BindingTable; 2],
        records: [Option<EndpointRecord>; 2],
    ) -> Self {
        let [a, b] = configs;
        let [of_a, of_b] = tables;
        let [stored_a, stored_b] = records;
        let sides = [Side::new(a, of_a, stored_a), Side::new(b, of_b, stored_b)];
        Self { sides, now_ms: 0, link: 0, up: true, frames: 0, longest_frame: 0, cut_at: None }
    }

    /// Runs until both are in NORMAL and nothing is left to tell, for at most `limit_s` of their
    /// time. Whether that came to be.
    pub fn run_until_quiet(&mut self, limit_s: u64) -> bool {
        self.run_until(limit_s, |pair| pair.sides.iter().all(Side::is_quiet))
    }

    /// Runs until `condition` holds, for at most `limit_s` of the servers' time.
    pub fn run_until(&mut self, limit_s: u64, condition: impl Fn(&Self) -> bool) -> bool {
        let end = self.now_ms + limit_s * 1_000;
        while !condition(self) {
            let busy = [self.turn(Host::A), self.turn(Host::B)];
            if busy == [false, false] {
                let next = self.sides.iter().filter_map(|side| side.wake_ms).min();
                let Some(next) = next.filter(|next| *next <= end) else {
                    self.now_ms = end;
                    return condition(self);
                };
                self.now_ms = self.now_ms.max(next);
            }
        }
        true
    }

    /// Lets `seconds` pass.
    pub fn run_s(&mut self, seconds: u64) {
        self.run_until(seconds, |_| false);
    }

    /// Ends the connection and allows no other until [`up`](Self::up) is set again.
    pub fn cut(&mut self) {
        self.up = false;
        let link = LinkId(self.link);
        for host in Host::BOTH {
            self.sides[host.index()].inbox.clear();
            self.feed(host, Input::LinkDown { link });
            self.commit(host);
        }
    }

    /// Has `host` renew a lease. Whether it did.
    pub fn renew(&mut self, host: Host, number: u32, lease: LeaseSpan) -> bool {
        let side = &self.sides[host.index()];
        let Some(binding) = side.table.get(Ipv4Addr::from_bits(FIRST.to_bits() + number)) else {
            return false;
        };
        let (view, now, client) = (side.endpoint.view(), side.endpoint.lease_now(), client(number));
        if view.may_allocate(&binding, &client, now).is_err() {
            return false;
        }
        let grant = view.grant(&binding, &client, lease, 50, now);
        let event = LeaseEvent::Granted {
            token: Token(u64::from(number)),
            address: binding.address,
            client,
            grant,
            version: binding.version,
            epoch: view.epoch(),
            flags: binding.flags,
            request_options: Vec::new(),
        };
        self.feed(host, Input::Lease(event));
        self.commit(host);
        true
    }

    /// A group of messages, then a commit. Whether there was anything to do.
    fn turn(&mut self, host: Host) -> bool {
        let mut busy = false;
        for _ in 0..GROUP {
            let Some(bytes) = self.sides[host.index()].inbox.pop_front() else { break };
            busy = true;
            self.feed(host, Input::Frame { link: LinkId(self.link), bytes: &bytes });
        }
        if self.sides[host.index()].wake_ms.is_some_and(|at| at <= self.now_ms) {
            busy = true;
            self.sides[host.index()].wake_ms = None;
            self.feed(host, Input::Tick);
        }
        self.commit(host) || busy
    }

    /// Everything written is on the disk now.
    fn commit(&mut self, host: Host) -> bool {
        let Some(ticket) = self.sides[host.index()].written.take() else { return false };
        self.feed(host, Input::Persisted(ticket));
        true
    }

    fn feed(&mut self, host: Host, input: Input<'_>) {
        let now_ms = self.now_ms;
        let side = &mut self.sides[host.index()];
        side.handle(now_ms, input);
        let mut dials = false;
        loop {
            let side = &mut self.sides[host.index()];
            match side.endpoint.poll_output() {
                Output::Wait(at) => {
                    side.wake_ms = at.map(Monotonic::as_ms);
                    break;
                }
                Output::Persist { ticket, record } => {
                    side.written = Some(ticket);
                    match record {
                        Record::Binding(binding) => {
                            side.table.apply(*binding);
                        }
                        Record::Endpoint(record) => side.record = Some(record),
                    }
                }
                Output::Transmit { link, bytes } if self.up && link.0 == self.link => {
                    self.longest_frame = self.longest_frame.max(bytes.len());
                    self.sides[host.partner().index()].inbox.push_back(bytes);
                    self.frames += 1;
                }
                Output::Event(event) => side.events.push(event),
                Output::Dial => dials = true,
                _ => {}
            }
        }
        if self.cut_at.is_some_and(|at| self.frames >= at) {
            self.cut_at = None;
            self.cut();
        }
        if dials {
            self.dial(host);
        }
    }

    fn dial(&mut self, host: Host) {
        if !self.up || host == Host::B {
            return self.feed(host, Input::DialFailed);
        }
        self.link += 1;
        let link = LinkId(self.link);
        self.sides.iter_mut().for_each(|side| side.inbox.clear());
        self.feed(Host::B, Input::LinkUp { link, side: LinkSide::Accepted });
        self.feed(Host::A, Input::LinkUp { link, side: LinkSide::Dialed });
    }
}
