//! Faults that another implementation is known for (`isc-S` of our list) and holes of the draft
//! about states, each as a story of a whole pair. Those that one endpoint can show are beside the
//! section they belong to, in `sections/`; `s06`, `s07` of the table itself in the tests of
//! `dhcp-failover-proto`.

use crate::{busy, entered, path, served};
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Command, Event, State};
use dhcp_failover_sim::{Host, Pair, Rule, Setup, Survives};

/// isc-S01: one in RECOVER while the other recovers too. (Both lost their disks: what they knew is
/// gone, but nobody waits for ever.)
#[test]
fn s01_two_servers_that_recover_at_once_come_to_normal() {
    for between_s in [0, 1, 5, 20, 40, 70] {
        for first in Host::BOTH {
            let mut pair = busy(Setup { mclt_s: 30, ..Setup::new(200) });
            for host in [first, first.partner()] {
                pair.crash(host, Survives::Nothing);
                pair.lose_disk(host);
                pair.start(host);
                pair.run_s(between_s);
            }
            assert!(pair.run_until(120, Pair::is_settled), "{between_s}\n{}", pair.log_text());
        }
    }
}

/// isc-S02: a server in PARTNER-DOWN restarts, and its partner reports the very state that is on
/// record: it must not stay in PARTNER-DOWN beside a partner that serves.
#[test]
fn s02_partner_down_is_left_whatever_state_of_the_partner_is_on_record() {
    for host in Host::BOTH {
        let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(201) });
        pair.cut(); // each hears the other in COMMUNICATIONS-INTERRUPTED once
        pair.run_s(5);
        pair.partition(true);
        pair.run_s(30);
        pair.command(host, Command::PartnerDown);
        for _ in 0..3 {
            pair.crash(host, Survives::Everything);
            pair.start(host);
            pair.run_s(2);
        }
        pair.partition(false);
        assert!(pair.run_until(60, Pair::is_settled), "{}", pair.log_text());
    }
}

/// isc-S03: A died in PARTNER-DOWN; B, which has that on record, is told that A is down.
#[test]
fn s03_what_the_partner_was_does_not_silence_a_server_that_is_alone() {
    let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(202) });
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(2);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(30);
    pair.start(Host::B);
    pair.run_s(1); // it hears A in PARTNER-DOWN
    pair.crash(Host::A, Survives::Everything);
    pair.run_s(30);
    let known = pair.status(Host::B).and_then(|status| status.partner_state);
    assert!(known.is_some());
    pair.run_until(60, |pair| pair.state(Host::B) == Some(State::RecoverDone));
    pair.command(Host::B, Command::PartnerDown);
    pair.run_s(300);
    assert_eq!(pair.state(Host::B), Some(State::PartnerDown));
    assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
    pair.assert_clean();
}

fn alone_both(seed: u64) -> Pair {
    let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(seed) });
    pair.partition(true);
    pair.run_s(30);
    for host in Host::BOTH {
        pair.command(host, Command::PartnerDown);
    }
    pair.run_s(60);
    pair
}

/// isc-S04: the link drops at any message of a conflict's resolution: as soon as that is noticed,
/// both serve everybody.
#[test]
fn s04_an_interrupted_resolution_is_no_outage() {
    for messages in 1..24 {
        let mut pair = alone_both(203);
        pair.cut_after_messages(messages);
        pair.partition(false);
        while pair.is_fault_pending() && !pair.is_settled() {
            pair.run_ms(5);
        }
        pair.partition(true);
        pair.run_s(25);
        for host in Host::BOTH {
            let service = dhcp_failover_proto::Service::of(pair.state(host).expect("it runs"));
            let everybody = dhcp_failover_proto::Service::Everybody;
            assert_eq!(service, everybody, "{messages}: {host:?}\n{}", pair.log_text());
        }
        pair.partition(false);
        assert!(pair.run_until(60, Pair::is_settled), "{messages}\n{}", pair.log_text());
    }
}

