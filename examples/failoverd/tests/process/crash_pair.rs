//! Two partners of which one or the other is killed under load: what any client was told, both know
//! once they are together again, and no address was given to two.

use crate::crash::unix_ms;
use crate::support::{RELAY, seed};
use failoverd::admin;
use failoverd::demo::checker::{Evidence, Findings, judge};
use failoverd::demo::fleet::{Fleet, relay_socket};
use failoverd::demo::pair::{Member, Plan, prepare};
use failoverd::demo::random::Random;
use failoverd::demo::remote;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const A: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 6);
const B: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 7);
/// How often a server is killed, at least.
const KILLS: usize = 12;
/// New clients before a kill, and as many during the outage.
const CLIENTS: usize = 30;
/// How long the pair may take to be together again with nothing left to tell.
const PATIENCE: Duration = Duration::from_secs(15);

struct Pair {
    members: [Member; 2],
    fleet: Fleet,
    _directory: TempDir,
}

impl Pair {
    fn start(arguments: &[&str], seed: u64, random: &mut Random) -> Self {
        let directory = tempfile::Builder::new().prefix("fo-").tempdir().expect("a directory");
        let relay = relay_socket(RELAY).expect("a socket for the relay agent");
        let plan = Plan {
            executable: PathBuf::from(env!("CARGO_BIN_EXE_failoverd")),
            directory: directory.path().to_owned(),
            subnet: "127.78.0.0/16".to_owned(),
            range: "127.78.1.0-127.78.8.255".to_owned(),
            // Longer than the test, and T1 of the first lease, half the MCLT, as well: clients renew
            // when they are told to and the tables come to rest in between.
            lease_s: 600,
            mclt_s: 100,
            receive_timer_s: 3,
            addresses: [A, B],
            relay_port: relay.local_addr().expect("an address").port(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        };
        let mut members = prepare(&plan, random).expect("two configurations");
        for member in &mut members {
            member.process.start().expect("the server starts");
        }
        let servers = members.iter().map(|member| member.dhcp).collect();
        let fleet = Fleet::start(relay, servers, 0x79, seed).expect("a fleet");
        let mut pair = Self { members, fleet, _directory: directory };
        pair.come_to_rest("start");
        pair
    }

    /// Waits until no client waits for an answer, both servers are in NORMAL, and neither has
    /// anything left to tell the other.
    fn come_to_rest(&mut self, when: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let waiting = self.fleet.counts().waiting;
            let states = [0, 1].map(|index| remote::status(&self.members[index].admin));
            let rests = |status: &Result<failoverd::admin::StatusRow, String>| {
                status.as_ref().is_ok_and(|row| {
                    (row.state.as_str(), row.partner_state.as_str()) == ("NORMAL", "NORMAL")
                        && (row.pending, row.disputed) == (0, 0)
                })
            };
            if waiting == 0 && states.iter().all(rests) {
                return;
            }
            let ended = self.members.iter_mut().filter_map(|member| member.process.exited()).next();
            if ended.is_some() || Instant::now() > deadline {
                let logs = self.logs();
                panic!("{when}: {ended:?}, {waiting} clients wait, {states:#?}\n{logs}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn logs(&self) -> String {
        let tails = self.members.each_ref().map(|member| member.process.log_tail());
        tails.join("\n--- and the other\n")
    }

    fn judge(&self) -> Findings {
        let acks = self.fleet.ledger();
        let (now_ms, now_unix_ms) = (self.fleet.now_ms(), unix_ms());
        let [a, b] = self.members.each_ref().map(|member| {
            remote::leases(&member.admin).unwrap_or_else(|error| panic!("{}: {error}", member.name))
        });
        let tables = [("a", &a), ("b", &b)];
        judge(&Evidence { acks: &acks, now_ms, now_unix_ms, tables })
    }

    /// What the relay agent said of each client (option 82), at each server.
    fn relay_agents(&self) -> [BTreeMap<Ipv4Addr, Option<String>>; 2] {
        self.members.each_ref().map(|member| {
            let rows = admin::leases(&member.admin, None).expect("the leases");
            let active = rows.into_iter().filter(|row| row.status == "ACTIVE");
            active.map(|row| (row.address, row.relay_agent)).collect()
        })
    }
}

/// Kills one of the two at random moments while clients arrive and renew at both, now and then
/// the other one too before they are together again.
fn killed_again_and_again(arguments: &[&str]) {
    let (seed, start) = (seed(), Instant::now());
    let mut random = Random::new(seed);
    let mut pair = Pair::start(arguments, seed, &mut random);
    let (mut kills, mut kills_of_a) = (0, 0);
    while kills < KILLS {
        pair.fleet.add(CLIENTS, 250);
        pair.fleet.renew_all(250);
        let first = random.below(2) as usize;
        let both = random.below(4) == 0;
        let victims = if both { vec![first, 1 - first] } else { vec![first] };
        for victim in &victims {
            std::thread::sleep(Duration::from_millis(20 + random.below(300)));
            pair.members[*victim].process.kill().expect("SIGKILL");
            kills += 1;
            kills_of_a += usize::from(*victim == 0);
            pair.fleet.add(CLIENTS / victims.len(), 200);
            pair.fleet.renew_all(200);
        }
        for victim in victims {
            std::thread::sleep(Duration::from_millis(random.below(300)));
            pair.members[victim].process.start().expect("the server starts again");
        }
        let when = format!("seed {seed}, after {kills} kills");
        pair.come_to_rest(&when);
        let findings = pair.judge();
        assert!(findings.is_clean(), "{when}: {findings:#?}\n{}", pair.logs());
        let [a, b] = pair.relay_agents();
        assert!(!a.is_empty() && a.values().all(Option::is_some), "{when}: {a:?}");
        assert_eq!(a, b, "{when}");
    }
    let counts = pair.fleet.counts();
    println!(
        "{kills} kills, {kills_of_a} of them of a, {} leases and {} renewals, {:.1} s",
        counts.new_leases,
        counts.renewals,
        start.elapsed().as_secs_f64()
    );
    assert!(counts.new_leases as usize > KILLS * CLIENTS / 2, "too few leases: {counts:?}");
    assert!(counts.renewals as usize > KILLS * CLIENTS, "too few renewals: {counts:?}");
}

#[test]
fn a_pair_loses_no_acknowledged_lease_by_kill_9_of_either() {
    killed_again_and_again(&[]);
}

#[test]
fn a_pair_loses_no_acknowledged_lease_when_unsynced_writes_are_forgotten() {
    killed_again_and_again(&["--store-fault", "drop-unsynced"]);
}
