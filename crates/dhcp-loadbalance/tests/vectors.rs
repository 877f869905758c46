//! The hash and the map against values agreed by independent implementations.

use std::collections::BTreeSet;

use dhcp_loadbalance::{HashBuckets, Polarity, hash, serves};

fn vectors() -> impl Iterator<Item = (Vec<u8>, u8)> {
    include_str!("data/rfc3074_vectors.csv").lines().skip(1).map(|line| {
        let mut columns = line.split(',');
        let hex = columns.next().unwrap();
        let key: Vec<u8> = (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        assert_eq!(columns.next().unwrap().parse(), Ok(key.len()), "line {line}");
        (key, columns.next().unwrap().parse().unwrap())
    })
}

#[test]
fn hash_agrees_with_all_500_vectors() {
    assert_eq!(vectors().count(), 500);
    for (key, bucket) in vectors() {
        assert_eq!(hash(&key), bucket, "key {key:02x?}");
    }
}

#[test]
fn the_length_seed_wraps_at_256() {
    // h starts at 256 mod 256 = 0, as for a key that begins one byte later with the same tail.
    let long = [0_u8; 256];
    let mut expected = 0_u8;
    for _ in 0..256 {
        // One step of the mixing function, observed through a one-byte key: hash([b]) mixes 1 ^ b.
        expected = hash(&[expected ^ 1]);
    }
    assert_eq!(hash(&long), expected);
}

#[test]
fn one_byte_keys_reach_every_bucket_once() {
    let buckets: BTreeSet<u8> = (0..=255).map(|byte| hash(&[byte])).collect();
    assert_eq!(buckets.len(), 256);
}

#[test]
fn every_split_sets_the_lowest_buckets_from_the_least_significant_bit() {
    for n in 0..=256_u16 {
        let map = HashBuckets::from_split(n).unwrap();
        assert_eq!(map.count(), n);
        assert!((0..=255_u8).all(|bucket| map.contains(bucket) == (u16::from(bucket) < n)));
        assert_eq!(HashBuckets::from_bytes(map.to_bytes()), map);
        assert_eq!(map.complement().count(), 256 - n);
        assert_eq!(map.complement().complement(), map);
    }
    // Seen on the wire from dhcpd: split 128 and split 255.
    let mut half = [0; 32];
    half[..16].fill(0xff);
    assert_eq!(HashBuckets::from_split(128).unwrap().to_bytes(), half);
    assert_eq!(HashBuckets::from_split(255).unwrap().to_bytes()[31], 0x7f);
    assert_eq!(HashBuckets::from_split(1).unwrap().to_bytes()[0], 0x01);
}

#[test]
fn a_split_or_percentage_above_its_limit_is_refused_with_the_remedy() {
    let error = HashBuckets::from_split(257).unwrap_err();
    assert_eq!((error.value(), error.max()), (257, 256));
    assert_eq!(error.to_string(), "split 257 is out of range: use 0 to 256");
    let error = HashBuckets::from_percent(101).unwrap_err();
    assert_eq!(error.to_string(), "percentage 101 is out of range: use 0 to 100");
}

#[test]
fn percentages_round_to_the_nearest_bucket_and_never_fall() {
    let count = |percent| HashBuckets::from_percent(percent).unwrap().count();
    assert_eq!([count(0), count(1), count(50), count(99), count(100)], [0, 3, 128, 253, 256]);
    assert!((1..=100).all(|percent| count(percent) > count(percent - 1)));
}

#[test]
fn polarity_gives_every_bucket_to_exactly_one_server() {
    let mine = HashBuckets::from_percent(30).unwrap();
    for polarity in [Polarity::SetMeansPrimary, Polarity::SetMeansSecondary] {
        let wire = polarity.to_wire(mine);
        assert_eq!(polarity.primary_buckets(wire), mine);
        assert_eq!(polarity.secondary_buckets(wire), mine.complement());
        for (key, _) in vectors() {
            let answers = [mine, mine.complement()].map(|map| serves(&map, &key, 0, Some(3)));
            assert_ne!(answers[0], answers[1], "key {key:02x?}");
        }
    }
    assert_eq!(Polarity::SetMeansPrimary.to_wire(mine), mine);
    assert_eq!(Polarity::SetMeansSecondary.to_wire(mine), mine.complement());
}

#[test]
fn debug_shows_runs_of_buckets() {
    assert_eq!(format!("{:?}", HashBuckets::NONE), "HashBuckets(0:)");
    assert_eq!(format!("{:?}", HashBuckets::ALL), "HashBuckets(256: 0-255)");
    let mut bytes = [0; 32];
    bytes[1] = 0b1100_0001;
    assert_eq!(format!("{:?}", HashBuckets::from_bytes(bytes)), "HashBuckets(3: 8-8 14-15)");
}