/// isc-S05: in CONFLICT-DONE clients are answered (RECOVER-DONE is in `sections/`).
#[test]
fn s05_conflict_done_answers_clients() {
    let mut pair = alone_both(204);
    pair.partition(false);
    assert!(pair.run_until(60, |pair| pair.state(Host::A) == Some(State::ConflictDone)));
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(2);
    let acks = pair.ledger().acks;
    pair.run_s(200);
    assert_eq!(pair.state(Host::A), Some(State::ConflictDone));
    assert!(pair.ledger().acks > acks);
    pair.start(Host::B);
    assert!(pair.run_until(60, Pair::is_settled), "{}", pair.log_text());
}

/// isc-S06: a partner that lost its data and recovers is not taken for down.
#[test]
fn s06_a_partner_that_recovers_is_not_taken_for_down() {
    for lost in Host::BOTH {
        let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(205) });
        pair.crash(lost, Survives::Nothing);
        pair.lose_disk(lost);
        pair.start(lost);
        pair.check_convergence(60);
        assert!(!path(&pair, lost.partner()).contains(&State::PartnerDown));
        pair.assert_clean();
    }
}

/// isc-S08: a resolution that is interrupted again and again still ends.
#[test]
fn s08_a_resolution_interrupted_many_times_ends() {
    let mut pair = alone_both(206);
    for messages in 1..40 {
        pair.cut_after_messages(messages % 13 + 1);
        pair.partition(false);
        pair.run_s(3);
    }
    pair.heal();
    assert!(pair.run_until(60, Pair::is_settled), "{}", pair.log_text());
    assert!(!pair.broke(Rule::Livelock));
}

/// isc-S09: out of a conflict the secondary is in NORMAL first, whatever happens to the link.
#[test]
fn s09_the_secondary_leaves_a_conflict_first() {
    for messages in 1..24 {
        let mut pair = alone_both(207);
        pair.record_trace();
        pair.cut_after_messages(messages);
        pair.partition(false);
        assert!(pair.run_until(60, Pair::is_settled), "{messages}\n{}", pair.log_text());
        let normal =
            |host| pair.trace().iter().position(|it| it.1 == host && it.2 == "enters NORMAL");
        assert!(normal(Host::B) < normal(Host::A), "{messages}\n{}", pair.log_text());
    }
}

/// isc-S10, H4: A was declared to be alone and died; B starts with what it knew before, and must not
/// serve on that.
#[test]
fn s10_a_server_that_may_have_been_declared_down_waits() {
    let mut pair = busy(Setup { mclt_s: 20, clients: 12, ..Setup::new(208) });
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(2);
    pair.command(Host::A, Command::PartnerDown);
    for number in 0..6 {
        pair.release(number);
        pair.mute(number);
    }
    pair.run_s(400);
    for number in 0..6 {
        pair.join(number);
    }
    pair.run_s(30);
    pair.crash(Host::A, Survives::Everything);
    let acks = pair.ledger().acks;
    pair.start(Host::B);
    pair.run_s(600);
    assert_eq!(pair.state(Host::B), Some(State::Startup));
    assert_eq!(pair.ledger().acks, acks, "it served on what it knew");
    let told = |event: &Event| matches!(event, Event::Waiting { state: State::Startup, .. });
    assert!(pair.events_of(Host::B).any(|(_, event)| told(event)));
    pair.start(Host::A);
    pair.check_convergence(200);
    pair.assert_clean();
}

/// isc-S11: a long partition is survived without PARTNER-DOWN and without duplicates, unless a safe
/// period is configured; then conflicts are found and settled.
#[test]
fn s11_no_split_brain_without_a_safe_period() {
    for safe_period_s in [None, Some(60)] {
        let setup = Setup { safe_period_s, mclt_s: 20, lease_s: 100, ..Setup::new(209) };
        let mut pair = busy(setup);
        pair.partition(true);
        pair.run_s(2_000);
        let down = Host::BOTH.iter().all(|host| path(&pair, *host).contains(&State::PartnerDown));
        assert_eq!(down, safe_period_s.is_some());
        pair.partition(false);
        assert!(pair.run_until(60, Pair::is_settled), "{}", pair.log_text());
        if safe_period_s.is_none() {
            pair.assert_clean();
        }
    }
}

