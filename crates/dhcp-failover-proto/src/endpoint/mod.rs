//! One end of one failover relationship.

mod admission;
mod canonical;
mod clocks;
mod commands;
mod compare;
mod connect;
mod dhcpd;
mod dial;
mod frames;
mod gate;
mod hints;
mod leases;
mod link;
mod manner;
mod old_store;
mod pools;
mod receive;
mod reconfigure;
mod records;
mod reserved;
mod risk;
mod service;
mod starting;
mod status;
mod supply;
mod sync;
mod transitions;
mod updates;
mod waiting;

use crate::timer::{Timer, TimerTable};
use crate::{
    Bindings, ClockStart, EndpointConfig, EndpointRecord, Event, Input, LeaseClock, Monotonic,
    Output, Quarantine, Service, State, Stats, Ticket,
};
pub(crate) use admission::unreadable;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
pub use canonical::{Renaming, rename_message_times};
use core::net::Ipv4Addr;
use dhcp_failover_lease::{LeaseInstant, LeaseSpan};
use dhcp_failover_wire::{MessageLimit, RejectReason};
use dial::Attempts;
use gate::Gate;
use link::Link;
use manner::Heard;
use pools::Pools;
pub use receive::MAX_OPAQUE_OPTIONS;
pub use reconfigure::ConfigurationError;
pub use risk::{PartnerDownRisk, PoolRisk};
pub use status::Status;
pub use supply::Shortage;
use sync::Request;
pub use updates::Dispute;
use updates::Updates;

/// The protocol version of draft-12 (§12.20).
pub(crate) const PROTOCOL_VERSION: u8 = 1;
/// A server that serves has proved to its disk that it was alive this recently, at most.
const ALIVE_HORIZON: LeaseSpan = LeaseSpan::from_s(5);
/// The shortest bindings fill such a message with fewer than may be looked at in one call.
const LONGEST_MESSAGE: MessageLimit = MessageLimit::new(8_192);
/// Updates in one message at most.
const MAX_BATCH: usize = 128;
/// Messages beyond the agreed windows that may wait for the disk.
const MAX_BACKLOG: usize = 1_000;

/// One server's end of one failover relationship, without input or output of its own.
///
/// See the [crate documentation](crate) for the contract. The calls fall into three kinds:
/// [`handle`](Self::handle) for what happened, [`poll_output`](Self::poll_output) for what to do
/// about it, and getters: [`view`](Self::view), [`status`](Self::status),
/// [`stats`](Self::stats), [`permits`](Self::permits),
/// [`partner_down_risk`](Self::partner_down_risk), [`lease_now`](Self::lease_now).
///
/// `Eq` and `Hash` are derived over the whole value; [`canonical`](Self::canonical) is the form to
/// compare when absolute times and running numbers should not matter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    /// The newest durable record; the disk may still be at an older one.
    record: EndpointRecord,
    state: State,
    now: Monotonic,
    lease_now: LeaseInstant,
    /// Counts the second from the first.
    clock: LeaseClock,
    /// When this run began.
    started_at: LeaseInstant,
    epoch: u64,
    /// Until this is durable the state is not acted in (§9.2).
    state_ticket: Ticket,
    /// The alive-until stamp on disk.
    alive_durable: LeaseInstant,
    /// Those on their way there, the oldest first.
    alive_pending: VecDeque<(Ticket, LeaseInstant)>,
    timers: TimerTable,
    /// The link in use.
    link: Option<Link>,
    /// Connections whose CONNECT has not come yet, the oldest first.
    candidates: Vec<Link>,
    /// The partner's state as last heard on the present link.
    partner: Option<PartnerState>,
    /// When a message of the partner last came.
    last_heard: Option<Monotonic>,
    /// Whether it said its state since this server was started.
    has_said_state: bool,
    attempts: Attempts,
    /// What the partner said of itself last.
    heard: Option<Heard>,
    gate: Gate,
    /// Bindings changed since the outputs were last drained, newer than the view: where they are
    /// among the outputs.
    staged: BTreeMap<Ipv4Addr, u64>,
    updates: Updates,
    request: Option<Request>,
    pools: Pools,
    stats: Stats,
    /// The alive-until stamp on disk when this run began.
    stamp_at_start: LeaseInstant,
    /// Pools that are not the same at the partner.
    quarantine: Quarantine,
    /// What of the quarantine stays when the partner has told what it knows.
    differing: Quarantine,
    /// The pools as told to the partner last.
    pools_told: Option<hints::PoolDigests>,
    /// The partner has been asked whether the store is the newest.
    store_checked: bool,
    /// What is left of it in the present call.
    budget: Budget,
}

