//! Whether to take a binding the partner sent.

use crate::support::{NOW, client, own, receiver, s, update};
use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
use dhcp_failover_lease::*;

fn accepted(own: &Binding, update: &Update) -> Option<Binding> {
    match resolve(own, update, &receiver(Role::Primary, own)) {
        Verdict::Accept(accepted) => Some(accepted.binding),
        Verdict::Reject(_) => None,
    }
}

/// draft-12 figure 7.1.3-1, every cell, for a lease that has not ended and an older, equal and
/// newer client-last-transaction-time of the same client.
#[test]
fn figure_7_1_3_1_for_one_client() {
    let expected = [
        // own,      update,    older, equal, newer
        (Active, Active, [true, true, true]),
        (Active, Expired, [false, false, false]),
        (Active, Released, [false, true, true]),
        (Active, Free, [false, false, false]),
        (Active, Backup, [false, false, false]),
        (Active, Reset, [false, true, true]),
        (Active, Abandoned, [false, true, true]),
        (Expired, Active, [true, true, true]),
        (Expired, Expired, [true, true, true]),
        (Expired, Released, [true, true, true]),
        (Expired, Free, [true, true, true]),
        (Released, Active, [false, true, true]),
        (Released, Released, [true, true, true]),
        (Released, Backup, [true, true, true]),
        (Free, Active, [true, true, true]),
        (Free, Backup, [true, true, true]),
        (Backup, Free, [true, true, true]),
        (Backup, Expired, [true, true, true]),
        (Reset, Active, [false, true, true]),
        (Reset, Free, [true, true, true]),
        (Abandoned, Active, [false, true, true]),
        (Abandoned, Free, [false, false, false]),
        (Abandoned, Reset, [false, true, true]),
        (Abandoned, Abandoned, [true, true, true]),
    ];
    for (mine, theirs, outcomes) in expected {
        for (cltt, outcome) in [4_990, 5_000, 5_001].into_iter().zip(outcomes) {
            let own = own(mine, 15_000, 5_000);
            let got = accepted(&own, &update(theirs, 1, cltt)).is_some();
            assert_eq!(got, outcome, "{mine} receives {theirs} with cltt {cltt}");
        }
    }
}

/// S1: the partner that abandons an address may not know of the latest lease given here; one that
/// does knows when its client let go.
#[test]
fn an_abandonment_lasts_as_long_as_a_lease_the_partner_did_not_know() {
    let mut mine = own(Active, 15_000, 5_000);
    let theirs = Update { lease_earliest: s(9_000), ..update(Abandoned, 1, 5_003) };
    let known = accepted(&mine, &theirs).expect("ABANDONED is taken");
    assert_eq!((known.status, known.expiries.lease), (Abandoned, s(9_000)));
    mine.version += 1;
    let unknown = accepted(&mine, &theirs).expect("ABANDONED is taken");
    assert_eq!((unknown.status, unknown.expiries.lease), (Abandoned, s(15_004)));
    assert!(unknown.needs_telling(mine.knowledge.instance), "the partner must hold it, too");
}

#[test]
fn two_clients_on_one_address_are_decided_by_the_primary() {
    let mine = own(Active, 15_000, 5_000);
    let theirs = update(Active, 2, 6_000);
    assert_eq!(
        resolve(&mine, &theirs, &receiver(Role::Primary, &mine)),
        Verdict::Reject(Conflict::InUseByOther)
    );
    let Verdict::Accept(taken) = resolve(&mine, &theirs, &receiver(Role::Secondary, &mine)) else {
        panic!("the secondary gives way");
    };
    assert_eq!(taken.binding.client, Some(client(2)));
    assert_eq!(taken.overridden, Some(client(1)), "the loss is reported, not silent (S14)");
}

#[test]
fn h6_an_older_copy_of_a_clients_lease_takes_nothing_away() {
    let mut mine = own(Active, 25_000, 9_000);
    mine.expiries.received_potential = s(40_000);
    let merged = accepted(&mine, &update(Active, 1, 5_000)).unwrap();
    assert_eq!(merged.expiries.lease, s(25_000));
    assert_eq!(merged.expiries.received_potential, s(40_000));
    assert_eq!(merged.last_transaction, Some(s(9_000)));
}