/// isc-S12: two new servers serve at once, however long the MCLT; so does a new one beside a server
/// that was put to work alone, whose clients notice nothing.
#[test]
fn s12_new_servers_cause_no_outage() {
    let mut pair = Pair::new(Setup { mclt_s: 3_600, ..Setup::new(210) });
    pair.start_both();
    (0..8).for_each(|number| pair.join(number));
    assert!(pair.run_until(20, |pair| served(pair, 8) == 8), "{}", pair.log_text());

    let mut pair = Pair::new(Setup { mclt_s: 600, ..Setup::new(211) });
    pair.start(Host::A);
    pair.run_s(12);
    pair.command(Host::A, Command::PartnerDown);
    (0..8).for_each(|number| pair.join(number));
    pair.run_s(60);
    pair.start(Host::B);
    for _ in 0..80 {
        pair.run_s(10);
        assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
    }
    assert!(pair.run_until(10, Pair::is_settled), "{}", pair.log_text());
    pair.assert_clean();
}

/// isc-S13: after a day in NORMAL, the wait counts from the failure, not from a day ago.
#[test]
fn s13_the_wait_counts_from_the_failure_not_from_an_old_state() {
    let mut pair = busy(Setup { mclt_s: 300, lease_s: 3_000, ..Setup::new(212) });
    pair.run_s(40_000);
    pair.crash(Host::A, Survives::Everything);
    let crashed = pair.now_ms();
    pair.run_s(3);
    pair.command(Host::B, Command::PartnerDown);
    pair.start(Host::A);
    pair.check_convergence(400);
    let waited = entered(&pair, Host::A, State::RecoverDone) - crashed;
    assert!((300_000..309_000).contains(&waited), "{waited} ms");
    pair.assert_clean();
}

/// isc-S14: a server started from an old copy of its store finds that out from its partner, fetches
/// everything and waits; nobody is given an address twice.
#[test]
fn s14_an_old_copy_of_the_store_is_not_trusted() {
    for host in Host::BOTH {
        for age_s in [700, 1_000, 5_000] {
            let mut pair = busy(Setup { mclt_s: 30, clients: 10, ..Setup::new(213) });
            let copy = pair.copy_disk(host);
            for number in 0..5 {
                pair.release(number);
            }
            pair.run_s(age_s);
            for number in 0..5 {
                pair.join(number);
            }
            pair.run_s(30);
            pair.crash(host, Survives::Everything);
            pair.run_s(5);
            pair.restore_disk(host, copy);
            pair.start(host);
            pair.run_s(8); // until the primary dials
            let found = |event: &Event| match event {
                Event::OldStore { missing_s } => u64::from(*missing_s) + 40 >= age_s,
                _ => false,
            };
            assert!(pair.events_of(host).any(|(_, event)| found(event)), "{}", pair.log_text());
            assert_eq!(pair.state(host), Some(State::RecoverWait), "{}", pair.log_text());
            pair.check_convergence(120);
            assert_eq!(served(&pair, 10), 10);
            pair.assert_clean();
        }
    }
}

/// The same: no false alarm. A crash that loses what was not synced, a power cut, a slow disk and a
/// clock that was wrong are no old copies.
#[test]
fn s14_a_crash_is_not_taken_for_an_old_copy() {
    for host in Host::BOTH {
        for disk_ms in [3, 1_500, 4_000] {
            let mut pair = busy(Setup { clock_offset_ms: [0, -7_200_000], ..Setup::new(214) });
            pair.set_disk_delay_ms(host, disk_ms);
            for round in 0..4 {
                pair.run_s(100);
                match round {
                    0 => pair.crash(host, Survives::Nothing),
                    1 => pair.power_off(host),
                    2 => pair.cut(),
                    _ => pair.crash(host, Survives::SomePrefix),
                }
                pair.run_s(70);
                if !pair.is_up(host) {
                    pair.start(host);
                }
            }
            pair.run_s(60);
            for host in Host::BOTH {
                let old = |event: &Event| matches!(event, Event::OldStore { .. });
                assert!(!pair.events_of(host).any(|(_, it)| old(it)), "{}", pair.log_text());
            }
        }
    }
}

