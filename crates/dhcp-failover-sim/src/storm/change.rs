//! Configurations that change at one server first.

use super::{Action, Change, SecondPool, Storm};
use crate::{Host, Pair};
use dhcp_failover_lease::{BindingStatus, LeaseSpan, Role};
use dhcp_failover_proto::{EndpointConfig, PoolDigest};
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// The pool that comes and goes.
const SECOND: RangeInclusive<Ipv4Addr> =
    Ipv4Addr::new(198, 18, 0, 1)..=Ipv4Addr::new(198, 18, 0, 5);

impl Storm {
    pub(super) fn change(&mut self, action: &Action) -> bool {
        match action {
            Action::Configure { host, change } => self.configure(*host, change),
            Action::AddPool { host } => self.add_pool(*host),
            Action::RemovePool { host } => self.remove_pool(*host),
            _ => false,
        }
    }

    fn configure(&mut self, host: Host, change: &Change) -> bool {
        if self.pair.network.frozen[host.index()] {
            return false;
        }
        match *change {
            Change::Mclt(mclt_s) => {
                // Leases under the longest there ever was are waited for; the secondary's is not
                // used (§7.8.2).
                let setup = &mut self.pair.setup;
                let longest = match self.pair.servers[host.index()].config.role {
                    Role::Primary => &mut setup.mclt_s,
                    Role::Secondary => &mut setup.secondary_mclt_s,
                };
                *longest = mclt_s.max(*longest);
            }
            Change::Reservation(number) => {
                let settings = reservation(number);
                self.pair.set_pool_settings(host, settings);
                return true;
            }
            Change::MaxUnacked(window) => {
                // The partner may not have heard of a smaller one yet.
                let known = &mut self.pair.setup.max_unacked[host.index()];
                *known = window.max(*known);
            }
            _ => {}
        }
        let change = |config: &mut EndpointConfig| match *change {
            Change::Mclt(mclt_s) => config.mclt = LeaseSpan::from_s(mclt_s),
            Change::Balance(balance) => config.balance = balance,
            Change::MaxUnacked(window) => config.max_unacked_bndupd = window,
            Change::MaxBatch(updates) => config.max_batch = updates,
            Change::ReceiveTimer(seconds) => config.receive_timer = LeaseSpan::from_s(seconds),
            Change::Reservation(_) => {}
        };
        if self.pair.is_up(host) {
            self.pair.configure(host, change);
        } else {
            self.pair.reconfigure(host, change);
        }
        true
    }

    /// A running server must be in a state in which its addresses may change; one that is down
    /// finds them changed, and compares with its partner before it serves.
    fn may_change_pools(&self, host: Host) -> bool {
        let Some(endpoint) = self.pair.endpoint(host) else { return false };
        let mut other = self.pair.servers[host.index()].config.clone();
        other.pools_digest = other.pools_digest.wrapping_add(1);
        !self.pair.network.frozen[host.index()] && endpoint.permits_configuration(&other).is_ok()
    }

    /// No pool is at one server only, nor gone with leases that still run.
    pub(super) fn pools_are_alike(&self) -> bool {
        let [a, b] = self.second_pool;
        a == b && a != SecondPool::Removed
    }

    fn add_pool(&mut self, host: Host) -> bool {
        let [own, other] = [host, host.partner()].map(|it| self.second_pool[it.index()]);
        let fits = own == SecondPool::Absent && other != SecondPool::Removed;
        if !fits || !self.may_change_pools(host) {
            return false;
        }
        self.pair.add_pool(host, SECOND);
        self.second_pool[host.index()] = SecondPool::Present;
        true
    }

    fn remove_pool(&mut self, host: Host) -> bool {
        let [own, other] = [host, host.partner()].map(|it| self.second_pool[it.index()]);
        let fits = own == SecondPool::Present && other != SecondPool::Absent;
        let would_forget = other == SecondPool::Present && !self.partner_knows_second_pool(host);
        if !fits || would_forget || !self.may_change_pools(host) {
            return false;
        }
        self.pair.remove_pool(host, 1);
        self.second_pool[host.index()] = SecondPool::Removed;
        true
    }

    /// Whether the partner has every lease that runs in it. One that was given in PARTNER-DOWN without a
    /// limit and is told to nobody before its pool goes is beyond what failover can keep.
    fn partner_knows_second_pool(&self, host: Host) -> bool {
        let partner = &self.pair.servers[host.partner().index()];
        SECOND.into_iter().all(|address| {
            let here = self.pair.binding(host, address);
            let lease = here.filter(|it| it.status == BindingStatus::Active);
            let client = lease.and_then(|it| it.client);
            client.is_none_or(|client| partner.disk.binding(address).is_for(&client))
        })
    }

    /// What was changed at one server is changed at the other one, too.
    pub(super) fn make_alike(&mut self) {
        for host in Host::BOTH {
            self.pair.set_pool_settings(host, reservation(0));
        }
        let unlike = |it: &Self| it.second_pool[0] != it.second_pool[1];
        for _ in 0..60 {
            if !unlike(self) {
                return;
            }
            for host in Host::BOTH {
                let other = self.second_pool[host.partner().index()];
                match other {
                    SecondPool::Present => self.add_pool(host),
                    SecondPool::Removed => self.remove_pool(host),
                    SecondPool::Absent => false,
                };
            }
            let limit_s = 30 + self.pair.setup.mclt_s / 30;
            self.pair.run_until(limit_s, Pair::is_settled);
        }
    }
}

fn reservation(number: u8) -> PoolDigest {
    match number {
        0 => PoolDigest::new(),
        _ => PoolDigest::new().with_reservation(Ipv4Addr::new(192, 0, 2, number), &[number]),
    }
}
