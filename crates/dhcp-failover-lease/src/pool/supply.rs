//! How long the addresses of a server will last.

use crate::LeaseSpan;

/// For how long `available` addresses last when `taken` were taken net of those that came back,
/// `during` a time observed; [`LeaseSpan::INFINITE`] if none were.
///
/// ```
/// use dhcp_failover_lease::{LeaseSpan, time_left};
/// // 30 in an hour, 90 left: three hours.
/// assert_eq!(time_left(90, 30, LeaseSpan::from_s(3_600)), LeaseSpan::from_s(10_800));
/// ```
#[must_use]
pub const fn time_left(available: u32, taken: u32, during: LeaseSpan) -> LeaseSpan {
    if during.is_infinite() {
        return LeaseSpan::INFINITE;
    }
    // 128 bits hold the product, so nothing is lost before the division.
    let left = (available as u128).saturating_mul(during.as_s() as u128).checked_div(taken as u128);
    match left {
        Some(left) if left < u64::MAX as u128 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "the arm's condition bounds it")]
            LeaseSpan::from_s(left as u64)
        }
        _ => LeaseSpan::INFINITE,
    }
}

/// Whether one server will run out of addresses: for an alarm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "enough, not for long, none")]
pub enum Supply {
    /// They last for the time asked for, or longer.
    Ample,
    /// They last for less.
    Low {
        /// How long, at the present rate.
        time_left: LeaseSpan,
    },
    /// None is left.
    Empty,
}

impl Supply {
    /// Judges `available` addresses by [`time_left`]: an alarm is due when they last for less than
    /// `reserve`, which should be what it takes to do something about it.
    ///
    /// An alarm that was raised should be taken back only at twice the reserve, lest it flutter:
    /// `raised` says whether it was.
    ///
    /// ```
    /// use dhcp_failover_lease::{LeaseSpan, Supply};
    /// let (hour, day) = (LeaseSpan::from_s(3_600), LeaseSpan::from_s(86_400));
    /// let low = Supply::of(90, 30, hour, day, false);
    /// assert_eq!(low, Supply::Low { time_left: LeaseSpan::from_s(10_800) });
    /// assert_eq!(Supply::of(90, 0, hour, day, false), Supply::Ample);
    /// ```
    #[must_use]
    pub fn of(
        available: u32,
        taken: u32,
        during: LeaseSpan,
        reserve: LeaseSpan,
        raised: bool,
    ) -> Self {
        if available == 0 {
            return Self::Empty;
        }
        let time_left = time_left(available, taken, during);
        let enough = if raised { reserve + reserve } else { reserve };
        if time_left < enough { Self::Low { time_left } } else { Self::Ample }
    }
}
