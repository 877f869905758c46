//! The hash of many keys at once.

use core::iter::{Fuse, FusedIterator};

use crate::hash::{hash, mix, mix_all, seed};

/// The [hash](hash()) of every key of an iterator, in order, as for scanning a pool by the clients
/// its addresses belong to.
///
/// One hash is a chain of table lookups of which each waits for the one before, so the processor
/// idles most of the time. This takes four keys from the iterator at once and mixes them in turn.
/// How much that gains over calling [`hash`](hash()) again and again depends on how far the
/// processor looks ahead by itself: long keys and simple processors gain most, and where keys of
/// very different lengths alternate nothing may be left of it.
///
/// Keys are anything that lends bytes, of any lengths; nothing is copied or allocated. Up to three
/// more keys than asked for may have been taken from `keys`.
///
/// ```
/// use dhcp_loadbalance::{HashBuckets, hash_each};
///
/// // The last clients of four addresses: keys of different lengths, one behind the other.
/// let arena = b"\x02\0\0\0\0\x01\x01\x02\0\0\0\0\x02printer\x02\0\0\0\0\x04";
/// let ends = [6, 13, 20, 26];
/// let starts = core::iter::once(0).chain(ends);
/// let keys = starts.zip(ends).map(|(start, end)| &arena[start..end]);
///
/// // Which of the addresses had a client that this server answers?
/// let mine = HashBuckets::from_split(128)?;
/// let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
/// let by_affinity = addresses
///     .into_iter()
///     .zip(hash_each(keys))
///     .filter(|(_, bucket)| mine.contains(*bucket))
///     .map(|(address, _)| address);
/// assert!(by_affinity.eq(["192.0.2.2", "192.0.2.3"]));
/// # Ok::<(), dhcp_loadbalance::OutOfRange>(())
/// ```
pub fn hash_each<I>(keys: I) -> HashEach<I::IntoIter>
where
    I: IntoIterator,
    I::Item: AsRef<[u8]>,
{
    HashEach { keys: keys.into_iter().fuse(), ready: [0; LANES], next: 0, end: 0 }
}

/// The [hash](hash()) of `keys[i]` into `buckets[i]`, for all keys there is room for; returns how
/// many these are.
///
/// The same as [`hash_each`] for keys that are together already, and a little faster.
///
/// ```
/// use dhcp_loadbalance::{hash, hash_many};
///
/// let keys: [&[u8]; 3] = [b"", b"\x02\0\0\0\0\x01", b"\x00printer"];
/// let mut buckets = [0; 3];
/// assert_eq!(hash_many(&keys, &mut buckets), 3);
/// assert_eq!(buckets, keys.map(hash));
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

/// The iterator of [`hash_each`].
#[derive(Clone, Debug)]
pub struct HashEach<I> {
    keys: Fuse<I>,
    ready: [u8; LANES],
    /// Where the next bucket stands in `ready`.
    next: usize,
    /// Where the buckets in `ready` end.
    end: usize,
}

impl<I> HashEach<I>
where
    I: Iterator,
    I::Item: AsRef<[u8]>,
{
    /// Takes and hashes the next keys; after that `ready` is empty only if there are none.
    fn refill(&mut self) {
        let keys: [Option<I::Item>; LANES] = core::array::from_fn(|_| self.keys.next());
        self.next = 0;
        if let [Some(a), Some(b), Some(c), Some(d)] = &keys {
            self.ready = hash_lanes([a.as_ref(), b.as_ref(), c.as_ref(), d.as_ref()]);
            self.end = LANES;
        } else {
            self.end = 0;
            for (key, bucket) in keys.iter().flatten().zip(&mut self.ready) {
                *bucket = hash(key.as_ref());
                self.end += 1;
            }
        }
    }
}

impl<I> Iterator for HashEach<I>
where
    I: Iterator,
    I::Item: AsRef<[u8]>,
{
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        if self.next == self.end {
            self.refill();
        }
        let bucket = *self.ready[..self.end].get(self.next)?;
        self.next += 1;
        Some(bucket)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ready = self.end - self.next;
        let (least, most) = self.keys.size_hint();
        (least.saturating_add(ready), most.and_then(|most| most.checked_add(ready)))
    }
}

impl<I> ExactSizeIterator for HashEach<I>
where
    I: ExactSizeIterator,
    I::Item: AsRef<[u8]>,
{
}

impl<I> FusedIterator for HashEach<I>
where
    I: Iterator,
    I::Item: AsRef<[u8]>,
{
}
