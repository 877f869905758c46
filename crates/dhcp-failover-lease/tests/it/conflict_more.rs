//! What figure 7.1.3-1 does not say: times, reservations, partners of another make.

use crate::support::{client, own, receiver, s, update};
use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
use dhcp_failover_lease::*;

fn unanswered(mut binding: Binding) -> Binding {
    binding.knowledge.told = StatusSet::EMPTY.with(binding.status);
    binding.knowledge.acked_version = 0;
    binding
}

fn verdict(
    own: &Binding,
    update: &Update,
    role: Role,
    rules: ConflictRules,
) -> Result<Binding, Conflict> {
    match resolve(own, update, &Receiver { rules, ..receiver(role, own) }) {
        Verdict::Accept(accepted) => Ok(accepted.binding),
        Verdict::Reject(conflict) => Err(conflict),
    }
}

/// S13: of two last clients of the same second both servers keep the primary's.
#[test]
fn s13_the_last_client_of_a_free_address_is_the_primarys_where_times_do_not_tell() {
    for (role, kept) in [(Role::Primary, 1), (Role::Secondary, 2)] {
        for (mine, theirs) in [(Free, Free), (Backup, Backup)] {
            let accepted = verdict(
                &own(mine, 1_000, 5_000),
                &update(theirs, 2, 5_000),
                role,
                ConflictRules::Draft12,
            );
            assert_eq!(accepted.map(|it| it.client), Ok(Some(client(kept))), "{role:?} {mine:?}");
        }
    }
}

/// S10, exhaustively: every status pair, order of each time, who knows what, role and client.
#[test]
fn s10_times_of_one_clients_binding_never_go_back() {
    let mut continued = 0u32;
    for (mine, theirs) in
        BindingStatus::ALL.into_iter().flat_map(|a| BindingStatus::ALL.map(|b| (a, b)))
    {
        for (heard, potential) in
            [4_000, 5_000, 6_000].into_iter().flat_map(|a| [11_000, 12_000, 13_000].map(|b| (a, b)))
        {
            for (role, told, who) in [Role::Primary, Role::Secondary].into_iter().flat_map(|role| {
                [false, true].into_iter().flat_map(move |told| [1, 2].map(|who| (role, told, who)))
            }) {
                let mut before = own(mine, 15_000, 5_000);
                before.expiries.received_potential = s(12_000);
                before.expiries.received_potential_latest = s(12_002);
                before.expiries.lease_latest = s(15_000);
                if told {
                    before = unanswered(before);
                }
                let update = Update {
                    potential_earliest: s(potential),
                    potential_latest: s(potential + 2),
                    ..update(theirs, who, heard)
                };
                let Ok(after) = verdict(&before, &update, role, ConflictRules::Draft12) else {
                    continue;
                };
                if after.status == Active && mine == Active && who == 1 {
                    assert!(after.expiries.lease >= before.expiries.lease);
                    assert_eq!(after.expiries.lease_latest, s(20_002));
                    assert_eq!(after.expiries.received_potential, s(potential.max(12_000)));
                    assert_eq!(
                        after.expiries.received_potential_latest,
                        s(potential.max(12_000) + 2)
                    );
                    assert_eq!(after.start_of_state, before.start_of_state);
                    continued += 1;
                }
                if who == 1 && !mine.is_available() && theirs != Abandoned {
                    assert!(after.last_transaction >= before.last_transaction, "{mine} {theirs}");
                }
            }
        }
    }
    assert_eq!(continued, 3 * 3 * 2 * 2);
}

