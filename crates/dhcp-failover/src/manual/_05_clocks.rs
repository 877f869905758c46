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
//! The wall clock is read once, at the start. From then on the lease clock follows the monotonic one,
//! so a correction by NTP in the middle of the night neither ends nor extends a lease.
//!
//! Nor must a restart of the process. Every record says where the lease clock stood at which moment of
//! the monotonic clock, and on which start of the machine. If the machine has been running ever since,
//! [`LeaseClock::start`](crate::proto::LeaseClock::start) carries the clock on by exactly the time
//! that has passed, whatever the wall clock was set to. For that the driver's monotonic clock must
//! count from the start of the machine, and the driver must name that start:
//!
//! ```
//! use dhcp_failover::lease::{LeaseInstant, Role};
//! use dhcp_failover::proto::{ClockStart, Endpoint, EndpointConfig, LeaseClock, Monotonic};
//!
//! let start = ClockStart {
//!     now: Monotonic::from_ms(5_000),                  // CLOCK_BOOTTIME
//!     wall_ms: 1_700_000_000_000,
//!     boot: 0x9e37_79b9_7f4a_7c15,                     // from /proc/sys/kernel/random/boot_id
//!     trust_wall: false,
//! };
//! let stored = None; // or the newest record of every relationship
//! let clock = LeaseClock::start(start, &stored);
//! let config = EndpointConfig::new("east-west", Role::Primary, [198, 51, 100, 2].into());
//! let endpoint = Endpoint::with_clock(config, stored, start.now, clock);
//! let in_90_s = endpoint.lease_time_at(Monotonic::from_ms(95_000));
//! assert_eq!(in_90_s, LeaseInstant::from_unix_s(1_700_000_090));
//! ```
//!
//! All relationships of a process share one clock. A wall clock that is more than a minute away from
//! it is an alarm, [`Event::WallClockDiffers`](crate::proto::Event::WallClockDiffers), and no more: a
//! clock that is wrong by years gives right leases, only logs look odd. To take the wall clock over all
//! the same, an operator sets `trust_wall` for one start (`failoverd run --trust-wall-clock`). The
//! risk: if it is ahead, every lease given so far ends early by as much here, while its client still
//! uses the address. It is never taken over backwards, for stored times do not go back; a server that
//! starts without its store, while its partner runs, gets everything in its partner's time.
//!
//! # After a restart of the machine
//!
//! Then the wall clock is all there is ([`Endpoint::new`](crate::proto::Endpoint::new) takes every
//! start for one of these), though the lease clock never begins before the newest record was written.
//! But the partner is a witness: the record holds by how much the two clocks differed. If they differ
//! by another amount on the next connection, by more than about a minute beyond what is uncertain (in
//! the beginning that is tReceive), one of them was set. The server whose machine was off reports
//! [`Event::ClockDoubtful`](crate::proto::Event::ClockDoubtful), with what to do in failoverd's log;
//! the other one [`Event::PartnerClockStepped`](crate::proto::Event::PartnerClockStepped). It goes on
//! all the same: a server that starts alone has no witness and must serve. So see to it that the clock
//! is right before the server starts.
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
