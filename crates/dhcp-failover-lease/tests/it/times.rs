//! Instants and spans: nothing wraps, nothing overflows, nothing finite becomes infinite.

use dhcp_failover_lease::{LeaseInstant, LeaseSpan};
use proptest::prelude::*;

#[test]
fn infinite_leases_stay_infinite_through_arithmetic() {
    let now = LeaseInstant::from_unix_s(4_294_967_300); // after 2106
    assert_eq!(now + LeaseSpan::INFINITE, LeaseInstant::NEVER);
    assert_eq!(LeaseInstant::NEVER - now, LeaseSpan::INFINITE);
    assert_eq!(LeaseSpan::INFINITE + LeaseSpan::from_s(5), LeaseSpan::INFINITE);
    assert_eq!(LeaseSpan::INFINITE.percent(50), LeaseSpan::INFINITE);
    assert_eq!(LeaseSpan::INFINITE.percent(1), LeaseSpan::INFINITE);
    assert_eq!(LeaseSpan::INFINITE.percent(0), LeaseSpan::ZERO);
    assert_eq!(LeaseSpan::from_dhcp_s(u32::MAX), LeaseSpan::INFINITE);
    assert_eq!(LeaseSpan::INFINITE.as_dhcp_s(), u32::MAX);
}

#[test]
fn long_finite_leases_do_not_turn_infinite_on_the_wire() {
    assert_eq!(LeaseSpan::from_s(u64::from(u32::MAX)).as_dhcp_s(), u32::MAX - 1);
    assert_eq!(LeaseSpan::from_s(u64::MAX - 1).as_dhcp_s(), u32::MAX - 1);
}

#[test]
fn percent_is_exact_and_does_not_overflow() {
    assert_eq!(LeaseSpan::from_s(101).percent(50), LeaseSpan::from_s(50));
    assert_eq!(LeaseSpan::from_s(7).percent(88), LeaseSpan::from_s(6));
    assert_eq!(LeaseSpan::from_s(u64::MAX - 1).percent(100), LeaseSpan::from_s(u64::MAX - 1));
}

#[test]
fn times_around_2038_and_2106_survive_the_wire() {
    for wrap in [1u64 << 31, 1 << 32, 3 << 31, 1 << 33] {
        for now_s in wrap - 3..wrap + 3 {
            let now = LeaseInstant::from_unix_s(now_s);
            for distance in [-86_400i64, -1, 0, 1, 86_400, (1 << 31) - 2] {
                let told = LeaseInstant::from_unix_s(now_s.saturating_add_signed(distance));
                let heard = LeaseInstant::from_wire_s(told.as_wire_s(), now);
                let expected = match told.as_wire_s() {
                    // The second after this would read as "never",
                    0xffff_fffe => [told, told.saturating_sub(LeaseSpan::from_s(1))],
                    // and the one before this as no time at all: a promise must not be lost then (S3).
                    1 => [told, told + LeaseSpan::from_s(1)],
                    _ => [told; 2],
                };
                assert!(expected.contains(&heard), "{told:?} is read as {heard:?}");
                assert!(![0, u32::MAX].contains(&told.as_wire_s()));
            }
        }
    }
    let now = LeaseInstant::from_unix_s(5);
    assert_eq!(LeaseInstant::NEVER.as_wire_s(), u32::MAX);
    assert_eq!(LeaseInstant::ZERO.as_wire_s(), 0);
    assert_eq!(LeaseInstant::from_wire_s(u32::MAX, now), LeaseInstant::NEVER);
}

#[test]
fn the_ends_of_time_stay_where_they_are() {
    let (zero, never) = (LeaseInstant::ZERO, LeaseInstant::NEVER);
    assert!(never.is_never() && !zero.is_never());
    assert_eq!(never - never, LeaseSpan::ZERO);
    assert_eq!(zero - never, LeaseSpan::ZERO);
    assert_eq!(never.saturating_sub(LeaseSpan::from_s(7)), never);
    assert_eq!(zero.saturating_sub(LeaseSpan::from_s(7)), zero);
    assert_eq!(never.shifted(-7), never);
    assert_eq!(zero.shifted(-7), zero);
    let last = LeaseInstant::from_unix_s(u64::MAX - 1);
    assert_eq!(last.shifted(1), last, "a finite time does not become infinite");
    assert_eq!(last.shifted(-1), LeaseInstant::from_unix_s(u64::MAX - 2));
    assert_eq!(std::format!("{never:?} {:?}", LeaseInstant::from_unix_s(9)), "never @9s");
    assert_eq!(std::format!("{:?} {:?}", LeaseSpan::INFINITE, LeaseSpan::from_s(9)), "infinite 9s");
}

#[test]
fn spans_are_told_to_clients_as_they_are() {
    for seconds in [0, 1, u32::MAX - 2, u32::MAX - 1] {
        let span = LeaseSpan::from_s(u64::from(seconds));
        assert_eq!(span.as_dhcp_s(), seconds);
        assert_eq!(LeaseSpan::from_dhcp_s(seconds), span);
    }
    assert_eq!(LeaseSpan::from_s(u64::from(u32::MAX) - 1).as_dhcp_s(), u32::MAX - 1);
    assert_eq!(LeaseSpan::from_s(1).longer(LeaseSpan::from_s(2)), LeaseSpan::from_s(2));
    assert_eq!(LeaseSpan::from_s(1).shorter(LeaseSpan::from_s(2)), LeaseSpan::from_s(1));
}

proptest! {
    #[test]
    fn arithmetic_is_that_of_whole_numbers_cut_at_both_ends(
        at in any::<u64>(), by in any::<u64>(), step in any::<i64>(), percent in any::<u8>(),
    ) {
        let (instant, span) = (LeaseInstant::from_unix_s(at), LeaseSpan::from_s(by));
        let wide = |n: i128| u64::try_from(n.clamp(0, i128::from(u64::MAX))).unwrap();
        prop_assert_eq!((instant + span).as_unix_s(), wide(i128::from(at) + i128::from(by)));
        prop_assert_eq!((span + span).as_s(), wide(2 * i128::from(by)));
        if at != u64::MAX {
            let shifted = wide(i128::from(at) + i128::from(step)).min(u64::MAX - 1);
            prop_assert_eq!(instant.shifted(step).as_unix_s(), shifted);
            prop_assert_eq!(instant.saturating_sub(span).as_unix_s(), at.saturating_sub(by));
        }
        if by != u64::MAX {
            let part = i128::from(by) * i128::from(percent) / 100;
            prop_assert_eq!(span.percent(percent).as_s(), wide(part));
        }
        let other = LeaseInstant::from_unix_s(by);
        prop_assert_eq!(instant.later(other), instant.max(other));
    }

    #[test]
    fn what_goes_over_the_wire_comes_back_within_68_years(
        now in 0..u64::MAX / 2, distance in -(1i64 << 31) + 1..1 << 31,
    ) {
        let told = LeaseInstant::from_unix_s(now.saturating_add_signed(distance));
        let heard = LeaseInstant::from_wire_s(told.as_wire_s(), LeaseInstant::from_unix_s(now));
        prop_assert!(told - heard <= LeaseSpan::from_s(1), "{:?} heard as {:?}", told, heard);
        prop_assert!(heard <= told);
    }
}
