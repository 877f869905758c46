//! The admin API of a real server: who may do what.

use crate::hub::{PATIENCE, Site, relationship, scope};
use crate::support::{LONE_SCOPE, SERVER, Server, seed};
use dhcp_failover_relationship::SharedSecret;
use dhcp_failover_relationship::cmdlet::{AddFailover, SetFailover};
use failoverd::admin::{AdminRequest, AdminResponse, ClientError, call, codes};
use failoverd::demo::pair::free_port;
use failoverd::demo::random::Random;
use nix::unistd::{Group, getgid};
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

const EAST: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 8);

/// One relationship, whose partner is not there, and the sockets of administrators and readers.
fn start(groups: &str) -> Server {
    let pair = "[[relationship]]\nname = \"pair\"\nrole = \"primary\"\npartner = \"127.78.0.9:1\"\n\
                startup_s = 1\nstartup_policy = \"resume\"\n";
    let scope = format!("{LONE_SCOPE}relationship = \"pair\"\n");
    Server::start(&format!("reader_socket = \"r.sock\"\n{groups}\n{pair}{scope}"))
}

fn states(socket: &Path) -> Vec<String> {
    match call(socket, &AdminRequest::Status { relationship: None }) {
        Ok(AdminResponse::Status { rows }) => rows.into_iter().map(|row| row.state).collect(),
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> (u32, u32) {
    let metadata = std::fs::metadata(path).expect("a socket");
    (metadata.permissions().mode() & 0o777, metadata.gid())
}

#[test]
fn readers_see_everything_and_their_orders_change_nothing() {
    let server = start("");
    let readers = server.admin.with_file_name("r.sock");
    assert_eq!(states(&readers), states(&server.admin));
    let rows = failoverd::admin::leases(&readers, None).expect("a table");
    assert!(rows.is_empty(), "{rows:?}");
    let before = states(&server.admin);
    for order in [
        AdminRequest::Shutdown { relationship: None },
        AdminRequest::Pause { relationship: Some("pair".into()) },
        AdminRequest::ForcePartnerDown { relationship: Some("pair".into()) },
    ] {
        let Err(ClientError::Refused(refusal)) = call(&readers, &order) else {
            panic!("a reader ordered {order:?}")
        };
        assert_eq!(refusal.code(), codes::ACCESS_DENIED);
        assert!(refusal.first.remedy.contains("admin_socket"), "{refusal}");
    }
    assert_eq!(states(&server.admin), before);
    let order = AdminRequest::Pause { relationship: None };
    assert!(matches!(call(&server.admin, &order), Ok(AdminResponse::Done { .. })));
    assert_eq!(states(&readers), ["PAUSED"]);
}

#[test]
fn the_sockets_are_open_to_whom_the_configuration_says() {
    let ours = Group::from_gid(getgid()).expect("a system").expect("a group with a name");
    let gid = ours.gid.as_raw();
    let alone = start("");
    assert_eq!(mode(&alone.admin), (0o600, gid));
    assert_eq!(mode(&alone.admin.with_file_name("r.sock")).0, 0o666);
    drop(alone);
    let name = ours.name;
    let grouped = start(&format!("admin_group = {name:?}\nreader_group = {name:?}"));
    assert_eq!(mode(&grouped.admin), (0o660, gid));
    assert_eq!(mode(&grouped.admin.with_file_name("r.sock")), (0o660, gid));
}

/// The head and the body of the answer to a GET.
fn get(socket: &Path, target: &str) -> (String, String) {
    let mut stream = UnixStream::connect(socket).expect("a connection");
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

/// What any program that speaks HTTP sees; the address is a file, the rest is as everywhere.
#[test]
fn it_is_plain_http() {
    let server = start("");
    let (head, body) = get(&server.admin, "/v1/status");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"), "{head}");
    let rows: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(rows["rows"][0]["name"], "pair");
}

/// The value of a series on the page.
fn gauge(page: &str, series: &str) -> Option<i64> {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().expect("a number"))
}

#[test]
fn the_metrics_of_a_running_pair_tell_its_state_and_that_it_lost_its_partner() {
    let mut random = Random::new(Random::fresh_seed());
    let directory = tempfile::Builder::new().prefix("fo-").tempdir().expect("a directory");
    let mut at = |address| [(); 2].map(|()| free_port(address, &mut random).expect("a port"));
    let (west_at, east_at) = (at(SERVER), at(EAST));
    let config = |role, partner| relationship("pair", role, partner, "") + &scope(78, Some("pair"));
    let dir = directory.path();
    let mut west = Site::start("west", west_at, 6767, &config("primary", east_at[1]), dir);
    let mut east = Site::start("east", east_at, 6767, &config("secondary", west_at[1]), dir);
    west.wait_until_normal(1);
    east.wait_until_normal(1);
    let state_is = |state: &str| {
        format!("failoverd_relationship_state{{relationship=\"pair\",state=\"{state}\"}}")
    };
    let of = |name: &str| format!("failoverd_{name}{{relationship=\"pair\"}}");
    let side = |side: &str| {
        format!("failoverd_available_addresses{{relationship=\"pair\",side=\"{side}\"}}")
    };
    let alarms = "failoverd_reports_total{relationship=\"pair\",severity=\"alarm\"}";
    // The page is brought up to date twice a second, and the pool is shared soon after NORMAL.
    let deadline = Instant::now() + PATIENCE;
    let page = loop {
        let page = get(&west.admin, "/metrics").1;
        if gauge(&page, &state_is("NORMAL")) == Some(1)
            && gauge(&page, &side("partner")) == Some(32)
        {
            break page;
        }
        assert!(Instant::now() < deadline, "{page}\n{}", west.process.log_tail());
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(gauge(&page, &side("this")), Some(32));
    assert_eq!(gauge(&page, &of("connected")), Some(1));
    assert_eq!(gauge(&page, &of("pending_updates")), Some(0));
    assert_eq!(gauge(&page, &of("disputed_addresses")), Some(0));
    // One machine, one clock.
    assert!(gauge(&page, &of("partner_clock_ahead_seconds")).is_some_and(|it| it.abs() <= 1));
    assert!(gauge(&page, &of("contact_age_seconds")).is_some_and(|it| it <= 5), "{page}");
    assert!(page.contains("failoverd_partner_state{relationship=\"pair\",state=\"NORMAL\"} 1"));
    let before = gauge(&page, alarms).expect("a number");

    east.process.kill().expect("SIGKILL");
    let deadline = Instant::now() + PATIENCE;
    let page = loop {
        let page = get(&west.admin, "/metrics").1;
        if gauge(&page, &state_is("COMMUNICATIONS-INTERRUPTED")) == Some(1)
            && gauge(&page, &of("contact_age_seconds")).is_some_and(|it| it >= 2)
        {
            break page;
        }
        assert!(Instant::now() < deadline, "{page}\n{}", west.process.log_tail());
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(gauge(&page, &of("connected")), Some(0));
    assert_eq!(gauge(&page, &of("partner_clock_ahead_seconds")), None, "nothing is known of it");
    assert!(gauge(&page, alarms).is_some_and(|it| it > before), "§9.9.1: that is an alarm\n{page}");
}

/// A relationship that is made, looked at, changed and removed while the server runs.
#[test]
fn what_readers_want_to_change_stays_and_what_is_removed_leaves_the_metrics() {
    let server = Server::start(&format!("reader_socket = \"r.sock\"\n{LONE_SCOPE}"));
    let readers = server.admin.with_file_name("r.sock");
    let name = "Zürich / 1 %41?";
    let parameters = AddFailover {
        name: Some(name.into()),
        partner_server: Some("127.78.0.9:1".into()),
        scope_id: vec!["127.78.0.0".into()],
        shared_secret: SharedSecret::new("not for readers").ok(),
        ..AddFailover::default()
    };
    let add = |what_if| AdminRequest::add_failover(parameters.clone(), what_if);
    let all = AdminRequest::GetFailover { name: Vec::new(), scope_id: Vec::new() };
    let rows = || match call(&readers, &all) {
        Ok(AdminResponse::Failovers { rows }) => rows,
        other => panic!("{other:?}"),
    };
    let refused = |socket: &Path, request: &AdminRequest| match call(socket, request) {
        Err(ClientError::Refused(refusal)) => refusal,
        other => panic!("{request:?}: {other:?}"),
    };
    let changed = |request: &AdminRequest| match call(&server.admin, request) {
        Ok(AdminResponse::Changed(changed)) => changed,
        other => panic!("{request:?}: {other:?}"),
    };
    assert_eq!(refused(&readers, &add(false)).code(), codes::ACCESS_DENIED);
    let tried = changed(&add(true));
    assert!(tried.what_if && tried.relationship.is_some_and(|it| it.name == name));
    assert_eq!(rows(), [], "neither a reader nor a question makes one");

    let made = changed(&add(false)).relationship.expect("a relationship");
    assert_eq!(rows().first().map(|it| &it.name), Some(&made.name));
    assert!(made.enable_auth);
    let twice = refused(&server.admin, &add(false)).problems;
    let wrong: Vec<u32> = twice.iter().map(|it| it.code).collect();
    assert_eq!(wrong, [codes::SCOPE_RELATED, codes::RELATIONSHIP_EXISTS], "{twice:?}");
    let is_shown = |page: &str| page.contains(&format!("relationship=\"{name}\""));
    let page = || get(&readers, "/metrics").1;
    wait_until(|| is_shown(&page()));
    for target in ["/v1/relationships", "/v1/config", "/v1/config/differences", "/v1/status"] {
        let (head, body) = get(&readers, target);
        assert!(head.starts_with("HTTP/1.1 200"), "{target}: {head}");
        assert!(!body.contains("not for readers"), "{target}: {body}");
    }
    for request in [
        AdminRequest::SetFailover {
            name: name.into(),
            parameters: Box::new(SetFailover {
                shared_secret: Some(None),
                ..SetFailover::default()
            }),
            what_if: false,
        },
        AdminRequest::RemoveFailoverScope {
            name: name.into(),
            scope_id: vec!["127.78.0.0".into()],
            what_if: false,
        },
        AdminRequest::RemoveFailover { name: name.into(), what_if: false },
    ] {
        assert_eq!(refused(&readers, &request).code(), codes::ACCESS_DENIED);
    }
    let now = rows();
    assert!(now[0].enable_auth && now[0].scope_id == made.scope_id, "{now:?}");

    let remove = AdminRequest::RemoveFailover { name: name.into(), what_if: false };
    assert_eq!(changed(&remove).relationship, None);
    assert_eq!(rows(), []);
    assert_eq!(refused(&server.admin, &remove).code(), codes::NO_RELATIONSHIP);
    // Nothing brings it back: the page is brought up to date twice a second.
    std::thread::sleep(Duration::from_millis(1_200));
    assert!(!is_shown(&page()), "{}", page());
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Bytes that are nearly a request, or not at all, cut anywhere; some clients stay without a word.
#[test]
fn hostile_clients_of_both_sockets_harm_nobody() {
    let mut random = Random::new(seed());
    let mut server = start("");
    let readers = server.admin.with_file_name("r.sock");
    let before = states(&server.admin);
    let requests: [&[u8]; 4] = [
        b"GET /v1/leases?limit=1000&after=127.78.0.1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/relationships/%70air?x=%ff HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
        b"GET /v1/explain?hwaddr=02:00:00:00:00:01 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n",
        b"GET /v1/config HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
    ];
    let mut silent = Vec::new();
    for number in 0..400 {
        let socket = if random.below(2) == 0 { &server.admin } else { &readers };
        let mut bytes = requests[random.below(4) as usize].to_vec();
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len() as u64) as usize;
            // Never a letter: a GET stays one, or becomes nonsense.
            bytes[at] = random.below(65) as u8;
        }
        if random.below(3) == 0 {
            bytes.truncate(random.below(bytes.len() as u64) as usize);
        }
        if random.below(20) == 0 {
            bytes = vec![b'x'; 1 << 20];
        }
        let mut stream = UnixStream::connect(socket).expect("the server listens");
        stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a time-out");
        // It may have refused, and closed, before it has read everything.
        let _ = stream.write_all(&bytes);
        if random.below(50) == 0 && silent.len() < 8 {
            silent.push(stream);
        }
        if number % 40 == 0 {
            server.must_run();
        }
    }
    server.must_run();
    wait_until(|| call(&server.admin, &AdminRequest::Status { relationship: None }).is_ok());
    assert_eq!(states(&server.admin), before);
    drop(silent);
    // The task of a connection would take a panic with it, and the server would go on.
    let log = std::fs::read_to_string(server.process.log()).expect("a log");
    assert!(!log.contains("panicked"), "{log}");
}
