//! The whole table, written out.

use crate::{ORDER, short, snapshot};
use dhcp_failover_proto::lease::Role;
use dhcp_failover_proto::{Cause, Outcome, State, next_state, rules_of};
use std::fmt::Write;

const EVENTS: [(Cause, &str); 9] = [
    (Cause::CommunicationsFailed, "lost"),
    (Cause::UpdatesDone, "UPDDONE"),
    (Cause::WaitOver, "waited"),
    (Cause::SafePeriodOver, "safe"),
    (Cause::PoolRequest, "POOLREQ"),
    (Cause::PartnerDownCommand, "down!"),
    (Cause::RecoverCommand, "fetch!"),
    (Cause::PauseCommand, "pause!"),
    (Cause::ShutdownCommand, "shut!"),
];

const HEAD: &str = "\
The state machine of one endpoint. Rows: this server's state. Generated from src/table/.

 SU STARTUP       PD PARTNER-DOWN   R  RECOVER        RW RECOVER-WAIT
 RD RECOVER-DONE  N  NORMAL         CI COMMUNICATIONS-INTERRUPTED
 PC POTENTIAL-CONFLICT              RI RESOLUTION-INTERRUPTED
 CD CONFLICT-DONE PA PAUSED         SD SHUTDOWN
 .  stays         ask  asks for updates              -  refused, with a reason
 res  takes the state before STARTUP again           .R  stays, starts from RECOVER next time
";

fn cell(role: Role, own: State, cause: Cause) -> &'static str {
    match next_state(role, own, cause) {
        Outcome::Stay => ".",
        Outcome::Enter(state) => short(state),
        Outcome::RequestUpdates => "ask",
        Outcome::Resume => "res",
        Outcome::RecoverNextTime => ".R",
        Outcome::Refused => "-",
    }
}

/// What differs between the roles is shown as `primary/secondary`.
fn both(own: State, cause: Cause) -> String {
    let primary = cell(Role::Primary, own, cause);
    let secondary = cell(Role::Secondary, own, cause);
    if primary == secondary { primary.to_owned() } else { format!("{primary}/{secondary}") }
}

fn table(text: &mut String, title: &str, columns: &[(Cause, &str)]) {
    let names: String = columns.iter().map(|(_, name)| format!("{name:<8}")).collect();
    let _ = write!(text, "\n{title}\n\n     {}", names.trim_end());
    for (own, name) in ORDER {
        let row: String =
            columns.iter().map(|(cause, _)| format!("{:<8}", both(own, *cause))).collect();
        let _ = write!(text, "\n {name:<4}{}", row.trim_end());
    }
    text.push('\n');
}

fn reasons(text: &mut String) {
    text.push_str("\nWhy\n");
    for (own, _) in ORDER {
        let _ = write!(text, "\n{own}\n");
        for rule in rules_of(own) {
            let role = rule.role.map_or(String::new(), |role| format!("{role}: "));
            let mut causes: Vec<String> = rule.causes.iter().map(Cause::to_string).collect();
            if causes.len() == State::ALL.len() {
                let starting = matches!(rule.causes[0], Cause::PartnerStarting(_));
                causes = vec![format!("partner {}", if starting { "starting" } else { "in any" })];
            }
            let _ = writeln!(
                text,
                "  {role}{}\n    -> {}: {}",
                causes.join(", "),
                rule.outcome,
                rule.because
            );
        }
    }
}

#[test]
fn the_matrix_is_as_shown() {
    let mut text = HEAD.to_owned();
    let partner: Vec<_> = ORDER.map(|(state, name)| (Cause::Partner(state), name)).to_vec();
    table(&mut text, "Communications are okay, and the partner is in", &partner);
    let starting: Vec<_> =
        ORDER.map(|(state, name)| (Cause::PartnerStarting(state), name)).to_vec();
    table(&mut text, "The same, and the partner has the STARTUP flag", &starting);
    table(&mut text, "Other events, and orders (!)", &EVENTS);
    reasons(&mut text);
    snapshot::check("matrix.txt", &text);
}

/// Nothing is left out: the columns above are all causes there are.
#[test]
fn the_matrix_has_a_column_for_every_cause() {
    let shown = |cause| match cause {
        Cause::Partner(state) | Cause::PartnerStarting(state) => {
            ORDER.iter().any(|(known, _)| *known == state)
        }
        other => EVENTS.iter().any(|(known, _)| *known == other),
    };
    assert!(Cause::all().all(shown));
    assert_eq!(Cause::all().count(), 2 * ORDER.len() + EVENTS.len());
}

/// S7 and L5 at once: every refusal and every reason is a sentence somebody can act on.
#[test]
fn every_reason_names_a_section_that_exists() {
    for (own, _) in ORDER {
        for rule in rules_of(own) {
            let section = rule.because.section;
            let chapter = section.split('.').next().and_then(|it| it.parse::<u8>().ok());
            assert!(matches!(chapter, Some(5 | 7 | 9 | 10)), "{own}: {section:?}");
            assert!(!rule.because.text.contains("  "), "{own}: {}", rule.because);
        }
    }
}
