//! Whether to take a binding the partner sent (draft-12 §7.1.2 - §7.1.5).

use crate::time::CLOCK_GUARD;
use crate::{Binding, BindingFlags, BindingStatus, Client, Expiries, LeaseInstant, Role};
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

/// A binding update transaction, its times already on this server's lease clock.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct Update {
    /// assigned-IP-address.
    pub address: Ipv4Addr,
    /// binding-status.
    pub status: BindingStatus,
    /// The client, if the update names one.
    pub client: Option<Client>,
    /// lease-expiration-time at its earliest possible meaning; ZERO if absent.
    pub lease_earliest: LeaseInstant,
    /// lease-expiration-time at its latest possible meaning; ZERO if absent.
    pub lease_latest: LeaseInstant,
    /// potential-expiration-time at its earliest possible meaning; ZERO if absent.
    pub potential_earliest: LeaseInstant,
    /// potential-expiration-time at its latest possible meaning; ZERO if absent.
    pub potential_latest: LeaseInstant,
    /// start-time-of-state; ZERO if absent.
    pub start_of_state: LeaseInstant,
    /// client-last-transaction-time.
    pub last_transaction: Option<LeaseInstant>,
    /// IP-flags.
    pub flags: BindingFlags,
    /// client-request-options, opaque.
    pub request_options: Vec<u8>,
    /// client-reply-options, opaque.
    pub reply_options: Vec<u8>,
}

/// Why an update was not taken; each has a reject reason in draft-12 §12.23.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Conflict {
    /// ACTIVE without a client (reason 3).
    MissingInformation,
    /// The address is in use by another client, and the primary decides (reason 2).
    InUseByOther,
    /// This server has newer information (reason 15).
    Outdated,
    /// This server has more critical information: the address is ABANDONED (reason 16).
    LessCritical,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingInformation => "an ACTIVE binding must name its client",
            Self::InUseByOther => "the address is in use by another client",
            Self::Outdated => "newer information is on record here",
            Self::LessCritical => "the address is abandoned here",
        })
    }
}

/// What to do with an update.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "an update is taken or it is not")]
pub enum Verdict {
    /// Store this binding, then acknowledge.
    Accept(alloc::boxed::Box<Accepted>),
    /// Answer with this reason.
    Reject(Conflict),
}

/// An update that was taken.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The binding as it is now.
    pub binding: Binding,
    /// The client whose unexpired lease this update overrode, if it did: an operator should know.
    pub overridden: Option<Client>,
}

/// The receiver's circumstances.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct Receiver {
    /// The receiver's role.
    pub role: Role,
    /// Now, on the receiver's lease clock.
    pub now: LeaseInstant,
    /// When the receiver takes its own ACTIVE lease for ended
    /// ([`Allocator::may_have_ended_at`](crate::Allocator::may_have_ended_at)).
    pub lease_ends: LeaseInstant,
    /// The instance of the relationship (§5.17).
    pub instance: u32,
}

/// Decides by figure 7.1.3-1, with these corrections: one client's data are merged by its last
/// transaction time and never lose a later time (H6); equal seconds do not make a release outdated
/// (H8); a lease is ended only when its last second has passed here too.
#[must_use]
pub fn resolve(own: &Binding, update: &Update, receiver: &Receiver) -> Verdict {
    if update.status == BindingStatus::Active && update.client.is_none() {
        return Verdict::Reject(Conflict::MissingInformation);
    }
    if let Err(conflict) = judge(own, update, receiver) {
        return Verdict::Reject(conflict);
    }
    let overridden = match (&own.client, own.status) {
        (Some(mine), BindingStatus::Active)
            if receiver.now < own.expiries.lease
                && !matches!(&update.client, Some(theirs) if theirs.is_same(mine)) =>
        {
            Some(mine.clone())
        }
        _ => None,
    };
    let binding = install(own, update, receiver);
    Verdict::Accept(alloc::boxed::Box::new(Accepted { binding, overridden }))
}

