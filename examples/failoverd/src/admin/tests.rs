//! The two sides over real sockets, and who may connect.

use super::server::{CLIENTS_MAX, HEAD_MAX};
use super::*;
use crate::config::Group;
use crate::metrics::Metrics;
use dhcp_failover_relationship::cmdlet::{AddFailover, Failover, ScopeStatistics, SetFailover};
use dhcp_failover_relationship::{ModeName, Relationship, SharedSecret, TimeSpan};
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

/// A server that answers as [`answer`] says, with a socket for administrators and one for readers.
pub(super) struct Harness {
    directory: tempfile::TempDir,
    pub(super) administrators: PathBuf,
    pub(super) readers: PathBuf,
    /// What has reached the core.
    pub(super) asked: Arc<Mutex<Vec<AdminRequest>>>,
    server: AdminServer,
}

/// Starts one with so many leases.
pub(super) fn start(addresses: u32) -> Harness {
    let directory = tempfile::tempdir().unwrap();
    let administrators = directory.path().join("admin.sock");
    let readers = directory.path().join("readers.sock");
    let sockets = [
        AdminSocket::private(&administrators),
        AdminSocket { path: readers.clone(), access: Access::Readers, group: None },
    ];
    let (sender, mut calls) = mpsc::channel::<AdminCall>(4);
    let server = AdminServer::start(&sockets, &sender, &Metrics::new()).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    tokio::spawn(async move {
        while let Some((request, reply)) = calls.recv().await {
            noted.lock().unwrap().push(request.clone());
            let _ = reply.send(answer(addresses, request));
        }
    });
    Harness { directory, administrators, readers, asked, server }
}

fn answer(addresses: u32, request: AdminRequest) -> AdminResponse {
    match request {
        AdminRequest::Leases { after, limit, .. } => {
            let first = after.map_or(0, |address| u32::from(address) + 1);
            let end = addresses.min(first + limit);
            let rows = (first..end).map(|number| lease(Ipv4Addr::from(number))).collect();
            AdminResponse::Leases { rows, more: end < addresses }
        }
        AdminRequest::PartnerDown { relationship } => {
            match choose_relationship(&["a", "b"], relationship.as_deref()) {
                Ok(name) => AdminResponse::Done { message: format!("{name} is PARTNER-DOWN") },
                Err(refusal) => AdminResponse::Failed(refusal),
            }
        }
        AdminRequest::Recover { relationship } => {
            AdminResponse::Done { message: relationship.unwrap_or_default() }
        }
        AdminRequest::Status { relationship: Some(name) } => {
            AdminResponse::Status { rows: vec![row(&name)] }
        }
        AdminRequest::Status { relationship: None } => {
            AdminResponse::Status { rows: vec![row("a"), row("b")] }
        }
        AdminRequest::Explain { .. } => AdminResponse::Explained { rows: Vec::new() },
        AdminRequest::PartnerDownRisk { .. } => {
            AdminResponse::Risk { report: Box::new(RiskReport::default()) }
        }
        AdminRequest::ForcePartnerDown { .. }
        | AdminRequest::Pause { .. }
        | AdminRequest::WhatIf { .. }
        | AdminRequest::Shutdown { .. } => AdminResponse::Done { message: String::new() },
        AdminRequest::GetFailover { .. } => AdminResponse::Failovers { rows: vec![failover()] },
        AdminRequest::RemoveFailover { name, .. } if name == "wrong twice" => {
            let problem = |code, message: &str| Problem {
                code,
                message: message.into(),
                remedy: "do otherwise".into(),
            };
            let problems = vec![problem(20133, "it is busy"), problem(87, "and nonsense")];
            AdminResponse::Failed(Refusal::all(problems).unwrap())
        }
        AdminRequest::AddFailover { what_if, .. }
        | AdminRequest::SetFailover { what_if, .. }
        | AdminRequest::RemoveFailover { what_if, .. }
        | AdminRequest::AddFailoverScope { what_if, .. }
        | AdminRequest::SetScope { what_if, .. }
        | AdminRequest::RemoveFailoverScope { what_if, .. } => AdminResponse::Changed(Changed {
            relationship: (!what_if).then(failover),
            done: vec!["something".into()],
            what_if,
        }),
        AdminRequest::ScopeStatistics { .. } => AdminResponse::Statistics { rows: vec![figures()] },
        AdminRequest::ExportConfig => AdminResponse::Config { toml: "[server]\n".into() },
        AdminRequest::ConfigDifferences => {
            AdminResponse::Differences { lines: vec!["one".into(), "two".into()] }
        }
    }
}

