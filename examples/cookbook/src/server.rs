//! A server without input or output: an endpoint, its leases, and a disk that is only a list.
//!
//! [`Server::feed`] is a whole driver of an [`Endpoint`]. A real one differs only in where the
//! inputs come from and where the outputs go.

use crate::story::Story;
use dhcp_failover::lease::{BindingFlags, Client, LeaseInstant, LeaseSpan, Role};
use dhcp_failover::proto::{
    BindingTable, Bindings, Decision, Endpoint, EndpointConfig, Event, Input, LeaseEvent, LinkId,
    Monotonic, Output, Query, Record, RequestClass, Ticket, Token,
};
use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// A server: its endpoint, its leases, and a disk that is only a list of what is not synced.
#[derive(Debug)]
pub struct Server {
    /// For the printed story.
    pub name: &'static str,
    /// Where it is printed.
    pub(crate) story: Story,
    /// Its end of the relationship.
    pub endpoint: Endpoint,
    /// Its leases, in memory.
    pub table: BindingTable,
    /// Written, not synced.
    pub unsynced: Vec<Ticket>,
    /// The disk does not come round to syncing.
    pub disk_stalls: bool,
    /// The grants whose DHCPACK may leave.
    pub confirmed: Vec<Token>,
    pub(crate) outbox: VecDeque<(LinkId, Vec<u8>)>,
    pub(crate) closing: Option<LinkId>,
    pub(crate) wants_to_dial: bool,
    pub(crate) wake: Option<Monotonic>,
}

impl Server {
    pub(crate) fn new(name: &'static str, role: Role, partner: [u8; 4], story: Story) -> Self {
        let config = EndpointConfig::new("east-west", role, partner.into());
        let wall = LeaseInstant::from_unix_s(1_700_000_000);
        let mut table = BindingTable::new();
        let range = Ipv4Addr::new(192, 0, 2, 10)..=Ipv4Addr::new(192, 0, 2, 29);
        table.add_pool([range]).expect("the only pool overlaps with nothing");
        Self {
            name,
            story,
            endpoint: Endpoint::new(config, None, Monotonic::default(), wall),
            table,
            unsynced: Vec::new(),
            disk_stalls: false,
            confirmed: Vec::new(),
            outbox: VecDeque::new(),
            closing: None,
            wants_to_dial: false,
            wake: Some(Monotonic::default()),
        }
    }

    /// Tells the endpoint what happened, and carries out what it answers, in order.
    pub fn feed(&mut self, now: Monotonic, input: Input<'_>) {
        self.endpoint.handle(now, input, &self.table);
        loop {
            match self.endpoint.poll_output() {
                Output::Wait(until) => {
                    self.wake = until;
                    return;
                }
                Output::Persist { ticket, record } => {
                    if let Record::Binding(binding) = record {
                        self.table.apply(*binding); // visible at once, durable later
                    }
                    self.unsynced.push(ticket);
                }
                Output::Transmit { link, bytes } => self.outbox.push_back((link, bytes)),
                Output::Close { link } => self.closing = Some(link),
                Output::Dial => self.wants_to_dial = true,
                Output::Confirm { token } => {
                    self.tell(now, "the DHCPACK may leave");
                    self.confirmed.push(token);
                }
                Output::Refuse { token, why } => {
                    self.tell(now, &format!("grant {} refused: {why:?}", token.0));
                }
                Output::Event(Event::State { from, to, .. }) => {
                    self.tell(now, &format!("{from} -> {to}"));
                }
                Output::Event(Event::Disconnected { reason }) => {
                    self.tell(now, &format!("contact lost: {reason}"));
                }
                _ => {}
            }
        }
    }

    /// One sync makes everything durable that was written before it.
    pub(crate) fn sync(&mut self, now: Monotonic) {
        let written = std::mem::take(&mut self.unsynced);
        if let Some(last) = written.last().copied() {
            self.feed(now, Input::Persisted(last));
        }
    }

    /// What a DHCP server does with a request: may I, which address, for how long?
    ///
    /// The address and the lease time promised, or `None` if this client is not for this server.
    /// The answer may not leave before `token` is confirmed.
    pub fn request(
        &mut self,
        now: Monotonic,
        token: Token,
        class: RequestClass,
        client: &Client,
    ) -> Option<(Ipv4Addr, LeaseSpan)> {
        let (view, lease_now) = (self.endpoint.view(), self.endpoint.lease_time_at(now));
        let query = Query {
            class,
            key: client.balance_key(),
            secs: 0,
            max_delay_s: Some(3),
            partner_pool_empty: false,
            now: lease_now,
        };
        if view.decide(&query) != Decision::Serve {
            return None;
        }
        let own = view.role().own_available();
        let known = self.table.addresses_of(client);
        let binding = known
            .chain(self.table.available(0, own))
            .filter_map(|address| self.table.get(address))
            .find(|binding| view.may_allocate(binding, client, lease_now).is_ok())?;
        let grant = view.grant(&binding, client, LeaseSpan::from_s(86_400), 50, lease_now);
        let (address, hardware) = (binding.address, client.hardware());
        self.tell(now, &format!("promises {address} to {hardware} for {:?}", grant.lease));
        let event = LeaseEvent::Granted {
            token,
            address: binding.address,
            client: client.clone(),
            grant,
            version: binding.version,
            epoch: view.epoch(),
            flags: BindingFlags::default(),
            request_options: Vec::new(),
        };
        self.feed(now, Input::Lease(event));
        Some((binding.address, grant.lease))
    }

    /// A line of the story.
    pub(crate) fn tell(&self, now: Monotonic, what: &str) {
        let seconds = std::time::Duration::from_millis(now.as_ms()).as_secs_f64();
        self.story.tell(format!("{seconds:>7.1} s  {}  {what}", self.name));
    }
}
