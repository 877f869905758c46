//! Instants and spans on the lease clock, in whole seconds.

use core::fmt;

/// What whole seconds can hide: one on each of two clocks, or of one clock before and after a
/// restart. Added to every wait for something that another clock, or an earlier run, has counted.
pub(crate) const CLOCK_GUARD: LeaseSpan = LeaseSpan::from_s(2);

/// A moment on this server's lease clock: whole seconds, counted like Unix time.
///
/// The lease clock is *local*. It starts from the wall clock and then follows the monotonic clock,
/// so it never steps; a partner's times must be corrected for skew before they become one of these
/// (draft-12 §5.10). 64 bits do not wrap in 2038 or 2106; arithmetic saturates at
/// [`LeaseInstant::NEVER`], which also stands for the end of an infinite lease.
///
/// ```
/// use dhcp_failover_lease::{LeaseInstant, LeaseSpan};
/// let now = LeaseInstant::from_unix_s(1_700_000_000);
/// let end = now + LeaseSpan::from_s(60);
/// assert_eq!(end - now, LeaseSpan::from_s(60));
/// assert_eq!(now + LeaseSpan::INFINITE, LeaseInstant::NEVER);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeaseInstant(u64);

impl LeaseInstant {
    /// The beginning of time: "has not happened", and smaller than every real instant.
    pub const ZERO: Self = Self(0);
    /// The end of time: an infinite lease ends here.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `seconds` after 1970-01-01T00:00:00Z on the lease clock.
    #[must_use]
    pub const fn from_unix_s(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z on the lease clock; `u64::MAX` for [`Self::NEVER`].
    #[must_use]
    pub const fn as_unix_s(self) -> u64 {
        self.0
    }

    /// Whether this is [`Self::NEVER`].
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == u64::MAX
    }

    /// Time from `earlier` to `self`, or zero when `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> LeaseSpan {
        if self.is_never() && !earlier.is_never() {
            return LeaseSpan::INFINITE;
        }
        LeaseSpan(self.0.saturating_sub(earlier.0))
    }

    /// `self` and `span` more; what would not fit is [`Self::NEVER`]. The same as `+`, for `const`.
    #[must_use]
    pub const fn plus(self, span: LeaseSpan) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The later of the two: `max`, for `const`.
    #[must_use]
    pub const fn later(self, other: Self) -> Self {
        if self.0 >= other.0 { self } else { other }
    }

    /// Whether this is earlier than `other`: `<`, for `const`.
    pub(crate) const fn is_before(self, other: Self) -> bool {
        self.0 < other.0
    }

    /// `self` moved by a number of seconds either way, for a clock that is so much off.
    /// [`Self::NEVER`] stays, and no other instant becomes it.
    #[must_use]
    pub const fn shifted(self, by_s: i64) -> Self {
        if self.is_never() {
            return self;
        }
        let moved = self.0.saturating_add_signed(by_s);
        if moved == u64::MAX { Self(u64::MAX - 1) } else { Self(moved) }
    }

    /// The value of a time option on the wire: whole seconds modulo 2^32, so it goes on past 2106.
    /// [`Self::NEVER`] is `0xffff_ffff`; the one second that would look like it is told as the
    /// second before. The one that would be 0, which is no time, is told as the second after.
    #[must_use]
    pub const fn as_wire_s(self) -> u32 {
        if self.is_never() {
            return u32::MAX;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the wire carries time modulo 2^32")]
        let wrapped = self.0 as u32;
        match wrapped {
            0 if self.0 > 0 => 1,
            u32::MAX => u32::MAX - 1,
            seconds => seconds,
        }
    }

    /// What a time option on the wire means: `0xffff_ffff` never ends, anything else is the instant
    /// nearest to `near` that is told this way, so within 68 years of it.
    ///
    /// ```
    /// use dhcp_failover_lease::LeaseInstant;
    /// let now = LeaseInstant::from_unix_s(4_294_967_000); // in 2106, a little before the wrap
    /// let tomorrow = LeaseInstant::from_unix_s(4_295_053_400);
    /// assert_eq!(tomorrow.as_wire_s(), 86_104);
    /// assert_eq!(LeaseInstant::from_wire_s(86_104, now), tomorrow);
    /// ```
    #[must_use]
    pub const fn from_wire_s(time: u32, near: Self) -> Self {
        if time == u32::MAX {
            return Self::NEVER;
        }
        #[expect(clippy::cast_possible_truncation, reason = "modulo 2^32 is meant")]
        let distance = time.wrapping_sub(near.0 as u32).cast_signed();
        near.shifted(distance as i64)
    }

    /// `self` moved back by `span`, not below [`Self::ZERO`]; [`Self::NEVER`] stays.
    #[must_use]
    pub const fn saturating_sub(self, span: LeaseSpan) -> Self {
        if self.is_never() { self } else { Self(self.0.saturating_sub(span.0)) }
    }
}

