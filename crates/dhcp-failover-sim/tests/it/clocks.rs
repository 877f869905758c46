//! Wall clocks that are set while a server is away: its lease clock goes on as long as its machine
//! runs, and after that the partner's clock is a witness (draft-12 §5.10).

use crate::scripted::{ADDRESS, Scripted};
use crate::support::{ROLES, answers, leased};
use crate::{busy, normal};
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_proto::{Bindings, Command, Event, RequestClass, Severity, State};
use dhcp_failover_sim::{Held, Host, Pair, Setup, Survives};
use dhcp_failover_wire::{BindingStatus, BindingUpdate, Message, RejectReason};

const HOUR_MS: i64 = 3_600_000;

fn alarms(pair: &Pair, host: Host) -> Vec<(&'static str, i64)> {
    let alarm = |event: &Event| match event {
        Event::WallClockDiffers { ahead_s } => Some(("own", *ahead_s)),
        Event::ClockDoubtful { ahead_s } => Some(("doubtful", *ahead_s)),
        Event::PartnerClockStepped { by_s } => Some(("partner", *by_s)),
        _ => None,
    };
    let told = pair.events_of(host).filter_map(|(_, event)| {
        let told = alarm(event)?;
        assert_eq!(event.severity(), Severity::Alarm);
        Some(told)
    });
    told.collect()
}

/// How far a server's lease clock is from where the other's is.
fn apart_s(pair: &Pair, host: Host) -> i64 {
    let now = |host| pair.endpoint(host).map_or(LeaseInstant::ZERO, |it| it.lease_now());
    let signed = |at: LeaseInstant| i64::try_from(at.as_unix_s()).expect("no such clock");
    signed(now(host)) - signed(now(host.partner()))
}

/// S1, S3, L9: a process that starts again on a running machine whose wall clock was set, either way
/// and by any amount, with its partner there or not, ends no lease early and gives no address twice.
#[test]
fn s3_a_wall_clock_set_while_the_process_was_away_breaks_no_promise() {
    for host in Host::BOTH {
        for by_ms in [-24 * HOUR_MS, -HOUR_MS, -61_000, 61_000, HOUR_MS, 24 * HOUR_MS] {
            for alone in [false, true] {
                let mut pair = busy(Setup { lease_s: 300, ..Setup::new(610) });
                pair.partition(alone);
                pair.run_s(30);
                pair.crash(host, Survives::Everything);
                pair.step_clock(host, by_ms);
                pair.run_s(20);
                pair.start(host);
                pair.run_s(5);
                // Each shows the moment of its last input.
                let apart_s = apart_s(&pair, host);
                assert!(apart_s.abs() <= 3, "{host:?} {by_ms}: {apart_s}");
                let told = alarms(&pair, host);
                let own = |it: &[_]| matches!(it, [("own", s)] if i64::abs(s - by_ms / 1_000) <= 1);
                assert!(own(&told), "{host:?} {by_ms}: {told:?}");
                pair.run_s(100);
                pair.partition(false);
                pair.run_s(600);
                pair.check_convergence(100);
                assert_eq!(pair.violations(), [], "{host:?} {by_ms}\n{}", pair.log_text());
                assert_eq!(alarms(&pair, host.partner()), [], "nothing happened there");
            }
        }
    }
}

/// However often a process starts, its lease clock neither loses nor gains a second.
#[test]
fn a_clock_that_is_carried_on_a_hundred_times_is_still_exact() {
    let mut pair = normal(Setup { clock_offset_ms: [0, 0], ..Setup::new(611) });
    for round in 0..100 {
        pair.crash(Host::A, Survives::Everything);
        pair.run_ms(137 * (round % 17));
        pair.start(Host::A);
        pair.run_ms(2_000 + 91 * (round % 23));
    }
    pair.run_s(30);
    assert!(apart_s(&pair, Host::A).abs() <= 1, "{}", apart_s(&pair, Host::A));
    assert_eq!(alarms(&pair, Host::A), []);
    pair.assert_clean();
}

/// By an operator's decision the wall clock counts, for better or worse; the partner's times are
/// understood anew, and the partner tells that this clock was set.
#[test]
fn an_operator_can_have_the_wall_clock_taken_over() {
    let mut pair = normal(Setup::new(612));
    pair.run_s(60);
    pair.crash(Host::A, Survives::Everything);
    pair.step_clock(Host::A, HOUR_MS);
    pair.start_trusting_the_wall_clock(Host::A);
    assert!(pair.run_until(60, Pair::is_settled), "{}", pair.log_text());
    assert!((3_598..=3_602).contains(&apart_s(&pair, Host::A)), "{}", apart_s(&pair, Host::A));
    assert_eq!(alarms(&pair, Host::A), []);
    let told = alarms(&pair, Host::B);
    assert!(matches!(told[..], [("partner", 3_400..=3_602)]), "{told:?}");
    // Once: the next start goes on from there.
    pair.crash(Host::A, Survives::Everything);
    pair.start(Host::A);
    pair.run_s(30);
    assert!((3_598..=3_602).contains(&apart_s(&pair, Host::A)));
    assert_eq!(alarms(&pair, Host::A), []);
}

