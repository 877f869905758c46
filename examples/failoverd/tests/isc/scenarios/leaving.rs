//! Servers that say that they go.

use super::{both_roles, for_long, outage::quick};
use crate::Scenario;
use crate::pair::Pair;
use crate::wait;
use failoverd::admin::AdminRequest;

pub(crate) fn add(all: &mut Vec<Scenario>) {
    both_roles(all, "sigterm_tells_dhcpd_that_we_pause", quick, |pair, _| {
        pair.start();
        pair.ours.terminate().expect("SIGTERM");
        wait::until("failoverd ends", 10, || pair.ours.exited());
        pair.ours.kill().expect("to be reaped");
        pair.their_state("communications-interrupted", 10);
        heard(pair, "peer moves from normal to paused");
        pair.ours.start().expect("a start");
        pair.normal(30);
    });
    both_roles(all, "we_announce_shutdown_and_dhcpd_takes_over", quick, |pair, _| {
        pair.start();
        pair.order(&AdminRequest::Shutdown { relationship: None });
        heard(pair, "peer moves from normal to shutdown");
        pair.their_state("partner-down", 10);
        pair.ours.kill().expect("SIGKILL");
        pair.ours.start().expect("a start");
        pair.normal(60);
    });
    // Seldom it ends in another way that is not understood yet, so that it is not in every run.
    for_long(all, "dhcpd_shuts_down_in_order_and_comes_back", quick, |pair, _| {
        pair.start();
        pair.theirs.order_shutdown();
        wait::until("dhcpd ends", 40, || pair.theirs.has_ended().then_some(()));
        // It stands still before it says that it goes, for so long that it may have lost the link by
        // then and found no other.
        let log = std::fs::read_to_string(pair.ours.log()).expect("our log");
        let state = match log.contains("partner is in SHUTDOWN") {
            true => "PARTNER-DOWN",
            false => "COMMUNICATIONS-INTERRUPTED",
        };
        pair.our_state(state, 10);
        pair.theirs.kill();
        pair.theirs.start();
        pair.normal(60);
    });
}

fn heard(pair: &Pair, words: &str) {
    wait::until(words, 10, || pair.theirs.log().contains(words).then_some(()));
}