/// Nor is a store that was lost and refilled, whose stamps begin anew.
#[test]
fn s14_a_refilled_store_is_not_taken_for_an_old_copy() {
    for host in Host::BOTH {
        let mut pair = busy(Setup::new(223));
        pair.run_s(500);
        pair.crash(host, Survives::Nothing);
        pair.lose_disk(host);
        pair.start(host);
        assert!(pair.run_until(20, |pair| pair.state(host) == Some(State::RecoverWait)));
        pair.run_s(5);
        pair.crash(host, Survives::Everything);
        pair.start(host);
        pair.check_convergence(120);
        let old = |event: &Event| matches!(event, Event::OldStore { .. });
        assert!(!pair.events_of(host).any(|(_, it)| old(it)), "{}", pair.log_text());
        pair.assert_clean();
    }
}

/// Nor is what a server says while its disk stands still: a DISCONNECT and a CONTACT do not wait for
/// it, and prove nothing about its stamps. (Storm 2f5.)
#[test]
fn s14_what_did_not_wait_for_the_disk_makes_no_store_old() {
    for host in Host::BOTH {
        let mut pair = busy(Setup::new(224));
        pair.stall_disk(host, true);
        pair.run_s(100);
        // It hears nothing more, and says so before it gives up.
        pair.block(host.partner(), true);
        assert!(pair.run_until(200, |pair| pair.sent(host, "DISCONNECT") > 0));
        pair.run_s(1);
        pair.crash(host, Survives::Nothing);
        pair.block(host.partner(), false);
        pair.stall_disk(host, false);
        pair.start(host);
        pair.check_convergence(120);
        let old = |event: &Event| matches!(event, Event::OldStore { .. });
        assert!(!pair.events_of(host).any(|(_, it)| old(it)), "{}", pair.log_text());
    }
}

/// isc-S16: what is on record of the partner is what it said last.
#[test]
fn s16_the_partners_state_on_record_is_the_last_one_heard() {
    let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(215) });
    for lost in [Host::B, Host::A, Host::B] {
        pair.crash(lost, Survives::Nothing);
        pair.lose_disk(lost);
        pair.start(lost);
        for _ in 0..400 {
            pair.run_ms(100);
            for host in Host::BOTH {
                // The disk takes a few milliseconds.
                let written = pair.now_ms() - 20;
                let last = pair.events_of(host).filter_map(|(at, event)| match event {
                    Event::PartnerState { state, .. } if at <= written => Some(*state),
                    _ => None,
                });
                let fresh = pair.events_of(host).last().is_some_and(|(at, _)| at > written);
                let last = last.last();
                let stored = pair.stored(host).and_then(|record| record.partner_state);
                if host != lost && !fresh {
                    assert_eq!(stored, last, "{}", pair.log_text());
                }
            }
        }
        pair.check_convergence(60);
    }
}

