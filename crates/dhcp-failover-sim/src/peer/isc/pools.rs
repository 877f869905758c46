//! Who has which free addresses: half and half, and leases that end.

use super::Isc;
use super::image::Lease;
use dhcp_failover_wire::{BindingStatus as B, Message, ServerState};
use dhcp_loadbalance::hash;
use std::net::Ipv4Addr;

/// max-lease-misbalance and max-lease-ownership, in percent.
const MISBALANCE: i64 = 15;
const OWNERSHIP: i64 = 10;
/// min-balance, and the random seconds after it.
const BALANCE_MS: u64 = 60_000;

impl Isc {
    /// Whether the client hashes to the partner.
    fn is_partners(&self, lease: &Lease) -> bool {
        let key = lease.client.as_ref().map(|client| hash(client.balance_key()));
        let buckets = self.volatile.buckets;
        key.zip(buckets).is_some_and(|(bucket, own)| !own.contains(bucket))
    }

    fn of_status(&self, status: B) -> Vec<Ipv4Addr> {
        let mut all: Vec<_> =
            self.image.leases.iter().filter(|(_, lease)| lease.status == status).collect();
        all.sort_by_key(|(address, lease)| (lease.ends, **address));
        all.into_iter().map(|(address, _)| *address).collect()
    }

    /// Gives addresses away until both have as many. How many it gave; their updates are still to be
    /// sent.
    pub(super) fn rebalance(&mut self, by_timer: bool) -> usize {
        if self.image.state != ServerState::NORMAL || self.volatile.active.is_none() {
            return 0;
        }
        self.volatile.balance_at = Some(self.now + BALANCE_MS + self.rng.below(5_000));
        let mine = self.of_status(self.own_free());
        let theirs = i64::try_from(self.of_status(self.partner_free()).len()).unwrap_or(0);
        let own = i64::try_from(mine.len()).unwrap_or(0);
        let (mut surplus, total) = ((own - theirs) / 2, own + theirs);
        let threshold = (total * MISBALANCE + 50) / 100;
        let hold = (total * OWNERSHIP + 50) / 100;
        let panic = if threshold == 0 { -1 } else { -2 * threshold };
        if by_timer && surplus < panic {
            self.say(Message::PoolReq);
        }
        let mut given = Vec::new();
        for address in &mine {
            if surplus <= -hold {
                break;
            }
            if self.is_partners(&self.image.leases[address]) {
                given.push(*address);
                surplus -= 1;
            }
        }
        for address in &mine {
            let used = self.image.leases[address].ends != 0;
            if surplus <= if used { hold } else { 0 } {
                break;
            }
            if !given.contains(address) {
                given.push(*address);
                surplus -= 1;
            }
        }
        let (now, to) = (self.now_s(), self.partner_free());
        for address in &given {
            if let Some(lease) = self.image.leases.get_mut(address) {
                (lease.status, lease.starts, lease.told, lease.acknowledged) = (to, now, now, 0);
            }
            self.changed(*address);
        }
        given.len()
    }

    /// What ends with time.
    pub(super) fn sweep(&mut self) {
        self.wait_may_be_over();
        let due: Vec<_> = self
            .image
            .leases
            .iter()
            .filter(|(_, lease)| self.is_due(lease))
            .map(|(address, _)| *address)
            .collect();
        for address in due {
            self.ends(address);
        }
        self.send_updates();
    }

    fn is_due(&self, lease: &Lease) -> bool {
        let (now, state) = (self.now_s(), self.image.state);
        match lease.status {
            // isc-L34: the primary's business.
            B::ACTIVE => lease.ends <= now && (self.is_primary() || state != ServerState::NORMAL),
            B::ABANDONED => lease.ends <= now,
            _ if lease.is_over() => {
                state == ServerState::PARTNER_DOWN && lease.from_partner.max(lease.ends) < now
            }
            _ => false,
        }
    }

    fn ends(&mut self, address: Ipv4Addr) {
        let Some(lease) = self.image.leases.get_mut(&address) else { return };
        let status = if lease.status == B::ACTIVE { B::EXPIRED } else { B::FREE };
        self.over(address, status);
    }

    /// A lease is EXPIRED, RELEASED or available.
    pub(super) fn over(&mut self, address: Ipv4Addr, status: B) {
        let (own, normal) = (self.own_free(), self.image.state == ServerState::NORMAL);
        let now = self.now_s();
        let Some(lease) = self.image.leases.get_mut(&address) else { return };
        lease.status = status;
        lease.acknowledged = 0;
        lease.told = lease.told.max(1);
        if status == B::FREE {
            (lease.starts, lease.told) = (now, now);
        }
        // Rewound: the partner never heard of the lease.
        if !normal && lease.is_over() && lease.rewind == own {
            lease.status = own;
            self.write(address);
            return self.sync();
        }
        self.changed(address);
    }
}
