//! When an address may go to a client, and when its lease is over.

use crate::support::{client, every_status_set};
use dhcp_failover_lease::*;

const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_000_000);
const MCLT: LeaseSpan = LeaseSpan::from_s(100);
/// What every wait adds for the seconds that two clocks cut off.
const GUARD: LeaseSpan = LeaseSpan::from_s(2);

fn at(role: Role, control: Control) -> Allocator {
    Allocator { role, control, mclt: MCLT, now: NOW, storage_lost: None }
}

fn binding(status: BindingStatus, agreed: BindingStatus, told: &[BindingStatus]) -> Binding {
    let told = told.iter().fold(StatusSet::EMPTY, |set, s| set.with(*s));
    Binding {
        status,
        version: 3,
        client: Some(client(1)),
        knowledge: Knowledge { agreed, told, ..Knowledge::default() },
        ..Binding::unused([192, 0, 2, 1].into())
    }
}

#[test]
fn h2_an_address_taken_back_from_the_secondary_waits_for_its_answer() {
    let reclaimed = binding(BindingStatus::Free, BindingStatus::Backup, &[BindingStatus::Free]);
    let primary = at(Role::Primary, Control::Shared);
    assert_eq!(primary.check(&reclaimed, &client(2)), Err(Refusal::AwaitingAgreement));
    let agreed = binding(BindingStatus::Free, BindingStatus::Free, &[]);
    assert_eq!(primary.check(&agreed, &client(2)), Ok(()));
}

#[test]
fn s6_a_released_address_changes_clients_only_by_agreement_or_rewind() {
    let primary = at(Role::Primary, Control::Shared);
    use BindingStatus::{Active, Free, Released};
    let told = binding(Released, Active, &[Released]);
    assert_eq!(primary.check(&told, &client(2)), Err(Refusal::AwaitingAgreement));
    assert_eq!(primary.check(&told, &client(1)), Err(Refusal::AwaitingAgreement));
    let untold = binding(Released, Active, &[]);
    assert_eq!(primary.check(&untold, &client(2)), Err(Refusal::AwaitingAgreement));
    assert_eq!(primary.check(&untold, &client(1)), Ok(()));
    let never_heard_of = binding(Released, Free, &[]);
    assert_eq!(primary.check(&never_heard_of, &client(2)), Ok(()));
    let secondary = at(Role::Secondary, Control::Shared);
    assert!(secondary.check(&never_heard_of, &client(2)).is_err());
}

#[test]
fn s6_partner_down_waits_the_mclt_beyond_the_latest_time_and_beyond_entry() {
    let since = LeaseInstant::from_unix_s(999_950);
    let down = Control::PartnerDown { since };
    let backup = binding(BindingStatus::Backup, BindingStatus::Backup, &[]);
    let wait = at(Role::Primary, down).check(&backup, &client(2));
    let until = since + MCLT + GUARD;
    assert_eq!(wait, Err(Refusal::WaitUntil(until)));
    let later = Allocator { now: until, ..at(Role::Primary, down) };
    assert_eq!(later.check(&backup, &client(2)), Ok(()));
    let mut expired = binding(BindingStatus::Expired, BindingStatus::Active, &[]);
    expired.expiries.sent_potential = NOW + LeaseSpan::from_s(500);
    let wait = later.check(&expired, &client(2));
    assert_eq!(wait, Err(Refusal::WaitUntil(NOW + LeaseSpan::from_s(602))));
}

/// S1: the partner's word that a lease is over, sent before it heard of the next one, made the address
/// available here; the partner counts on what it was promised with that next one. (Honest seed
/// 0xec5008891f1a20d9.)
#[test]
fn s1_partner_down_waits_for_a_lease_that_was_on_its_way_when_its_address_became_available() {
    let since = LeaseInstant::from_unix_s(999_950);
    let until = since + MCLT + GUARD;
    let promised = NOW + LeaseSpan::from_s(500);
    for control in [Control::PartnerDown { since }, Control::PartnerDownWithoutData { since }] {
        let later = Allocator { now: until, ..at(Role::Primary, control) };
        let mut free =
            binding(BindingStatus::Free, BindingStatus::Active, &[BindingStatus::Active]);
        assert_eq!(later.check(&free, &client(2)), Ok(()), "{control:?}");
        free.expiries.lease_latest = promised;
        let wait = later.check(&free, &client(2));
        assert_eq!(wait, Err(Refusal::WaitUntil(promised + MCLT + GUARD)), "{control:?}");
        // Both agree on it now.
        free.knowledge = Knowledge { agreed: BindingStatus::Free, ..Knowledge::default() };
        assert_eq!(later.check(&free, &client(2)), Ok(()), "{control:?}");
    }
}