/// Figure 7.1.3-1, cell by cell.
///
/// Updates cross. Of two that do, at most one may be taken, or both servers must end with the same:
/// else they would swap their records for ever (S13, L4). So every rule here has its counterpart
/// for the other side, and where the draft has none the primary's record stands.
fn judge(own: &Binding, update: &Update, receiver: &Receiver) -> Result<(), Conflict> {
    use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
    let outdated_unless = |fresh: bool| if fresh { Ok(()) } else { Err(Conflict::Outdated) };
    let same_client =
        matches!((&own.client, &update.client), (Some(mine), Some(theirs)) if mine.is_same(theirs));
    let primary = receiver.role == Role::Primary;
    let ended = receiver.now >= receiver.lease_ends;
    let theirs_ended = receiver.now >= update.lease_latest;
    let in_step = is_in_step(own, receiver.instance);
    let since = |at: LeaseInstant| {
        update.start_of_state == LeaseInstant::ZERO || update.start_of_state >= at
    };
    let active_since = |at: LeaseInstant| update.last_transaction.is_some_and(|theirs| theirs > at);
    match (own.status, update.status) {
        (Abandoned, Abandoned) => Ok(()),
        (Abandoned, Reset) if since(own.start_of_state) => Ok(()),
        // Unless a client was given it since, by a server that had not heard or had waited.
        (Abandoned, Active) if !theirs_ended && active_since(own.start_of_state) => Ok(()),
        (Abandoned, _) => Err(Conflict::LessCritical),
        (Reset, Abandoned) => outdated_unless(update.start_of_state > own.start_of_state),
        // What was said before the client came back must not end its lease.
        (Active, Abandoned) => outdated_unless(ended || own.last_transaction.is_none_or(since)),
        (Active, Reset) => {
            outdated_unless(ended || own.last_transaction <= update.last_transaction)
        }
        (_, Reset | Abandoned) => Ok(()),
        // Ours may be the news that this lease is over.
        (Free | Backup, Active) => outdated_unless(in_step || !theirs_ended),
        // The primary moves addresses, so its last move counts.
        (Free, Backup) | (Backup, Free) => outdated_unless(in_step || !primary),
        (Free | Backup, _) => Ok(()),
        (Active, Active) if same_client => Ok(()),
        // Of two clients, one whose lease is over has no claim, whoever gave it.
        (Active, Active) if ended != theirs_ended => outdated_unless(ended),
        (Active, Active) if primary => Err(Conflict::InUseByOther),
        (Active, Active) => Ok(()),
        (Active, Expired | Free | Backup) => outdated_unless(ended),
        (Active, Released) => {
            outdated_unless(ended || same_client && released_after(own, update, in_step))
        }
        // A lease that runs is not ended by its holder's partner, so that must take it up again.
        (Expired, Active) => outdated_unless(!theirs_ended),
        (Released, Active) => {
            outdated_unless(!theirs_ended && (!same_client || back_since(own, update)))
        }
        (Reset, Active) => outdated_unless(!theirs_ended && later(own, update, false)),
        (Expired | Released | Reset, _) => Ok(()),
    }
}

/// Whether the partner knows all this server knows of the binding.
fn is_in_step(own: &Binding, instance: u32) -> bool {
    !own.needs_telling(instance) && own.knowledge.told.is_empty()
}

/// Whether the client gave the address back after this server last heard from it.
///
/// If the partner knows of that last time, then it is (equal seconds do not count against it, H8).
/// If not, the client may just have come back here: then the release must be later beyond doubt,
/// that is by more than whole seconds and a partner's clock can hide.
fn released_after(own: &Binding, update: &Update, in_step: bool) -> bool {
    match (own.last_transaction, update.last_transaction) {
        _ if in_step => later(own, update, true),
        (Some(mine), Some(theirs)) => theirs > mine + CLOCK_GUARD,
        _ => false,
    }
}

/// Whether the client may have come back to the partner after it gave the address back here: the
/// counterpart of [`released_after`]. In doubt the lease stands.
fn back_since(own: &Binding, update: &Update) -> bool {
    match (own.last_transaction, update.last_transaction) {
        (Some(mine), Some(theirs)) => theirs + CLOCK_GUARD + CLOCK_GUARD >= mine,
        (_, theirs) => theirs.is_some(),
    }
}