/// isc-S18: a server whose disk fails at any write is never seen in a state that is not on it, and
/// starts again from where the disk is.
#[test]
fn s18_no_state_is_shown_that_is_not_on_the_disk() {
    for host in Host::BOTH {
        for outputs in 1..40 {
            let mut pair = Pair::new(Setup { mclt_s: 20, ..Setup::new(216) });
            pair.crash_after_outputs(host, outputs, Survives::Nothing);
            pair.start_both();
            pair.run_s(3);
            pair.heal();
            (0..8).for_each(|number| pair.join(number));
            pair.check_convergence(90);
            pair.assert_clean(); // S5 watches every STATE
        }
        let mut pair = busy(Setup::new(217));
        pair.stall_disk(host, true);
        let sent = pair.sent(host, "STATE");
        pair.cut();
        pair.run_s(30);
        assert_eq!(pair.sent(host, "STATE"), sent, "{}", pair.log_text());
        pair.crash(host, Survives::Nothing);
        assert_eq!(pair.stored(host).map(|record| record.state), Some(State::Normal));
        pair.heal();
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// isc-S21: after a restart, a recovery and a conflict alike the pools are balanced again.
#[test]
fn s21_the_pools_are_balanced_after_every_way_back() {
    for way in 0..4 {
        let mut pair = match way {
            3 => alone_both(218),
            _ => busy(Setup { mclt_s: 20, clients: 8, ..Setup::new(218) }),
        };
        match way {
            0 => pair.crash(Host::A, Survives::Everything),
            1 => pair.crash(Host::B, Survives::Everything),
            2 => {
                pair.crash(Host::B, Survives::Nothing);
                pair.lose_disk(Host::B);
            }
            _ => {}
        }
        for number in 0..8 {
            pair.release(number); // all to one side
            pair.mute(number);
        }
        pair.run_s(400);
        pair.heal();
        assert!(pair.run_until(120, Pair::is_settled), "{}", pair.log_text());
        pair.run_s(120);
        let [free, backup] =
            [BindingStatus::Free, BindingStatus::Backup].map(|status| pair.count(Host::A, status));
        // Each within a tenth of the pool of its share.
        assert!(free.abs_diff(backup) <= 4, "way {way}: {free} {backup}\n{}", pair.log_text());
    }
}

/// H9: the secondary dies while the primary is in CONFLICT-DONE, and comes back from wherever it
/// was; or the primary does.
#[test]
fn h9_nobody_waits_for_an_update_request_that_never_comes() {
    for host in Host::BOTH {
        for after_ms in (0..60).step_by(2) {
            let mut pair = alone_both(219);
            pair.partition(false);
            assert!(pair.run_until(60, |pair| pair.state(Host::A) == Some(State::ConflictDone)));
            pair.run_ms(after_ms);
            pair.crash(host, Survives::Everything);
            pair.run_s(10);
            pair.start(host);
            assert!(pair.run_until(60, Pair::is_settled), "{after_ms}\n{}", pair.log_text());
        }
    }
}

/// H4: with the other policies a server serves alone; both are asked for by name.
#[test]
fn h4_resuming_alone_is_the_operators_choice() {
    use dhcp_failover_proto::StartupPolicy;
    for (policy, state) in [
        (StartupPolicy::Wait, State::Startup),
        (StartupPolicy::Resume, State::CommunicationsInterrupted),
        (StartupPolicy::PartnerDown, State::PartnerDown),
    ] {
        let mut pair = busy(Setup { startup_policy: policy, mclt_s: 20, ..Setup::new(220) });
        for host in Host::BOTH {
            pair.crash(host, Survives::Everything);
        }
        pair.run_s(5);
        pair.start(Host::B);
        pair.run_s(15);
        assert_eq!(pair.state(Host::B), Some(state));
        pair.start(Host::A);
        pair.check_convergence(90);
        pair.assert_clean();
    }
}

/// H12: a single new server is put to work by an order, and says that it waits for one.
#[test]
fn h12_a_new_server_alone_says_what_it_waits_for() {
    let mut pair = Pair::new(Setup::new(221));
    pair.start(Host::A);
    pair.run_s(20);
    let told = |event: &Event| matches!(event, Event::Waiting { state: State::Recover, .. });
    assert!(pair.events_of(Host::A).any(|(_, event)| told(event)), "{}", pair.log_text());
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(70); // nothing is certainly its own before the MCLT
    (0..4).for_each(|number| pair.join(number));
    pair.run_s(30);
    assert_eq!(served(&pair, 4), 4, "{}", pair.log_text());
}

/// H14: RECOVER-WAIT is told as 254 and understood.
#[test]
fn h14_recover_wait_is_understood_by_the_partner() {
    let mut pair = busy(Setup::new(222));
    pair.crash(Host::B, Survives::Nothing);
    pair.lose_disk(Host::B);
    pair.start(Host::B);
    pair.run_s(20);
    let known = pair.status(Host::A).and_then(|status| status.partner_state);
    assert_eq!(known, Some(State::RecoverWait));
    pair.check_convergence(120);
    pair.assert_clean();
}
