//! The admin API of a real server: who may do what.

use crate::support::{LONE_SCOPE, Server};
use failoverd::admin::{AdminRequest, AdminResponse, ClientError, call, codes};
use nix::unistd::{Group, getgid};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

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

/// What any program that speaks HTTP sees; the address is a file, the rest is as everywhere.
#[test]
fn it_is_plain_http() {
    let server = start("");
    let mut stream = UnixStream::connect(&server.admin).expect("a connection");
    let request = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"), "{head}");
    let rows: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(rows["rows"][0]["name"], "pair");
}
