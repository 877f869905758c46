//! The monotonic clock, and the interval in which a partner's clock lies.

use core::fmt;
use dhcp_failover_lease::{LeaseInstant, LeaseSpan};

/// A moment on the monotonic clock, in milliseconds from an origin of the embedder's choice.
///
/// Timers run on it. It does not convert to [`LeaseInstant`] by accident: the endpoint is told both
/// clocks once, at its creation, and counts the lease clock on from there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(u64);

impl Monotonic {
    /// The moment `ms` milliseconds after the origin.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds after the origin.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// This moment and `ms` milliseconds more.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; 0 if that is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Debug for Monotonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// How far the partner's clock is from this server's lease clock: an interval, in seconds.
///
/// `lease time = partner time + offset`, with the true offset between `low` and `high`. Every
/// message bounds it from above, for it was stamped before it arrived; every answer to a request
/// bounds it from below, for it was stamped after the request left (draft-12 §5.10, §7.11.2). One
/// second on each side covers the whole-second stamps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Skew {
    low: i64,
    high: i64,
}

const ROUNDING_S: i64 = 1;

impl Skew {
    /// From the first message of a connection: stamped `sent` by the partner, received at
    /// `received`, and under way for no longer than `longest_delay`.
    #[must_use]
    pub fn first(sent: u32, received: LeaseInstant, longest_delay: LeaseSpan) -> Self {
        let high = Self::difference(received, sent).saturating_add(ROUNDING_S);
        let delay = i64::try_from(longest_delay.as_s()).unwrap_or(i64::MAX);
        Self { low: high.saturating_sub(delay).saturating_sub(2 * ROUNDING_S), high }
    }

    /// Takes a later message into account.
    pub fn refine(&mut self, sent: u32, received: LeaseInstant) {
        let high = Self::difference(received, sent).saturating_add(ROUNDING_S);
        self.high = self.high.min(high).max(self.low);
    }

    /// Takes an answer into account that the partner stamped `sent` after a request had left here
    /// at `requested`.
    pub fn refine_by_answer(&mut self, requested: LeaseInstant, sent: u32) {
        let low = Self::difference(requested, sent).saturating_sub(ROUNDING_S);
        self.low = self.low.max(low).min(self.high);
    }

    /// The earliest and the latest moment that partner time `time` can mean here. `0xffff_ffff`
    /// means never; a time is taken to be within 68 years of `now` (RFC 868 wraps in 2036, this
    /// field in 2106).
    #[must_use]
    pub fn interval(&self, time: u32, now: LeaseInstant) -> (LeaseInstant, LeaseInstant) {
        if time == u32::MAX {
            return (LeaseInstant::NEVER, LeaseInstant::NEVER);
        }
        let middle = self.low.saturating_add(self.high) / 2;
        let partner_now = shift(now, middle.saturating_neg());
        let unwrapped = unwrap_near(time, partner_now);
        (shift(unwrapped, self.low), shift(unwrapped, self.high))
    }

    /// The likeliest meaning of a partner time of the past, for comparing what happened here with
    /// what happened there: as if the quickest message so far had taken no time.
    #[must_use]
    pub fn likeliest(&self, time: u32, now: LeaseInstant) -> LeaseInstant {
        let (earliest, latest) = self.interval(time, now);
        if latest.is_never() {
            return latest;
        }
        latest.saturating_sub(LeaseSpan::from_s(ROUNDING_S.unsigned_abs())).max(earliest)
    }

    /// The bounds, `(low, high)`, in seconds to add to the partner's time.
    #[must_use]
    pub const fn bounds_s(&self) -> (i64, i64) {
        (self.low, self.high)
    }

    fn difference(local: LeaseInstant, partner: u32) -> i64 {
        // Modulo 2^32, read as signed: skews beyond 68 years are not skews.
        #[expect(clippy::cast_possible_truncation, reason = "modulo 2^32 is meant")]
        let local = local.as_unix_s() as u32;
        i64::from(local.wrapping_sub(partner).cast_signed())
    }
}

/// The value for a wire time option: whole seconds modulo 2^32; `NEVER` is `0xffff_ffff`.
pub(crate) fn to_wire(instant: LeaseInstant) -> u32 {
    if instant.is_never() {
        return u32::MAX;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the wire carries time modulo 2^32")]
    let wrapped = instant.as_unix_s() as u32;
    if wrapped == u32::MAX { u32::MAX - 1 } else { wrapped }
}

fn unwrap_near(time: u32, near: LeaseInstant) -> LeaseInstant {
    let near_s = near.as_unix_s();
    #[expect(clippy::cast_possible_truncation, reason = "modulo 2^32 is meant")]
    let distance = time.wrapping_sub(near_s as u32).cast_signed();
    shift(near, i64::from(distance))
}

fn shift(instant: LeaseInstant, by: i64) -> LeaseInstant {
    if instant.is_never() {
        return instant;
    }
    LeaseInstant::from_unix_s(instant.as_unix_s().saturating_add_signed(by))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> LeaseInstant {
        LeaseInstant::from_unix_s(seconds)
    }

    #[test]
    fn answers_narrow_the_interval_around_the_true_offset() {
        // The partner's clock is 1000 s behind.
        let mut skew = Skew::first(9_000, at(10_002), LeaseSpan::from_s(60));
        assert!(skew.bounds_s().0 < 1_000 && skew.bounds_s().1 >= 1_000);
        skew.refine_by_answer(at(10_010), 9_010);
        skew.refine(9_010, at(10_010));
        assert_eq!(skew.bounds_s(), (999, 1_001));
        let (earliest, latest) = skew.interval(9_500, at(10_010));
        assert!(earliest <= at(10_500) && latest >= at(10_500));
    }

    #[test]
    fn times_beyond_2106_and_infinite_leases_survive_the_wire() {
        let now = at(4_294_967_300);
        let skew = Skew::first(to_wire(now), now, LeaseSpan::from_s(10));
        let (earliest, latest) = skew.interval(to_wire(at(4_294_970_000)), now);
        assert!(earliest <= at(4_294_970_000) && at(4_294_970_000) <= latest);
        assert_eq!(skew.interval(u32::MAX, now).0, LeaseInstant::NEVER);
        assert_eq!(to_wire(LeaseInstant::NEVER), u32::MAX);
    }

    #[test]
    fn before_the_wrap_a_later_expiry_is_still_later() {
        let now = at(4_294_967_000);
        let skew = Skew::first(to_wire(now), now, LeaseSpan::from_s(10));
        let after_wrap = at(4_294_967_000 + 86_400);
        assert!(skew.interval(to_wire(after_wrap), now).1 >= after_wrap);
    }
}
