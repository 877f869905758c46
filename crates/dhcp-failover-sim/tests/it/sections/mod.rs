//! Sections 5.10, 7.8 to 7.12, 8 to 11 of the draft, one module per section, each test with the sentence it checks in
//! other words.

mod bndack_7_2;
mod bndupd_7_1;
mod communications_interrupted_9_9;
mod conflict_done_9_12;
mod connect_7_8;
mod connectack_7_9;
mod contact_8;
mod disconnect_7_12;
mod normal_9_8;
mod partner_down_9_4;
mod paused_9_13;
mod potential_conflict_9_10;
mod recover_9_5;
mod recover_done_9_7;
mod recover_wait_9_6;
mod resolution_interrupted_9_11;
mod safe_period_10;
mod security_11_1;
mod shutdown_9_14;
mod startup_9_3;
mod state_7_10;
mod time_5_10;
mod tls_11_2;
mod transitions_9_2;
mod updreq_7_3;

use crate::scripted::{ADDRESS, BEGIN, Scripted, config, record};
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_proto::{Command, State};

const ROLES: [Role; 2] = [Role::Primary, Role::Secondary];

/// In NORMAL with a partner in NORMAL.
fn normal(role: Role) -> Scripted {
    let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
    it.meets(State::CommunicationsInterrupted);
    it.partner(State::Normal);
    assert_eq!(it.state(), State::Normal);
    it
}

/// In contact with a partner in POTENTIAL-CONFLICT, and in that state itself.
fn conflict(role: Role) -> Scripted {
    let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
    it.meets(State::PotentialConflict);
    assert_eq!(it.state(), State::PotentialConflict);
    it
}