#[test]
fn s4_a_server_that_lost_its_data_takes_no_address_for_its_own_before_the_mclt() {
    let since = NOW;
    let lost = at(Role::Primary, Control::PartnerDownWithoutData { since });
    let unused = Binding::unused([192, 0, 2, 1].into());
    let until = since + MCLT + GUARD;
    assert_eq!(lost.check(&unused, &client(1)), Err(Refusal::WaitUntil(until)));
    let later = Allocator { now: until, ..lost };
    assert_eq!(later.check(&unused, &client(1)), Ok(()));
}

/// H4, S1: a partner that was alone while this server was away gave no running lease away, but
/// perhaps a lapsed one.
#[test]
fn h4_a_lapsed_lease_waits_for_the_mclt_where_the_partner_may_have_been_alone() {
    let since = NOW;
    let mut lease = binding(BindingStatus::Active, BindingStatus::Active, &[]);
    lease.expiries.lease = NOW + LeaseSpan::from_s(1);
    let alone = at(Role::Primary, Control::PartnerDownWithoutData { since });
    assert_eq!(alone.check(&lease, &client(1)), Ok(()));
    lease.expiries.lease = NOW;
    let until = since + MCLT + GUARD;
    assert_eq!(alone.check(&lease, &client(1)), Err(Refusal::WaitUntil(until)));
    assert_eq!(Allocator { now: until, ..alone }.check(&lease, &client(1)), Ok(()));
    assert_eq!(at(Role::Primary, Control::PartnerDown { since }).check(&lease, &client(1)), Ok(()));
}

#[test]
fn h19_a_lease_from_before_a_storage_loss_ends_the_mclt_after_its_latest_time() {
    let mut lease = binding(BindingStatus::Active, BindingStatus::Active, &[]);
    lease.last_transaction = Some(NOW);
    lease.expiries.lease = NOW + LeaseSpan::from_s(50);
    lease.expiries.acked_potential = NOW + LeaseSpan::from_s(500);
    let before = at(Role::Primary, Control::Shared);
    assert_eq!(before.ends_at(&lease), NOW + LeaseSpan::from_s(52));
    let lost = Allocator { storage_lost: Some(NOW + LeaseSpan::from_s(10)), ..before };
    assert_eq!(lost.ends_at(&lease), NOW + LeaseSpan::from_s(602));
    let renewed_since =
        Binding { last_transaction: Some(NOW + LeaseSpan::from_s(11)), ..lease.clone() };
    assert_eq!(lost.ends_at(&renewed_since), NOW + LeaseSpan::from_s(52));
}

/// Every status, agreed status and set of told ones, for one role.
fn every_binding() -> impl Iterator<Item = Binding> {
    BindingStatus::ALL.into_iter().flat_map(|status| {
        BindingStatus::ALL.into_iter().flat_map(move |agreed| {
            every_status_set().map(move |told| Binding {
                knowledge: Knowledge { agreed, told, ..Knowledge::default() },
                ..binding(status, agreed, &[])
            })
        })
    })
}

/// S4, exhaustively: whatever a server thinks, if it may give an address to a new client, then its
/// partner cannot know the address as its own.
#[test]
fn s4_the_two_servers_never_own_one_address() {
    let mut allocatable = 0;
    for mine in every_binding() {
        for role in [Role::Primary, Role::Secondary] {
            if at(role, Control::Shared).check(&mine, &client(9)).is_ok() {
                assert!(!mine.knowledge.may_be(role.partner().own_available()), "{mine:?}");
                assert!(mine.knowledge.is_certainly(role.own_available()), "{mine:?}");
                allocatable += 1;
            }
        }
    }
    // FREE or BACKUP, EXPIRED, RELEASED, RESET; agreed; told nothing, or nothing else; two roles.
    assert_eq!(allocatable, 4 * 2 * 2);
}