impl core::ops::Add<LeaseSpan> for LeaseInstant {
    type Output = Self;

    fn add(self, span: LeaseSpan) -> Self {
        self.plus(span)
    }
}

impl core::ops::Sub for LeaseInstant {
    type Output = LeaseSpan;

    fn sub(self, earlier: Self) -> LeaseSpan {
        self.since(earlier)
    }
}

impl fmt::Debug for LeaseInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NEVER => f.write_str("never"),
            Self(seconds) => write!(f, "@{seconds}s"),
        }
    }
}

/// A length of time in whole seconds; [`LeaseSpan::INFINITE`] never ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeaseSpan(u64);

impl LeaseSpan {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// A lease without end (`0xffffffff` in DHCP option 51, RFC 2132 §9.2).
    pub const INFINITE: Self = Self(u64::MAX);

    /// A span of `seconds`.
    #[must_use]
    pub const fn from_s(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The span a DHCP lease time stands for: `0xffffffff` is infinite (RFC 2132 §9.2).
    #[must_use]
    pub const fn from_dhcp_s(seconds: u32) -> Self {
        if seconds == u32::MAX { Self::INFINITE } else { Self(seconds as u64) }
    }

    /// The value for a DHCP lease-time option. Finite spans stay below `0xffffffff`.
    #[must_use]
    pub const fn as_dhcp_s(self) -> u32 {
        if self.is_infinite() {
            u32::MAX
        } else if self.0 >= u32::MAX as u64 {
            u32::MAX - 1
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "the branch above bounds it")]
            {
                self.0 as u32
            }
        }
    }

    /// The span in seconds; `u64::MAX` for [`Self::INFINITE`].
    #[must_use]
    pub const fn as_s(self) -> u64 {
        self.0
    }

    /// Whether this is [`Self::INFINITE`].
    #[must_use]
    pub const fn is_infinite(self) -> bool {
        self.0 == u64::MAX
    }

    /// The longer of the two: `max`, for `const`.
    #[must_use]
    pub const fn longer(self, other: Self) -> Self {
        if self.0 >= other.0 { self } else { other }
    }

    /// The shorter of the two: `min`, for `const`.
    #[must_use]
    pub const fn shorter(self, other: Self) -> Self {
        if self.0 <= other.0 { self } else { other }
    }

    /// `self` and `other` together, saturating: `+`, for `const`.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `self` times `percent` / 100, rounded down; any part of an infinite span but none is infinite.
    #[must_use]
    pub const fn percent(self, percent: u8) -> Self {
        if self.is_infinite() && percent > 0 {
            return self;
        }
        let whole = (self.0 / 100).saturating_mul(percent as u64);
        let rest = (self.0 % 100).saturating_mul(percent as u64) / 100;
        Self(whole.saturating_add(rest))
    }
}

impl core::ops::Add for LeaseSpan {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.plus(other)
    }
}

impl fmt::Debug for LeaseSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::INFINITE => f.write_str("infinite"),
            Self(seconds) => write!(f, "{seconds}s"),
        }
    }
}
