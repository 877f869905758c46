//! failoverd and dhcpd on one wire, with clients behind a relay agent and a capture of what the two
//! say to each other.

use crate::dhcpd::{Dhcpd, Settings};
use crate::lab::{Guest, INTERFACE, Lab};
use crate::probe::Probe;
use crate::wait;
use dhcp_loadbalance::HashBuckets;
use failoverd::admin::{self, AdminRequest, AdminResponse, LeaseRow};
use failoverd::demo::checker::{self, Table};
use failoverd::demo::fleet::Fleet;
use failoverd::demo::process::Process;
use failoverd::demo::remote;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const OURS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
pub(crate) const THEIRS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
pub(crate) const RELAY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 3);
/// The relationship's name.
const NAME: &str = "foo";
const DHCP_PORT: u16 = 67;

/// How the two are set up. What a scenario does not care about stays as it is here.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// failoverd's role.
    pub(crate) we_are_primary: bool,
    pub(crate) mclt_s: u32,
    pub(crate) lease_s: u32,
    pub(crate) addresses: u32,
    /// Whose clients are the primary's.
    pub(crate) buckets: HashBuckets,
    /// More lines for failoverd's relationship.
    pub(crate) more_ours: String,
    /// More lines for failoverd's scope.
    pub(crate) more_scope: String,
    /// More lines for dhcpd.
    pub(crate) more_theirs: String,
    /// What dhcpd thinks the relationship is called, its partner's address is, the MCLT is.
    pub(crate) their_name: String,
    pub(crate) their_partner: Ipv4Addr,
    pub(crate) their_mclt_s: Option<u32>,
    /// Its range, if it is another one: the number of its first address in ours, and how many.
    pub(crate) their_addresses: Option<(u32, u32)>,
}

impl Setup {
    pub(crate) fn new(we_are_primary: bool) -> Self {
        Self {
            we_are_primary,
            mclt_s: 8,
            lease_s: 60,
            addresses: 100,
            buckets: split(128),
            more_ours: String::new(),
            more_scope: String::new(),
            more_theirs: String::new(),
            their_name: NAME.to_owned(),
            their_partner: OURS,
            their_mclt_s: None,
            their_addresses: None,
        }
    }

    /// So many addresses, from 10.77.1.0 or one above it.
    fn range((first, count): (u32, u32)) -> (Ipv4Addr, Ipv4Addr) {
        (address(first), address(first + count - 1))
    }

    /// The configuration of a failoverd, with `name` in the names of its files.
    pub(crate) fn failoverd(
        &self,
        name: &str,
        primary: bool,
        own: Ipv4Addr,
        partner: Ipv4Addr,
    ) -> String {
        let (first, last) = Self::range((0, self.addresses));
        let role = if primary { "primary" } else { "secondary" };
        let balance = match primary {
            true => format!("hash_buckets = \"hex:{}\"", octets(self.buckets)),
            false => String::new(),
        };
        format!(
            r#"[server]
name = "{name}"
interfaces = ["{INTERFACE}"]
failover_listen = "{own}:647"
store = "{name}.redb"
admin_socket = "{name}.sock"
log_level = "debug"

[[relationship]]
name = "{NAME}"
role = "{role}"
partner = "{partner}:647"
mclt_s = {mclt}
receive_timer_s = 6
startup_s = 2
{balance}
{more}

[[scope]]
subnet = "10.77.0.0/16"
ranges = ["{first}-{last}"]
lease_s = {lease}
relationship = "{NAME}"
load_balance_delay_s = 3
{more_scope}
"#,
            mclt = self.mclt_s,
            lease = self.lease_s,
            more = self.more_ours,
            more_scope = self.more_scope,
        )
    }

