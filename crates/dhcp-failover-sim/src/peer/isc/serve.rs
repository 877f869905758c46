//! DHCP clients.

use super::Isc;
use super::image::Lease;
use crate::peer::Request;
use dhcp_failover_lease::Client;
use dhcp_failover_proto::RequestClass;
use dhcp_failover_wire::{BindingStatus as B, ServerState as S};
use dhcp_loadbalance::hash;
use std::net::Ipv4Addr;

/// "load balance max seconds".
const MAX_SECONDS: u16 = 3;
/// abandon-lease-time.
const ABANDONED_S: u64 = 86_400;

impl Isc {
    /// isc-S03: as the partner wanted it when it was last heard, whenever that was; isc-S04,
    /// isc-S05: and in no state of a conflict.
    pub(crate) fn serves(&self) -> bool {
        let own = [S::NORMAL, S::COMMUNICATIONS_INTERRUPTED, S::PARTNER_DOWN];
        let not =
            [S::PARTNER_DOWN, S::POTENTIAL_CONFLICT, S::CONFLICT_DONE, S::RESOLUTION_INTERRUPTED];
        self.up
            && self.volatile.startup_until.is_none()
            && own.contains(&self.image.state)
            && !not.contains(&self.image.partner)
    }

    /// Whether it would answer; isc-L23: only a DISCOVER is for one of the two.
    pub(crate) fn answers(&self, class: RequestClass, key: &[u8], secs: u16) -> bool {
        if !self.serves() {
            return false;
        }
        if class != RequestClass::New || self.image.state != S::NORMAL || secs > MAX_SECONDS {
            return true;
        }
        let bucket = hash(key);
        self.volatile.buckets.is_some_and(|own| own.contains(bucket))
    }

    /// isc-L25: then it answers for the partner.
    fn partner_has_none(&self) -> bool {
        !self.image.leases.values().any(|lease| lease.status == self.partner_free())
    }

    /// The lease for a client, durable and told when this returns: address and seconds.
    pub(crate) fn serve(&mut self, now: u64, request: &Request<'_>) -> Option<(Ipv4Addr, u64)> {
        self.now = now;
        let class = match request.wanted {
            // A DHCPREQUEST: INIT-REBOOT.
            Some(_) => RequestClass::Renewal,
            None => request.class,
        };
        let own = self.answers(class, request.client.balance_key(), request.secs);
        if !self.serves() || !own && !self.partner_has_none() {
            return None;
        }
        let address = self.choose(request)?;
        let lease = &self.image.leases[&address];
        if let Some(left) = cached(lease, request, self.now_s()) {
            return Some((address, left));
        }
        let seconds = self.grant(lease);
        self.commit(address, request.client, seconds);
        Some((address, seconds))
    }

    fn choose(&self, request: &Request<'_>) -> Option<Ipv4Addr> {
        let usable = |address: &Ipv4Addr| self.may_allocate(*address, request.client);
        if let Some(wanted) = request.wanted {
            return Some(wanted).filter(usable);
        }
        let had = self.image.leases.iter().filter(|(_, lease)| lease.is_of(request.client));
        let had = had.map(|(address, _)| *address).find(usable);
        had.or_else(|| {
            let mut all: Vec<_> = self.image.leases.iter().collect();
            all.sort_by_key(|(address, lease)| {
                (lease.status != self.own_free(), lease.ends, **address)
            });
            all.into_iter().map(|(address, _)| *address).find(usable)
        })
    }

    pub(crate) fn may_allocate(&self, address: Ipv4Addr, who: &Client) -> bool {
        let Some(lease) = self.image.leases.get(&address) else { return false };
        let alone = self.image.state == S::PARTNER_DOWN;
        let (now, since, mclt) = (self.now_s(), self.image.since, self.image.mclt_s);
        let waited = if lease.from_partner < since { since } else { lease.from_partner } + mclt;
        let same = lease.is_of(who);
        match lease.status {
            B::ACTIVE => same,
            B::FREE | B::BACKUP => lease.status == self.own_free() || alone && waited < now,
            B::RELEASED | B::EXPIRED => {
                lease.rewind == self.own_free()
                    || same && lease.rewind == B::ACTIVE
                    || alone && lease.from_partner < now
            }
            B::RESET => alone && lease.from_partner < now,
            _ => false,
        }
    }

    /// The MCLT binds in every state (isc-L11).
    fn grant(&self, lease: &Lease) -> u64 {
        let (now, desired, mclt) = (self.now_s(), self.config.lease_s, self.image.mclt_s);
        if desired <= mclt {
            desired
        } else if lease.from_partner <= now {
            mclt
        } else if now + desired > lease.from_partner + mclt {
            lease.from_partner - now + mclt
        } else {
            desired
        }
    }

    fn commit(&mut self, address: Ipv4Addr, who: &Client, seconds: u64) {
        let (now, normal) = (self.now_s(), self.image.state == S::NORMAL);
        let told = now + self.config.lease_s + seconds / 2;
        let Some(lease) = self.image.leases.get_mut(&address) else { return };
        lease.status = B::ACTIVE;
        lease.client = Some(who.clone());
        (lease.starts, lease.ends, lease.heard) = (now, now + seconds, now);
        lease.told = told;
        lease.from_partner = lease.from_partner.min(told);
        lease.acknowledged = 0;
        if normal {
            lease.rewind = B::ACTIVE;
        }
        self.changed(address);
        let others = self.image.leases.iter();
        let others: Vec<_> = others
            .filter(|(other, lease)| **other != address && lease.status == B::ACTIVE)
            .filter(|(_, lease)| lease.is_of(who))
            .map(|(other, _)| *other)
            .collect();
        for other in others {
            self.over(other, B::RELEASED);
        }
        self.send_updates();
    }

    /// A client gives its address back.
    pub(crate) fn released(&mut self, now: u64, address: Ipv4Addr, who: &Client) {
        self.now = now;
        let own = |lease: &Lease| lease.status == B::ACTIVE && lease.is_of(who);
        if self.serves() && self.image.leases.get(&address).is_some_and(own) {
            if let Some(lease) = self.image.leases.get_mut(&address) {
                lease.heard = now / 1_000;
                lease.ends = now / 1_000;
            }
            self.over(address, B::RELEASED);
            self.send_updates();
        }
    }

    /// A client found its address in use.
    pub(crate) fn declined(&mut self, now: u64, address: Ipv4Addr) {
        self.now = now;
        if !self.serves() {
            return;
        }
        let until = self.now_s() + ABANDONED_S;
        if let Some(lease) = self.image.leases.get_mut(&address) {
            lease.client = None;
            lease.ends = until;
            lease.told = until;
            self.over(address, B::ABANDONED);
            self.send_updates();
        }
    }
}

/// isc-L33: in the first quarter of a lease a renewal changes nothing, and nobody hears of it.
fn cached(lease: &Lease, request: &Request<'_>, now: u64) -> Option<u64> {
    let early = now.saturating_sub(lease.starts) * 4 <= lease.ends.saturating_sub(lease.starts);
    let own = lease.status == B::ACTIVE && lease.is_of(request.client) && lease.ends > now;
    (request.class == RequestClass::Renewal && own && early).then(|| lease.ends - now)
}
