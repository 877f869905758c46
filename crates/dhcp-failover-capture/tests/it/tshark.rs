//! Agreement with Wireshark.

use std::{io, path::PathBuf, process::Command};

use dhcp_failover_capture::What;
use dhcp_failover_wire::RawMessage;

use crate::{
    captures::{files, messages},
    support::{ACK, message, pcap, segment},
};

/// Types, transaction ids and option codes of the messages of a packet.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    types: Vec<u8>,
    xids: Vec<u32>,
    options: Vec<u16>,
}

/// What tshark says of each packet with failover messages, by frame.
fn tshark(path: &PathBuf) -> Option<Vec<(u64, Seen)>> {
    let mut command = Command::new("tshark");
    for port in [647, 847, 519, 520] {
        command.args(["-d", &format!("tcp.port=={port},dhcpfo")]);
    }
    command.args(["-Y", "dhcpfo", "-T", "fields", "-e", "frame.number", "-e", "dhcpfo.type"]);
    command.args(["-e", "dhcpfo.xid", "-e", "dhcpfo.optioncode", "-r"]).arg(path);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => panic!("tshark: {error}"),
    };
    assert!(output.status.success(), "tshark: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("tshark writes ASCII");
    Some(text.lines().map(seen).collect())
}

fn seen(line: &str) -> (u64, Seen) {
    let fields: Vec<&str> = line.split('\t').collect();
    fn list(text: &str) -> impl Iterator<Item = &str> {
        text.split(',').filter(|it| !it.is_empty())
    }
    let seen = Seen {
        types: list(fields[1]).map(|it| it.parse().expect("a type")).collect(),
        xids: list(fields[2])
            .map(|it| u32::from_str_radix(it.trim_start_matches("0x"), 16).expect("an xid"))
            .collect(),
        options: list(fields[3]).map(|it| it.parse().expect("an option")).collect(),
    };
    (fields[0].parse().expect("a frame"), seen)
}

/// The same by us.
fn ours(path: &PathBuf) -> Vec<(u64, Seen)> {
    let mut all: Vec<(u64, Seen)> = Vec::new();
    for found in messages(path) {
        let What::Message(bytes) = &found.what else { continue };
        let Ok(raw) = RawMessage::parse(bytes) else { continue };
        if all.last().is_none_or(|(frame, _)| *frame != found.frame) {
            all.push((found.frame, Seen::default()));
        }
        let Some((_, seen)) = all.last_mut() else { continue };
        seen.types.push(raw.header().message_type.0);
        seen.xids.push(raw.header().xid);
        seen.options.extend(raw.options().map(|option| option.code.0));
    }
    all
}

fn skipped() {
    let required = std::env::var_os("FAILOVER_REQUIRE_PEERS").is_some_and(|it| it == "1");
    assert!(!required, "tshark is not installed and FAILOVER_REQUIRE_PEERS=1");
    println!("skipped: tshark is not installed");
}

#[test]
fn wireshark_sees_the_same_types_ids_and_options_in_every_capture() {
    let mut compared = 0;
    for path in files() {
        let Some(theirs) = tshark(&path) else { return skipped() };
        let ours = ours(&path);
        assert_eq!(ours, theirs, "{}", path.display());
        compared += ours.iter().map(|(_, seen)| seen.types.len()).sum::<usize>();
    }
    println!("{compared} messages compared");
}

/// What Wireshark 4.0 gets wrong, so that whoever compares knows: it names types 7 and 9 the other
/// way round where the sender is Windows, whose states it also reads by the draft's numbers. The
/// numbers themselves, which are what is compared here, are right.
#[test]
fn wireshark_names_two_types_of_windows_the_wrong_way_round() {
    let file = tempfile("seven-and-nine.pcap");
    let mut request = message(0);
    request[2] = 9;
    request[3] = 8;
    std::fs::write(&file.0, pcap(1, &[segment(100, ACK, &request)])).expect("a file");
    let Some(theirs) = tshark(&file.0) else { return skipped() };
    assert_eq!(theirs, ours(&file.0));
    assert_eq!(theirs[0].1.types, [9]);
    let output = Command::new("tshark")
        .args(["-d", "tcp.port==647,dhcpfo", "-V", "-r"])
        .arg(&file.0)
        .output()
        .expect("it ran a moment ago");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("Message Type")).unwrap_or_default();
    assert!(line.contains("(9)"), "{line}");
    println!("type 9 (UPDREQ) is shown as: {}", line.trim());
}

struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn tempfile(name: &str) -> Removed {
    let name = format!("dhcp-failover-{}-{name}", std::process::id());
    Removed(std::env::temp_dir().join(name))
}
