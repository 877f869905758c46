//! STARTUP: what the state before becomes (draft-12 §9.3.2).

use super::{Endpoint, PartnerState};
use crate::table::{alone_after_startup, resumed};
use crate::{Cause, Event, Outcome, Reason, Service, State, rule_for};
use dhcp_failover_lease::{Mutant, Role};

const GOES_ON: Reason = Reason::new("9.3.2", "the partner has been heard; the state before");
const NEW_ADDRESSES: Reason =
    Reason::new("5.17", "the addresses of the relationship have changed: both must compare");
const BOTH_SERVED: Reason = Reason::new(
    "9.3.2",
    "the partner went to PARTNER-DOWN while this server still served: both must compare",
);
const BOTH_ALONE: Reason =
    Reason::new("9.3.2", "both servers were alone in PARTNER-DOWN: both must compare");
const WAS_DECLARED_DOWN: Reason = Reason::new(
    "9.3.2",
    "the partner is in PARTNER-DOWN since this server went down, and knows more",
);
const MAY_HAVE_BEEN_DECLARED_DOWN: Reason = Reason::new(
    "9.4.2",
    "the partner has lost its data, and may have been alone while this server did not serve",
);
pub(super) const OLD_STORE: Reason =
    Reason::new("5.17", "the store is an older copy: everything must be fetched");

impl Endpoint {
    /// Previous states in which contact was okay become what losing contact makes of them
    /// (§9.3.2 step 2).
    pub(super) fn resume_previous_state(&mut self) {
        self.record.state = resumed(self.config.role, self.record.state);
    }

    /// §9.3.2 step 5: communications are okay.
    ///
    /// Not by the word of a partner that takes its leave. It does not say what it was before, and may
    /// have been alone and given every address away while this server was down (H4, S4): then it is as
    /// if nobody had answered.
    pub(super) fn leave_startup(&mut self) {
        let leaves =
            |partner: PartnerState| matches!(partner.state, State::Paused | State::Shutdown);
        if self.partner.is_some_and(leaves) && self.partner_may_have_been_alone(State::Startup) {
            return;
        }
        let (state, because) = self.state_after_startup();
        self.enter(state, because);
    }

    /// §9.3.2 step 5, H5: what the previous state becomes now that the partner is heard.
    fn state_after_startup(&self) -> (State, Reason) {
        let previous = self.record.state;
        let (Some(partner), Some(skew)) =
            (self.partner, self.link.as_ref().and_then(|link| link.skew))
        else {
            return (previous, GOES_ON);
        };
        let served_before = Service::of(previous) == Service::Everybody;
        // A partner that was alone when we were alone too has as much to learn from us. Not by way of
        // PARTNER-DOWN, in which this server would serve until the partner is out of STARTUP (S4).
        if partner.state == State::PartnerDown && previous == State::PartnerDown {
            return (State::PotentialConflict, BOTH_ALONE);
        }
        if served_before && self.partner_may_have_forgotten() {
            return (State::Recover, MAY_HAVE_BEEN_DECLARED_DOWN);
        }
        if partner.state != State::PartnerDown || !served_before {
            let other_addresses = self.record.pools_digest != self.config.pools_digest;
            return match served_before && other_addresses {
                // Of addresses that came new into this relationship neither knows what the other
                // did with them: they compare before they serve (S15).
                true => (State::PotentialConflict, NEW_ADDRESSES),
                false => (previous, GOES_ON),
            };
        }
        // A conflict only if this server certainly served after that (H5). In doubt RECOVER, which
        // serves nobody before everything is exchanged and waited for; a conflict that is
        // interrupted would (§9.11.2), beside a partner that has taken over every address.
        let (_, entered) = skew.interval(partner.since, self.lease_now);
        let last_alive = self.record.alive_until.saturating_sub(super::ALIVE_HORIZON);
        // Windows does not always say since when.
        if partner.since != 0 && entered < last_alive {
            (State::PotentialConflict, BOTH_SERVED)
        } else {
            (State::Recover, WAS_DECLARED_DOWN)
        }
    }

    /// Whether the partner has lost what it did while it may have been alone (H4): it may have leased
    /// this server's own addresses, for the MCLT from now at most. Until it has waited for that, and is
    /// heard in RECOVER-DONE, this server renews what it leased itself, and gives nothing new (S1).
    pub(super) fn partner_may_have_forgotten(&self) -> bool {
        let recovers = self.partner.is_some_and(|partner| partner.state == State::Recover);
        // It may be in RECOVER with its data, because this server was alone.
        let has_data = self.record.state == State::PartnerDown
            && self.partner_hints().is_none_or(|hints| hints.ran_failover);
        let trusted = has_data || Mutant::LostPartnerTrusted.is_on();
        self.record.ran_failover && recovers && !trusted && self.partner_may_have_taken_over()
    }

    /// Whether this server has not served for so long that a partner which was told to serve alone
    /// could lease this server's own addresses (§9.4.2): the MCLT after it was told, which was not
    /// before this server stopped.
    pub(super) fn partner_may_have_taken_over(&self) -> bool {
        let stopped = self.stamp_at_start.saturating_sub(super::ALIVE_HORIZON);
        // Without power its clock may have stood still.
        self.lease_now + self.doubt_of(stopped) >= stopped + self.record.mclt.for_waits()
    }

    /// §9.3.2 step 6: nobody has answered (H4, H12).
    pub(super) fn startup_over(&mut self) {
        if self.state != State::Startup {
            return;
        }
        let previous = self.record.state;
        let (outcome, because) = alone_after_startup(previous, self.config.startup_policy);
        let has_shut_down = |partner: PartnerState| partner.state == State::Shutdown;
        let shutdown =
            rule_for(self.config.role, previous, Cause::Partner(State::Shutdown)).outcome;
        let takes_over = shutdown == Outcome::Enter(State::PartnerDown);
        match outcome {
            Outcome::Enter(_) => self.partner_down(super::commands::Order::Nobodys, because),
            // It takes over from a partner that shuts down, and as one that may have been alone.
            Outcome::Resume if takes_over && self.partner.is_some_and(has_shut_down) => {
                self.partner_down(super::commands::Order::Nobodys, because);
            }
            Outcome::Resume => self.enter(previous, because),
            _ => {}
        }
        // Not on record as serving: somebody has to bring the partner back, or say it is down.
        if Service::of(self.state) == Service::Nobody && self.state != State::RecoverWait {
            self.event(Event::Waiting { state: self.state, because });
        }
    }

    pub(super) const fn is_primary(&self) -> bool {
        matches!(self.config.role, Role::Primary)
    }
}
