//! Clocks that differ, drift and are set (draft-12 §5.10).

use crate::connections::refusals;
use crate::{busy, normal};
use dhcp_failover_lease::LeaseSpan;
use dhcp_failover_proto::{Event, State, TimePolicy};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::RejectReason;

fn limited(seed: u64, policy: TimePolicy, ahead_s: i64) -> Pair {
    let clock_offset_ms = [0, ahead_s * 1_000];
    let mut pair = Pair::new(Setup { clock_offset_ms, ..Setup::new(seed) });
    for host in Host::BOTH {
        pair.reconfigure(host, |config| config.time_policy = policy);
    }
    pair
}

const LIMIT: LeaseSpan = LeaseSpan::from_s(60);

/// isc-C22: below the limit the pair works, above it the connection is refused with reason 4 and the
/// figures; without a limit it always works.
#[test]
fn c22_the_time_policy_decides_on_a_difference() {
    for ahead_s in [-3_600, -63, -58, 0, 58, 63, 3_600] {
        for policy in [TimePolicy::Refuse { limit: LIMIT }, TimePolicy::Close { limit: LIMIT }] {
            let mut pair = limited(600, policy, ahead_s);
            pair.start_both();
            let within = i64::abs(ahead_s) <= 60;
            assert_eq!(pair.run_until(20, Pair::is_settled), within, "{ahead_s}");
            let refused = refusals(&pair, Host::B);
            assert_eq!(refused.is_empty(), within, "{refused:?}");
            for (reason, message) in refused {
                assert_eq!(reason, RejectReason::TIME_MISMATCH);
                assert!(message.contains("the limit is 60 s"), "{message}");
            }
            pair.assert_clean();
        }
        let mut pair = limited(601, TimePolicy::Correct, ahead_s);
        pair.start_both();
        assert!(pair.run_until(20, Pair::is_settled), "{ahead_s}\n{}", pair.log_text());
    }
}

/// isc-C22, §5.10: a partner that is only kept out for its clock is not taken for down.
#[test]
fn c22_a_difference_alone_never_leads_to_partner_down() {
    let setup = Setup { safe_period_s: Some(120), ..Setup::new(602) };
    let mut pair = busy(setup);
    for host in Host::BOTH {
        pair.crash(host, Survives::Everything);
        pair.reconfigure(host, |config| config.time_policy = TimePolicy::Refuse { limit: LIMIT });
        if host == Host::B {
            pair.step_clock(Host::B, 3_600_000);
        }
    }
    pair.start_both();
    pair.run_s(2_000);
    for host in Host::BOTH {
        assert_ne!(pair.state(host), Some(State::PartnerDown), "{}", pair.log_text());
    }
    pair.assert_clean();
}

/// §5.10, isc-C23: a partner's clock that is set while connected is noticed, with an alarm, and its
/// times are understood anew.
#[test]
fn c23_a_clock_set_while_connected_is_an_alarm() {
    for by_s in [-86_400i64, -3_600, 3_600, 86_400] {
        let mut pair = normal(Setup::new(603));
        pair.shift_stamps(Host::A, by_s);
        pair.run_s(30);
        let told = pair.events_of(Host::B).find_map(|(_, event)| match event {
            Event::PartnerClockStepped { by_s } => Some(*by_s),
            _ => None,
        });
        let told = told.unwrap_or_else(|| panic!("{by_s}: unnoticed\n{}", pair.log_text()));
        assert!(told.abs_diff(by_s) <= 30, "{told} for {by_s}");
        assert_eq!(pair.states(), [Some(State::Normal); 2]);
    }
}

/// The policy `Close` ends a link on which the clocks drift apart.
#[test]
fn the_policy_close_ends_a_link_whose_clocks_part() {
    let mut pair = limited(604, TimePolicy::Close { limit: LIMIT }, 0);
    pair.start_both();
    assert!(pair.run_until(20, Pair::is_settled));
    pair.shift_stamps(Host::A, 600);
    pair.run_s(30);
    assert!(pair.status(Host::B).is_some_and(|status| !status.connected), "{}", pair.log_text());
    assert!(refusals(&pair, Host::B).iter().any(|(it, _)| *it == RejectReason::TIME_MISMATCH));
    pair.shift_stamps(Host::A, 0);
    assert!(pair.run_until(200, Pair::is_settled), "{}", pair.log_text());
}

/// Lease time follows the monotonic clock: a wall clock that is set while the server runs changes
/// nothing, and one that was set back changes nothing when it starts again with it.
#[test]
fn a_wall_clock_that_is_set_breaks_no_promise() {
    for host in Host::BOTH {
        for by_ms in [-86_400_000, -3_600_000, -61_000, 61_000, 3_600_000] {
            let mut pair = busy(Setup { lease_s: 300, ..Setup::new(605) });
            pair.step_clock(host, by_ms);
            pair.run_s(100);
            if by_ms < 0 {
                pair.crash(host, Survives::Everything);
                pair.run_s(5);
                pair.start(host);
            }
            pair.run_s(600);
            pair.check_convergence(100);
            assert_eq!(pair.violations(), [], "{host:?} {by_ms}");
        }
    }
}

/// §5.16: in 2106 a server last served shortly before the numbers on the wire begin anew, as its partner
/// says when it starts again shortly after that: its store is not an old copy. (Honest seed
/// 0x9479ed91740365e7.)
#[test]
fn a_store_from_before_2106_is_no_old_copy_after() {
    for host in Host::BOTH {
        let begin_ms = ((1u64 << 32) - 1_700_000_000 - 100) * 1_000;
        let mut pair = normal(Setup { begin_ms, ..Setup::new(607) });
        pair.run_s(200);
        pair.crash(host, Survives::Everything);
        pair.run_s(5);
        pair.start(host);
        pair.run_s(30);
        let old = |event: &Event| matches!(event, Event::OldStore { .. });
        assert!(!pair.events_of(host).any(|(_, event)| old(event)), "{}", pair.log_text());
        assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
        pair.assert_clean();
    }
}

/// The years 2038 and 2106 pass like others, connected or across a restart.
#[test]
fn the_years_2038_and_2106_pass_unnoticed() {
    for turn_s in [1u64 << 31, 1 << 32] {
        let begin_ms = (turn_s - 1_700_000_000 - 200) * 1_000;
        let mut pair = busy(Setup { begin_ms, ..Setup::new(606) });
        pair.run_s(400);
        pair.check_convergence(100);
        pair.crash(Host::A, Survives::Everything);
        pair.run_s(10);
        pair.start(Host::A);
        pair.run_s(60);
        pair.check_convergence(100);
        pair.assert_clean();
        assert!(pair.now_ms() / 1_000 + 1_700_000_000 > turn_s);
    }
}
