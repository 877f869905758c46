//! RECOVER-WAIT: until leases that nobody knows of are over (draft-12 §9.6).

use super::{Endpoint, ms};
use crate::timer::Timer;
use crate::{Cause, Outcome, StartupPolicy, State, rule_for};
use dhcp_failover_lease::{LeaseInstant, Mutant};

impl Endpoint {
    pub(super) fn begin_recover_wait(&mut self) {
        if self.record.recover_until == LeaseInstant::ZERO {
            self.record.recover_until = self.recover_wait_end();
        } // else it goes on from before a restart
        self.record.storage_lost = false;
        self.record.old_store = false;
        let wait = self.record.recover_until - self.lease_now;
        // A second more: the clocks count whole ones.
        let pause = if wait.as_s() == 0 { 0 } else { ms(wait).saturating_add(1_000) };
        self.timers.set(Timer::RecoverWait, self.now.plus_ms(pause));
    }

    /// §9.6.2: the MCLT from when this server can last have served. Never from when contact was
    /// lost: a server serves on without contact.
    fn recover_wait_end(&self) -> LeaseInstant {
        // Since it told so it may have been ordered to serve alone; and of one that is leaving it is not
        // clear what it was.
        let is_beginning = self.partner.is_some_and(|partner| {
            matches!(partner.state, State::Recover | State::RecoverWait | State::RecoverDone)
        });
        let partner_is_new =
            is_beginning && self.partner_hints().is_some_and(|hints| !hints.ran_failover);
        if !self.record.ran_failover && partner_is_new || Mutant::SkipRecoverWait.is_on() {
            // Neither ever served in this relationship: nothing to wait for.
            return self.lease_now;
        }
        // An old copy may be found out when it has been at work for a while: that it does know.
        let served_since = self.record.alive_until != self.stamp_at_start;
        let last_served = if self.record.storage_lost && !served_since {
            let started = self.started_at;
            let declared = self.declared_down().map_or(started, |declared| declared.min(started));
            // An old copy may have been at work in a run before this one.
            declared.max(self.record.alive_until)
        } else {
            // The stamp: it did not serve beyond.
            self.record.alive_until
        };
        last_served + self.record.mclt.for_waits()
    }

    /// When an operator told the partner that this server is down, at the latest: it did not serve
    /// then, nor since, unless it is configured to serve without having heard its partner.
    fn declared_down(&self) -> Option<LeaseInstant> {
        let since = self.partner_hints()?.alone_since;
        let is_alone = self.partner.is_some_and(|partner| partner.state == State::PartnerDown);
        let skew = self.link.as_ref().and_then(|link| link.skew)?;
        let trusted = since != 0 && is_alone && self.config.startup_policy == StartupPolicy::Wait;
        trusted.then(|| skew.interval(since, self.lease_now).1)
    }

    pub(super) fn recover_wait_over(&mut self) {
        let rule = rule_for(self.config.role, self.state, Cause::WaitOver);
        if let Outcome::Enter(state) = rule.outcome {
            self.record.recover_until = LeaseInstant::ZERO;
            self.enter(state, rule.because);
            self.settle();
        }
    }
}