    /// The configuration of a dhcpd.
    pub(crate) fn dhcpd(&self, primary: bool, own: Ipv4Addr, partner: Ipv4Addr) -> Settings {
        Settings {
            relationship: self.their_name.clone(),
            primary,
            own,
            partner,
            mclt_s: self.their_mclt_s.unwrap_or(self.mclt_s),
            split: as_dhcpd_says(self.buckets),
            max_response_delay_s: 6,
            lease_s: self.lease_s,
            subnet: "10.77.0.0 netmask 255.255.0.0".to_owned(),
            range: Self::range(self.their_addresses.unwrap_or((0, self.addresses))),
            more: self.more_theirs.clone(),
        }
    }
}

/// The first buckets are the primary's.
pub(crate) fn split(count: u16) -> HashBuckets {
    HashBuckets::from_split(count).expect("up to 256")
}

/// The addresses of the range by number.
pub(crate) fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 77, 1, 0).to_bits() + number)
}

fn as_dhcpd_says(buckets: HashBuckets) -> String {
    let split = (0..=256).find(|count| split(*count) == buckets);
    split.map_or_else(|| format!("hba {}", octets(buckets)), |count| format!("split {count}"))
}

fn octets(buckets: HashBuckets) -> String {
    buckets.to_bytes().map(|byte| format!("{byte:02x}")).join(":")
}

/// A host on the bridge.
pub(crate) fn host(lab: &mut Lab, name: &str, address: Ipv4Addr) -> String {
    let hardware = format!("02:dc:ff:00:00:{:02x}", address.octets()[3]);
    let space = lab.host(name, &hardware, Some(&format!("{address}/16"))).expect("a namespace");
    // What a virtual interface leaves unfilled in checksums is taken for damage.
    let _ = Command::new("ip")
        .args(["netns", "exec", &space, "ethtool", "-K", INTERFACE, "tx", "off"])
        .output();
    space
}

/// A failoverd that does not run yet, with its files in `directory`.
pub(crate) fn failoverd(space: &str, directory: &Path, name: &str, config: &str) -> Process {
    let file = directory.join(format!("{name}.toml"));
    std::fs::write(&file, config).expect("a configuration");
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_failoverd"));
    Process::new(executable, file, directory.join(format!("{name}.log")))
        .with_prefix(&["ip", "netns", "exec", space])
}

/// Clients behind a relay agent in `space` that knows both servers.
pub(crate) fn fleet(space: &str, number: u8) -> Fleet {
    let seed = u64::from(number);
    println!("clients of fleet {number}, seed {seed}");
    Fleet::start(relay(space), servers(), number, seed).expect("a fleet")
}

fn relay(space: &str) -> UdpSocket {
    in_space(space, || {
        UdpSocket::bind(SocketAddrV4::new(RELAY, DHCP_PORT)).expect("the relay agent's port")
    })
}

fn servers() -> Vec<SocketAddrV4> {
    [OURS, THEIRS].map(|server| SocketAddrV4::new(server, DHCP_PORT)).to_vec()
}

/// The two servers; everything ends when it is dropped.
pub(crate) struct Pair {
    pub(crate) ours: Process,
    pub(crate) theirs: Dhcpd,
    pub(crate) directory: PathBuf,
    pub(crate) our_space: String,
    pub(crate) their_space: String,
    client_space: String,
    bridge: String,
    capture: Option<Guest>,
    pub(crate) lab: Lab,
}

