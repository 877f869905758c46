//! Figures of a scope in failover, and the owner of an address.

/// Counts of a scope's addresses as this server sees them, from which [`Statistics::new`] makes
/// what Windows reports.
///
/// Free is what a server may give to any client: an address of this server's share that nobody has.
/// Everything else that can be given out is in use: leased, reserved for its client and leased,
/// declined, or ended but not yet free. It counts for the server that gave the address last; where
/// that is not on record, for the one that the client is balanced to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddressCounts {
    /// Free, and this server's.
    pub this_free: u32,
    /// In use, and this server's.
    pub this_in_use: u32,
    /// Free, and the partner's.
    pub partner_free: u32,
    /// In use, and the partner's.
    pub partner_in_use: u32,
}

/// `DHCP_FAILOVER_STATISTICS` of one scope. It is computed, never stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Statistics {
    /// All addresses of the scope that can be given out.
    pub num_addr: u32,
    /// Those that are free.
    pub addr_free: u32,
    /// Those that are in use.
    pub addr_in_use: u32,
    /// Free, and this server's to give.
    pub this_addr_free: u32,
    /// In use, and this server's.
    pub this_addr_in_use: u32,
    /// Free, and the partner's to give.
    pub partner_addr_free: u32,
    /// In use, and the partner's.
    pub partner_addr_in_use: u32,
}

impl Statistics {
    /// The sums Windows reports.
    ///
    /// ```
    /// use dhcp_failover_relationship::{AddressCounts, Statistics};
    /// let counts =
    ///     AddressCounts { this_free: 40, this_in_use: 12, partner_free: 45, partner_in_use: 3 };
    /// let statistics = Statistics::new(counts);
    /// assert_eq!((statistics.num_addr, statistics.addr_free, statistics.addr_in_use), (100, 85, 15));
    /// assert_eq!(statistics.in_use_percent(), 15.0);
    /// ```
    #[must_use]
    pub const fn new(counts: AddressCounts) -> Self {
        let AddressCounts { this_free, this_in_use, partner_free, partner_in_use } = counts;
        let (addr_free, addr_in_use) =
            (this_free.saturating_add(partner_free), this_in_use.saturating_add(partner_in_use));
        Self {
            num_addr: addr_free.saturating_add(addr_in_use),
            addr_free,
            addr_in_use,
            this_addr_free: this_free,
            this_addr_in_use: this_in_use,
            partner_addr_free: partner_free,
            partner_addr_in_use: partner_in_use,
        }
    }

    /// The share of the addresses that is in use, `0.0..=100.0` percent; 0 of no addresses.
    #[must_use]
    pub fn in_use_percent(&self) -> f64 {
        if self.num_addr == 0 {
            return 0.0;
        }
        f64::from(self.addr_in_use) * 100.0 / f64::from(self.num_addr)
    }

    /// The same scope as the partner sees it.
    #[must_use]
    pub const fn of_partner(self) -> Self {
        Self {
            this_addr_free: self.partner_addr_free,
            this_addr_in_use: self.partner_addr_in_use,
            partner_addr_free: self.this_addr_free,
            partner_addr_in_use: self.this_addr_in_use,
            ..self
        }
    }
}

/// What an address of a scope in failover is ([MS-DHCPM] opnum 125).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AddressStatus {
    /// 0: the primary's.
    Primary = 0,
    /// 1: the secondary's.
    Secondary = 1,
    /// 2: given to nobody.
    Excluded = 2,
    /// 3: one client's.
    Reserved = 3,
}

impl AddressStatus {
    /// All in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Primary, Self::Secondary, Self::Excluded, Self::Reserved];

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The status with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}