/// A relationship with everything in it that can be absent.
pub(super) fn failover() -> Failover {
    let pair = Relationship::builder("a b", [192, 0, 2, 1].into(), [192, 0, 2, 2].into())
        .server_names("one", "two")
        .safe_period_s(Some(7_200))
        .scopes([[10, 0, 1, 0].into(), [10, 0, 2, 0].into()])
        .build();
    Failover::of(&pair.unwrap())
}

pub(super) fn figures() -> ScopeStatistics {
    let statistics = dhcp_failover_relationship::Statistics::default();
    ScopeStatistics { scope_id: [10, 0, 1, 0].into(), statistics }
}

fn row(name: &str) -> StatusRow {
    StatusRow {
        name: name.into(),
        role: "primary".into(),
        state: "NORMAL".into(),
        partner_state: "NORMAL".into(),
        pending: 0,
        disputed: 0,
    }
}

fn lease(address: Ipv4Addr) -> LeaseRow {
    LeaseRow {
        address,
        status: "FREE".into(),
        client_id: None,
        hwaddr: Some("02:00:00:00:00:01".into()),
        expires: None,
        owner: owner_of("FREE").into(),
        host_name: None,
        relay_agent: None,
        dispute: None,
    }
}

/// Sends raw bytes and reads until the server closes.
pub(super) async fn raw(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    // A server that refuses may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn ask(path: &Path, request: AdminRequest) -> Result<AdminResponse, String> {
    let path = path.to_owned();
    blocking(move || call(&path, &request).map_err(|error| error.to_string())).await
}

#[tokio::test]
async fn leases_are_collected_over_several_pages() {
    let harness = start(2500);
    let path = harness.administrators.clone();
    let rows = blocking(move || leases(&path, None).unwrap()).await;
    assert_eq!(rows.len(), 2500);
    assert_eq!(rows.last(), Some(&lease(Ipv4Addr::from(2499))));
}

#[tokio::test]
async fn a_refusal_carries_code_reason_and_remedy() {
    let harness = start(0);
    let order = |relationship: Option<&str>| {
        let request = AdminRequest::PartnerDown { relationship: relationship.map(str::to_owned) };
        ask(&harness.administrators, request)
    };
    let error = order(None).await.unwrap_err();
    assert_eq!(error, "there are several relationships; add --name NAME: a, b");
    assert_eq!(order(Some("c")).await.unwrap_err(), "there is no relationship \"c\"; known: a, b");
    let done = AdminResponse::Done { message: "b is PARTNER-DOWN".into() };
    assert_eq!(order(Some("b")).await, Ok(done));
    let path = harness.administrators.clone();
    let request = AdminRequest::PartnerDown { relationship: Some("c".into()) };
    let refused = blocking(move || call(&path, &request)).await;
    let Err(ClientError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal.code(), codes::NO_RELATIONSHIP);
}

fn every_request(name: &str, what_if: bool) -> Vec<AdminRequest> {
    let secret = || SharedSecret::new("\u{1f511} \"secret\"").unwrap();
    let relationship = || Some(name.to_owned());
    let (name, scope_id) = (name.to_owned(), vec!["10.0.1.0".to_owned(), "2001:db8::".to_owned()]);
    let scopes = vec![[10, 0, 1, 0].into(), [10, 0, 2, 0].into()];
    let add = AddFailover {
        name: relationship(),
        partner_server: Some("192.0.2.2:1647".into()),
        scope_id: scope_id.clone(),
        mode: Some(ModeName::HotStandby),
        reserve_percent: Some(101),
        max_client_lead_time: Some(TimeSpan::HOUR),
        shared_secret: Some(secret()),
        ..AddFailover::default()
    };
    let partner = Partner { name: "192.0.2.2".into(), address: "192.0.2.2:1647".parse().unwrap() };
    let mut requests = vec![
        AdminRequest::Status { relationship: relationship() },
        AdminRequest::Leases {
            relationship: None,
            scope_id: scopes.clone(),
            after: Some([10, 0, 0, 1].into()),
            limit: 7,
        },
        AdminRequest::Explain {
            hwaddr: Some("02:00:00:00:00:01".into()),
            client_id: Some("&=+ %".into()),
            relationship: relationship(),
        },
        AdminRequest::ForcePartnerDown { relationship: relationship() },
        AdminRequest::PartnerDownRisk { relationship: relationship() },
        AdminRequest::Recover { relationship: relationship() },
        AdminRequest::Pause { relationship: relationship() },
        AdminRequest::Shutdown { relationship: relationship() },
        AdminRequest::GetFailover { name: Vec::new(), scope_id: Vec::new() },
        AdminRequest::GetFailover {
            name: vec![name.clone(), "2".into()],
            scope_id: scopes.clone(),
        },
        AdminRequest::AddFailover { parameters: Box::new(add), partner, what_if },
        AdminRequest::RemoveFailover { name: name.clone(), what_if },
        AdminRequest::AddFailoverScope { name: name.clone(), scope_id: scope_id.clone(), what_if },
        AdminRequest::RemoveFailoverScope { name: name.clone(), scope_id, what_if },
        AdminRequest::SetScope {
            scope_id: vec!["10.1.0.0".into()],
            state: ScopeState::Inactive,
            what_if,
        },
        AdminRequest::ScopeStatistics { scope_id: scopes },
        AdminRequest::ExportConfig,
        AdminRequest::ConfigDifferences,
    ];
    for order in [Order::Recover, Order::Pause, Order::Shutdown] {
        requests.push(AdminRequest::WhatIf { order, relationship: relationship() });
    }
    for shared_secret in [None, Some(None), Some(Some(secret()))] {
        let load_balance_percent = Some(30);
        let set = SetFailover { load_balance_percent, shared_secret, ..SetFailover::default() };
        let parameters = Box::new(set);
        requests.push(AdminRequest::SetFailover { name: name.clone(), parameters, what_if });
    }
    requests
}

