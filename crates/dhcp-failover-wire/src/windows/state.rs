//! Server states by the numbers of FSM_STATE.

use super::{Settings, StateNumbers};
use crate::ServerState;

/// FSM_STATE numbers beside the draft's. NO_STATE is 0 in both; INIT, which the draft does not
/// have, takes 12, which the draft leaves free. What then remains is paired so that every byte has
/// its own counterpart and nothing a peer says is lost.
const NUMBERS: [(u8, ServerState); 15] = [
    (1, INIT),
    (2, ServerState::STARTUP),
    (3, ServerState::NORMAL),
    (4, ServerState::COMMUNICATIONS_INTERRUPTED),
    (5, ServerState::PARTNER_DOWN),
    (6, ServerState::POTENTIAL_CONFLICT),
    (7, ServerState::CONFLICT_DONE),
    (8, ServerState::RESOLUTION_INTERRUPTED),
    (9, ServerState::RECOVER),
    (10, ServerState::RECOVER_WAIT),
    (11, ServerState::RECOVER_DONE),
    (12, ServerState::PAUSED),
    (13, ServerState::SHUTDOWN),
    (254, ServerState(13)),
    (0, ServerState(0)),
];

/// INIT of FSM_STATE, a server before its first state, by a number that the draft leaves free.
pub const INIT: ServerState = ServerState(12);

impl Settings {
    /// The draft's number for a state Windows sent.
    ///
    /// ```
    /// use dhcp_failover_wire::{ServerState, windows::Settings};
    ///
    /// assert_eq!(Settings::DEFAULT.server_state(9), ServerState::RECOVER);
    /// ```
    #[must_use]
    pub fn server_state(self, number: u8) -> ServerState {
        let listed = match self.state_numbers {
            StateNumbers::FsmState => NUMBERS.iter().find(|(fsm, _)| *fsm == number),
            StateNumbers::Draft => None,
        };
        listed.map_or(ServerState(number), |(_, state)| *state)
    }

    /// The number Windows has for a state: the inverse of [`server_state`](Self::server_state).
    #[must_use]
    pub fn state_number(self, state: ServerState) -> u8 {
        let listed = match self.state_numbers {
            StateNumbers::FsmState => NUMBERS.iter().find(|(_, draft)| *draft == state),
            StateNumbers::Draft => None,
        };
        listed.map_or(state.0, |(fsm, _)| *fsm)
    }
}
