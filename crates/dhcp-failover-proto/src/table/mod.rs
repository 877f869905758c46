//! The state machine as data (draft-12 figure 9.2-1 and the text of section 9).
//!
//! One file per state lists what every cause leads to there, where the draft says so, and why. The
//! lists are complete and without overlap: each role, state and cause finds exactly one rule, and
//! the tests of this crate prove it. `tests/it/matrix.txt` shows the whole.

mod common;
mod communications_interrupted;
mod conflict_done;
mod leaving;
mod normal;
mod partner_down;
mod potential_conflict;
mod recover;
mod recover_done;
mod recover_wait;
mod resolution_interrupted;
mod startup;

pub(crate) use startup::{alone_after_startup, resumed};

use crate::State;
use core::fmt;
use dhcp_failover_lease::Role;

/// What makes an endpoint change its state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the table answers every cause")]
pub enum Cause {
    /// Communications are okay and the partner, not starting up, is in this state; or it changed to
    /// it.
    Partner(State),
    /// Communications are okay, and the partner has the STARTUP flag: this is the state it was in
    /// before it started.
    PartnerStarting(State),
    /// Communications failed.
    CommunicationsFailed,
    /// The updates asked for are all here (UPDDONE).
    UpdatesDone,
    /// RECOVER-WAIT has lasted long enough.
    WaitOver,
    /// The safe period is over (§10).
    SafePeriodOver,
    /// The partner asks for addresses (POOLREQ, §7.6).
    PoolRequest,
    /// The operator says the partner is down.
    PartnerDownCommand,
    /// The operator has this server fetch everything anew.
    RecoverCommand,
    /// The operator is about to restart this server (§9.13).
    PauseCommand,
    /// The operator takes this server away for longer (§9.14).
    ShutdownCommand,
}

impl Cause {
    /// Every cause: each of the partner's states without and with the STARTUP flag, then the rest.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::CommunicationsFailed,
            Self::UpdatesDone,
            Self::WaitOver,
            Self::SafePeriodOver,
            Self::PoolRequest,
            Self::PartnerDownCommand,
            Self::RecoverCommand,
            Self::PauseCommand,
            Self::ShutdownCommand,
        ];
        let partner = State::ALL.into_iter().map(Self::Partner);
        partner.chain(State::ALL.into_iter().map(Self::PartnerStarting)).chain(others)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partner(state) => write!(f, "partner in {state}"),
            Self::PartnerStarting(state) => write!(f, "partner starting from {state}"),
            Self::CommunicationsFailed => f.pad("communications failed"),
            Self::UpdatesDone => f.pad("UPDDONE"),
            Self::WaitOver => f.pad("RECOVER-WAIT is over"),
            Self::SafePeriodOver => f.pad("safe period is over"),
            Self::PoolRequest => f.pad("POOLREQ"),
            Self::PartnerDownCommand => f.pad("command: partner down"),
            Self::RecoverCommand => f.pad("command: recover"),
            Self::PauseCommand => f.pad("command: pause"),
            Self::ShutdownCommand => f.pad("command: shutdown"),
        }
    }
}

/// What the cause leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the table's answers")]
pub enum Outcome {
    /// Nothing changes.
    Stay,
    /// Enter this state.
    Enter(State),
    /// Stay, and ask the partner for updates.
    RequestUpdates,
    /// Leave STARTUP for the state before it, or what §9.3.2 makes of that; then ask again.
    Resume,
    /// Stay, and start from RECOVER next time (§9.14.2).
    RecoverNextTime,
    /// The cause does not belong in this state; nothing changes. The rule says why.
    Refused,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stay => f.pad("stay"),
            Self::Enter(state) => f.pad(state.name()),
            Self::RequestUpdates => f.pad("ask for updates"),
            Self::Resume => f.pad("resume"),
            Self::RecoverNextTime => f.pad("stay, RECOVER next time"),
            Self::Refused => f.pad("refused"),
        }
    }
}

/// Why something happens or does not, in words for an operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Reason {
    /// The section of the draft, as in `"9.4.3"`; empty if the draft does not speak of it.
    pub section: &'static str,
    /// In words; without a full stop.
    pub text: &'static str,
}

