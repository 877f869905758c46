//! Servers of the test's own on loopback, each with a relay agent's socket to talk to it.

use dhcproto::v4::MessageType;
use failoverd::admin::{AdminRequest, AdminResponse, call};
use failoverd::demo::packet::{Content, Identity, Reply, encode, message};
use failoverd::demo::pair::free_port;
use failoverd::demo::process::Process;
use failoverd::demo::random::Random;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to start, and two to find each other.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an answer to a client may take.
const ANSWER: Duration = Duration::from_millis(500);
/// The networks of the scopes of these tests: 127.`net`.0.0/24.
pub(crate) const NETS: std::ops::RangeInclusive<u8> = 81..=85;

/// Several servers that do not know each other yet, and the files they need.
pub(crate) struct Sites {
    pub(crate) directory: TempDir,
    relays: Vec<UdpSocket>,
    random: Random,
}

/// One server: `failoverd` on an address of its own.
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) process: Process,
    pub(crate) dhcp: SocketAddrV4,
    /// Where partners reach it.
    pub(crate) failover: SocketAddrV4,
    pub(crate) admin: PathBuf,
    relays: Vec<UdpSocket>,
}

impl Sites {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("fo-").tempdir().expect("a directory");
        let relays = (0..20).find_map(|_| relays()).expect("a port for relay agents");
        Self { directory, relays, random: Random::new(Random::fresh_seed()) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts a server at 127.80.0.`number`; `rest` is its configuration after the table `[server]`.
    pub(crate) fn start(&mut self, number: u8, name: &str, rest: &str) -> Site {
        let address = Ipv4Addr::new(127, 80, 0, number);
        let mut port = || free_port(address, &mut self.random).expect("a port");
        let (dhcp, failover) = (port(), port());
        let relay_port = self.relays[0].local_addr().expect("an address").port();
        let config = self.path(&format!("{name}.toml"));
        let text = format!(
            "[server]\nname = \"{name}\"\ndhcp_listen = \"{dhcp}\"\nrelay_port = {relay_port}\n\
             failover_listen = \"{failover}\"\nstore = \"{name}.redb\"\n\
             admin_socket = \"{name}.sock\"\nreader_socket = \"{name}.reader\"\n\
             log_level = \"debug\"\n{rest}"
        );
        std::fs::write(&config, text).expect("a configuration");
        let executable = PathBuf::from(env!("CARGO_BIN_EXE_failoverd"));
        let log = self.path(&format!("{name}.log"));
        let process = Process::new(executable, config, log);
        let mut site = Site {
            name: name.to_owned(),
            process,
            dhcp,
            failover,
            admin: self.path(&format!("{name}.sock")),
            relays: self.relays.iter().map(|it| it.try_clone().expect("a socket")).collect(),
        };
        site.start();
        site
    }
}

/// A relay agent in each network, all on one port, if it is free in all of them.
fn relays() -> Option<Vec<UdpSocket>> {
    let mut port = 0;
    NETS.map(|net| {
        let relay = UdpSocket::bind((Ipv4Addr::new(127, net, 0, 1), port)).ok()?;
        port = relay.local_addr().ok()?.port();
        relay.set_read_timeout(Some(Duration::from_millis(100))).ok()?;
        Some(relay)
    })
    .collect()
}

/// A `[[scope]]` 127.`net`.0.0/24 with addresses from .10 to .`last`.
pub(crate) fn scope(net: u8, last: u8, more: &str) -> String {
    format!(
        "\n[[scope]]\nsubnet = \"127.{net}.0.0/24\"\nranges = [\"127.{net}.0.10-127.{net}.0.{last}\"]\n\
         lease_s = 600\n{more}\n"
    )
}

impl Site {
    /// Starts it, unless it runs, and waits until it answers.
    pub(crate) fn start(&mut self) {
        self.process.start().expect("the server starts");
        self.wait("an answer", |site| site.status_of(None).map(drop));
    }

    /// Stops it without a word and starts it again.
    pub(crate) fn restart(&mut self) {
        self.process.kill().expect("the server is killed");
        self.start();
    }

    /// Runs failoverctl on this server.
    pub(crate) fn ctl(&self, arguments: &[&str]) -> Output {
        failoverctl(&self.admin, arguments)
    }

    /// The same as a reader.
    pub(crate) fn ctl_as_reader(&self, arguments: &[&str]) -> Output {
        failoverctl(&self.admin.with_extension("reader"), arguments)
    }

