//! Times in UTC.

use core::fmt;

/// Writes seconds since 1970 as RFC 3339 does; 0 and the greatest value have a meaning of their
/// own.
pub(super) fn write_utc(unix_s: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match unix_s {
        0 => return f.write_str("none"),
        u32::MAX => return f.write_str("never"),
        _ => {}
    }
    let (days, second) = (unix_s / 86_400, unix_s % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1970. Every year that divides by four is a leap year
/// but 2100, and `u32` seconds end in 2106.
fn civil(days: u32) -> (u32, u32, u32) {
    const FEB_29_2100: u32 = 47_541;
    // 2100-02-29 does not exist: from there on the calendar is a day ahead.
    let days = if days < FEB_29_2100 { days } else { days.saturating_add(1) };
    // Four years from 1 January 1968 on begin with a leap year.
    let since_1968 = days.saturating_add(731);
    let (cycle, day) = (since_1968 / 1461, since_1968 % 1461);
    let (year, day) = match day {
        0..=365 => (0, day),
        _ => {
            let day = day.saturating_sub(366);
            ((day / 365).saturating_add(1), day % 365)
        }
    };
    let february = if year == 0 { 29 } else { 28 };
    let year = cycle.saturating_mul(4).saturating_add(year).saturating_add(1968);
    let mut left = day;
    for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if left < length {
            return (year, month, left.saturating_add(1));
        }
        left = left.saturating_sub(length);
    }
    (year, 12, 31)
}
