//! The 256-bit set of hash buckets and its wire form.

use core::fmt;

/// A set of hash buckets: one bit for each value of [`hash`](crate::hash()).
///
/// The set is neutral: whose buckets are set is for the owner of the value to say, or for
/// [`Polarity`](crate::Polarity) where the set comes from or goes to the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HashBuckets([u8; 32]);

impl HashBuckets {
    /// No bucket.
    pub const NONE: Self = Self([0; 32]);

    /// Every bucket.
    pub const ALL: Self = Self([0xff; 32]);

    /// The first `n` buckets, `0..=n-1`, as the `split` statement of dhcpd.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if `n` is above 256.
    pub const fn from_split(n: u16) -> Result<Self, OutOfRange> {
        if n > 256 {
            return Err(OutOfRange { what: "split", value: n, min: 0, max: 256 });
        }
        let mut bytes = [0; 32];
        let mut bucket = 0;
        while bucket < n as usize {
            bytes[bucket / 8] |= 1 << (bucket % 8);
            bucket += 1;
        }
        Ok(Self(bytes))
    }

    /// The first buckets up to a share of `percent`, rounded to the nearest bucket: 50 gives 128
    /// buckets, 1 gives 3, 100 gives all.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if `percent` is above 100.
    pub const fn from_percent(percent: u8) -> Result<Self, OutOfRange> {
        if percent > 100 {
            let value = percent as u16;
            return Err(OutOfRange { what: "percentage", value, min: 0, max: 100 });
        }
        Self::from_split((percent as u16 * 256 + 50) / 100)
    }

    /// The set from its 32 bytes of wire form (RFC 3074, draft-12 §12.11): bucket `b` is bit
    /// `b % 8` of byte `b / 8`, counted from the least significant bit.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of wire form; the inverse of [`from_bytes`](Self::from_bytes).
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Whether `bucket` is in the set.
    #[must_use]
    pub const fn contains(&self, bucket: u8) -> bool {
        self.0[bucket as usize / 8] & (1 << (bucket % 8)) != 0
    }

    /// The buckets that are not in this set: the other server's, where two share all clients.
    #[must_use]
    pub const fn complement(self) -> Self {
        let mut bytes = self.0;
        let mut index = 0;
        while index < bytes.len() {
            bytes[index] = !bytes[index];
            index += 1;
        }
        Self(bytes)
    }

    /// The buckets that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        let mut bytes = self.0;
        let mut index = 0;
        while index < bytes.len() {
            bytes[index] &= other.0[index];
            index += 1;
        }
        Self(bytes)
    }

    /// Whether all buckets of this set are in `other` too.
    ///
    /// What the failover partner is told to serve must be a subset of what the pair serves at all,
    /// where a larger group of servers shares the clients (draft-12 §5.3); a secondary refuses
    /// other maps with the reject reason "hash bucket assignment conflict" (§7.8.2 step 8).
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.intersection(other.complement()).count() == 0
    }

    /// How many buckets are set, `0..=256`.
    #[must_use]
    pub const fn count(&self) -> u16 {
        let mut count = 0;
        let mut index = 0;
        while index < self.0.len() {
            count += self.0[index].count_ones() as u16;
            index += 1;
        }
        count
    }
}

impl fmt::Debug for HashBuckets {
    /// The count, then the runs of set buckets: `HashBuckets(128: 0-127)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashBuckets({}:", self.count())?;
        let mut start = None;
        for bucket in 0..=256_u16 {
            let set = u8::try_from(bucket).is_ok_and(|bucket| self.contains(bucket));
            match start {
                None if set => start = Some(bucket),
                Some(first) if !set => {
                    write!(f, " {first}-{}", bucket - 1)?;
                    start = None;
                }
                _ => {}
            }
        }
        f.write_str(")")
    }
}

/// A number outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    pub(crate) what: &'static str,
    pub(crate) value: u16,
    pub(crate) min: u16,
    pub(crate) max: u16,
}

impl OutOfRange {
    /// The value that was refused.
    #[must_use]
    pub const fn value(&self) -> u16 {
        self.value
    }

    /// The smallest value allowed.
    #[must_use]
    pub const fn min(&self) -> u16 {
        self.min
    }

    /// The largest value allowed.
    #[must_use]
    pub const fn max(&self) -> u16 {
        self.max
    }
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, min, max } = self;
        write!(f, "{what} {value} is out of range: use {min} to {max}")
    }
}

impl core::error::Error for OutOfRange {}
