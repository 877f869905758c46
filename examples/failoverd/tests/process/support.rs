//! A server process of the test's own, and a relay agent to talk to it.

use dhcproto::v4::{DhcpOption, MessageType};
use failoverd::demo::packet::{Content, Identity, Reply, encode, message};
use failoverd::demo::pair::free_port;
use failoverd::demo::process::Process;
use failoverd::demo::random::Random;
use failoverd::demo::{checker::Table, remote};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The relay agent of the tests.
pub(crate) const RELAY: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 1);
/// The server under test.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 2);
/// The partner that a test may play.
pub(crate) const PARTNER: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 3);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(3);
/// How long a start may take.
const START: Duration = Duration::from_secs(10);

/// The seed of a random test: from the environment, else a new one; printed.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("FAILOVERD_TEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(Random::fresh_seed);
    println!("FAILOVERD_TEST_SEED={seed}");
    seed
}

/// A server process with its files.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) dhcp: SocketAddrV4,
    pub(crate) failover: SocketAddrV4,
    pub(crate) admin: PathBuf,
    /// The relay agent's socket.
    pub(crate) relay: UdpSocket,
    _directory: TempDir,
}

impl Server {
    /// Starts a server; `rest` is its configuration after the table `[server]`.
    pub(crate) fn start(rest: &str) -> Self {
        Self::start_with(rest, &[])
    }

    /// Starts a server with more command line arguments.
    pub(crate) fn start_with(rest: &str, arguments: &[&str]) -> Self {
        Self::start_prepared(rest, arguments, |_| {})
    }

    /// The same; `prepare` gets the configuration file before the server starts.
    pub(crate) fn start_prepared(
        rest: &str,
        arguments: &[&str],
        prepare: impl FnOnce(&Path),
    ) -> Self {
        let mut random = Random::new(Random::fresh_seed());
        let directory = tempfile::Builder::new().prefix("fo-").tempdir().expect("a directory");
        let relay = UdpSocket::bind((RELAY, 0)).expect("a socket for the relay agent");
        relay.set_read_timeout(Some(ANSWER)).expect("a time-out");
        let relay_port = relay.local_addr().expect("an address").port();
        let dhcp = free_port(SERVER, &mut random).expect("a port");
        let failover = free_port(SERVER, &mut random).expect("a port");
        let path = |name: &str| directory.path().join(name);
        let text = format!(
            "[server]\ndhcp_listen = \"{dhcp}\"\nrelay_port = {relay_port}\n\
             failover_listen = \"{failover}\"\nstore = \"s.redb\"\nadmin_socket = \"s.sock\"\n\
             log_level = \"debug\"\n\n{rest}"
        );
        std::fs::write(path("s.toml"), text).expect("a configuration");
        prepare(&path("s.toml"));
        let executable = PathBuf::from(env!("CARGO_BIN_EXE_failoverd"));
        let mut process =
            Process::new(executable, path("s.toml"), path("s.log")).with_arguments(arguments);
        process.start().expect("the server starts");
        let admin = path("s.sock");
        let mut server = Self { process, dhcp, failover, admin, relay, _directory: directory };
        server.wait_until_ready();
        server
    }

    /// Waits until the admin socket answers.
    pub(crate) fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + START;
        while remote::leases(&self.admin).is_err() {
            self.must_run();
            assert!(Instant::now() < deadline, "not ready\n{}", self.process.log_tail());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The lease table.
    pub(crate) fn leases(&self) -> Table {
        remote::leases(&self.admin)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.process.log_tail()))
    }

    /// Fails the test if the server ended.
    pub(crate) fn must_run(&mut self) {
        if let Some(status) = self.process.exited() {
            panic!("the server ended: {status}\n{}", self.process.log_tail());
        }
    }

    /// Sends bytes as the relay agent.
    pub(crate) fn send(&self, bytes: &[u8]) {
        self.relay.send_to(bytes, self.dhcp).expect("loopback takes every packet");
    }

    /// The next answer to this transaction of this client, if it comes in time. A transaction id alone
    /// does not tell it: noise may have had the same one, and was answered.
    fn receive(&self, who: &Identity, xid: u32) -> Option<Reply> {
        let deadline = Instant::now() + ANSWER;
        let mut buffer = [0; 2048];
        while Instant::now() < deadline {
            let Ok((length, _)) = self.relay.recv_from(&mut buffer) else { continue };
            let reply = Reply::decode(&buffer[..length]).expect("an answer can be read");
            if reply.message.xid() == xid && reply.message.chaddr() == who.hardware {
                return Some(reply);
            }
        }
        None
    }

    /// Sends a message as the relay agent and waits for its answer.
    pub(crate) fn ask(&self, kind: MessageType, who: &Identity, content: Content) -> Option<Reply> {
        let content = Content { relay: content.relay.or(Some(RELAY)), ..content };
        self.send(&encode(&message(kind, who, content.clone())));
        self.receive(who, content.xid)
    }

    /// As [`Self::ask`]; no answer fails the test.
    pub(crate) fn answer(&self, kind: MessageType, who: &Identity, content: Content) -> Reply {
        self.ask(kind, who, content.clone()).unwrap_or_else(|| {
            panic!("no answer to {kind:?} {content:?}\n{}", self.process.log_tail())
        })
    }

    /// DISCOVER and REQUEST; the DHCPACK.
    pub(crate) fn lease(&self, who: &Identity, options: Vec<DhcpOption>) -> Reply {
        let xid = xid();
        let content = Content { xid, options, ..Content::default() };
        let offer = self.answer(MessageType::Discover, who, content.clone());
        assert_eq!(offer.kind, MessageType::Offer);
        let (requested, server) = (Some(offer.address()), offer.server);
        let ack = self.answer(MessageType::Request, who, Content { requested, server, ..content });
        assert_eq!((ack.kind, ack.address()), (MessageType::Ack, offer.address()));
        assert!(ack.circuit_echoed, "option 82 comes back");
        ack
    }

    /// Fails the test unless a new client gets a lease and the process is well.
    pub(crate) fn must_serve(&mut self, number: u32) {
        self.must_run();
        self.lease(&Identity::numbered(0xee, number), Vec::new());
    }
}

/// A transaction id nobody used before in this process.
pub(crate) fn xid() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0x5eed_0000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// One scope without failover, with a lease of an hour.
pub(crate) const LONE_SCOPE: &str = r#"
[[scope]]
subnet = "127.78.0.0/16"
ranges = ["127.78.1.0-127.78.8.255"]
lease_s = 3600
"#;
