//! A hostile peer, and hostile circumstances: bytes become a sequence of operations on one real
//! endpoint, and everything it must keep is checked after each.
//!
//! The same bytes give the same run. A fuzzer supplies them, or a generator with a seed.

mod craft;
mod heal;
mod watch;

use crate::Rng;
use craft::Craft;
use dhcp_failover_lease::{Client, HardwareAddress, LeaseInstant, LeaseSpan, Role};
use dhcp_failover_proto::{
    BindingTable, Bindings, Command, Endpoint, EndpointConfig, EndpointRecord, Input, LeaseEvent,
    LinkId, LinkSide, Monotonic, Output, Record, Service, StartupPolicy, Ticket, Token,
};
use dhcp_failover_wire::digest::{Key, Scheme};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use watch::{Watch, check_service};

/// Addresses in the pool.
const POOL: u8 = 12;
/// No input may cause more outputs than this: every address written and told, twice, and some words;
/// and whatever waited for the disk before.
const MOST_OUTPUTS: usize = 8 * POOL as usize + 64;
/// Nor more bytes.
const MOST_BYTES: usize = 64 * 1024;
/// What may wait for the disk: messages as bounded by the endpoint, and what clients wait for.
const MOST_HELD: usize = 1_100 + 11_000;
/// 2023-11-14.
const BEGIN: u64 = 1_700_000_000;

/// Reads what to do from bytes; zeros when they are used up.
pub(crate) struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn below(&mut self, bound: u8) -> u8 {
        self.byte() % bound.max(1)
    }

    pub(crate) fn word(&mut self) -> u32 {
        u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken.to_vec()
    }

    fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

/// Sends the same update over and over while the disk does not answer, and says how much the
/// endpoint kept at most, and whether it ended the connection.
#[must_use]
pub fn flood(frames: u32) -> (usize, bool) {
    let mut storm = Storm::new(1);
    storm.handshake(&mut Choices(&[60, 0]));
    let (mut most, mut cut) = (0, false);
    for number in 0..frames {
        let bytes = storm.craft.any_update(number, storm.wall_s());
        let Some(link) = storm.links.last().copied() else {
            cut = true;
            break;
        };
        storm.feed(Input::Frame { link, bytes: &bytes });
        most = most.max(storm.endpoint.status().held);
    }
    (most, cut)
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Operations carried out on the endpoint.
    pub operations: u64,
    /// Frames among them.
    pub frames: u64,
    /// Frames that the endpoint counted as read.
    pub read: u64,
    /// Runs at whose end an honest partner was brought together with the endpoint.
    pub healed: u64,
    /// The operations by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// What the endpoint said, by type.
    pub said: BTreeMap<&'static str, u64>,
    /// DHCPACKs that left.
    pub acks: u64,
    /// Time that passed, in milliseconds.
    pub simulated_ms: u64,
}

struct Storm {
    config: EndpointConfig,
    endpoint: Endpoint,
    table: BindingTable,
    /// What the disk holds, and what is on its way there.
    disk: (Option<EndpointRecord>, BindingTable),
    unsynced: Vec<(Ticket, Record)>,
    now_ms: u64,
    links: Vec<LinkId>,
    next_link: u64,
    /// Frames the endpoint sent last, for sending them back.
    overheard: Vec<Vec<u8>>,
    craft: Craft,
    watch: Watch,
    /// Is told of every operation and what comes of it.
    listener: Option<fn(&str)>,
    tally: Tally,
}

/// Does to an endpoint what `bytes` say, then brings it together with an honest partner.
///
/// # Panics
/// When the endpoint breaks a promise: it says or keeps too much, answers whom it must not (S7), mixes
/// connections up (S11), or does not come to NORMAL.
pub fn run(bytes: &[u8]) -> Tally {
    run_heard_by(bytes, None)
}

/// The run of a seed, told to a listener operation by operation if there is one.
///
/// # Panics
/// As [`run`].
pub fn run_seed(seed: u64, listener: Option<fn(&str)>) -> Tally {
    let mut rng = Rng::new(seed ^ 0x0057_11e0_0057_11e0);
    let length = rng.between(10, 1_500);
    let bytes: Vec<u8> = (0..length).map(|_| rng.next_u64() as u8).collect();
    run_heard_by(&bytes, listener)
}

