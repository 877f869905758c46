//! Sharing the available addresses (draft-12 §5.4, §7.6, §7.7).

use crate::{normal, served};
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Balance, Event, RequestClass};
use dhcp_failover_sim::{Host, Pair, Setup};

fn shares(pair: &Pair) -> (usize, usize) {
    let counts = [BindingStatus::Free, BindingStatus::Backup].map(|s| pair.count(Host::A, s));
    assert_eq!(pair.count(Host::B, BindingStatus::Backup), counts[1], "{}", pair.log_text());
    (counts[0], counts[1])
}

/// §5.4: the secondary gets its share as soon as the pair works, once.
#[test]
fn the_secondary_gets_its_share_at_once() {
    let mut pair = normal(Setup { pool: 100, ..Setup::new(40) });
    assert_eq!(shares(&pair), (50, 50));
    assert_eq!(pair.sent(Host::A, "BNDUPD"), 1, "they fit into one message");
    assert_eq!(pair.endpoint(Host::A).map(|endpoint| endpoint.stats().bndupd_sent), Some(50));
    pair.check_silence(600);
    pair.assert_clean();
}

/// Hot standby: the secondary's reserve.
#[test]
fn a_hot_standby_gets_its_reserve() {
    let balance = Balance::LoadBalance { primary_percent: 90 };
    let pair = normal(Setup { pool: 100, balance, ..Setup::new(41) });
    assert_eq!(shares(&pair), (90, 10));
    pair.assert_clean();
}

/// L6, §5.4: a server whose share runs out gets more; nobody stays without an address while the
/// partner has some.
#[test]
fn shares_are_rebalanced_when_one_side_runs_out() {
    let mut pair = normal(Setup { pool: 20, clients: 19, ..Setup::new(42) });
    for number in 0..19 {
        // All of them only hear the primary.
        pair.set_reach(number, Host::B, false);
        pair.join(number);
    }
    pair.run_s(120);
    assert_eq!(served(&pair, 19), 19, "{}", pair.log_text());
    for number in 0..19 {
        pair.release(number);
        pair.mute(number);
    }
    pair.run_s(60);
    let (free, backup) = shares(&pair);
    assert!(free.abs_diff(backup) <= 4, "{free} and {backup}");
    pair.check_silence(600);
    pair.assert_clean();
}

/// §7.6.1: POOLREQ is answered, with how many addresses came.
#[test]
fn a_pool_request_is_answered() {
    let mut pair = normal(Setup::new(44));
    pair.run_s(200);
    let asked = pair.sent(Host::B, "POOLREQ");
    assert!(asked >= 3);
    assert_eq!(pair.sent(Host::A, "POOLRESP"), asked);
    pair.assert_clean();
}

/// isc-L25, secs: a client whose server is gone from its wire is taken by the other.
#[test]
fn the_other_server_takes_a_client_that_has_waited() {
    let mut pair = normal(Setup { clients: 16, ..Setup::new(46) });
    for number in 0..16 {
        pair.set_reach(number, Host::A, false);
        pair.join(number);
    }
    pair.run_s(3);
    assert!(served(&pair, 16) < 16, "load balancing has no effect");
    pair.run_s(120);
    assert_eq!(served(&pair, 16), 16, "{}", pair.log_text());
    pair.assert_clean();
}

/// S12: in NORMAL a new client is served by one server only.
#[test]
fn each_new_client_is_served_by_one_server() {
    let mut pair = normal(Setup { clients: 10, ..Setup::new(47) });
    for number in 0..10 {
        let answers = Host::BOTH.map(|host| pair.ask(number, RequestClass::New, &[host], None));
        assert_eq!(answers.iter().filter(|answer| **answer).count(), 1);
    }
    pair.run_s(1);
    assert!(!pair.events_of(Host::A).any(|(_, e)| matches!(e, Event::UpdateRejected { .. })));
    pair.assert_clean();
}
