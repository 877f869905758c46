//! A Windows server as the partner: the scripted one of the simulator, written from the published facts,
//! over real sockets. No real Windows was there to try with.

use crate::support::{PARTNER, RELAY, Server, xid};
use dhcp_failover_lease::{Client, HardwareAddress, Role};
use dhcp_failover_proto::RequestClass;
use dhcp_failover_sim::windows::{Config, Scope, Windows};
use dhcp_failover_sim::{Request, Word};
use dhcp_failover_wire::BindingStatus as Status;
use dhcp_failover_wire::ServerState;
use dhcp_failover_wire::digest::{Key, Scheme};
use dhcp_failover_wire::windows::Settings;
use dhcp_loadbalance::HashBuckets;
use dhcproto::v4::MessageType;
use failoverd::demo::packet::{Content, Identity, encode, message};
use failoverd::demo::remote;
use socket2::{Domain, Socket, Type};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_secs(40);
const MCLT_S: u64 = 5;
const LEASE_S: u64 = 60;
const ADDRESSES: u8 = 40;
/// The scope that both servers begin with, and one that the Windows server is given later.
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 0);
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 0);

/// The Windows server, its sockets and the server under test.
struct Pair {
    windows: Windows,
    listener: TcpListener,
    streams: BTreeMap<u64, TcpStream>,
    next_link: u64,
    server: Server,
    /// What it said, for a test that fails.
    log: Vec<String>,
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(now.as_millis()).expect("a clock before the end of time")
}

fn scope(id: Ipv4Addr, mask: [u8; 4]) -> Scope {
    let [a, b, ..] = id.octets();
    let addresses = (0..ADDRESSES).map(|number| Ipv4Addr::new(a, b, 0, 100 + number)).collect();
    Scope { id, mask: mask.into(), addresses }
}

/// The client as both servers know it.
fn client_of(who: &Identity) -> Client {
    let hardware = HardwareAddress::new(1, &who.hardware).expect("six bytes");
    Client::new(who.client_id.as_deref(), hardware)
}

/// Clients that name themselves by their hardware address, in option 61 or without: the ones that a
/// Windows server and ours know by the same name.
fn identity(number: u32) -> Identity {
    let mut who = Identity::numbered(0x57, 2 * number + 1);
    if number.is_multiple_of(2) {
        who.client_id = Some([&[1], who.hardware.as_slice()].concat());
    }
    who
}

impl Pair {
    /// Ours in one role, the Windows server in the other, in NORMAL.
    fn start(ours: Role, secret: Option<&str>) -> Self {
        let listener = TcpListener::bind((PARTNER, 0)).expect("a port for the partner");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("an address").port();
        let (role, theirs) = match ours {
            Role::Primary => ("primary", Role::Secondary),
            Role::Secondary => ("secondary", Role::Primary),
        };
        let mut more = String::new();
        // A secondary finds out by itself, unless there is a secret.
        if ours == Role::Primary || secret.is_some() {
            more += "dialect = \"microsoft\"\n";
        }
        if secret.is_some() {
            more += "secret_file = \"key\"\n";
        }
        let scope_text = |net: &str, prefix: u8| {
            format!(
                "\n[[scope]]\nsubnet = \"{net}.0.0/{prefix}\"\n\
                 ranges = [\"{net}.0.100-{net}.0.{}\"]\nlease_s = {LEASE_S}\n\
                 relationship = \"win\"\n",
                99 + ADDRESSES
            )
        };
        let rest = format!(
            "[[relationship]]\nname = \"win\"\nrole = \"{role}\"\npartner = \"{PARTNER}:{port}\"\n\
             mclt_s = {MCLT_S}\nreceive_timer_s = 6\nstartup_s = 1\n{more}{}{}",
            scope_text("127.78", 16),
            scope_text("10.78", 16)
        );
        let server = Server::start_prepared(&rest, &[], |config| {
            std::fs::write(config.with_file_name("key"), secret.unwrap_or("-")).expect("a key");
        });
        let mut windows = Windows::new(Config {
            role: theirs,
            name: "win".to_owned(),
            mclt_s: MCLT_S,
            lease_s: LEASE_S,
            receive_timer_s: 6,
            startup_ms: 300_000,
            retry_ms: 500,
            rebalance_ms: 1_000,
            primary_buckets: HashBuckets::from_percent(50).expect("a percentage"),
            primary_percent: 50,
            scopes: vec![scope(FIRST, [255, 255, 0, 0])],
            settings: Settings::DEFAULT,
            secret: secret.map(|secret| Key::new(Scheme::WINDOWS, secret)),
        });
        windows.start(now_ms());
        let streams = BTreeMap::new();
        let mut pair = Self { windows, listener, streams, next_link: 1, server, log: Vec::new() };
        pair.until_normal();
        pair
    }