impl Pair {
    /// Two servers that do not run yet, and a capture that does. The files go to `directory`.
    pub(crate) fn new(label: &str, directory: &Path, setup: &Setup) -> Self {
        let mut lab = Lab::new(label).expect("network namespaces");
        let our_space = host(&mut lab, "a", OURS);
        let their_space = host(&mut lab, "b", THEIRS);
        let client_space = host(&mut lab, "c", RELAY);
        let config = setup.failoverd("ours", setup.we_are_primary, OURS, THEIRS);
        let ours = failoverd(&our_space, directory, "ours", &config);
        let settings = setup.dhcpd(!setup.we_are_primary, THEIRS, setup.their_partner);
        let theirs = Dhcpd::new("dhcpd", &their_space, directory, &settings);
        let file = directory.join("failover.pcap");
        let file = file.to_str().expect("a path of letters");
        let command =
            ["tcpdump", "-U", "-n", "-s0", "-i", INTERFACE, "-w", file, "tcp", "port", "647"];
        let log = directory.join("tcpdump.log");
        let capture = Guest::start(&our_space, &command, &log);
        wait::until("tcpdump listens", 10, || {
            std::fs::read_to_string(&log).is_ok_and(|text| text.contains("listening")).then_some(())
        });
        let bridge = lab.bridge().to_owned();
        Self {
            ours,
            theirs,
            directory: directory.to_owned(),
            our_space,
            their_space,
            client_space,
            bridge,
            capture: Some(capture),
            lab,
        }
    }

    /// Starts both and waits for NORMAL.
    pub(crate) fn start(&mut self) {
        self.ours.start().expect("failoverd starts");
        self.theirs.start();
        self.normal(40);
    }

    pub(crate) fn admin(&self) -> PathBuf {
        self.directory.join("ours.sock")
    }

    /// What failoverd says of itself and its partner.
    pub(crate) fn our_states(&self) -> (String, String) {
        remote::status(&self.admin())
            .map_or_else(|_| Default::default(), |it| (it.state, it.partner_state))
    }

    /// Waits until both are in NORMAL, and say so of each other.
    pub(crate) fn normal(&self, limit_s: u64) {
        wait::until("both NORMAL", limit_s, || {
            let status = remote::status(&self.admin()).ok()?;
            let ours = (status.state.as_str(), status.partner_state.as_str());
            let theirs = self.theirs.states();
            let theirs = (theirs.0.as_str(), theirs.1.as_str());
            (ours == ("NORMAL", "NORMAL") && theirs == ("normal", "normal")).then_some(())
        });
    }

    /// Waits until failoverd is in this state.
    pub(crate) fn our_state(&self, wanted: &str, limit_s: u64) {
        wait::until(&format!("failoverd in {wanted}"), limit_s, || {
            (self.our_states().0 == wanted).then_some(())
        });
    }

    /// Waits until dhcpd is in this state.
    pub(crate) fn their_state(&self, wanted: &str, limit_s: u64) {
        wait::until(&format!("dhcpd in {wanted}"), limit_s, || {
            (self.theirs.states().0 == wanted).then_some(())
        });
    }

    /// Orders failoverd something.
    pub(crate) fn order(&self, request: &AdminRequest) {
        match admin::call(&self.admin(), request).expect("an answer") {
            AdminResponse::Done { .. } => {}
            other => panic!("{request:?}: {other:?}"),
        }
    }

    /// Clients behind a relay agent that knows both servers.
    pub(crate) fn fleet(&self, number: u8) -> Fleet {
        fleet(&self.client_space, number)
    }

    /// The same, one message at a time.
    pub(crate) fn probe(&self) -> Probe {
        Probe::new(relay(&self.client_space), RELAY, servers())
    }

    /// Cuts or mends dhcpd's cable.
    pub(crate) fn cable(&self, plugged: bool) {
        let state = if plugged { "up" } else { "down" };
        crate::lab::ip(&["-n", &self.bridge, "link", "set", "p2", state]).expect("a cable");
    }

    /// Keeps the servers from each other, or not; clients reach both.
    pub(crate) fn apart(&self, apart: bool) {
        let isolated = if apart { "on" } else { "off" };
        for port in ["p1", "p2"] {
            let words = [
                "-n",
                &self.bridge,
                "link",
                "set",
                port,
                "type",
                "bridge_slave",
                "isolated",
                isolated,
            ];
            crate::lab::ip(&words).expect("a bridge that keeps them apart");
        }
    }

