use super::server::{CLIENTS_MAX, LINE_MAX};
use super::*;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

struct Harness {
    _directory: tempfile::TempDir,
    path: PathBuf,
    server: AdminServer,
}

/// A server of `addresses` leases that does what it is told and says so.
fn start(addresses: u32) -> Harness {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("admin.sock");
    let (sender, mut calls) = mpsc::channel::<AdminCall>(4);
    let server = AdminServer::start(&path, sender).unwrap();
    tokio::spawn(async move {
        while let Some((request, reply)) = calls.recv().await {
            let _ = reply.send(answer(addresses, request));
        }
    });
    Harness { _directory: directory, path, server }
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
        _ => AdminResponse::Status { rows: Vec::new() },
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

/// Sends raw bytes and reads one line.
async fn raw(path: &PathBuf, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    line
}

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn leases_are_collected_over_several_pages() {
    let harness = start(2500);
    let path = harness.path.clone();
    let rows = blocking(move || leases(&path, None).unwrap()).await;
    assert_eq!(rows.len(), 2500);
    assert_eq!(rows.last(), Some(&lease(Ipv4Addr::from(2499))));
}

#[tokio::test]
async fn a_refusal_carries_the_reason() {
    let harness = start(0);
    let path = harness.path.clone();
    let ask = |relationship: Option<&str>| {
        let request = AdminRequest::PartnerDown { relationship: relationship.map(str::to_owned) };
        let path = path.clone();
        blocking(move || call(&path, &request).map_err(|error| error.to_string()))
    };
    let error = ask(None).await.unwrap_err();
    assert_eq!(error, "there are several relationships; add --relationship NAME: a, b");
    assert_eq!(ask(Some("c")).await.unwrap_err(), "there is no relationship \"c\"; known: a, b");
    let done = AdminResponse::Done { message: "b is PARTNER-DOWN".into() };
    assert_eq!(ask(Some("b")).await, Ok(done));
}

#[tokio::test]
async fn the_socket_belongs_to_its_user_and_goes_with_the_server() {
    let harness = start(0);
    let mode = std::fs::metadata(&harness.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(harness.server);
    assert!(!harness.path.exists());
    let path = harness.path.clone();
    let request = AdminRequest::Status { relationship: None };
    let error = blocking(move || call(&path, &request).unwrap_err().to_string()).await;
    assert!(error.contains("admin.sock") && error.contains("is it running"), "{error}");
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_a_living_one_is_not() {
    let harness = start(0);
    let (sender, _calls) = mpsc::channel(1);
    let error = AdminServer::start(&harness.path, sender.clone()).unwrap_err().to_string();
    assert!(error.contains("another server listens there"), "{error}");

    let stale = harness.path.with_file_name("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    assert!(stale.exists());
    let _server = AdminServer::start(&stale, sender.clone()).unwrap();

    let file = harness.path.with_file_name("file");
    std::fs::write(&file, "precious").unwrap();
    let error = AdminServer::start(&file, sender).unwrap_err().to_string();
    assert!(error.contains("is no socket"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

#[tokio::test]
async fn bad_requests_get_an_answer_and_the_next_one_is_served() {
    let harness = start(1);
    for (bytes, expected) in [
        (&b"hello\n"[..], "not understood"),
        (b"{\"version\":2,\"request\":{}}\n", "speaks version 1"),
        (b"{\"version\":1,\"request\":{\"command\":\"explode\"}}\n", "unknown variant"),
        (b"{\"version\":1,\"request\":{\"command\":\"status\",\"x\":1}}\n", "unknown field"),
        (
            b"{\"version\":1,\"request\":{\"command\":\"leases\",\"limit\":5000}}\n",
            "ask for 1 to 1000 rows",
        ),
    ] {
        let line = raw(&harness.path, bytes).await;
        assert!(line.contains(expected), "{line}");
    }
    let line = raw(&harness.path, &vec![b'x'; LINE_MAX as usize + 100]).await;
    assert!(line.contains("at most 16384 bytes"), "{line}");
    let line = raw(&harness.path, b"{\"version\":1,\"request\":{\"command\":\"status\"}}\n").await;
    assert_eq!(line, "{\"version\":1,\"response\":{\"result\":\"status\",\"rows\":[]}}\n");
}

#[tokio::test]
async fn too_many_clients_are_closed_at_once() {
    let harness = start(0);
    let mut clients = Vec::new();
    for _ in 0..=CLIENTS_MAX {
        clients.push(UnixStream::connect(&harness.path).await.unwrap());
    }
    assert!(matches!(clients[CLIENTS_MAX].read(&mut [0]).await, Ok(0) | Err(_)));
    let request = b"{\"version\":1,\"request\":{\"command\":\"status\"}}\n";
    clients[0].write_all(request).await.unwrap();
    assert!(matches!(clients[0].read(&mut [0]).await, Ok(1)));
}
