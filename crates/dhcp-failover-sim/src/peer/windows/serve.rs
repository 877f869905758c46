//! DHCP clients.

use super::Windows;
use crate::peer::Request;
use dhcp_failover_lease::Client;
use dhcp_failover_proto::RequestClass;
use dhcp_failover_wire::{BindingStatus as B, ServerState as S};
use dhcp_loadbalance::hash;
use std::net::Ipv4Addr;

/// A declined address is left alone for so long.
const DECLINED_S: u64 = 86_400;

impl Windows {
    /// Whether it answers any client.
    #[must_use]
    pub fn serves(&self) -> bool {
        let own = [
            S::NORMAL,
            S::COMMUNICATIONS_INTERRUPTED,
            S::PARTNER_DOWN,
            S::CONFLICT_DONE,
            S::RESOLUTION_INTERRUPTED,
        ];
        self.up && !self.is_starting() && own.contains(&self.state())
    }

    /// Whether it would answer: a DISCOVER is for one of the two, other requests are for both.
    #[must_use]
    pub fn answers(&self, class: RequestClass, key: &[u8]) -> bool {
        let renewals_only = self.up && !self.is_starting() && self.state() == S::RECOVER_DONE;
        if class != RequestClass::New {
            return self.serves() || renewals_only && class == RequestClass::Renewal;
        }
        let is_primarys = self.config.primary_buckets.contains(hash(key));
        self.serves() && (self.state() != S::NORMAL || is_primarys == self.is_primary())
    }

    /// The lease for a client, durable and told when this returns: address and seconds.
    pub fn serve(&mut self, now: u64, request: &Request<'_>) -> Option<(Ipv4Addr, u64)> {
        self.now = now;
        let class = match request.wanted {
            Some(_) => RequestClass::Renewal,
            None => request.class,
        };
        if !self.answers(class, request.client.balance_key()) {
            return None;
        }
        let usable = |address: &Ipv4Addr| self.may_allocate(*address, request.client);
        let held = self.image.leases.iter();
        let held = held.filter(|(_, it)| it.status == B::ACTIVE && it.is_of(request.client));
        let held = held.map(|(address, _)| *address).next();
        let address = match request.wanted {
            Some(wanted) => Some(wanted).filter(usable),
            None if class == RequestClass::Renewal => held,
            None => held.or_else(|| self.image.leases.keys().copied().find(usable)),
        }?;
        let given = self.give(address, request.client);
        Some((address, given))
    }

    fn may_allocate(&self, address: Ipv4Addr, who: &Client) -> bool {
        let Some(lease) = self.image.leases.get(&address) else { return false };
        lease.status == B::ACTIVE && lease.is_of(who)
            || self.may_give(address) && self.state() != S::RECOVER_DONE
    }

    /// The first lease lasts the MCLT, also where less was configured; a renewal what the partner knows
    /// and the MCLT, and no more than was configured.
    fn give(&mut self, address: Ipv4Addr, who: &Client) -> u64 {
        let (now, desired, mclt) = (self.now_s(), self.config.lease_s, self.config.mclt_s);
        let lease = &self.image.leases[&address];
        let continues = lease.status == B::ACTIVE;
        let known = lease.from_partner.saturating_sub(now);
        let given = if continues && known > 0 { desired.min(known + mclt) } else { mclt };
        self.changed(address, |lease| {
            lease.client = Some(who.clone());
            lease.status = B::ACTIVE;
            lease.began = if continues { 0 } else { now };
            lease.from_partner = if continues { lease.from_partner } else { 0 };
            (lease.ends, lease.heard) = (now + given, now);
            lease.told = now + given / 2 + desired;
        });
        self.send_updates();
        given
    }

    /// A client gives its address back.
    pub fn released(&mut self, now: u64, address: Ipv4Addr, who: &Client) {
        self.now = now;
        if self.serves() && self.keeps(address, who) {
            self.changed(address, |lease| {
                lease.status = B::RELEASED;
                lease.heard = now / 1_000;
            });
            self.send_updates();
        }
    }

    /// A client found its address in use.
    pub fn declined(&mut self, now: u64, address: Ipv4Addr) {
        self.now = now;
        if self.serves() {
            self.changed(address, |lease| {
                lease.status = B::ABANDONED;
                lease.began = now / 1_000;
                lease.ends = now / 1_000 + DECLINED_S;
            });
            self.send_updates();
        }
    }
}
