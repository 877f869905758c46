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
mod reserved;
mod risk;
mod starting;
mod supply;
mod sync;
mod transitions;
mod updates;
mod waiting;

use crate::record::HashBucketsRecord;
use crate::timer::{Timer, TimerTable};
use crate::{
    Bindings, ClockStart, EndpointConfig, EndpointRecord, Event, Input, LeaseClock, Monotonic,
    Output, Quarantine, Record, Service, ServiceView, State, Stats, Ticket,
};
pub(crate) use admission::unreadable;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
pub use canonical::{Renaming, rename_message_times};
use clocks::ClockDoubt;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{Binding, Control, LeaseInstant, LeaseSpan, Mclt, Mutant, Role};
use dhcp_failover_wire::{MessageLimit, RejectReason};
use dhcp_loadbalance::HashBuckets;
use dial::Attempts;
use gate::Gate;
use link::Link;
use manner::Heard;
use pools::Pools;
pub use receive::MAX_OPAQUE_OPTIONS;
pub use reconfigure::ConfigurationError;
pub use risk::{PartnerDownRisk, PoolRisk};
pub use supply::Shortage;
use sync::Request;
pub use updates::Dispute;
use updates::Updates;

/// The protocol version of draft-12 (§12.20).
pub(crate) const PROTOCOL_VERSION: u8 = 1;
/// A server that serves has proved to its disk that it was alive this recently, at most.
const ALIVE_HORIZON: LeaseSpan = LeaseSpan::from_s(5);
/// How often it does so.
const ALIVE_PERIOD_MS: u64 = 2_000;
/// Stamps that may be on their way to a slow disk; more would not make it quicker.
const MAX_STAMPS_PENDING: usize = 16;
/// The shortest bindings fill such a message with fewer than may be looked at in one call.
const LONGEST_MESSAGE: MessageLimit = MessageLimit::new(8_192);
/// Updates in one message at most.
const MAX_BATCH: usize = 128;
/// Messages beyond the agreed windows that may wait for the disk.
const MAX_BACKLOG: usize = 1_000;
/// In NORMAL the secondary leaves it to the primary for so long to end a lease.
const EXPIRY_GRACE: LeaseSpan = LeaseSpan::from_s(60);

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
    /// One of the two clocks was set, or seems to have been.
    clock_doubt: Option<ClockDoubt>,
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

