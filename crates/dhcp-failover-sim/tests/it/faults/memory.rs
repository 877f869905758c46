//! What a server remembers, and what it must not believe (`isc-S10` to `isc-S18`).

use crate::{busy, entered, served};
use dhcp_failover_proto::{Command, Event, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

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

/// A copy that is only minutes old is told by the number of a connection that came to be since.
#[test]
fn s14_a_young_copy_is_told_by_the_connection_it_knows_nothing_of() {
    for host in Host::BOTH {
        for connected_since in [true, false] {
            let mut pair = busy(Setup { mclt_s: 30, ..Setup::new(225) });
            let copy = pair.copy_disk(host);
            pair.run_s(60);
            if connected_since {
                pair.cut();
            }
            pair.run_s(60);
            pair.crash(host, Survives::Everything);
            pair.restore_disk(host, copy);
            pair.start(host);
            pair.run_s(8);
            let old = |event: &Event| matches!(event, Event::OldStore { .. });
            let found = pair.events_of(host).any(|(_, event)| old(event));
            assert_eq!(found, connected_since, "{}", pair.log_text());
            if found {
                pair.check_convergence(120);
                pair.assert_clean();
            }
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
