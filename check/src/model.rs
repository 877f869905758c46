//! What may happen, and what must always hold.

use crate::server::Happening;
use crate::world::{Item, Rule, Setup, World};
use dhcp_failover_proto::{Command, State};
use stateright::{Model, Property};
use std::sync::atomic::{AtomicU32, Ordering};

/// One thing that happens. Servers are 0, the primary, and 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The server's dial succeeds or fails.
    Connect(usize),
    /// The next thing on this connection arrives at this server.
    Deliver(usize, u64),
    /// All writes of the server become durable.
    Flush(usize),
    /// Time passes.
    Pass,
    /// The client asks the server.
    Ask(usize, usize),
    Crash {
        server: usize,
        keeps_unsynced: bool,
    },
    Start(usize),
    Partition,
    Heal,
    PartnerDown(usize),
    /// The server is paused or shut down: it tells its partner, and serves no more.
    Leave(usize, Command),
    /// After that, and when all is written, its process ends.
    Stop(usize),
}

pub struct Pair {
    setup: Setup,
    /// By the state of the primary: bits for those of the secondary seen with it. Two more bits: seen
    /// while the other server is down, and seen at the secondary.
    pub seen: [AtomicU32; 12],
}

impl Pair {
    pub fn new(setup: Setup) -> Self {
        Self { setup, seen: Default::default() }
    }

    /// Whether a server was seen in this state.
    pub fn reached(&self, state: State) -> bool {
        let place = State::ALL.iter().position(|it| *it == state);
        place.is_some_and(|place| self.seen[place].load(Ordering::Relaxed) != 0)
    }

    fn note(&self, world: &World) {
        let place = |state: State| State::ALL.iter().position(|it| *it == state).unwrap_or(0);
        match [0, 1].map(|host| world.state(host).map(place)) {
            [Some(a), Some(b)] => {
                self.seen[a].fetch_or(1 << b, Ordering::Relaxed);
                self.seen[b].fetch_or(1 << 13, Ordering::Relaxed);
            }
            [Some(one), None] | [None, Some(one)] => {
                self.seen[one].fetch_or(1 << 12, Ordering::Relaxed);
            }
            [None, None] => {}
        }
    }
}

fn keeps(world: &World, rule: Rule) -> bool {
    world.broken.as_ref().is_none_or(|(broken, _)| *broken != rule)
}

/// What has to do with a planned absence of this server.
fn leaving(world: &World, host: usize) -> Vec<Action> {
    let server = &world.servers[host];
    let Some(endpoint) = &server.endpoint else { return Vec::new() };
    if world.is_leaving(host) {
        return server.unsynced.is_empty().then_some(Action::Stop(host)).into_iter().collect();
    }
    let orders = [Command::Pause, Command::Shutdown].into_iter();
    let permitted = |it: &Command| world.budget.leaves[host] > 0 && endpoint.permits(*it).is_ok();
    orders.filter(permitted).map(|it| Action::Leave(host, it)).collect()
}

impl Model for Pair {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.setup.beginning.world(&self.setup)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.broken.is_some() {
            return;
        }
        for (host, server) in world.servers.iter().enumerate() {
            if server.dialling {
                actions.push(Action::Connect(host));
            }
            if !server.unsynced.is_empty() {
                actions.push(Action::Flush(host));
            }
            match &server.endpoint {
                None => actions.push(Action::Start(host)),
                Some(_) if world.budget.crashes[host] > 0 => {
                    let crash = |keeps_unsynced| Action::Crash { server: host, keeps_unsynced };
                    actions.push(crash(false));
                    if !server.unsynced.is_empty() {
                        actions.push(crash(true));
                    }
                }
                Some(_) => {}
            }
            if world.budget.orders > 0 && world.may_order(host) {
                actions.push(Action::PartnerDown(host));
            }
            actions.extend(leaving(world, host));
            for (number, client) in world.clients.iter().enumerate() {
                // The clients are alike: the one that asks first is called 0.
                let first = world.clients[0].left < self.setup.requests;
                if client.left > 0 && server.endpoint.is_some() && (number == 0 || first) {
                    actions.push(Action::Ask(number, host));
                }
            }
        }
        for connection in &world.connections {
            for host in [0, 1] {
                if connection.open[host] && !connection.queues[1 - host].is_empty() {
                    actions.push(Action::Deliver(host, connection.number));
                }
            }
        }
        if !world.path_is_up {
            actions.push(Action::Heal);
        } else if world.budget.partitions > 0 {
            actions.push(Action::Partition);
        }
        if world.budget.slow_steps > 0 || !world.is_busy() {
            actions.push(Action::Pass);
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let setup = &self.setup;
        let mut world = last.clone();
        match action {
            Action::Connect(host) => world.connect(host, setup),
            Action::Deliver(host, number) => world.deliver(host, number, setup),
            Action::Flush(host) => world.happens(host, &Happening::Synced, setup),
            Action::Pass => world.pass(setup),
            Action::Ask(client, host) => {
                if !world.ask(client, host, setup) {
                    return None;
                }
            }
            Action::Crash { server, keeps_unsynced } => {
                world.budget.crashes[server] -= 1;
                world.end(server, keeps_unsynced, setup);
            }
            Action::Start(host) => world.happens(host, &Happening::Start, setup),
            Action::Partition => {
                world.budget.partitions -= 1;
                world.partition();
            }
            Action::Heal => world.path_is_up = true,
            Action::PartnerDown(host) => {
                world.budget.orders -= 1;
                world.happens(host, &Happening::Order(Command::PartnerDown), setup);
            }
            Action::Leave(host, command) => {
                world.budget.leaves[host] -= 1;
                world.happens(host, &Happening::Order(command), setup);
            }
            Action::Stop(host) => world.end(host, true, setup),
        }
        world.check_disjoint();
        world.check_protection();
        self.note(&world);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("S1", |_, world| keeps(world, Rule::S1)),
            Property::always("S2", |_, world| keeps(world, Rule::S2)),
            Property::always("S3", |_, world| keeps(world, Rule::S3)),
            Property::always("S4", |_, world| keeps(world, Rule::S4)),
            Property::always("S5", |_, world| keeps(world, Rule::S5)),
            Property::always("S7", |_, world| keeps(world, Rule::S7)),
            Property::always("S11", |_, world| keeps(world, Rule::S11)),
            Property::always("comes to rest", |_, world| keeps(world, Rule::Livelock)),
        ]
    }
}

/// One line of a counterexample: the time, both states, and what happens next.
pub fn line(world: &World, action: Option<&Action>) -> String {
    let states = [0, 1].map(|host| world.state(host).map_or("(down)", State::name));
    let next = match action {
        Some(Action::Deliver(host, number)) => {
            let connection = world.connections.iter().find(|it| it.number == *number);
            let what = match connection.and_then(|it| it.queues[1 - host].front()) {
                Some(Item::Message(sent)) => {
                    let packet = sent.packet.as_ref();
                    packet.map_or("?".to_owned(), |it| it.message.message_type().to_string())
                }
                item => format!("{item:?}"),
            };
            format!("{what} arrives at {host}")
        }
        Some(action) => format!("{action:?}"),
        None => "broken:".to_owned(),
    };
    format!("{:5} s  {:27} {:27} {next}", world.now_ms / 1_000, states[0], states[1])
}
