//! What it keeps in its lease file.

use dhcp_failover_lease::Client;
use dhcp_failover_wire::{BindingStatus, ServerState};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// One lease. Times in seconds since 1970 on its own clock, 0 for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) status: BindingStatus,
    /// What the partner knows, or may know.
    pub(crate) rewind: BindingStatus,
    pub(crate) client: Option<Client>,
    pub(crate) starts: u64,
    pub(crate) ends: u64,
    /// The potential expiry last told.
    pub(crate) told: u64,
    /// The one in force, from the partner: received or acknowledged, the latest wins (isc-L12).
    pub(crate) from_partner: u64,
    /// The same, and 0 while the partner has to be told.
    pub(crate) acknowledged: u64,
    /// When the client was last heard *here*.
    pub(crate) heard: u64,
}

impl Lease {
    const fn unused() -> Self {
        Self {
            status: BindingStatus::FREE,
            rewind: BindingStatus::FREE,
            client: None,
            starts: 0,
            ends: 0,
            told: 0,
            from_partner: 0,
            acknowledged: 0,
            heard: 0,
        }
    }

    pub(crate) const fn needs_sending(&self) -> bool {
        self.told > self.acknowledged
    }

    /// Over, and the partner has not agreed yet.
    pub(crate) fn is_over(&self) -> bool {
        use BindingStatus as B;
        [B::EXPIRED, B::RELEASED, B::RESET].contains(&self.status)
    }

    pub(crate) fn is_of(&self, who: &Client) -> bool {
        self.client.as_ref().is_some_and(|client| client.is_same(who))
    }
}

/// A lease file.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) leases: BTreeMap<Ipv4Addr, Lease>,
    pub(crate) state: ServerState,
    /// Since when, in seconds.
    pub(crate) since: u64,
    /// The partner's state, as last heard, ever.
    pub(crate) partner: ServerState,
    /// A secondary's comes from its partner.
    pub(crate) mclt_s: u64,
}

impl Image {
    pub(crate) fn new(pool: &[Ipv4Addr]) -> Self {
        Self {
            leases: pool.iter().map(|address| (*address, Lease::unused())).collect(),
            state: ServerState::default(),
            since: 0,
            partner: ServerState::default(),
            mclt_s: 0,
        }
    }
}
