//! The hash beside a bare chain of dependent loads of the same length, which no such hash can beat.

use std::hint::black_box;

use benches::print_ratio;
use criterion::Criterion;
use dhcp_loadbalance::{HashBuckets, hash, serves};

/// The length of a client key: option 61 of an Ethernet client.
const LEN: usize = 7;

fn main() {
    let table: [u8; 256] = std::array::from_fn(|index| hash(&[index as u8]));
    let map = HashBuckets::from_split(128).expect("128 of 256 buckets");
    let first = [1_u8, 2, 0, 0, 0, 0, 7];

    // Each call waits for the one before through the byte that is mixed first; otherwise the
    // processor works on several keys at once and nothing about the chain is measured.
    let mut key = first;
    let mut hashed = || {
        let bucket = hash(black_box(&key));
        key[LEN - 1] = bucket;
    };
    let mut key = first;
    let mut decided = || {
        let mine = serves(black_box(&map), black_box(&key), 0, Some(3));
        key[LEN - 1] = mine.into();
    };
    let mut key = first;
    let mut chain = || {
        let mut index = black_box(&key)[LEN - 1];
        let table = black_box(&table);
        for _ in 0..LEN {
            index = table[usize::from(index)];
        }
        key[LEN - 1] = index;
    };

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("client of 7 bytes");
    group.bench_function("loads (limit)", |b| b.iter(&mut chain));
    group.bench_function("hash", |b| b.iter(&mut hashed));
    group.bench_function("serves", |b| b.iter(&mut decided));
    group.finish();
    criterion.final_summary();

    print_ratio("hash", hashed, "a chain of loads", &mut chain);
    print_ratio("serves", decided, "a chain of loads", &mut chain);
}
