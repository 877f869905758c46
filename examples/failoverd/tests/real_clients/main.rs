//! Two servers on one wire with clients of other makers: dhclient, udhcpc and perfdhcp, in network
//! namespaces that the test makes itself.
//!
//! Needs root and the Debian packages iproute2, isc-dhcp-client, udhcpc and kea-admin. Without them
//! the test is skipped and says why, also in plain `cargo test`; with `FAILOVER_REQUIRE_PEERS=1` it
//! fails.

mod client;
#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod lab;

use client::{Kind, RealClient};
use failoverd::demo::checker::{Table, table_differences};
use failoverd::demo::process::Process;
use failoverd::demo::remote;
use lab::{INTERFACE, Lab};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const A: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
const B: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 3);
/// Clients of perfdhcp before the fault, and during the outage.
const PERF_BEFORE: u32 = 300;
const PERF_DURING: u32 = 150;
const PATIENCE: Duration = Duration::from_secs(40);

/// What is missing to run the test, if anything.
fn missing() -> Option<String> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !is_root {
        return Some("this user is not root".to_owned());
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &str| std::env::split_paths(&paths).any(|path| path.join(name).is_file());
    let absent: Vec<_> =
        ["ip", "dhclient", "udhcpc", "perfdhcp"].into_iter().filter(|name| !found(name)).collect();
    (!absent.is_empty()).then(|| format!("not installed: {}", absent.join(", ")))
}

struct Server {
    process: Process,
    admin: PathBuf,
}

/// MCLT and lease are longer than 122 s, the shortest lease that udhcpc honours; dhclient is told to
/// renew after 4 s.
fn server(
    lab: &mut Lab,
    directory: &Path,
    name: &str,
    role: &str,
    own: Ipv4Addr,
    partner: Ipv4Addr,
) -> Server {
    let last = own.octets()[3];
    let space = lab
        .host(name, &format!("02:dc:ff:00:00:{last:02x}"), Some(&format!("{own}/16")))
        .expect("a namespace for a server");
    let config = directory.join(format!("{name}.toml"));
    let text = format!(
        r#"[server]
name = "{name}"
interfaces = ["{INTERFACE}"]
failover_listen = "{own}:647"
store = "{name}.redb"
admin_socket = "{name}.sock"
log_level = "debug"

[[relationship]]
name = "wire"
role = "{role}"
partner = "{partner}:647"
mode = "load-balance"
mclt_s = 130
receive_timer_s = 5
startup_s = 2

[[scope]]
subnet = "10.99.0.0/16"
ranges = ["10.99.1.0-10.99.4.255"]
lease_s = 600
relationship = "wire"
load_balance_delay_s = 1
options = {{ router = "10.99.0.2", renewal_time_s = 4, rebinding_time_s = 8 }}
"#
    );
    std::fs::write(&config, text).expect("a configuration");
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_failoverd"));
    let mut process = Process::new(executable, config, directory.join(format!("{name}.log")))
        .with_prefix(&["ip", "netns", "exec", &space]);
    process.start().expect("the server starts");
    Server { process, admin: directory.join(format!("{name}.sock")) }
}

