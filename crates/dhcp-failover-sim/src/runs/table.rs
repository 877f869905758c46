//! Which two states the servers can be in at one time.

use crate::Regime;
use crate::tally::Standing;
use dhcp_failover_proto::State;

/// Whether two states can be together, in true time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legal {
    /// They can.
    Always,
    /// Only if an operator said what was not true, or both servers lost their data; a dhcpd goes alone
    /// without being told to (isc-S06, isc-S10).
    Unsafe(&'static str),
    /// Never, and why.
    Never(&'static str),
}

impl Legal {
    /// Whether a storm of this regime may show it.
    #[must_use]
    pub const fn allowed_in(self, regime: Regime) -> bool {
        match self {
            // There is only one server of which anything is known.
            _ if matches!(regime, Regime::Hostile) => false,
            Self::Always => true,
            Self::Unsafe(_) => !matches!(regime, Regime::Honest),
            Self::Never(_) => false,
        }
    }
}

/// The states of the primary and of the secondary, and what is true of them.
///
/// A partition, a crash or a frozen process makes one server miss whatever the other does, so that most
/// pairs can be; these cannot, or only if somebody was not honest. A conflict needs nobody's lie: when
/// the addresses of one server were changed while it was away, both compare all they have (S15).
#[must_use]
pub fn legality(primary: Standing, secondary: Standing) -> Legal {
    use State::{CommunicationsInterrupted, ConflictDone, Normal, PartnerDown, RecoverWait};
    let serving = [Normal, CommunicationsInterrupted, PartnerDown];
    match (primary.0, secondary.0) {
        (_, Some(ConflictDone)) => {
            Legal::Never("only a primary has the changes of the other first (§9.12)")
        }
        (Some(PartnerDown), Some(other)) | (Some(other), Some(PartnerDown))
            if serving.contains(&other) =>
        {
            Legal::Unsafe(
                "one whose partner was truly called down recovers before it serves (§9.5)",
            )
        }
        (Some(Normal), Some(RecoverWait)) | (Some(RecoverWait), Some(Normal)) => Legal::Unsafe(
            "its partner has left NORMAL before it answers a server in RECOVER, and returns to it \
             after RECOVER-WAIT only: an old copy of a disk, which knows nothing of that, must \
             come back",
        ),
        _ => Legal::Always,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(is: fn(&Legal) -> bool) -> usize {
        let all = Standing::all().flat_map(|a| Standing::all().map(move |b| legality(a, b)));
        all.filter(is).count()
    }

    /// Nobody moves a pair from one kind to another without being seen.
    #[test]
    fn the_table_has_169_pairs() {
        let never = count(|it| matches!(it, Legal::Never(_)));
        let unsafe_only = count(|it| matches!(it, Legal::Unsafe(_)));
        let always = count(|it| matches!(it, Legal::Always));
        // A column; PARTNER-DOWN with three that serve, either way, itself once; NORMAL with
        // RECOVER-WAIT, either way.
        assert_eq!((never, unsafe_only, always), (13, 7, 149));
    }

    #[test]
    fn only_dishonesty_lets_a_server_serve_whose_partner_has_taken_over() {
        let [normal, alone] = [State::Normal, State::PartnerDown].map(|it| Standing(Some(it)));
        for pair in [(normal, alone), (alone, normal), (alone, alone)] {
            let legal = legality(pair.0, pair.1);
            assert!(!legal.allowed_in(Regime::Honest) && legal.allowed_in(Regime::Unsafe));
        }
        assert_eq!(legality(alone, Standing(None)), Legal::Always);
        let done = Standing(Some(State::ConflictDone));
        assert!(!legality(normal, done).allowed_in(Regime::Unsafe));
        assert!(legality(done, normal).allowed_in(Regime::Unsafe));
    }
}
