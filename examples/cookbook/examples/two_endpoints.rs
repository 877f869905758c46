//! Two failover endpoints in one process: from two empty disks to NORMAL, one lease, an outage, and
//! back. Frames are handed over in memory, time is a number, the disks sync when they are told to.
//!
//! ```sh
//! cargo run -p cookbook --example two_endpoints
//! ```
//!
//! What it shows of the libraries: what two servers say to each other and when, and that a DHCPACK
//! waits for the disk but never for the partner. The driver of the endpoints is in
//! `src/server.rs` beside. The program is a test as well: it fails if the two tables differ.

use cookbook::pair::Pair;
use dhcp_failover::lease::{BindingStatus, Client, HardwareAddress, LeaseSpan};
use dhcp_failover::proto::{Bindings, RequestClass, State, Token};
use std::net::Ipv4Addr;

fn main() {
    let mut pair = Pair::new();

    println!("Both servers start with empty disks. Neither ever ran this relationship, so there");
    println!("is nothing to wait for.");
    pair.run_s(8);
    assert!(pair.both_are(State::Normal));
    let [free, backup] = free_and_backup(&pair);
    println!("NORMAL. {free} addresses are A's to give, {backup} are B's.\n");

    println!("A client asks both servers; load balancing lets exactly one answer. That one's disk");
    println!("is slow.");
    let ann = client(1);
    let first = Token(1);
    let answers = [0, 1].map(|number| {
        let server = &mut pair.servers[number];
        server.disk_stalls = true;
        server.request(pair.now, first, RequestClass::New, &ann)
    });
    let served_by = usize::from(answers[0].is_none());
    assert!(answers[served_by].is_some() && answers[1 - served_by].is_none());
    pair.run_s(1);
    let server = &pair.servers[served_by];
    println!("{:>14}records not synced: {}; the DHCPACK waits", "", server.unsynced.len());
    assert!(server.confirmed.is_empty());
    pair.servers.iter_mut().for_each(|server| server.disk_stalls = false);
    pair.run_s(1);
    assert_eq!(pair.servers[served_by].confirmed, [first]);
    println!("The partner was told afterwards, and has it on its own disk now.\n");
    assert_same_leases(&pair);

    println!("The cable is cut.");
    pair.cut_cable();
    pair.run_s(2);
    assert!(pair.both_are(State::CommunicationsInterrupted));
    println!(
        "Each server answers everybody now, new clients from its own addresses, for the MCLT."
    );
    let (bob, eve) = (client(2), client(3));
    let bobs =
        pair.servers[0].request(pair.now, Token(2), RequestClass::New, &bob).expect("A serves");
    let eves =
        pair.servers[1].request(pair.now, Token(3), RequestClass::New, &eve).expect("B serves");
    assert_ne!(bobs.0, eves.0);
    pair.run_s(60);
    println!("Only the other server can hear the first client. It renews: its partner's update");
    println!("said for how long it might.");
    let other = 1 - served_by;
    let renewed = pair.servers[other].request(pair.now, Token(4), RequestClass::Renewal, &ann);
    let (address, lease) = renewed.expect("its address is on record here");
    assert_eq!(Some(address), answers[served_by].map(|(address, _)| address));
    assert!(lease > LeaseSpan::from_s(3_600), "more than the MCLT: {lease:?}");
    pair.run_s(2);

    println!("\nThe cable is mended.");
    pair.mend_cable();
    pair.run_s(20);
    assert!(pair.both_are(State::Normal));
    assert_same_leases(&pair);
    let [free, backup] = free_and_backup(&pair);
    println!("NORMAL, and both tables agree: 3 leases, {free} addresses A's, {backup} B's.");
}

fn client(number: u8) -> Client {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]);
    Client::new(None, hardware.expect("six bytes are not more than sixteen"))
}

fn free_and_backup(pair: &Pair) -> [u32; 2] {
    let counts = pair.servers[0].table.counts(0);
    [counts.free, counts.backup]
}

/// Both servers hold the same address for the same client, and nothing is left to tell.
fn assert_same_leases(pair: &Pair) {
    let [a, b] = &pair.servers;
    let addresses = (10..=29).map(|last| Ipv4Addr::new(192, 0, 2, last));
    for (mine, theirs) in addresses.map(|address| (a.table.get(address), b.table.get(address))) {
        let (mine, theirs) = mine.zip(theirs).expect("the pool is the same on both");
        assert_eq!(
            (mine.status, &mine.client),
            (theirs.status, &theirs.client),
            "{}",
            mine.address
        );
        if mine.status == BindingStatus::Active {
            let apart = (mine.expiries.lease - theirs.expiries.lease).as_s()
                + (theirs.expiries.lease - mine.expiries.lease).as_s();
            assert!(apart <= 4, "{}: the times are {apart} s apart", mine.address);
        }
    }
    assert_eq!([a, b].map(|server| server.endpoint.status().pending), [0, 0]);
    assert_eq!([a, b].map(|server| server.endpoint.status().disputed), [0, 0]);
}

#[test]
fn the_story_ends_well() {
    main();
}
