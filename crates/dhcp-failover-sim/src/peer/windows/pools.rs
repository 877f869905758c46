//! Whose the available addresses are, and leases that end.

use super::Windows;
use super::image::free_of;
use dhcp_failover_wire::{BindingStatus as B, ServerState as S};
use std::net::Ipv4Addr;

/// A secondary leaves it to its partner for so long to end a lease.
const GRACE_S: u64 = 60;
/// Fewer than a tenth of the available addresses are not moved.
const THRESHOLD: usize = 10;

impl Windows {
    /// win-9: nobody asks it. The secondary gets the upper part of each scope, as captured.
    pub(super) fn rebalance(&mut self) {
        if !self.is_primary() || self.state() != S::NORMAL || !self.is_connected() {
            return;
        }
        self.volatile.balance_at = Some(self.now + self.config.rebalance_ms);
        let percent = usize::from(self.config.primary_percent.min(100));
        for scope in self.config.scopes.clone() {
            let free = |status| {
                let status_of = |address: &&Ipv4Addr| {
                    self.image.leases.get(*address).is_some_and(|it| it.status == status)
                };
                scope.addresses.iter().filter(status_of).copied().collect::<Vec<_>>()
            };
            let (mine, theirs) = (free(B::FREE), free(B::BACKUP));
            let all = mine.len() + theirs.len();
            let due = all * (100 - percent) / 100;
            if due.abs_diff(theirs.len()) * THRESHOLD < all {
                continue;
            }
            for address in mine.into_iter().rev().take(due.saturating_sub(theirs.len())) {
                self.changed(address, |lease| lease.status = B::BACKUP);
            }
            for address in theirs.iter().take(theirs.len().saturating_sub(due)) {
                // Its own again when the partner has agreed.
                self.changed(*address, |lease| lease.reclaimed = true);
            }
        }
        self.send_updates();
    }

    /// What ends with time.
    pub(super) fn sweep(&mut self) {
        self.wait_may_be_over();
        let (now, state) = (self.now_s(), self.state());
        let waits = if self.is_primary() || state != S::NORMAL { 0 } else { GRACE_S };
        let serves = self.serves();
        let ended: Vec<_> = self
            .image
            .leases
            .iter()
            .filter(|(_, it)| serves && it.status == B::ACTIVE && it.ends + waits <= now)
            .map(|(address, _)| *address)
            .collect();
        for address in ended {
            self.changed(address, |lease| lease.status = B::EXPIRED);
        }
        if state == S::PARTNER_DOWN {
            self.take_over(now);
        }
        self.send_updates();
    }

    /// Alone, it frees what is over when nobody can hold it any more.
    fn take_over(&mut self, now: u64) {
        let (since, mclt) = (self.image.since, self.config.mclt_s);
        let free = free_of(self.config.role);
        let over = |lease: &super::Lease| {
            let promised = lease.from_partner.max(lease.told).max(lease.ends).max(since);
            lease.is_over() && promised + mclt < now
        };
        let all: Vec<_> = self
            .image
            .leases
            .iter()
            .filter(|(_, lease)| over(lease))
            .map(|(address, _)| *address)
            .collect();
        for address in all {
            self.changed(address, |lease| lease.status = free);
        }
    }

    /// Whether an address is its own to give, or has become so.
    pub(super) fn may_give(&self, address: Ipv4Addr) -> bool {
        let own = free_of(self.config.role);
        let Some(lease) = self.image.leases.get(&address) else { return false };
        let promised = lease.from_partner.max(lease.told).max(self.image.since);
        let alone = self.state() == S::PARTNER_DOWN
            && lease.is_free()
            && promised + self.config.mclt_s < self.now_s();
        lease.status == own && !lease.reclaimed || alone
    }
}
