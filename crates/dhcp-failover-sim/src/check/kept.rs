//! S14: no lease that a client has disappears from both servers in silence; and what became of
//! addresses that two clients had at one time.
//!
//! A lease is kept while a server has it ACTIVE for its client: in its table, or on its disk while it
//! is down. When no server has it any more before its time is over, there must have been a reason:
//! a conflict that was reported, or the loss of the only disk it was on.

use crate::check::Rule;
use crate::ledger::Ack;
use crate::reference::Seen;
use crate::{Host, Pair};
use dhcp_failover_lease::{BindingStatus, LeaseInstant, LeaseSpan};
use dhcp_failover_proto::{Bindings, Event};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

const YEAR_S: u64 = 366 * 86_400;

/// A DHCPACK may have been on its way when the lease was given up: a client waits no longer for it.
const ON_ITS_WAY_MS: u64 = 4_000;

/// Why a lease may be gone from both servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Excuse {
    /// It was reported that another client's lease was kept.
    Reported,
    /// It was on no other disk than one that was lost, or on no other server than one whose clock was set
    /// ahead while its machine was off.
    RecordLost,
    /// It was found to be missing, and said so once.
    Found,
}

/// What became of an address that two clients had at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Both have it, and a server has the record of each.
    Open,
    /// The time of one lease was over, or its client gave it up, before the servers had to choose.
    Ended,
    /// The record of one was lost with a disk, or ended early by a clock that was set ahead.
    RecordLost,
    /// The servers kept one record, and one of them reported the client of the other.
    Resolved,
    /// One record went without a report.
    Silent,
}

/// An address that two clients had at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubled {
    /// The address.
    pub address: Ipv4Addr,
    /// The two, the second of which got it when the first had it.
    pub clients: [usize; 2],
    /// When, in true time.
    pub at_ms: u64,
    /// What became of it.
    pub fate: Fate,
}

/// How many addresses two clients had at one time, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DoubledCounts {
    /// All of them.
    pub happened: u64,
    /// One lease ended before the servers had to choose.
    pub ended: u64,
    /// One record was lost with a disk, or ended by a clock that was set ahead: nobody could know.
    pub record_lost: u64,
    /// Both records survived until the servers compared them: the sum of the next three.
    pub survived: u64,
    /// Reported with the address and the client that lost it, and resolved.
    pub resolved: u64,
    /// One record went without a report: S14 is broken.
    pub silent: u64,
    /// The servers still have one record each.
    pub open: u64,
}

impl std::ops::AddAssign for DoubledCounts {
    fn add_assign(&mut self, more: Self) {
        self.happened += more.happened;
        self.ended += more.ended;
        self.record_lost += more.record_lost;
        self.survived += more.survived;
        self.resolved += more.resolved;
        self.silent += more.silent;
        self.open += more.open;
    }
}

/// What is known of leases whose records are gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// Bindings that changed since the last look.
    touched: BTreeSet<Ipv4Addr>,
    /// A server stopped or came back: everything is to be looked at.
    all: bool,
    /// With the moment until which a DHCPACK does not make the lease a new one.
    excused: BTreeMap<(Ipv4Addr, usize), (Excuse, u64)>,
    doubled: Vec<Doubled>,
}

impl Kept {
    pub(crate) fn touch(&mut self, address: Ipv4Addr) {
        self.touched.insert(address);
    }

    pub(crate) fn touch_all(&mut self) {
        self.all = true;
    }

    pub(crate) fn doubled(&mut self, address: Ipv4Addr, clients: [usize; 2], at_ms: u64) {
        let (mut sorted, mut same) = (clients, false);
        sorted.sort_unstable();
        for known in self.doubled.iter().filter(|known| known.fate == Fate::Open) {
            let mut theirs = known.clients;
            theirs.sort_unstable();
            same |= known.address == address && theirs == sorted;
        }
        if !same {
            self.doubled.push(Doubled { address, clients, at_ms, fate: Fate::Open });
        }
    }

    fn excuse(&mut self, address: Ipv4Addr, client: usize, why: Excuse, until_ms: u64) {
        self.excused.insert((address, client), (why, until_ms));
    }

    fn excused(&self, address: Ipv4Addr, client: usize, ack: &Ack) -> Option<Excuse> {
        let (why, until_ms) = self.excused.get(&(address, client))?;
        (ack.received_ms <= *until_ms).then_some(*why)
    }
}

impl Pair {
    /// Every address that two clients had at one time so far, and what became of it.
    #[must_use]
    pub fn doubled(&self) -> &[Doubled] {
        &self.kept.doubled
    }

    /// The same, counted.
    #[must_use]
    pub fn doubled_counts(&self) -> DoubledCounts {
        let of = |fate| self.doubled().iter().filter(|doubled| doubled.fate == fate).count() as u64;
        let (resolved, silent, open) = (of(Fate::Resolved), of(Fate::Silent), of(Fate::Open));
        DoubledCounts {
            happened: self.doubled().len() as u64,
            ended: of(Fate::Ended),
            record_lost: of(Fate::RecordLost),
            survived: resolved + silent + open,
            resolved,
            silent,
            open,
        }
    }

    /// Looks at the leases whose bindings changed since the last time.
    pub(crate) fn check_kept(&mut self) {
        let touched = std::mem::take(&mut self.kept.touched);
        if std::mem::take(&mut self.kept.all) {
            let live: BTreeSet<_> =
                self.ledger.live(self.now).map(|(address, ..)| address).collect();
            live.into_iter().for_each(|address| self.check_kept_at(address));
        } else {
            touched.into_iter().for_each(|address| self.check_kept_at(address));
        }
    }

