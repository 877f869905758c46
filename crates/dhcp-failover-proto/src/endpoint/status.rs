//! What an operator wants to see.

use super::Endpoint;
use crate::{Monotonic, Quarantine, State, Stats};
use alloc::string::String;
use dhcp_failover_lease::{LeaseInstant, LeaseSpan, Role};

/// What an operator wants to see of an endpoint.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Status {
    /// relationship-name.
    pub name: String,
    /// This server's role.
    pub role: Role,
    /// Its state.
    pub state: State,
    /// When it entered that state; for STARTUP, the state before.
    pub state_since: LeaseInstant,
    /// The partner's state as last heard, possibly long ago.
    pub partner_state: Option<State>,
    /// Whether communications are okay (§8.3).
    pub connected: bool,
    /// When a message of the partner's was last read; absent: not since this endpoint was made.
    pub last_heard: Option<Monotonic>,
    /// How many seconds, at least and at most, have to be added to the partner's times to make them
    /// this server's (§5.10); absent while there is no link.
    pub skew_s: Option<(i64, i64)>,
    /// Bindings the partner must still be told of, or has not answered, as far as this server has
    /// looked through them: it looks ahead of what it sends by some thousand only. At least 1 while
    /// it has not looked at all of them.
    pub pending: usize,
    /// Bindings the partner refused; see [`Endpoint::disputes`].
    pub disputed: usize,
    /// Messages and confirmations that wait for stable storage.
    pub held: usize,
    /// The maximum client lead time in force.
    pub mclt: LeaseSpan,
    /// Pools that are not the same at both servers.
    pub quarantine: Quarantine,
}

impl Endpoint {
    /// The state, without the rest of [`status`](Self::status).
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// For operators.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            name: self.config.name.clone(),
            role: self.config.role,
            state: self.state,
            state_since: self.record.state_since,
            partner_state: self.partner.map(|partner| partner.state).or(self.record.partner_state),
            connected: self.is_connected(),
            last_heard: self.last_heard,
            skew_s: self.link.as_ref().and_then(|link| link.skew).map(|skew| skew.bounds_s()),
            pending: self.updates.pending(),
            disputed: self.updates.disputed(),
            held: self.gate.held(),
            mclt: self.record.mclt.agreed(),
            quarantine: self.quarantine,
        }
    }

    /// What it has done since it was made.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }
}