/// Whether the update's client-last-transaction-time is the later one; `tie` decides equal
/// seconds. A missing time is never later, and always earlier (§7.1.3).
fn later(own: &Binding, update: &Update, tie: bool) -> bool {
    match (own.last_transaction, update.last_transaction) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(mine), Some(theirs)) => theirs > mine || (tie && theirs == mine),
    }
}

/// The binding after an accepted update.
///
/// What the two servers hold after each took the other's update must be the same, and taking an
/// update that says nothing new must change nothing: otherwise two updates that cross would chase
/// each other for ever (L4).
fn install(own: &Binding, update: &Update, receiver: &Receiver) -> Binding {
    let in_step = is_in_step(own, receiver.instance);
    let mut new = match update.status {
        BindingStatus::Active => active(own, update, receiver.role),
        BindingStatus::Free | BindingStatus::Backup => {
            available(own, update, update.status, update.start_of_state, receiver.role)
        }
        // The sender makes it FREE when it has our answer, and we now (§5.11).
        BindingStatus::Expired | BindingStatus::Released | BindingStatus::Reset => {
            available(own, update, BindingStatus::Free, receiver.now, receiver.role)
        }
        BindingStatus::Abandoned => abandoned(own, update),
    };
    if receiver.role == Role::Secondary {
        new.flags = update.flags;
    }
    if !says_the_same(own, &new) {
        new.version = own.version.saturating_add(1);
    }
    new.knowledge.agreed = new.status;
    if in_step {
        new.knowledge.acked_version = new.version;
        new.knowledge.instance = receiver.instance;
    }
    new
}

/// Whether a partner told of one has nothing to learn from the other. Of an address without a
/// lease the times and options of the last one do not matter.
fn says_the_same(one: &Binding, other: &Binding) -> bool {
    let lease = |binding: &Binding| match binding.status {
        BindingStatus::Active | BindingStatus::Abandoned => {
            (binding.expiries.lease, binding.request_options.clone(), binding.reply_options.clone())
        }
        _ => Default::default(),
    };
    one.status == other.status
        && one.client == other.client
        && one.last_transaction == other.last_transaction
        && one.flags == other.flags
        && lease(one) == lease(other)
}

fn available(
    own: &Binding,
    update: &Update,
    status: BindingStatus,
    since: LeaseInstant,
    role: Role,
) -> Binding {
    let mut new = own.clone();
    if own.status != status {
        new = new.made_available(status, since);
    }
    // Both keep the last client, so that it can have its address back from either.
    if own.client.is_none() || later(own, update, role == Role::Secondary) {
        new.client = update.client.clone().or(new.client);
    }
    new.last_transaction = new.last_transaction.max(update.last_transaction);
    new
}

fn abandoned(own: &Binding, update: &Update) -> Binding {
    let already = own.status == BindingStatus::Abandoned;
    // The draft has no time for it (table 7.1-1): then its end is the sender's to tell.
    let until = match update.lease_earliest {
        LeaseInstant::ZERO => LeaseInstant::NEVER,
        until => until,
    };
    Binding {
        status: BindingStatus::Abandoned,
        client: None,
        expiries: Expiries {
            lease: if already { own.expiries.lease.max(until) } else { until },
            // Whoever held it may hold it still: waits must see these times (§9.4.2).
            ..own.expiries
        },
        start_of_state: if already { own.start_of_state } else { update.start_of_state },
        last_transaction: own.last_transaction.max(Some(update.start_of_state)),
        ..own.clone()
    }
}

fn active(own: &Binding, update: &Update, role: Role) -> Binding {
    let same_client = update.client.as_ref().is_some_and(|client| own.is_for(client));
    let continues = own.status == BindingStatus::Active && same_client;
    let known =
        if same_client && !own.status.is_available() { own.expiries } else { Expiries::default() };
    // In a tie both must keep the same one.
    let takes_theirs = !continues || later(own, update, role == Role::Secondary);
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
    if takes_theirs {
        new.client.clone_from(&update.client);
        new.request_options.clone_from(&update.request_options);
        new.reply_options.clone_from(&update.reply_options);
    }
    if continues {
        new.last_transaction = own.last_transaction.max(update.last_transaction);
    } else {
        new.start_of_state = update.start_of_state;
        new.last_transaction = update.last_transaction;
    }
    new
}

#[cfg(test)]
#[path = "conflict_tests.rs"]
mod tests;
