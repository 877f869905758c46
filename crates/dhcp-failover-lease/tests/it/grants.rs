//! For how long an address may be leased, and what the partner is told of it.

use crate::support::{NOW, client, own, s, span};
use dhcp_failover_lease::*;
use proptest::prelude::*;

const MCLT: LeaseSpan = LeaseSpan::from_s(3_600);

fn terms(desired_s: u64) -> GrantTerms {
    GrantTerms {
        now: NOW,
        desired: LeaseSpan::from_s(desired_s),
        limit: LeaseLimit::Mclt(MCLT),
        renewal_percent: 50,
    }
}

#[test]
fn draft_example_of_5_2_1_renews_in_full_once_the_partner_acknowledged() {
    let acked =
        Expiries { acked_potential: NOW + LeaseSpan::from_s(3 * 86_400), ..Expiries::default() };
    let renewed = grant(&terms(3 * 86_400), &acked);
    assert_eq!(renewed.lease, LeaseSpan::from_s(3 * 86_400));
    assert_eq!(renewed.potential_expiry, NOW + LeaseSpan::from_s(86_400 * 9 / 2));
}

#[test]
fn s2_own_lease_and_sent_times_do_not_extend_a_lease() {
    let own = Expiries {
        lease: NOW + LeaseSpan::from_s(50_000),
        sent_potential: NOW + LeaseSpan::from_s(90_000),
        received_potential_latest: NOW + LeaseSpan::from_s(90_000),
        ..Expiries::default()
    };
    assert_eq!(grant(&terms(86_400), &own).lease, MCLT);
}

#[test]
fn s2_repeated_renewals_without_contact_never_pass_known_plus_mclt() {
    let known = NOW + LeaseSpan::from_s(7_200);
    let mut expiries = Expiries { received_potential: known, ..Expiries::default() };
    let mut now = NOW;
    for _ in 0..200 {
        let given = grant(&GrantTerms { now, ..terms(86_400) }, &expiries);
        assert!(given.lease_expiry <= known.max(now) + MCLT);
        expiries.lease = given.lease_expiry;
        expiries.sent_potential = given.potential_expiry;
        now = now + LeaseSpan::from_s(given.lease.as_s() / 2);
    }
}

#[test]
fn infinite_leases_are_infinite_only_without_a_limit() {
    let forever = GrantTerms { desired: LeaseSpan::INFINITE, ..terms(0) };
    assert_eq!(grant(&forever, &Expiries::default()).lease, MCLT);
    let unlimited = GrantTerms { limit: LeaseLimit::Unlimited, ..forever };
    let given = grant(&unlimited, &Expiries::default());
    assert_eq!(given.lease, LeaseSpan::INFINITE);
    assert_eq!(given.lease_expiry, LeaseInstant::NEVER);
    let known = Expiries { acked_potential: LeaseInstant::NEVER, ..Expiries::default() };
    assert_eq!(grant(&forever, &known).lease, LeaseSpan::INFINITE);
}

/// The worked example of section 5.2.1, checked by the compiler: MCLT 1 hour, 3 days desired, renewal
/// after half the lease.
const _: () = {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    const START: LeaseInstant = LeaseInstant::from_unix_s(1_000 * DAY);
    const fn at(now: LeaseInstant, acked: LeaseInstant) -> Grant {
        let terms = GrantTerms {
            now,
            desired: LeaseSpan::from_s(3 * DAY),
            limit: LeaseLimit::Mclt(LeaseSpan::from_s(HOUR)),
            renewal_percent: 50,
        };
        let none = LeaseInstant::ZERO;
        let expiries = Expiries {
            lease: none,
            lease_latest: none,
            sent_potential: none,
            acked_potential: acked,
            received_potential: none,
            received_potential_latest: none,
        };
        grant(&terms, &expiries)
    }
    // A new lease: nothing acknowledged, so the client gets the MCLT; the partner hears of 3 days
    // and half an hour.
    const FIRST: Grant = at(START, LeaseInstant::ZERO);
    assert!(FIRST.lease.as_s() == HOUR);
    assert!(FIRST.lease_expiry.as_unix_s() == START.as_unix_s() + HOUR);
    assert!(FIRST.potential_expiry.as_unix_s() == START.as_unix_s() + 3 * DAY + HOUR / 2);
    // Renewed half an hour later, the partner having acknowledged: 3 days are left of that, with the
    // MCLT more than desired; so 3 days, and the partner hears of 4.5.
    const T1: LeaseInstant = START.plus(LeaseSpan::from_s(HOUR / 2));
    const SECOND: Grant = at(T1, FIRST.potential_expiry);
    assert!(SECOND.lease.as_s() == 3 * DAY);
    assert!(SECOND.potential_expiry.as_unix_s() == T1.as_unix_s() + 9 * DAY / 2);
};

