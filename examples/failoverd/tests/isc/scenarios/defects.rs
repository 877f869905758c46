//! Faults of dhcpd that can be made to show.

use super::both_roles;
use super::mistakes::says;
use crate::Scenario;
use crate::pair::{Pair, Setup, THEIRS};
use crate::probe::Ask;
use crate::script::{Manner, Script};
use dhcp_failover_wire::{Message, MessageType, ServerState};
use failoverd::demo::packet::Identity;
use failoverd::dhcpd::leases::BindingState;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

const CLIENTS: u32 = 20;

fn long(setup: &mut Setup) {
    setup.lease_s = 600;
}

pub(crate) fn add(all: &mut Vec<Scenario>) {
    let before = all.len();
    both_roles(all, "dhcpd_left_in_conflict_done_lives_on", long, conflict_done);
    // Only a primary comes to CONFLICT-DONE.
    all.retain({
        let mut number = 0;
        move |scenario| {
            number += 1;
            number <= before || scenario.name.starts_with("secondary")
        }
    });
    both_roles(all, "dhcpd_that_was_alone_is_started_beside_us", long, alone);
    for (window, name, words) in [
        (20, "dhcpd_whose_window_leaked_is_told_of", "restart dhcpd"),
        (5, "dhcpd_whose_window_leaked_a_little_is_told_of", "but not of 5 addresses"),
        (1_000, "dhcpd_that_falsely_says_it_is_done_is_told_of", "but not of 100 addresses"),
    ] {
        both_roles(all, name, long, move |pair, setup| leaked(pair, setup, window, words));
    }
}

/// Leases that outlast the story: the first is for the MCLT only.
fn leases(pair: &mut Pair) -> Vec<Ipv4Addr> {
    let clients: Vec<_> = (0..CLIENTS).map(|number| Identity::numbered(1, number)).collect();
    let mut probe = pair.probe();
    let leases: Vec<_> = probe.lease(&clients).into_iter().map(|it| it.expect("a lease")).collect();
    pair.equal_tables(5);
    let renewals = clients.iter().zip(&leases);
    let renewals: Vec<_> = renewals
        .map(|(who, (address, server))| Ask::extend(who, *address, Some(*server)))
        .collect();
    for answers in probe.ask(&renewals) {
        let full = answers.values().all(|ack| ack.lease_s.is_some_and(|it| it > 100));
        assert!(full && answers.len() == 1, "{answers:?}");
    }
    pair.equal_tables(5);
    leases.into_iter().map(|(address, _)| address).collect()
}

/// Both are up again and know the same, and every lease is still there.
fn healed(pair: &mut Pair, leases: &[Ipv4Addr]) {
    pair.normal(60);
    pair.equal_tables(10);
    let theirs = pair.theirs.lease_file().leases;
    for address in leases {
        assert_eq!(theirs[address].state, BindingState::Active, "{address}");
    }
}

/// isc-C11: it ended itself in CONFLICT-DONE, or was ended; it would end itself again each time that
/// it hears of COMMUNICATIONS-INTERRUPTED.
fn conflict_done(pair: &mut Pair, _: &Setup) {
    pair.start();
    let leases = leases(pair);
    pair.theirs.kill();
    pair.our_state("COMMUNICATIONS-INTERRUPTED", 20);
    pair.theirs.remember_states("conflict-done", "potential-conflict");
    pair.theirs.start();
    healed(pair, &leases);
}

/// isc-S02: it was in PARTNER-DOWN, and what it hears from us first is what it heard last.
fn alone(pair: &mut Pair, _: &Setup) {
    pair.start();
    let leases = leases(pair);
    pair.theirs.kill();
    pair.our_state("COMMUNICATIONS-INTERRUPTED", 20);
    pair.theirs.remember_states("partner-down", "communications-interrupted");
    pair.theirs.start();
    healed(pair, &leases);
}

/// isc-U01, isc-U02: we recover and are lost in the middle, with updates unanswered. dhcpd goes on
/// waiting for these answers, sends less or nothing, and says that it is done. Nobody is served from
/// what is missing; our log says what to do, and when it is done all is well.
fn leaked(pair: &mut Pair, setup: &Setup, window: u32, words: &str) {
    pair.start();
    let leases = leases(pair);
    pair.ours.kill().expect("SIGKILL");
    std::fs::remove_file(pair.directory.join("ours.redb")).expect("a store to lose");
    pair.their_state("communications-interrupted", 20);
    let manner = Manner {
        relationship: setup.their_name.clone(),
        vendor_class: "dhcp-failover-0.1",
        max_unacked: window,
        mclt_s: setup.mclt_s,
        hash_buckets: setup.buckets.to_bytes(),
    };
    let mut lost = Script::dial(&pair.our_space, SocketAddrV4::new(THEIRS, 647));
    match setup.we_are_primary {
        true => lost.connect(&manner),
        false => lost.connected(&manner),
    };
    lost.state(ServerState::RECOVER);
    pair.their_state("partner-down", 10);
    lost.say(Message::UpdReqAll);
    let wanted = window.min(setup.addresses);
    for _ in 0..wanted {
        lost.expect(MessageType::BNDUPD);
    }
    assert!(
        lost.next(Duration::from_millis(500))
            .is_none_or(|it| { it.message.message_type() != MessageType::BNDUPD })
    );
    drop(lost);

    pair.ours.start().expect("a start");
    says(pair, words);
    assert_eq!(pair.our_states().0, "RECOVER", "it waits");
    pair.theirs.kill();
    pair.theirs.start();
    healed(pair, &leases);
}