/// Leases that may be looked at in one call of [`Endpoint::handle`], so that no call stalls the
/// server. What a message or an event names counts first; sweeps and the rest use what is left.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Budget(usize);

impl Budget {
    const FULL: Self = Self(1_024);

    /// Whether one more may be looked at.
    const fn take(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }

    const fn left(self) -> usize {
        self.0
    }

    const fn is_spent(self) -> bool {
        self.0 == 0
    }
}

/// What the partner said of itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct PartnerState {
    state: State,
    startup: bool,
    since: u32,
}

impl Endpoint {
    /// An endpoint that starts now, on a machine of which nothing is known.
    ///
    /// `stored` is the newest [`EndpointRecord`] on disk, if there is one. `wall` is the wall clock
    /// now; the lease clock starts from it, but never before the moment `stored` was written. A wall
    /// clock that was set while the server was away ends its leases early or late:
    /// [`with_clock`](Self::with_clock) does better where the machine runs on.
    #[must_use]
    pub fn new(
        config: EndpointConfig,
        stored: Option<EndpointRecord>,
        now: Monotonic,
        wall: LeaseInstant,
    ) -> Self {
        let wall_ms = wall.as_unix_s().saturating_mul(1_000);
        let start = ClockStart { now, wall_ms, boot: 0, trust_wall: false };
        Self::with_clock(config, stored, now, LeaseClock::start(start, &stored))
    }

    /// An endpoint that starts at `now` and counts lease times by this clock. One process has one
    /// clock, made from the records of all its relationships.
    ///
    /// ```
    /// use dhcp_failover_proto::lease::{LeaseInstant, Role};
    /// use dhcp_failover_proto::{ClockStart, Endpoint, EndpointConfig, LeaseClock, Monotonic};
    /// let now = Monotonic::from_ms(86_400_000); // the machine has run for a day
    /// let wall_ms = 1_700_000_000_000;
    /// let start = ClockStart { now, wall_ms, boot: 0x5eed, trust_wall: false };
    /// let stored = None; // the newest record of this relationship
    /// let clock = LeaseClock::start(start, &stored);
    /// let config = EndpointConfig::new("a-b", Role::Primary, [192, 0, 2, 2].into());
    /// let endpoint = Endpoint::with_clock(config, stored, now, clock);
    /// assert_eq!(endpoint.lease_now(), LeaseInstant::from_unix_s(1_700_000_000));
    /// ```
    #[must_use]
    pub fn with_clock(
        mut config: EndpointConfig,
        stored: Option<EndpointRecord>,
        now: Monotonic,
        clock: LeaseClock,
    ) -> Self {
        config.make_sensible();
        let lease_now = clock.at(now);
        let record = stored.unwrap_or_else(|| records::first_record(&config, lease_now, clock));
        let mut endpoint = Self {
            state: State::Startup,
            now,
            lease_now,
            clock,
            started_at: lease_now,
            epoch: 1,
            state_ticket: Ticket::default(),
            alive_durable: record.alive_until,
            alive_pending: VecDeque::new(),
            timers: TimerTable::default(),
            link: None,
            candidates: Vec::new(),
            partner: None,
            last_heard: None,
            has_said_state: false,
            attempts: Attempts::new(config.seed, now),
            heard: None,
            gate: Gate::default(),
            staged: BTreeMap::new(),
            updates: Updates::starting(),
            request: None,
            pools: Pools::default(),
            stats: Stats::default(),
            stamp_at_start: record.alive_until,
            quarantine: Self::unsettled(&record, &config),
            differing: Quarantine::NONE,
            pools_told: None,
            store_checked: false,
            budget: Budget::FULL,
            record,
            config,
        };
        endpoint.compare_wall_clock();
        endpoint.adopt_configuration();
        endpoint.resume_previous_state();
        endpoint.timers.set(Timer::Startup, now.plus_ms(ms(endpoint.config.startup)));
        endpoint.timers.set(Timer::Work, now);
        endpoint.begin_dialling();
        endpoint
    }

