//! `failoverctl import`: a server that begins with what dhcpd wrote down.

use crate::support::{LONE_SCOPE, Server, xid};
use dhcproto::v4::MessageType;
use failoverd::demo::packet::{Content, Identity};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};

/// The first address of the range: a new client would get it.
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 78, 1, 0);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 78, 2, 7);

fn who(number: u32) -> Identity {
    Identity::numbered(0x51, number)
}

fn failoverctl(arguments: &[&str]) -> Output {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_failoverctl"));
    Command::new(program).args(arguments).output().expect("failoverctl runs")
}

/// Two running leases, of clients 1 and 3, and one of an address that is not ours.
fn lease_file() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let ends = now.as_secs() + 600;
    let lease = |address: Ipv4Addr, number: u32| {
        format!(
            "lease {address} {{\n  starts epoch {}; ends epoch {ends};\n  binding state active;\n  \
             next binding state free;\n  hardware ethernet 02:fa:51:00:00:0{number};\n}}\n",
            ends - 3_600
        )
    };
    lease(FIRST, 1) + &lease(OTHER, 3) + &lease(Ipv4Addr::new(192, 0, 2, 1), 5)
}

fn import(config: &Path) {
    let leases = config.with_file_name("dhcpd.leases");
    std::fs::write(&leases, lease_file()).expect("a lease file");
    let [config, leases] = [config, &leases].map(|path| path.to_str().expect("text"));
    let tried = failoverctl(&["import", "--dry-run", "--config", config, leases]);
    let output = failoverctl(&["import", "--config", config, leases]);
    for (output, end) in [(tried, " (not written)\n"), (output, "\n")] {
        let [out, error] = [output.stdout, output.stderr].map(String::from_utf8);
        let (out, error) = (out.expect("text"), error.expect("text"));
        assert!(output.status.success(), "{error}");
        assert!(out.starts_with("2 addresses imported: 2 ACTIVE") && out.ends_with(end), "{out}");
        assert!(error.contains("192.0.2.1: it is in no range"), "{error}");
    }
}

fn renews(server: &Server, number: u32, address: Ipv4Addr) {
    let renewal = Content { xid: xid(), ciaddr: Some(address), ..Content::default() };
    let ack = server.answer(MessageType::Request, &who(number), renewal);
    assert_eq!((ack.kind, ack.address()), (MessageType::Ack, address));
}

/// S1, S14: clients keep their addresses, and nobody else gets them.
#[test]
fn a_server_goes_on_with_the_leases_of_a_dhcpd() {
    let server = Server::start_prepared(LONE_SCOPE, &[], import);
    assert_eq!(server.leases().len(), 2);
    let ack = server.lease(&who(9), Vec::new());
    assert!(ack.address() != FIRST && ack.address() != OTHER, "{}", ack.address());
    renews(&server, 1, FIRST);
    renews(&server, 3, OTHER);
    let stolen = Content { xid: xid(), requested: Some(FIRST), ..Content::default() };
    let nak = server.answer(MessageType::Request, &who(3), stolen);
    assert_eq!(nak.kind, MessageType::Nak);
}

/// §9.3.2: it is new to the relationship, and serves nobody until the partner has told everything
/// or an operator says that there is none.
#[test]
fn with_failover_an_imported_store_waits_for_the_partner_or_an_operator() {
    let text = "[[relationship]]\nname = \"pair\"\nrole = \"secondary\"\n\
                partner = \"127.78.0.99:9\"\nstartup_s = 1\nmclt_s = 60\n\n";
    let scope = LONE_SCOPE.to_owned() + "relationship = \"pair\"\n";
    let server = Server::start_prepared(&(text.to_owned() + &scope), &[], import);
    let renewal = Content { xid: xid(), ciaddr: Some(FIRST), ..Content::default() };
    assert!(server.ask(MessageType::Request, &who(1), renewal).is_none(), "nobody is served yet");
    let admin = server.admin.to_str().expect("text");
    let output = failoverctl(&["--server", admin, "partner-down", "--yes"]);
    assert!(output.status.success(), "{output:?}");
    // As soon as the new state is durable.
    let deadline = Instant::now() + Duration::from_secs(20);
    let renewal = || Content { xid: xid(), ciaddr: Some(FIRST), ..Content::default() };
    let ack = std::iter::repeat_with(|| server.ask(MessageType::Request, &who(1), renewal()))
        .take_while(|_| Instant::now() < deadline)
        .find_map(|answer| answer)
        .unwrap_or_else(|| panic!("no answer\n{}", server.process.log_tail()));
    assert_eq!((ack.kind, ack.address()), (MessageType::Ack, FIRST));
    let row = &server.leases()[&OTHER];
    assert_eq!(row.hardware.as_deref(), Some("02fa51000003"), "{row:?}");
}

#[test]
fn what_is_no_lease_file_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = directory.path().join("s.toml");
    let text = format!("[server]\nstore = \"s.redb\"\nadmin_socket = \"s.sock\"\n{LONE_SCOPE}");
    std::fs::write(&config, text).expect("a configuration");
    let config = config.to_str().expect("text");
    for (file, why) in [(config, "holds no lease"), ("/nowhere", "cannot read /nowhere")] {
        let output = failoverctl(&["import", "--config", config, file]);
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success() && error.contains(why), "{error}");
    }
    assert!(!directory.path().join("s.redb").exists(), "nothing is written");
}
