//! What is the same world, and what is not.

use crate::model::{Action, Pair};
use crate::world::{Budget, Item, Mutant, STEP_MS, Setup, World, client};
use dhcp_failover_proto::State;
use dhcp_failover_proto::lease::LeaseSpan;
use dhcp_failover_proto::{Bindings, Query, RequestClass};
use stateright::Model;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

fn setup() -> Setup {
    let budget = Budget { crashes: [2, 2], partitions: 2, orders: 1, slow_steps: 0 };
    Setup { addresses: 1, requests: 2, budget, mutant: Mutant::None }
}

fn hash(world: &World) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(world)
}

/// Compares forms, and says where they differ.
fn assert_same(one: &World, other: &World) {
    let [left, right] = [one, other].map(|world| format!("{:#?}", world.form()));
    let differs = left.lines().zip(right.lines()).find(|(left, right)| left != right);
    assert!(left == right, "{differs:?}");
    assert_eq!(hash(one), hash(other));
}

fn assert_different(one: &World, other: &World) {
    assert_ne!(hash(one), hash(other), "{:#?}", one.form());
}

struct Story {
    pair: Pair,
    world: World,
}

impl Story {
    fn new() -> Self {
        let pair = Pair::new(setup());
        let world = pair.init_states().remove(0);
        Self { pair, world }
    }

    /// Both in NORMAL, and nothing under way.
    fn normal() -> Self {
        let mut story = Self::new();
        story.pass(12);
        assert_eq!([0, 1].map(|host| story.world.state(host)), [Some(State::Normal); 2]);
        story
    }

    fn does(&mut self, action: Action) -> &mut Self {
        let mut actions = Vec::new();
        self.pair.actions(&self.world, &mut actions);
        assert!(actions.contains(&action), "{action:?} is not among {actions:?}");
        self.world = self.pair.next_state(&self.world, action).expect("it happens");
        assert!(self.world.broken.is_none(), "{:?}", self.world);
        self
    }

    /// Everything that is under way arrives.
    fn quiet(&mut self) -> &mut Self {
        loop {
            let mut actions = Vec::new();
            self.pair.actions(&self.world, &mut actions);
            let next = actions.into_iter().find(|action| {
                matches!(action, Action::Connect(_) | Action::Deliver(..) | Action::Flush(_))
            });
            match next {
                Some(action) => self.does(action),
                None => return self,
            };
        }
    }

    fn pass(&mut self, steps: usize) -> &mut Self {
        for _ in 0..steps {
            self.quiet().does(Action::Pass);
        }
        self.quiet()
    }

    /// Whether it comes to be like this within a round of what goes on in an idle pair.
    fn meets(&mut self, other: &World) -> bool {
        (0..12).any(|_| hash(&self.pass(1).world) == hash(other))
    }

    fn comes_to(&mut self, other: &World) {
        if !self.meets(other) {
            assert_same(other, &self.world);
        }
    }

    fn crash_and_start(&mut self, server: usize) -> &mut Self {
        self.does(Action::Crash { server, keeps_unsynced: false }).does(Action::Start(server))
    }
}

/// An idle pair comes back to where it was: versions, tickets, transactions and all moments are others.
#[test]
fn an_idle_pair_repeats_itself() {
    let mut story = Story::normal();
    let before = story.pass(20).world.clone();
    story.pass(30).comes_to(&before);
    assert!(story.world.now_ms > before.now_ms + 30 * STEP_MS);
}

/// What happened long ago leaves nothing but its outcome: here one pair has been without contact for
/// longer, and longer ago.
#[test]
fn what_is_long_ago_is_forgotten() {
    let mut one = Story::normal();
    one.does(Action::Partition).pass(9).does(Action::Heal).pass(20);
    let mut other = Story::normal();
    other.does(Action::Partition).pass(14).does(Action::Heal).pass(30);
    other.comes_to(&one.world);
    let mut third = Story::normal();
    third.pass(20); // and has a partition to come
    assert!(!third.meets(&one.world));
}

