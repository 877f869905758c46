//! How quickly leases are told: a recovery from a dhcpd, beside that of another dhcpd.

use super::{both_roles, for_long};
use crate::Scenario;
use crate::capture::answered;
use crate::dhcpd::Dhcpd;
use crate::pair::{OURS, Pair, Setup, THEIRS, address};
use crate::script::{Manner, Script, listen, now_s};
use crate::seeds;
use crate::wait;
use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, HardwareAddress, Message, MessageType, ServerState,
};
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

/// So many leases of a real dhcpd.
const LEASES: u32 = 4_000;
/// So many of a scripted one.
const SCRIPTED: u32 = 20_000;
/// What a release build must take of these in a second; one with debug assertions is slow.
const LEAST_PER_S: f64 = if cfg!(debug_assertions) { 500.0 } else { 5_000.0 };
/// The same of what a dhcpd takes.
const LEAST_SHARE: f64 = if cfg!(debug_assertions) { 0.2 } else { 0.9 };

pub(crate) fn add(all: &mut Vec<Scenario>) {
    both_roles(all, "updates_of_a_scripted_dhcpd_are_taken_quickly", scripted, takes_quickly);
    for_long(all, "updates_are_taken_as_quickly_as_by_dhcpd", real, as_quickly_as_dhcpd);
}

fn scripted(setup: &mut Setup) {
    setup.addresses = SCRIPTED;
    setup.more_ours = "dialect = \"isc\"\n".to_owned();
}

/// 5,000 a second, each durable before it is answered, with the window of a dhcpd without
/// `max-unacked-updates`.
fn takes_quickly(pair: &mut Pair, setup: &Setup) {
    let manner = Manner {
        relationship: setup.their_name.clone(),
        vendor_class: "isc-4.4.3-P1",
        max_unacked: 100,
        mclt_s: setup.mclt_s,
        hash_buckets: setup.buckets.to_bytes(),
    };
    let space = pair.their_space.clone();
    let listener = listen(&space, SocketAddrV4::new(THEIRS, 647));
    pair.ours.start().expect("a start");
    let (mut dhcpd, window) = match setup.we_are_primary {
        true => {
            // The first connection tells it our window, the second is with one that fits.
            let _ = Script::accept(&listener).connected(&manner);
            let mut dhcpd = Script::accept(&listener);
            let window = dhcpd.connected(&manner);
            (dhcpd, window)
        }
        false => {
            // It asks for a CONNECT, and gets it from the other side.
            drop(Script::accept(&listener));
            let mut dhcpd = Script::dial(&space, SocketAddrV4::new(OURS, 647));
            let window = dhcpd.connect(&manner);
            (dhcpd, window)
        }
    };
    let window = usize::try_from(window.expect("max-unacked-bndupd")).expect("a small number");
    dhcpd.state(ServerState::PARTNER_DOWN);
    let request = dhcpd.expect(MessageType::UPDREQALL);

    let start = Instant::now();
    let mut next = (0..SCRIPTED).map(lease);
    dhcpd.say_all(next.by_ref().take(window));
    let mut answers = 0;
    while answers < SCRIPTED {
        let packet = dhcpd.next(Duration::from_secs(20)).expect("an answer");
        if let Message::BndAck(acks) = packet.message {
            assert!(acks.iter().all(|ack| ack.reject.is_none()), "{acks:?}");
            answers += 1;
            dhcpd.say_all(next.by_ref().take(1));
        }
    }
    let rate = f64::from(SCRIPTED) / start.elapsed().as_secs_f64();
    println!("{SCRIPTED} updates taken at {rate:.0}/s with a window of {window}");
    dhcpd.answer(request.xid, Message::UpdDone);
    wait::until("it believes that", 10, || (pair.our_states().0 != "RECOVER").then_some(()));
    let table = pair.our_table();
    assert_eq!(table.values().filter(|row| row.status == "ACTIVE").count(), SCRIPTED as usize);
    assert!(rate >= LEAST_PER_S, "{rate:.0} updates a second");
}

fn lease(number: u32) -> Message {
    let [_, high, mid, low] = number.to_be_bytes();
    let (now, hour) = (now_s(), 3_600);
    let hardware = HardwareAddress { htype: 1, bytes: vec![2, 0xef, 0, high, mid, low] };
    Message::BndUpd(vec![BindingUpdate {
        client_hardware_address: Some(hardware),
        lease_expiration_time: Some(now + hour),
        potential_expiration_time: Some(now + hour),
        start_time_of_state: Some(now - 60),
        client_last_transaction_time: Some(now - 60),
        ..BindingUpdate::new(address(number), BindingStatus::ACTIVE)
    }])
}

fn real(setup: &mut Setup) {
    setup.addresses = LEASES + 100;
}

/// The same dhcpd tells the same leases to another dhcpd, then to failoverd; then, without its disk, it
/// is told them.
fn as_quickly_as_dhcpd(pair: &mut Pair, setup: &Setup) {
    pair.theirs.seed_leases(&seeds::text(setup, LEASES));
    let settings = setup.dhcpd(setup.we_are_primary, OURS, THEIRS);
    let mut other = Dhcpd::new("other", &pair.our_space, &pair.directory, &settings);
    pair.theirs.start();
    // A dhcpd in RECOVER that hears of NORMAL takes that for a conflict.
    pair.their_state("communications-interrupted", 30);
    other.start();
    let normal = ("normal".to_owned(), "normal".to_owned());
    wait::until("two dhcpd in NORMAL", 180, || {
        (other.states() == normal && pair.theirs.states() == normal).then_some(())
    });
    other.terminate();
    pair.their_state("communications-interrupted", 20);
    pair.ours.start().expect("a start");
    pair.normal(180);
    pair.theirs.kill();
    pair.theirs.lose_disk();
    pair.theirs.start();
    pair.normal(180);
    pair.equal_tables(20);
    pair.stop_capture();
    let file = pair.directory.join("failover.pcap");
    let [by_dhcpd, by_us] = answered(&file, OURS)[..] else { panic!("two full updates") };
    let told = answered(&file, THEIRS);
    let dhcpd_by_us = told.last().expect("a full update of ours");
    println!(
        "updates a second: dhcpd takes {:.0} of dhcpd, failoverd {:.0}; dhcpd takes {:.0} of failoverd",
        by_dhcpd.per_s(),
        by_us.per_s(),
        dhcpd_by_us.per_s()
    );
    for it in [by_dhcpd, by_us] {
        assert!(it.answers >= LEASES as usize, "{it:?}");
    }
    assert!(by_us.per_s() >= LEAST_SHARE * by_dhcpd.per_s(), "{by_us:?} {by_dhcpd:?}");
    // isc-C15: 5/s if its window is not filled.
    assert!(dhcpd_by_us.per_s() >= 50.0, "{dhcpd_by_us:?}");
}