    /// Steps until it is so; what did not come about fails the test.
    fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(self) {
            self.server.must_run();
            assert!(
                Instant::now() < deadline,
                "not in time: {what}\n{}\n{}",
                self.log.join("\n"),
                self.server.process.log_tail()
            );
            self.step();
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn until_normal(&mut self) {
        self.until("both in NORMAL, and nothing left to tell", |it| {
            it.windows.is_settled()
                && remote::status(&it.server.admin)
                    .is_ok_and(|row| row.state == "NORMAL" && row.pending == 0)
        });
    }

    fn server_state(&self) -> String {
        remote::status(&self.server.admin).map_or_else(|error| error, |row| row.state)
    }

    fn row(&self, address: Ipv4Addr) -> String {
        self.server.leases().get(&address).map_or_else(String::new, |row| row.status.clone())
    }

    /// Whatever is due at the Windows server, and on its sockets.
    fn step(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            let link = self.add(stream);
            self.windows.accepted(now_ms(), link);
        }
        for link in self.streams.keys().copied().collect::<Vec<_>>() {
            self.read(link);
        }
        while self.windows.tick(now_ms()) {}
        loop {
            let words = self.windows.take_words();
            if words.is_empty() {
                return;
            }
            words.into_iter().for_each(|word| self.carry_out(word));
        }
    }

    fn add(&mut self, stream: TcpStream) -> u64 {
        stream.set_nonblocking(true).expect("a socket");
        let link = self.next_link;
        self.next_link += 1;
        self.streams.insert(link, stream);
        link
    }

    fn read(&mut self, link: u64) {
        let mut buffer = [0; 4096];
        loop {
            let Some(stream) = self.streams.get_mut(&link) else { return };
            match stream.read(&mut buffer) {
                Ok(0) => {
                    self.streams.remove(&link);
                    return self.windows.closed(now_ms(), link);
                }
                Ok(length) => self.windows.bytes(now_ms(), link, &buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.streams.remove(&link);
                    return self.windows.closed(now_ms(), link);
                }
            }
        }
    }

    fn carry_out(&mut self, word: Word) {
        match word {
            Word::Dial => {
                let link = connect(self.server.failover).map(|stream| self.add(stream));
                self.windows.dialed(now_ms(), link);
            }
            Word::Send { link, bytes } => {
                let Some(stream) = self.streams.get_mut(&link) else { return };
                stream.set_nonblocking(false).expect("a socket");
                // A connection that is gone is noticed when it is read.
                let _ = stream.write_all(&bytes);
                stream.set_nonblocking(true).expect("a socket");
            }
            Word::Close { link } => {
                if let Some(stream) = self.streams.remove(&link) {
                    let _ = stream.shutdown(Shutdown::Both);
                }
            }
            Word::Log(text) => self.log.push(text),
            Word::Exit(why) => panic!("a Windows server does not end by itself: {why}"),
        }
    }

    /// Every connection breaks.
    fn cut(&mut self) {
        for (link, stream) in std::mem::take(&mut self.streams) {
            let _ = stream.shutdown(Shutdown::Both);
            self.windows.closed(now_ms(), link);
        }
    }