    /// failoverd's leases with all that it knows of them.
    pub(crate) fn our_leases(&self) -> BTreeMap<Ipv4Addr, LeaseRow> {
        let rows = admin::leases(&self.admin(), None).expect("a lease table");
        rows.into_iter().map(|row| (row.address, row)).collect()
    }

    /// A host of its own on the wire; returns the name of its namespace.
    pub(crate) fn host(&mut self, name: &str, address: Ipv4Addr) -> String {
        host(&mut self.lab, name, address)
    }

    pub(crate) fn our_table(&self) -> Table {
        remote::leases(&self.admin()).expect("a lease table")
    }

    /// Waits until both have the same leases: clients and ends of ACTIVE ones, and who owns the
    /// available ones.
    pub(crate) fn equal_tables(&self, limit_s: u64) {
        let mut last = Vec::new();
        let start = std::time::Instant::now();
        while start.elapsed().as_secs() < limit_s {
            last = self.differences();
            if last.is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        let some: Vec<_> = last.iter().take(12).collect();
        panic!("{} differences after {limit_s} s: {some:#?}", last.len());
    }

    fn differences(&self) -> Vec<String> {
        let told = |table: Table| -> Table {
            // dhcpd keeps the last client of an available address, and writes none for others.
            table
                .into_iter()
                .filter(|(_, row)| row.status != "FREE")
                .map(|(address, mut row)| {
                    if row.status != "ACTIVE" {
                        (row.client_id, row.hardware, row.expires_unix_s) = (None, None, None);
                    }
                    (address, row)
                })
                .collect()
        };
        let (ours, theirs) = (told(self.our_table()), told(self.theirs.table()));
        checker::table_differences(("failoverd", &ours), ("dhcpd", &theirs))
    }

    /// No address was with two clients, and every running lease is known to both.
    pub(crate) fn check(&self, fleet: &Fleet) {
        let acks = fleet.ledger();
        let duplicates = checker::duplicate_addresses(&acks);
        assert!(duplicates.is_empty(), "S1: {duplicates:#?}");
        let moved = checker::changed_addresses(&acks);
        assert!(moved.is_empty(), "clients that lost their address: {moved:#?}");
    }

    pub(crate) fn stop_capture(&mut self) {
        if let Some(capture) = self.capture.take() {
            capture.signal("INT");
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    }

    /// tshark finds nothing wrong in what the two said, nor is there anything dhcpd cannot bear; ends
    /// the capture.
    pub(crate) fn check_capture(&mut self) {
        let file = self.directory.join("failover.pcap");
        self.stop_capture();
        let output = Command::new("tshark")
            .arg("-r")
            .arg(&file)
            .args(["-d", "tcp.port==647,dhcpfo", "-Y", "_ws.malformed"])
            .output()
            .expect("tshark runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.trim().is_empty(), "tshark finds malformed messages:\n{text}");
        crate::capture::check(&file);
    }

    /// What both wrote last.
    pub(crate) fn logs(&self) -> String {
        let theirs = self.theirs.log();
        let last = |text: &str, count: usize| -> String {
            let lines: Vec<_> = text
                .lines()
                .filter(|line| !line.contains("not answered") && !line.starts_with("DHCP"))
                .collect();
            lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
        };
        let ours = std::fs::read_to_string(self.ours.log()).unwrap_or_default();
        format!("--- failoverd\n{}\n--- dhcpd\n{}", last(&ours, 30), last(&theirs, 30))
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.logs());
        }
    }
}

/// Runs `make` on a thread inside a namespace; sockets made there stay in it.
pub(crate) fn in_space<T: Send>(space: &str, make: impl FnOnce() -> T + Send) -> T {
    let file = std::fs::File::open(format!("/run/netns/{space}")).expect("the namespace");
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            nix::sched::setns(file, nix::sched::CloneFlags::CLONE_NEWNET).expect("to enter it");
            make()
        });
        thread.join().expect("a socket")
    })
}
