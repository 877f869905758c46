//! One address and everything failover remembers about it.

use crate::{BindingStatus, Client, Knowledge, LeaseInstant, Mutant};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// The times of draft-12 §7.1.5. [`LeaseInstant::ZERO`] means "none yet".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Expiries {
    /// lease-expiration-time: when the lease this server knows of ends for the client; if the
    /// partner gave it, at its *earliest* possible meaning on this server's clock, so that telling
    /// it back and forth cannot make it creep. For an ABANDONED address, when it may be tried
    /// again.
    pub lease: LeaseInstant,
    /// The latest possible meaning of a lease-expiration-time taken from the partner.
    pub lease_latest: LeaseInstant,
    /// sent-potential-expiration-time: the latest told to the partner, answered or not.
    pub sent_potential: LeaseInstant,
    /// acked-potential-expiration-time: the latest the partner has acknowledged.
    pub acked_potential: LeaseInstant,
    /// received-potential-expiration-time: the latest taken from the partner, at its *earliest*
    /// possible meaning on this server's clock. Grants count on it.
    pub received_potential: LeaseInstant,
    /// The same at its *latest* possible meaning. Waits count on it.
    pub received_potential_latest: LeaseInstant,
}

impl Expiries {
    /// The time up to which the partner is known to protect this client's lease: the later of the
    /// acknowledged and the received potential expiry. Grants may go the MCLT beyond it (H1).
    #[must_use]
    pub const fn partner_known(&self) -> LeaseInstant {
        self.acked_potential.later(self.received_potential)
    }

    /// The latest of all: nothing either server promised on this binding ends later than the MCLT
    /// beyond it (§7.1.5, §9.4.2).
    #[must_use]
    pub fn latest(&self) -> LeaseInstant {
        self.lease
            .max(self.lease_latest)
            .max(self.sent_potential)
            .max(self.acked_potential)
            .max(self.received_potential_latest)
            .max(self.received_potential)
    }
}

/// Marks of a binding beside its status (draft-12 §12.12).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BindingFlags {
    /// The address is reserved for one client (§5.13).
    pub reserved: bool,
    /// The lease was given to a BOOTP client (§5.14).
    pub bootp: bool,
}

/// One address: status, client, times, and what the partner knows of them.
///
/// A plain value. The endpoint makes new ones and asks for them to be stored; the embedder keeps
/// them and hands them back.
///
/// ```
/// use dhcp_failover_lease::{Binding, BindingStatus};
/// let unused = Binding::unused([192, 0, 2, 1].into());
/// assert_eq!(unused.status, BindingStatus::Free);
/// assert!(unused.is_unused());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Binding {
    /// The address.
    pub address: Ipv4Addr,
    /// Its status.
    pub status: BindingStatus,
    /// The client that holds it, or the last one that did.
    pub client: Option<Client>,
    /// The expiration times.
    pub expiries: Expiries,
    /// start-time-of-state: when the address took on `status`.
    pub start_of_state: LeaseInstant,
    /// client-last-transaction-time: when a server last heard from the client.
    pub last_transaction: Option<LeaseInstant>,
    /// Reserved and BOOTP marks.
    pub flags: BindingFlags,
    /// Counts the changes this server made or accepted. A grant decided on an older version is
    /// refused.
    pub version: u64,
    /// What the partner knows.
    pub knowledge: Knowledge,
    /// client-request-options, opaque (§12.8): what is known of the client's requests, here or at the
    /// partner. Empty if nothing was ever said; kept until the address goes to another client.
    pub request_options: Vec<u8>,
    /// client-reply-options, opaque (§12.7), in the same way.
    pub reply_options: Vec<u8>,
    /// DDNS, opaque (§12.9): two bytes of flags and the client's domain name; how far its DNS records
    /// are. In the same way, so that also the server that ends the lease knows what to delete
    /// (§5.12.4).
    pub ddns: Vec<u8>,
}

impl Binding {
    /// The expiries that a grant to `client` may count on: those of the binding if it is the
    /// client's own at present, else none (S2).
    #[must_use]
    pub fn expiries_for(&self, client: &Client) -> Expiries {
        let present =
            self.is_for(client) && !self.status.is_available() || Mutant::OldExpiriesKept.is_on();
        let mut expiries = if present { self.expiries } else { Expiries::default() };
        if Mutant::LeadTimeFromOwnExpiry.is_on() {
            expiries.acked_potential = expiries.acked_potential.max(expiries.lease);
        }
        expiries
    }

    /// An address that no client ever had: FREE, and both servers know it (§5.16).
    #[must_use]
    pub fn unused(address: Ipv4Addr) -> Self {
        Self {
            address,
            status: BindingStatus::Free,
            client: None,
            expiries: Expiries::default(),
            start_of_state: LeaseInstant::ZERO,
            last_transaction: None,
            flags: BindingFlags::default(),
            version: 0,
            knowledge: Knowledge::default(),
            request_options: Vec::new(),
            reply_options: Vec::new(),
            ddns: Vec::new(),
        }
    }

    /// Whether nothing ever happened to this address.
    #[must_use]
    pub const fn is_unused(&self) -> bool {
        self.version == 0
    }

    /// Whether the address takes part in balancing: available, not reserved (both servers may give
    /// it to its client, §5.13) and not last given to a BOOTP client, which may still use it
    /// (§5.14).
    #[must_use]
    pub const fn is_balanced(&self) -> bool {
        self.status.is_available() && !self.flags.reserved && !self.flags.bootp
    }

    /// Whether `client` is the client this binding names.
    #[must_use]
    pub fn is_for(&self, client: &Client) -> bool {
        self.client.as_ref().is_some_and(|mine| mine.is_same(client))
    }

    /// Whether the partner must still be told of this binding in instance `instance` of the
    /// relationship (§5.17). An address nobody ever used needs no telling (§5.16).
    #[must_use]
    pub const fn needs_telling(&self, instance: u32) -> bool {
        self.version != 0
            && (self.knowledge.acked_version != self.version || self.knowledge.instance != instance)
    }

    /// Nothing of one client goes on to the next (isc-L30).
    pub fn forget_client_data(&mut self) {
        self.request_options.clear();
        self.reply_options.clear();
        self.ddns.clear();
    }

    /// Makes the address available with `status` FREE or BACKUP. The client stays on record so
    /// that it can get its address back; the potential expiries that grants count on are cleared,
    /// because they belonged to that client's binding (S2). Waits still see them through `lease`.
    #[must_use]
    pub fn made_available(mut self, status: BindingStatus, now: LeaseInstant) -> Self {
        self.status = status;
        self.start_of_state = now;
        if Mutant::OldExpiriesKept.is_on() {
            return self;
        }
        self.expiries.lease_latest = LeaseInstant::ZERO;
        self.expiries.sent_potential = LeaseInstant::ZERO;
        self.expiries.acked_potential = LeaseInstant::ZERO;
        self.expiries.received_potential = LeaseInstant::ZERO;
        self.expiries.received_potential_latest = LeaseInstant::ZERO;
        self
    }
}