fn run_heard_by(bytes: &[u8], listener: Option<fn(&str)>) -> Tally {
    let mut choices = Choices(bytes);
    let setup = choices.byte();
    let mut storm = Storm::new(setup);
    storm.listener = listener;
    while !choices.is_over() {
        storm.operation(&mut choices);
    }
    storm.tally.read = storm.tally.read.saturating_add(storm.endpoint.stats().messages_received);
    heal::reaches_normal(&storm);
    storm.tally.healed = 1;
    storm.tally.simulated_ms = storm.now_ms;
    storm.tally
}

fn empty_table() -> BindingTable {
    let mut table = BindingTable::new();
    let (first, last) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, POOL));
    table.add_pool([first..=last]).unwrap_or_else(|error| unreachable!("{error}"));
    table
}

fn secret() -> Key {
    Key::new(Scheme::HMAC_SHA256, "a shared secret")
}

impl Storm {
    fn new(setup: u8) -> Self {
        let role = if setup & 1 == 0 { Role::Primary } else { Role::Secondary };
        let policies = [StartupPolicy::Wait, StartupPolicy::Resume, StartupPolicy::PartnerDown];
        let config = EndpointConfig {
            mclt: LeaseSpan::from_s(60),
            receive_timer: LeaseSpan::from_s(20),
            max_unacked_bndupd: 5,
            safe_period: (setup & 2 != 0).then(|| LeaseSpan::from_s(600)),
            secret: (setup & 4 != 0).then(secret),
            startup_policy: policies[usize::from(setup >> 3) % policies.len()],
            ..EndpointConfig::new("pair", role, Ipv4Addr::LOCALHOST.into())
        };
        let endpoint = Endpoint::new(
            config.clone(),
            None,
            Monotonic::from_ms(0),
            LeaseInstant::from_unix_s(BEGIN),
        );
        let mut storm = Self {
            craft: Craft::new(config.secret.is_some()),
            config,
            endpoint,
            table: empty_table(),
            disk: (None, empty_table()),
            unsynced: Vec::new(),
            now_ms: 0,
            links: Vec::new(),
            next_link: 1,
            overheard: Vec::new(),
            watch: Watch::default(),
            listener: None,
            tally: Tally::default(),
        };
        storm.feed(Input::Tick);
        storm
    }

    fn wall_s(&self) -> u64 {
        BEGIN + self.now_ms / 1_000
    }