/// Waits until `condition` holds, and says so.
fn wait(what: &str, servers: &[&Server], condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > PATIENCE {
            let logs: Vec<_> = servers.iter().map(|server| server.process.log_tail()).collect();
            panic!("no {what} within {PATIENCE:?}\n{}", logs.join("\n---\n"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("{what}: after {:.1} s", start.elapsed().as_secs_f64());
}

fn both_normal_and_done(a: &Server, b: &Server) -> bool {
    [a, b].iter().all(|server| {
        remote::status(&server.admin).is_ok_and(|status| {
            (status.state.as_str(), status.partner_state.as_str()) == ("NORMAL", "NORMAL")
                && (status.pending, status.disputed) == (0, 0)
        })
    })
}

/// Lets perfdhcp get `count` leases for clients whose addresses begin at `hardware`.
fn perfdhcp(space: &str, count: u32, hardware: &str) {
    let count = count.to_string();
    let output = Command::new("ip")
        .args(["netns", "exec", space, "perfdhcp", "-4", "-l", INTERFACE])
        .args(["-r", "100", "-n", &count, "-R", &count, "-b", &format!("mac={hardware}")])
        .args(["-u", "-W", "2000000"])
        .output()
        .expect("perfdhcp runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("sent packets") || line.starts_with("received packets"))
        .collect();
    println!("perfdhcp, {count} clients: {}", figures.join(", "));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "perfdhcp: {}\n{text}\n{errors}", output.status);
}

/// Every real client has told its script of a lease from one of `servers` after the first `seen`.
fn all_served(clients: &[RealClient], seen: &[usize], servers: &[Ipv4Addr]) -> bool {
    clients.iter().zip(seen).all(|(client, seen)| {
        client.told().iter().skip(*seen).any(|told| servers.contains(&told.server))
    })
}

fn seen(clients: &[RealClient]) -> Vec<usize> {
    clients.iter().map(|client| client.told().len()).collect()
}

/// Each client has one address for all its life, nobody shares it, and both servers know.
fn check_clients(clients: &[RealClient], tables: [&Table; 2]) {
    let mut addresses = BTreeSet::new();
    for client in clients {
        let told = client.told();
        let address = told.first().expect("a lease").address;
        assert!(told.iter().all(|it| it.address == address), "{} moved: {told:?}", client.name);
        assert!(addresses.insert(address), "{address} is with two clients");
        for table in tables {
            let row = &table[&address];
            assert_eq!(row.status, "ACTIVE", "{} {row:?}", client.name);
            assert_eq!(row.hardware.as_deref(), Some(client.hardware.as_str()), "{}", client.name);
        }
    }
}

/// The only test here; its name is what filters on the command line are compared with.
const TEST: &str = "clients_of_other_makers_do_not_notice_that_a_server_is_killed";

/// A test program of its own instead of libtest's, which would show a skipped test as passed and
/// swallow the reason.
fn main() -> ExitCode {
    let wanted = match Arguments::read(std::env::args().skip(1)) {
        Arguments::List => {
            println!("{TEST}: test");
            return ExitCode::SUCCESS;
        }
        Arguments::Run { wanted } => wanted,
    };
    println!("\nrunning {} test{}", u8::from(wanted), if wanted { "" } else { "s" });
    let missing = if wanted { missing() } else { None };
    let required = std::env::var_os("FAILOVER_REQUIRE_PEERS").is_some_and(|value| value == "1");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    match missing {
        _ if !wanted => {}
        Some(reason) if required => {
            println!("test {TEST} ... FAILED: FAILOVER_REQUIRE_PEERS=1, but {reason}");
            failed = 1;
        }
        Some(reason) => {
            println!("test {TEST} ... skipped: {reason}");
            skipped = 1;
        }
        // A panic has printed its message by then.
        None if std::panic::catch_unwind(tell_the_story).is_ok() => {
            println!("test {TEST} ... ok");
            passed = 1;
        }
        None => {
            println!("test {TEST} ... FAILED");
            failed = 1;
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; \
         {} filtered out\n",
        u8::from(!wanted)
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the command line asks for, as far as it matters with one test; libtest's other options
/// mean nothing here.
enum Arguments {
    List,
    Run { wanted: bool },
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Self {
        let (mut filters, mut skips) = (Vec::new(), Vec::new());
        let (mut exact, mut only_ignored) = (false, false);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--list" => return Self::List,
                "--exact" => exact = true,
                "--ignored" => only_ignored = true,
                "--skip" => skips.extend(words.next()),
                // Their values are no filters.
                "--test-threads" | "--format" | "--color" | "--logfile" | "-Z" => {
                    words.next();
                }
                _ if word.starts_with('-') => {}
                _ => filters.push(word),
            }
        }
        let matches = |filter: &String| if exact { filter == TEST } else { TEST.contains(filter) };
        let chosen = filters.is_empty() || filters.iter().any(matches);
        Self::Run { wanted: chosen && !only_ignored && !skips.iter().any(matches) }
    }
}

fn tell_the_story() {
    let mut lab = Lab::new("").expect("network namespaces");
    let directory = tempfile::Builder::new().prefix("dfo-").tempdir().expect("a directory");
    let path = directory.path();
    let mut a = server(&mut lab, path, "a", "primary", A, B);
    let b = server(&mut lab, path, "b", "secondary", B, A);
    let perf = lab.host("perf", "02:dc:fe:00:00:01", Some("10.99.0.4/16")).expect("a namespace");
    wait("both servers NORMAL", &[&a, &b], || both_normal_and_done(&a, &b));

    let kinds = [Kind::Dhclient, Kind::Udhcpc, Kind::Dhclient, Kind::UdhcpcBroadcast];
    let mut clients: Vec<RealClient> = (1..=8)
        .zip(kinds.iter().cycle())
        .map(|(number, kind)| RealClient::start(&mut lab, path, *kind, number))
        .collect();
    perfdhcp(&perf, PERF_BEFORE, "02:0c:01:00:00:00");
    wait("a lease for every client", &[&a, &b], || all_served(&clients, &[0; 8], &[A, B]));
    let givers: BTreeSet<_> = clients.iter().map(|client| client.told()[0].server).collect();
    println!("leases came from {givers:?}");

    a.process.kill().expect("SIGKILL");
    let before = seen(&clients);
    // The first makes udhcpc ask the server that is gone, the second everybody.
    for _ in 0..2 {
        clients.iter().for_each(RealClient::urge);
        std::thread::sleep(Duration::from_secs(1));
    }
    wait("every client extended by b", &[&b], || all_served(&clients, &before, &[B]));
    for (number, kind) in (9..=12).zip(kinds) {
        clients.push(RealClient::start(&mut lab, path, kind, number));
    }
    perfdhcp(&perf, PERF_DURING, "02:0c:02:00:00:00");
    wait("new clients served by b", &[&b], || all_served(&clients, &[0; 12], &[B]));

    a.process.start().expect("the server starts again");
    wait("both servers NORMAL again", &[&a, &b], || both_normal_and_done(&a, &b));
    let before = seen(&clients);
    clients.iter().for_each(RealClient::urge);
    wait("every client renews", &[&a, &b], || all_served(&clients, &before, &[A, B]));

    // dhclient renews all the time, so that the tables are never still: they agree at some moment.
    let leases = |server: &Server| remote::leases(&server.admin).expect("a lease table");
    let differences = || table_differences(("a", &leases(&a)), ("b", &leases(&b)));
    wait("equal lease tables", &[&a, &b], || differences().is_empty());
    let (table_a, table_b) = (leases(&a), leases(&b));
    check_clients(&clients, [&table_a, &table_b]);
    let wanted = clients.len() + (PERF_BEFORE + PERF_DURING) as usize;
    for table in [&table_a, &table_b] {
        let active = table.values().filter(|row| row.status == "ACTIVE").count();
        assert_eq!(active, wanted, "one lease for each client");
    }
    println!("{wanted} leases, the same on both servers");
}
