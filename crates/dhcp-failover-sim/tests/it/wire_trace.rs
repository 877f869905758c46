//! What is written of a run as a capture is what was said: Wireshark and our own reader agree.

use dhcp_failover_capture::{Options, Reader, What};
use dhcp_failover_proto::Command;
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::RawMessage;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process;

/// How many messages of each number.
type Counts = BTreeMap<u8, u64>;

/// The numbers of table 7.0-1, and dhcpd's names in the figures of a run.
const KINDS: [(u8, &str); 12] = [
    (1, "POOLREQ"),
    (2, "POOLRESP"),
    (3, "BNDUPD"),
    (4, "BNDACK"),
    (5, "CONNECT"),
    (6, "CONNECTACK"),
    (7, "UPDREQALL"),
    (8, "UPDDONE"),
    (9, "UPDREQ"),
    (10, "STATE"),
    (11, "CONTACT"),
    (12, "DISCONNECT"),
];

fn counted(pair: &Pair) -> Counts {
    let of = |kind| Host::BOTH.iter().map(|host| pair.sent(*host, kind)).sum();
    KINDS.iter().map(|(number, kind)| (*number, of(kind))).filter(|(_, count)| *count > 0).collect()
}

/// The numbers as our reader finds them; nothing may be skipped.
fn read(file: &[u8]) -> Counts {
    let mut counts = Counts::new();
    for found in Reader::new(file, Options::default()).expect("a capture") {
        match found.expect("whole packets").what {
            What::Message(bytes) => {
                let raw = RawMessage::parse(&bytes).expect("a message");
                *counts.entry(raw.header().message_type.0).or_default() += 1;
            }
            What::Skipped { bytes, why } => panic!("{bytes} bytes: {why}"),
        }
    }
    counts
}

/// Fields of each packet that passes a filter; `None` without tshark.
fn tshark(file: &Path, filter: &str, field: &str) -> Option<String> {
    let mut command = process::Command::new("tshark");
    command.args(["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
    command.args(["-d", "tcp.port==647,dhcpfo", "-Y", filter, "-T", "fields", "-e", field, "-r"]);
    match command.arg(file).output() {
        Ok(output) => {
            assert!(output.status.success(), "tshark: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).expect("tshark writes ASCII"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let required = std::env::var_os("FAILOVER_REQUIRE_PEERS").is_some_and(|it| it == "1");
            assert!(!required, "tshark is not installed and FAILOVER_REQUIRE_PEERS=1");
            println!("skipped: tshark is not installed");
            None
        }
        Err(error) => panic!("tshark: {error}"),
    }
}

struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Clients, a partition, a server that dies and comes back, and one that loses its disk.
fn story(seed: u64) -> Pair {
    let batches = [128, 1, 3][usize::try_from(seed % 3).expect("small")];
    let setup = Setup { mclt_s: 20, max_batch: [batches; 2], ..Setup::new(seed) };
    let mut pair = Pair::new(setup);
    pair.keep_wire();
    pair.start_both();
    for number in 0..8 {
        pair.join(number);
    }
    pair.run_s(200);
    pair.partition(true);
    pair.run_s(60);
    pair.partition(false);
    pair.run_s(100);
    for host in Host::BOTH {
        pair.crash(host, Survives::SomePrefix);
        pair.run_s(30);
        pair.command(host.partner(), Command::PartnerDown);
        pair.run_s(30);
        if host == Host::B {
            pair.lose_disk(host);
        }
        pair.start(host);
        pair.run_s(200);
    }
    pair.command(Host::A, Command::Pause);
    pair.run_s(5);
    pair
}

#[test]
fn wireshark_reads_every_message_of_a_run_and_finds_none_malformed() {
    for seed in [1, 7, 27] {
        let pair = story(seed);
        let wire = pair.wire_kept().expect("it was asked for");
        let counted = counted(&pair);
        assert!(counted.len() >= 8, "seed {seed} says too little to prove anything: {counted:?}");
        assert_eq!(read(wire), counted, "seed {seed}, our reader");
        let name = format!("dhcp-failover-sim-{}-{seed}.pcap", process::id());
        let file = Removed(std::env::temp_dir().join(name));
        std::fs::write(&file.0, wire).expect("a temporary file");
        let Some(types) = tshark(&file.0, "dhcpfo", "dhcpfo.type") else { return };
        let mut theirs = Counts::new();
        for number in types.split(['\n', ',']).filter(|it| !it.is_empty()) {
            *theirs.entry(number.parse().expect("a number")).or_default() += 1;
        }
        assert_eq!(theirs, counted, "seed {seed}, tshark");
        let wrong = "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 \
                     || tcp.analysis.lost_segment || tcp.analysis.retransmission";
        assert_eq!(tshark(&file.0, wrong, "frame.number").as_deref(), Some(""), "seed {seed}");
    }
}