/// "For how long?" in each circumstance, with 8 hours desired and an MCLT of 1 hour.
#[test]
fn table_of_grants_per_state() {
    use Control::{Alone, PartnerDown, PartnerDownWithoutData, Shared};
    const HOUR: u64 = 3_600;
    let since = NOW;
    // section, control, protected, what the partner knows beyond now, lease
    let table = [
        // A scope without failover.
        ("none", Alone, true, 0, 8 * HOUR),
        // NORMAL, COMMUNICATIONS-INTERRUPTED and every other state that serves: new to the partner.
        ("5.2.1", Shared, true, 0, HOUR),
        ("5.2.1", Shared, false, 0, HOUR),
        // It knows of 2 hours more.
        ("5.2.1", Shared, true, 2 * HOUR, 3 * HOUR),
        // It knows of 7 hours or more: all that is desired, and no more than that.
        ("5.2.1", Shared, true, 7 * HOUR, 8 * HOUR),
        ("5.2.1", Shared, true, 9 * HOUR, 8 * HOUR),
        // PARTNER-DOWN, protected from the loss of this server's storage.
        ("9.4.2", PartnerDown { since }, true, 0, HOUR),
        ("9.4.2", PartnerDown { since }, true, 2 * HOUR, 3 * HOUR),
        // PARTNER-DOWN without that protection.
        ("9.4.2", PartnerDown { since }, false, 0, 8 * HOUR),
        // PARTNER-DOWN of a server that has lost its data: the partner may know more.
        ("9.4.2", PartnerDownWithoutData { since }, false, 0, HOUR),
        ("9.4.2", PartnerDownWithoutData { since }, true, 2 * HOUR, 3 * HOUR),
    ];
    for (section, control, protected, known, lease) in table {
        let limit = LeaseLimit::under(control, span(HOUR), protected);
        let terms = GrantTerms { now: NOW, desired: span(8 * HOUR), limit, renewal_percent: 50 };
        let known = NOW + span(known);
        // Acknowledged or received, it is the same (§7.1.5).
        for expiries in [
            Expiries { acked_potential: known, ..Expiries::default() },
            Expiries { received_potential: known, ..Expiries::default() },
        ] {
            let given = grant(&terms, &expiries);
            let case = format!("§{section}: {control:?}, {protected}, {known:?}");
            assert_eq!(given.lease, span(lease), "{case}");
            assert_eq!(given.lease_expiry, NOW + span(lease), "{case}");
            assert_eq!(given.potential_expiry, NOW + span(lease / 2 + 8 * HOUR), "{case}");
        }
    }
}

/// S1, §9.7, §9.11: beside a partner that may be alone a client keeps what it has, to the MCLT beyond what
/// the partner knows. What has lapsed the partner may have given to somebody else, whatever it has
/// acknowledged since: it may have lost its data in between.
#[test]
fn s1_beside_a_partner_that_may_be_alone_only_a_lease_that_runs_is_renewed() {
    let limit = LeaseLimit::McltBeyondPartner(MCLT);
    let terms = GrantTerms { limit, ..terms(86_400) };
    let known = NOW + span(100);
    let knowing = |lease| Expiries { lease, acked_potential: known, ..Expiries::default() };
    for (lease, left) in
        [(NOW + span(1), 100 + 3_600), (NOW, 100 + 3_600), (s(1), 0), (LeaseInstant::ZERO, 0)]
    {
        assert_eq!(grant(&terms, &knowing(lease)).lease, span(left), "{lease:?}");
    }
    let unknown = Expiries { lease: NOW + span(50), ..Expiries::default() };
    assert_eq!(grant(&terms, &unknown).lease, span(0));
}

