//! Clocks that were set while this server or its partner was away (draft-12 §5.10).

use super::{ALIVE_HORIZON, Endpoint};
use crate::clock::DRIFT_ONE_IN;
use crate::{ClockDoubt, Event, PartnerOffset};
use dhcp_failover_lease::{LeaseInstant, LeaseSpan, Mutant};

/// Less than this is no news: clocks are corrected by seconds, and a message may take some.
const GUARD_S: u64 = 60;
/// What differs by less than this a message and whole seconds may hide: whoever compares times of both
/// servers allows for it.
const UNSURE_S: u64 = 2;

impl Endpoint {
    /// A wall clock that was set is no reason to end leases early or late; somebody should know.
    pub(super) fn compare_wall_clock(&mut self) {
        let ahead_s = self.clock.wall_ahead_s();
        if ahead_s.unsigned_abs() > GUARD_S {
            self.event(Event::WallClockDiffers { ahead_s });
        }
        if self.clock.trusted_wall {
            // What it says of the partner's clock is not true of this one.
            self.record.partner_offset = None;
        }
    }

    /// Keeps how far the partner's clock is off, with the record about to be written.
    pub(super) fn remember_partner_offset(&mut self) {
        let Some(skew) = self.link.as_ref().and_then(|link| link.skew) else { return };
        let (low_s, high_s) = skew.bounds_s();
        let (as_of, boot) = (self.lease_now, self.clock.stamp.boot);
        self.record.partner_offset = Some(PartnerOffset { low_s, high_s, as_of, boot });
    }

    /// On a new connection: whether the two clocks differ by as much as they did on the last one.
    /// If not, one of them was set meanwhile; this one only if its machine started anew.
    pub(super) fn compare_partner_offset(&mut self) {
        let before = self.record.partner_offset;
        self.remember_partner_offset();
        let (Some(before), Some(found)) = (before, self.record.partner_offset) else { return };
        let drift_s = (self.lease_now - before.as_of).as_s() / DRIFT_ONE_IN;
        let moved_s = found.high_s.abs_diff(before.high_s).saturating_sub(drift_s);
        if moved_s > UNSURE_S {
            let by = LeaseSpan::from_s(moved_s)
                .max(self.record.clock_doubt.map_or(LeaseSpan::ZERO, |it| it.by));
            // A clock that stands at its newest record may be behind the newest binding; nobody served
            // beyond the stamp in that record.
            let until = self.lease_now + ALIVE_HORIZON;
            self.record.clock_doubt = Some(ClockDoubt { by, until });
            // The offset that is on record from now on would not tell it again after a restart.
            self.persist_record();
        }
        let guard_s = i64::try_from(GUARD_S.saturating_add(drift_s)).unwrap_or(i64::MAX);
        let above_s = found.low_s.saturating_sub(before.high_s);
        let below_s = before.low_s.saturating_sub(found.high_s);
        let ahead_s = match (above_s > guard_s, below_s > guard_s) {
            (true, _) => above_s,
            (_, true) => below_s.saturating_neg(),
            _ => return,
        };
        let same_boot = before.boot != 0 && before.boot == found.boot;
        self.event(if same_boot || before.as_of > self.started_at {
            Event::PartnerClockStepped { by_s: ahead_s.saturating_neg() }
        } else {
            Event::ClockDoubtful { ahead_s }
        });
    }

    /// By how much more than usual this time of the past, which the partner told, may be wrong. A
    /// machine that comes back with a clock that was set back stands still at its newest record: what it
    /// did before it lost power looks later than what its partner did meanwhile (S14).
    pub(super) fn doubt_of(&self, at: LeaseInstant) -> LeaseSpan {
        let minded = !Mutant::ClockDoubtForgotten.is_on();
        let doubt = self.record.clock_doubt.filter(|doubt| minded && at <= doubt.until);
        doubt.map_or(LeaseSpan::ZERO, |doubt| doubt.by)
    }
}
