//! A server that behaves as Windows Server is said to ([MS-DHCPF]), and was seen to in one capture.
//!
//! It is written from those facts and shares no logic with the endpoint: only the codec. Its deviations
//! from the draft carry the numbers of the list of them, as `win-9`:
//!
//! | number | it |
//! |---|---|
//! | 1 | signs with HMAC-SHA-256, and closes the connection on a digest that is wrong or missing |
//! | 3, 4, 6, 7 | has status, flags, names and options of its own; names clients by hardware address |
//! | 5 | numbers states as FSM_STATE |
//! | 8 | asks for the bindings of scopes that are new to the relationship |
//! | 9 | never asks for addresses: the primary hands them over by a timer |
//! | 10, 11 | neither says nor hears DISCONNECT; no TLS |
//! | 12 | demands what CONNECT must have, and uses none of it: not the MCLT, not the window |
//! | 13, 17 | closes the connection when the clocks differ by more than a minute |
//! | 14 | puts one update into each BNDUPD, and drops a BNDACK that does not answer just that |
//! | 15 | new to a relationship, it goes from RECOVER to RECOVER-DONE without a wait |
//! | 16 | asks for everything only after an operator has restored its database |
//! | 19 | waits for UPDDONE for ever |
//! | 20 | lets 200 updates be unanswered |
//! | 21 | counts transactions from its start, over connections |
//!
//! Beyond the list: its first lease lasts the MCLT also where less was configured, only the primary
//! connects, and it serves alone when nobody answers at its start. Where the facts end (STATE numbers
//! beyond two, recovery and conflicts on the wire, rejects) it follows the draft.
//!
//! It does no input or output: it is told what happens and says what to do ([`Word`]). So the same server
//! is in simulated pairs and, over real sockets, in the tests of failoverd.

mod image;
mod link;
mod machine;
mod pools;
mod receive;
mod serve;
mod updates;

pub use self::image::{Lease, Scope};

use self::image::Image;
use self::link::{Active, Connection};
use super::Word;
use dhcp_failover_lease::{Client, Role};
use dhcp_failover_wire::digest::Key;
use dhcp_failover_wire::windows::Settings;
use dhcp_failover_wire::{Dialect, ServerState};
use dhcp_loadbalance::HashBuckets;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

/// win-20: what it lets be unanswered, and offers; win-12: whatever its partner offers.
pub const MAX_UNACKED: u32 = 200;

/// How it is configured.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built field by field")]
pub struct Config {
    /// Its role.
    pub role: Role,
    /// The name of the relationship.
    pub name: String,
    /// The MCLT in seconds, which its tools have set at both servers.
    pub mclt_s: u64,
    /// What it would like to give to clients, in seconds.
    pub lease_s: u64,
    /// tReceive in seconds; 180 at a Windows server.
    pub receive_timer_s: u64,
    /// STARTUP in milliseconds; five minutes at a Windows server.
    pub startup_ms: u64,
    /// Between two attempts of the primary to connect, in milliseconds; 15 s were seen.
    pub retry_ms: u64,
    /// The primary looks at the pools so often, in milliseconds; every five minutes at a Windows server.
    pub rebalance_ms: u64,
    /// The primary's buckets.
    pub primary_buckets: HashBuckets,
    /// The primary's share of the available addresses, in percent.
    pub primary_percent: u8,
    /// The scopes of the relationship.
    pub scopes: Vec<Scope>,
    /// What is not settled about it.
    pub settings: Settings,
    /// Signs every message.
    pub secret: Option<Key>,
}

/// What a process has in memory only.
#[derive(Clone, Debug, Default)]
struct Volatile {
    /// In STARTUP until then.
    startup_until: Option<u64>,
    /// It has not met its partner since it started.
    is_fresh: bool,
    dial_at: Option<u64>,
    sweep_at: u64,
    balance_at: Option<u64>,
    /// RECOVER-WAIT ends then.
    wait_until: u64,
    connections: BTreeMap<u64, Connection>,
    active: Option<Active>,
    next_xid: u32,
    /// As last heard on this connection.
    partner: Option<ServerState>,
    /// To be told.
    queue: VecDeque<Ipv4Addr>,
    /// Told and not answered: by transaction, with the version that was told.
    unanswered: BTreeMap<u32, (Ipv4Addr, u64)>,
    /// The partner's request for updates, and what it waits for.
    answering: Option<(u32, BTreeSet<Ipv4Addr>)>,
    /// Its own request.
    asked: Option<u32>,
}

/// A Windows server.
#[derive(Clone, Debug)]
pub struct Windows {
    config: Config,
    /// Durable: whatever it says is there before.
    image: Image,
    volatile: Volatile,
    up: bool,
    /// Milliseconds since 1970 on its own clock, as it was last told.
    now: u64,
    words: Vec<Word>,
}

