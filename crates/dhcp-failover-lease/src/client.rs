//! Who a lease belongs to.

use alloc::vec::Vec;
use core::fmt;

/// A client's hardware address: type and bytes, as in `htype` and `chaddr`.
///
/// ```
/// use dhcp_failover_lease::HardwareAddress;
/// let mac = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 7]).unwrap();
/// assert_eq!(mac.to_string(), "02:00:00:00:00:07");
/// assert!(HardwareAddress::new(1, &[0; 17]).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HardwareAddress {
    hardware_type: u8,
    length: u8,
    bytes: [u8; 16],
}

impl HardwareAddress {
    /// An address of up to 16 bytes (RFC 2131's `chaddr`); `None` if it is longer.
    #[must_use]
    pub fn new(hardware_type: u8, address: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes.get_mut(..address.len())?.copy_from_slice(address);
        Some(Self { hardware_type, length: u8::try_from(address.len()).ok()?, bytes })
    }

    /// The ARP hardware type; 1 is Ethernet.
    #[must_use]
    pub const fn hardware_type(&self) -> u8 {
        self.hardware_type
    }

    /// The address, `hlen` bytes of it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&self.bytes)
    }
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.as_bytes().iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{self}", self.hardware_type)
    }
}

/// A DHCP client, as both servers know it (draft-12 §7.1.1 "Identifying the client").
///
/// The identity is the DHCP client identifier (option 61, whole) if the client sent one, else
/// hardware type and address. The hardware address is kept in both cases, because the partner is
/// told both.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Client {
    identifier: Option<Vec<u8>>,
    hardware: HardwareAddress,
}

impl Client {
    /// A client with the given option 61 (if it sent one) and hardware address. An empty option
    /// identifies nobody and counts as none.
    #[must_use]
    pub fn new(identifier: Option<&[u8]>, hardware: HardwareAddress) -> Self {
        let identifier = identifier.filter(|identifier| !identifier.is_empty());
        Self { identifier: identifier.map(<[u8]>::to_vec), hardware }
    }

    /// The value of option 61, type byte included.
    #[must_use]
    pub fn identifier(&self) -> Option<&[u8]> {
        self.identifier.as_deref()
    }

    /// The hardware address.
    #[must_use]
    pub const fn hardware(&self) -> &HardwareAddress {
        &self.hardware
    }

    /// Option 61 if it names the client, and `None` if the hardware address does: also where option 61
    /// is just that, type and address (RFC 2132 §9.14). Windows tells only the latter of any client,
    /// and many clients send it as option 61 or not, depending on what runs on them.
    #[must_use]
    pub fn own_name(&self) -> Option<&[u8]> {
        let hardware = |identifier: &&[u8]| {
            identifier.split_first().is_some_and(|(hardware_type, address)| {
                *hardware_type == self.hardware.hardware_type && address == self.hardware.as_bytes()
            })
        };
        self.identifier.as_deref().filter(|identifier| !hardware(identifier))
    }

    /// Whether both are one client: the same option 61, or the same hardware address if neither has
    /// one that says more ([`own_name`](Self::own_name)).
    ///
    /// ```
    /// use dhcp_failover_lease::{Client, HardwareAddress};
    /// let mac = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 7]).unwrap();
    /// let named_by_hardware = Client::new(Some(&[1, 2, 0, 0, 0, 0, 7]), mac);
    /// assert!(named_by_hardware.is_same(&Client::new(None, mac)));
    /// assert!(!named_by_hardware.is_same(&Client::new(Some(b"seven"), mac)));
    /// ```
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.own_name(), other.own_name()) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, None) => self.hardware == other.hardware,
            _ => false,
        }
    }

    /// The bytes RFC 3074 hashes: option 61, else the hardware address without its type
    /// (draft-12 §9.8.2).
    #[must_use]
    pub fn balance_key(&self) -> &[u8] {
        self.identifier.as_deref().unwrap_or_else(|| self.hardware.as_bytes())
    }
}