/// A machine that starts anew has only its wall clock. If that was set meanwhile, the difference to
/// the partner's clock is another one than before: an alarm at both servers, with the figure.
#[test]
fn a_wall_clock_set_while_the_machine_was_off_is_an_alarm_at_both() {
    for host in Host::BOTH {
        for by_ms in [-24 * HOUR_MS, -HOUR_MS, HOUR_MS, 24 * HOUR_MS] {
            let mut pair =
                normal(Setup { clock_offset_ms: [5_000_000, -77_000], ..Setup::new(613) });
            pair.run_s(400);
            pair.power_off(host);
            pair.step_clock(host, by_ms);
            // Longer than the guard: a clock set back stands still at the newest record.
            pair.run_s(600);
            pair.start(host);
            assert!(pair.run_until(90, Pair::is_settled), "{}", pair.log_text());
            let least = if by_ms > 0 { by_ms / 1_000 } else { -600 };
            let told = alarms(&pair, host);
            let doubtful = |it: &&(&str, i64)| it.0 == "doubtful";
            let ahead_s = told.iter().find(doubtful).map(|it| it.1);
            // The first message may have been under way for as long as tReceive.
            let near = |s: i64| s.signum() == least.signum() && s.abs_diff(least) <= 30;
            assert!(ahead_s.is_some_and(near), "{host:?} {by_ms}: {told:?}");
            let told = alarms(&pair, host.partner());
            assert!(matches!(told[..], [("partner", s)] if near(s)), "{host:?} {by_ms}: {told:?}");
        }
    }
}

/// Machines whose clocks are right raise no alarm, whatever the difference between the two and
/// however long one was off.
#[test]
fn clocks_that_nobody_set_raise_no_alarm() {
    for off_s in [1, 30, 900, 7_200] {
        let mut pair = normal(Setup { clock_offset_ms: [5_000_000, -77_000], ..Setup::new(614) });
        pair.run_s(100);
        for host in Host::BOTH {
            pair.power_off(host);
            pair.run_s(off_s);
            pair.start(host);
            assert!(pair.run_until(200, Pair::is_settled), "{}", pair.log_text());
            pair.run_s(60);
        }
        for host in Host::BOTH {
            assert_eq!(alarms(&pair, host), [], "{host:?} {off_s}");
        }
        pair.assert_clean();
    }
}

/// S1, S3: clocks drift apart by 200 ppm, 17 s a day, while the servers do not hear each other. A
/// long lease that one of them has renewed alone, for as long as it may, is over before the other
/// one gives its address to somebody else.
#[test]
fn s1_clocks_that_drift_apart_for_hours_give_no_address_twice() {
    const LEASE_S: u64 = 8 * 3_600;
    for fast in Host::BOTH {
        let clock_drift_ppm = Host::BOTH.map(|host| if host == fast { 100 } else { -100 });
        let setup = Setup { clients: 2, lease_s: LEASE_S, clock_drift_ppm, ..Setup::new(615) };
        let mut pair = busy(setup);
        pair.mute(1);
        pair.run_s(300);
        pair.mute(0);
        let Held { address, server, .. } = pair.lease_of(0).expect("it is busy");
        pair.partition(true);
        pair.run_s(LEASE_S - 3_600);
        assert!(pair.ask(0, RequestClass::Renewal, &[server], Some(address)));
        pair.run_s(60);
        let end_ms = pair.lease_of(0).expect("renewed").expires_ms;
        pair.crash(server, Survives::Everything);
        pair.command(server.partner(), Command::PartnerDown);
        pair.run_s((end_ms - pair.now_ms()) / 1_000 - 300);
        let mut waited_s = 0;
        while !pair.ask(1, RequestClass::NamesThisServer, &[server.partner()], Some(address)) {
            pair.run_s(5);
            waited_s += 5;
            assert!(waited_s < 1_000, "{fast:?} is fast: never");
        }
        pair.run_s(10);
        pair.assert_clean();
    }
}

