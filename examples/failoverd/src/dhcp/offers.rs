//! Addresses that were offered and not yet asked for (RFC 2131 §3.1 step 2).
//!
//! Held in memory only: an offer promises nothing that must survive a crash.

use dhcp_failover_lease::{Client, LeaseInstant};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;

/// What tells clients apart (RFC 2131 §4.2): option 61, else hardware type and address.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum ClientKey {
    Identifier(Vec<u8>),
    Hardware(u8, Vec<u8>),
}

impl ClientKey {
    fn of(client: &Client) -> Self {
        let hardware = client.hardware();
        match client.own_name() {
            Some(identifier) => Self::Identifier(identifier.to_vec()),
            None => Self::Hardware(hardware.hardware_type(), hardware.as_bytes().to_vec()),
        }
    }
}

/// One offer.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Offer {
    client: ClientKey,
    domain: usize,
    until: LeaseInstant,
}

/// An address to [`pin`](dhcp_failover_proto::BindingTable::pin) or unpin in its domain's table,
/// so that it does not change hands while it is offered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PinChange {
    /// It is offered now.
    Pin {
        /// The domain of its scope.
        domain: usize,
        /// The address.
        address: Ipv4Addr,
    },
    /// It is not offered any longer.
    Unpin {
        /// The domain of its scope.
        domain: usize,
        /// The address.
        address: Ipv4Addr,
    },
}

impl PinChange {
    /// The address.
    #[must_use]
    pub const fn address(self) -> Ipv4Addr {
        match self {
            Self::Pin { address, .. } | Self::Unpin { address, .. } => address,
        }
    }
}

/// The offers that stand. A client has one at most.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offers {
    by_address: BTreeMap<Ipv4Addr, Offer>,
    by_client: HashMap<ClientKey, Ipv4Addr>,
    by_end: BTreeSet<(LeaseInstant, Ipv4Addr)>,
}

impl Offers {
    /// How many there are; some may have ended since [`end`](Self::end) was last called.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_address.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }

    /// When the next one ends.
    #[must_use]
    pub fn next_end(&self) -> Option<LeaseInstant> {
        self.by_end.first().map(|(end, _)| *end)
    }

    /// The address this client was offered.
    #[must_use]
    pub fn of(&self, client: &Client, now: LeaseInstant) -> Option<Ipv4Addr> {
        let address = *self.by_client.get(&ClientKey::of(client))?;
        self.by_address.get(&address).filter(|offer| offer.until > now).map(|_| address)
    }

    /// Whether the address is offered to somebody else.
    #[must_use]
    pub fn is_others(&self, address: Ipv4Addr, client: &Client, now: LeaseInstant) -> bool {
        let offer = self.by_address.get(&address);
        offer.is_some_and(|offer| offer.until > now && offer.client != ClientKey::of(client))
    }

    /// Remembers an offer in the place of any other of this client or address.
    pub fn hold(
        &mut self,
        client: &Client,
        domain: usize,
        address: Ipv4Addr,
        until: LeaseInstant,
        pins: &mut Vec<PinChange>,
    ) {
        self.forget(client, pins);
        self.remove(address, pins);
        let client = ClientKey::of(client);
        self.by_client.insert(client.clone(), address);
        self.by_end.insert((until, address));
        self.by_address.insert(address, Offer { client, domain, until });
        pins.push(PinChange::Pin { domain, address });
    }

    /// Forgets the client's offer, if it has one.
    pub fn forget(&mut self, client: &Client, pins: &mut Vec<PinChange>) {
        if let Some(&address) = self.by_client.get(&ClientKey::of(client)) {
            self.remove(address, pins);
        }
    }

    /// The addresses that `is_moved` are in another domain now.
    pub fn move_to(
        &mut self,
        domain: usize,
        is_moved: impl Fn(Ipv4Addr) -> bool,
        pins: &mut Vec<PinChange>,
    ) {
        for (&address, offer) in self.by_address.iter_mut().filter(|(it, _)| is_moved(**it)) {
            offer.domain = domain;
            pins.push(PinChange::Pin { domain, address });
        }
    }

    /// Forgets the offers that have ended.
    pub fn end(&mut self, now: LeaseInstant, pins: &mut Vec<PinChange>) {
        while let Some(&(end, address)) = self.by_end.first() {
            if end > now {
                return;
            }
            self.remove(address, pins);
        }
    }

    fn remove(&mut self, address: Ipv4Addr, pins: &mut Vec<PinChange>) {
        if let Some(Offer { client, domain, until }) = self.by_address.remove(&address) {
            self.by_client.remove(&client);
            self.by_end.remove(&(until, address));
            pins.push(PinChange::Unpin { domain, address });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhcp_failover_lease::{HardwareAddress, LeaseSpan};

    const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_000);
    const END: LeaseInstant = LeaseInstant::from_unix_s(1_060);
    const A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
    const B: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 11);

    fn client(last: u8) -> Client {
        Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
    }

    #[test]
    fn an_offer_keeps_others_away_until_it_ends() {
        let (mut offers, mut pins) = (Offers::default(), Vec::new());
        offers.hold(&client(1), 0, A, END, &mut pins);
        assert!(offers.is_others(A, &client(2), NOW));
        assert!(!offers.is_others(A, &client(1), NOW));
        assert_eq!(offers.of(&client(1), NOW), Some(A));
        assert!(!offers.is_others(A, &client(2), END));
        assert_eq!(offers.of(&client(1), END), None);
        offers.end(NOW + LeaseSpan::from_s(59), &mut pins);
        assert_eq!(offers.len(), 1);
        offers.end(END, &mut pins);
        assert!(offers.is_empty() && offers.by_client.is_empty() && offers.by_end.is_empty());
        let (pin, unpin) =
            (PinChange::Pin { domain: 0, address: A }, PinChange::Unpin { domain: 0, address: A });
        assert_eq!(pins, [pin, unpin]);
    }

    #[test]
    fn a_client_has_one_offer_and_an_address_one_client() {
        let (mut offers, mut pins) = (Offers::default(), Vec::new());
        offers.hold(&client(1), 0, A, END, &mut pins);
        offers.hold(&client(1), 1, B, END, &mut pins);
        assert_eq!((offers.len(), offers.of(&client(1), NOW)), (1, Some(B)));
        offers.hold(&client(2), 1, B, END, &mut pins);
        assert_eq!((offers.len(), offers.of(&client(1), NOW)), (1, None));
        offers.forget(&client(2), &mut pins);
        assert!(offers.is_empty());
        let pinned = pins.iter().filter(|change| matches!(change, PinChange::Pin { .. })).count();
        assert_eq!(pinned * 2, pins.len(), "every pin is undone");
    }
}