#[test]
fn taking_an_update_is_a_change_only_if_it_says_something_new() {
    let mine = Binding {
        expiries: Expiries { lease: s(20_000), ..Expiries::default() },
        ..own(Active, 20_000, 5_000)
    };
    let same = update(Active, 1, 5_000);
    let version = |update: &Update| {
        verdict(&mine, update, Role::Secondary, ConflictRules::Draft12).unwrap().version
    };
    assert_eq!(version(&same), 5);
    assert_eq!(version(&Update { last_transaction: Some(s(5_001)), ..same.clone() }), 6);
    assert_eq!(version(&Update { lease_earliest: s(20_001), ..same.clone() }), 6);
    assert_eq!(version(&Update { request_options: vec![1], ..same.clone() }), 6);
    assert_eq!(version(&Update { reply_options: vec![1], ..same.clone() }), 6);
    let bootp = BindingFlags { bootp: true, reserved: false };
    assert_eq!(version(&Update { flags: bootp, ..same.clone() }), 6);
    // The primary's flags are its own.
    let taken =
        verdict(&mine, &Update { flags: bootp, ..same }, Role::Primary, ConflictRules::Draft12);
    assert_eq!(taken.unwrap().flags, BindingFlags::default());
    // Of an address without a lease the times and options of the last one do not matter.
    let free = own(Free, 100, 5_000);
    let taken = verdict(&free, &update(Free, 1, 5_000), Role::Primary, ConflictRules::Draft12);
    assert_eq!(taken.unwrap().version, 5);
    let other =
        verdict(&free, &update(Free, 2, 6_000), Role::Primary, ConflictRules::Draft12).unwrap();
    assert_eq!((other.version, other.client), (6, Some(client(2))));
}

#[test]
fn h8_a_release_that_crosses_must_be_later_beyond_doubt() {
    let mine = own(Active, 15_000, 5_000);
    let at = |own: &Binding, heard, who| {
        verdict(own, &update(Released, who, heard), Role::Primary, ConflictRules::Draft12).is_ok()
    };
    assert!(at(&mine, 5_000, 1), "the partner knew of that transaction");
    assert!(!at(&mine, 4_999, 1));
    let crossing = unanswered(mine.clone());
    assert!(!at(&crossing, 5_002, 1));
    assert!(at(&crossing, 5_003, 1));
    assert!(!at(&crossing, 5_003, 2), "another client cannot release it");
    // The counterpart: what comes back within that doubt stands.
    let released = unanswered(own(Released, 15_000, 5_000));
    let back = |heard| {
        verdict(&released, &update(Active, 1, heard), Role::Primary, ConflictRules::Draft12).is_ok()
    };
    assert!(!back(4_995) && back(4_996));
    let mut no_time = update(Released, 1, 0);
    no_time.last_transaction = None;
    assert!(
        verdict(&mine, &no_time, Role::Primary, ConflictRules::Draft12).is_err(),
        "never later"
    );
    let unheard = Binding { last_transaction: None, ..mine };
    assert!(at(&unheard, 1, 1), "always later");
}

/// H19: a lease that is over is held by a partner that was asked for everything, for it takes this
/// server's records for lost: an address that is available here is leased, then, and not given away (S6).
#[test]
fn s06_the_word_of_a_partner_that_was_asked_for_everything_makes_an_address_leased() {
    for status in [Free, Backup] {
        let mine = unanswered(own(status, 9_000, 5_000));
        let held =
            Update { lease_earliest: s(9_000), lease_latest: s(9_001), ..update(Active, 1, 5_000) };
        for role in [Role::Primary, Role::Secondary] {
            for fetches_all in [false, true] {
                let receiver = Receiver { fetches_all, ..receiver(role, &mine) };
                match resolve(&mine, &held, &receiver) {
                    Verdict::Accept(accepted) => {
                        assert!(fetches_all);
                        assert_eq!(accepted.binding.status, Active);
                        assert!(accepted.binding.is_for(&client(1)));
                    }
                    Verdict::Reject(conflict) => {
                        assert_eq!((conflict, fetches_all), (Conflict::Outdated, false));
                    }
                }
            }
        }
    }
}

#[test]
fn a_reservation_on_one_side_is_refused() {
    let reserved = BindingFlags { reserved: true, bootp: false };
    let mine = own(Free, 100, 5_000);
    let theirs = Update { flags: reserved, ..update(Backup, 1, 5_000) };
    let with = |update: &Update, rules, reserved_here| {
        let receiver = Receiver { rules, reserved_here, ..receiver(Role::Secondary, &mine) };
        match resolve(&mine, update, &receiver) {
            Verdict::Accept(_) => None,
            Verdict::Reject(conflict) => Some(conflict),
        }
    };
    use ConflictRules::{Draft12, Windows};
    assert_eq!(with(&theirs, Draft12, Some(false)), Some(Conflict::NotReserved));
    assert_eq!(with(&theirs, Draft12, Some(true)), None);
    assert_eq!(with(&theirs, Draft12, None), None, "not known here");
    assert_eq!(with(&update(Backup, 1, 5_000), Draft12, Some(false)), None);
    assert_eq!(
        with(&Update { flags: reserved, ..update(Free, 1, 5_000) }, Draft12, Some(false)),
        None
    );
    // Windows leaves reserved addresses out of the pools.
    assert_eq!(with(&theirs, Windows, Some(true)), Some(Conflict::Outdated));
    assert_eq!(with(&update(Free, 1, 5_000), Windows, Some(true)), Some(Conflict::Outdated));
    assert_eq!(with(&update(Active, 1, 5_000), Windows, Some(true)), None);
    assert_eq!(with(&update(Free, 1, 5_000), Windows, Some(false)), None);
}

