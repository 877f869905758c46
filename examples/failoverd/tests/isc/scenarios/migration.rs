//! An ISC pair in service becomes a pair of ours, one server after the other.

use crate::Scenario;
use crate::dhcpd::Dhcpd;
use crate::lab::Lab;
use crate::pair::{self, OURS, RELAY, Setup, THEIRS};
use crate::seeds;
use crate::wait;
use failoverd::admin::{self, AdminRequest};
use failoverd::demo::checker::{self, Table};
use failoverd::demo::fleet::Fleet;
use failoverd::demo::remote;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Clients that renew all the time.
const LIVE: usize = 150;
/// The lease they get. A client whose server is gone asks it from half of the lease to seven eighths,
/// and then everybody.
const LEASE_S: u32 = 20;
/// So long may an extension take: that, and one retry.
const LONGEST_WAIT_MS: u64 = LEASE_S as u64 * 1_000 * 3 / 8 + 2_000;

pub(crate) fn add(all: &mut Vec<Scenario>) {
    for (seeded, long) in [(300, false), (20_000, true)] {
        let run = move |label: &str, directory: &Path| migrate(label, directory, seeded);
        let name = format!("migration::an_isc_pair_with_{seeded}_leases_is_replaced_in_service");
        all.push(Scenario { name, long, run: Box::new(run) });
    }
    let name = "migration::the_last_of_an_isc_pair_is_replaced_with_its_lease_file".to_owned();
    all.push(Scenario { name, long: false, run: Box::new(import) });
}

