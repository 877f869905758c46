//! A server that behaves as ISC dhcpd 4.4 was seen to, with its faults.
//!
//! It is written from observation, not from dhcpd, and shares no logic with the endpoint: only the
//! codec. Every deviation from the draft carries the number of the table it is listed in (`isc-C09`,
//! `isc-U03`, ...). It commits before it speaks, so that nothing waits for its disk; only what an
//! acknowledgement taught it may be lost in a crash.

mod image;
mod link;
mod machine;
mod pools;
mod receive;
mod serve;
mod updates;

use self::image::Image;
pub(crate) use self::image::Lease;
use self::link::{Active, Connection};
use super::Word;
use crate::{Rng, Survives};
use dhcp_failover_lease::{Client, Role};
use dhcp_failover_wire::{BindingStatus, ServerState};
use dhcp_loadbalance::HashBuckets;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

/// STARTUP lasts so long.
const STARTUP_MS: u64 = 15_000;

/// How it is configured.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) role: Role,
    pub(crate) name: Vec<u8>,
    /// The primary's.
    pub(crate) mclt_s: u64,
    pub(crate) lease_s: u64,
    pub(crate) max_unacked: u32,
    pub(crate) receive_timer_s: u64,
    /// The primary's own buckets.
    pub(crate) split: HashBuckets,
    pub(crate) pool: Vec<Ipv4Addr>,
    pub(crate) seed: u64,
}

/// What a process has in memory only.
#[derive(Clone, Debug, Default)]
struct Volatile {
    /// In STARTUP until then.
    startup_until: Option<u64>,
    dial_at: Option<u64>,
    sweep_at: u64,
    balance_at: Option<u64>,
    connections: BTreeMap<u64, Connection>,
    active: Option<Active>,
    /// The buckets it answers, known from a CONNECT or the configuration.
    buckets: Option<HashBuckets>,
    /// To be sent.
    queue: VecDeque<Ipv4Addr>,
    /// Sent and not answered: each takes a place in the window, whatever became of the connection.
    unanswered: VecDeque<Ipv4Addr>,
    /// The xid of the last update of each address, while its answer counts.
    xids: BTreeMap<Ipv4Addr, u32>,
    /// Answers that wait, and since when the last one does.
    acks: VecDeque<(u32, Ipv4Addr)>,
    acks_since: u64,
    /// An update request: its xid and the address after whose answer UPDDONE goes.
    answering: Option<(u32, Ipv4Addr)>,
    /// Its own update request was an UPDREQALL.
    asked_all: bool,
    /// Shuts down in order, at the latest then.
    leaving_at: Option<u64>,
}

/// A dhcpd.
#[derive(Clone, Debug)]
pub(crate) struct Isc {
    config: Config,
    /// On stable storage.
    disk: Image,
    /// As the process has it.
    image: Image,
    /// Written and not synced.
    unsynced: BTreeSet<Ipv4Addr>,
    volatile: Volatile,
    up: bool,
    /// Milliseconds since 1970 on its own clock, as it was last told.
    now: u64,
    rng: Rng,
    words: Vec<Word>,
}