    /// Takes in one thing that happened at `now`. Drain [`poll_output`](Self::poll_output) before
    /// the next call.
    pub fn handle<B: Bindings>(&mut self, now: Monotonic, input: Input<'_>, bindings: &B) {
        self.advance(now);
        match input {
            Input::Tick => {}
            Input::LinkUp { link, side } => self.link_up(link, side, bindings),
            Input::DialFailed => {
                self.stats.dial_failed();
                self.dial_failed();
            }
            Input::Stimulus => self.stimulated(None, bindings),
            Input::Frame { link, bytes } => self.frame(link, bytes, bindings),
            Input::LinkDown { link } => self.link_down(link),
            Input::Persisted(ticket) => self.persisted(ticket),
            Input::Lease(event) => self.lease_event(event, bindings),
            Input::Command(command) => self.command(command),
            Input::Configure(config) => self.configure(config, bindings),
        }
        self.run_timers(bindings);
        self.check_liveness();
        self.work(bindings);
        self.release();
        self.check_backlog();
        self.budget = Budget::FULL;
    }

    /// A partner that sends more than this server's disk keeps up with, and more than was agreed,
    /// must not fill its memory.
    fn check_backlog(&mut self) {
        let Some(link) = &self.link else { return };
        let agreed = link.max_unacked.saturating_add(self.config.max_unacked_bndupd);
        let most = MAX_BACKLOG.saturating_add(usize::try_from(agreed).unwrap_or(MAX_BACKLOG));
        if self.gate.held() > most && self.gate.held_messages() > most {
            let why = alloc::format!("more than {most} messages wait for this server's disk");
            self.disconnect(RejectReason::UNKNOWN_ERROR, why);
        }
    }

    /// The next thing to do. [`Output::Wait`] ends the drain.
    #[must_use]
    pub fn poll_output(&mut self) -> Output {
        self.gate.take().unwrap_or_else(|| {
            self.staged.clear();
            Output::Wait(self.next_wake())
        })
    }

    /// Now, on this server's lease clock, as of the last [`handle`](Self::handle).
    #[must_use]
    pub const fn lease_now(&self) -> LeaseInstant {
        self.lease_now
    }

    /// What the lease clock shows at a moment of the monotonic clock.
    #[must_use]
    pub fn lease_time_at(&self, at: Monotonic) -> LeaseInstant {
        self.clock.at(at)
    }

    fn advance(&mut self, now: Monotonic) {
        self.now = self.now.max(now);
        self.lease_now = self.lease_time_at(self.now);
    }

    fn event(&mut self, event: Event) {
        self.stats.note(&event);
        self.gate.event(event);
    }

    fn run_timers<B: Bindings>(&mut self, bindings: &B) {
        while let Some(timer) = self.timers.take_due(self.now) {
            match timer {
                Timer::Dial => self.dial(),
                Timer::Startup => self.startup_over(),
                Timer::RecoverWait => self.recover_wait_over(),
                Timer::SafePeriod => self.safe_period_over(),
                Timer::Alive => {
                    self.settle_mclt();
                    if Service::of(self.state) != Service::Nobody {
                        self.persist_record();
                    }
                }
                Timer::Pools => self.pools_due(bindings),
                Timer::Disputes => self.retry_disputed(),
                Timer::Corrections => self.answer_refused(bindings),
                Timer::Work => {}
            }
        }
    }

    /// Carries on what one call must not do at once: scans, updates, pool moves.
    fn work<B: Bindings>(&mut self, bindings: &B) {
        self.move_pools(bindings);
        self.send_updates(bindings);
        self.sweep(bindings);
        self.settle_untold(bindings);
        self.finish_answer();
        self.finish_interlock();
        self.fetch_before_use();
        let more = self.updates.wants_to_sweep() || self.pools.round.is_some();
        if more {
            self.timers.set(Timer::Work, self.now);
        }
    }

    fn next_wake(&self) -> Option<Monotonic> {
        let links = self.link.iter().chain(&self.candidates);
        let liveness = links.map(|link| link.next_wake(ms(self.config.receive_timer)));
        self.timers.next().into_iter().chain(liveness).min()
    }
}

/// A span in milliseconds for the monotonic clock.
fn ms(span: LeaseSpan) -> u64 {
    span.as_s().saturating_mul(1_000)
}
