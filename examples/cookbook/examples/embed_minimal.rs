//! Failover inside a DHCP server that has a loop and plug-ins of its own, as dora has: each request
//! passes through a chain of plug-ins, and each answers, stays silent or passes it on. A few requests
//! run through it, then the program ends by itself.
//!
//! ```sh
//! cargo run -p cookbook --example embed_minimal
//! ```
//!
//! What it shows of the libraries: the three calls of the packet path (`decide` in a gate of its own;
//! `may_allocate` and `grant`; [`LeaseEvent::Granted`], then waiting for its confirmation). Packets
//! are decided on a copy of the view, by as many threads as the server likes; the engine, on its own
//! thread, only sees the outcome (`src/engine.rs` beside). The server around it is in
//! `src/plugins.rs`. The partner is absent here, and the operator says so; with a socket, its frames
//! would be one more event for the engine.

use cookbook::client;
use cookbook::engine::{Clock, Event, Shared, run_engine, run_store};
use cookbook::plugins::{Action, Context, Plugin, Server, StaticAddresses};
use cookbook::story::Story;
use dhcp_failover::lease::{BindingFlags, LeaseInstant, LeaseSpan, Role};
use dhcp_failover::proto::{
    BindingTable, Bindings, Command, Decision, Endpoint, EndpointConfig, LeaseEvent, Monotonic,
    Query, RequestClass, ServiceView, Token,
};
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// 1. *May I serve this?* Before all that would leave a trace, such as an offer.
struct FailoverGate(Arc<Failover>);

impl Plugin for FailoverGate {
    fn handle(&self, context: &mut Context) -> Result<Action, Box<dyn Error>> {
        let view = self.0.shared.read().unwrap_or_else(PoisonError::into_inner).view;
        let query = Query {
            class: RequestClass::New,
            key: context.client.balance_key(),
            secs: context.secs,
            max_delay_s: Some(3),
            partner_pool_empty: false,
            now: self.0.clock.lease(),
        };
        let decision = view.decide(&query);
        context.set_local(view); // the leases are decided by the same
        Ok(match decision {
            Decision::Serve => Action::Continue,
            Decision::Ignore(_) => Action::NoResponse, // the partner answers, or nobody
        })
    }
}

/// 2. *Which address, for how long?* 3. *Is it on disk?*
struct Leases(Arc<Failover>);

impl Plugin for Leases {
    fn handle(&self, context: &mut Context) -> Result<Action, Box<dyn Error>> {
        let Failover { shared, engine, clock, next_token } = &*self.0;
        let view = *context.local::<ServiceView>().ok_or("the gate stands before the leases")?;
        let (client, now) = (&context.client, clock.lease());
        // The lock is held for looking, never for waiting.
        let shared = shared.read().unwrap_or_else(PoisonError::into_inner);
        let table = &shared.table;
        if context.wanted.is_some_and(|address| table.get(address).is_none()) {
            return Ok(Action::Continue);
        }
        // (A real server says DHCPNAK to a client that asks for a wrong address.)
        let usable = |address| {
            let binding = table.get(address)?;
            view.may_allocate(&binding, client, now).ok().map(|()| binding)
        };
        let found = match context.wanted {
            Some(address) => usable(address),
            None => {
                let own = table.available(0, view.role().own_available());
                table.addresses_of(client).chain(own).find_map(usable)
            }
        };
        let Some(binding) = found else { return Ok(Action::NoResponse) };
        let grant = view.grant(&binding, client, LeaseSpan::from_s(86_400), 50, now);
        let token = Token(next_token.fetch_add(1, Ordering::Relaxed));
        let event = LeaseEvent::Granted {
            token,
            address: binding.address,
            client: client.clone(),
            grant,
            version: binding.version,
            epoch: view.epoch(), // of the view that let it pass
            flags: BindingFlags::default(),
            request_options: Vec::new(),
        };
        drop(shared);
        // Refused means that somebody was quicker: the client will ask again. Whether this plug-in is
        // there to hear the answer or not, the lease is recorded and told.
        let (answer, outcome) = channel();
        engine.send(Event::Lease(event, Some((token, answer))))?;
        Ok(match outcome.recv_timeout(Duration::from_secs(2)) {
            Ok(true) => {
                context.response = Some((binding.address, grant.lease));
                Action::Respond
            }
            _ => Action::NoResponse,
        })
    }
}

/// What the plug-ins for failover share.
struct Failover {
    shared: Arc<RwLock<Shared>>,
    engine: Sender<Event>,
    clock: Clock,
    next_token: AtomicU64,
}

fn main() {
    story();
}

