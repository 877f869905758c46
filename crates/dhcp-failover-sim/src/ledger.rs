//! The omniscient record: every DHCPACK that a *client* received, in true time.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// One acknowledged lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// When the client got it.
    pub received_ms: u64,
    /// When it ends for the client, which counts from its request (RFC 2131 §4.4.1).
    pub expires_ms: u64,
}

/// Two clients that held one address at one time: what failover must never let happen (S1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The address.
    pub address: Ipv4Addr,
    /// The client that got it now.
    pub new: usize,
    /// The client that still holds it.
    pub holder: usize,
    /// Until then.
    pub until_ms: u64,
}

/// Who holds what, in true time.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    leases: BTreeMap<Ipv4Addr, BTreeMap<usize, Ack>>,
    /// DHCPACKs received, renewals included.
    pub acks: u64,
}

impl Ledger {
    /// Enters a DHCPACK that `client` received.
    ///
    /// # Errors
    /// Another client holds the address.
    pub fn acked(&mut self, client: usize, address: Ipv4Addr, ack: Ack) -> Result<(), Duplicate> {
        self.acks += 1;
        let holders = self.leases.entry(address).or_default();
        holders.retain(|_, old| old.expires_ms > ack.received_ms);
        let other = holders.iter().find(|(holder, _)| **holder != client);
        let result = other.map_or(Ok(()), |(holder, old)| {
            Err(Duplicate { address, new: client, holder: *holder, until_ms: old.expires_ms })
        });
        holders.insert(client, ack);
        result
    }

    /// The client has given the address up.
    pub fn released(&mut self, client: usize, address: Ipv4Addr) {
        if let Some(holders) = self.leases.get_mut(&address) {
            holders.remove(&client);
        }
    }

    /// The leases of one address that are unexpired at `now_ms`, with their clients.
    pub fn live_at(&self, address: Ipv4Addr, now_ms: u64) -> impl Iterator<Item = (usize, Ack)> {
        let holders = self.leases.get(&address).into_iter().flatten();
        let live = holders.filter(move |(_, ack)| ack.expires_ms > now_ms);
        live.map(|(client, ack)| (*client, *ack))
    }

    /// The unexpired leases at `now_ms`.
    pub fn live(&self, now_ms: u64) -> impl Iterator<Item = (Ipv4Addr, usize, Ack)> {
        self.leases.iter().flat_map(move |(address, holders)| {
            holders
                .iter()
                .filter(move |(_, ack)| ack.expires_ms > now_ms)
                .map(|(client, ack)| (*address, *client, *ack))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    #[test]
    fn s1_a_second_holder_is_found_and_a_later_one_is_not() {
        let mut ledger = Ledger::default();
        let ack = |received_ms, expires_ms| Ack { received_ms, expires_ms };
        assert_eq!(ledger.acked(1, ADDRESS, ack(0, 1_000)), Ok(()));
        assert_eq!(ledger.acked(1, ADDRESS, ack(500, 2_000)), Ok(()));
        let duplicate = Duplicate { address: ADDRESS, new: 2, holder: 1, until_ms: 2_000 };
        assert_eq!(ledger.acked(2, ADDRESS, ack(1_999, 3_000)), Err(duplicate));
        assert_eq!(ledger.live(1_999).count(), 2);
        assert_eq!(ledger.acked(3, ADDRESS, ack(3_000, 4_000)), Ok(()));
        ledger.released(3, ADDRESS);
        assert_eq!(ledger.acked(4, ADDRESS, ack(3_100, 4_000)), Ok(()));
    }
}