impl Reason {
    pub(crate) const fn new(section: &'static str, text: &'static str) -> Self {
        Self { section, text }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.section {
            "" => f.write_str(self.text),
            section => write!(f, "{} (§{section})", self.text),
        }
    }
}

/// One line of the table: in one state, for these causes, this happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The server this holds for; `None`: both.
    pub role: Option<Role>,
    /// For any of these.
    pub causes: &'static [Cause],
    /// What happens.
    pub outcome: Outcome,
    /// Why.
    pub because: Reason,
}

impl Rule {
    const fn new(
        causes: &'static [Cause],
        outcome: Outcome,
        section: &'static str,
        text: &'static str,
    ) -> Self {
        Self { role: None, causes, outcome, because: Reason::new(section, text) }
    }

    /// The same, at the primary only.
    const fn primary(self) -> Self {
        Self { role: Some(Role::Primary), ..self }
    }

    /// The same, at the secondary only.
    const fn secondary(self) -> Self {
        Self { role: Some(Role::Secondary), ..self }
    }

    fn holds(&self, role: Role, cause: Cause) -> bool {
        self.role.is_none_or(|only| only == role) && self.causes.contains(&cause)
    }
}

/// Causes of the partner's states, as a constant slice.
macro_rules! partner_in {
    ($($state:ident),+ $(,)?) => {
        &[$($crate::table::Cause::Partner($crate::State::$state)),+]
    };
}
pub(crate) use partner_in;

/// The rules of one state, in groups that several states share.
fn groups(own: State) -> &'static [&'static [Rule]] {
    match own {
        State::Startup => startup::RULES,
        State::Normal => normal::RULES,
        State::CommunicationsInterrupted => communications_interrupted::RULES,
        State::PartnerDown => partner_down::RULES,
        State::PotentialConflict => potential_conflict::RULES,
        State::Recover => recover::RULES,
        State::Paused => leaving::PAUSED,
        State::Shutdown => leaving::SHUTDOWN,
        State::RecoverDone => recover_done::RULES,
        State::ResolutionInterrupted => resolution_interrupted::RULES,
        State::ConflictDone => conflict_done::RULES,
        State::RecoverWait => recover_wait::RULES,
    }
}

/// Every rule of one state, those shared with other states last.
pub fn rules_of(own: State) -> impl Iterator<Item = &'static Rule> {
    groups(own).iter().copied().flatten()
}

/// What is answered where no rule is; the tests show that there is no such place.
const UNLISTED: Rule = Rule::new(&[], Outcome::Refused, "", "the state machine has no rule for it");

/// The rule for a cause, with its reason.
///
/// ```
/// use dhcp_failover_proto::{Cause, Outcome, State, rule_for};
/// use dhcp_failover_proto::lease::Role;
/// let rule = rule_for(Role::Primary, State::RecoverWait, Cause::PartnerDownCommand);
/// assert_eq!(rule.outcome, Outcome::Refused);
/// assert_eq!(rule.because.section, "9.6");
/// ```
#[must_use]
pub fn rule_for(role: Role, own: State, cause: Cause) -> &'static Rule {
    rules_of(own).find(|rule| rule.holds(role, cause)).unwrap_or(&UNLISTED)
}

/// The state an endpoint of `role` in `own` goes to for `cause`.
///
/// A total function: every pair has an answer, none of a partner's states is fatal.
#[must_use]
pub fn next_state(role: Role, own: State, cause: Cause) -> Outcome {
    rule_for(role, own, cause).outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every role, state and cause has one rule, not two; and every rule says why.
    #[test]
    fn the_table_is_complete_and_without_overlap() {
        for role in [Role::Primary, Role::Secondary] {
            for own in State::ALL {
                for cause in Cause::all() {
                    let count = rules_of(own).filter(|rule| rule.holds(role, cause)).count();
                    assert_eq!(count, 1, "{role:?} in {own}: {cause}");
                    let rule = rule_for(role, own, cause);
                    assert!(rule.because.text.len() > 10, "{own}: {cause} has no reason");
                    assert!(!rule.because.text.ends_with('.'), "{own}: {cause}");
                }
            }
        }
    }
}