/// What an operator wants to see of an endpoint.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Status {
    /// relationship-name.
    pub name: String,
    /// This server's role.
    pub role: Role,
    /// Its state.
    pub state: State,
    /// When it entered that state; for STARTUP, the state before.
    pub state_since: LeaseInstant,
    /// The partner's state as last heard, possibly long ago.
    pub partner_state: Option<State>,
    /// Whether communications are okay (§8.3).
    pub connected: bool,
    /// When a message of the partner's was last read; absent: not since this endpoint was made.
    pub last_heard: Option<Monotonic>,
    /// How many seconds, at least and at most, have to be added to the partner's times to make them
    /// this server's (§5.10); absent while there is no link.
    pub skew_s: Option<(i64, i64)>,
    /// Bindings the partner must still be told of, or has not answered, as far as this server has
    /// looked through them: it looks ahead of what it sends by some thousand only. At least 1 while
    /// it has not looked at all of them.
    pub pending: usize,
    /// Bindings the partner refused; see [`Endpoint::disputes`].
    pub disputed: usize,
    /// Messages and confirmations that wait for stable storage.
    pub held: usize,
    /// The maximum client lead time in force.
    pub mclt: LeaseSpan,
    /// Pools that are not the same at both servers.
    pub quarantine: Quarantine,
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
        let record = stored.unwrap_or_else(|| first_record(&config, lease_now, clock));
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
            clock_doubt: None,
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

    /// What the packet path may do now.
    #[must_use]
    pub fn view(&self) -> ServiceView {
        let primary: HashBuckets = self.record.primary_buckets.into();
        let durable = self.gate.is_persisted(self.state_ticket);
        ServiceView {
            epoch: self.epoch,
            state: self.state,
            service: match self.state {
                State::PotentialConflict if Mutant::ServeInPotentialConflict.is_on() => {
                    Service::Everybody
                }
                state => Service::of(state),
            },
            role: self.config.role,
            my_buckets: match self.config.role {
                Role::Primary => primary,
                Role::Secondary if Mutant::HashBucketsOffByOne.is_on() => {
                    one_more(primary.complement())
                }
                Role::Secondary => primary.complement(),
            },
            control: self.control(),
            mclt: self.record.mclt,
            unlimited: self.config.unlimited_in_partner_down,
            partner_alone: self.is_beside_one_alone(),
            storage_lost: self.record.storage_lost_at,
            quarantine: self.quarantine,
            // A state that is not on disk yet is not acted in.
            deadline: if Mutant::DeadlineIgnored.is_on() {
                LeaseInstant::NEVER
            } else if durable {
                self.alive_durable
            } else {
                LeaseInstant::ZERO
            },
            expiry_grace: match (self.config.role, self.state) {
                (Role::Secondary, _) if Mutant::ExpiryLeftToPrimary.is_on() => LeaseSpan::INFINITE,
                (Role::Secondary, State::Normal) => EXPIRY_GRACE,
                _ if self.leaves_ends_to_partner() => LeaseSpan::INFINITE,
                _ => LeaseSpan::ZERO,
            },
        }
    }

    /// The state, without the rest of [`status`](Self::status).
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// For operators.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            name: self.config.name.clone(),
            role: self.config.role,
            state: self.state,
            state_since: self.record.state_since,
            partner_state: self.partner.map(|partner| partner.state).or(self.record.partner_state),
            connected: self.is_connected(),
            last_heard: self.last_heard,
            skew_s: self.link.as_ref().and_then(|link| link.skew).map(|skew| skew.bounds_s()),
            pending: self.updates.pending(),
            disputed: self.updates.disputed(),
            held: self.gate.held(),
            mclt: self.record.mclt.agreed(),
            quarantine: self.quarantine,
        }
    }

    /// What it has done since it was made.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
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

    /// In RECOVER-DONE the partner has been told, but only when it is heard in another state is it sure
    /// that it has given up the liberties of PARTNER-DOWN (H21). What it was heard in before this
    /// server was started is no measure: it may have been told since that this one was down. Nor does
    /// one that is leaving say what it was.
    pub(super) fn partner_may_be_alone(&self) -> bool {
        let last_heard = self.record.partner_state.filter(|_| self.has_said_state);
        let may_be = [State::PartnerDown, State::Paused, State::Shutdown];
        last_heard.is_none_or(|state| may_be.contains(&state))
    }

    /// Whether this server serves beside a partner that may have given any address away as if it were
    /// alone (H21): in RECOVER-DONE, and when contact was lost before both had compared.
    fn is_beside_one_alone(&self) -> bool {
        match self.state {
            State::RecoverDone => self.partner_may_be_alone(),
            State::ResolutionInterrupted => {
                self.record.partner_was_alone && !Mutant::InterruptedConflictServes.is_on()
            }
            _ => false,
        }
    }

    /// The partner may have given the address of a lapsed lease to somebody else, and an end found here
    /// would look newer than that (S1).
    fn leaves_ends_to_partner(&self) -> bool {
        self.state == State::RecoverDone || self.is_beside_one_alone()
    }

    /// Who else may be allocating (§5.4, §9.4.2, H21).
    fn control(&self) -> Control {
        match self.state {
            State::PartnerDown if !self.record.partner_returned => {
                let since = match Mutant::McltWaitFromRestart.is_on() {
                    true => self.started_at,
                    false => self.record.state_since,
                };
                match self.record.storage_lost || self.record.partner_was_alone {
                    true => Control::PartnerDownWithoutData { since },
                    false => Control::PartnerDown { since },
                }
            }
            _ => Control::Shared,
        }
    }

    /// The newest binding of an address: from this call, else from the embedder.
    fn binding<B: Bindings>(&self, address: Ipv4Addr, bindings: &B) -> Option<Binding> {
        self.staged(address).cloned().or_else(|| bindings.get(address))
    }

    /// What this call has changed already is newer than the view.
    fn newest<'a>(&'a self, binding: &'a Binding) -> &'a Binding {
        self.staged(binding.address).unwrap_or(binding)
    }

    fn staged(&self, address: Ipv4Addr) -> Option<&Binding> {
        self.staged.get(&address).and_then(|place| self.gate.binding_at(*place))
    }

    fn persist_binding(&mut self, binding: Binding) -> Ticket {
        self.pools_stirred();
        let address = binding.address;
        let ticket = self.gate.persist(Record::Binding(alloc::boxed::Box::new(binding)));
        self.staged.insert(address, self.gate.last_place());
        ticket
    }

    fn persist_record(&mut self) -> Ticket {
        self.record.written_at = self.lease_now;
        self.record.clock = self.clock.stamp_at(self.now);
        self.remember_partner_offset();
        if Service::of(self.state) != Service::Nobody {
            self.record.alive_until = self.lease_now + ALIVE_HORIZON;
            self.timers.set(Timer::Alive, self.now.plus_ms(ALIVE_PERIOD_MS));
        }
        let ticket = self.gate.persist(Record::Endpoint(self.record));
        if self.alive_pending.len() < MAX_STAMPS_PENDING {
            self.alive_pending.push_back((ticket, self.record.alive_until));
        }
        ticket
    }

    fn persisted(&mut self, ticket: Ticket) {
        self.gate.persisted(ticket);
        while self.alive_pending.front().is_some_and(|(stamp, _)| *stamp <= ticket) {
            let durable = self.alive_pending.pop_front();
            self.alive_durable = durable.map_or(self.alive_durable, |(_, until)| until);
        }
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

    /// Fits the record to the configuration: the primary's values count (§7.8.1).
    fn adopt_configuration(&mut self) {
        if self.config.role == Role::Primary {
            self.adopt_mclt(self.config.mclt);
            self.record.primary_buckets = self.config.balance.primary_buckets().into();
        }
        if self.record.role != self.config.role {
            // What was the partner's is ours now, and the other way round: like a server without
            // data it must fetch everything and wait before it serves (S4).
            self.record.role = self.config.role;
            self.record.state = State::Recover;
            self.record.state_since = self.lease_now;
            self.record.storage_lost = true;
        }
    }

    /// Takes on a new MCLT, as fast as leases under the old one allow.
    fn adopt_mclt(&mut self, mclt: LeaseSpan) {
        if self.record.ran_failover {
            self.record.mclt.change(mclt);
        } else if self.record.mclt.agreed() != mclt {
            // A server that never served under the old one has no leases to wait for.
            self.record.mclt = Mclt::new(mclt);
        }
    }

    /// Both servers have the MCLT on their disks.
    fn mclt_is_agreed(&mut self) {
        self.record.mclt.partner_has_it(self.lease_now);
    }

    fn settle_mclt(&mut self) {
        if self.state == State::Normal && self.record.mclt.settle(self.lease_now) {
            self.epoch = self.epoch.saturating_add(1);
            self.persist_record();
        }
    }
}