impl Windows {
    /// A server that was never started.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            image: Image::new(&config.scopes),
            config,
            volatile: Volatile::default(),
            up: false,
            now: 0,
            words: Vec::new(),
        }
    }

    /// What it wants done since it was asked last.
    #[must_use]
    pub fn take_words(&mut self) -> Vec<Word> {
        std::mem::take(&mut self.words)
    }

    /// The process begins; `now` is in milliseconds since 1970, here and everywhere.
    pub fn start(&mut self, now: u64) {
        self.now = now;
        self.up = true;
        self.volatile = Volatile {
            startup_until: Some(now + self.config.startup_ms),
            is_fresh: true,
            dial_at: (self.config.role == Role::Primary).then_some(now),
            sweep_at: now,
            wait_until: now + self.config.mclt_s * 1_000,
            next_xid: 1,
            ..Volatile::default()
        };
        let resumed = match self.image.state {
            Some(ServerState::NORMAL) => Some(ServerState::COMMUNICATIONS_INTERRUPTED),
            Some(ServerState::POTENTIAL_CONFLICT) => Some(ServerState::RESOLUTION_INTERRUPTED),
            None if self.image.is_restored => Some(ServerState::RECOVER),
            other => other,
        };
        if resumed != self.image.state {
            self.image.state = resumed;
            self.image.since = self.now_s();
        }
    }

    /// The process ends; what it has said is in its database.
    pub fn stop(&mut self) {
        self.up = false;
        self.volatile = Volatile::default();
        self.words.clear();
    }

    /// Its database is lost, and its operator restores an empty one.
    pub fn lose_disk(&mut self) {
        self.image = Image::new(&self.config.scopes);
        self.image.is_restored = true;
    }

    /// Its operator adds a scope, as he has at the partner.
    pub fn add_scope(&mut self, now: u64, scope: Scope) {
        self.now = now;
        self.image.add(&scope);
        let id = scope.id;
        self.config.scopes.push(scope);
        if self.image.state == Some(ServerState::NORMAL) && self.is_connected() {
            self.ask_for_scopes(vec![id]);
        }
    }

    /// Whether its process runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether it is in STARTUP.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        self.volatile.startup_until.is_some()
    }

    /// What it is in, or was before STARTUP; RECOVER if the relationship is new.
    #[must_use]
    pub fn state(&self) -> ServerState {
        self.image.state.unwrap_or(ServerState::RECOVER)
    }

    /// In NORMAL, connected, with nothing left to tell or to answer.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let it = &self.volatile;
        self.up
            && !self.is_starting()
            && self.state() == ServerState::NORMAL
            && self.is_connected()
            && it.queue.is_empty()
            && it.unanswered.is_empty()
            && it.asked.is_none()
    }

    /// What it has on record of an address.
    #[must_use]
    pub fn lease(&self, address: Ipv4Addr) -> Option<&Lease> {
        self.image.leases.get(&address)
    }

    /// Whether it has the address leased to this client.
    #[must_use]
    pub fn keeps(&self, address: Ipv4Addr, who: &Client) -> bool {
        let lease = self.image.leases.get(&address);
        lease.is_some_and(|it| {
            it.status == dhcp_failover_wire::BindingStatus::ACTIVE && it.is_of(who)
        })
    }

    /// How many addresses it has with this status, FREE and BACKUP as in the draft.
    #[must_use]
    pub fn count(&self, status: dhcp_failover_wire::BindingStatus) -> usize {
        self.image.leases.values().filter(|lease| lease.status == status).count()
    }

    /// An operator takes the partner for down.
    pub fn order_partner_down(&mut self, now: u64) {
        self.now = now;
        if self.up {
            self.enter(ServerState::PARTNER_DOWN);
        }
    }

    /// When it has something to do next.
    #[must_use]
    pub fn wake(&self) -> Option<u64> {
        let it = &self.volatile;
        let timers = [it.startup_until, it.dial_at, it.balance_at, self.link_wake()];
        self.up.then(|| timers.into_iter().flatten().chain([it.sweep_at]).min()).flatten()
    }

    /// Does one thing that is due; `false` if nothing is.
    pub fn tick(&mut self, now: u64) -> bool {
        self.now = now;
        if !self.up || self.wake().is_none_or(|at| at > now) {
            return false;
        }
        let due = |at: &mut Option<u64>| at.take_if(|at| *at <= now).is_some();
        if due(&mut self.volatile.startup_until) {
            self.startup_is_over();
        } else if due(&mut self.volatile.dial_at) {
            self.words.push(Word::Dial);
        } else if due(&mut self.volatile.balance_at) {
            self.rebalance();
        } else if self.volatile.sweep_at <= now {
            self.volatile.sweep_at = now + 1_000;
            self.sweep();
        } else {
            self.links_due();
        }
        true
    }

    fn is_primary(&self) -> bool {
        self.config.role == Role::Primary
    }

    /// How it writes.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        Dialect::Microsoft(self.config.settings)
    }

    fn now_s(&self) -> u64 {
        self.now / 1_000
    }

    fn log(&mut self, text: String) {
        self.words.push(Word::Log(text));
    }
}

/// Seconds as on the wire.
fn wire(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