#[tokio::test]
async fn every_request_reaches_the_core_as_it_was_made_and_its_answer_comes_back() {
    let harness = start(30);
    for what_if in [false, true] {
        for request in every_request("two words/1", what_if) {
            let answered = ask(&harness.administrators, request.clone()).await;
            assert_eq!(harness.asked.lock().unwrap().last(), Some(&request));
            assert_eq!(answered, Ok(answer(30, request)));
        }
    }
}

/// The address is for the server to find, by a name that it knows.
#[tokio::test]
async fn the_server_looks_the_partner_up() {
    let harness = start(0);
    let add = |partner: &str| {
        let partner_server = Some(partner.to_owned());
        let parameters = AddFailover { partner_server, ..AddFailover::default() };
        ask(&harness.administrators, AdminRequest::add_failover(parameters, false))
    };
    add("localhost:1647").await.unwrap();
    let asked = harness.asked.lock().unwrap().pop();
    let Some(AdminRequest::AddFailover { partner, .. }) = asked else { panic!("{asked:?}") };
    let address = "127.0.0.1:1647".parse().unwrap();
    assert_eq!(partner, Partner { name: "localhost".into(), address });
    let error = add("no-such-host.invalid").await.unwrap_err();
    assert!(error.contains("\"no-such-host.invalid\" cannot be resolved"), "{error}");
    assert!(harness.asked.lock().unwrap().is_empty());
}

/// In paths and in queries, both ways.
#[tokio::test]
async fn names_hold_any_character() {
    let harness = start(0);
    let everything: String = ('\0'..='\u{2ff}').chain(['\u{1f980}', '\u{ffff}']).collect();
    for name in ["two words", "a/b", "..", ".", "%2e", "a?b=c&d#e+f", "Zürich \"1\"", &everything]
    {
        let order = AdminRequest::Recover { relationship: Some(name.into()) };
        let done = AdminResponse::Done { message: name.into() };
        assert_eq!(ask(&harness.administrators, order.clone()).await, Ok(done), "{name:?}");
        assert_eq!(harness.asked.lock().unwrap().last(), Some(&order));
        let question = AdminRequest::Status { relationship: Some(name.into()) };
        let rows = vec![row(name)];
        let answer = ask(&harness.administrators, question).await;
        assert_eq!(answer, Ok(AdminResponse::Status { rows }), "{name:?}");
    }
}

#[tokio::test]
async fn the_sockets_go_with_the_server() {
    let Harness { directory, administrators, readers, server, .. } = start(0);
    drop(server);
    assert!(!administrators.exists() && !readers.exists(), "{directory:?}");
    let error = ask(&administrators, AdminRequest::Status { relationship: None }).await;
    let error = error.unwrap_err();
    assert!(error.contains("admin.sock") && error.contains("is it running"), "{error}");
}

