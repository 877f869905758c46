//! What an update of Windows says beyond the draft.

use core::{fmt, net::Ipv4Addr};

use super::{Flags, Settings, Status, Text};
use crate::BindingStatus;

/// The Windows part of a [`BindingUpdate`](crate::BindingUpdate): status and flags as on the wire,
/// and options 31 to 41.
///
/// `status` and `flags` say more than [`BindingUpdate::status`](crate::BindingUpdate::status) and
/// have to agree with it by [`Settings::binding_status`]; encoding refuses what does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it is built field by field, from `Binding::new`")]
pub struct Binding {
    /// Option 3.
    pub status: Status,
    /// Option 12.
    pub flags: Flags,
    /// The scope in front of the hardware address (option 5), little-endian on the wire; there if
    /// and only if the hardware address is.
    pub scope_id: Option<Ipv4Addr>,
    /// Option 31: the name of the client.
    pub client_name: Option<Text>,
    /// Option 32: a description of the client.
    pub client_description: Option<Text>,
    /// Option 33: the subnet mask of the scope; mandatory in every update.
    pub subnet_mask: Option<Ipv4Addr>,
    /// Option 34: the server that granted the lease, by the address clients see.
    pub server_ip_address: Option<Ipv4Addr>,
    /// Option 35: the server that granted the lease, by name.
    pub server_name: Option<Text>,
    /// Option 36.
    pub client_type: Option<ClientType>,
    /// Option 37: 0 no quarantine, 1 restricted, 2 drop packet, 3 probation.
    pub nap_status: Option<u8>,
    /// Option 38: end of the probation. [MS-DHCPF] calls it a time of 64 bits and gives it four
    /// bytes; Windows sends 0.
    pub nap_probation: Option<u32>,
    /// Option 39: 1 if the client knows network access protection.
    pub nap_capable: Option<u8>,
    /// Option 40: the policy that chose the address, at most 64 characters.
    pub matched_policy: Option<Text>,
    /// Option 41: bit 0 says that no PTR record is to be registered, the others are reserved.
    pub extended_address_state: Option<u32>,
}

impl Binding {
    /// What Windows is told about an address in this state, with what every update has: status,
    /// flags, the mask of the scope and an extended address state without flags. A lease further
    /// needs its [`scope_id`](Self::scope_id).
    ///
    /// `None` for a status Windows has no word for ([`Settings::status_and_flags`]).
    ///
    /// ```
    /// use dhcp_failover_wire::{BindingStatus, windows::{Binding, Flags, Settings}};
    ///
    /// let mask = [255, 255, 255, 0].into();
    /// let released = Binding::new(BindingStatus::RELEASED, Settings::DEFAULT, mask);
    /// assert!(released.is_some_and(|binding| binding.flags.contains(Flags::RELEASED)));
    /// assert_eq!(Binding::new(BindingStatus::RESET, Settings::DEFAULT, mask), None);
    /// ```
    #[must_use]
    pub fn new(status: BindingStatus, settings: Settings, subnet_mask: Ipv4Addr) -> Option<Self> {
        let (status, flags) = settings.status_and_flags(status)?;
        Some(Self {
            status,
            flags,
            subnet_mask: Some(subnet_mask),
            extended_address_state: Some(0),
            ..Self::empty()
        })
    }

    /// How many bytes its options take in a message, at most; the status is the binding's own.
    pub(crate) fn encoded_len(&self) -> usize {
        const HEADER: usize = 4;
        const FLAGS: usize = HEADER + 1;
        let texts =
            [&self.client_name, &self.client_description, &self.server_name, &self.matched_policy];
        let texts = texts.into_iter().flatten().map(|text| text.as_bytes().len());
        let numbers = [
            self.subnet_mask.is_some(),
            self.server_ip_address.is_some(),
            self.client_type.is_some(),
            self.nap_status.is_some(),
            self.nap_probation.is_some(),
            self.nap_capable.is_some(),
            self.extended_address_state.is_some(),
        ];
        let numbers = numbers.into_iter().filter(|there| *there).map(|_| 4);
        let scope = if self.scope_id.is_some() { 4 } else { 0 };
        let options = texts.chain(numbers).map(|length| length.saturating_add(HEADER));
        options.fold(FLAGS, usize::saturating_add).saturating_add(scope)
    }

    /// No option at all.
    pub(crate) const fn empty() -> Self {
        Self {
            status: Status(0),
            flags: Flags::NONE,
            scope_id: None,
            client_name: None,
            client_description: None,
            subnet_mask: None,
            server_ip_address: None,
            server_name: None,
            client_type: None,
            nap_status: None,
            nap_probation: None,
            nap_capable: None,
            matched_policy: None,
            extended_address_state: None,
        }
    }
}

codes! {
    /// Option 36: how the client got its address.
    ClientType(u8) {
        /// Nothing is said.
        UNSPECIFIED = 0, "unspecified";
        /// By DHCP.
        DHCP = 1, "DHCP";
        /// By BOOTP.
        BOOTP = 2, "BOOTP";
        /// By either.
        BOTH = 3, "DHCP and BOOTP";
        /// The address is reserved.
        RESERVATION = 4, "reservation";
        /// By neither.
        NONE = 0x64, "none";
    }
}
