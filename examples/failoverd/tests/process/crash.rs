//! A server that is killed under load has lost no lease it acknowledged.

use crate::support::{LONE_SCOPE, RELAY, Server, seed};
use failoverd::demo::checker::{Evidence, judge};
use failoverd::demo::fleet::Fleet;
use failoverd::demo::random::Random;
use std::time::Duration;

/// How often the server is killed.
const KILLS: usize = 12;
/// New clients in each life of the server.
const CLIENTS: usize = 60;

/// Kills the server at random moments while clients arrive and renew; after each restart, every
/// DHCPACK that reached a client before the kill must be in the lease table.
fn killed_again_and_again(arguments: &[&str]) {
    let seed = seed();
    let mut random = Random::new(seed);
    let mut server = Server::start_with(LONE_SCOPE, arguments);
    let relay = server.relay.try_clone().expect("a second handle");
    let fleet = Fleet::start(relay, vec![server.dhcp], 0x77, seed).expect("a fleet");
    let mut acks = 0;
    for life in 1..=KILLS {
        fleet.add(CLIENTS, 250);
        fleet.renew_all(250);
        std::thread::sleep(Duration::from_millis(30 + random.below(300)));
        server.process.kill().expect("SIGKILL");
        // Answers that were under way when the server died count as well.
        std::thread::sleep(Duration::from_millis(30));
        let ledger = fleet.ledger();
        let now_ms = fleet.now_ms();
        let now_unix_ms = unix_ms();
        server.process.start().expect("the server starts again");
        server.wait_until_ready();
        let table = server.leases();
        let findings = judge(&Evidence {
            acks: &ledger,
            now_ms,
            now_unix_ms,
            tables: [("it", &table), ("it", &table)],
        });
        assert!(findings.is_clean(), "seed {seed}, life {life}: {findings:#?}");
        acks = ledger.len();
    }
    println!("{KILLS} kills, {acks} acknowledgements, RELAY {RELAY}");
    assert!(acks > KILLS * CLIENTS / 2, "too little traffic to prove anything: {acks}");
}

pub(crate) fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.expect("a clock after 1970").as_millis())
        .expect("a clock before year 500 million")
}

#[test]
fn no_acknowledged_lease_is_lost_by_kill_9() {
    killed_again_and_again(&[]);
}

#[test]
fn no_acknowledged_lease_is_lost_when_unsynced_writes_are_forgotten() {
    killed_again_and_again(&["--store-fault", "drop-unsynced"]);
}
