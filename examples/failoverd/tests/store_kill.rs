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
/// Kills of a process that had reported something; some more come before that.
const KILLS: u64 = 8;

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
    let (mut next, mut round, mut kills) = (1, 0, 0);
    while kills < KILLS {
        // A step of SplitMix64's state is random enough for a moment between 20 and 220 ms, and later
        // ones where a process is slow to begin.
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let life = Duration::from_millis(20 + (seed >> 33) % (200 + 20 * round));
        let durable = write_and_kill(&path, next, life);
        let contents = RedbStore::open(&path, None).expect("a store").load().expect("its contents");
        let stored: BTreeMap<Ipv4Addr, u64> =
            contents.bindings.iter().map(|(address, record)| (*address, number(record))).collect();
        let last = contents.endpoints.first().map_or(0, |(_, record)| number(record));
        assert!(last >= durable, "round {round}: {durable} was durable, the store ends at {last}");
        // A commit is there as a whole: every ticket up to the last is where it belongs.
        for ticket in last.saturating_sub(ADDRESSES - 1).max(1)..=last {
            assert_eq!(stored.get(&address(ticket)), Some(&ticket), "round {round}, end {last}");
        }
        kills += u64::from(durable >= next);
        next = last + 1;
        round += 1;
        assert!(round < 100, "the children hardly wrote");
    }
    println!("{kills} kills of {round}, {} tickets", next - 1);
}

#[test]
fn a_kill_while_the_store_is_made_leaves_none_or_a_whole_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut none, mut whole) = (0, 0);
    for life_ms in (0..1000).step_by(2) {
        let path = directory.path().join(format!("{life_ms}.redb"));
        let durable = write_and_kill(&path, 1, Duration::from_millis(life_ms));
        if path.exists() {
            whole += 1
        } else {
            none += 1
        }
        let mut store = RedbStore::open(&path, None).expect("a store");
        store.load().expect("its contents");
        // From here on it would be killed while it writes, as in the other test.
        if durable > 0 {
            break;
        }
    }
    println!("killed before there was a store {none} times, after it {whole}");
    assert!(none > 0 && whole > 0);
}
