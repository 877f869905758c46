//! L5: no pair of states is for ever. Both endpoints as the table has them, with restarts, lost
//! contact and orders; what only an operator can end is listed.

use crate::{ORDER, snapshot};
use dhcp_failover_proto::lease::Role;
use dhcp_failover_proto::{Cause, Outcome, State, next_state};
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write;

const ROLES: [Role; 2] = [Role::Primary, Role::Secondary];

/// Both servers, the primary first, and whether they are in contact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Pair {
    own: [State; 2],
    contact: bool,
}

/// What the table makes of a cause; requests are answered at once.
fn step(role: Role, own: State, cause: Cause) -> State {
    match next_state(role, own, cause) {
        Outcome::Enter(state) => state,
        Outcome::RequestUpdates => match next_state(role, own, Cause::UpdatesDone) {
            Outcome::Enter(state) => state,
            other => panic!("{own} asked for updates and then {other}"),
        },
        _ => own,
    }
}

/// §9.3.2 step 2, as a restart has it: the state after STARTUP when the partner is heard.
fn restarted(role: Role, own: State, previous: State) -> State {
    let before = if matches!(own, State::Paused | State::Shutdown) { previous } else { own };
    match before {
        State::ConflictDone if role == Role::Secondary => State::ResolutionInterrupted,
        State::Startup => State::Recover,
        other => step(role, other, Cause::CommunicationsFailed),
    }
}

/// What happens by itself from here: the partner is heard, a wait ends.
fn by_itself(pair: Pair) -> Vec<Pair> {
    let mut next = Vec::new();
    for (i, role) in ROLES.into_iter().enumerate() {
        let mut causes = vec![Cause::WaitOver];
        if pair.contact && pair.own[1 - i] != State::Startup {
            causes.push(Cause::Partner(pair.own[1 - i]));
        }
        for cause in causes {
            let mut to = pair;
            to.own[i] = step(role, pair.own[i], cause);
            next.push(to);
        }
        if pair.own[i] == State::Startup && pair.contact {
            // The partner is heard: the state before, for a new server RECOVER.
            let mut to = pair;
            to.own[i] = State::Recover;
            next.push(to);
        }
    }
    next.retain(|to| *to != pair);
    next
}

/// Whether NORMAL is reached whatever order things happen in, without anybody's help. A server that
/// is leaving comes back with a restart; that is not waited for here.
fn reaches_normal(start: Pair) -> Result<(), Pair> {
    let mut seen = BTreeSet::from([start]);
    let mut open = VecDeque::from([start]);
    while let Some(pair) = open.pop_front() {
        let next = by_itself(pair);
        if next.is_empty() && pair.own != [State::Normal; 2] {
            return Err(pair);
        }
        open.extend(next.into_iter().filter(|to| seen.insert(*to)));
    }
    // No going round in circles either: from everything seen, NORMAL can still be reached.
    let mut good = BTreeSet::from([[State::Normal; 2]]);
    while let Some(pair) = seen.iter().find(|it| {
        !good.contains(&it.own) && by_itself(**it).iter().any(|to| good.contains(&to.own))
    }) {
        good.insert(pair.own);
    }
    seen.into_iter().find(|pair| !good.contains(&pair.own)).map_or(Ok(()), Err)
}

fn leaving(state: State) -> bool {
    matches!(state, State::Paused | State::Shutdown)
}

/// With communications okay, every pair of states ends in NORMAL by itself, in whatever order the
/// two react; a pair in which one is leaving does when that one is started again, whatever it was
/// before.
#[test]
fn l5_every_pair_in_contact_reaches_normal_by_itself() {
    let mut pairs = 0;
    for (primary, _) in ORDER {
        for (secondary, _) in ORDER {
            for previous in State::ALL {
                if leaving(previous) {
                    continue;
                }
                let again = |i: usize, own: State| match leaving(own) {
                    true => restarted(ROLES[i], own, previous),
                    false => own,
                };
                let own = [again(0, primary), again(1, secondary)];
                if own[1] == State::ConflictDone {
                    continue; // "A secondary server should never enter" it (§9.12.1)
                }
                let start = Pair { own, contact: true };
                if let Err(stuck) = reaches_normal(start) {
                    panic!("{primary} / {secondary}, before {previous}: stuck in {stuck:?}");
                }
                pairs += 1;
            }
        }
    }
    assert!(pairs > 1_000, "{pairs}");
}

