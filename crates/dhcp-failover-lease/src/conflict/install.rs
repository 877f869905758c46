//! What an accepted update leaves behind.

use super::judge::{is_in_step, later};
use super::{Receiver, Update};
use crate::time::CLOCK_GUARD;
use crate::{Binding, BindingStatus, Expiries, LeaseInstant, Mutant, Role};
use alloc::vec::Vec;

/// The binding after an accepted update.
///
/// What the two servers hold after each took the other's update must be the same, and taking an
/// update that says nothing new must change nothing: otherwise two updates that cross would chase
/// each other for ever (L4).
pub(super) fn install(own: &Binding, update: &Update, receiver: &Receiver) -> Binding {
    let in_step = is_in_step(own, receiver.instance);
    // When updates cross both must keep the same data. A partner that knows all of ours has news,
    // even if the client was not heard again: its DDNS update is done, say.
    let takes_tie = in_step || receiver.role == Role::Secondary;
    let mut new = match update.status {
        BindingStatus::Active => active(own, update, takes_tie),
        BindingStatus::Free | BindingStatus::Backup => {
            available(own, update, (update.status, update.start_of_state), receiver.role, in_step)
        }
        // The sender makes it FREE when it has our answer, and we now (§5.11).
        BindingStatus::Expired | BindingStatus::Released | BindingStatus::Reset => {
            available(own, update, (BindingStatus::Free, receiver.now), receiver.role, in_step)
        }
        BindingStatus::Abandoned => abandoned(own, update, in_step),
    };
    if receiver.role == Role::Secondary {
        new.flags = update.flags;
    }
    // What the partner names was in use once: a partner that asks for everything must hear of it from
    // here, too (H20).
    if own.is_unused() || !says_the_same(own, &new) || Mutant::EverythingIsNews.is_on() {
        new.version = own.version.saturating_add(1);
    }
    new.knowledge.agreed = new.status;
    new.knowledge.crossed &= !in_step;
    if in_step {
        new.knowledge.acked_version = new.version;
        new.knowledge.instance = receiver.instance;
    }
    new
}

/// Whether a partner told of one has nothing to learn from the other. Of an address without a
/// lease the times and options of the last one do not matter.
fn says_the_same(one: &Binding, other: &Binding) -> bool {
    fn lease(binding: &Binding) -> (LeaseInstant, &[u8], &[u8]) {
        match binding.status {
            BindingStatus::Active | BindingStatus::Abandoned => {
                (binding.expiries.lease, &binding.request_options, &binding.reply_options)
            }
            _ => (LeaseInstant::ZERO, &[], &[]),
        }
    }
    one.status == other.status
        && one.client == other.client
        && one.last_transaction == other.last_transaction
        && one.flags == other.flags
        && one.ddns == other.ddns
        && lease(one) == lease(other)
}

fn available(
    own: &Binding,
    update: &Update,
    (status, since): (BindingStatus, LeaseInstant),
    role: Role,
    in_step: bool,
) -> Binding {
    let mut new = own.clone();
    if own.status != status {
        new = new.made_available(status, since);
        if own.knowledge.told.contains(BindingStatus::Active) {
            // An ACTIVE of ours is under way and may arrive after what the partner says here: then
            // the partner counts on what it promises, and waits must see that (S3).
            new.expiries.lease_latest = own.expiries.latest();
        }
    }
    // Both keep the last client, so that it can have its address back from either.
    let takes_theirs = own.client.is_none() || later(own, update, role == Role::Secondary);
    if let Some(theirs) = update.client.as_ref().filter(|_| takes_theirs) {
        if !own.is_for(theirs) {
            new.forget_client_data();
        }
        new.client = Some(theirs.clone());
    }
    let is_theirs = match (&new.client, &update.client) {
        (Some(kept), Some(theirs)) => kept.is_same(theirs),
        _ => true,
    };
    if is_theirs {
        take(&mut new.ddns, &update.ddns, takes_theirs || later(own, update, in_step));
    }
    new.last_transaction = new.last_transaction.max(update.last_transaction);
    new
}

fn abandoned(own: &Binding, update: &Update, in_step: bool) -> Binding {
    let already = own.status == BindingStatus::Abandoned;
    // The partner did not know how long the lease given here runs, and its client may count on it
    // (S1): from when it asked, and the partner may take the end for earlier than it is meant.
    let kept_here = match own.status {
        BindingStatus::Abandoned => own.expiries.lease,
        BindingStatus::Active if !in_step => own.expiries.lease + CLOCK_GUARD + CLOCK_GUARD,
        _ => LeaseInstant::ZERO,
    };
    // The draft has no time for it (table 7.1-1): then its end is the sender's to tell.
    let until = match update.lease_earliest {
        LeaseInstant::ZERO => LeaseInstant::NEVER,
        until => until,
    };
    Binding {
        status: BindingStatus::Abandoned,
        client: None,
        expiries: Expiries {
            lease: until.max(kept_here),
            // Whoever held it may hold it still: waits must see these times (§9.4.2).
            ..own.expiries
        },
        start_of_state: if already { own.start_of_state } else { update.start_of_state },
        last_transaction: own.last_transaction.max(Some(update.start_of_state)),
        ..own.clone()
    }
}

/// Takes over data of one client: none at all say nothing new.
fn take(own: &mut Vec<u8>, theirs: &[u8], is_newer: bool) {
    if !theirs.is_empty() && (is_newer || own.is_empty()) {
        own.clear();
        own.extend_from_slice(theirs);
    }
}

fn active(own: &Binding, update: &Update, takes_tie: bool) -> Binding {
    let same_client = update.client.as_ref().is_some_and(|client| own.is_for(client));
    let continues = own.status == BindingStatus::Active && same_client;
    let known =
        if same_client && !own.status.is_available() { own.expiries } else { Expiries::default() };
    let takes_theirs = !continues || later(own, update, takes_tie);
    let mut new = Binding {
        status: BindingStatus::Active,
        expiries: Expiries {
            lease: if continues {
                known.lease.max(update.lease_earliest)
            } else {
                update.lease_earliest
            },
            lease_latest: known.lease_latest.max(update.lease_latest),
            received_potential: known.received_potential.max(update.potential_earliest),
            received_potential_latest: known.received_potential_latest.max(update.potential_latest),
            ..known
        },
        ..own.clone()
    };
    if Mutant::LastPotentialCounts.is_on() {
        new.expiries.received_potential = update.potential_earliest;
    }
    if takes_theirs {
        new.client.clone_from(&update.client);
    }
    if !same_client {
        new.forget_client_data();
        if own.knowledge.told.contains(BindingStatus::Active) {
            // The partner may take the other client's lease while this server gives it up, and
            // promise that client what it was told: waits must see that (S3).
            new.knowledge.crossed = true;
            new.expiries.sent_potential = own.expiries.latest();
        }
    }
    take(&mut new.request_options, &update.request_options, takes_theirs);
    take(&mut new.reply_options, &update.reply_options, takes_theirs);
    take(&mut new.ddns, &update.ddns, takes_theirs);
    // One client's times do not go back, whatever its lease has been through (S10).
    new.last_transaction = if same_client && !Mutant::CopiesLastTransaction.is_on() {
        own.last_transaction.max(update.last_transaction)
    } else {
        update.last_transaction
    };
    if !continues {
        new.start_of_state = update.start_of_state;
    }
    new
}
