//! Where the states come from: which part of the form, if it were not looked at, would leave how many.

use crate::model::Pair;
use crate::world::World;
use stateright::Model;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

fn hash(it: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(it)
}

/// Lines that are told, the worst first.
const TOLD: usize = 40;
/// And the most frequent values of each.
const VALUES: usize = 4;

/// The form as text, by the path of names that leads to each line.
fn lines(world: &World) -> Vec<(String, String)> {
    let text = format!("{:#?}", world.form());
    let mut path: Vec<String> = Vec::new();
    let mut counts: Vec<usize> = vec![0; 64];
    let mut found = Vec::new();
    for line in text.lines() {
        let depth = (line.len() - line.trim_start().len()) / 4;
        let line = line.trim().trim_end_matches(',');
        path.truncate(depth);
        counts[depth + 1..].fill(0);
        if matches!(line, "}" | "]" | ")" | "}," | "],") {
            continue;
        }
        let (name, value) = match line.split_once(": ") {
            Some((name, value)) => (name.to_owned(), value),
            None => (format!("#{}", counts[depth]), line),
        };
        counts[depth] += 1;
        path.push(name);
        found.push((path.join("."), value.to_owned()));
    }
    found
}

/// Explores some states, breadth first, and tells which lines of their forms multiply them.
pub fn tell(pair: &Pair, most: usize) {
    let mut seen = HashSet::new();
    let mut waiting: VecDeque<World> = pair.init_states().into();
    let mut values = Values::new();
    let mut sums: Vec<Sum> = Vec::new();
    let mut last = None;
    while let Some(world) = waiting.pop_front() {
        if seen.len() >= most {
            break;
        }
        if !seen.insert(hash(&world)) {
            continue;
        }
        let parts: Vec<_> = lines(&world);
        let hashes: Vec<_> =
            parts.iter().map(|(path, value)| (path.clone(), hash((path, value)))).collect();
        let sum = hashes.iter().fold(0_u64, |sum, (_, it)| sum.wrapping_add(*it));
        for (path, value) in parts {
            *values.entry(path).or_default().entry(value).or_default() += 1;
        }
        sums.push((sum, hashes));
        let mut actions = Vec::new();
        pair.actions(&world, &mut actions);
        waiting.extend(actions.into_iter().filter_map(|it| pair.next_state(&world, it)));
        last = Some(world);
    }
    println!("{} states looked at, {} more waiting", seen.len(), waiting.len());
    tell_lines(&values, &sums);
    if let Some(world) = last {
        println!("one of them: {:#?}", world.form());
    }
}

type Values = BTreeMap<String, HashMap<String, usize>>;
/// Of one form: all lines together, and each one.
type Sum = (u64, Vec<(String, u64)>);

/// The fewer states are left without a line, the more it multiplies them.
fn tell_lines(values: &Values, sums: &[Sum]) {
    let mut left: Vec<_> = values
        .iter()
        .filter(|(_, values)| values.len() > 1)
        .map(|(path, values)| {
            let without = sums.iter().map(|(sum, parts)| {
                let own: u64 = parts
                    .iter()
                    .filter(|(at, _)| at == path)
                    .fold(0, |sum, (_, it)| sum.wrapping_add(*it));
                sum.wrapping_sub(own)
            });
            (without.collect::<HashSet<u64>>().len(), path, values.len())
        })
        .collect();
    left.sort_unstable();
    for (without, path, count) in left.into_iter().take(TOLD) {
        println!("{without:9} without {path} ({count} values)");
        let mut some: Vec<_> = values[path].iter().collect();
        some.sort_unstable_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (value, count) in some.into_iter().take(VALUES) {
            println!("            {count:8} {value}");
        }
    }
}