    /// A client that is for one of the two while both serve, and was not here before.
    fn client_for(&self, windows: bool, from: u32) -> Identity {
        let is_theirs =
            |who: &Identity| self.windows.answers(RequestClass::New, client_of(who).balance_key());
        let mut all = (from..).map(identity);
        all.find(|who| is_theirs(who) == windows).expect("there are clients of all kinds")
    }

    /// The Windows server gives or renews a lease.
    fn windows_serves(&mut self, who: &Identity, class: RequestClass) -> (Ipv4Addr, u64) {
        let client = client_of(who);
        let request = Request { client: &client, class, wanted: None, secs: 0 };
        let served = self.windows.serve(now_ms(), &request).expect("the Windows server answers");
        self.step();
        served
    }

    fn renew_at_ours(&mut self, who: &Identity, address: Ipv4Addr) {
        let content = Content { xid: xid(), ciaddr: Some(address), ..Content::default() };
        let ack = self.server.answer(MessageType::Request, who, content);
        assert_eq!((ack.kind, ack.address()), (MessageType::Ack, address));
    }

    fn release_at_ours(&self, who: &Identity, address: Ipv4Addr) {
        let content = Content {
            xid: xid(),
            ciaddr: Some(address),
            server: Some(*self.server.dhcp.ip()),
            relay: Some(RELAY),
            ..Content::default()
        };
        self.server.send(&encode(&message(MessageType::Release, who, content)));
    }

    fn until_windows_has(&mut self, address: Ipv4Addr, who: &Identity) {
        let client = client_of(who);
        self.until("the Windows server knows the lease", |it| it.windows.keeps(address, &client));
    }

    fn until_row(&mut self, address: Ipv4Addr, wanted: &[&str]) {
        let what = format!("{address} is {wanted:?}");
        self.until(&what, |it| wanted.contains(&it.row(address).as_str()));
    }

    /// Each has a lease, both know both, and each renews the other's.
    fn exchange_leases(&mut self, from: u32) -> [(Identity, Ipv4Addr); 2] {
        let (ours, theirs) = (self.client_for(false, from), self.client_for(true, from));
        let by_ours = self.server.lease(&ours, Vec::new()).address();
        let (by_theirs, seconds) = self.windows_serves(&theirs, RequestClass::New);
        assert_eq!(seconds, MCLT_S, "a first lease of Windows lasts the MCLT");
        self.until_windows_has(by_ours, &ours);
        self.until_row(by_theirs, &["ACTIVE"]);
        self.until_normal();
        self.renew_at_ours(&theirs, by_theirs);
        let (renewed, seconds) = self.windows_serves(&ours, RequestClass::Renewal);
        assert_eq!((renewed, seconds), (by_ours, LEASE_S), "the partner knows of the lease");
        self.until_normal();
        [(ours, by_ours), (theirs, by_theirs)]
    }
}

/// A connection from the partner's address.
fn connect(to: SocketAddrV4) -> Option<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddrV4::new(PARTNER, 0).into()).expect("a loopback address");
    socket.connect(&to.into()).ok()?;
    Some(TcpStream::from(socket))
}