/// S6, exhaustively: every status, what the partner knows, role, control, order of now, entry into
/// PARTNER-DOWN and latest time, client, reservation and BOOTP rule; against the rules of §5.13,
/// §5.14 and §9.4.2 said again in other words.
#[test]
fn s6_enumerated_an_address_changes_clients_only_by_agreement_wait_or_rewind() {
    use BindingStatus::{Abandoned, Active, Backup, Free};
    let mut cases = 0u32;
    let flagged = |it: Binding| {
        let flags = BindingFlags { reserved: true, ..it.flags };
        [it.clone(), Binding { flags, ..it }]
    };
    for mut mine in every_binding().flat_map(flagged) {
        for role in [Role::Primary, Role::Secondary] {
            for (control, since) in controls() {
                for latest in [0, 880, 898, 899, 1_000]
                    .map(|t| NOW.saturating_sub(MCLT + MCLT) + LeaseSpan::from_s(t))
                {
                    mine.expiries.sent_potential = latest;
                    for who in [1, 9] {
                        for rules in every_rules() {
                            let got = at(role, control).check_with(&mine, &client(who), rules);
                            let own = role.own_available();
                            let theirs = role.partner().own_available();
                            let agreed = mine.knowledge.is_certainly(own)
                                && since.is_none_or(|(_, has_data)| has_data);
                            let same = who == 1;
                            let alone = control == Control::Alone;
                            // The secondary knows of a reservation from the primary; here the
                            // primary always still waits for the secondary's answer.
                            let ours = rules.reservation == Reservation::ThisClient
                                && (alone || mine.flags.reserved && role == Role::Secondary);
                            let kept = rules.reservation == Reservation::None
                                && mine.flags.reserved
                                && !same;
                            let base = match mine.status {
                                Free | Backup => LeaseInstant::ZERO,
                                _ => latest,
                            };
                            let waited = since.is_some_and(|(since, has_data)| {
                                let may_be_bootps = rules.dynamic_bootp
                                    && (!has_data || may_be(&mine.knowledge, theirs));
                                NOW >= since.max(base) + MCLT + GUARD && !may_be_bootps
                            });
                            // Of a lapsed lease nothing is known without data.
                            let mine_still = since.is_none_or(|(since, has_data)| {
                                let waited = NOW >= since + MCLT + GUARD;
                                has_data || waited && !rules.dynamic_bootp
                            });
                            let expected = match mine.status {
                                _ if kept || rules.reservation == Reservation::OtherClient => false,
                                Abandoned => false,
                                Active => same && mine_still,
                                Free | Backup => {
                                    ours || alone || waited || agreed && mine.status == own
                                }
                                _ => {
                                    let untold = !mine.knowledge.may_have_ended();
                                    same && (ours || untold) && mine_still
                                        || alone
                                        || waited
                                        || agreed
                                }
                            };
                            assert_eq!(
                                got.is_ok(),
                                expected,
                                "{role} {control:?} {rules:?} client {who}: {got:?} {mine:?}"
                            );
                            cases += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(cases, 2 * 7 * 7 * 128 * 2 * 8 * 5 * 2 * 6);
}

/// Whether the partner may know the address as available to `theirs`, the other way round from how
/// the crate asks.
fn may_be(knowledge: &Knowledge, theirs: BindingStatus) -> bool {
    use BindingStatus::{Abandoned, Active, Backup, Free};
    let harmless = match theirs {
        Backup => BindingStatus::ALL.into_iter().filter(|it| *it != Backup).collect(),
        _ => vec![Active, Abandoned, Backup],
    };
    assert!(theirs == Free || theirs == Backup);
    let known = BindingStatus::ALL
        .into_iter()
        .filter(|it| knowledge.agreed == *it || knowledge.told.contains(*it));
    known.into_iter().any(|it| !harmless.contains(&it))
}

/// Each control, with the entry into PARTNER-DOWN and whether the server has its data.
fn controls() -> Vec<(Control, Option<(LeaseInstant, bool)>)> {
    let mut controls = vec![(Control::Alone, None), (Control::Shared, None)];
    for ago in [0, 101, 102] {
        let since = NOW.saturating_sub(LeaseSpan::from_s(ago));
        controls.push((Control::PartnerDown { since }, Some((since, true))));
        controls.push((Control::PartnerDownWithoutData { since }, Some((since, false))));
    }
    controls
}

fn every_rules() -> impl Iterator<Item = AddressRules> {
    [Reservation::None, Reservation::ThisClient, Reservation::OtherClient].into_iter().flat_map(
        |reservation| {
            [false, true].map(|dynamic_bootp| AddressRules { reservation, dynamic_bootp })
        },
    )
}

/// "Whose is it?", as sections 5.4, 5.13, 5.14, 9.4.2 and 9.9.2 say it.
#[test]
fn table_of_section_9() {
    use BindingStatus::{Abandoned, Active, Backup, Expired, Free};
    use Role::{Primary, Secondary};
    let since = NOW.saturating_sub(LeaseSpan::from_s(50));
    let (shared, down) = (Control::Shared, Control::PartnerDown { since });
    let wait = Err(Refusal::WaitUntil(since + MCLT + GUARD));
    let table = [
        // section, role, control, status both know, client 1 (who has it on record) and another
        ("9.8.2", Primary, shared, Free, Ok(()), Ok(())),
        ("9.9.2", Secondary, shared, Free, Err(Refusal::PartnersPool), Err(Refusal::PartnersPool)),
        ("9.9.2", Primary, shared, Backup, Err(Refusal::PartnersPool), Err(Refusal::PartnersPool)),
        ("9.8.2", Secondary, shared, Backup, Ok(()), Ok(())),
        ("9.8.2", Secondary, shared, Active, Ok(()), Err(Refusal::HeldByOther)),
        ("5.11", Primary, shared, Abandoned, Err(Refusal::Abandoned), Err(Refusal::Abandoned)),
        (
            "5.2.2",
            Primary,
            shared,
            Expired,
            Err(Refusal::AwaitingAgreement),
            Err(Refusal::AwaitingAgreement),
        ),
        ("9.4.2", Primary, down, Free, Ok(()), Ok(())),
        ("9.4.2", Primary, down, Backup, wait, wait),
        ("9.4.2", Secondary, down, Free, wait, wait),
        ("9.4.2", Secondary, down, Active, Ok(()), Err(Refusal::HeldByOther)),
        ("9.4.2", Secondary, down, Expired, wait, wait),
    ];
    for (section, role, control, status, same, other) in table {
        let mine = binding(status, status, &[]);
        let allocator = at(role, control);
        assert_eq!(allocator.check(&mine, &client(1)), same, "§{section}: {role} {status}");
        assert_eq!(allocator.check(&mine, &client(2)), other, "§{section}: {role} {status}");
    }
}

#[test]
fn with_dynamic_bootp_the_partners_addresses_are_never_used() {
    use BindingStatus::{Active, Backup, Expired, Free};
    let since = LeaseInstant::from_unix_s(10);
    let bootp = AddressRules { dynamic_bootp: true, ..AddressRules::default() };
    let down = Control::PartnerDown { since };
    let never = Err(Refusal::PartnersBootp);
    let check =
        |role, control, mine: &Binding| at(role, control).check_with(mine, &client(2), bootp);
    assert_eq!(check(Role::Primary, down, &binding(Backup, Backup, &[])), never);
    assert_eq!(check(Role::Secondary, down, &binding(Free, Free, &[])), never);
    assert_eq!(check(Role::Primary, down, &binding(Free, Free, &[])), Ok(()));
    // Being told of the end the primary makes it FREE, and may have given it away.
    assert_eq!(check(Role::Secondary, down, &binding(Expired, Active, &[Expired])), never);
    assert_eq!(check(Role::Primary, down, &binding(Expired, Active, &[Expired])), Ok(()));
    assert_eq!(check(Role::Secondary, down, &binding(Expired, Active, &[])), Ok(()));
    let lost = Control::PartnerDownWithoutData { since };
    assert_eq!(check(Role::Primary, lost, &binding(Free, Free, &[])), never);
}

/// H3: two configurations may differ, so only the R flag, agreed by both, lets either server give the
/// other's address to the client it is reserved for; nobody else gets it then.
#[test]
fn h3_a_reserved_address_goes_to_its_client_from_either_server_once_both_know() {
    use BindingStatus::{Active, Backup, Free, Released};
    let rules = |reservation| AddressRules { reservation, dynamic_bootp: false };
    for (role, partners) in [(Role::Primary, Backup), (Role::Secondary, Free)] {
        let check = |mine: &Binding, reservation| {
            at(role, Control::Shared).check_with(mine, &client(2), rules(reservation))
        };
        let mut mine = binding(partners, partners, &[]);
        mine.knowledge.acked_version = mine.version;
        // Reserved here, and the partner was not told or has not told.
        assert_eq!(check(&mine, Reservation::ThisClient), Err(Refusal::PartnersPool));
        mine.flags.reserved = true;
        assert_eq!(check(&mine, Reservation::ThisClient), Ok(()));
        // Cancelled here, and the partner may still give it to its client.
        assert_eq!(check(&mine, Reservation::None), Err(Refusal::Reserved));
        assert_eq!(check(&mine, Reservation::OtherClient), Err(Refusal::Reserved));
        // Marked by the primary, which waits for the secondary; that has it from the primary.
        mine.version += 1;
        let told = if role == Role::Primary { Err(Refusal::PartnersPool) } else { Ok(()) };
        assert_eq!(check(&mine, Reservation::ThisClient), told);
        // Its own it may give at once.
        let own = role.own_available();
        let mine = binding(own, own, &[]);
        assert_eq!(check(&mine, Reservation::ThisClient), Ok(()));
    }
    let rules = rules(Reservation::ThisClient);
    let primary = at(Role::Primary, Control::Shared);
    // Reserved while somebody has it: that lease runs first, and its end is agreed.
    let agreed = |mut it: Binding| {
        it.flags.reserved = true;
        it.knowledge.acked_version = it.version;
        it
    };
    let mine = agreed(binding(Active, Active, &[]));
    assert_eq!(primary.check_with(&mine, &client(2), rules), Err(Refusal::HeldByOther));
    let mine = agreed(binding(Released, Active, &[Released]));
    assert_eq!(primary.check_with(&mine, &client(2), rules), Err(Refusal::AwaitingAgreement));
    assert_eq!(primary.check_with(&mine, &client(1), rules), Ok(()));
    let alone = at(Role::Primary, Control::Alone);
    assert_eq!(alone.check_with(&binding(Free, Free, &[]), &client(2), rules), Ok(()));
}

#[test]
fn a_lease_is_taken_for_ended_later_by_its_giver_than_on_the_partners_word() {
    let second = LeaseSpan::from_s(1);
    let mut lease = binding(BindingStatus::Active, BindingStatus::Active, &[]);
    lease.expiries.lease = NOW;
    lease.expiries.lease_latest = NOW + second;
    let allocator = at(Role::Primary, Control::Shared);
    assert_eq!(allocator.ends_at(&lease), NOW + second + GUARD);
    assert_eq!(allocator.may_have_ended_at(&lease), NOW, "the partner gave it, and knows");
    lease.expiries.lease_latest = NOW;
    assert_eq!(allocator.may_have_ended_at(&lease), NOW);
    lease.expiries.lease_latest = NOW.saturating_sub(second);
    assert_eq!(allocator.may_have_ended_at(&lease), NOW + GUARD, "of this one it knows nothing");
    assert_eq!(allocator.ends_at(&lease), NOW + GUARD);
    let lost = Allocator { storage_lost: Some(NOW + second), ..allocator };
    assert_eq!(lost.ends_at(&lease), NOW + second + MCLT + GUARD);
    assert_eq!(lost.may_have_ended_at(&lease), NOW + second + MCLT + GUARD);
}

/// H19: what becomes of each binding when the partner has lost its storage and asks for everything.
#[test]
fn h19_ends_of_leases_are_taken_back_while_the_lost_storage_may_have_known_better() {
    use BindingStatus::{Abandoned, Active, Backup, Expired, Free, Released, Reset};
    let lost = Some(NOW.saturating_sub(LeaseSpan::from_s(10)));
    let early = Allocator { storage_lost: lost, ..at(Role::Primary, Control::Shared) };
    let over = NOW.saturating_sub(LeaseSpan::from_s(10)) + MCLT + GUARD;
    for status in BindingStatus::ALL {
        let mut mine = binding(status, Active, &[]);
        mine.start_of_state = LeaseInstant::from_unix_s(999_000);
        let restored = |allocator: Allocator, mine: &Binding| allocator.restored(mine, 1);
        let expected = match status {
            Expired | Released => Some(Active),
            Reset | Abandoned => Some(Abandoned),
            Free | Active | Backup => None,
        };
        let now = restored(early, &mine);
        assert_eq!(now.as_ref().map(|it| it.status), expected, "{status}");
        if let Some(now) = now {
            assert_eq!(now.version, mine.version + 1, "the partner must hear of it");
            if now.status == Abandoned {
                assert_eq!(now.expiries.lease, over, "when it may be tried again");
                assert_eq!(restored(early, &now), None, "asked again, it does not creep");
                assert_eq!(early.abandonment_ends_at(&now), over);
            }
        }
        // When those leases are over, or began after the loss, nothing is taken back.
        let in_time = Allocator { now: over.saturating_sub(LeaseSpan::from_s(1)), ..early };
        assert_eq!(restored(in_time, &mine).map(|it| it.status), expected, "{status}");
        assert_eq!(restored(Allocator { now: over, ..early }, &mine), None, "{status}");
        mine.last_transaction = Some(NOW);
        assert_eq!(restored(early, &mine), None, "{status}");
        mine.last_transaction = lost;
        assert_eq!(restored(early, &mine).map(|it| it.status), expected, "{status}");
        assert_eq!(restored(Allocator { storage_lost: None, ..early }, &mine), None, "{status}");
    }
}

/// S2, S3: a partner that heard of the end promises nothing any more, though it was told of more: waits
/// still see that.
#[test]
fn a_lease_that_is_taken_back_counts_on_nothing_that_its_partner_promised() {
    use BindingStatus::{Active, Expired};
    let mut mine = binding(Expired, Active, &[Expired]);
    mine.expiries.sent_potential = NOW + LeaseSpan::from_s(7);
    mine.expiries.acked_potential = NOW + LeaseSpan::from_s(7);
    mine.expiries.received_potential = NOW + LeaseSpan::from_s(4);
    let lost = Allocator { storage_lost: Some(NOW), ..at(Role::Primary, Control::Shared) };
    let now = lost.restored(&mine, 1).unwrap();
    assert_eq!((now.status, now.expiries.partner_known()), (Active, LeaseInstant::ZERO));
    assert_eq!(now.expiries.latest(), NOW + LeaseSpan::from_s(7));
}

/// H19, S1: when a lease is over that the partner was told is over, the address may be another client's
/// there, if it was the partner's to give then: nobody has it before that lease would be over.
#[test]
fn h19_the_end_of_a_lease_that_the_partner_heard_of_is_not_taken_back_for_its_client() {
    use BindingStatus::{Abandoned, Active, Backup, Expired, Released};
    let cases = [
        // What has ended, the primary gives away.
        (Role::Secondary, Active, None, Active),
        (Role::Secondary, Active, Some(()), Abandoned),
        (Role::Primary, Active, None, Active),
        (Role::Primary, Active, Some(()), Active),
        // What was the secondary's, the secondary.
        (Role::Primary, Backup, None, Abandoned),
        (Role::Secondary, Backup, None, Active),
    ];
    for ended in [Expired, Released] {
        for (role, agreed, told, expected) in cases {
            let told = told.map_or(&[][..], |()| core::slice::from_ref(&ended));
            let mine = binding(ended, agreed, told);
            let allocator = Allocator { storage_lost: Some(NOW), ..at(role, Control::Shared) };
            let now = allocator.restored(&mine, 1).unwrap();
            assert_eq!(now.status, expected, "{role:?} {agreed} {told:?}");
            let until = NOW + MCLT + GUARD;
            if expected == Abandoned {
                assert_eq!((now.client, now.expiries.lease), (None, until));
            } else {
                assert!(now.is_for(&client(1)));
            }
        }
    }
}

#[test]
fn an_address_taken_back_from_a_partner_without_storage_is_the_partners_again() {
    use BindingStatus::{Backup, Free};
    let mut reclaimed = binding(Free, Backup, &[Free]);
    reclaimed.knowledge.instance = 1;
    let primary = at(Role::Primary, Control::Shared);
    let restored = primary.restored(&reclaimed, 2).map(|it| it.status);
    assert_eq!(restored, Some(Backup), "it may have given it to a client before");
    assert_eq!(primary.restored(&reclaimed, 1), None, "agreed since");
    assert_eq!(at(Role::Secondary, Control::Shared).restored(&reclaimed, 2), None);
    assert_eq!(primary.restored(&binding(Free, Free, &[]), 2), None);
}

#[test]
fn every_refusal_names_its_reason() {
    let refusals = [
        (Refusal::HeldByOther, "another client's lease is on record"),
        (Refusal::Abandoned, "the address is abandoned"),
        (Refusal::PartnersPool, "the address is the partner's to give"),
        (Refusal::AwaitingAgreement, "the partner has not agreed yet"),
        (Refusal::WaitUntil(NOW), "the partner may have leased it; wait for @1000000s"),
        (Refusal::Reserved, "the address is reserved for another client"),
        (
            Refusal::PartnersBootp,
            "the partner may have given the address to a BOOTP client for ever",
        ),
    ];
    for (refusal, text) in refusals {
        assert_eq!(refusal.to_string(), text);
    }
}
