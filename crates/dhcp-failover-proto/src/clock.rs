//! The monotonic clock, and the interval in which a partner's clock lies.

use core::fmt;
use dhcp_failover_lease::{LeaseInstant, LeaseSpan, Mutant};

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
///
/// Clocks drift: with time the bounds move apart again, by 200 parts in a million. Evidence that
/// contradicts them, as after a step of a clock, makes the interval begin anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Skew {
    low_ms: i64,
    high_ms: i64,
    /// Up to here drift is counted in.
    as_of: LeaseInstant,
    longest_delay_ms: i64,
}

const ROUNDING_MS: i64 = 1_000;
/// 1 ms in 5 s is 200 ppm.
const DRIFT_STEP_S: u64 = 5;
/// Clocks may drift apart by a second in so many.
pub(crate) const DRIFT_ONE_IN: u64 = DRIFT_STEP_S * 1_000;

impl Skew {
    /// From the first message of a connection: stamped `sent` by the partner, received at
    /// `received`, and under way for no longer than `longest_delay`.
    #[must_use]
    pub fn first(sent: u32, received: LeaseInstant, longest_delay: LeaseSpan) -> Self {
        let delay_s = i64::try_from(longest_delay.as_s()).unwrap_or(i64::MAX);
        let longest_delay_ms = delay_s.saturating_mul(1_000);
        let high_ms = Self::difference_ms(received, sent).saturating_add(ROUNDING_MS);
        Self {
            low_ms: high_ms.saturating_sub(longest_delay_ms).saturating_sub(2 * ROUNDING_MS),
            high_ms,
            as_of: received,
            longest_delay_ms,
        }
    }

    /// Takes a later message into account. If it contradicts what is known, gives the seconds by
    /// which the partner's clock was set forward (negative: back).
    ///
    /// A stamp from further back than a message can be under way means that the clock was set back,
    /// or that it was under way for longer after all. The bounds then hold both meanings until an
    /// answer tells which is true.
    #[must_use = "somebody should be told of a clock that was set"]
    pub fn refine(&mut self, sent: u32, received: LeaseInstant) -> Option<i64> {
        self.drift(received);
        let high_ms = Self::difference_ms(received, sent).saturating_add(ROUNDING_MS);
        if high_ms < self.low_ms {
            let by_ms = self.low_ms.saturating_sub(high_ms);
            let delay = LeaseSpan::from_s(self.longest_delay_ms.unsigned_abs() / 1_000);
            *self = Self::first(sent, received, delay);
            return Some(nearest_s(by_ms).max(1));
        }
        let late_ms = high_ms.saturating_sub(self.high_ms);
        if late_ms > self.longest_delay_ms.saturating_add(2 * ROUNDING_MS) {
            self.high_ms = high_ms;
            return Some(nearest_s(late_ms).saturating_neg());
        }
        self.high_ms = self.high_ms.min(high_ms);
        None
    }

    /// Takes an answer into account that the partner stamped `sent` after a request had left here
    /// at `requested`. Gives what [`refine`](Self::refine) does.
    #[must_use = "somebody should be told of a clock that was set"]
    pub fn refine_by_answer(&mut self, requested: LeaseInstant, sent: u32) -> Option<i64> {
        self.drift(requested);
        let low_ms = Self::difference_ms(requested, sent).saturating_sub(ROUNDING_MS);
        let stepped = (low_ms > self.high_ms).then(|| {
            let by_ms = low_ms.saturating_sub(self.high_ms);
            self.high_ms =
                low_ms.saturating_add(self.longest_delay_ms).saturating_add(2 * ROUNDING_MS);
            nearest_s(by_ms).max(1).saturating_neg()
        });
        self.low_ms = self.low_ms.max(low_ms);
        stepped
    }

    /// Moves the bounds apart by what the clocks may have drifted.
    fn drift(&mut self, now: LeaseInstant) {
        let steps = (now - self.as_of).as_s() / DRIFT_STEP_S;
        let by_ms = i64::try_from(steps).unwrap_or(i64::MAX);
        self.low_ms = self.low_ms.saturating_sub(by_ms);
        self.high_ms = self.high_ms.saturating_add(by_ms);
        self.as_of = self.as_of + LeaseSpan::from_s(steps.saturating_mul(DRIFT_STEP_S));
    }

    /// The earliest and the latest moment that partner time `time` can mean here. `0xffff_ffff`
    /// means never; a time is taken to be within 68 years of `now`, so the wrap of 2106 does no
    /// harm. Of a time to come, what the clocks may drift apart until then is part of it: they may
    /// not hear each other again before.
    #[must_use]
    pub fn interval(&self, time: u32, now: LeaseInstant) -> (LeaseInstant, LeaseInstant) {
        if time == u32::MAX {
            return (LeaseInstant::NEVER, LeaseInstant::NEVER);
        }
        let (low, high) = match Mutant::NoSkewCorrection.is_on() {
            true => (0, 0),
            false => self.bounds_s(),
        };
        let middle = low.saturating_add(high) / 2;
        let partner_now = now.shifted(middle.saturating_neg());
        let unwrapped = LeaseInstant::from_wire_s(time, partner_now);
        let drift_s = (unwrapped - partner_now).as_s() / DRIFT_ONE_IN;
        let drift_s = i64::try_from(drift_s).unwrap_or(i64::MAX);
        (
            unwrapped.shifted(low.saturating_sub(drift_s)),
            unwrapped.shifted(high.saturating_add(drift_s)),
        )
    }

