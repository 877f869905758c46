//! PARTNER-DOWN, lost disks, conflicts.

use super::{both_roles, outage::quick};
use crate::Scenario;
use crate::pair::{Pair, Setup};
use crate::wait;
use failoverd::admin::AdminRequest;
use failoverd::demo::fleet::Fleet;
use failoverd::demo::packet::Identity;
use failoverd::dhcpd::leases::BindingState;
use std::time::Duration;

/// dhcpd's number of PARTNER-DOWN.
const PARTNER_DOWN: u8 = 4;
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
    pair.theirs.order_state(PARTNER_DOWN);
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

/// Leases that outlive everything that happens, and an MCLT that is soon over.
fn conflicting(setup: &mut Setup) {
    setup.mclt_s = 4;
    setup.lease_s = 300;
    setup.addresses = 20;
}

/// Each server was told that the other is down, which was false, and gave every address away.
/// Afterwards each address belongs to one client on both, and service goes on.
fn conflict(pair: &mut Pair, setup: &Setup) {
    pair.start();
    let count = setup.addresses;
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..count)
        .map(|number| (Identity::numbered(1, number), Identity::numbered(2, number)))
        .unzip();
    let mclt = Duration::from_secs(u64::from(setup.mclt_s) + 3);
    pair.theirs.kill();
    pair.our_state("COMMUNICATIONS-INTERRUPTED", 20);
    pair.order(&PARTNER_DOWN_ORDER);
    std::thread::sleep(mclt);
    let served = |leases: &[Option<_>]| leases.iter().flatten().count();
    let by_us = pair.probe().lease(&ours);
    assert!(served(&by_us) >= 18, "{} clients of ours", served(&by_us));
    pair.ours.kill().expect("SIGKILL");

    pair.theirs.start();
    pair.their_state("communications-interrupted", 30);
    pair.theirs.order_state(PARTNER_DOWN);
    pair.their_state("partner-down", 5);
    std::thread::sleep(mclt);
    let by_them = pair.probe().lease(&theirs);
    assert!(served(&by_them) >= 18, "{} clients of dhcpd's", served(&by_them));

    pair.ours.start().expect("a start");
    pair.normal(60);
    pair.equal_tables(15);
    let active = pair.theirs.count(BindingState::Active);
    assert!(active >= 18, "{active} leases are left");
}
