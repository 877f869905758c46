//! Lengths of time as the cmdlets take and print them.

use alloc::{format, string::String};
use core::{fmt, str::FromStr};

use crate::Invalid;

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 3_600;
const DAY_S: u32 = 86_400;

/// A length of time in whole seconds, as the cmdlets' `TimeSpan` parameters take it.
///
/// It is read from seconds (`7200`), from days, hours, minutes and seconds (`2:00:00`,
/// `1.02:00:00`) or from units (`2h`, `1h30m`, `1d`), and printed as `02:00:00` or `1.02:00:00`. A
/// plain number is seconds, as consoles and Micetro take it; PowerShell itself would take it for days
/// or ticks.
///
/// With the feature `serde` it is written as that text, and read from a text or a number of seconds.
///
/// ```
/// use dhcp_failover_relationship::TimeSpan;
/// let span: TimeSpan = "1h30m".parse()?;
/// assert_eq!((span.as_s(), span.to_string().as_str()), (5_400, "01:30:00"));
/// # Ok::<(), dhcp_failover_relationship::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(u32);

impl TimeSpan {
    /// One hour.
    pub const HOUR: Self = Self(HOUR_S);

    /// This many seconds.
    #[must_use]
    pub const fn from_s(seconds: u32) -> Self {
        Self(seconds)
    }

    /// Its seconds.
    #[must_use]
    pub const fn as_s(self) -> u32 {
        self.0
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hours) = (self.0 / DAY_S, self.0 % DAY_S / HOUR_S);
        let days = if days > 0 { format!("{days}.") } else { String::new() };
        let (minutes, seconds) = (self.0 % HOUR_S / MINUTE_S, self.0 % MINUTE_S);
        f.pad(&format!("{days}{hours:02}:{minutes:02}:{seconds:02}"))
    }
}

impl FromStr for TimeSpan {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let seconds = if text.contains(':') {
            clock(text)
        } else if text.ends_with(|last: char| last.is_ascii_alphabetic()) {
            units(text)
        } else {
            number(text)
        };
        seconds.map(Self).ok_or_else(|| Invalid::TimeSpan { text: text.into() })
    }
}

/// Digits only: `parse` would take a sign as well.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|digit| digit.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// `[d.]h:mm:ss`
fn clock(text: &str) -> Option<u32> {
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) => (number(days)?, clock),
        None => (0, text),
    };
    let mut parts = clock.split(':').map(number);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    days.checked_mul(DAY_S)?.checked_add(hours * HOUR_S + minutes * MINUTE_S + seconds)
}

/// `1d2h3m4s`, each unit at most once and the greater before the smaller.
fn units(text: &str) -> Option<u32> {
    let (mut total, mut last) = (0_u32, u32::MAX);
    for part in text.split_inclusive(|unit: char| unit.is_ascii_alphabetic()) {
        let (digits, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let unit = match unit {
            "d" => DAY_S,
            "h" => HOUR_S,
            "m" => MINUTE_S,
            "s" => 1,
            _ => return None,
        };
        if unit >= last {
            return None;
        }
        last = unit;
        total = total.checked_add(number(digits)?.checked_mul(unit)?)?;
    }
    Some(total)
}

#[cfg(feature = "serde")]
mod serde_impl {
    use core::fmt;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::TimeSpan;

    impl Serialize for TimeSpan {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for TimeSpan {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(TimeSpanVisitor)
        }
    }

    struct TimeSpanVisitor;

    impl de::Visitor<'_> for TimeSpanVisitor {
        type Value = TimeSpan;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of seconds, or a time span such as \"2:00:00\" or \"2h\"")
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<TimeSpan, E> {
            let out_of_range = |_| E::invalid_value(de::Unexpected::Unsigned(seconds), &self);
            u32::try_from(seconds).map(TimeSpan).map_err(out_of_range)
        }

        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<TimeSpan, E> {
            let out_of_range = |_| E::invalid_value(de::Unexpected::Signed(seconds), &self);
            u32::try_from(seconds).map(TimeSpan).map_err(out_of_range)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<TimeSpan, E> {
            text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
}
