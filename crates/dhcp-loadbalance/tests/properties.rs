//! What holds for all keys, maps and waits. A failing case is printed with the seed that repeats it.

use dhcp_loadbalance::{
    Answer, DelayedService, HashBuckets, LoadBalance, OutOfRange, Polarity, chaddr_key, hash,
    hash_many, serves, unswap_secs,
};
use proptest::{collection::vec, prelude::*};

/// The mixing function one byte at a time, through one-byte keys alone: `hash([b])` mixes `1 ^ b`.
fn hash_bytewise(key: &[u8]) -> u8 {
    key.iter().rev().fold((key.len() % 256) as u8, |sum, byte| hash(&[sum ^ byte ^ 1]))
}

fn buckets() -> impl Strategy<Value = HashBuckets> {
    any::<[u8; 32]>().prop_map(HashBuckets::from_bytes)
}

fn polarity() -> impl Strategy<Value = Polarity> {
    prop_oneof![Just(Polarity::SetMeansPrimary), Just(Polarity::SetMeansSecondary)]
}

proptest! {
    #[test]
    fn words_and_bytes_give_one_hash(key in vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(hash(&key), hash_bytewise(&key));
    }

    #[test]
    fn many_keys_hash_as_each_alone(keys in vec(vec(any::<u8>(), 0..=255), 0..40), room in 0..50_usize) {
        let expected: Vec<u8> = keys.iter().map(|key| hash(key)).collect();
        let slices: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let mut found = vec![0xa5; room];
        let done = hash_many(&slices, &mut found);
        prop_assert_eq!(done, room.min(keys.len()));
        prop_assert_eq!(&found[..done], &expected[..done]);
        prop_assert!(found[done..].iter().all(|untouched| *untouched == 0xa5));
    }

    #[test]
    fn padding_of_chaddr_is_not_part_of_the_key(chaddr in any::<[u8; 16]>(), hlen in any::<u8>()) {
        let key = chaddr_key(&chaddr, hlen);
        prop_assert_eq!(key.len(), usize::from(hlen.min(16)));
        prop_assert!(chaddr.starts_with(key));
    }

    #[test]
    fn a_map_and_its_complement_share_every_bucket(map in buckets(), bucket in any::<u8>()) {
        prop_assert_ne!(map.contains(bucket), map.complement().contains(bucket));
        prop_assert_eq!(map.count() + map.complement().count(), 256);
        prop_assert_eq!(map.intersection(map.complement()), HashBuckets::NONE);
        prop_assert_eq!(map.complement().complement(), map);
    }

    #[test]
    fn the_wire_form_comes_back(bytes in any::<[u8; 32]>(), polarity in polarity()) {
        let map = HashBuckets::from_bytes(bytes);
        prop_assert_eq!(map.to_bytes(), bytes);
        let (primary, secondary) = (polarity.primary_buckets(map), polarity.secondary_buckets(map));
        prop_assert_eq!(polarity.to_wire(primary), map);
        prop_assert_eq!(secondary, primary.complement());
    }

    #[test]
    fn a_subset_has_no_bucket_of_its_own(a in buckets(), b in buckets()) {
        let both = a.intersection(b);
        prop_assert!(both.is_subset(a) && both.is_subset(b));
        let within = (0..=255).all(|bucket| !a.contains(bucket) || b.contains(bucket));
        prop_assert_eq!(a.is_subset(b), within);
        prop_assert!((0..=255).all(|bucket| both.contains(bucket) == (a.contains(bucket) && b.contains(bucket))));
    }

    #[test]
    fn two_servers_never_leave_a_client_to_each_other(
        map in buckets(), key in vec(any::<u8>(), 0..32), secs in any::<u16>(), limit_s in any::<Option<u16>>(),
        check_secs_byte_order in any::<bool>(),
    ) {
        let delayed_service = limit_s.map_or(DelayedService::NEVER, DelayedService::after_s);
        let answer = |buckets_of_mine| {
            let balance = LoadBalance { buckets_of_mine, delayed_service, check_secs_byte_order };
            prop_assert_eq!(balance.decide_bucket(hash(&key), secs), balance.decide(&key, secs));
            Ok(balance.decide(&key, secs))
        };
        let mut answers = [answer(map)?, answer(map.complement())?];
        answers.sort_by_key(|answer| *answer != Answer::Mine);
        prop_assert_eq!(answers[0], Answer::Mine);
        let waited_s = if check_secs_byte_order { unswap_secs(secs) } else { secs };
        let late = limit_s.is_some_and(|limit_s| waited_s > limit_s);
        prop_assert_eq!(answers[1], if late { Answer::Delayed } else { Answer::Others });
        if !check_secs_byte_order {
            let short = [map, map.complement()].map(|map| serves(&map, &key, secs, limit_s));
            prop_assert_eq!(short.iter().filter(|yes| **yes).count(), 1 + usize::from(late));
        }
    }
}

