//! PARTNER-DOWN, lost disks, conflicts.

use super::{both_roles, for_long, outage::quick};
use crate::Scenario;
use crate::pair::{OURS, Pair, Setup, THEIRS};
use crate::seeds;
use crate::wait;
use failoverd::admin::AdminRequest;
use failoverd::demo::fleet::Fleet;
use failoverd::demo::packet::Identity;
use failoverd::dhcpd::leases::BindingState;
use std::time::{Duration, Instant};

const PARTNER_DOWN_ORDER: AdminRequest = AdminRequest::PartnerDown { relationship: None };

pub(crate) fn add(all: &mut Vec<Scenario>) {
    both_roles(all, "we_take_over_and_dhcpd_recovers", quick, we_take_over);
    both_roles(all, "dhcpd_takes_over_and_we_recover", quick, dhcpd_takes_over);
    both_roles(all, "we_lose_our_disk", quick, |pair, setup| {
        lost_disk(pair, setup, |pair| {
            pair.ours.kill().expect("SIGKILL");
            std::fs::remove_file(pair.directory.join("ours.redb")).expect("a store to lose");
        });
    });
    both_roles(all, "dhcpd_loses_its_disk", quick, |pair, setup| {
        lost_disk(pair, setup, |pair| {
            pair.theirs.kill();
            pair.theirs.lose_disk();
        });
    });
    for_long(all, "twenty_thousand_leases_are_recovered_either_way", many, twenty_thousand);
    both_roles(all, "both_were_alone_and_gave_one_address_twice", conflicting, conflict);
}

/// Thirty clients that renew all the time have leases.
fn thirty(pair: &mut Pair) -> Fleet {
    pair.start();
    let fleet = pair.fleet(1);
    fleet.add(30, 1_000);
    bound(&fleet, 30, 20);
    fleet
}

fn bound(fleet: &Fleet, count: usize, limit_s: u64) {
    wait::until(&format!("{count} clients have leases"), limit_s, || {
        let counts = fleet.counts();
        (counts.bound == count && counts.waiting == 0).then_some(())
    });
}

/// Both NORMAL again, clients quiet, nothing lost, the same on both.
fn healed(pair: &mut Pair, fleet: &Fleet) {
    pair.normal(60);
    let before = fleet.counts().renewals;
    let target = before + 30;
    wait::until("clients renew", 30, || (fleet.counts().renewals > target).then_some(()));
    fleet.hold();
    wait::until("quiet clients", 10, || (fleet.counts().waiting == 0).then_some(()));
    pair.equal_tables(10);
    pair.check(fleet);
}

/// More clients than this server alone has addresses for, which it has after the MCLT.
fn crowd(pair: &Pair, fleet: &Fleet, setup: &Setup) {
    std::thread::sleep(Duration::from_secs(u64::from(setup.mclt_s) + 2));
    let more = usize::try_from(setup.addresses * 8 / 10).expect("few") - 30;
    fleet.add(more, 2_000);
    bound(fleet, 30 + more, 40);
    pair.check(fleet);
}

fn we_take_over(pair: &mut Pair, setup: &Setup) {
    let fleet = thirty(pair);
    pair.theirs.kill();
    pair.our_state("COMMUNICATIONS-INTERRUPTED", 20);
    pair.order(&PARTNER_DOWN_ORDER);
    pair.our_state("PARTNER-DOWN", 5);
    crowd(pair, &fleet, setup);
    pair.theirs.start();
    healed(pair, &fleet);
}

fn dhcpd_takes_over(pair: &mut Pair, setup: &Setup) {
    let fleet = thirty(pair);
    pair.ours.kill().expect("SIGKILL");
    pair.their_state("communications-interrupted", 20);
    pair.theirs.order_partner_down();
    pair.their_state("partner-down", 5);
    crowd(pair, &fleet, setup);
    pair.ours.start().expect("a start");
    healed(pair, &fleet);
}