/// Administrators: the server's user, and a group if there is one. Readers: everybody, or a group.
#[tokio::test]
async fn the_files_are_open_to_whom_they_are_for() {
    let directory = tempfile::tempdir().unwrap();
    let id = nix::unistd::getgid().as_raw();
    let group = || Some(Group { name: "ours".into(), id });
    let (sender, _calls) = mpsc::channel(1);
    for (number, (access, group, mode)) in [
        (Access::Administrators, None, 0o600),
        (Access::Administrators, group(), 0o660),
        (Access::Readers, None, 0o666),
        (Access::Readers, group(), 0o660),
    ]
    .into_iter()
    .enumerate()
    {
        let path = directory.path().join(number.to_string());
        let socket = AdminSocket { path: path.clone(), access, group };
        let _server = AdminServer::start(&[socket], &sender, &Metrics::new()).unwrap();
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{access:?}");
        assert_eq!(metadata.gid(), id);
    }
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_a_living_one_is_not() {
    let harness = start(0);
    let (sender, _calls) = mpsc::channel(1);
    let listen = |path: &Path| {
        let server = AdminServer::start(&[AdminSocket::private(path)], &sender, &Metrics::new());
        server.map_err(|error| error.to_string())
    };
    let error = listen(&harness.administrators).unwrap_err();
    assert!(error.contains("another server listens there"), "{error}");

    let stale = harness.administrators.with_file_name("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    assert!(stale.exists());
    let _server = listen(&stale).unwrap();

    let file = harness.administrators.with_file_name("file");
    std::fs::write(&file, "precious").unwrap();
    let error = listen(&file).unwrap_err();
    assert!(error.contains("is no socket"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

const STATUS: &[u8] = b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
const ONE_STATUS: &[u8] = b"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn too_many_clients_are_closed_at_once_and_readers_keep_nobody_out() {
    let harness = start(0);
    let mut clients = Vec::new();
    for _ in 0..=CLIENTS_MAX {
        clients.push(UnixStream::connect(&harness.readers).await.unwrap());
    }
    assert!(matches!(clients[CLIENTS_MAX].read(&mut [0]).await, Ok(0) | Err(_)));
    clients[0].write_all(STATUS).await.unwrap();
    assert!(matches!(clients[0].read(&mut [0]).await, Ok(1)));
    assert!(
        ask(&harness.administrators, AdminRequest::Status { relationship: None }).await.is_ok()
    );
}

/// With the clock of the runtime, which runs ahead while everybody waits.
#[tokio::test(start_paused = true)]
async fn a_client_that_dawdles_is_closed() {
    let harness = start(0);
    for (begun, awaited) in [
        (&b""[..], ""),
        (b"GET /v1/st", ""),
        (STATUS, "HTTP/1.1 200"),
        (b"POST /v1/relationships/a/recover HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", ""),
        (
            b"POST /v1/relationships HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
            "HTTP/1.1 408",
        ),
    ] {
        let mut stream = UnixStream::connect(&harness.administrators).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let mut answer = Vec::new();
        let patience = std::time::Duration::from_secs(600);
        let end = tokio::time::timeout(patience, stream.read_to_end(&mut answer)).await;
        let text = String::from_utf8_lossy(begun);
        assert!(end.is_ok(), "the server waits for ever for more than {text:?}");
        assert!(answer.starts_with(awaited.as_bytes()), "{text:?}");
    }
    assert!(
        ask(&harness.administrators, AdminRequest::Status { relationship: None }).await.is_ok()
    );
}

/// A change may be under way: whoever asked is told that nothing is known of it.
#[tokio::test(start_paused = true)]
async fn a_core_that_is_busy_or_gone_is_told_of_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("admin.sock");
    let (sender, mut calls) = mpsc::channel::<AdminCall>(1);
    let socket = AdminSocket::private(&path);
    let _server = AdminServer::start(&[socket], &sender, &Metrics::new()).unwrap();
    let busy = raw(&path, ONE_STATUS).await;
    assert!(busy.starts_with("HTTP/1.1 504") && busy.contains("\"code\":1460"), "{busy}");
    assert!(busy.contains("it may still be done"), "{busy}");
    let (_, reply) = calls.recv().await.unwrap();
    assert!(reply.is_closed(), "nobody waits for it any more");
    drop(calls);
    let gone = raw(&path, ONE_STATUS).await;
    assert!(gone.starts_with("HTTP/1.1 503") && gone.contains("\"code\":1115"), "{gone}");
}

#[tokio::test]
async fn what_is_no_http_or_too_long_harms_nobody() {
    let harness = start(0);
    let long =
        |count| [b"GET /v1/status?x=", "y".repeat(count).as_bytes(), b" HTTP/1.1\r\n"].concat();
    for bytes in [b"hello\n\n\n".to_vec(), vec![0xff; 100], long(2 * HEAD_MAX)] {
        let answer = raw(&harness.administrators, &bytes).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert!(
        ask(&harness.administrators, AdminRequest::Status { relationship: None }).await.is_ok()
    );
}

/// The client's own bounds: a server that sends nonsense, half an answer, or nothing.
#[tokio::test]
async fn an_answer_that_is_none_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    for (number, answer) in [
        "",
        "hello",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\n{}",
    ]
    .into_iter()
    .enumerate()
    {
        let path = directory.path().join(number.to_string());
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let error = ask(&path, AdminRequest::Status { relationship: None }).await.unwrap_err();
        assert!(error.contains("answer"), "{answer:?}: {error}");
        server.join().unwrap();
    }
}