/// Of the versions of a binding only counts which one is the newest, and whether that was acknowledged.
#[test]
fn versions_are_numbered_from_the_newest() {
    let mut story = Story::normal();
    story.pass(20).does(Action::Ask(0, 0)).pass(20);
    let raised = |version: u64, acked: u64| {
        let mut world = story.world.clone();
        let address = world.addresses().next().expect("there is one");
        let server = world.server(0);
        let mut binding = server.table.get(address).expect("it is in the table");
        assert_eq!(binding.version, binding.knowledge.acked_version);
        binding.version += version;
        binding.knowledge.acked_version += acked;
        server.table.apply(binding.clone());
        server.disk.bindings.insert(address, binding);
        world
    };
    assert_same(&story.world, &raised(5, 5));
    assert_different(&story.world, &raised(5, 4));
    assert_same(&raised(5, 4), &raised(9, 3));
}

/// Two leases that end at different times are two, as long as they run.
#[test]
fn moments_to_come_and_waits_are_told_apart() {
    let mut story = Story::normal();
    story.pass(20).does(Action::Ask(0, 0));
    let given = story.quiet().world.clone();
    let later = story.pass(1).world.clone();
    assert_different(&given, &later);
    let mut longer = given.clone();
    let held = longer.clients[0].held.as_mut().expect("it has a lease");
    held.expires = held.expires + LeaseSpan::from_s(1);
    assert_different(&given, &longer);
}

/// Whether something is durable, or has arrived, or may still happen, is part of the world.
#[test]
fn what_is_under_way_is_told_apart() {
    let mut story = Story::normal();
    story.pass(20).does(Action::Ask(0, 0));
    let asked = story.world.clone();
    let synced = story.does(Action::Flush(0)).world.clone();
    assert_different(&asked, &synced);
    let told = synced.connections[0].queues[0].len();
    assert!(told > 0, "the lease is told");
    let mut lost = synced.clone();
    lost.connections[0].queues[0].pop_back();
    assert_different(&synced, &lost);
    let mut closed = synced.clone();
    closed.connections[0].queues[0].push_back(Item::Closed);
    assert_different(&synced, &closed);
    for change in [
        |world: &mut World| world.budget.partitions = 0,
        |world: &mut World| world.budget.crashes = [2, 1],
        |world: &mut World| world.budget.orders = 0,
        |world: &mut World| world.clients[1].left = 0,
        |world: &mut World| world.path_is_up = false,
    ] {
        let mut other = synced.clone();
        change(&mut other);
        assert_different(&synced, &other);
    }
}

/// A server that comes back from its disk is not one that has run on, and its stamp is not forgotten as
/// long as it may be waited for.
#[test]
fn a_restart_is_told_apart_until_it_is_over() {
    let mut story = Story::normal();
    story
        .pass(20)
        .crash_and_start(1)
        .pass(20)
        .does(Action::Crash { server: 1, keeps_unsynced: false });
    let down = story.world.clone();
    let mut stamp = down.clone();
    let record = stamp.server(1).disk.record.as_mut().expect("it ran");
    record.alive_until = record.alive_until + LeaseSpan::from_s(1);
    assert_different(&down, &stamp);
    story.does(Action::Start(1));
    assert_different(&down, &story.world);
    let mut other = Story::normal();
    other.pass(20).crash_and_start(1).pass(7).crash_and_start(1).pass(20);
    story.comes_to(&other.world);
}

/// The other order of two states of long ago is another world: H5 compares such moments.
#[test]
fn the_order_of_moments_long_ago_is_kept() {
    let crash = |server| Action::Crash { server, keeps_unsynced: false };
    let alone = |steps: [usize; 2]| {
        let mut story = Story::normal();
        story.pass(20).does(crash(1)).pass(steps[0]).does(Action::PartnerDown(0)).pass(steps[1]);
        story.world
    };
    let one = alone([4, 20]);
    assert_same(&one, &alone([4, 40]));
    let mut other = one.clone();
    // It went down after the partner had been declared down.
    let record = other.server(1).disk.record.as_mut().expect("it ran");
    record.alive_until = record.alive_until + LeaseSpan::from_s(4 * STEP_MS / 1_000 + 6);
    assert_different(&one, &other);
}

/// Client 0 may be taken for the first to ask because the servers treat both alike.
#[test]
fn the_clients_are_alike() {
    let mut story = Story::normal();
    story.pass(20);
    for host in [0, 1] {
        let endpoint = story.world.servers[host].endpoint.as_ref().expect("it runs");
        let decide = |number| {
            let who = client(number);
            endpoint.view().decide(&Query {
                class: RequestClass::New,
                key: who.balance_key(),
                secs: 0,
                max_delay_s: None,
                partner_pool_empty: false,
                now: story.world.lease_now(),
            })
        };
        assert_eq!(decide(0), decide(1), "server {host}");
    }
}
