//! Durable before visible: holds back what promises something until that is on disk.

use crate::{Event, LinkId, Output, Record, Ticket, Token};
use alloc::collections::VecDeque;
use dhcp_failover_lease::{Binding, Mutant};
use dhcp_failover_wire::{Dialect, Message};

/// Something that waits for a record to be durable.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Held {
    /// A message, encoded when it leaves so that it carries the time of leaving (§6.1).
    Message {
        /// The connection.
        link: LinkId,
        /// How its partner is spoken to, also if this server has given the connection up meanwhile.
        dialect: Dialect,
        /// Its transaction.
        xid: u32,
        /// What it says.
        message: Message,
    },
    /// The outcome of a grant.
    Confirm(Token),
    /// The end of a connection, after what was said on it.
    Close(LinkId),
}

/// The one way out of an endpoint.
///
/// Everything that is held waits for *all* records made before it, in order. That is more than
/// each needs, but it keeps the order of messages, and in the usual case of a quick disk it costs
/// nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Gate {
    last: Ticket,
    persisted: Ticket,
    held: VecDeque<(Ticket, Held)>,
    out: VecDeque<Output>,
    /// Outputs that were taken.
    taken: u64,
}

impl Gate {
    pub(super) fn persist(&mut self, record: Record) -> Ticket {
        self.last = Ticket(self.last.0.saturating_add(1));
        self.out.push_back(Output::Persist { ticket: self.last, record });
        self.last
    }

    /// The place of the output that was added last.
    pub(super) fn last_place(&self) -> u64 {
        let waiting = u64::try_from(self.out.len()).unwrap_or(u64::MAX);
        self.taken.saturating_add(waiting).saturating_sub(1)
    }

    /// The binding to be written at that place, unless it was taken.
    pub(super) fn binding_at(&self, place: u64) -> Option<&Binding> {
        let ahead = usize::try_from(place.checked_sub(self.taken)?).ok()?;
        match self.out.get(ahead)? {
            Output::Persist { record: Record::Binding(binding), .. } => Some(binding),
            _ => None,
        }
    }

    pub(super) fn persisted(&mut self, ticket: Ticket) {
        // A driver cannot have stored what it was not given.
        self.persisted = self.persisted.max(ticket.min(self.last));
    }

    pub(super) fn is_persisted(&self, ticket: Ticket) -> bool {
        ticket <= self.persisted
    }

    /// Lets `held` out once every record made so far is durable.
    pub(super) fn hold(&mut self, held: Held) {
        self.held.push_back((self.last, held));
    }

    pub(super) fn output(&mut self, output: Output) {
        self.out.push_back(output);
    }

    pub(super) fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    /// The next that may leave now.
    pub(super) fn released(&mut self) -> Option<Held> {
        let (needs, held) = self.held.front()?;
        let too_early = match held {
            Held::Confirm(_) => Mutant::AckBeforeSync.is_on(),
            _ => Mutant::SendBeforeSync.is_on(),
        };
        (*needs <= self.persisted || too_early)
            .then(|| self.held.pop_front())?
            .map(|(_, held)| held)
    }

    /// Forgets what was to be said on a connection that is gone.
    pub(super) fn forget(&mut self, gone: LinkId) {
        self.held.retain(|(_, held)| match held {
            Held::Message { link, .. } | Held::Close(link) => *link != gone,
            Held::Confirm(_) => true,
        });
    }

    pub(super) fn take(&mut self) -> Option<Output> {
        let output = self.out.pop_front()?;
        self.taken = self.taken.saturating_add(1);
        Some(output)
    }

    /// The connections of what is held, in its order.
    pub(super) fn held_links(&self) -> impl Iterator<Item = LinkId> {
        self.held.iter().filter_map(|(_, held)| match held {
            Held::Message { link, .. } | Held::Close(link) => Some(*link),
            Held::Confirm(_) => None,
        })
    }

    /// How much waits.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// How many messages do.
    pub(super) fn held_messages(&self) -> usize {
        self.held.iter().filter(|(_, held)| matches!(held, Held::Message { .. })).count()
    }

    /// Numbers tickets from the last durable one, and connections by `renamed`, for comparing
    /// endpoints.
    pub(super) fn rebase(&mut self, renamed: impl Fn(LinkId) -> LinkId) {
        let base = self.persisted.0;
        for (needs, held) in &mut self.held {
            needs.0 = needs.0.saturating_sub(base);
            if let Held::Message { link, .. } | Held::Close(link) = held {
                *link = renamed(*link);
            }
        }
        for output in &mut self.out {
            if let Output::Persist { ticket, .. } = output {
                ticket.0 = ticket.0.saturating_sub(base);
            }
        }
        self.last.0 = self.last.0.saturating_sub(base);
        self.persisted.0 = 0;
        self.taken = 0;
    }

    pub(super) fn held_mut(&mut self) -> impl Iterator<Item = &mut Held> {
        self.held.iter_mut().map(|(_, held)| held)
    }

    pub(super) const fn base(&self) -> u64 {
        self.persisted.0
    }
}
