//! One process with several relationships, one failover listener and a scope of its own.

use crate::support::{RELAY, SERVER, xid};
use dhcproto::v4::MessageType;
use failoverd::admin::{AdminRequest, AdminResponse, ClientError, StatusRow, call};
use failoverd::demo::packet::{Content, Identity, Reply, encode, message};
use failoverd::demo::pair::free_port;
use failoverd::demo::process::Process;
use failoverd::demo::random::Random;
use failoverd::demo::remote;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const EAST: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 4);
const WEST: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 5);
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Site {
    pub(crate) process: Process,
    dhcp: SocketAddrV4,
    pub(crate) admin: PathBuf,
}

impl Site {
    pub(crate) fn start(
        name: &str,
        at: [SocketAddrV4; 2],
        relay_port: u16,
        rest: &str,
        dir: &Path,
    ) -> Self {
        let [dhcp, failover] = at;
        let path = |suffix: &str| dir.join(format!("{name}.{suffix}"));
        let text = format!(
            "[server]\nname = \"{name}\"\ndhcp_listen = \"{dhcp}\"\nrelay_port = {relay_port}\n\
             failover_listen = \"{failover}\"\nstore = \"{name}.redb\"\n\
             admin_socket = \"{name}.sock\"\nlog_level = \"debug\"\n{rest}"
        );
        std::fs::write(path("toml"), text).expect("a configuration");
        let executable = PathBuf::from(env!("CARGO_BIN_EXE_failoverd"));
        let mut process = Process::new(executable, path("toml"), path("log"));
        process.start().expect("the server starts");
        Self { process, dhcp, admin: path("sock") }
    }

    pub(crate) fn status(&self) -> Vec<StatusRow> {
        match call(&self.admin, &AdminRequest::Status { relationship: None }) {
            Ok(AdminResponse::Status { rows }) => rows,
            _ => Vec::new(),
        }
    }

    pub(crate) fn wait_until_normal(&mut self, relationships: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.status();
            if rows.len() == relationships && rows.iter().all(|row| row.state == "NORMAL") {
                return;
            }
            let ended = self.process.exited();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{rows:?}\n{}",
                self.process.log_tail()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

pub(crate) fn relationship(name: &str, role: &str, partner: SocketAddrV4, more: &str) -> String {
    format!(
        "\n[[relationship]]\nname = \"{name}\"\nrole = \"{role}\"\npartner = \"{partner}\"\n\
         mclt_s = 30\nreceive_timer_s = 5\nstartup_s = 1\n{more}\n"
    )
}

pub(crate) fn scope(net: u8, relationship: Option<&str>) -> String {
    let member = relationship.map_or(String::new(), |name| format!("relationship = \"{name}\"\n"));
    format!(
        "\n[[scope]]\nsubnet = \"127.{net}.0.0/16\"\nranges = [\"127.{net}.1.0-127.{net}.1.63\"]\n\
         lease_s = 600\n{member}"
    )
}

/// Sends as a relay agent at `agent` and waits a moment for an answer.
fn ask(relay: &UdpSocket, to: &Site, kind: MessageType, content: Content) -> Option<Reply> {
    let who = Identity::numbered(0x77, 1);
    let wanted = content.xid;
    relay.send_to(&encode(&message(kind, &who, content)), to.dhcp).expect("loopback takes it");
    let mut buffer = [0; 2048];
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline {
        let Ok((length, _)) = relay.recv_from(&mut buffer) else { continue };
        let reply = Reply::decode(&buffer[..length]).expect("an answer can be read");
        if reply.message.xid() == wanted {
            return Some(reply);
        }
    }
    None
}

#[test]
fn one_process_is_primary_to_one_partner_secondary_to_another_and_alone_besides() {
    let mut random = Random::new(Random::fresh_seed());
    let directory = tempfile::Builder::new().prefix("fo-").tempdir().expect("a directory");
    let dir = directory.path();
    let relay = UdpSocket::bind((RELAY, 0)).expect("a socket for the relay agent");
    relay.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
    let port = relay.local_addr().expect("an address").port();
    let mut at = |address| [(); 2].map(|()| free_port(address, &mut random).expect("a port"));
    let (hub_at, east_at, west_at) = (at(SERVER), at(EAST), at(WEST));
    std::fs::write(dir.join("key"), "between hub and east\n").expect("a secret");

    // East stands by for the hub and both sign; the hub is west's secondary.
    let signed = "mode = \"hot-standby\"\nreserve_percent = 25\nsecret_file = \"key\"";
    let hub_config = [
        relationship("east", "primary", east_at[1], signed),
        relationship("west", "secondary", west_at[1], ""),
        scope(78, Some("east")),
        scope(79, Some("west")),
        scope(80, None),
    ]
    .concat();
    let east_config =
        [relationship("east", "secondary", hub_at[1], signed), scope(78, Some("east"))].concat();
    let west_config =
        [relationship("west", "primary", hub_at[1], ""), scope(79, Some("west"))].concat();
    let mut hub = Site::start("hub", hub_at, port, &hub_config, dir);
    // The first attempts to connect fail, which must not be the last.
    std::thread::sleep(Duration::from_secs(2));
    let mut east = Site::start("east", east_at, port, &east_config, dir);
    let mut west = Site::start("west", west_at, port, &west_config, dir);
    hub.wait_until_normal(2);
    east.wait_until_normal(1);
    west.wait_until_normal(1);
    let roles: Vec<_> = hub.status().into_iter().map(|row| (row.name, row.role)).collect();
    let expected = [("east", "primary"), ("west", "secondary")];
    assert_eq!(roles, expected.map(|(name, role)| (name.to_owned(), role.to_owned())));

    // Hot standby: the primary answers everybody, the secondary nobody.
    let discover = || Content { xid: xid(), relay: Some(RELAY), ..Content::default() };
    assert!(ask(&relay, &east, MessageType::Discover, discover()).is_none());
    let offer = ask(&relay, &hub, MessageType::Discover, discover()).expect("an offer");
    let request = Content { requested: Some(offer.address()), server: offer.server, ..discover() };
    let ack = ask(&relay, &hub, MessageType::Request, request).expect("an answer");
    assert_eq!(ack.kind, MessageType::Ack);

    // The lease goes to the partner of its scope, and to no other.
    let deadline = Instant::now() + PATIENCE;
    let told = |site: &Site| {
        let table = remote::leases(&site.admin).expect("a table");
        table.get(&ack.address()).is_some_and(|row| row.status == "ACTIVE")
    };
    while !told(&east) {
        assert!(Instant::now() < deadline, "east never heard of {}", ack.address());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!told(&west));

    // Where there are several, a command says which.
    let vague = AdminRequest::PartnerDown { relationship: None };
    let Err(ClientError::Refused(message)) = call(&hub.admin, &vague) else {
        panic!("a command for no relationship in particular must fail")
    };
    assert!(message.to_string().contains("east, west"), "{message}");

    // One partner's end is nothing to the other.
    west.process.kill().expect("it runs");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let states: Vec<_> = hub.status().into_iter().map(|row| row.state).collect();
        if states == ["NORMAL", "COMMUNICATIONS-INTERRUPTED"] {
            break;
        }
        assert!(Instant::now() < deadline, "{states:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
