//! Which events are worth waking somebody.

use crate::{Event, State};
use dhcp_failover_wire::RejectReason;

/// How much an [`Event`] matters to an operator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a log has these three levels")]
pub enum Severity {
    /// The course of things.
    Info,
    /// Look at it some time; nobody is without service.
    Warning,
    /// Page somebody: redundancy is gone, or two clients were given one address, or an operator
    /// has to decide something.
    Alarm,
}

impl Event {
    /// How much this matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            // §9.9.1 and §9.11.1 ask for an alarm; the rest is no better. A start in such a state
            // was told of when the server stopped.
            Self::State { from, to, .. } => match to {
                State::CommunicationsInterrupted if *from != State::Normal => Severity::Warning,
                State::CommunicationsInterrupted
                | State::ResolutionInterrupted
                | State::PotentialConflict
                | State::PartnerDown => Severity::Alarm,
                State::Recover if *from != State::Startup => Severity::Alarm,
                _ => Severity::Info,
            },
            Self::Refused { .. }
            | Self::Unheard { .. }
            | Self::ClientOverridden { .. }
            | Self::PoolsDiffer(_)
            | Self::UnsafeSettings(_)
            | Self::OldStore { .. }
            | Self::ValueReplaced { .. }
            | Self::PartnerFault(_)
            | Self::PartnerClockStepped { .. }
            | Self::WallClockDiffers { .. }
            | Self::ClockDoubtful { .. }
            | Self::PoolShort(_)
            | Self::ReservationDiffers { .. }
            | Self::Waiting { .. } => Severity::Alarm,
            // Both servers found out the same thing, or one was out of touch.
            Self::UpdateRejected { reason, .. } | Self::UpdateRefused { reason, .. }
                if *reason == RejectReason::OUTDATED_BINDING_INFORMATION =>
            {
                Severity::Info
            }
            Self::Disconnected { .. }
            | Self::PeerError { .. }
            | Self::PrimarysMclt { .. }
            | Self::UpdateRejected { .. }
            | Self::UpdateRefused { .. }
            | Self::CommandRefused(_) => Severity::Warning,
            _ => Severity::Info,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cause, rule_for};
    use dhcp_failover_lease::Role;

    /// §9.9.1, §9.11.1: losing contact in NORMAL and in a conflict's resolution raises an alarm.
    #[test]
    fn lost_contact_is_an_alarm() {
        let because = rule_for(Role::Primary, State::Normal, Cause::CommunicationsFailed).because;
        let event = |from, to| Event::State { from, to, because };
        let severity = |from, to| event(from, to).severity();
        assert_eq!(severity(State::Normal, State::CommunicationsInterrupted), Severity::Alarm);
        assert_eq!(
            severity(State::PotentialConflict, State::ResolutionInterrupted),
            Severity::Alarm
        );
        assert_eq!(severity(State::CommunicationsInterrupted, State::Normal), Severity::Info);
        assert_eq!(severity(State::Startup, State::Recover), Severity::Info);
    }
}
