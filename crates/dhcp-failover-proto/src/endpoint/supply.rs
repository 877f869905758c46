//! Whether this server will run out of addresses while its partner has some (isc-L01).

use super::Endpoint;
use crate::{Bindings, Event, Monotonic, Reason, Service, State};
use core::fmt;
use dhcp_failover_lease::{Control, LeaseSpan, PoolCounts, Role, Supply};

/// An empty pool is an alarm after so long: in NORMAL the partner gives some before, and a short
/// loss of contact is over.
const PATIENCE_MS: u64 = 30_000;
/// The rate at which addresses are taken is that of at least so long,
const LEAST_WINDOW_MS: u64 = 60_000;
/// and at most so long.
const WINDOW_MS: u64 = 600_000;
/// To notice the alarm and decide, beside the MCLT that PARTNER-DOWN must wait.
const TO_DECIDE: LeaseSpan = LeaseSpan::from_s(600);

const PARTNER_GIVES_NOTHING: Reason = Reason::new(
    "5.4",
    "in contact, and the partner gives nothing; look for disputed updates at both servers and \
     compare their scopes and percentages",
);
const NO_CONTACT: Reason = Reason::new(
    "9.9.2",
    "without contact the partner's addresses cannot be had; restore the contact, or order \
     partner-down if the partner is down",
);
const NOT_YET: Reason = Reason::new(
    "9.4.2",
    "the partner's addresses can be had when the MCLT has passed since PARTNER-DOWN; until then \
     only more addresses in the scope help",
);
const NOT_IN_NORMAL: Reason = Reason::new(
    "5.4",
    "addresses change hands in NORMAL only; bring both servers there, or add addresses to the scope",
);

/// How the supply of one pool develops.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Watch {
    raised: bool,
    empty_since: Option<Monotonic>,
    /// When the present window began, and the addresses there were.
    began: Monotonic,
    available: u32,
    /// Addresses taken in the window before, and how many milliseconds it had.
    before: (u32, u64),
}

/// One server has no or few addresses of a pool left while its partner has some: clients that only
/// this server hears or answers will get none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Shortage {
    /// The pool, as [`Bindings`] numbers them.
    pub pool: usize,
    /// The server that runs short: this one.
    pub side: Role,
    /// What both have.
    pub counts: PoolCounts,
    /// How bad it is; never [`Supply::Ample`].
    pub supply: Supply,
    /// Why the partner's cannot be had, and what to do.
    pub because: Reason,
}

impl fmt::Display for Shortage {
    /// "pool 0: the primary has 0 addresses left, its partner 12: without contact ..."
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, own, partners) = match self.side {
            Role::Primary => ("primary", self.counts.free, self.counts.backup),
            Role::Secondary => ("secondary", self.counts.backup, self.counts.free),
        };
        write!(f, "pool {}: the {name} has {own} addresses left", self.pool)?;
        if let Supply::Low { time_left } = self.supply {
            write!(f, ", at the present rate for {} s", time_left.as_s())?;
        }
        write!(f, "; its partner has {partners}: {}", self.because)
    }
}

impl Endpoint {
    /// Looks at every pool. Says so once when there is a shortage, and once when it is over.
    pub(super) fn watch_supply<B: Bindings>(&mut self, bindings: &B) {
        if !matches!(Service::of(self.state), Service::Balanced | Service::Everybody) {
            return self.pools.watched.clear();
        }
        let (now, normal) = (self.now, self.state == State::Normal);
        let reserve = self.record.mclt.for_waits() + TO_DECIDE;
        for pool in 0..bindings.pool_count() {
            let counts = bindings.counts(pool);
            let (own, partners) = self.usable(counts);
            let has_share = self.has_share(counts);
            let because = self.why_short();
            let watch = self.pools.watched.entry(pool).or_insert_with(|| Watch::new(now, own));
            let supply = watch.supply(now, own, reserve);
            let lasts = watch.empty_for(now, PATIENCE_MS);
            let is_short = match supply {
                Supply::Ample => false,
                // In NORMAL the two share what there is; low together is not what this is about.
                Supply::Low { .. } => !normal && partners > 0,
                Supply::Empty => lasts && partners > 0 && has_share,
            };
            // With nothing left anywhere there is no news in it.
            let is_over = own > 0 && supply == Supply::Ample;
            if is_short && !watch.raised {
                watch.raised = true;
                let side = self.config.role;
                let shortage = Shortage { pool, side, counts, supply, because };
                self.event(Event::PoolShort(shortage));
            } else if is_over && watch.raised {
                watch.raised = false;
                self.event(Event::PoolSupplied { pool, counts });
            }
        }
    }

    /// The addresses of a pool that this server may give to new clients, and those only the other
    /// one may give.
    fn usable(&self, PoolCounts { free, backup }: PoolCounts) -> (u32, u32) {
        let (own, partners) = match self.config.role {
            Role::Primary => (free, backup),
            Role::Secondary => (backup, free),
        };
        match self.control() {
            Control::PartnerDown { since } | Control::PartnerDownWithoutData { since }
                if self.lease_now >= since + self.record.mclt.for_waits() =>
            {
                (own.saturating_add(partners), 0)
            }
            _ => (own, partners),
        }
    }

    /// Whether the configuration wants this server to have any of these at all.
    fn has_share(&self, PoolCounts { free, backup }: PoolCounts) -> bool {
        let total = free.saturating_add(backup);
        let secondarys = self.config.balance.pool_share().target(total);
        match self.config.role {
            Role::Primary => secondarys < total,
            Role::Secondary => secondarys > 0,
        }
    }

    const fn why_short(&self) -> Reason {
        match self.state {
            State::Normal => PARTNER_GIVES_NOTHING,
            State::CommunicationsInterrupted | State::ResolutionInterrupted => NO_CONTACT,
            State::PartnerDown if !self.record.partner_returned => NOT_YET,
            _ => NOT_IN_NORMAL,
        }
    }
}

impl Watch {
    const fn new(now: Monotonic, available: u32) -> Self {
        Self { raised: false, empty_since: None, began: now, available, before: (0, 0) }
    }

    fn supply(&mut self, now: Monotonic, available: u32, reserve: LeaseSpan) -> Supply {
        if available > 0 {
            self.empty_since = None;
        } else {
            self.empty_since.get_or_insert(now);
        }
        let mut rate = (self.available.saturating_sub(available), now.ms_since(self.began));
        if rate.1 < LEAST_WINDOW_MS {
            rate = self.before; // too early to tell
        } else if rate.1 >= WINDOW_MS {
            (self.began, self.available, self.before) = (now, available, rate);
        }
        if available > self.available {
            (self.began, self.available, self.before) = (now, available, (0, 0));
            rate = (0, 0);
        }
        let (taken, during_ms) = rate;
        Supply::of(available, taken, LeaseSpan::from_s(during_ms / 1_000), reserve, self.raised)
    }

    fn empty_for(&self, now: Monotonic, ms: u64) -> bool {
        self.empty_since.is_some_and(|since| now.ms_since(since) >= ms)
    }
}