    /// The likeliest meaning of a partner time of the past, for comparing what happened here with
    /// what happened there: as if the quickest message so far had taken no time.
    #[must_use]
    pub fn likeliest(&self, time: u32, now: LeaseInstant) -> LeaseInstant {
        let (earliest, latest) = self.interval(time, now);
        if latest.is_never() {
            return latest;
        }
        let rounding = LeaseSpan::from_s(ROUNDING_MS.unsigned_abs() / 1_000);
        latest.saturating_sub(rounding).max(earliest)
    }

    /// The bounds, `(low, high)`, in whole seconds to add to the partner's time. Less than half a
    /// second of drift is left to the guard of every wait.
    #[must_use]
    pub const fn bounds_s(&self) -> (i64, i64) {
        (nearest_s(self.low_ms), nearest_s(self.high_ms))
    }

    /// The same to the second and without its own moment, for comparing endpoints.
    pub(crate) fn without_drift(self) -> Self {
        let (low_s, high_s) = self.bounds_s();
        Self {
            low_ms: low_s.saturating_mul(1_000),
            high_ms: high_s.saturating_mul(1_000),
            as_of: LeaseInstant::ZERO,
            ..self
        }
    }

    fn difference_ms(local: LeaseInstant, partner: u32) -> i64 {
        Self::difference(local, partner).saturating_mul(1_000)
    }

    /// How far the partner's clock is behind, going by one stamp, in seconds.
    pub(crate) fn difference(local: LeaseInstant, partner: u32) -> i64 {
        // Modulo 2^32, read as signed: skews beyond 68 years are not skews.
        #[expect(clippy::cast_possible_truncation, reason = "modulo 2^32 is meant")]
        let local = local.as_unix_s() as u32;
        i64::from(local.wrapping_sub(partner).cast_signed())
    }
}

const fn nearest_s(ms: i64) -> i64 {
    ms.saturating_add(500).div_euclid(1_000)
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
        let _ = skew.refine_by_answer(at(10_010), 9_010);
        let _ = skew.refine(9_010, at(10_010));
        assert_eq!(skew.bounds_s(), (999, 1_001));
        let (earliest, latest) = skew.interval(9_500, at(10_010));
        assert!(earliest <= at(10_500) && latest >= at(10_500));
    }

    /// S1, S3: a day ahead is 17 s of drift more in each direction, an hour ahead less than a second.
    #[test]
    fn s3_a_time_to_come_holds_the_drift_until_then() {
        let skew = Skew::first(10_000, at(10_000), LeaseSpan::ZERO);
        let (low, high) = skew.bounds_s();
        for (ahead, drift) in [(0, 0), (3_600, 0), (86_400, 17), (864_000, 172)] {
            let time = 10_000 + ahead;
            let (earliest, latest) = skew.interval(time, at(10_000));
            let exact = at(u64::from(time));
            assert_eq!(earliest, exact.shifted(low - drift), "{ahead} s ahead");
            assert_eq!(latest, exact.shifted(high + drift), "{ahead} s ahead");
        }
    }

    #[test]
    fn s3_a_day_of_drift_stays_inside_the_interval() {
        // The partner's clock loses 100 ppm; both count whole seconds.
        let partner = |local: u64| u32::try_from(local - local / 10_000).unwrap();
        let mut skew = Skew::first(partner(100_000), at(100_000), LeaseSpan::from_s(60));
        for now in 100_000..190_000 {
            let _ = skew.refine(partner(now), at(now));
            let _ = skew.refine_by_answer(at(now), partner(now));
            let (earliest, latest) = skew.interval(partner(now), at(now));
            assert!(earliest <= at(now) && at(now) <= latest, "{now}: {skew:?}");
            assert!(latest - earliest <= LeaseSpan::from_s(4), "{now}: {skew:?}");
        }
    }

    #[test]
    fn a_clock_that_steps_is_understood_again_at_once() {
        for step in [-5_000i64, 5_000] {
            let mut skew = Skew::first(10_000, at(10_000), LeaseSpan::from_s(60));
            let _ = skew.refine_by_answer(at(10_000), 10_000);
            let stamp = u32::try_from(10_010 + step).unwrap();
            let _ = skew.refine(stamp, at(10_010));
            let _ = skew.refine_by_answer(at(10_010), stamp);
            let (earliest, latest) = skew.interval(stamp, at(10_010));
            assert!(earliest <= at(10_010) && at(10_010) <= latest, "{step}: {skew:?}");
        }
    }

    #[test]
    fn times_beyond_2106_and_infinite_leases_survive_the_wire() {
        let now = at(4_294_967_300);
        let skew = Skew::first(now.as_wire_s(), now, LeaseSpan::from_s(10));
        let (earliest, latest) = skew.interval(at(4_294_970_000).as_wire_s(), now);
        assert!(earliest <= at(4_294_970_000) && at(4_294_970_000) <= latest);
        assert_eq!(skew.interval(u32::MAX, now).0, LeaseInstant::NEVER);
        assert_eq!(LeaseInstant::NEVER.as_wire_s(), u32::MAX);
    }

    #[test]
    fn before_the_wrap_a_later_expiry_is_still_later() {
        let now = at(4_294_967_000);
        let skew = Skew::first(now.as_wire_s(), now, LeaseSpan::from_s(10));
        let after_wrap = at(4_294_967_000 + 86_400);
        assert!(skew.interval(after_wrap.as_wire_s(), now).1 >= after_wrap);
    }
}
