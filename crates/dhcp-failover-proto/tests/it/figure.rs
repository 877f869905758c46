//! The edges of the draft's figure 9.2-1, one by one: where we have each, or why not.

use crate::snapshot;
use dhcp_failover_proto::lease::Role;
use dhcp_failover_proto::{Cause, Outcome, State, rule_for};
use std::fmt::Write;

use Cause::{CommunicationsFailed, PartnerDownCommand, SafePeriodOver, UpdatesDone, WaitOver};
use Outcome::{Enter, RequestUpdates, Stay};
use State::{
    CommunicationsInterrupted as CommInt, ConflictDone, Normal, PartnerDown, Paused,
    PotentialConflict, Recover, RecoverDone, RecoverWait, ResolutionInterrupted, Shutdown,
};

/// One arrow of the figure.
struct Edge {
    from: State,
    /// As the figure says it.
    when: &'static str,
    to: &'static str,
    causes: Vec<Cause>,
    ours: Outcome,
    /// Of one role only.
    role: Option<Role>,
    /// If ours is another: why.
    instead: &'static str,
}

fn edge(from: State, when: &'static str, to: State, causes: &[Cause]) -> Edge {
    let (to, ours) = (to.name(), Enter(to));
    Edge { from, when, to, causes: causes.to_vec(), ours, role: None, instead: "" }
}

fn waits(from: State, when: &'static str, causes: &[Cause], instead: &'static str) -> Edge {
    let causes = causes.to_vec();
    Edge { from, when, to: "itself", causes, ours: Stay, role: None, instead }
}

fn partner(states: &[State]) -> Vec<Cause> {
    states.iter().copied().map(Cause::Partner).collect()
}

fn all_but(states: &[State]) -> Vec<Cause> {
    let others = State::ALL.into_iter().filter(|it| *it != State::Startup);
    others.filter(|it| !states.contains(it)).map(Cause::Partner).collect()
}

fn edges() -> Vec<Edge> {
    let conflict = [PotentialConflict, ResolutionInterrupted, ConflictDone];
    let primary = |edge: Edge| Edge { role: Some(Role::Primary), ..edge };
    let secondary = |edge: Edge| Edge { role: Some(Role::Secondary), ..edge };
    vec![
        edge(Recover, "comm. ok, other in a conflict", PotentialConflict, &partner(&conflict)),
        Edge {
            ours: RequestUpdates,
            ..waits(Recover, "comm. ok, all others: UPDREQ(ALL)", &all_but(&conflict), "")
        },
        edge(Recover, "UPDDONE received", RecoverWait, &[UpdatesDone]),
        edge(RecoverWait, "MCLT waited", RecoverDone, &[WaitOver]),
        waits(RecoverDone, "comm. changed", &[CommunicationsFailed], ""),
        edge(RecoverDone, "other in POTENTIAL-CONFLICT", PotentialConflict, &partner(&conflict)),
        edge(
            RecoverDone,
            "other in NORMAL or RECOVER-DONE",
            Normal,
            &partner(&[Normal, RecoverDone]),
        ),
        Edge {
            to: "COMMUNICATIONS-INTERRUPTED",
            ..waits(
                RecoverDone,
                "other in RECOVER or RECOVER-WAIT",
                &partner(&[Recover, RecoverWait]),
                "the text has no such transition, and it counts (§9): both wait and go to NORMAL \
                 together",
            )
        },
        waits(PartnerDown, "comm. ok, other recovers", &partner(&[Recover, RecoverWait]), ""),
        edge(PartnerDown, "other in RECOVER-DONE", Normal, &partner(&[RecoverDone])),
        edge(
            PartnerDown,
            "comm. ok, all others",
            PotentialConflict,
            &all_but(&[Recover, RecoverWait, RecoverDone, Paused, Shutdown]),
        ),
        edge(PotentialConflict, "comm. failed", ResolutionInterrupted, &[CommunicationsFailed]),
        primary(edge(PotentialConflict, "primary resolved", ConflictDone, &[UpdatesDone])),
        secondary(edge(PotentialConflict, "secondary resolved", Normal, &[UpdatesDone])),
        edge(ResolutionInterrupted, "comm. ok", PotentialConflict, &all_but(&[Paused, Shutdown])),
        edge(ResolutionInterrupted, "external command", PartnerDown, &[PartnerDownCommand]),
        waits(ConflictDone, "comm. changed", &[CommunicationsFailed], ""),
        edge(ConflictDone, "other in NORMAL", Normal, &partner(&[Normal])),
        edge(Normal, "comm. failed", CommInt, &[CommunicationsFailed]),
        edge(Normal, "other in PAUSED", CommInt, &partner(&[Paused])),
        edge(Normal, "external command", PartnerDown, &[PartnerDownCommand]),
        edge(Normal, "other in SHUTDOWN", PartnerDown, &partner(&[Shutdown])),
        edge(CommInt, "comm. ok, other NORMAL or COMM. INT.", Normal, &partner(&[Normal, CommInt])),
        waits(CommInt, "comm. ok, other in RECOVER", &partner(&[Recover]), ""),
        edge(CommInt, "other in RECOVER-DONE", Normal, &partner(&[RecoverDone])),
        edge(
            CommInt,
            "comm. ok, all others",
            PotentialConflict,
            &all_but(&[Normal, CommInt, Recover, RecoverWait, RecoverDone, Paused, Shutdown]),
        ),
        edge(CommInt, "external command", PartnerDown, &[PartnerDownCommand]),
        edge(CommInt, "safe period expired", PartnerDown, &[SafePeriodOver]),
    ]
}

#[test]
fn every_edge_of_figure_9_2_1_is_accounted_for() {
    let mut text = String::from(
        "Figure 9.2-1 of the draft, edge by edge, and what our table does there.\n\
         STARTUP's edge (to the state before) is not a line of the table.\n\n",
    );
    for edge in edges() {
        let roles = edge.role.map_or(vec![Role::Primary, Role::Secondary], |role| vec![role]);
        let mut sections = Vec::new();
        for role in roles {
            for cause in &edge.causes {
                let rule = rule_for(role, edge.from, *cause);
                assert_eq!(rule.outcome, edge.ours, "{role} in {}: {cause}", edge.from);
                if !sections.contains(&rule.because.section) {
                    sections.push(rule.because.section);
                }
            }
        }
        let _ = writeln!(text, "{}: {} -> {}", edge.from, edge.when, edge.to);
        let ours = match edge.instead {
            "" => format!("as drawn (§{})", sections.join(", §")),
            why => format!("not so: {why}"),
        };
        let _ = writeln!(text, "    {ours}");
    }
    snapshot::check("figure_9_2_1.txt", &text);
}

/// The other way round: what our table has and the figure has not, is in the text or a repair.
#[test]
fn every_edge_beyond_the_figure_is_known() {
    let drawn = edges();
    let mut text = String::from("Edges of our table that figure 9.2-1 does not draw.\n\n");
    for from in State::ALL {
        for role in [Role::Primary, Role::Secondary] {
            for cause in Cause::all() {
                let rule = rule_for(role, from, cause);
                let known = drawn.iter().any(|edge| {
                    edge.from == from
                        && edge.causes.contains(&cause)
                        && edge.role.is_none_or(|only| only == role)
                });
                let Enter(to) = rule.outcome else { continue };
                if known || matches!(to, Paused | Shutdown) {
                    continue;
                }
                let line = format!("{from} -> {to}: {cause}\n    {}\n", rule.because);
                if !text.contains(&line) {
                    text.push_str(&line);
                }
            }
        }
    }
    snapshot::check("beyond_figure_9_2_1.txt", &text);
}
