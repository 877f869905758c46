//! Any sequence of operations on one endpoint: connections, messages sensible and mutated, a disk
//! that answers or does not, clients, orders, restarts. It says and keeps little, and comes to NORMAL
//! with an honest partner afterwards. Every millionth operation is reported, for an execution
//! holds many.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::atomic::{AtomicU64, Ordering};

static OPERATIONS: AtomicU64 = AtomicU64::new(0);

fuzz_target!(|data: &[u8]| {
    let done = dhcp_failover_sim::hostile::run(data).operations;
    let before = OPERATIONS.fetch_add(done, Ordering::Relaxed);
    let millions = (before + done) / 1_000_000;
    if millions > before / 1_000_000 {
        eprintln!("{millions} million operations");
    }
});