#[test]
fn every_length_hashes_alone_as_among_others() {
    let arena: Vec<u8> = (0..1000_u32).map(|i| (i * i % 251) as u8).collect();
    for length in 0..=255 {
        let key = &arena[length..2 * length];
        assert_eq!(hash(key), hash_bytewise(key), "length {length}");
        // Its neighbours are shorter, longer and empty.
        let keys = [key, &arena[..length / 2], &arena[..255], &[], key];
        let mut found = [0; 5];
        assert_eq!(hash_many(&keys, &mut found), 5);
        assert_eq!(found, keys.map(hash), "length {length}");
    }
}

#[test]
fn keys_in_one_arena_are_hashed_where_they_lie() {
    let arena: Vec<u8> = (0..=255).collect();
    let keys: Vec<&[u8]> = arena.chunks(7).collect();
    let mut found = [0; 37];
    assert_eq!(hash_many(&keys, &mut found), 37);
    assert!(found.into_iter().eq(arena.chunks(7).map(hash)));
}

#[test]
fn a_percentage_is_within_half_a_bucket() {
    for percent in 0..=100_u8 {
        let count = HashBuckets::from_percent(percent).unwrap().count();
        let exact = f64::from(percent) * 2.56;
        assert!((f64::from(count) - exact).abs() <= 0.5, "{percent} percent gives {count} buckets");
        let rest = HashBuckets::from_percent(100 - percent).unwrap().count();
        assert!(
            (256..=257).contains(&(count + rest)),
            "{percent} percent and the rest overlap by more than the rounding"
        );
    }
}

#[test]
fn delayed_service_begins_when_secs_is_greater() {
    assert!(!DelayedService::NEVER.steps_in(u16::MAX));
    assert!(!DelayedService::default().steps_in(u16::MAX));
    for limit_s in [0, 1, 3, 255, 256, u16::MAX - 1] {
        let delayed = DelayedService::after_s(limit_s);
        assert!(!delayed.steps_in(limit_s) && delayed.steps_in(limit_s + 1));
        assert_eq!(delayed.limit_s(), Some(limit_s));
    }
}

#[test]
fn the_delayed_service_parameter_is_1_to_255_seconds() {
    for seconds in 1..=255 {
        let delayed = DelayedService::from_wire(seconds).unwrap();
        assert_eq!(delayed, DelayedService::after_s(seconds.into()));
        assert_eq!(delayed.to_wire(), Some(seconds));
    }
    let error: OutOfRange = DelayedService::from_wire(0).unwrap_err();
    assert_eq!((error.value(), error.min(), error.max()), (0, 1, 255));
    let text = "delayed-service-parameter 0 is out of range: use 1 to 255";
    assert_eq!(error.to_string(), text);
    for no_option in
        [DelayedService::NEVER, DelayedService::after_s(0), DelayedService::after_s(256)]
    {
        assert_eq!(no_option.to_wire(), None);
    }
}

#[test]
fn secs_with_its_bytes_swapped_counts_as_meant_only_where_asked() {
    let balance = LoadBalance {
        buckets_of_mine: HashBuckets::NONE,
        delayed_service: DelayedService::after_s(3),
        check_secs_byte_order: false,
    };
    assert_eq!(balance.decide(b"client", 0x0300), Answer::Delayed);
    let checked = LoadBalance { check_secs_byte_order: true, ..balance };
    assert_eq!(checked.decide(b"client", 0x0300), Answer::Others);
    assert_eq!(checked.decide(b"client", 0x0400), Answer::Delayed);
    assert_eq!(checked.decide(b"client", 4), Answer::Delayed);
    assert_eq!(checked.decide(b"client", 0), Answer::Others);
    assert!(Answer::Delayed.is_yes() && Answer::Mine.is_yes() && !Answer::Others.is_yes());
}
