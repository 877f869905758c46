//! SIGKILL against the store: what was reported durable is there afterwards, also on a disk that
//! forgets whatever was not synced.

use failoverd::store::{LeaseStore, RedbStore, StoreEvent, StoreFault, StoreWriter, Write};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const STORE: &str = "FAILOVERD_TEST_STORE";
const FIRST_TICKET: &str = "FAILOVERD_TEST_FIRST_TICKET";
const ADDRESSES: u64 = 500;
const KILLS: usize = 12;

/// The writing process. Each ticket sets one address and one endpoint record to the ticket's
/// number; each durable ticket is printed. Runs until it is killed.
#[test]
#[ignore = "the process that the other test kills"]
fn child() {
    let (Ok(path), Ok(first)) = (std::env::var(STORE), std::env::var(FIRST_TICKET)) else {
        return;
    };
    let store = RedbStore::open(Path::new(&path), Some(StoreFault::DropUnsynced)).expect("a store");
    let (sender, durable) = std::sync::mpsc::channel();
    let report = move |event| match event {
        StoreEvent::Persisted { ticket, .. } => sender.send(ticket).expect("a reader"),
        StoreEvent::Failed { error } => panic!("{error}"),
    };
    let writer = StoreWriter::spawn(Box::new(store), report).expect("a thread");
    let mut ticket: u64 = first.parse().expect("a number");
    loop {
        for _ in 0..20 {
            let record = ticket.to_be_bytes().to_vec();
            let address = address(ticket);
            let endpoint = Write::Endpoint { relationship: "lab".into(), record: record.clone() };
            writer
                .submit(ticket, vec![Write::Binding { address, record }, endpoint])
                .expect("room");
            ticket += 1;
        }
        println!("durable {}", durable.recv().expect("a report"));
    }
}

fn address(ticket: u64) -> Ipv4Addr {
    let number = u32::try_from(ticket % ADDRESSES).expect("a small number");
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number)
}

fn number(record: &[u8]) -> u64 {
    u64::from_be_bytes(record.try_into().expect("eight bytes"))
}

/// Lets a child write for `life`, kills it, and returns the last ticket it reported.
fn write_and_kill(path: &Path, first: u64, life: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(STORE, path)
        .env(FIRST_TICKET, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let reader = std::thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        lines.filter_map(|line| line.strip_prefix("durable ")?.parse().ok()).last()
    });
    std::thread::sleep(life);
    child.kill().expect("a kill");
    child.wait().expect("an end");
    reader.join().expect("a reader").unwrap_or(first - 1)
}

#[test]
fn what_was_reported_durable_survives_kill_9_on_a_disk_that_forgets() {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).expect("a date").subsec_nanos();
    let mut seed =
        std::env::var("SEED").map_or(u64::from(clock), |text| text.parse().expect("a seed"));
    println!("SEED={seed}");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("leases.redb");
    let (mut next, mut reports) = (1, 0);
    for round in 0..KILLS {
        // A step of SplitMix64's state is random enough for a moment between 20 and 220 ms.
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let durable = write_and_kill(&path, next, Duration::from_millis(20 + (seed >> 33) % 200));
        let contents = RedbStore::open(&path, None).expect("a store").load().expect("its contents");
        let stored: BTreeMap<Ipv4Addr, u64> =
            contents.bindings.iter().map(|(address, record)| (*address, number(record))).collect();
        let last = contents.endpoints.first().map_or(0, |(_, record)| number(record));
        assert!(last >= durable, "round {round}: {durable} was durable, the store ends at {last}");
        // A commit is there as a whole: every ticket up to the last is where it belongs.
        for ticket in last.saturating_sub(ADDRESSES - 1).max(1)..=last {
            assert_eq!(stored.get(&address(ticket)), Some(&ticket), "round {round}, end {last}");
        }
        reports += usize::from(durable >= next);
        next = last + 1;
    }
    println!("{KILLS} kills, {} tickets", next - 1);
    assert!(reports > KILLS / 3, "the children hardly wrote");
}