/// S10: a machine starts anew with a clock that was set back, and its newest stamp is older than its
/// newest lease. When the client was last heard does not go back, whatever it does next.
#[test]
fn s10_a_clock_set_back_over_a_restart_of_the_machine_sets_no_time_of_a_client_back() {
    let mut found = 0;
    for after_ms in (0..8_000).step_by(400) {
        let mut pair = busy(Setup { startup_s: 0, ..Setup::new(616) });
        pair.run_s(20);
        pair.run_ms(after_ms);
        let held = (0..8).find_map(|number| pair.lease_of(number).map(|held| (number, held)));
        let (number, Held { address, server, .. }) = held.expect("it is busy");
        for client in 0..8 {
            pair.mute(client);
        }
        assert!(pair.ask(number, RequestClass::Renewal, &[server], Some(address)));
        pair.run_ms(100);
        let heard = |pair: &Pair| pair.binding(server, address).and_then(|it| it.last_transaction);
        let before = heard(&pair);
        pair.power_off(server);
        pair.step_clock(server, -HOUR_MS);
        pair.start(server);
        assert!(pair.run_until(60, Pair::is_settled), "{}", pair.log_text());
        assert!(pair.ask(number, RequestClass::Renewal, &[server], Some(address)));
        pair.run_ms(100);
        found += usize::from(heard(&pair) == before);
        pair.release(number);
        pair.run_s(5);
        pair.assert_clean();
    }
    assert!(found > 0, "no clock was behind the newest lease");
}

/// S1, S14: a machine without power for a while comes back with a clock that was set back, which stands
/// still at its newest record. What a client gave back there before must not end the lease that the partner
/// gave it meanwhile; nor what it gave back after that record. (Unsafe seed 0xa3984316a47a334f.)
#[test]
fn s14_a_release_of_before_a_power_cut_does_not_end_the_lease_given_after_it() {
    for host in Host::BOTH {
        for (stays_s, off_s) in
            [1, 3, 10, 50, 100, 200].into_iter().flat_map(|it| [(0, it), (2, it)])
        {
            let mut pair = busy(Setup { lease_s: 400, ..Setup::new(616) });
            pair.partition(true);
            pair.run_s(30);
            for number in 0..8 {
                assert!(pair.ask(number, RequestClass::Renewal, &[host], None));
            }
            pair.run_s(1);
            for number in 0..8 {
                pair.mute(number);
                pair.release(number); // to the server that answered last
            }
            pair.run_s(stays_s);
            pair.power_off(host);
            pair.step_clock(host, -3 * HOUR_MS);
            pair.run_s(off_s);
            for number in 0..8 {
                pair.set_reach(number, host, false);
                pair.join(number);
            }
            pair.run_s(30);
            pair.start(host);
            pair.partition(false);
            pair.run_s(300);
            pair.check_convergence(600);
            assert_eq!(pair.violations(), [], "{host:?} {stays_s} {off_s}\n{}", pair.log_text());
        }
    }
}

/// S14: nor does it when the partner was started anew after it had found out that the clocks moved, and
/// before it heard of the release.
#[test]
fn s14_what_is_doubted_of_the_clocks_is_doubted_after_a_restart() {
    for (role, restarts) in ROLES.into_iter().flat_map(|role| [(role, false), (role, true)]) {
        let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
        it.meets(State::Normal);
        let lease = leased(&it, 0);
        it.say(Message::BndUpd(vec![lease.clone()]));
        it.pass_in_contact_s(5);
        it.cut();
        // The client releases there, and has its lease again here.
        it.pass_s(5);
        let released = it.wire_now();
        it.pass_s(10);
        let client = it.table.get(ADDRESS).and_then(|it| it.client).expect("it was told");
        assert!(it.renew(ADDRESS, client));
        it.pass_s(40);
        // The partner was without power all the time but for some seconds, and does not know it.
        it.on_the_way = |bytes| {
            let time = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) - 45;
            bytes[4..8].copy_from_slice(&time.to_be_bytes());
        };
        it.connect();
        if restarts {
            it.cut();
            it.restart();
            it.connect();
        }
        it.partner(State::CommunicationsInterrupted);
        it.partner(State::Normal);
        assert_eq!(it.state(), State::Normal);
        it.say(Message::BndUpd(vec![BindingUpdate {
            client_hardware_address: lease.client_hardware_address,
            client_last_transaction_time: Some(released),
            start_time_of_state: Some(released),
            ..BindingUpdate::new(ADDRESS, BindingStatus::RELEASED)
        }]));
        let refused = answers(&it)[0].reject.as_ref().map(|reject| reject.reason);
        let outdated = RejectReason::OUTDATED_BINDING_INFORMATION;
        assert_eq!(refused, Some(outdated), "{role:?}, started anew: {restarts}");
    }
}
