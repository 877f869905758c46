//! An endpoint on a thread of its own, and a store that commits in groups, with channels of the
//! standard library between them and the packet path.
//!
//! ```text
//!   packet path ── Event::Lease ──▶ engine ── records ──▶ store
//!        ▲  ▲                        │  ▲                   │
//!        │  └──── Confirm/Refuse ────┘  └─ Event::Persisted ┘
//!        └─ Shared: a view and the leases, for reading ─┘
//! ```

use dhcp_failover::lease::{LeaseInstant, LeaseSpan};
use dhcp_failover::proto::{
    BindingTable, Command, Endpoint, Input, LeaseEvent, Monotonic, Output, Record, ServiceView,
    Ticket, Token,
};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// What the packet path reads: a copy of the endpoint's view, and the leases.
#[derive(Debug)]
pub struct Shared {
    /// What the endpoint allows.
    pub view: ServiceView,
    /// The leases.
    pub table: BindingTable,
}

/// What the engine is told.
#[derive(Debug)]
pub enum Event {
    /// Something happened to a lease. For a grant: who waits to hear whether its answer may leave.
    Lease(LeaseEvent, Option<(Token, Sender<bool>)>),
    /// Records are durable.
    Persisted(Ticket),
    /// An operator orders something.
    Operator(Command),
    /// The server ends.
    Stop,
}

/// Both clocks, for every thread. Neither ever steps; that `Instant` stands still while a machine is
/// suspended is for a real server to take care of (chapter 5 of the manual).
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The origin of the monotonic clock.
    pub started: Instant,
    /// What the endpoint's lease clock showed then.
    pub lease_at_start: LeaseInstant,
}

impl Clock {
    /// Now, for [`Endpoint::handle`].
    #[must_use]
    pub fn monotonic(&self) -> Monotonic {
        let ms = self.started.elapsed().as_millis();
        Monotonic::from_ms(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    /// Now, on the lease clock: what [`Endpoint::lease_time_at`] says, without the endpoint.
    #[must_use]
    pub fn lease(&self) -> LeaseInstant {
        self.lease_at_start + LeaseSpan::from_s(self.monotonic().as_ms() / 1_000)
    }
}

/// Drives the endpoint until it is told to stop, or the store is gone: without it nothing may be
/// promised any more.
pub fn run_engine(
    mut endpoint: Endpoint,
    clock: Clock,
    shared: &Arc<RwLock<Shared>>,
    events: &Receiver<Event>,
    store: &Sender<(Ticket, Record)>,
) {
    let mut waiting: HashMap<Token, Sender<bool>> = HashMap::new();
    let mut wake = Some(Monotonic::default());
    loop {
        let now = clock.monotonic();
        let pause = wake.map_or(3_600_000, |at| at.ms_since(now));
        let input = match events.recv_timeout(Duration::from_millis(pause)) {
            Err(RecvTimeoutError::Timeout) => Input::Tick,
            Err(RecvTimeoutError::Disconnected) | Ok(Event::Stop) => return,
            Ok(Event::Persisted(ticket)) => Input::Persisted(ticket),
            Ok(Event::Operator(command)) => Input::Command(command),
            Ok(Event::Lease(event, answer)) => {
                waiting.extend(answer);
                Input::Lease(event)
            }
        };
        // Nobody else writes, so what is read here stays true until it is changed below.
        let read = shared.read().unwrap_or_else(PoisonError::into_inner);
        endpoint.handle(clock.monotonic(), input, &read.table);
        drop(read);
        let mut write = shared.write().unwrap_or_else(PoisonError::into_inner);
        loop {
            match endpoint.poll_output() {
                Output::Wait(until) => {
                    wake = until;
                    break;
                }
                Output::Persist { ticket, record } => {
                    if let Record::Binding(binding) = &record {
                        write.table.apply((**binding).clone());
                    }
                    if store.send((ticket, record)).is_err() {
                        return;
                    }
                }
                // Who gave up waiting needs no answer.
                Output::Confirm { token } => {
                    waiting.remove(&token).map(|answer| answer.send(true));
                }
                Output::Refuse { token, .. } => {
                    waiting.remove(&token).map(|answer| answer.send(false));
                }
                // A partner that cannot be reached. With sockets: Dial, Transmit and Close.
                Output::Event(event) => println!("             engine: {event:?}"),
                _ => {}
            }
        }
        write.view = endpoint.view();
    }
}

/// Takes whatever has come, makes it durable with one sync, reports the last ticket. Returns how
/// many records there were and how many syncs it took.
pub fn run_store(
    records: &Receiver<(Ticket, Record)>,
    engine: &Sender<Event>,
    mut sync: impl FnMut(&[(Ticket, Record)]),
) -> (usize, usize) {
    let (mut written, mut syncs) = (0, 0);
    while let Ok(first) = records.recv() {
        let mut group = vec![first];
        group.extend(records.try_iter());
        sync(&group);
        written += group.len();
        syncs += 1;
        if let Some((last, _)) = group.last() {
            // An engine that has stopped need not know.
            let _ = engine.send(Event::Persisted(*last));
        }
    }
    (written, syncs)
}