fn lost_disk(pair: &mut Pair, _: &Setup, lose: impl Fn(&mut Pair)) {
    let fleet = thirty(pair);
    lose(pair);
    std::thread::sleep(Duration::from_secs(2));
    pair.ours.start().expect("a start, if it was ours");
    if !pair.theirs.is_running() {
        pair.theirs.start();
    }
    healed(pair, &fleet);
}

/// Leases that run when the two meet again.
fn conflicting(setup: &mut Setup) {
    setup.mclt_s = 14;
    setup.lease_s = 300;
    setup.addresses = 20;
}

/// Clients reach both servers, which do not reach each other. Each was told that the other is down,
/// which was false, and gives every address away. Afterwards each address belongs to one client on
/// both, and service goes on.
fn conflict(pair: &mut Pair, setup: &Setup) {
    pair.start();
    pair.apart(true);
    pair.our_state("COMMUNICATIONS-INTERRUPTED", 20);
    pair.their_state("communications-interrupted", 20);
    pair.order(&PARTNER_DOWN_ORDER);
    pair.theirs.order_partner_down();
    pair.our_state("PARTNER-DOWN", 5);
    pair.their_state("partner-down", 5);
    std::thread::sleep(Duration::from_secs(u64::from(setup.mclt_s) + 3));

    let mut probe = pair.probe();
    let mut serve = |fleet, server| {
        let clients = (0..setup.addresses).map(|number| Identity::numbered(fleet, number));
        let leases = probe.lease_from(&clients.collect::<Vec<_>>(), server);
        let count = leases.iter().flatten().count();
        assert!(count >= 18, "{server} has given {count} leases");
    };
    serve(1, OURS);
    serve(2, THEIRS);
    pair.apart(false);
    pair.normal(60);
    let active = pair.theirs.count(BindingState::Active);
    assert!(active >= 18, "{active} leases are left");
    // A dhcpd that is primary takes whatever we tell it first, over the lease of another client, and
    // only its own log knows.
    let noticed = match setup.we_are_primary {
        true => std::fs::read_to_string(pair.ours.log()).expect("our log"),
        false => pair.theirs.log(),
    };
    let words = if setup.we_are_primary { "given to two clients" } else { "Lease conflict" };
    assert!(noticed.contains(words), "nobody was told of {active} addresses given twice");
    pair.equal_tables(15);
}

/// Leases of clients that are not heard of again.
const MANY: u32 = 20_000;

fn many(setup: &mut Setup) {
    setup.mclt_s = 8;
    setup.addresses = MANY + 400;
}

/// Each server in turn is taken for down, loses its disk, and comes back.
fn twenty_thousand(pair: &mut Pair, setup: &Setup) {
    pair.theirs.seed_leases(&seeds::text(setup, MANY));
    let timed = |what: &str, pair: &mut Pair, begin: &dyn Fn(&mut Pair)| {
        let start = Instant::now();
        begin(pair);
        pair.normal(120);
        let normal_s = start.elapsed().as_secs_f64();
        pair.equal_tables(60);
        let active = pair.theirs.count(BindingState::Active);
        assert_eq!(active, MANY as usize, "{what}");
        println!(
            "{what}: NORMAL after {normal_s:.1} s, equal after {:.1} s",
            start.elapsed().as_secs_f64()
        );
    };
    timed("we are new", pair, &|pair| {
        pair.theirs.start();
        pair.ours.start().expect("a start");
    });
    pair.theirs.kill();
    pair.our_state("COMMUNICATIONS-INTERRUPTED", 20);
    pair.order(&PARTNER_DOWN_ORDER);
    pair.our_state("PARTNER-DOWN", 5);
    timed("dhcpd has lost its disk", pair, &|pair| {
        pair.theirs.lose_disk();
        pair.theirs.start();
    });
    pair.ours.kill().expect("SIGKILL");
    pair.their_state("communications-interrupted", 20);
    pair.theirs.order_partner_down();
    pair.their_state("partner-down", 5);
    timed("we have lost our disk", pair, &|pair| {
        std::fs::remove_file(pair.directory.join("ours.redb")).expect("a store to lose");
        pair.ours.start().expect("a start");
    });
}
