//! Whose record stands (figure 7.1.3-1, and where we or a partner's product leave it).

use super::{Conflict, ConflictRules, Receiver, Update};
use crate::time::CLOCK_GUARD;
use crate::{Binding, BindingStatus, LeaseInstant, Mutant, Role};

/// What the reservation of the address has to say (§7.1.3, below the figure).
pub(super) fn reservation(update: &Update, receiver: &Receiver) -> Result<(), Conflict> {
    match (receiver.rules, receiver.reserved_here, update.status) {
        (ConflictRules::Windows, Some(true), BindingStatus::Free | BindingStatus::Backup) => {
            Err(Conflict::Outdated)
        }
        (_, Some(false), BindingStatus::Backup) if update.flags.reserved => {
            Err(Conflict::NotReserved)
        }
        _ => Ok(()),
    }
}

/// Where dhcpd decides otherwise than figure 7.1.3-1, so as to end with what it ends with; `None`
/// where it does not, and where following it would end a lease that runs.
///
/// "In step" is when the partner has answered all we told it: then it compares nothing and takes
/// whatever we say, so what it says is its news.
fn isc(own: &Binding, update: &Update, role: Role, in_step: bool) -> Option<Result<(), Conflict>> {
    use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
    let outdated_unless = |fresh: bool| if fresh { Ok(()) } else { Err(Conflict::Outdated) };
    let secondary = role == Role::Secondary;
    let same_client = update.client.as_ref().is_some_and(|client| own.is_for(client));
    let decided = match (own.status, update.status) {
        // Even two clients.
        (Active, Active) if !in_step => {
            outdated_unless(same_client || later(own, update, secondary))
        }
        (Active, Released) if same_client => outdated_unless(in_step || secondary),
        (Active, Reset | Abandoned) => outdated_unless(in_step || secondary),
        (Expired | Released | Reset | Abandoned, Active) => Ok(()),
        (Abandoned, Free | Backup | Expired | Released | Reset) => {
            outdated_unless(in_step || secondary)
        }
        (Expired | Released | Reset, Free | Backup | Expired | Released | Reset) => {
            outdated_unless(in_step || secondary)
        }
        _ => return None,
    };
    Some(decided)
}

/// Figure 7.1.3-1, cell by cell.
///
/// Updates cross. Of two that do, at most one may be taken, or both servers must end with the same:
/// else they would swap their records for ever (S13, L4). So every rule here has its counterpart
/// for the other side, and where the draft has none the primary's record stands.
pub(super) fn judge(own: &Binding, update: &Update, receiver: &Receiver) -> Result<(), Conflict> {
    use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
    let outdated_unless = |fresh: bool| if fresh { Ok(()) } else { Err(Conflict::Outdated) };
    let same_client =
        matches!((&own.client, &update.client), (Some(mine), Some(theirs)) if mine.is_same(theirs));
    let primary = receiver.role == Role::Primary || Mutant::WinnerInverted.is_on();
    let ended = receiver.now >= receiver.lease_ends || Mutant::PartnerEndsLeases.is_on();
    let theirs_ended = receiver.now >= update.lease_latest;
    let in_step = is_in_step(own, receiver.instance);
    let since = |at: LeaseInstant| {
        update.start_of_state == LeaseInstant::ZERO || update.start_of_state >= at
    };
    let after = |theirs, mine| came_after(theirs, mine, in_step || !primary);
    if receiver.rules == ConflictRules::Isc
        && let Some(decided) = isc(own, update, receiver.role, in_step)
    {
        return decided;
    }
    match (own.status, update.status) {
        (Abandoned, Abandoned) => Ok(()),
        // Unless it must last longer than the partner knows.
        (Abandoned, Reset) if since(own.start_of_state) => {
            let untold = own.needs_telling(receiver.instance) && receiver.now < own.expiries.lease;
            if untold { Err(Conflict::LessCritical) } else { Ok(()) }
        }
        // Unless a client was given it since, by a server that had not heard or had waited.
        (Abandoned, Active) => match update.last_transaction {
            Some(given) if !theirs_ended && after(given, own.start_of_state) => Ok(()),
            _ => Err(Conflict::LessCritical),
        },
        (Abandoned, _) => Err(Conflict::LessCritical),
        (Reset, Abandoned) => {
            let lasts = receiver.now < update.lease_earliest;
            outdated_unless(lasts || update.start_of_state > own.start_of_state)
        }
        // What was said before the client came back must not end its lease.
        (Active, Abandoned) => {
            let abandoned = update.start_of_state;
            let untold = abandoned == LeaseInstant::ZERO;
            let since = |given| untold || after(abandoned, given);
            outdated_unless(ended || own.last_transaction.is_none_or(since))
        }
        // Made available by a partner that may not have known of this lease (S1).
        (Active, Reset) => outdated_unless(ended || released_after(own, update, in_step)),
        (_, Reset | Abandoned) => Ok(()),
        // Ours may be the news that this lease is over. But a partner that was asked for everything
        // holds leases that are over here, too, for it takes this server's records for lost (H19); and
        // what it said before it was asked may be why the address is available.
        (Free | Backup, Active) => {
            outdated_unless(in_step || !theirs_ended || receiver.fetches_all)
        }
        // The primary moves addresses, so its last move counts.
        (Free, Backup) | (Backup, Free) => outdated_unless(in_step || !primary),
        (Free | Backup, _) => Ok(()),
        (Active, Active) if same_client => Ok(()),
        (Active, Active) => two_clients(own, update, receiver, primary, ended),
        (Active, Expired | Free | Backup) => outdated_unless(ended),
        (Active, Released) => {
            outdated_unless(ended || same_client && released_after(own, update, in_step))
        }
        // A lease that runs is not ended by its holder's partner, so that must take it up again.
        (Expired, Active) => outdated_unless(!theirs_ended),
        (Released, Active) => {
            outdated_unless(!theirs_ended && (!same_client || back_since(own, update)))
        }
        (Reset, Active) => outdated_unless(!theirs_ended && back_since(own, update)),
        (Expired | Released | Reset, _) => Ok(()),
    }
}