    fn check_kept_at(&mut self, address: Ipv4Addr) {
        let end = self.now + self.clock_slack_ms();
        let live: Vec<_> = self.ledger.live_at(address, end).collect();
        for &(client, ack) in &live {
            if self.is_kept(address, client) || self.kept.excused(address, client, &ack).is_some() {
                continue;
            }
            self.kept.excuse(address, client, Excuse::Found, ack.received_ms);
            let [a, b] = Host::BOTH.map(|host| self.record_of(host, address));
            let until = ack.expires_ms;
            let text = format!("{address} of client {client} until {until}: A {a:?}, B {b:?}");
            self.violation(Rule::S14, text);
        }
        self.check_doubled(address, &live);
    }

    fn check_doubled(&mut self, address: Ipv4Addr, live: &[(usize, Ack)]) {
        let open: Vec<_> = (0..self.kept.doubled.len())
            .filter(|n| self.kept.doubled[*n].address == address)
            .filter(|n| self.kept.doubled[*n].fate == Fate::Open)
            .collect();
        for number in open {
            let fates = self.kept.doubled[number].clients.map(|client| {
                match live.iter().find(|(holder, _)| *holder == client) {
                    None => Fate::Ended,
                    Some(_) if self.is_kept(address, client) => Fate::Open,
                    Some((_, ack)) => match self.kept.excused(address, client, ack) {
                        Some(Excuse::Reported) => Fate::Resolved,
                        Some(Excuse::RecordLost) => Fate::RecordLost,
                        Some(Excuse::Found) | None => Fate::Silent,
                    },
                }
            });
            self.kept.doubled[number].fate = fates[0].max(fates[1]);
        }
    }

    /// Those that are still open are closed if a lease has ended meanwhile; of the others the servers
    /// should have chosen one by now.
    pub(crate) fn check_resolved(&mut self) {
        self.kept.touch_all();
        self.check_kept();
        let open: BTreeSet<_> = self
            .doubled()
            .iter()
            .filter(|doubled| doubled.fate == Fate::Open)
            .map(|doubled| doubled.address)
            .collect();
        open.into_iter().for_each(|address| self.check_kept_at(address));
        let left: Vec<_> = self.doubled().iter().filter(|it| it.fate == Fate::Open).collect();
        let texts: Vec<_> = left.into_iter().map(|it| format!("not resolved: {it:?}")).collect();
        texts.into_iter().for_each(|text| self.violation(Rule::S14, text));
    }

    /// Whether a server knows of this client's lease.
    fn is_kept(&self, address: Ipv4Addr, client: usize) -> bool {
        Host::BOTH.into_iter().any(|host| self.keeps(host, address, client))
    }

    fn keeps(&self, host: Host, address: Ipv4Addr, client: usize) -> bool {
        if let Some(foreign) = &self.servers[host.index()].foreign {
            return foreign.keeps(address, &self.clients[client].client);
        }
        let binding = self.record_of(host, address);
        binding.status == BindingStatus::Active && binding.is_for(&self.clients[client].client)
    }

    /// What a server has on record, or has on its disk while it is down. A pool that was taken away is
    /// not in its table.
    fn record_of(&self, host: Host, address: Ipv4Addr) -> dhcp_failover_lease::Binding {
        let server = &self.servers[host.index()];
        let table = server.endpoint.as_ref().and_then(|_| server.table.get(address));
        table.unwrap_or_else(|| server.disk.binding(address))
    }

    /// What an endpoint reports may be why a lease is gone.
    pub(crate) fn note_report(&mut self, event: &Event) {
        let Event::ClientOverridden { address, client } = event else { return };
        let found = self.clients.iter().position(|known| known.client.is_same(client));
        if let Some(number) = found {
            self.kept.excuse(*address, number, Excuse::Reported, self.now + ON_ITS_WAY_MS);
        }
    }

    /// A server started: was its lease clock set ahead, as nothing but a wall clock that is wrong can do?
    pub(crate) fn note_clock(&mut self, host: Host, before: LeaseInstant) {
        let now = self.servers[host.index()].lease_now(self.now);
        if now > before + LeaseSpan::from_s(1) {
            self.note_lost(host);
            self.seen(host, Seen::ClockSet);
        }
        self.kept.touch_all();
    }

    /// The disk of a server goes, or its idea of time: leases that its partner has not, or has for a
    /// shorter time, may be forgotten.
    pub(crate) fn note_lost(&mut self, host: Host) {
        let slack_ms = self.clock_slack_ms();
        let partner = &self.servers[host.partner().index()];
        let covered = |address, client: usize, ack: &Ack| {
            self.keeps(host.partner(), address, client)
                && partner
                    .true_ms_of_lease(self.record_of(host.partner(), address).expiries.lease)
                    .saturating_add(slack_ms)
                    >= ack.expires_ms
        };
        let lost: Vec<_> = self
            .ledger
            .live(self.now)
            .filter(|(address, client, ack)| !covered(*address, *client, ack))
            .map(|(address, client, _)| (address, client))
            .collect();
        for (address, client) in lost {
            self.kept.excuse(address, client, Excuse::RecordLost, self.now);
        }
        self.kept.touch_all();
    }

    /// Two clocks in whole seconds, each up to a second behind the truth; and what they gain or lose
    /// during a lease.
    pub(crate) fn clock_slack_ms(&self) -> u64 {
        let drift = self.setup.clock_drift_ppm.map(|ppm| u64::from(ppm.unsigned_abs()));
        let lease_s = self.setup.lease_s.max(self.setup.mclt_s);
        // Of a lease without end, what a year makes.
        3_000 + 2 * lease_s.min(YEAR_S) * (drift[0] + drift[1]) / 1_000
    }
}
