//! What happened to a pair, counted while it runs.

use crate::{Host, Pair};
use dhcp_failover_proto::State;
use std::fmt;

/// What a server does: down, or in one of the twelve states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing(pub Option<State>);

impl Standing {
    /// All thirteen.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self(None)].into_iter().chain(State::ALL.into_iter().map(|state| Self(Some(state))))
    }

    fn index(self) -> usize {
        self.0.map_or(0, |state| state as usize + 1)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.map_or("down", State::name))
    }
}

/// Counters of one pair.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Inputs fed to the endpoints, and other things that happened to clients, network and disks.
    pub(crate) events: u64,
    seen: [[bool; 13]; 13],
}

impl Pair {
    /// To be called whenever a state may have changed.
    pub(crate) fn note_states(&mut self) {
        let [a, b] = Host::BOTH.map(|host| Standing(self.state(host)).index());
        self.tally.seen[a][b] = true;
    }

    /// How many events there were: an input fed to an endpoint is one, and so is anything else that
    /// happens to a client, the network or a disk.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.tally.events
    }

    /// The pairs of states that were seen, A first.
    pub fn standings_seen(&self) -> impl Iterator<Item = (Standing, Standing)> {
        Standing::all()
            .flat_map(|a| Standing::all().map(move |b| (a, b)))
            .filter(|(a, b)| self.tally.seen[a.index()][b.index()])
    }
}
