//! The hash beside a bare chain of dependent loads of the same length, which no such hash can beat,
//! and many keys at once beside one after the other.

use std::hint::black_box;

use benches::{Goal, Ratios};
use criterion::{Criterion, Throughput};
use dhcp_loadbalance::{HashBuckets, hash, hash_many, serves};

/// How many keys one call takes; a power of two.
const KEYS: usize = 4096;

/// Client identifiers of Ethernet clients: type and address.
const ETHERNET: usize = 7;
/// Client identifiers made of a DUID, as systemd-networkd sends them.
const DUID: usize = 19;

/// Keys of the lengths given, in random order, one behind the other in memory.
struct Keys {
    arena: Vec<u8>,
    ends: Vec<usize>,
}

impl Keys {
    fn random(lengths: &[usize]) -> Self {
        let mut state = 3074_u64;
        let mut random = move || {
            // Knuth's generator: the benchmark shall have the same keys everywhere.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize
        };
        let (mut arena, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..KEYS {
            let length = lengths[random() % lengths.len()];
            arena.extend((0..length).map(|_| random() as u8));
            ends.push(arena.len());
        }
        Self { arena, ends }
    }

    fn slices(&self) -> Vec<&[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.arena[start..*end]).collect()
    }
}

/// As many loads for every key as it has bytes, each of which waits for the one before.
fn chain_of_loads(keys: &[&[u8]], table: &[u8; 256]) -> u8 {
    one_after_another(keys, |key| {
        let mut index = key[key.len() - 1];
        for _ in 0..key.len() {
            index = table[usize::from(index)];
        }
        index
    })
}

/// Calls `f` for one key after the other. Which one is next depends on the result, so that the
/// processor cannot begin with it before: a single call is what is measured.
fn one_after_another(keys: &[&[u8]], f: impl Fn(&[u8]) -> u8) -> u8 {
    let mut result = 0;
    for index in 0..KEYS {
        result = f(keys[index ^ usize::from(result)]);
    }
    result
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut ratios = Ratios::new();
    measure(&mut criterion, &mut ratios, "7 bytes", &[ETHERNET]);
    measure(&mut criterion, &mut ratios, "19 bytes", &[DUID]);
    let mixed = [ETHERNET - 1, ETHERNET, ETHERNET, DUID];
    measure(&mut criterion, &mut ratios, "6 to 19 bytes", &mixed);
    criterion.final_summary();
    println!("\n{ratios}\nns: for {KEYS} keys");
}

fn measure(criterion: &mut Criterion, ratios: &mut Ratios, name: &str, lengths: &[usize]) {
    let table: [u8; 256] = std::array::from_fn(|index| hash(&[index as u8]));
    let map = HashBuckets::from_split(128).expect("128 of 256 buckets");
    let keys = Keys::random(lengths);
    let keys = &keys.slices()[..];

    let chain = &mut || {
        black_box(chain_of_loads(black_box(keys), black_box(&table)));
    };
    let single = &mut || {
        black_box(one_after_another(black_box(keys), hash));
    };
    let decided = &mut || {
        let map = black_box(&map);
        black_box(one_after_another(black_box(keys), |key| serves(map, key, 0, Some(3)).into()));
    };
    let mut buckets = [0; KEYS];
    let looped = &mut || {
        for (bucket, key) in buckets.iter_mut().zip(black_box(keys)) {
            *bucket = hash(key);
        }
        black_box(&buckets);
    };
    let mut buckets = [0; KEYS];
    let many = &mut || {
        hash_many(black_box(keys), &mut buckets);
        black_box(&buckets);
    };
    let mut group = criterion.benchmark_group(format!("keys of {name}"));
    group.throughput(Throughput::Elements(KEYS as u64));
    group.bench_function("loads (limit)", |b| b.iter(&mut *chain));
    group.bench_function("hash", |b| b.iter(&mut *single));
    group.bench_function("serves", |b| b.iter(&mut *decided));
    group.bench_function("hash, independent", |b| b.iter(&mut *looped));
    group.bench_function("hash_many", |b| b.iter(&mut *many));
    group.finish();

    let of = |what: &str| format!("{what}, {name}");
    ratios.time(&of("hash"), single, "chain of loads", chain, Goal::AtMost(1.3));
    ratios.time(&of("serves"), decided, "chain of loads", chain, Goal::Shown);
    ratios.speed(&of("hash_many"), many, "hash", single, Goal::AtLeast(2.0));
    // A processor that looks ahead interleaves independent calls by itself.
    ratios.speed(&of("hash_many"), many, "loop of independent hashes", looped, Goal::Shown);
}