impl Isc {
    pub(crate) fn new(config: Config) -> Self {
        let image = Image::new(&config.pool);
        Self {
            rng: Rng::new(config.seed),
            config,
            disk: image.clone(),
            image,
            unsynced: BTreeSet::new(),
            volatile: Volatile::default(),
            up: false,
            now: 0,
            words: Vec::new(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up
    }

    pub(crate) fn is_starting(&self) -> bool {
        self.volatile.startup_until.is_some()
    }

    pub(crate) fn state(&self) -> ServerState {
        self.image.state
    }

    /// On its disk.
    pub(crate) fn stored_state(&self) -> ServerState {
        self.disk.state
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.up
            && self.volatile.startup_until.is_none()
            && self.image.state == ServerState::NORMAL
            && self.volatile.active.is_some()
            && self.volatile.queue.is_empty()
            && self.volatile.unanswered.is_empty()
            && self.volatile.acks.is_empty()
    }

    pub(crate) fn lease(&self, address: Ipv4Addr) -> Option<&Lease> {
        self.image.leases.get(&address)
    }

    /// Whether it has the address leased to this client.
    pub(crate) fn keeps(&self, address: Ipv4Addr, who: &Client) -> bool {
        let lease = self.image.leases.get(&address);
        lease.is_some_and(|lease| lease.status == BindingStatus::ACTIVE && lease.is_of(who))
    }

    pub(crate) fn take_words(&mut self) -> Vec<Word> {
        std::mem::take(&mut self.words)
    }

    pub(crate) fn start(&mut self, now: u64) {
        self.now = now;
        self.up = true;
        self.image = self.disk.clone();
        self.unsynced.clear();
        self.volatile = Volatile {
            startup_until: Some(now + STARTUP_MS),
            dial_at: Some(now),
            sweep_at: now,
            ..Volatile::default()
        };
        if self.is_primary() {
            self.volatile.buckets = Some(self.config.split);
            self.image.mclt_s = self.config.mclt_s;
        }
        if self.image.state == ServerState::default() {
            self.image.state = ServerState::RECOVER;
            self.image.since = self.now_s();
            self.store_state();
        }
    }

    /// The process ends, or the machine.
    pub(crate) fn stop(&mut self, survives: Survives) {
        self.up = false;
        if survives == Survives::Everything {
            self.sync();
        }
        self.unsynced.clear();
        self.image = self.disk.clone();
        self.volatile = Volatile::default();
        self.words.clear();
    }

    pub(crate) fn lose_disk(&mut self) {
        self.disk = Image::new(&self.config.pool);
        self.image = self.disk.clone();
    }

    /// An operator takes the partner for down.
    pub(crate) fn order_partner_down(&mut self, now: u64) {
        self.now = now;
        if self.up && self.volatile.startup_until.is_none() {
            self.enter(ServerState::PARTNER_DOWN);
        }
    }

    /// isc-S17, the other way to stop: it announces SHUTDOWN and waits for PARTNER-DOWN, five seconds
    /// or until the connection is gone. It will recover when it comes back.
    pub(crate) fn order_shutdown(&mut self, now: u64) {
        self.now = now;
        if !self.up {
            return;
        }
        self.enter(ServerState::SHUTDOWN);
        self.volatile.leaving_at = Some(now + 5_000);
        if self.volatile.active.is_none() {
            self.leave();
        }
    }

    fn leave(&mut self) {
        self.image.state = ServerState::RECOVER;
        self.image.since = self.now_s();
        self.store_state();
        self.exit("shuts down in order");
    }

    /// When it has something to do next.
    pub(crate) fn wake(&self) -> Option<u64> {
        let it = &self.volatile;
        if !self.up {
            return None;
        }
        let timers = [it.startup_until, it.dial_at, it.balance_at, it.leaving_at];
        let acks = self.acks_at();
        let silence = it.active.as_ref().map(|active| self.silent_at(active));
        let contact = it.active.as_ref().map(Active::contact_at);
        let handshakes = it.connections.values().filter_map(|it| it.give_up_at).min();
        let more = [Some(it.sweep_at), acks, silence, contact, handshakes];
        timers.into_iter().chain(more).flatten().min()
    }

    /// When the answers that wait go out; without a connection they stay.
    fn acks_at(&self) -> Option<u64> {
        let it = &self.volatile;
        (!it.acks.is_empty() && it.active.is_some()).then_some(it.acks_since + 2_000)
    }

    /// Does one thing that is due; `false` if nothing is.
    pub(crate) fn tick(&mut self, now: u64) -> bool {
        self.now = now;
        if !self.up || self.wake().is_none_or(|at| at > now) {
            return false;
        }
        let due = |at: &mut Option<u64>| at.take_if(|at| *at <= now).is_some();
        if due(&mut self.volatile.leaving_at) {
            self.leave();
        } else if due(&mut self.volatile.startup_until) {
            self.startup_is_over();
        } else if due(&mut self.volatile.dial_at) {
            self.words.push(Word::Dial);
        } else if due(&mut self.volatile.balance_at) {
            self.rebalance(true);
            self.send_updates();
        } else if self.volatile.sweep_at <= now {
            self.volatile.sweep_at = now + 1_000;
            self.sweep();
        } else if self.acks_at().is_some_and(|at| at <= now) {
            self.flush_acks();
        } else {
            self.links_due();
        }
        true
    }

    fn is_primary(&self) -> bool {
        self.config.role == Role::Primary
    }

    fn now_s(&self) -> u64 {
        self.now / 1_000
    }

    /// The free state whose addresses are its own.
    fn own_free(&self) -> BindingStatus {
        if self.is_primary() { BindingStatus::FREE } else { BindingStatus::BACKUP }
    }

    fn partner_free(&self) -> BindingStatus {
        if self.is_primary() { BindingStatus::BACKUP } else { BindingStatus::FREE }
    }

    fn exit(&mut self, why: &'static str) {
        self.words.push(Word::Exit(why));
    }

    fn log(&mut self, text: String) {
        self.words.push(Word::Log(text));
    }

    fn store_state(&mut self) {
        self.disk.state = self.image.state;
        self.disk.since = self.image.since;
        self.disk.partner = self.image.partner;
        self.disk.mclt_s = self.image.mclt_s;
    }

    fn write(&mut self, address: Ipv4Addr) {
        self.unsynced.insert(address);
    }

    /// Everything written is on stable storage.
    fn sync(&mut self) {
        for address in std::mem::take(&mut self.unsynced) {
            if let Some(lease) = self.image.leases.get(&address) {
                self.disk.leases.insert(address, lease.clone());
            }
        }
    }
}
