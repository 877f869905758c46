//! Failover inside a DHCP server that has a packet path of its own: a plug-in that answers, stays
//! silent or passes on. A few requests run through it, then the program ends by itself.
//!
//! ```sh
//! cargo run -p cookbook --example embed_minimal
//! ```
//!
//! What it shows of the libraries: the three calls of the packet path (`decide`; `may_allocate` and
//! `grant`; [`LeaseEvent::Granted`], then waiting for its confirmation). Packets are decided on a
//! copy of the view, by as many threads as the server likes; the engine, on its own thread, only
//! sees the outcome (`src/engine.rs` beside). The partner is absent here, and the operator says so;
//! with a socket, its frames would be one more event for the engine.

use cookbook::engine::{Clock, Event, Shared, run_engine, run_store};
use dhcp_failover::lease::{BindingFlags, Client, HardwareAddress, LeaseInstant, LeaseSpan, Role};
use dhcp_failover::proto::{
    BindingTable, Bindings, Command, Decision, Endpoint, EndpointConfig, LeaseEvent, Monotonic,
    Query, RequestClass, Token,
};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// A DHCPREQUEST, or a DHCPDISCOVER with rapid commit, as the server has parsed it.
struct Request {
    client: Client,
    class: RequestClass,
    /// The address asked for; `None`: any.
    wanted: Option<Ipv4Addr>,
}

/// What a plug-in makes of a request.
#[derive(Debug, PartialEq)]
enum Action {
    /// Send a DHCPACK for this address and time.
    Respond(Ipv4Addr, LeaseSpan),
    /// Send nothing, and let no other plug-in do so.
    NoResponse,
    /// Not ours: the next plug-in may look at it.
    Continue,
}

trait Plugin {
    fn handle(&self, request: &Request) -> Action;
}

struct Failover {
    shared: Arc<RwLock<Shared>>,
    engine: Sender<Event>,
    clock: Clock,
    next_token: AtomicU64,
}

impl Plugin for Failover {
    fn handle(&self, request: &Request) -> Action {
        let (client, now) = (&request.client, self.clock.lease());
        // The lock is held for looking, never for waiting.
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        let Shared { view, table } = &*shared;
        if request.wanted.is_some_and(|address| table.get(address).is_none()) {
            return Action::Continue;
        }
        // 1. May I serve this request?
        let query = Query {
            class: request.class,
            key: client.balance_key(),
            secs: 0,
            max_delay_s: Some(3),
            partner_pool_empty: false,
            now,
        };
        if view.decide(&query) != Decision::Serve {
            return Action::NoResponse; // and leave no trace: the partner answers, or nobody
        }
        // 2. Which address, and for how long? (A real server says DHCPNAK to a wrong one.)
        let usable = |address| {
            let binding = table.get(address)?;
            view.may_allocate(&binding, client, now).ok().map(|()| binding)
        };
        let found = match request.wanted {
            Some(address) => usable(address),
            None => {
                let own = table.available(0, view.role().own_available());
                table.addresses_of(client).chain(own).find_map(usable)
            }
        };
        let Some(binding) = found else { return Action::NoResponse };
        let grant = view.grant(&binding, client, LeaseSpan::from_s(86_400), 50, now);
        let token = Token(self.next_token.fetch_add(1, Ordering::Relaxed));
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
        drop(shared);
        // 3. Is it on disk? Refused means that somebody was quicker: the client will ask again.
        let (answer, outcome) = channel();
        let sent = self.engine.send(Event::Lease(event, Some((token, answer))));
        match sent.ok().and_then(|()| outcome.recv_timeout(Duration::from_secs(2)).ok()) {
            Some(true) => Action::Respond(binding.address, grant.lease),
            _ => Action::NoResponse,
        }
    }
}

fn main() {
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
    let plugin = Failover { shared, engine, clock, next_token: AtomicU64::new(1) };
    run_requests(&plugin);

    plugin.engine.send(Event::Stop).expect("the engine runs until it is stopped");
    engine_thread.join().expect("the engine does not panic");
    let (written, syncs) = store_thread.join().expect("the store does not panic");
    println!("{written} records, durable with {syncs} syncs");
    assert!(written > syncs, "the store commits in groups");
}

fn run_requests(plugin: &Failover) {
    let ask = |number, wanted| {
        let class = RequestClass::New;
        let action = plugin.handle(&Request { client: client(number), class, wanted });
        println!("client {number:>2} asks for {wanted:?}: {action:?}");
        action
    };
    println!("A server that does not know about its partner serves nobody.");
    assert_eq!(ask(1, None), Action::NoResponse);
    plugin.engine.send(Event::Operator(Command::PartnerDown)).expect("the engine runs");
    println!("The operator says that the partner is down: after the MCLT it serves.");
    let patience = Instant::now() + Duration::from_secs(10);
    let first = loop {
        match ask(1, None) {
            Action::Respond(first, _) => break first,
            _ => assert!(Instant::now() < patience, "client 1 gets an address"),
        }
        thread::sleep(Duration::from_millis(500));
    };
    assert!(matches!(ask(1, None), Action::Respond(again, _) if again == first));
    assert!(matches!(ask(1, Some(first)), Action::Respond(again, _) if again == first));
    assert_eq!(ask(2, Some(first)), Action::NoResponse);
    assert_eq!(ask(2, Some(Ipv4Addr::new(203, 0, 113, 1))), Action::Continue);
    println!("Thirty clients at once; some decide on the same address, one of them gets it.");
    let answered: usize = thread::scope(|scope| {
        let one = |number| {
            scope.spawn(move || {
                (0..100).any(|_| {
                    let class = RequestClass::New;
                    let request = Request { client: client(number), class, wanted: None };
                    matches!(plugin.handle(&request), Action::Respond(..))
                })
            })
        };
        let clients: Vec<_> = (10..40).map(one).collect();
        clients.into_iter().map(|it| usize::from(it.join().expect("a client"))).sum()
    });
    let leases = plugin.shared.read().unwrap_or_else(PoisonError::into_inner).table.iter().count();
    println!("{answered} answered, {leases} leases");
    assert_eq!((answered, leases), (30, 31));
}

fn client(number: u8) -> Client {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]);
    Client::new(None, hardware.expect("six bytes are not more than sixteen"))
}

#[test]
fn it_ends_by_itself_and_every_client_has_its_own_address() {
    main();
}