fn story() -> Story {
    let mut table = BindingTable::new();
    let range = Ipv4Addr::new(192, 0, 2, 10)..=Ipv4Addr::new(192, 0, 2, 99);
    table.add_pool([range]).expect("the only pool overlaps with nothing");
    // So short an MCLT is for shows only: a server without data waits so long in PARTNER-DOWN
    // before it gives an address to anybody.
    let mclt = LeaseSpan::from_s(1);
    let partner = [198, 51, 100, 2].into();
    let config =
        EndpointConfig { mclt, ..EndpointConfig::new("east-west", Role::Primary, partner) };
    let unix = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let wall = LeaseInstant::from_unix_s(unix);
    let endpoint = Endpoint::new(config, None, Monotonic::default(), wall);
    let clock = Clock { started: Instant::now(), lease_at_start: endpoint.lease_now() };
    let shared = Arc::new(RwLock::new(Shared { view: endpoint.view(), table }));

    let (engine, events) = channel();
    let (to_store, records) = channel();
    let for_engine = shared.clone();
    let engine_thread =
        thread::spawn(move || run_engine(endpoint, clock, &for_engine, &events, &to_store));
    let persisted = engine.clone();
    let fsync = |_: &[_]| thread::sleep(Duration::from_millis(5));
    let store_thread = thread::spawn(move || run_store(&records, &persisted, fsync));
    let failover = Arc::new(Failover {
        shared: shared.clone(),
        engine: engine.clone(),
        clock,
        next_token: AtomicU64::new(1),
    });
    let printer = (client(200), Ipv4Addr::new(203, 0, 113, 7));
    let server = Server(vec![
        Box::new(StaticAddresses(vec![printer])),
        Box::new(FailoverGate(failover.clone())),
        Box::new(Leases(failover)),
    ]);
    let story = Story::default();
    run_requests(&story, &server, &engine);

    let leases = shared.read().unwrap_or_else(PoisonError::into_inner).table.iter().count();
    engine.send(Event::Stop).expect("the engine runs until it is stopped");
    drop((server, engine));
    engine_thread.join().expect("the engine does not panic");
    let (written, syncs) = store_thread.join().expect("the store does not panic");
    story.tell(format!("{leases} leases; {written} records, durable with fewer syncs"));
    assert!(written > syncs, "the store commits in groups: {written} {syncs}");
    story
}

fn run_requests(story: &Story, server: &Server, engine: &Sender<Event>) {
    let ask = |number, wanted| {
        let answer = server.answer(client(number), wanted);
        let said = answer.map_or("no answer".into(), |(address, lease)| {
            format!("{address} for {} s", lease.as_s())
        });
        story.tell(format!("client {number:>3} asks for {wanted:?}: {said}"));
        answer.map(|(address, _)| address)
    };
    story.tell("A server that does not know about its partner serves nobody of its scopes.");
    assert_eq!(ask(1, None), None);
    assert_eq!(ask(200, None), Some(Ipv4Addr::new(203, 0, 113, 7)));
    engine.send(Event::Operator(Command::PartnerDown)).expect("the engine runs");
    story.tell("The operator says that the partner is down: after the MCLT it serves.");
    let patience = Instant::now() + Duration::from_secs(10);
    let first = loop {
        if let Some(first) = ask(1, None) {
            break first;
        }
        assert!(Instant::now() < patience, "client 1 gets an address");
        thread::sleep(Duration::from_millis(500));
    };
    assert_eq!(ask(1, None), Some(first));
    assert_eq!(ask(1, Some(first)), Some(first));
    assert_eq!(ask(2, Some(first)), None);
    assert_eq!(ask(2, Some(Ipv4Addr::new(203, 0, 113, 1))), None);
    story.tell("Thirty clients at once; some decide on the same address, one of them gets it.");
    let persists = |number| (0..100).find_map(|_| server.answer(client(number), None));
    let mut given: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> =
            (10..40).map(|number| scope.spawn(move || persists(number))).collect();
        clients.into_iter().filter_map(|it| it.join().expect("a client")).collect()
    });
    given.sort();
    given.dedup_by_key(|(address, _)| *address);
    story.tell(format!("{} of them have an address of their own", given.len()));
}

#[test]
fn it_ends_by_itself_and_every_client_has_its_own_address() {
    let story = story();
    story.assert_tells(&[
        "client   1 asks for None: no answer",
        "client 200 asks for None: 203.0.113.7 for 86400 s",
        "partner is down",
        "client   1 asks for None: 192.0.2.10 for 1 s", // the MCLT
        "client   1 asks for Some(192.0.2.10): 192.0.2.10 for ",
        "client   2 asks for Some(192.0.2.10): no answer",
        "30 of them have an address of their own",
        "31 leases",
    ]);
}
