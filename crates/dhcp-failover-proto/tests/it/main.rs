//! The state machine as a whole: its matrix, its graph beside the draft's, and its ways out.

mod exits;
mod figure;
mod graph;
mod matrix;
mod snapshot;

use dhcp_failover_proto::State;

/// The order of the columns and rows: as section 9 has it.
const ORDER: [(State, &str); 12] = [
    (State::Startup, "SU"),
    (State::PartnerDown, "PD"),
    (State::Recover, "R"),
    (State::RecoverWait, "RW"),
    (State::RecoverDone, "RD"),
    (State::Normal, "N"),
    (State::CommunicationsInterrupted, "CI"),
    (State::PotentialConflict, "PC"),
    (State::ResolutionInterrupted, "RI"),
    (State::ConflictDone, "CD"),
    (State::Paused, "PA"),
    (State::Shutdown, "SD"),
];

/// A short name, explained at the head of the matrix.
fn short(state: State) -> &'static str {
    ORDER.into_iter().find(|(known, _)| *known == state).map_or("?", |(_, short)| short)
}