/// dhcpd's table of updates that cross, and what it takes when nothing crosses.
#[test]
fn table_of_isc_dhcpd() {
    let table = [
        // mine, theirs, their client and when heard; then answered / not answered, at the primary and
        // at the secondary.
        (Active, Active, 1, 4_000, [true, true, true, true]),
        (Active, Active, 2, 4_000, [false, true, false, false]),
        (Active, Active, 2, 5_000, [false, true, false, true]),
        (Active, Active, 2, 6_000, [false, true, true, true]),
        (Active, Released, 1, 4_000, [true, true, false, true]),
        (Active, Released, 2, 6_000, [false, false, false, false]),
        (Active, Reset, 1, 4_000, [true, true, false, true]),
        (Active, Abandoned, 1, 4_000, [true, true, false, true]),
        (Active, Expired, 1, 6_000, [false, false, false, false]),
        (Expired, Active, 1, 4_000, [true, true, true, true]),
        (Released, Active, 1, 4_000, [true, true, true, true]),
        (Reset, Active, 1, 4_000, [true, true, true, true]),
        (Abandoned, Active, 1, 4_000, [true, true, true, true]),
        (Abandoned, Free, 1, 4_000, [true, true, false, true]),
        (Abandoned, Backup, 1, 4_000, [true, true, false, true]),
        (Abandoned, Expired, 1, 4_000, [true, true, false, true]),
        (Abandoned, Released, 1, 4_000, [true, true, false, true]),
        (Abandoned, Reset, 1, 4_000, [true, true, false, true]),
        (Abandoned, Abandoned, 1, 4_000, [true, true, true, true]),
        (Expired, Free, 1, 4_000, [true, true, false, true]),
        (Released, Backup, 1, 4_000, [true, true, false, true]),
        (Reset, Expired, 1, 4_000, [true, true, false, true]),
        (Free, Backup, 1, 4_000, [true, true, false, true]),
        (Free, Active, 1, 4_000, [true, true, true, true]),
    ];
    for (mine, theirs, who, heard, outcomes) in table {
        let answered = own(mine, 15_000, 5_000);
        let crossing = unanswered(answered.clone());
        let cases = [
            (&answered, Role::Primary),
            (&answered, Role::Secondary),
            (&crossing, Role::Primary),
            (&crossing, Role::Secondary),
        ];
        for ((own, role), outcome) in cases.into_iter().zip(outcomes) {
            let got = verdict(own, &update(theirs, who, heard), role, ConflictRules::Isc);
            assert_eq!(
                got.is_ok(),
                outcome,
                "{mine} of client 1 receives {theirs} of client {who} at {heard}, {role}, told {:?}: {got:?}",
                own.knowledge.told
            );
        }
    }
}

#[test]
fn an_abandonment_lasts_as_long_as_either_server_says() {
    let mine = own(Abandoned, 15_000, 5_000);
    let until = |lease| {
        let update = Update { lease_earliest: s(lease), ..update(Abandoned, 1, 6_000) };
        verdict(&mine, &update, Role::Primary, ConflictRules::Draft12).unwrap().expiries.lease
    };
    assert_eq!(until(14_000), s(15_000));
    assert_eq!(until(16_000), s(16_000));
    assert_eq!(until(0), LeaseInstant::NEVER, "its end is the sender's to tell");
    let lease = own(Active, 15_000, 5_000);
    let update = Update { lease_earliest: s(12_000), ..update(Abandoned, 1, 6_000) };
    let taken = verdict(&lease, &update, Role::Primary, ConflictRules::Draft12).unwrap();
    assert_eq!((taken.expiries.lease, taken.client), (s(12_000), None));
    assert_eq!((taken.start_of_state, taken.last_transaction), (s(6_000), Some(s(6_000))));
}

