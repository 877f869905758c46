use super::*;
use crate::{HardwareAddress, Knowledge, StatusSet};
use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};

const NOW: LeaseInstant = LeaseInstant::from_unix_s(10_000);

fn s(seconds: u64) -> LeaseInstant {
    LeaseInstant::from_unix_s(seconds)
}

fn client(last: u8) -> Client {
    Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
}

fn own(status: BindingStatus, lease: u64, cltt: u64) -> Binding {
    Binding {
        status,
        client: Some(client(1)),
        expiries: Expiries { lease: s(lease), ..Expiries::default() },
        start_of_state: s(cltt),
        last_transaction: Some(s(cltt)),
        version: 5,
        knowledge: Knowledge {
            agreed: status,
            told: StatusSet::EMPTY,
            acked_version: 5,
            instance: 1,
        },
        ..Binding::unused([192, 0, 2, 1].into())
    }
}

fn update(status: BindingStatus, who: u8, cltt: u64) -> Update {
    Update {
        address: [192, 0, 2, 1].into(),
        status,
        client: Some(client(who)),
        lease_earliest: s(20_000),
        lease_latest: s(20_002),
        potential_earliest: s(29_999),
        potential_latest: s(30_001),
        start_of_state: s(cltt),
        last_transaction: Some(s(cltt)),
        flags: BindingFlags::default(),
        request_options: Vec::new(),
        reply_options: Vec::new(),
    }
}

fn receiver(role: Role, own: &Binding) -> Receiver {
    Receiver { role, now: NOW, lease_ends: own.expiries.lease, instance: 1 }
}

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
        (Reset, Active, [false, false, true]),
        (Reset, Free, [true, true, true]),
        (Abandoned, Active, [false, false, true]),
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

/// L4: whatever two servers hold for one client, after each took the other's update both say the
/// same, and a second exchange changes nothing.
#[test]
fn crossing_updates_of_one_client_settle_in_one_exchange() {
    let as_update = |binding: &Binding| Update {
        status: binding.status,
        client: binding.client.clone(),
        lease_earliest: binding.expiries.lease,
        lease_latest: binding.expiries.lease,
        last_transaction: binding.last_transaction,
        start_of_state: binding.start_of_state,
        request_options: binding.request_options.clone(),
        ..update(binding.status, 1, 0)
    };
    for (mine, theirs) in [(Active, Active), (Expired, Expired), (Free, Free), (Released, Expired)]
    {
        for cltt in [4_999, 5_000, 5_001] {
            let mut a = Binding { request_options: std::vec![1], ..own(mine, 9_000, 5_000) };
            let mut b = Binding { request_options: std::vec![2], ..own(theirs, 9_500, cltt) };
            a.knowledge.told = StatusSet::EMPTY.with(mine);
            b.knowledge.told = StatusSet::EMPTY.with(theirs);
            let exchange = |a: &Binding, b: &Binding| {
                let take = |own: &Binding, theirs: &Binding, role| match resolve(
                    own,
                    &as_update(theirs),
                    &receiver(role, own),
                ) {
                    Verdict::Accept(accepted) => accepted.binding,
                    Verdict::Reject(conflict) => panic!("{mine} {theirs:?}: {conflict}"),
                };
                (take(a, b, Role::Primary), take(b, a, Role::Secondary))
            };
            (a, b) = exchange(&a, &b);
            assert!(super::says_the_same(&a, &b), "{mine}/{theirs}: {a:?} {b:?}");
            let (a2, b2) = exchange(&a, &b);
            assert_eq!((a.version, b.version), (a2.version, b2.version));
        }
    }
}

/// What a server holds after the partner's answer to its update.
fn answered(mut sent: Binding, now: Binding, accepted: bool) -> Binding {
    if !accepted {
        return now;
    }
    let unchanged = sent.version == now.version;
    let freed = sent.status.is_transitional();
    sent = now;
    if freed && unchanged {
        sent = sent.made_available(Free, NOW);
    }
    sent.knowledge.told = StatusSet::EMPTY;
    sent.knowledge.agreed = sent.status;
    sent
}

/// S13, L4: whatever two servers hold, and whichever order their updates cross in, they end with
/// one status and one client, and stop there; or both keep theirs, and neither gives the address to
/// anybody else until time decides.
#[test]
fn crossing_updates_have_one_winner() {
    let statuses = [Free, Backup, Active, Expired, Released, Reset, Abandoned];
    let mut undecided = std::collections::BTreeSet::new();
    for a_status in statuses {
        for b_status in statuses {
            for (a_ends, b_ends) in
                [(9_000, 9_000), (15_000, 9_000), (9_000, 15_000), (15_000, 15_000)]
            {
                for (b_who, cltt) in [(1, 4_000), (1, 5_000), (1, 6_000), (2, 4_000), (2, 6_000)] {
                    let mut a = own(a_status, a_ends, 5_000);
                    let mut b =
                        Binding { client: Some(client(b_who)), ..own(b_status, b_ends, cltt) };
                    for binding in [&mut a, &mut b] {
                        binding.knowledge.told = StatusSet::EMPTY.with(binding.status);
                        binding.knowledge.acked_version = 0;
                        binding.knowledge.agreed = Active;
                    }
                    let mut history = std::vec::Vec::new();
                    for _ in 0..5 {
                        let take = |own: &Binding, sent: &Binding, role| {
                            let update = Update {
                                client: sent.client.clone(),
                                lease_earliest: sent.expiries.lease,
                                lease_latest: sent.expiries.lease,
                                start_of_state: sent.start_of_state,
                                last_transaction: sent.last_transaction,
                                ..update(sent.status, 1, 0)
                            };
                            match resolve(own, &update, &receiver(role, own)) {
                                Verdict::Accept(accepted) => (accepted.binding, true),
                                Verdict::Reject(_) => (own.clone(), false),
                            }
                        };
                        let (a_new, a_took) = take(&a, &b, Role::Primary);
                        let (b_new, b_took) = take(&b, &a, Role::Secondary);
                        a = answered(a, a_new, b_took);
                        b = answered(b, b_new, a_took);
                        history.push((a.status, a.client.clone(), b.status, b.client.clone()));
                    }
                    let what = std::format!(
                        "{a_status} until {a_ends} and {b_status} until {b_ends}, client {b_who} at {cltt}"
                    );
                    assert_eq!(history[3], history[4], "{what}: {history:?}");
                    let leased = a.status == Active;
                    if a.status != b.status || leased && a.client != b.client {
                        undecided.insert(what);
                    }
                }
            }
        }
    }
    assert!(undecided.is_empty(), "{undecided:#?}");
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
        assert_eq!(verdict, Verdict::Reject(Conflict::Outdated), "{role}");
    }
}
