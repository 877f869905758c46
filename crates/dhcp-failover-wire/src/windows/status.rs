//! Option 3 as a bit field, and the IP-flags of one byte.

use core::fmt;

use super::{Declined, Ownership, Settings};
use crate::BindingStatus;

flags! {
    /// Option 12 of Windows: one byte, with a meaning of its own.
    Flags(u8) {
        /// The lease is deleted.
        DELETED = 1, "DELETED";
        /// The client gave the lease back.
        RELEASED = 2, "RELEASED";
        /// Deleted while the servers could not talk: the receiver does without the options that
        /// are mandatory otherwise.
        DELETED_COMM_DOWN = 4, "DELETED_COMM_DOWN";
    }
}

/// Option 3 of Windows. In an update of a lease it is a bit field (state, DHCID and DNS flags); in
/// an ownership update, one without a client, it is one of the five named numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(clippy::exhaustive_structs, reason = "it is the byte on the wire")]
pub struct Status(pub u8);

impl Status {
    /// Ownership: free, of the server that [`Ownership`] says.
    pub const FREE: Self = Self(1);
    /// Ownership: free, of the other server.
    pub const BACKUP: Self = Self(2);
    /// Ownership: the primary takes the address back.
    pub const RECONCILE: Self = Self(4);
    /// Ownership: as [`FREE`](Self::FREE), after a lost database.
    pub const FREE_UPDATE: Self = Self(5);
    /// Ownership: as [`BACKUP`](Self::BACKUP), after a lost database.
    pub const BACKUP_UPDATE: Self = Self(6);

    /// DNS, one of the upper four bits: the records are to be removed.
    pub const DNS_CLEANUP: u8 = 0x10;
    /// DNS: both the A and the PTR record are this server's to write.
    pub const DNS_BOTH_RECORDS: u8 = 0x20;
    /// DNS: the records are not registered.
    pub const DNS_UNREGISTERED: u8 = 0x40;
    /// DNS: the lease is deleted and its records are not yet.
    pub const DNS_DELETED: u8 = 0x80;

    /// The status of a lease; `dns` is any union of the DNS bits.
    #[must_use]
    pub const fn of_lease(state: LeaseState, dhcid: Dhcid, dns: u8) -> Self {
        let state = match state {
            LeaseState::Offered => 0,
            LeaseState::Active => 1,
            LeaseState::Declined => 2,
            LeaseState::Doom => 3,
        };
        let dhcid = match dhcid {
            Dhcid::None => 0,
            Dhcid::HardwareAddress => 0x4,
            Dhcid::ClientIdentifier => 0x8,
            Dhcid::Duid => 0xc,
        };
        Self(state | dhcid | (dns & 0xf0))
    }

    /// The state of the lease, bits 0 and 1.
    #[must_use]
    pub const fn lease_state(self) -> LeaseState {
        match self.0 & 0x3 {
            0 => LeaseState::Offered,
            1 => LeaseState::Active,
            2 => LeaseState::Declined,
            _ => LeaseState::Doom,
        }
    }

    /// Where the DHCID of the lease's DNS records comes from, bits 2 and 3.
    #[must_use]
    pub const fn dhcid(self) -> Dhcid {
        match self.0 & 0xc {
            0 => Dhcid::None,
            0x4 => Dhcid::HardwareAddress,
            0x8 => Dhcid::ClientIdentifier,
            _ => Dhcid::Duid,
        }
    }

    /// The DNS bits, 4 to 7.
    #[must_use]
    pub const fn dns(self) -> u8 {
        self.0 & 0xf0
    }

    /// The name of an ownership number.
    #[must_use]
    pub const fn ownership_name(self) -> Option<&'static str> {
        Some(match self {
            Self::FREE => "FREE",
            Self::BACKUP => "BACKUP",
            Self::RECONCILE => "RECONCILE",
            Self::FREE_UPDATE => "FREE_UPDATE",
            Self::BACKUP_UPDATE => "BACKUP_UPDATE",
            _ => return None,
        })
    }
}

/// State of a lease in [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two bits have four values")]
pub enum LeaseState {
    /// Offered to a client.
    Offered,
    /// Leased.
    Active,
    /// Found in use by a client that declined it.
    Declined,
    /// The lease ended; its record is about to go.
    Doom,
}

/// What identifies a lease in DNS (RFC 4701), in [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two bits have four values")]
pub enum Dhcid {
    /// Nothing.
    None,
    /// The hardware address.
    HardwareAddress,
    /// The client identifier.
    ClientIdentifier,
    /// A DUID.
    Duid,
}

impl Settings {
    /// What Windows' status, flags and the presence of a client mean in the draft's terms.
    ///
    /// [MS-DHCPF] tells ownership updates by "no lease record"; number 1 without flags is both
    /// ACTIVE and FREE, so the client (option 5, forbidden in ownership updates and mandatory in
    /// the others) decides. OFFERED reads as ACTIVE, the careful side.
    #[must_use]
    pub fn binding_status(self, status: Status, flags: Flags, has_client: bool) -> BindingStatus {
        if !has_client {
            let (first, second) = self.owners();
            match status {
                Status::FREE | Status::FREE_UPDATE => return first,
                Status::BACKUP | Status::BACKUP_UPDATE => return second,
                Status::RECONCILE => return BindingStatus::FREE,
                _ => {}
            }
        }
        if flags.contains(Flags::RELEASED) {
            return BindingStatus::RELEASED;
        }
        match (status.lease_state(), self.declined) {
            (LeaseState::Offered | LeaseState::Active, _) => BindingStatus::ACTIVE,
            (LeaseState::Declined, Declined::Abandoned) => BindingStatus::ABANDONED,
            (LeaseState::Declined, Declined::Expired) | (LeaseState::Doom, _) => {
                BindingStatus::EXPIRED
            }
        }
    }

    /// How a binding status of the draft is said to Windows; `None` for RESET, for which it has no
    /// word, and for numbers nobody has assigned. A release is sent as it was captured: ACTIVE,
    /// deleted and released.
    #[must_use]
    pub fn status_and_flags(self, status: BindingStatus) -> Option<(Status, Flags)> {
        let lease = |state| (Status::of_lease(state, Dhcid::None, 0), Flags::NONE);
        let (first, _) = self.owners();
        Some(match status {
            BindingStatus::ACTIVE => lease(LeaseState::Active),
            BindingStatus::EXPIRED => lease(LeaseState::Doom),
            BindingStatus::ABANDONED => lease(LeaseState::Declined),
            BindingStatus::RELEASED => {
                (lease(LeaseState::Active).0, Flags::DELETED.union(Flags::RELEASED))
            }
            BindingStatus::FREE | BindingStatus::BACKUP if status == first => {
                (Status::FREE, Flags::NONE)
            }
            BindingStatus::FREE | BindingStatus::BACKUP => (Status::BACKUP, Flags::NONE),
            _ => return None,
        })
    }

    /// What the numbers 1 and 2 of an ownership update are.
    const fn owners(self) -> (BindingStatus, BindingStatus) {
        match self.ownership {
            Ownership::AsCaptured => (BindingStatus::BACKUP, BindingStatus::FREE),
            Ownership::AsDocumented => (BindingStatus::FREE, BindingStatus::BACKUP),
        }
    }
}