    /// Runs failoverctl, which must succeed; what it printed.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.ctl(arguments);
        let text = String::from_utf8(output.stdout).expect("text");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}: failoverctl {arguments:?}: {text}{errors}\n{}",
            self.name,
            self.process.log_tail()
        );
        text
    }

    /// Runs failoverctl, which must refuse; the error of its JSON.
    pub(crate) fn refused(&self, arguments: &[&str]) -> serde_json::Value {
        let before = self.everything();
        let arguments = [&["--json"], arguments].concat();
        let output = self.ctl(&arguments);
        let errors = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{}: {arguments:?}: {errors}", self.name);
        assert_eq!(self.everything(), before, "{arguments:?} was refused and changed something");
        let json: serde_json::Value = serde_json::from_str(&errors)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {errors}"));
        println!("{arguments:?}: {json}");
        let error = &json["error"];
        for key in ["message", "remedy"] {
            assert!(error[key].as_str().is_some_and(|it| !it.is_empty()), "{key} of {json}");
        }
        error.clone()
    }

    /// The Windows error code with which failoverctl refuses.
    pub(crate) fn code(&self, arguments: &[&str]) -> u64 {
        self.refused(arguments)["code"].as_u64().expect("a code")
    }

    /// All relationships, as `get --json` shows them, but for their states.
    pub(crate) fn everything(&self) -> Vec<serde_json::Value> {
        let mut all = self.get(&[]);
        for one in &mut all {
            one["State"].take();
        }
        all
    }

    /// What `get --json` shows.
    pub(crate) fn get(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let text = self.must(&[&["--json", "get"], arguments].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn status_of(&self, relationship: Option<&str>) -> Option<String> {
        let relationship = relationship.map(str::to_owned);
        match call(&self.admin, &AdminRequest::Status { relationship }) {
            Ok(AdminResponse::Status { rows }) => {
                Some(rows.first().map_or_else(String::new, |row| row.state.clone()))
            }
            _ => None,
        }
    }

    /// The state of a relationship in the draft's words.
    pub(crate) fn state(&self, relationship: &str) -> String {
        self.status_of(Some(relationship)).unwrap_or_default()
    }

    pub(crate) fn wait_for_state(&mut self, relationship: &str, state: &str) {
        self.wait(state, |site| (site.state(relationship) == state).then_some(()));
    }

    /// Waits until there is something.
    pub(crate) fn wait<T>(&mut self, what: &str, mut find: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = find(self) {
                return found;
            }
            let ended = self.process.exited();
            let (name, log) = (&self.name, self.process.log_tail());
            assert!(ended.is_none(), "{name} ended: {ended:?}\n{log}");
            assert!(Instant::now() < deadline, "{name}: waited in vain for {what}\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks as client `who` behind the relay agent of scope `net`; `None` if nobody answers.
    pub(crate) fn ask(
        &self,
        kind: MessageType,
        net: u8,
        who: u32,
        content: Content,
    ) -> Option<Reply> {
        let who = Identity::numbered(net, who);
        let content = Content { relay: Some(Ipv4Addr::new(127, net, 0, 1)), ..content };
        let relay = &self.relays[usize::from(net - NETS.start())];
        let wanted = content.xid;
        let bytes = encode(&message(kind, &who, content));
        relay.send_to(&bytes, self.dhcp).expect("loopback takes it");
        let deadline = Instant::now() + ANSWER;
        let mut buffer = [0; 2048];
        while Instant::now() < deadline {
            let Ok((length, _)) = relay.recv_from(&mut buffer) else { continue };
            let reply = Reply::decode(&buffer[..length]).expect("an answer can be read");
            if reply.message.xid() == wanted {
                return Some(reply);
            }
        }
        None
    }

    /// The states a relationship goes through until it is in this one.
    pub(crate) fn wait_through(&mut self, relationship: &str, state: &str) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        self.wait(state, |site| {
            let now = site.state(relationship);
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            (seen.last().is_some_and(|it| it == state)).then_some(())
        });
        seen
    }

    /// A lease for client `who`, asked of this server: its address, or `None` if this server does not
    /// serve the client.
    pub(crate) fn lease(&self, net: u8, who: u32) -> Option<Ipv4Addr> {
        self.new_lease(net, who).map(|ack| ack.address())
    }

    /// How long the first lease of a client is, in seconds.
    pub(crate) fn lease_time(&self, net: u8, who: u32) -> Option<u32> {
        self.new_lease(net, who).and_then(|ack| ack.lease_s)
    }

    fn new_lease(&self, net: u8, who: u32) -> Option<Reply> {
        let content = Content { xid: xid(), ..Content::default() };
        let offer = self.ask(MessageType::Discover, net, who, content.clone())?;
        let content = Content { requested: Some(offer.address()), server: offer.server, ..content };
        let ack = self.ask(MessageType::Request, net, who, content).expect("an answer");
        assert_eq!((ack.kind, ack.address()), (MessageType::Ack, offer.address()));
        Some(ack)
    }

    /// Whether this server renews the lease of a client.
    pub(crate) fn renews(&self, net: u8, who: u32, address: Ipv4Addr) -> bool {
        let content = Content { xid: xid(), ciaddr: Some(address), ..Content::default() };
        let ack = self.ask(MessageType::Request, net, who, content);
        ack.is_some_and(|ack| ack.kind == MessageType::Ack && ack.address() == address)
    }
}

/// Gives client `who` a lease from the one server of these that answers it, and says which.
pub(crate) fn served_by(sites: &[&Site], net: u8, who: u32) -> usize {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let answers: Vec<_> = sites.iter().map(|site| site.lease(net, who).is_some()).collect();
        match answers.iter().filter(|answered| **answered).count() {
            // The servers may be sharing addresses out still; the client asks again.
            0 => {}
            1 => return answers.iter().position(|answered| *answered).unwrap_or_default(),
            _ => panic!("client {who} of {net} is answered by several: {answers:?}"),
        }
    }
    panic!("nobody answers client {who} of {net}");
}

/// A transaction id nobody used before in this process.
fn xid() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0x5eed_0000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn failoverctl(socket: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_failoverctl"))
        .arg("--server")
        .arg(socket)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("failoverctl runs")
}
