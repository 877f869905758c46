//! `failoverctl decode`: what it prints, and what it says when it cannot.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use dhcp_failover_wire::{
    Dialect, Message, Packet,
    digest::{self, Key, Scheme},
    encode,
};
use serde_json::Value;

fn capture(name: &str) -> PathBuf {
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates");
    Path::new(crates).join("dhcp-failover-capture/tests/data").join(name)
}

fn failoverctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_failoverctl"))
        .args(arguments)
        .output()
        .expect("failoverctl runs")
}

fn decode(file: &Path, arguments: &[&str]) -> Output {
    let file = file.to_str().expect("a plain path");
    failoverctl(&[&["decode", file], arguments].concat())
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn json(file: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = decode(file, &[&["--json"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// A pcap file of these payloads, each in a TCP segment from port 50000 to 647.
fn made(directory: &tempfile::TempDir, payloads: &[Vec<u8>]) -> PathBuf {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    file.extend([0; 8]);
    file.extend([0, 0, 4, 0, 101, 0, 0, 0]);
    let mut sequence = 1_u32;
    for payload in payloads {
        let length = u16::try_from(40 + payload.len()).expect("a small packet");
        for field in [1_700_000_000, 5, u32::from(length), u32::from(length)] {
            file.extend(field.to_le_bytes());
        }
        file.extend([0x45, 0]);
        file.extend(length.to_be_bytes());
        file.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        file.extend([50_000_u16.to_be_bytes(), 647_u16.to_be_bytes()].concat());
        file.extend(sequence.to_be_bytes());
        file.extend([0, 0, 0, 0, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
        file.extend(payload);
        sequence += u32::from(length) - 40;
    }
    let path = directory.path().join("made.pcap");
    fs::write(&path, file).expect("a file");
    path
}

fn contact(xid: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = Packet { time: 1_700_000_000, xid, message: Message::Contact };
    encode(&packet, Dialect::Draft12, &mut bytes).expect("a good message");
    bytes
}

#[test]
fn a_line_a_message_for_people() {
    let output = decode(&capture("dora.pcap"), &[]);
    assert!(output.status.success());
    let text = stdout(&output);
    let mut lines = text.lines();
    let connect = lines.next().expect("a line");
    assert_eq!(
        connect,
        "2026-11-20T12:33:17.702672Z 10.77.0.1:647 > 10.77.0.2:52829 CONNECT xid 0, \
         relationship-name \"foo\", max-unacked-bndupd 10, receive-timer 30 s, \
         vendor-class-identifier \"isc-4.4.3-P1\", protocol-version 1, TLS-request 0 (no TLS), \
         MCLT 60 s, hash-bucket-assignment 128 of 256: 0-127"
    );
    assert_eq!(text.lines().count(), 130);
    assert!(!text.contains("BROKEN"));
    assert!(text.lines().any(|line| line.contains("BNDUPD") && line.contains("ACTIVE")));
}

#[test]
fn an_object_a_message_for_programs() {
    let all = json(&capture("dora.pcap"), &[]);
    assert_eq!(all.len(), 130);
    let connect = &all[0];
    let keys: Vec<&str> = connect.as_object().expect("an object").keys().map(|k| &**k).collect();
    let mut expected =
        ["frame", "time", "src", "dst", "type", "xid", "sent_time", "dialect", "length", "options"];
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(connect["type"], "CONNECT");
    assert_eq!(connect["dialect"], "isc");
    assert_eq!(connect["src"], "10.77.0.1:647");
    assert_eq!((&connect["xid"], &connect["length"]), (&0.into(), &105.into()));
    assert_eq!(connect["sent_time"], 1_795_177_997);
    let name = &connect["options"][0];
    assert_eq!(
        name.to_string(),
        r#"{"code":22,"hex":"666f6f","name":"relationship-name","value":"\"foo\""}"#
    );
    // Exactly six decimals, which a float would not promise.
    let line = stdout(&decode(&capture("dora.pcap"), &["--json"]));
    assert!(line.starts_with(r#"{"frame":"#) && line.contains(r#""time":1795177997.702672,"#));

    let update = all.iter().find(|it| it["type"] == "BNDUPD").expect("an update");
    let binding = &update["bindings"][0];
    assert_eq!(binding["status"], binding["binding-status"]);
    assert!(binding["assigned-IP-address"].as_str().expect("text").starts_with("10.77.0."));
    let ack = all.iter().find(|it| it["type"] == "BNDACK").expect("an ack");
    assert_eq!(ack["bindings"][0]["answer"], "accept");
    assert!(all.iter().all(|it| it.get("error").is_none()));
}

#[test]
fn a_broken_message_is_shown_and_does_not_stop_the_rest() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut overrun = contact(2);
    overrun.extend([0, 22, 0, 9, b'x']);
    overrun[1] = 17;
    let mut unknown = contact(3);
    unknown[2] = 77;
    let mut lacking = contact(4);
    lacking[2] = 10;
    let path = made(
        &directory,
        &[
            contact(1),
            overrun,
            unknown,
            lacking,
            vec![0, 3, 0, 0],
            b"SSH-2.0-x\r\n".to_vec(),
            contact(5),
        ],
    );
    let all = json(&path, &[]);
    let shown: Vec<_> = all
        .iter()
        .map(|it| (it["type"].as_str().unwrap_or("-"), it["error"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(
        shown,
        [
            ("CONTACT", ""),
            ("CONTACT", "option relationship-name at offset 12 needs 9 bytes and has 1"),
            ("TYPE-77", "message type 77 is unknown"),
            ("STATE", "STATE at offset 0 lacks option server-state"),
            ("-", "4 bytes skipped: message length 3 is shorter than the header of 12 bytes"),
            ("-", "11 bytes skipped: not the beginning of a message"),
            ("CONTACT", ""),
        ]
    );
    let output = decode(&path, &[]);
    assert!(output.status.success(), "broken messages are not our failure");
    assert_eq!(stdout(&output).matches("BROKEN").count(), 5);
}

#[test]
fn digests_are_checked_with_the_secret() {
    let directory = tempfile::tempdir().expect("a directory");
    let secret = directory.path().join("secret");
    fs::write(&secret, "correct horse\n").expect("a file");
    let signed = |xid, key: &Key| {
        let mut bytes = contact(xid);
        digest::sign(&mut bytes, key).expect("room");
        bytes
    };
    let payloads = [
        signed(1, &Key::new(Scheme::HMAC_SHA256, "correct horse")),
        signed(2, &Key::new(Scheme::HMAC_MD5, "correct horse")),
        signed(3, &Key::new(Scheme::HMAC_SHA256, "battery staple")),
        contact(4),
    ];
    let path = made(&directory, &payloads);
    let digests = |arguments: &[&str]| -> Vec<String> {
        let text = |it: &Value| it["digest"].as_str().unwrap_or("none").to_owned();
        json(&path, arguments).iter().map(text).collect()
    };
    let file = secret.to_str().expect("a plain path");
    assert_eq!(digests(&["--verify-secret", file]), ["ok", "ok", "mismatch", "missing"]);
    assert_eq!(digests(&[]), ["none"; 4]);
    // Read by the scheme of Windows another key comes of the same text.
    let windows = digests(&["--verify-secret", file, "--dialect", "microsoft"]);
    assert_eq!(windows[0], "mismatch");

    fs::write(&secret, "\n").expect("a file");
    let empty = decode(&path, &["--verify-secret", file]);
    assert_eq!(empty.status.code(), Some(1));
    assert!(stderr(&empty).contains("the secret is empty"), "{}", stderr(&empty));
}

#[test]
fn what_cannot_be_shown_is_told_with_the_remedy() {
    let directory = tempfile::tempdir().expect("a directory");
    let failure = |path: &Path, arguments: &[&str]| {
        let output = decode(path, arguments);
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        stderr(&output)
    };
    let nowhere = failure(&directory.path().join("nowhere.pcap"), &[]);
    assert!(nowhere.contains("nowhere.pcap") && nowhere.contains("No such file"), "{nowhere}");
    let none = failure(Path::new(env!("CARGO_BIN_EXE_failoverctl")), &[]);
    assert!(none.contains("this is no capture"), "{none}");
    let path = made(&directory, &[contact(1)]);
    let elsewhere = failure(&path, &["--port", "7000"]);
    assert!(elsewhere.contains("on port 7000 in 1 packets; there is some on 647"), "{elsewhere}");
    assert!(elsewhere.contains("--port"), "{elsewhere}");
    let whole = fs::read(&path).expect("a file");
    let cut = directory.path().join("cut.pcap");
    fs::write(&cut, &whole[..whole.len() - 3]).expect("a file");
    assert!(failure(&cut, &[]).contains("ends in the middle of frame 1"));
    let usage = failoverctl(&["decode"]);
    assert_eq!(usage.status.code(), Some(2));
    let usage = decode(&path, &["--dialect", "klingon"]);
    assert_eq!(usage.status.code(), Some(2));
    assert!(stderr(&usage).contains("auto"), "{}", stderr(&usage));
}

#[test]
fn a_capture_may_come_through_a_pipe_and_its_reader_may_leave() {
    let whole = fs::read(capture("conflict2.pcap")).expect("a capture");
    let mut child = Command::new(env!("CARGO_BIN_EXE_failoverctl"))
        .args(["decode", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("failoverctl runs");
    // Closed before a line was read, as `head -0` would.
    drop(child.stdout.take());
    // It may end before it has read everything.
    let _ = child.stdin.take().expect("a pipe").write_all(&whole);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}