/// The last server of an ISC pair is replaced with nothing but its lease file.
fn import(label: &str, directory: &Path) {
    let mut setup = Setup::new(true);
    (setup.mclt_s, setup.lease_s, setup.addresses) = (10, LEASE_S, 400);
    let mut lab = Lab::new(label).expect("network namespaces");
    let space_a = pair::host(&mut lab, "a", OURS);
    let space_b = pair::host(&mut lab, "b", THEIRS);
    let space_c = pair::host(&mut lab, "c", RELAY);
    let mut isc_a = Dhcpd::new("isc-a", &space_a, directory, &setup.dhcpd(true, OURS, THEIRS));
    let mut isc_b = Dhcpd::new("isc-b", &space_b, directory, &setup.dhcpd(false, THEIRS, OURS));
    isc_a.start();
    isc_b.start();
    let normal = ("normal".to_owned(), "normal".to_owned());
    wait::until("an ISC pair in NORMAL", 60, || (isc_a.states() == normal).then_some(()));
    let fleet = pair::fleet(&space_c, 1);
    fleet.add(LIVE, 3_000);
    bound(&fleet);

    println!("the secondary is lost, the primary stopped, its lease file imported");
    isc_b.kill();
    isc_a.terminate();
    let config = setup.failoverd("a", true, OURS, THEIRS);
    let mut a = pair::failoverd(&space_a, directory, "a", &config);
    let output = Command::new(env!("CARGO_BIN_EXE_failoverctl"))
        .args(["import", "--config"])
        .arg(directory.join("a.toml"))
        .arg(directory.join("isc-a.leases"))
        .output()
        .expect("failoverctl runs");
    let said = [output.stdout, output.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(output.status.success());
    a.start().expect("failoverd starts");
    let socket = directory.join("a.sock");
    wait::until("orders are taken", 10, || {
        admin::call(&socket, &AdminRequest::PartnerDown { relationship: None }).ok().map(|_| ())
    });
    goes_on(&fleet);
    unharmed(&fleet);
}

fn bound(fleet: &Fleet) {
    wait::until("all clients have leases", 60, || {
        let counts = fleet.counts();
        (counts.bound == LIVE && counts.waiting == 0).then_some(())
    });
}

/// Every client still has its address, nobody else has it, and nobody waited for long.
fn unharmed(fleet: &Fleet) {
    fleet.hold();
    wait::until("quiet clients", 20, || (fleet.counts().waiting == 0).then_some(()));
    let acks = fleet.ledger();
    let duplicates = checker::duplicate_addresses(&acks);
    assert!(duplicates.is_empty(), "S1: {duplicates:#?}");
    let moved = checker::changed_addresses(&acks);
    assert!(moved.is_empty(), "clients that lost their address: {moved:#?}");
    let counts = fleet.counts();
    println!("{counts:?}");
    assert_eq!(counts.bound, LIVE);
    assert!(counts.longest_wait_ms <= LONGEST_WAIT_MS, "{counts:?}");
}

/// Everybody renews at least twice more.
fn goes_on(fleet: &Fleet) {
    let target = fleet.counts().renewals + 2 * LIVE as u64;
    wait::until("clients renew", 60, || (fleet.counts().renewals > target).then_some(()));
}

fn migrate(label: &str, directory: &Path, seeded: u32) {
    let mut setup = Setup::new(true);
    // Clients of the seeds are not heard of again: their leases are long, and so is nobody's wait.
    (setup.mclt_s, setup.lease_s, setup.addresses) = (20, LEASE_S, seeded + 400);
    let mut lab = Lab::new(label).expect("network namespaces");
    let space_a = pair::host(&mut lab, "a", OURS);
    let space_b = pair::host(&mut lab, "b", THEIRS);
    let space_c = pair::host(&mut lab, "c", RELAY);
    let mut isc_a = Dhcpd::new("isc-a", &space_a, directory, &setup.dhcpd(true, OURS, THEIRS));
    let mut isc_b = Dhcpd::new("isc-b", &space_b, directory, &setup.dhcpd(false, THEIRS, OURS));
    let seeds = seeds::text(&setup, seeded);
    for isc in [&mut isc_a, &mut isc_b] {
        isc.seed_leases(&seeds);
        isc.start();
    }
    let normal = ("normal".to_owned(), "normal".to_owned());
    wait::until("an ISC pair in NORMAL", 60, || {
        (isc_a.states() == normal && isc_b.states() == normal).then_some(())
    });
    let fleet = pair::fleet(&space_c, 1);
    fleet.add(LIVE, 3_000);
    bound(&fleet);
    let before: BTreeMap<_, _> =
        fleet.ledger().into_iter().map(|ack| (ack.client.hardware, ack.address)).collect();
    assert_eq!(before.len(), LIVE);

    println!("the secondary is replaced");
    isc_b.terminate();
    let config = setup.failoverd("b", false, THEIRS, OURS);
    let mut b = pair::failoverd(&space_b, directory, "b", &config);
    b.start().expect("failoverd starts");
    let socket_b = directory.join("b.sock");
    in_normal(&socket_b, 90);
    goes_on(&fleet);

    println!("the primary is replaced");
    isc_a.terminate();
    let config = setup.failoverd("a", true, OURS, THEIRS);
    let mut a = pair::failoverd(&space_a, directory, "a", &config);
    a.start().expect("failoverd starts");
    let socket_a = directory.join("a.sock");
    for socket in [&socket_a, &socket_b] {
        in_normal(socket, 90);
    }
    goes_on(&fleet);

    unharmed(&fleet);
    wait::until("equal tables", 20, || {
        let (one, other) = (leased(&socket_a), leased(&socket_b));
        let differ = checker::table_differences(("a", &one), ("b", &other));
        let enough = one.len() >= seeded as usize + LIVE;
        (differ.is_empty() && enough).then_some(())
    });
    let table = leased(&socket_a);
    let kept = table
        .values()
        .filter(|row| row.hardware.as_deref().is_some_and(|hardware| hardware.starts_with("02ee")));
    assert_eq!(kept.count(), seeded as usize, "leases the ISC pair had given");
}

fn in_normal(socket: &Path, limit_s: u64) {
    wait::until("NORMAL", limit_s, || {
        let status = remote::status(socket).ok()?;
        ((status.state.as_str(), status.partner_state.as_str()) == ("NORMAL", "NORMAL"))
            .then_some(())
    });
    std::thread::sleep(Duration::from_millis(200));
}

fn leased(socket: &Path) -> Table {
    let table = remote::leases(socket).expect("a lease table");
    table.into_iter().filter(|(_, row)| row.status == "ACTIVE").collect()
}
