//! The state machine (`isc-S01` to `isc-S11`). `s06` and `s07` of the table itself are in the tests of
//! `dhcp-failover-proto`, what one endpoint can show is in `sections/`.

use crate::support::alone_both;
use crate::{busy, path, served};
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Command, State};
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
