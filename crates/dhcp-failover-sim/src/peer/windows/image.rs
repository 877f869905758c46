//! What it keeps in its database.

use dhcp_failover_lease::{Client, Role};
use dhcp_failover_wire::{BindingStatus as B, ServerState};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A scope: a subnet, and the addresses of it that are given to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built field by field")]
pub struct Scope {
    /// The address of the subnet.
    pub id: Ipv4Addr,
    /// Its mask.
    pub mask: Ipv4Addr,
    /// What is given to clients.
    pub addresses: Vec<Ipv4Addr>,
}

/// One address. Times in seconds since 1970 on its own clock, 0 for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// FREE and BACKUP say whose the available address is, as in the draft.
    pub(crate) status: B,
    /// Who has it, or had it last.
    pub(crate) client: Option<Client>,
    pub(crate) ends: u64,
    /// The potential expiry last told.
    pub(super) told: u64,
    /// That of the partner's acknowledgements and updates.
    pub(super) from_partner: u64,
    /// When its client was last heard.
    pub(super) heard: u64,
    /// When it took on its status: only a lease that is new tells it, as captured.
    pub(super) began: u64,
    /// The partner is to be told.
    pub(super) is_news: bool,
    /// The primary wants it back and has no answer yet.
    pub(super) reclaimed: bool,
    /// Counts the changes.
    pub(super) version: u64,
}

impl Lease {
    pub(super) const fn unused() -> Self {
        Self {
            status: B::FREE,
            client: None,
            ends: 0,
            told: 0,
            from_partner: 0,
            heard: 0,
            began: 0,
            is_news: false,
            reclaimed: false,
            version: 0,
        }
    }

    pub(super) fn is_free(&self) -> bool {
        [B::FREE, B::BACKUP].contains(&self.status)
    }

    /// FREE and BACKUP say whose the available address is, as in the draft.
    #[must_use]
    pub fn status(&self) -> B {
        self.status
    }

    /// Over, and the partner has not agreed yet.
    pub(crate) fn is_over(&self) -> bool {
        [B::EXPIRED, B::RELEASED].contains(&self.status)
    }

    /// win-7: a client is known by its hardware address.
    pub(crate) fn is_of(&self, who: &Client) -> bool {
        self.client.as_ref().is_some_and(|client| client.hardware() == who.hardware())
    }

    pub(super) fn becomes(&mut self, status: B) {
        self.status = status;
        self.reclaimed = false;
        self.version += 1;
    }
}

/// Whose an available address is.
pub(super) const fn free_of(role: Role) -> B {
    match role {
        Role::Primary => B::FREE,
        Role::Secondary => B::BACKUP,
    }
}

/// A database.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) leases: BTreeMap<Ipv4Addr, Lease>,
    /// `None` is INIT: this relationship was never at work.
    pub(super) state: Option<ServerState>,
    /// Since when, in seconds.
    pub(super) since: u64,
    /// An operator has restored the database: everything is to be fetched (win-16).
    pub(super) is_restored: bool,
    /// It was in NORMAL once.
    pub(super) has_worked: bool,
}

impl Image {
    pub(super) fn new(scopes: &[Scope]) -> Self {
        let mut image = Self {
            leases: BTreeMap::new(),
            state: None,
            since: 0,
            is_restored: false,
            has_worked: false,
        };
        scopes.iter().for_each(|scope| image.add(scope));
        image
    }

    pub(super) fn add(&mut self, scope: &Scope) {
        for address in &scope.addresses {
            self.leases.entry(*address).or_insert_with(Lease::unused);
        }
    }
}
