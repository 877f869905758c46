//! How long everything takes.

/// The times of a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Maximum client lead time.
    pub mclt_s: u32,
    /// Lease time.
    pub lease_s: u32,
    /// After how much silence a server counts its partner as gone.
    pub receive_timer_s: u32,
    /// How long the first clients take to arrive, and those that come during the outage.
    pub arrival_ms: u64,
    /// Ordinary traffic before the fault, so that renewals are under way, and after the return.
    pub traffic_ms: u64,
    /// The outage lasts at least this long: more than a lease, so that every client needs the other
    /// server.
    pub outage_ms: u64,
    /// The last renewals are spread over this time.
    pub last_round_ms: u64,
}

/// A demo for people: under a minute.
pub const FULL: Pace = Pace {
    mclt_s: 5,
    lease_s: 12,
    receive_timer_s: 3,
    arrival_ms: 3_000,
    traffic_ms: 2_000,
    outage_ms: 13_000,
    last_round_ms: 2_000,
};

/// A demo for tests: under twenty seconds.
pub const QUICK: Pace = Pace {
    mclt_s: 3,
    lease_s: 6,
    receive_timer_s: 2,
    arrival_ms: 800,
    traffic_ms: 1_200,
    outage_ms: 6_500,
    last_round_ms: 500,
};
