//! Why a lease may be gone from both servers before its time is over (S14).
//!
//! A disk counts, and what a server remembers does not: what a server has taken from its partner, and
//! has not on its disk, it has neither acknowledged nor promised to anybody.

use crate::ledger::Ack;
use crate::reference::Seen;
use crate::{Host, Pair};
use dhcp_failover_lease::{Binding, LeaseInstant, LeaseSpan};
use dhcp_failover_proto::Event;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A DHCPACK may have been on its way when the lease was given up: a client waits no longer for it.
const ON_ITS_WAY_MS: u64 = 4_000;

/// Why a lease may be gone from both servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excuse {
    /// It was reported that another client's lease was kept.
    Reported,
    /// It was on no other disk than one that was lost, or on no other server than one whose clock was set
    /// ahead while its machine was off.
    RecordLost,
    /// It was found to be missing, and said so once.
    Found,
}

/// The leases that may be gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Excuses {
    /// With the moment until which a DHCPACK does not make the lease a new one.
    given: BTreeMap<(Ipv4Addr, usize), (Excuse, u64)>,
    /// Of a disk that was lost, and known to the partner, which has not synced it yet; with the DHCPACK.
    unsynced: [Vec<(Ipv4Addr, usize, Ack)>; 2],
}

impl Excuses {
    pub(super) fn add(&mut self, address: Ipv4Addr, client: usize, why: Excuse, until_ms: u64) {
        self.given.insert((address, client), (why, until_ms));
    }

    pub(super) fn of(&self, address: Ipv4Addr, client: usize, ack: &Ack) -> Option<Excuse> {
        let (why, until_ms) = self.given.get(&(address, client))?;
        (ack.received_ms <= *until_ms).then_some(*why)
    }
}

impl Pair {
    /// What an endpoint reports may be why a lease is gone.
    pub(crate) fn note_report(&mut self, event: &Event) {
        let Event::ClientOverridden { address, client } = event else { return };
        let found = self.clients.iter().position(|known| known.client.is_same(client));
        if let Some(number) = found {
            let until_ms = self.now + ON_ITS_WAY_MS;
            self.kept.excuses.add(*address, number, Excuse::Reported, until_ms);
        }
    }

    /// A server started: was its lease clock set ahead, as nothing but a wall clock that is wrong can do?
    pub(crate) fn note_clock(&mut self, host: Host, before: LeaseInstant) {
        let now = self.servers[host.index()].lease_now(self.now);
        if now > before + LeaseSpan::from_s(1) {
            self.note_lost(host);
            self.seen(host, Seen::ClockSet);
            self.seen(host.partner(), Seen::PartnersClockSet);
        }
        self.kept.touch_all();
    }

    /// The disk of a server goes, or its idea of time: leases that its partner has not, or has for a
    /// shorter time, may be forgotten; at once, or when the partner stops before its disk has them.
    pub(crate) fn note_lost(&mut self, host: Host) {
        let partner = host.partner();
        let live: Vec<_> = self.ledger.live(self.now).collect();
        for (address, client, ack) in live {
            let known = self.record_of(partner, address);
            let synced = self.servers[partner.index()].disk.binding(address);
            if !self.covers(partner, &known, client, &ack) {
                self.kept.excuses.add(address, client, Excuse::RecordLost, self.now);
            } else if !self.covers(partner, &synced, client, &ack) {
                self.kept.excuses.unsynced[partner.index()].push((address, client, ack));
            }
        }
        self.kept.touch_all();
    }

    /// A disk has synced something, or its server stopped: what it has now, it must not lose.
    pub(crate) fn note_synced(&mut self, host: Host) {
        let mut unsynced = std::mem::take(&mut self.kept.excuses.unsynced[host.index()]);
        unsynced.retain(|(address, client, ack)| {
            let synced = self.servers[host.index()].disk.binding(*address);
            !self.covers(host, &synced, *client, ack)
        });
        self.kept.excuses.unsynced[host.index()] = unsynced;
    }

    /// A server stopped, and its disk is all that is left of it.
    pub(crate) fn note_forgotten(&mut self, host: Host) {
        self.note_synced(host);
        let unsynced = std::mem::take(&mut self.kept.excuses.unsynced[host.index()]);
        for (address, client, ack) in unsynced {
            self.kept.excuses.add(address, client, Excuse::RecordLost, ack.received_ms);
        }
    }

    /// Whether a record says of a client's lease, by the clock of the server that has it, that it lasts
    /// as long as the client was told.
    fn covers(&self, host: Host, record: &Binding, client: usize, ack: &Ack) -> bool {
        self.shows(host, record, client)
            && self.servers[host.index()]
                .true_ms_of_lease(record.expiries.lease)
                .saturating_add(self.clock_slack_ms())
                >= ack.expires_ms
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Rule;
    use crate::{Host, Pair, Setup, Survives};
    use std::net::Ipv4Addr;

    /// A gave a lease and loses its disk while B, whose disk stands still, knows of it.
    fn known_to_a_slow_disk() -> (Pair, Ipv4Addr) {
        let mut pair = Pair::new(Setup { clients: 1, ..Setup::new(311) });
        pair.start_both();
        assert!(pair.run_until(30, Pair::is_settled), "{}", pair.log_text());
        pair.set_reach(0, Host::B, false);
        pair.stall_disk(Host::B, true);
        pair.join(0);
        pair.run_s(5);
        let address = pair.lease_of(0).expect("A serves").address;
        pair.crash(Host::A, Survives::Nothing);
        pair.lose_disk(Host::A);
        pair.run_s(1);
        pair.assert_clean();
        (pair, address)
    }

    fn restart(pair: &mut Pair) {
        pair.crash(Host::B, Survives::Nothing);
        pair.start(Host::B);
        pair.run_s(1);
    }

    #[test]
    fn s14_excepts_a_lease_whose_other_copy_was_in_no_disk() {
        let (mut pair, address) = known_to_a_slow_disk();
        restart(&mut pair);
        assert!(!pair.is_kept(address, 0), "{}", pair.log_text());
        pair.assert_clean();
    }

    #[test]
    fn s14_sees_a_lease_disappear_whose_other_copy_was_synced() {
        let (mut pair, address) = known_to_a_slow_disk();
        pair.stall_disk(Host::B, false);
        pair.run_s(1);
        assert!(pair.servers[Host::B.index()].disk.bindings.remove(&address).is_some());
        restart(&mut pair);
        assert!(pair.broke(Rule::S14), "{}", pair.log_text());
    }
}