#[test]
fn dhcpds_example_gives_the_same_figures() {
    // Captured from dhcpd: MCLT 60, lease time 600.
    let terms = GrantTerms { limit: LeaseLimit::Mclt(span(60)), ..terms(600) };
    let first = grant(&terms, &Expiries::default());
    assert_eq!((first.lease, first.potential_expiry), (span(60), NOW + span(630)));
    let acked = Expiries { acked_potential: first.potential_expiry, ..Expiries::default() };
    let renewed = grant(&GrantTerms { now: NOW + span(30), ..terms }, &acked);
    assert_eq!((renewed.lease, renewed.potential_expiry), (span(600), NOW + span(930)));
}

/// S2, S3 over a small domain: every order of now, lease, sent, acked and received times, MCLT,
/// desired time and renewal fraction.
#[test]
fn s2_s3_enumerated_no_lease_outruns_what_the_partner_waits_for() {
    let times = [0, 1, 2, 3, 5].map(|t| if t == 0 { LeaseInstant::ZERO } else { s(9 + t) });
    let mut cases = 0u32;
    for (acked, received) in pairs(&times) {
        for (lease, sent) in pairs(&times) {
            for (mclt, desired) in pairs(&[0, 1, 2, 4]) {
                for renewal_percent in [0, 50, 88, 100] {
                    let expiries = Expiries {
                        lease,
                        sent_potential: sent,
                        acked_potential: acked,
                        received_potential: received,
                        received_potential_latest: received,
                        ..Expiries::default()
                    };
                    let now = s(11);
                    let limit = LeaseLimit::Mclt(span(mclt));
                    let desired = span(desired);
                    let given =
                        grant(&GrantTerms { now, desired, limit, renewal_percent }, &expiries);
                    // S2, and as much as S2 and the configuration allow.
                    let bound = now.max(acked).max(received) + span(mclt);
                    assert_eq!(given.lease_expiry, bound.min(now + desired));
                    assert_eq!(given.lease, given.lease_expiry - now);
                    // S3: what the partner durably knows, at least the acked and the received time,
                    // and the MCLT more, covers the client.
                    assert!(given.lease_expiry <= acked.max(received).max(now) + span(mclt));
                    // The renewal can be given in full once this is acknowledged.
                    let renewal = now + given.lease.percent(renewal_percent);
                    assert_eq!(given.potential_expiry, (renewal + desired).max(given.lease_expiry));
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 25 * 25 * 16 * 4);
}

fn pairs<T: Copy>(values: &[T]) -> impl Iterator<Item = (T, T)> {
    values.iter().flat_map(move |a| values.iter().map(move |b| (*a, *b)))
}

fn lease_of_client_1(given: u64, expiry: LeaseInstant) -> Binding {
    let mut lease = own(BindingStatus::Active, 0, given);
    lease.expiries.lease = expiry;
    lease
}

#[test]
fn an_early_renewal_repeats_the_old_promise() {
    let terms = |now| GrantTerms { now: s(now), ..terms(1_000) };
    let lease = lease_of_client_1(5_000, s(6_000));
    let early = |now| early_renewal(&terms(now), &lease, &client(1), 25);
    assert_eq!(early(5_000), Some(span(1_000)));
    assert_eq!(early(5_249), Some(span(751)));
    assert_eq!(early(5_250), None, "a quarter has passed");
    assert_eq!(early(4_999), None, "a clock that went back proves nothing");
    assert_eq!(early_renewal(&terms(5_000), &lease, &client(1), 0), None, "switched off");
    assert_eq!(early_renewal(&terms(5_000), &lease, &client(2), 25), None, "somebody else");
    let over = Binding { status: BindingStatus::Expired, ..lease.clone() };
    assert_eq!(early_renewal(&terms(5_000), &over, &client(1), 25), None);
    let unheard = Binding { last_transaction: None, ..lease.clone() };
    assert_eq!(early_renewal(&terms(5_000), &unheard, &client(1), 25), None);
    let shorter = GrantTerms { desired: span(999), ..terms(5_000) };
    assert_eq!(early_renewal(&shorter, &lease, &client(1), 25), None, "configured shorter since");
    let forever = lease_of_client_1(5_000, LeaseInstant::NEVER);
    assert_eq!(early_renewal(&terms(5_000), &forever, &client(1), 25), None);
    let unlimited = GrantTerms { desired: LeaseSpan::INFINITE, ..terms(5_000) };
    let rest = early_renewal(&unlimited, &forever, &client(1), 25);
    assert_eq!(rest, Some(LeaseSpan::INFINITE));
}

#[test]
fn s2_a_grant_counts_on_the_times_of_the_clients_present_binding_only() {
    let mut lease = lease_of_client_1(5_000, s(6_000));
    lease.expiries.acked_potential = s(50_000);
    assert_eq!(lease.expiries_for(&client(1)).partner_known(), s(50_000));
    assert_eq!(lease.expiries_for(&client(2)), Expiries::default());
    for status in [BindingStatus::Free, BindingStatus::Backup] {
        let freed = Binding { status, ..lease.clone() };
        assert_eq!(freed.expiries_for(&client(1)), Expiries::default());
        let cleared = lease.clone().made_available(status, NOW).expiries;
        assert_eq!(cleared, Expiries { lease: s(6_000), ..Expiries::default() });
    }
    let latest = Expiries { received_potential_latest: s(60_000), ..lease.expiries };
    assert_eq!(latest.latest(), s(60_000));
    assert_eq!(latest.partner_known(), s(50_000), "grants count on the earliest meaning");
}

proptest! {
    #[test]
    fn s2_holds_for_any_values(
        now in any::<u64>(), desired in any::<u64>(), mclt in any::<u64>(),
        acked in any::<u64>(), received in any::<u64>(), others in any::<[u64; 3]>(),
        renewal_percent in any::<u8>(),
    ) {
        let now = s(now);
        let limit = LeaseLimit::Mclt(span(mclt));
        let terms = GrantTerms { now, desired: span(desired), limit, renewal_percent };
        let expiries = Expiries {
            lease: s(others[0]),
            lease_latest: s(others[0]),
            sent_potential: s(others[1]),
            acked_potential: s(acked),
            received_potential: s(received),
            received_potential_latest: s(received.max(others[2])),
        };
        let given = grant(&terms, &expiries);
        prop_assert!(given.lease_expiry <= now.max(s(acked)).max(s(received)) + span(mclt));
        prop_assert!(given.lease <= span(desired));
        prop_assert!(given.potential_expiry >= given.lease_expiry);
        prop_assert_eq!(now + given.lease, given.lease_expiry);
        let unlimited = grant(&GrantTerms { limit: LeaseLimit::Unlimited, ..terms }, &expiries);
        prop_assert_eq!(unlimited.lease, span(desired));
    }

    #[test]
    fn an_early_renewal_moves_no_time(
        given in any::<u64>(), length in any::<u64>(), passed in any::<u64>(),
        desired in any::<u64>(), percent in 0u8..=100,
    ) {
        let expiry = s(given) + span(length);
        let lease = lease_of_client_1(given, expiry);
        let now = s(given) + span(passed);
        let terms = GrantTerms {
            now, desired: span(desired), limit: LeaseLimit::Unlimited, renewal_percent: 50,
        };
        if let Some(rest) = early_renewal(&terms, &lease, &client(1), percent) {
            prop_assert_eq!(now + rest, expiry);
            prop_assert!(rest <= span(desired) && now < expiry);
        }
    }
}
