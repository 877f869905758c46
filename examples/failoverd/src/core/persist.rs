//! Records on their way to the disk.

use crate::store::{StoreWriter, Write, WriterStopped};
use dhcp_failover_proto::Ticket;
use std::collections::{BTreeMap, VecDeque};

/// Collects the records of one turn into one submission, and remembers which endpoint waits for
/// which.
#[derive(Debug)]
pub(super) struct Persistence {
    store: StoreWriter,
    last: u64,
    writes: Vec<Write>,
    /// The latest ticket of each domain in the submission being collected.
    tickets: BTreeMap<usize, Ticket>,
    /// Submissions that are not durable yet.
    waiting: VecDeque<(u64, BTreeMap<usize, Ticket>)>,
}

impl Persistence {
    pub(super) fn new(store: StoreWriter) -> Self {
        Self {
            store,
            last: 0,
            writes: Vec::new(),
            tickets: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, domain: usize, ticket: Ticket, write: Write) {
        self.writes.push(write);
        self.tickets.insert(domain, ticket);
    }

    /// A record that no domain waits for; returns the number of its submission.
    pub(super) fn add_own(&mut self, write: Write) -> u64 {
        self.writes.push(write);
        self.last + 1
    }

    /// Hands what was collected to the store.
    pub(super) fn submit(&mut self) -> Result<(), WriterStopped> {
        if self.writes.is_empty() {
            return Ok(());
        }
        self.last += 1;
        self.waiting.push_back((self.last, std::mem::take(&mut self.tickets)));
        self.store.submit(self.last, std::mem::take(&mut self.writes))
    }

    /// The newest durable ticket of each domain that has one, now that a submission is durable.
    pub(super) fn persisted(&mut self, submission: u64) -> BTreeMap<usize, Ticket> {
        let mut durable = BTreeMap::new();
        while self.waiting.front().is_some_and(|(number, _)| *number <= submission) {
            let tickets = self.waiting.pop_front().map(|(_, tickets)| tickets);
            durable.extend(tickets.unwrap_or_default());
        }
        durable
    }

    /// Whether everything is durable.
    pub(super) fn is_idle(&self) -> bool {
        self.writes.is_empty() && self.waiting.is_empty()
    }
}