/// Two leases of two clients: one that is over has no claim, whoever gave it, and of two that run
/// the primary's stands.
///
/// Either may be about to end, and the servers know that to some seconds only. Where each would take
/// the other's they would swap them until both are over. So a server gives up its own while it runs,
/// or the primary while it may, only for one that certainly runs; for some seconds it may be that
/// neither gives up its own. That a lease is held beyond its end, for a server that lost its storage may
/// have extended it (H19), keeps it from new clients, but is no claim against a lease that runs (S14).
fn two_clients(
    own: &Binding,
    update: &Update,
    receiver: &Receiver,
    primary: bool,
    ended: bool,
) -> Result<(), Conflict> {
    let theirs_runs = receiver.now < update.lease_earliest;
    let over = ended || receiver.now >= own.expiries.lease + CLOCK_GUARD;
    let takes = if primary { over && theirs_runs } else { ended || theirs_runs };
    if takes { Ok(()) } else { Err(Conflict::InUseByOther) }
}

/// Whether the partner knows all this server knows of the binding.
pub(super) fn is_in_step(own: &Binding, instance: u32) -> bool {
    !own.needs_telling(instance) && own.knowledge.told.is_empty()
}

/// Whether an abandonment came after a lease, or a lease after an abandonment.
///
/// Whole seconds and a partner's clock hide which, of two that are close. Then the primary's record
/// stands: if each server took the other's, they would swap them without end, and the lease would be
/// told shorter each time (S3). So a server that `gives_way` takes what is not clearly older, and what
/// both take is clear when they hold each other's. A partner that knew this server's record has news.
fn came_after(theirs: LeaseInstant, mine: LeaseInstant, gives_way: bool) -> bool {
    if gives_way { theirs + CLOCK_GUARD + CLOCK_GUARD >= mine } else { theirs > mine + CLOCK_GUARD }
}

/// Whether the client gave the address back after this server last heard from it.
///
/// If the partner knows of that last time, then it is (equal seconds do not count against it, H8).
/// If not, the client may just have come back here: then the release must be later beyond doubt,
/// that is by more than whole seconds and a partner's clock can hide.
fn released_after(own: &Binding, update: &Update, in_step: bool) -> bool {
    match (own.last_transaction, update.last_transaction) {
        _ if in_step => later(own, update, !Mutant::EqualSecondsOutdated.is_on()),
        (Some(mine), Some(theirs)) => theirs > mine + CLOCK_GUARD + update.doubt,
        _ => false,
    }
}

/// Whether the client may have come back to the partner after it gave the address back here: the
/// counterpart of [`released_after`]. In doubt the lease stands.
fn back_since(own: &Binding, update: &Update) -> bool {
    match (own.last_transaction, update.last_transaction) {
        (Some(mine), Some(theirs)) => theirs + CLOCK_GUARD + CLOCK_GUARD + update.doubt >= mine,
        (_, theirs) => theirs.is_some(),
    }
}

/// Whether the update's client-last-transaction-time is the later one; `tie` decides equal
/// seconds. A missing time is never later, and always earlier (§7.1.3).
pub(super) fn later(own: &Binding, update: &Update, tie: bool) -> bool {
    match (own.last_transaction, update.last_transaction) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(mine), Some(theirs)) => theirs > mine || (tie && theirs == mine),
    }
}
