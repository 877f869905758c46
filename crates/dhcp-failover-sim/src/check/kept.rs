//! S14: no lease that a client has disappears from both servers in silence; and what became of
//! addresses that two clients had at one time.
//!
//! A lease is kept while a server has it ACTIVE for its client: in its table, or on its disk while it
//! is down. When no server has it any more before its time is over, there must have been a reason:
//! a conflict that was reported, or the loss of the only disk it was on.

use crate::check::Rule;
use crate::check::excuse::{Excuse, Excuses};
use crate::ledger::Ack;
use crate::{Host, Pair};
use dhcp_failover_lease::{Binding, BindingStatus};
use dhcp_failover_proto::Bindings;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

const YEAR_S: u64 = 366 * 86_400;

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
    pub(super) excuses: Excuses,
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
            if self.is_kept(address, client)
                || self.kept.excuses.of(address, client, &ack).is_some()
            {
                continue;
            }
            self.kept.excuses.add(address, client, Excuse::Found, ack.received_ms);
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
                    Some((_, ack)) => match self.kept.excuses.of(address, client, ack) {
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
    pub(super) fn is_kept(&self, address: Ipv4Addr, client: usize) -> bool {
        Host::BOTH.into_iter().any(|host| self.keeps(host, address, client))
    }

    fn keeps(&self, host: Host, address: Ipv4Addr, client: usize) -> bool {
        self.shows(host, &self.record_of(host, address), client)
    }

    /// Whether this record of a server says that its address is this client's. Of a server that
    /// somebody else made there are no such records: then it is asked itself.
    pub(super) fn shows(&self, host: Host, record: &Binding, client: usize) -> bool {
        let client = &self.clients[client].client;
        match &self.servers[host.index()].foreign {
            Some(foreign) => foreign.keeps(record.address, client),
            None => record.status == BindingStatus::Active && record.is_for(client),
        }
    }

    /// What a server has on record, or has on its disk while it is down. A pool that was taken away is
    /// not in its table.
    pub(super) fn record_of(&self, host: Host, address: Ipv4Addr) -> Binding {
        let server = &self.servers[host.index()];
        let table = server.endpoint.as_ref().and_then(|_| server.table.get(address));
        table.unwrap_or_else(|| server.disk.binding(address))
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