/// Contact is lost in any pair of states, and comes back; or either server restarts.
#[test]
fn l5_losing_contact_or_restarting_anywhere_still_leads_to_normal() {
    for (primary, _) in ORDER {
        for (secondary, _) in ORDER {
            if secondary == State::ConflictDone || leaving(primary) || leaving(secondary) {
                continue;
            }
            let lost = [
                step(Role::Primary, primary, Cause::CommunicationsFailed),
                step(Role::Secondary, secondary, Cause::CommunicationsFailed),
            ];
            let ends = [
                lost,
                [restarted(Role::Primary, primary, primary), lost[1]],
                [lost[0], restarted(Role::Secondary, secondary, secondary)],
                [
                    restarted(Role::Primary, primary, primary),
                    restarted(Role::Secondary, secondary, secondary),
                ],
            ];
            for own in ends {
                let start = Pair { own, contact: true };
                assert_eq!(reaches_normal(start), Ok(()), "{primary} / {secondary}");
            }
        }
    }
}

/// Without contact nothing is decided; what serves nobody then waits for the partner or an
/// operator, and the order to serve alone is refused only where its reason passes by itself.
#[test]
fn l5_what_needs_an_operator_without_contact_is_listed() {
    let mut text = String::from(
        "Without a partner: what each state does, and what an operator can order.\n\n",
    );
    for (own, _) in ORDER {
        let service = dhcp_failover_proto::Service::of(own);
        let _ = write!(text, "{own}: serves {service:?}; ");
        let alone = step(Role::Primary, own, Cause::CommunicationsFailed);
        let waited = step(Role::Primary, own, Cause::WaitOver);
        let order = next_state(Role::Primary, own, Cause::PartnerDownCommand);
        let _ = match (own, order) {
            (State::Startup, _) => writeln!(text, "ends after the startup time, see StartupPolicy"),
            _ if alone != own => writeln!(text, "becomes {alone}"),
            _ if waited != own => writeln!(text, "becomes {waited} when its time is over"),
            (_, Outcome::Enter(to)) => writeln!(text, "partner-down leads to {to}"),
            (_, Outcome::Stay) => writeln!(text, "serves alone already"),
            _ => writeln!(text, "ends with a restart of this server"),
        };
    }
    snapshot::check("alone.txt", &text);
}

/// No value of a partner's state, with or without the flag, is fatal: it never makes a server leave
/// service for good (isc-S07).
#[test]
fn s07_no_state_of_a_partner_shuts_this_server_down() {
    for role in ROLES {
        for own in State::ALL {
            for cause in Cause::all() {
                let ordered = matches!(cause, Cause::PauseCommand | Cause::ShutdownCommand);
                if let Outcome::Enter(to) = next_state(role, own, cause) {
                    assert!(ordered || !leaving(to), "{role} in {own}: {cause} -> {to}");
                    assert_ne!(to, State::Startup, "{role} in {own}: {cause}");
                    assert_ne!(to, own, "{role} in {own}: {cause}");
                }
            }
        }
    }
}

/// isc-S06: a partner that recovers is no reason to take it for down; PARTNER-DOWN follows only from
/// an order, the safe period, or the partner's own SHUTDOWN.
#[test]
fn s06_partner_down_has_three_reasons_only() {
    for role in ROLES {
        for own in State::ALL {
            for cause in Cause::all() {
                if next_state(role, own, cause) == Outcome::Enter(State::PartnerDown) {
                    assert!(
                        matches!(
                            cause,
                            Cause::PartnerDownCommand
                                | Cause::SafePeriodOver
                                | Cause::Partner(State::Shutdown)
                        ),
                        "{role} in {own}: {cause}"
                    );
                }
            }
        }
    }
}
