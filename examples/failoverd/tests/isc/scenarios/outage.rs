//! Either server goes away, and comes back.

use super::both_roles;
use crate::Scenario;
use crate::pair::{Pair, Setup};
use crate::wait;
use failoverd::demo::fleet::Fleet;

pub(crate) fn add(all: &mut Vec<Scenario>) {
    both_roles(all, "we_are_killed_and_come_back", quick, |pair, _| {
        outage(
            pair,
            |pair| pair.ours.kill().expect("SIGKILL"),
            |pair| {
                pair.ours.start().expect("a start");
            },
        );
    });
    both_roles(all, "dhcpd_is_killed_and_comes_back", quick, |pair, _| {
        outage(pair, |pair| pair.theirs.kill(), |pair| pair.theirs.start());
    });
    both_roles(all, "we_stop_in_order_and_come_back", quick, |pair, _| {
        let stop = |pair: &mut Pair| {
            pair.ours.terminate().expect("SIGTERM");
            wait::until("failoverd ends", 10, || pair.ours.exited());
            pair.ours.kill().expect("to be reaped");
        };
        outage(pair, stop, |pair| pair.ours.start().expect("a start"));
    });
    both_roles(all, "dhcpd_stops_in_order_and_comes_back", quick, |pair, _| {
        outage(pair, |pair| pair.theirs.terminate(), |pair| pair.theirs.start());
    });
    both_roles(all, "we_are_stalled", quick, |pair, _| {
        outage(
            pair,
            |pair| pair.ours.stall().expect("SIGSTOP"),
            |pair| {
                pair.ours.go_on().expect("SIGCONT");
            },
        );
    });
    both_roles(all, "dhcpd_is_stalled", quick, |pair, _| {
        outage(pair, |pair| pair.theirs.signal("STOP"), |pair| pair.theirs.signal("CONT"));
    });
    both_roles(all, "dhcpds_cable_is_cut", quick, |pair, _| {
        outage(pair, |pair| pair.cable(false), |pair| pair.cable(true));
    });
    both_roles(all, "the_servers_do_not_reach_each_other", quick, |pair, _| {
        outage(pair, |pair| pair.apart(true), |pair| pair.apart(false));
    });
}

/// So that clients renew all the time.
pub(super) fn quick(setup: &mut Setup) {
    setup.lease_s = 12;
    setup.mclt_s = 10;
}

fn all_bound(fleet: &Fleet, count: usize) -> Option<()> {
    let counts = fleet.counts();
    (counts.bound == count && counts.waiting == 0).then_some(())
}

/// Thirty clients renew all the time; ten more come during the outage. Nobody loses an address, and
/// afterwards both servers know the same.
fn outage(pair: &mut Pair, begin: impl Fn(&mut Pair), end: impl Fn(&mut Pair)) {
    pair.start();
    let fleet = pair.fleet(1);
    fleet.add(30, 1_000);
    wait::until("30 clients have leases", 20, || all_bound(&fleet, 30));
    begin(pair);
    std::thread::sleep(std::time::Duration::from_secs(2));
    fleet.add(10, 500);
    // Until the outage is noticed the partner's clients are served when they have waited enough.
    wait::until("40 clients have leases", 40, || all_bound(&fleet, 40));
    let before = fleet.counts().renewals;
    wait::until("they renew", 20, || (fleet.counts().renewals > before + 20).then_some(()));
    end(pair);
    pair.normal(60);
    fleet.hold();
    wait::until("quiet clients", 10, || (fleet.counts().waiting == 0).then_some(()));
    pair.equal_tables(10);
    pair.check(&fleet);
}