#[test]
fn every_conflict_names_its_reason_and_only_a_running_lease_is_overridden() {
    for (conflict, word) in [
        (Conflict::MissingInformation, "must name its client"),
        (Conflict::InUseByOther, "another client"),
        (Conflict::Outdated, "newer information"),
        (Conflict::LessCritical, "abandoned"),
        (Conflict::NotReserved, "not reserved"),
    ] {
        assert!(conflict.to_string().contains(word));
    }
    let overridden = |mine: &Binding, update: &Update| match resolve(
        mine,
        update,
        &receiver(Role::Secondary, mine),
    ) {
        Verdict::Accept(accepted) => accepted.overridden,
        Verdict::Reject(conflict) => panic!("{conflict}"),
    };
    let running = own(Active, 15_000, 5_000);
    assert_eq!(overridden(&running, &update(Active, 2, 6_000)), Some(client(1)));
    assert_eq!(overridden(&running, &update(Active, 1, 6_000)), None);
    assert_eq!(overridden(&own(Active, 10_000, 5_000), &update(Active, 2, 6_000)), None);
    assert_eq!(overridden(&own(Free, 15_000, 5_000), &update(Active, 2, 6_000)), None);
}

/// L4: with equal times both keep the primary's data, else they would swap them for ever.
#[test]
fn in_a_tie_the_primarys_copy_of_a_clients_data_stays() {
    let mut mine = Binding { request_options: vec![1], ..own(Active, 20_000, 5_000) };
    mine.knowledge.acked_version = 0;
    let theirs = |heard| Update { request_options: vec![2], ..update(Active, 1, heard) };
    let options = |heard, role| {
        verdict(&mine, &theirs(heard), role, ConflictRules::Draft12).unwrap().request_options
    };
    assert_eq!(options(5_000, Role::Primary), [1]);
    assert_eq!(options(5_000, Role::Secondary), [2]);
    for role in [Role::Primary, Role::Secondary] {
        assert_eq!(options(4_999, role), [1]);
        assert_eq!(options(5_001, role), [2]);
    }
}

/// §5.12.2: a partner that knows all of ours has news of the client, though it did not hear it again.
#[test]
fn what_was_done_for_a_client_since_is_taken_from_a_partner_in_step() {
    let mine = Binding {
        ddns: vec![0, 0, 1, b'a', 0],
        reply_options: vec![1],
        ..own(Active, 20_000, 5_000)
    };
    for role in [Role::Primary, Role::Secondary] {
        let update = Update { ddns: vec![0, 3, 1, b'a', 0], ..update(Active, 1, 5_000) };
        let taken = verdict(&mine, &update, role, ConflictRules::Draft12).unwrap();
        assert_eq!(taken.ddns, update.ddns);
        // What it says nothing of stays, and is no reason to tell it.
        assert_eq!(taken.reply_options, [1]);
        assert!(!taken.needs_telling(1));
    }
}

/// isc-L30, isc-L31: what is known of a client's names stays when its lease ends, so that they can be
/// deleted by either server, and goes when the address does.
#[test]
fn names_stay_with_their_client_and_go_with_the_address() {
    let mine = Binding {
        ddns: vec![0, 3],
        request_options: vec![1],
        reply_options: vec![2],
        ..own(Active, 9_000, 5_000)
    };
    let taken = |mine: &Binding, update: &Update| {
        verdict(mine, update, Role::Secondary, ConflictRules::Draft12).unwrap()
    };
    let freed = taken(&mine, &update(Expired, 1, 5_000));
    assert_eq!((freed.status, &freed.ddns[..]), (Free, &[0, 3][..]));
    let deleted = taken(&freed, &Update { ddns: vec![0, 0], ..update(Free, 1, 5_000) });
    assert_eq!(deleted.ddns, [0, 0]);
    for other in [update(Active, 2, 9_500), update(Free, 2, 9_500)] {
        let given = taken(&freed, &other);
        let data = [given.ddns, given.request_options, given.reply_options];
        assert!(data.iter().all(Vec::is_empty), "{data:?}");
    }
}
