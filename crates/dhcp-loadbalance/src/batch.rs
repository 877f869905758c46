//! The hash of many keys at once.

use crate::hash::{hash, mix, mix_all, seed};

/// The [hash](hash()) of `keys[i]` into `buckets[i]`, for all keys there is room for; returns how
/// many these are.
///
/// For scanning a pool by the clients its addresses belong to. One hash is a chain of table lookups
/// of which each waits for the one before, so the processor idles most of the time; this mixes four
/// keys in turn. A processor that looks far ahead does much of that by itself where
/// [`hash`](hash()) is called in a loop: there long keys gain most, and on simpler processors all.
///
/// The keys may have any lengths, also different ones, and lie anywhere; nothing is copied or
/// allocated. A pool that is no slice of keys is scanned window by window:
///
/// ```
/// use dhcp_loadbalance::{HashBuckets, hash_many};
///
/// // The last clients of the addresses 192.0.2.0 and up: their keys, one behind the other.
/// let arena = b"\x02\0\0\0\0\x01\x01\x02\0\0\0\0\x02printer\x02\0\0\0\0\x04";
/// let ends = [6, 13, 20, 26];
///
/// const WINDOW: usize = 64;
/// let mine = HashBuckets::from_split(128)?;
/// let (mut start, mut address, mut with_affinity) = (0, 0, Vec::new());
/// for window in ends.chunks(WINDOW) {
///     let mut keys = [&[] as &[u8]; WINDOW];
///     for (key, end) in keys.iter_mut().zip(window) {
///         *key = &arena[start..*end];
///         start = *end;
///     }
///     let mut buckets = [0; WINDOW];
///     hash_many(&keys[..window.len()], &mut buckets);
///     for bucket in &buckets[..window.len()] {
///         if mine.contains(*bucket) {
///             with_affinity.push(address);
///         }
///         address += 1;
///     }
/// }
/// assert_eq!(with_affinity, [1, 2]);
/// # Ok::<(), dhcp_loadbalance::OutOfRange>(())
/// ```
pub fn hash_many(keys: &[&[u8]], buckets: &mut [u8]) -> usize {
    let done = keys.len().min(buckets.len());
    let (groups, rest) = keys[..done].as_chunks();
    let (group_buckets, rest_buckets) = buckets[..done].as_chunks_mut();
    for (group, four) in groups.iter().zip(group_buckets) {
        *four = hash_lanes(*group);
    }
    for (key, bucket) in rest.iter().zip(rest_buckets) {
        *bucket = hash(key);
    }
    done
}

/// How many keys are mixed in turn: enough to fill the time of a load, and few enough for their
/// places and sums to stay in registers.
const LANES: usize = 4;

/// Four keys in turn as far as the shortest goes, then what is left of each.
fn hash_lanes(keys: [&[u8]; LANES]) -> [u8; LANES] {
    let [mut a, mut b, mut c, mut d] = keys.map(seed);
    let shortest = keys.iter().map(|key| key.len()).min().unwrap_or(0);
    let [(left_a, ends_a), (left_b, ends_b), (left_c, ends_c), (left_d, ends_d)] =
        keys.map(|key| key.split_at(key.len() - shortest));
    for (((key_a, key_b), key_c), key_d) in ends_a.iter().zip(ends_b).zip(ends_c).zip(ends_d).rev()
    {
        a = mix(a, *key_a);
        b = mix(b, *key_b);
        c = mix(c, *key_c);
        d = mix(d, *key_d);
    }
    [mix_all(a, left_a), mix_all(b, left_b), mix_all(c, left_c), mix_all(d, left_d)]
}