/// The record of a server that finds nothing on its disk: it cannot tell whether it is new or has
/// lost everything, so it fetches everything (§9.3.2 step 1, §9.5.2).
fn first_record(config: &EndpointConfig, now: LeaseInstant, clock: LeaseClock) -> EndpointRecord {
    EndpointRecord {
        state: State::Recover,
        state_since: now,
        partner_state: None,
        role: config.role,
        pools_digest: config.pools_digest,
        pools_differ: false,
        mclt: Mclt::new(config.mclt),
        primary_buckets: HashBucketsRecord::from(config.balance.primary_buckets()),
        connect_time: 0,
        connects_seen: [0; 4],
        ran_failover: false,
        storage_lost: true,
        old_store: false,
        storage_lost_at: None,
        // Unlike that of any relationship these bindings may have been in before (§5.17).
        instance: instance_at(now),
        recover_until: LeaseInstant::ZERO,
        partner_returned: false,
        partner_down_ordered: false,
        partner_was_alone: false,
        partner_served: 0,
        partner_connection: 0,
        alive_until: LeaseInstant::ZERO,
        written_at: now,
        clock: clock.stamp,
        partner_offset: None,
        // Above what was counted before, if both servers have lost their storage and an older copy comes
        // back: there is less than one connection a second.
        connection: instance_at(now),
    }
}

/// A number for an instance of a relationship that begins now.
fn instance_at(now: LeaseInstant) -> u32 {
    now.as_wire_s().max(1)
}

/// A span in milliseconds for the monotonic clock.
fn ms(span: LeaseSpan) -> u64 {
    span.as_s().saturating_mul(1_000)
}

/// For [`Mutant::HashBucketsOffByOne`]: the next bucket, too.
#[cfg(failover_mutants)]
fn one_more(buckets: HashBuckets) -> HashBuckets {
    let mut bytes = buckets.to_bytes();
    let first = bytes.iter_mut().find(|byte| **byte != 0xff);
    first.into_iter().for_each(|byte| *byte |= 1 << byte.trailing_ones());
    HashBuckets::from_bytes(bytes)
}
#[cfg(not(failover_mutants))]
const fn one_more(buckets: HashBuckets) -> HashBuckets {
    buckets
}
