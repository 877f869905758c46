//! What makes an exploration cheap does not change it.

use crate::model::Pair;
use crate::story::Beginning;
use crate::world::{Budget, Mutant, Setup, World};
use stateright::Model;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

/// Worlds that are looked at in each exploration: more in a build that is optimised.
const WORLDS: usize = if cfg!(debug_assertions) { 1_500 } else { 100_000 };

fn hash(it: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(it)
}

/// With everything that may happen; from the beginning, and from states that are far from it.
fn setups() -> Vec<Setup> {
    let none = Budget { crashes: [0, 0], partitions: 0, orders: 0, leaves: [0, 0], slow_steps: 0 };
    let budgets = [
        Budget { crashes: [1, 0], partitions: 1, ..none },
        Budget { crashes: [1, 1], orders: 1, ..none },
        Budget { leaves: [1, 1], crashes: [0, 1], ..none },
    ];
    let beginnings = [Beginning::New, Beginning::Normal, Beginning::Alone, Beginning::BothAlone];
    let setup = |budget, beginning| Setup {
        addresses: 1,
        requests: 1,
        budget,
        mutant: Mutant::None,
        beginning,
    };
    let all = |budget| beginnings.map(|beginning| setup(budget, beginning));
    budgets.into_iter().flat_map(all).collect()
}

fn next(pair: &Pair, world: &World) -> Vec<World> {
    let mut actions = Vec::new();
    pair.actions(world, &mut actions);
    actions.into_iter().filter_map(|it| pair.next_state(world, it)).collect()
}

/// Every world that is met, the first time and again, breadth first.
fn explore(setup: Setup, mut met: impl FnMut(&Pair, &World)) {
    let pair = Pair::new(setup);
    let (mut seen, mut waiting) = (BTreeSet::new(), VecDeque::from(pair.init_states()));
    while let Some(world) = waiting.pop_front().filter(|_| seen.len() < WORLDS) {
        met(&pair, &world);
        if seen.insert(hash(&world)) {
            waiting.extend(next(&pair, &world));
        }
    }
    assert!(seen.len() > WORLDS / 2, "{setup:?} has only {} worlds", seen.len());
}

/// Made of parts or as a whole, the form tells the same worlds apart.
#[test]
fn the_parts_of_a_form_say_what_the_whole_says() {
    for setup in setups() {
        let (mut wholes, mut parts) = (HashMap::new(), HashMap::new());
        explore(setup, |_, world| {
            let (whole, part) = (hash(world.form()), hash(world));
            assert_eq!(*parts.entry(whole).or_insert(part), part, "{:#?}", world.form());
            assert_eq!(*wholes.entry(part).or_insert(whole), whole, "{:#?}", world.form());
        });
    }
}

/// The lines in which two forms differ, but for the end of a pause between attempts to connect, the first
/// of the timers: how long that is, is left out.
fn differences(one: &World, other: &World) -> Vec<String> {
    let [one, other] = [one, other].map(|it| format!("{:#?}", it.form()));
    let [one, other] = [&one, &other].map(|it| it.lines().map(str::trim).collect::<Vec<_>>());
    let is_pause = |at: usize| at > 2 && one.get(at - 3) == Some(&"timers: TimerTable(");
    let places = 0..one.len().max(other.len());
    let differ = places.filter(|at| one.get(*at) != other.get(*at) && !is_pause(*at));
    differ.map(|at| format!("{:?} | {:?}", one.get(at), other.get(at))).collect()
}

/// Two worlds that are taken for one go on alike: each step from one leads to where a step from the
/// other leads. This is what every abstraction of the form must keep.
#[test]
fn worlds_that_are_one_lead_to_worlds_that_are_one() {
    for setup in setups() {
        let (mut firsts, mut again) = (HashMap::new(), 0);
        explore(setup, |pair, world| {
            let Some(first) = firsts.get(&hash(world)) else {
                firsts.insert(hash(world), world.clone());
                return;
            };
            again += 1;
            let [ones, others] = [first, world].map(|it| next(pair, it));
            assert_eq!(ones.len(), others.len(), "{setup:?} {first:?}");
            let leads_to: BTreeSet<_> = others.iter().map(hash).collect();
            for one in ones.iter().filter(|it| !leads_to.contains(&hash(it))) {
                let closest = others.iter().map(|it| differences(one, it)).min_by_key(Vec::len);
                assert_eq!(closest, Some(Vec::new()), "{setup:?} {first:?}");
            }
        });
        assert!(again > 0);
    }
}

/// What is remembered of a server is what comes of it anew.
#[test]
fn what_became_of_a_server_becomes_of_it_again() {
    for setup in setups() {
        explore(setup, |pair, world| {
            let mut anew = world.clone();
            for host in [0, 1] {
                anew.server(host);
            }
            let [one, other] = [world, &anew].map(|it| next(pair, it));
            assert!(one.iter().map(hash).eq(other.iter().map(hash)), "{:#?}", world.form());
        });
    }
}