/// win-8, win-9, win-15 of the simulator's list: from nothing to NORMAL, hand-over of addresses, leases,
/// renewals at the other server, releases at either, and one more scope.
fn they_serve_together(ours: Role, secret: Option<&str>) {
    let mut pair = Pair::start(ours, secret);
    let half = usize::from(ADDRESSES / 2);
    pair.until("the secondary has half of the addresses", |it| {
        it.windows.count(Status::BACKUP) == half
    });
    let [(ours_of, by_ours), (theirs_of, by_theirs)] = pair.exchange_leases(0);
    assert_ne!(by_ours, by_theirs);

    pair.release_at_ours(&ours_of, by_ours);
    let free = [Status::FREE, Status::BACKUP];
    pair.until("the release is known there", |it| {
        it.windows.lease(by_ours).is_some_and(|lease| free.contains(&lease.status()))
    });
    let client = client_of(&theirs_of);
    pair.windows.released(now_ms(), by_theirs, &client);
    pair.until_row(by_theirs, &["FREE", "BACKUP"]);
    pair.until_normal();

    // The second scope is configured at ours; now the Windows server has it, too.
    assert_eq!(pair.windows.lease(Ipv4Addr::new(10, 78, 0, 100)), None);
    pair.windows.add_scope(now_ms(), scope(SECOND, [255, 255, 0, 0]));
    let of_second = |pair: &Pair| {
        let table = pair.server.leases();
        let rows = table.values().filter(|row| row.address.octets()[0] == 10);
        rows.filter(|row| row.status == "BACKUP").count()
    };
    pair.until("the addresses of the new scope are handed over", |it| {
        of_second(it) == half && it.windows.count(Status::BACKUP) >= 2 * half - 2
    });
    pair.until_normal();
}

#[test]
fn a_windows_primary_and_ours_serve_together() {
    they_serve_together(Role::Secondary, None);
}

#[test]
fn a_windows_secondary_and_ours_serve_together() {
    they_serve_together(Role::Primary, None);
}

/// win-1. Whether a real Windows computes its digests like this is not known.
#[test]
fn a_windows_server_that_signs_and_ours_serve_together() {
    they_serve_together(Role::Secondary, Some("a shared secret"));
    they_serve_together(Role::Primary, Some("a shared secret"));
}

/// The connection breaks, either process dies: leases are kept, those given meanwhile are told, and both
/// come back to NORMAL.
fn they_survive_each_others_loss(ours: Role) {
    let mut pair = Pair::start(ours, None);
    let [(ours_of, by_ours), (theirs_of, by_theirs)] = pair.exchange_leases(10);

    pair.cut();
    pair.until_normal();

    // The Windows server is gone, and ours goes on alone.
    pair.cut();
    pair.windows.stop();
    pair.until("ours has noticed", |it| it.server_state() == "COMMUNICATIONS-INTERRUPTED");
    let alone = identity(50);
    // The state is stored before anybody is served in it: a client asks again.
    pair.until("ours serves alone", |it| {
        let content = Content { xid: xid(), ..Content::default() };
        it.server.ask(MessageType::Discover, &alone, content).is_some()
    });
    let by_alone = pair.server.lease(&alone, Vec::new()).address();
    pair.renew_at_ours(&ours_of, by_ours);
    pair.windows.start(now_ms());
    pair.until_normal();
    pair.until_windows_has(by_alone, &alone);

    // Ours is gone, and the Windows server goes on alone.
    pair.server.process.kill().expect("it runs");
    let interrupted = ServerState::COMMUNICATIONS_INTERRUPTED;
    let deadline = Instant::now() + PATIENCE;
    while pair.windows.state() != interrupted {
        assert!(Instant::now() < deadline, "{:?}", pair.windows.state());
        pair.step();
        std::thread::sleep(Duration::from_millis(2));
    }
    let other = identity(51);
    let (by_other, _) = pair.windows_serves(&other, RequestClass::New);
    assert_ne!(by_other, by_alone);
    pair.windows_serves(&theirs_of, RequestClass::Renewal);
    pair.server.process.start().expect("it starts again");
    pair.server.wait_until_ready();
    pair.until_normal();
    pair.until_row(by_other, &["ACTIVE", "FREE", "BACKUP"]);
    for (who, address) in [(&ours_of, by_ours), (&theirs_of, by_theirs)] {
        pair.renew_at_ours(who, address);
        assert!(pair.windows.keeps(address, &client_of(who)), "{address}");
    }
}

#[test]
fn a_windows_primary_and_ours_survive_each_others_loss() {
    they_survive_each_others_loss(Role::Secondary);
}

#[test]
fn a_windows_secondary_and_ours_survive_each_others_loss() {
    they_survive_each_others_loss(Role::Primary);
}
