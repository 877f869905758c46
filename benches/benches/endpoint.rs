//! Two endpoints with the real codec, in memory, on one core: binding updates accepted and
//! acknowledged, and the refill of a server that has lost its disk. Beside them the codec alone: the
//! same messages, encoded and decoded.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::{Goal, Ratios, processor_time};
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_proto::{EndpointConfig, State};
use dhcp_failover_sim::{
    Host,
    bulk::{Bulk, table},
};
use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Dialect, HardwareAddress, Message, Packet, decode,
    encode,
};

/// Leases that are renewed.
const LEASES: u32 = 50_000;
/// Leases that a refill brings.
const REFILL: u32 = 1_000_000;
/// The best of so many runs counts: noise only ever adds time.
const RUNS: u32 = 5;
/// Leases looked at in one call at most.
const MOST_PER_CALL: usize = 1_024;

const DAY: LeaseSpan = LeaseSpan::from_s(86_400);

fn configs(max_batch: usize) -> [EndpointConfig; 2] {
    [Role::Primary, Role::Secondary].map(|role| EndpointConfig {
        max_batch,
        ..EndpointConfig::new("bench", role, [192, 0, 2, 1].into())
    })
}

/// Counts the time this thread runs.
struct Watch {
    epoch: Instant,
    begin: Duration,
}

impl Watch {
    fn start() -> Self {
        let epoch = Instant::now();
        Self { epoch, begin: processor_time(epoch) }
    }

    fn nanos(&self) -> f64 {
        (processor_time(self.epoch) - self.begin).as_secs_f64() * 1e9
    }
}

fn assert_bounded(pair: &Bulk) {
    let most = pair.sides.iter().map(|side| side.most_examined).max().unwrap_or(0);
    assert!(most <= MOST_PER_CALL, "{most} leases in one call");
}

/// Nanoseconds for each update that the partner takes and acknowledges: one server has renewed its
/// leases without contact, and the connection is back.
fn update_ns(max_batch: usize) -> f64 {
    let tables = [table(LEASES, LEASES), table(LEASES, 0)];
    let mut pair = Bulk::new(configs(max_batch), tables, [None, None]);
    assert!(pair.run_until_quiet(600), "NORMAL");
    let mut best = f64::MAX;
    for _ in 0..RUNS {
        pair.cut();
        let renewed = (0..LEASES).filter(|number| pair.renew(Host::A, *number, DAY)).count();
        assert_eq!(renewed, LEASES as usize);
        let before = pair.sides[1].endpoint.stats().bndack_sent;
        pair.up = true;
        let watch = Watch::start();
        assert!(pair.run_until_quiet(600), "all acknowledged");
        let nanos = watch.nanos();
        let acked = pair.sides[1].endpoint.stats().bndack_sent - before;
        assert!(acked >= u64::from(LEASES), "{acked} acknowledged");
        best = best.min(nanos / acked as f64);
        pair.run_s(20);
    }
    assert_bounded(&pair);
    best
}

/// Seconds until a server without its disk has everything back, and the updates that took.
fn refill() -> (f64, u64) {
    let tables = [table(REFILL, REFILL), table(REFILL, 0)];
    let mut pair = Bulk::new(configs(128), tables, [None, None]);
    let watch = Watch::start();
    let normal =
        |pair: &Bulk| pair.sides.iter().all(|it| it.endpoint.status().state == State::Normal);
    assert!(pair.run_until(6_000, normal), "NORMAL");
    let seconds = watch.nanos() / 1e9;
    assert_bounded(&pair);
    assert_eq!(pair.sides[1].table.iter().count(), REFILL as usize);
    (seconds, pair.sides[0].endpoint.stats().bndupd_sent)
}

/// Nanoseconds of the codec for each update and its answer, both encoded and decoded.
fn codec_ns(in_a_message: usize) -> f64 {
    let update = BindingUpdate {
        client_hardware_address: Some(HardwareAddress { htype: 1, bytes: vec![2, 0, 0, 0, 0, 7] }),
        lease_expiration_time: Some(1_700_003_600),
        potential_expiration_time: Some(1_700_007_200),
        start_time_of_state: Some(1_700_000_000),
        client_last_transaction_time: Some(1_700_000_000),
        ..BindingUpdate::new([192, 0, 2, 7].into(), BindingStatus::ACTIVE)
    };
    let ack = BindingAck::accept(update.address);
    let packets =
        [Message::BndUpd(vec![update; in_a_message]), Message::BndAck(vec![ack; in_a_message])]
            .map(|message| Packet { time: 1_700_000_000, xid: 7, message });
    let mut best = f64::MAX;
    let messages = 2_000_000 / in_a_message;
    for _ in 0..RUNS {
        let watch = Watch::start();
        for _ in 0..messages {
            for packet in &packets {
                let mut bytes = Vec::new();
                encode(black_box(packet), Dialect::Draft12, &mut bytes).expect("it can be sent");
                black_box(decode(&bytes, Dialect::Draft12).expect("it can be read"));
            }
        }
        let updates = (messages * in_a_message) as f64;
        best = best.min(watch.nanos() / updates);
    }
    best
}

fn main() {
    let mut ratios = Ratios::new();
    // As many as fit into 2048 bytes.
    let [batched, single] = [(128, 36), (1, 1)]
        .map(|(max_batch, in_a_message)| (update_ns(max_batch), codec_ns(in_a_message)));
    let name = "an update acknowledged, in batches";
    ratios.rate(name, 1e9 / batched.0, 500_000.0);
    ratios.measured(name, batched.0, "the codec alone", batched.1, Goal::Shown);
    let name = "an update acknowledged, one by one";
    ratios.rate(name, 1e9 / single.0, 200_000.0);
    ratios.measured(name, single.0, "the codec alone", single.1, Goal::Shown);

    let (seconds, updates) = refill();
    let per_update = seconds * 1e9 / updates as f64;
    println!("UPDREQALL of {REFILL} leases: {seconds:.2} s, {updates} updates");
    ratios.measured(
        "a lease refilled",
        per_update,
        "an update acknowledged, in batches",
        batched.0,
        Goal::AtMost(3.0),
    );
    println!("\n{ratios}");
}
