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

use cookbook::{client, pair::Pair, story::Story};
use dhcp_failover::lease::LeaseSpan;
use dhcp_failover::proto::{RequestClass, State, Token};

fn main() {
    story();
}

fn story() -> Story {
    let mut pair = Pair::new();
    let story = pair.story.clone();
    story.tell("Both servers start with empty disks. Neither ever ran this relationship, so there");
    story.tell("is nothing to wait for.");
    pair.run_s(8);
    assert!(pair.both_are(State::Normal));
    let [free, backup] = pair.available();
    story.tell(format!("NORMAL. {free} addresses are A's to give, {backup} are B's.\n"));

    story.tell("A client asks both servers; load balancing lets exactly one answer. That one's");
    story.tell("disk is slow.");
    let [ann, bob, eve] = [1, 2, 3].map(client);
    let answers = [0, 1].map(|number| {
        let server = &mut pair.servers[number];
        server.disk_stalls = true;
        server.request(pair.now, Token(1), RequestClass::New, &ann)
    });
    let served_by = usize::from(answers[0].is_none());
    assert!(answers[served_by].is_some() && answers[1 - served_by].is_none());
    pair.run_s(1);
    let unsynced = pair.servers[served_by].unsynced.len();
    story.tell(format!("{:>14}records not synced: {unsynced}; the DHCPACK waits", ""));
    assert!(pair.servers[served_by].confirmed.is_empty());
    pair.servers.iter_mut().for_each(|server| server.disk_stalls = false);
    pair.run_s(1);
    assert_eq!(pair.servers[served_by].confirmed, [Token(1)]);
    story.tell("The partner was told afterwards, and has it on its own disk now.\n");
    pair.assert_same_leases();

    story.tell("The cable is cut.");
    pair.cut_cable();
    pair.run_s(2);
    assert!(pair.both_are(State::CommunicationsInterrupted));
    story.tell("Each server answers everybody now, new clients from its own addresses.");
    let [bobs, eves] = [(0, &bob), (1, &eve)].map(|(number, client)| {
        let server = &mut pair.servers[number];
        server.request(pair.now, Token(2), RequestClass::New, client).expect("both serve")
    });
    assert_ne!(bobs.0, eves.0);
    pair.run_s(60);
    story.tell("Only the other server can hear the first client. It renews: its partner's update");
    story.tell("said for how long it might.");
    let other = &mut pair.servers[1 - served_by];
    let renewed = other.request(pair.now, Token(3), RequestClass::Renewal, &ann);
    let (address, lease) = renewed.expect("its address is on record here");
    assert_eq!(Some(address), answers[served_by].map(|(address, _)| address));
    assert!(lease > LeaseSpan::from_s(3_600), "more than the MCLT: {lease:?}");
    pair.run_s(2);

    story.tell("\nThe cable is mended.");
    pair.mend_cable();
    pair.run_s(20);
    assert!(pair.both_are(State::Normal));
    pair.assert_same_leases();
    let [free, backup] = pair.available();
    story.tell(format!("NORMAL, both agree: 3 leases, {free} addresses A's, {backup} B's."));
    story
}

#[test]
fn the_story_is_told_to_its_good_end() {
    let story = story();
    story.assert_tells(&[
        "sends CONNECT",
        "A  STARTUP -> ",
        "A  sends UPDREQALL",
        "A  RECOVER-DONE -> NORMAL",
    ]);
    story.assert_tells(&["10 addresses are A's to give, 10 are B's", "promises 192.0.2."]);
    // The order that matters: the disk, the client, the partner.
    story.assert_tells(&["the DHCPACK waits", "the DHCPACK may leave", "sends BNDUPD", "cut."]);
    story.assert_tells(&["cable is cut", "NORMAL -> COMMUNICATIONS-INTERRUPTED", "mended"]);
    story.assert_tells(&["mended", "COMMUNICATIONS-INTERRUPTED -> NORMAL", "both agree: 3 leases"]);
    assert_eq!(story.count("the DHCPACK may leave"), 4);
}
