//! What is the same world, and what is not.

use crate::model::Action;
use crate::story::{Beginning, Story};
use crate::world::{Budget, Item, Mutant, STEP_MS, Setup, World, client};
use dhcp_failover_proto::State;
use dhcp_failover_proto::lease::LeaseSpan;
use dhcp_failover_proto::{Bindings, Command, Query, RequestClass};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

fn setup() -> Setup {
    let budget =
        Budget { crashes: [2, 2], partitions: 2, orders: 1, leaves: [1, 1], slow_steps: 0 };
    Setup { addresses: 1, requests: 2, budget, mutant: Mutant::None, beginning: Beginning::New }
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

/// Both in NORMAL, and nothing under way.
fn normal() -> Story {
    let story = Story::new(Setup { beginning: Beginning::Normal, ..setup() });
    assert_eq!([0, 1].map(|host| story.world.state(host)), [Some(State::Normal); 2]);
    story
}

/// Whether it comes to be like this within a round of what goes on in an idle pair.
fn meets(story: &mut Story, other: &World) -> bool {
    (0..12).any(|_| hash(&story.pass(1).world) == hash(other))
}

fn comes_to(story: &mut Story, other: &World) {
    if !meets(story, other) {
        assert_same(other, &story.world);
    }
}

fn crash(server: usize) -> Action {
    Action::Crash { server, keeps_unsynced: false }
}

/// An idle pair comes back to where it was: versions, tickets, transactions and all moments are others.
#[test]
fn an_idle_pair_repeats_itself() {
    let mut story = normal();
    let before = story.world.clone();
    comes_to(story.pass(30), &before);
    assert!(story.world.now_ms > before.now_ms + 30 * STEP_MS);
}

/// What happened long ago leaves nothing but its outcome: here one pair has been without contact for
/// longer, and longer ago.
#[test]
fn what_is_long_ago_is_forgotten() {
    let mut one = normal();
    one.does(Action::Partition).pass(9).does(Action::Heal).pass(20);
    let mut other = normal();
    other.does(Action::Partition).pass(14).does(Action::Heal).pass(30);
    comes_to(&mut other, &one.world);
    let mut third = normal();
    third.pass(20); // and has a partition to come
    assert!(!meets(&mut third, &one.world));
}

/// Of the versions of a binding only counts which one is the newest, and whether that was acknowledged.
#[test]
fn versions_are_numbered_from_the_newest() {
    let mut story = normal();
    story.does(Action::Ask(0, 0)).pass(20);
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
    let mut story = normal();
    story.does(Action::Ask(0, 0));
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
    let mut story = normal();
    story.does(Action::Ask(0, 0));
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
        |world: &mut World| world.budget.leaves = [1, 0],
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
    let mut story = normal();
    story.pass(20).does(crash(1)).does(Action::Start(1)).pass(20).does(crash(1));
    let down = story.world.clone();
    let mut stamp = down.clone();
    let record = stamp.server(1).disk.record.as_mut().expect("it ran");
    record.alive_until = record.alive_until + LeaseSpan::from_s(1);
    assert_different(&down, &stamp);
    story.does(Action::Start(1));
    assert_different(&down, &story.world);
    let mut other = normal();
    other
        .pass(20)
        .does(crash(1))
        .does(Action::Start(1))
        .pass(7)
        .does(crash(1))
        .does(Action::Start(1))
        .pass(20);
    comes_to(&mut story, &other.world);
}

/// A server that is paused or shut down ends when all is written, and what it has said still arrives;
/// while it may still leave, what is on its disk matters.
#[test]
fn a_server_that_leaves_stops_when_its_disk_is_synced() {
    for (command, left, met) in [
        (Command::Pause, State::Paused, State::CommunicationsInterrupted),
        (Command::Shutdown, State::Shutdown, State::PartnerDown),
    ] {
        let mut story = normal();
        story.does(Action::Leave(1, command));
        assert_eq!(story.world.state(1), Some(left));
        assert!(story.world.servers[1].unsynced.is_empty() || !story.can(Action::Stop(1)));
        assert!(!story.can(Action::Leave(1, command)), "it is about to stop");
        while !story.world.servers[1].unsynced.is_empty() {
            story.does(Action::Flush(1));
        }
        story.does(Action::Stop(1)).quiet();
        assert_eq!(story.world.state(0), Some(met), "{command}");
        story.does(Action::Start(1)).pass(20);
        assert_eq!([0, 1].map(|host| story.world.state(host)), [Some(State::Normal); 2]);
    }
    let mut last = normal().world;
    last.budget.crashes = [0, 0];
    let mut stamp = last.clone();
    let record = stamp.server(1).disk.record.as_mut().expect("it ran");
    record.alive_until = record.alive_until + LeaseSpan::from_s(1);
    assert_different(&last, &stamp);
    (last.budget.leaves, stamp.budget.leaves) = ([0, 0], [0, 0]);
    assert_same(&last, &stamp);
}

/// The other order of two states of long ago is another world: H5 compares such moments.
#[test]
fn the_order_of_moments_long_ago_is_kept() {
    let alone = |steps: [usize; 2]| {
        let mut story = normal();
        story.does(crash(1)).pass(steps[0]).does(Action::PartnerDown(0)).pass(steps[1]);
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
    let mut story = normal();
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

/// The stories with which explorations begin end where they say.
#[test]
fn explorations_begin_where_they_should() {
    use State::{Normal, PartnerDown};
    for (beginning, states) in [
        (Beginning::Normal, [Some(Normal); 2]),
        (Beginning::Alone, [Some(PartnerDown), None]),
        (Beginning::BothAlone, [None, Some(PartnerDown)]),
    ] {
        let world = beginning.world(&setup());
        assert_eq!([0, 1].map(|host| world.state(host)), states, "{beginning:?}");
        assert_eq!(world.budget, setup().budget, "{beginning:?}");
        assert!(!world.is_busy() || beginning == Beginning::BothAlone, "{beginning:?}");
    }
}
