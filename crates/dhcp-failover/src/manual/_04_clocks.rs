//! The three clocks and where each comes from.
//!
//! | clock | type | comes from | is used for |
//! |---|---|---|---|
//! | monotonic | [`Monotonic`](crate::proto::Monotonic), milliseconds | the driver, with every [`handle`](crate::proto::Endpoint::handle) | timers |
//! | lease clock | [`LeaseInstant`](crate::lease::LeaseInstant), seconds | the wall clock once, at the start; then the monotonic clock | leases, records |
//! | the partner's | `u32`, seconds | every message it sends | nothing directly |
//!
//! They are different types, so that one is not taken for another by accident.
//!
//! # Monotonic
//!
//! `std::time::Instant`, as milliseconds from any origin. It must not step, and it must not stand
//! still: the partner's clock goes on, and a server that has fallen behind would give leases that
//! reach further than the partner waits. On Linux `Instant` stops while the machine is suspended
//! (`CLOCK_MONOTONIC`); `CLOCK_BOOTTIME` does not. A driver that cannot read the latter should
//! compare the wall clock with the monotonic one now and then, and start the endpoint anew, with its
//! stored record, when the wall clock has run ahead by more than a few seconds. A process that was
//! only stopped (a debugger, `SIGSTOP`) is no such case: the clock ran on, and the endpoint notices.
//!
//! # The lease clock
//!
//! The wall clock is read once, for [`Endpoint::new`](crate::proto::Endpoint::new). From then on the
//! lease clock follows the monotonic one, so a correction by NTP in the middle of the night neither
//! ends nor extends a lease. After a restart it begins at the wall clock again, but never before the
//! newest record was written.
//!
//! ```
//! use dhcp_failover::lease::{LeaseInstant, Role};
//! use dhcp_failover::proto::{Endpoint, EndpointConfig, Monotonic};
//!
//! let config = EndpointConfig::new("east-west", Role::Primary, [198, 51, 100, 2].into());
//! let wall = LeaseInstant::from_unix_s(1_700_000_000);
//! let endpoint = Endpoint::new(config, None, Monotonic::from_ms(5_000), wall);
//! let in_90_s = endpoint.lease_time_at(Monotonic::from_ms(95_000));
//! assert_eq!(in_90_s, LeaseInstant::from_unix_s(1_700_000_090));
//! ```
//!
//! So a wall clock that is wrong by years when the server starts stays wrong until it is restarted,
//! and one that was too far *ahead* longer than that: stored times do not go back. Start the server
//! after the clock has been set. What the pair promises does not depend on right clocks, but logs do,
//! and so do leases that run across a restart.
//!
//! Ask [`lease_time_at`](crate::proto::Endpoint::lease_time_at) for "now" in the packet path.
//! [`lease_now`](crate::proto::Endpoint::lease_now) is the moment of the last call of `handle`.
//!
//! # The partner's clock
//!
//! All times on the wire are the sender's. Instead of demanding equal clocks, the endpoint keeps the
//! *interval* in which the difference must lie, [`Skew`](crate::proto::Skew): a message was stamped
//! before it arrived, which bounds it on one side; an answer was stamped after the request left,
//! which bounds it on the other.
//!
//! ```
//! use dhcp_failover::lease::{LeaseInstant, LeaseSpan};
//! use dhcp_failover::proto::Skew;
//!
//! let at = LeaseInstant::from_unix_s;
//! // The partner's clock is 1000 s behind. Its first message may have been on the way for 60 s.
//! let mut skew = Skew::first(9_000, at(10_000), LeaseSpan::from_s(60));
//! // A request left at 10 020, and the answer was stamped 9 020.
//! assert_eq!(skew.refine_by_answer(at(10_020), 9_020), None); // nothing that contradicts
//! let (earliest, latest) = skew.interval(9_500, at(10_020));
//! assert!(earliest <= at(10_500) && at(10_500) <= latest);
//! assert!((latest - earliest) <= LeaseSpan::from_s(2));
//! ```
//!
//! A received expiry then means two things. Grants count on the *earliest* one, for this server must
//! not promise more than the partner protects; waits count on the *latest*, for the partner's client
//! may have that long. A constant difference of hours costs nothing. Whole seconds on both sides are
//! covered by a guard of two.
//!
//! The wire has 32 bits, which wrap in 2106; a received time is read as the nearest one.
//! `0xffff_ffff` is an infinite lease.