#[test]
fn s2_a_new_clients_binding_does_not_inherit_potential_expiries() {
    let mut mine = own(Active, 5_000, 4_000);
    mine.expiries.acked_potential = s(40_000);
    let theirs = update(Active, 2, 9_000);
    let Verdict::Accept(taken) = resolve(&mine, &theirs, &receiver(Role::Secondary, &mine)) else {
        panic!("accepted");
    };
    assert_eq!(taken.binding.expiries.acked_potential, LeaseInstant::ZERO);
    assert_eq!(taken.binding.expiries.received_potential, s(29_999));
}

#[test]
fn ends_become_free_at_the_receiver_and_are_agreed() {
    for status in [Expired, Released, Reset] {
        let mine = own(Active, 9_000, 5_000);
        let freed = accepted(&mine, &update(status, 1, 5_000)).unwrap();
        assert_eq!(freed.status, Free);
        assert_eq!(freed.knowledge.agreed, Free);
        assert!(!freed.needs_telling(1));
        assert_eq!(freed.client, Some(client(1)), "so that the client can have it back");
    }
}

#[test]
fn an_update_that_crosses_ours_leaves_the_binding_to_be_told_again() {
    let mut mine = own(Active, 9_000, 5_000);
    mine.knowledge.told = StatusSet::EMPTY.with(Expired);
    let merged = accepted(&mine, &update(Expired, 1, 5_000)).unwrap();
    assert!(merged.needs_telling(1));
    assert!(!merged.knowledge.is_certainly(Free), "not ours before the partner answered (S4)");
}

#[test]
fn an_active_binding_without_a_client_is_refused() {
    let mut theirs = update(Active, 1, 5_000);
    theirs.client = None;
    let mine = own(Free, 0, 0);
    assert_eq!(
        resolve(&mine, &theirs, &receiver(Role::Primary, &mine)),
        Verdict::Reject(Conflict::MissingInformation)
    );
}

/// S1: after PARTNER-DOWN the address may have gone to another client, when the first one's lease
/// was over. The lease that runs stands, whichever server gave it.
#[test]
fn of_two_clients_the_one_whose_lease_is_over_gives_way() {
    let over = own(Active, 9_000, 5_000);
    let running = update(Active, 2, 6_000);
    for role in [Role::Primary, Role::Secondary] {
        let Verdict::Accept(taken) = resolve(&over, &running, &receiver(role, &over)) else {
            panic!("{role} keeps a lease that is over");
        };
        assert_eq!(taken.binding.client, Some(client(2)));
        assert_eq!(taken.overridden, None);
    }
    let running = own(Active, 15_000, 5_000);
    let over =
        Update { lease_earliest: s(9_000), lease_latest: s(9_001), ..update(Active, 2, 6_000) };
    for role in [Role::Primary, Role::Secondary] {
        let verdict = resolve(&running, &over, &receiver(role, &running));
        assert_eq!(verdict, Verdict::Reject(Conflict::InUseByOther), "{role}");
    }
}

/// S14: a server holds a lease beyond its end, for one lost its storage (H19). It gives way to a lease that
/// certainly runs, and says so, for its client may have it still: or both would go on until one ends.
#[test]
fn s14_a_lease_held_beyond_its_end_gives_way_to_one_that_runs() {
    let held = own(Active, 9_000, 4_000);
    let running = update(Active, 2, 6_000);
    for role in [Role::Primary, Role::Secondary] {
        let receiver = Receiver { lease_ends: s(30_000), ..receiver(role, &held) };
        let Verdict::Accept(taken) = resolve(&held, &running, &receiver) else {
            panic!("{role} keeps a lease that is only held");
        };
        assert_eq!(taken.binding.client, Some(client(2)), "{role}");
        assert_eq!(taken.overridden, Some(client(1)), "{role}");
    }
    let perhaps = Update { lease_earliest: NOW, ..running };
    let receiver = Receiver { lease_ends: s(30_000), ..receiver(Role::Primary, &held) };
    let verdict = resolve(&held, &perhaps, &receiver);
    assert_eq!(verdict, Verdict::Reject(Conflict::InUseByOther), "it may be over as well");
}