    fn operation(&mut self, choices: &mut Choices<'_>) {
        match choices.byte() % 32 {
            0..=2 => self.pass(u64::from(choices.byte()) * 40),
            3 => self.pass(u64::from(choices.byte()) * 4_000),
            4 => self.link_up(choices.byte()),
            5 => {
                let link = self.some_link(choices);
                self.links.retain(|it| *it != link);
                self.feed(Input::LinkDown { link });
            }
            6 => self.feed(Input::DialFailed),
            7 => self.handshake(choices),
            8..=10 => self.sync(usize::MAX),
            11 => self.sync(usize::from(choices.byte())),
            12..=15 => self.lease(choices),
            16 => {
                let orders = [Command::PartnerDown, Command::Pause, Command::Shutdown];
                let order = orders[usize::from(choices.below(16) / 7)];
                self.feed(Input::Command(order));
            }
            17 => self.restart(choices.byte()),
            18 => {
                let length = usize::from(choices.below(64));
                let bytes = choices.take(length);
                self.frame(choices, bytes);
            }
            19..=20 => {
                let overheard = usize::from(choices.byte());
                let pick = overheard.checked_rem(self.overheard.len());
                if let Some(mut bytes) = pick.map(|index| self.overheard[index].clone()) {
                    craft::mutate(&mut bytes, choices);
                    self.frame(choices, bytes);
                }
            }
            21..=22 => {
                let (mut bytes, _) = self.craft.message(choices, self.wall_s());
                craft::mutate(&mut bytes, choices);
                self.frame(choices, bytes);
            }
            _ if self.links.is_empty() => self.handshake(choices),
            _ => {
                let (bytes, _) = self.craft.message(choices, self.wall_s());
                self.frame(choices, bytes);
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        self.feed(Input::Tick);
    }

    fn some_link(&self, choices: &mut Choices<'_>) -> LinkId {
        let known = self.links.last().copied().unwrap_or(LinkId(0));
        match choices.below(16) {
            0 => LinkId(u64::from(choices.byte())),
            1 => self.links.first().copied().unwrap_or(known),
            _ => known,
        }
    }

    fn link_up(&mut self, choice: u8) {
        let link = LinkId(self.next_link);
        self.next_link += 1;
        self.links.push(link);
        if self.links.len() > 8 {
            self.links.remove(0);
        }
        // A driver reports as dialed what it dialed, whoever is at the other end.
        let natural = match self.config.role {
            Role::Primary => LinkSide::Dialed,
            Role::Secondary => LinkSide::Accepted,
        };
        let other = match natural {
            LinkSide::Dialed => LinkSide::Accepted,
            LinkSide::Accepted => LinkSide::Dialed,
        };
        let side = if choice.is_multiple_of(8) { other } else { natural };
        self.feed(Input::LinkUp { link, side });
    }

    /// As an honest peer would begin, so that a run gets beyond that.
    fn handshake(&mut self, choices: &mut Choices<'_>) {
        self.pass(5_000);
        self.link_up(1);
        let link = self.links.last().copied().unwrap_or(LinkId(0));
        let mclt = 1 + u32::from(choices.byte());
        let state = choices.byte();
        for bytes in self.craft.handshake(self.config.role, mclt, state, self.wall_s()) {
            self.sync(usize::MAX);
            self.feed(Input::Frame { link, bytes: &bytes });
        }
        self.sync(usize::MAX);
    }

    fn frame(&mut self, choices: &mut Choices<'_>, bytes: Vec<u8>) {
        let link = self.some_link(choices);
        self.tally.frames += 1;
        self.feed(Input::Frame { link, bytes: &bytes });
    }

    /// The disk finishes the first so many writes.
    fn sync(&mut self, count: usize) {
        let done: Vec<_> = self.unsynced.drain(..count.min(self.unsynced.len())).collect();
        let Some((last, _)) = done.last() else { return };
        let last = *last;
        for (_, record) in done {
            match record {
                Record::Endpoint(record) => self.disk.0 = Some(record),
                Record::Binding(binding) => {
                    self.disk.1.apply(*binding);
                }
            }
        }
        self.feed(Input::Persisted(last));
    }

    /// A crash: what was not synced is gone; with luck not even that.
    fn restart(&mut self, choice: u8) {
        if choice.is_multiple_of(8) {
            self.disk = (None, empty_table());
        }
        self.unsynced.clear();
        self.links.clear();
        self.watch.forget();
        self.tally.read += self.endpoint.stats().messages_received;
        self.table = self.disk.1.clone();
        let wall = LeaseInstant::from_unix_s(self.wall_s());
        let now = Monotonic::from_ms(self.now_ms);
        self.endpoint = Endpoint::new(self.config.clone(), self.disk.0, now, wall);
        self.feed(Input::Tick);
    }

    fn lease(&mut self, choices: &mut Choices<'_>) {
        let address = Ipv4Addr::new(192, 0, 2, choices.below(POOL + 2));
        let client = client(choices.below(4));
        let now = self.endpoint.lease_now();
        let event = match choices.below(8) {
            0 => LeaseEvent::Released { address, client },
            1 => LeaseEvent::Declined { address, until: now + LeaseSpan::from_s(60) },
            2 => LeaseEvent::Expired { address },
            3 => LeaseEvent::Reset { address },
            _ => {
                let view = self.endpoint.view();
                let Some(binding) = self.table.get(address) else { return };
                let desired = LeaseSpan::from_s(300);
                if view.may_allocate(&binding, &client, now).is_err() {
                    return;
                }
                let grant = view.grant(&binding, &client, desired, 50, now);
                LeaseEvent::Granted {
                    token: Token(self.tally.operations),
                    address,
                    client,
                    grant,
                    version: binding.version,
                    epoch: view.epoch(),
                    flags: binding.flags,
                    request_options: Vec::new(),
                }
            }
        };
        self.feed(Input::Lease(event));
    }

    fn tell(&self, text: impl FnOnce() -> String) {
        if let Some(listener) = self.listener {
            listener(&text());
        }
    }

    /// One input, and everything that comes of it, which must not be much.
    fn feed(&mut self, input: Input<'_>) {
        self.tally.operations += 1;
        *self.tally.kinds.entry(kind(&input)).or_default() += 1;
        let now = Monotonic::from_ms(self.now_ms);
        let what = format!("{input:?}");
        self.tell(|| format!("{} ms: {what}", self.now_ms));
        if let Input::Frame { link, bytes } = &input {
            self.watch.heard(*link, bytes);
        }
        let serves = |endpoint: &Endpoint| Service::of(endpoint.state()) != Service::Nobody;
        let served_before = serves(&self.endpoint);
        // What waited for the disk may come out now, all at once.
        let held = self.endpoint.status().held;
        let (most_outputs, most_bytes) = (MOST_OUTPUTS + held, MOST_BYTES + 512 * held);
        self.endpoint.handle(now, input, &self.table);
        let (mut outputs, mut bytes_out) = (0usize, 0usize);
        loop {
            match self.endpoint.poll_output() {
                Output::Wait(_) => break,
                Output::Persist { ticket, record } => {
                    if let Record::Binding(binding) = &record {
                        self.table.apply((**binding).clone());
                    }
                    self.unsynced.push((ticket, record));
                }
                Output::Transmit { link, bytes } => {
                    bytes_out += bytes.len();
                    match self.watch.said(link, &bytes) {
                        Ok(kind) => {
                            self.tell(|| format!("    says {kind} on {link:?}"));
                            *self.tally.said.entry(kind).or_default() += 1;
                        }
                        Err(broken) => panic!("{broken}, after {what}"),
                    }
                    if self.overheard.len() > 16 {
                        self.overheard.remove(0);
                    }
                    self.overheard.push(bytes);
                }
                Output::Close { link } => {
                    self.watch.closed(link);
                    self.links.retain(|it| *it != link);
                }
                Output::Confirm { .. } => {
                    let state = self.endpoint.state();
                    assert!(
                        served_before || serves(&self.endpoint),
                        "S7: a DHCPACK in {state}, after {what}"
                    );
                    self.tally.acks += 1;
                }
                Output::Event(event) => self.tell(|| format!("    {event:?}")),
                _ => {}
            }
            outputs += 1;
            assert!(outputs <= most_outputs, "{outputs} outputs after {what}");
            assert!(bytes_out <= most_bytes, "{bytes_out} bytes after {what}");
        }
        if let Err(broken) = check_service(&self.endpoint) {
            panic!("{broken}, after {what}");
        }
        if self.unsynced.len() > 8_000 {
            self.sync(4_000); // a driver does not take more without a disk
        }
        let status = self.endpoint.status();
        assert!(status.held <= MOST_HELD, "{} held back after {what}", status.held);
        let told = status.pending + status.disputed;
        assert!(told <= 2 * usize::from(POOL), "{told} to be told after {what}");
    }
}

/// Its name, for counting.
const fn kind(input: &Input<'_>) -> &'static str {
    match input {
        Input::Frame { .. } => "frame",
        Input::LinkUp { .. } => "connection",
        Input::LinkDown { .. } => "connection lost",
        Input::DialFailed => "attempt failed",
        Input::Persisted(_) => "synced",
        Input::Lease(_) => "lease",
        Input::Command(_) => "order",
        _ => "time passes",
    }
}

fn client(number: u8) -> Client {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, number])
        .unwrap_or_else(|| unreachable!("six bytes are no more than sixteen"));
    Client::new(None, hardware)
}
