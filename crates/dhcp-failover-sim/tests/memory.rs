//! How much memory a refill takes beside the tables, counted. A test binary of its own, because the
//! counting allocator is one for the whole program.

use allocation_counter::measure;
use dhcp_failover_lease::Role;
use dhcp_failover_proto::EndpointConfig;
use dhcp_failover_sim::bulk::{Bulk, table};

/// What an answer to UPDREQALL may take at any moment, however many leases there are: a window of
/// messages on their way, and the addresses looked at ahead of it.
const MOST_BYTES: u64 = 6 << 20;

/// Bytes taken at most, beyond what there was, while one server asks for everything. Both have all
/// leases on record, so that the tables do not grow.
fn refill_bytes(leases: u32) -> u64 {
    let configs = [Role::Primary, Role::Secondary]
        .map(|role| EndpointConfig::new("memory", role, [192, 0, 2, 1].into()));
    let tables = [table(leases, leases), table(leases, leases)];
    // Without their own records neither knows what the other has.
    let mut pair = Bulk::new(configs, tables, [None, None]);
    let taken = measure(|| assert!(pair.run_until_quiet(600), "{leases} leases"));
    let told: u64 = pair.sides.iter().map(|side| side.endpoint.stats().bndupd_sent).sum();
    assert!(told >= u64::from(leases), "{told} updates");
    taken.bytes_max
}

/// §7.4, L8: a refill takes as much memory for many leases as for some. With
/// `DHCP_FAILOVER_SIM_LEASES` for as many as you like.
#[test]
fn a_refill_takes_bounded_memory() {
    let more = std::env::var("DHCP_FAILOVER_SIM_LEASES").ok().and_then(|n| n.parse().ok());
    for leases in [5_000, more.unwrap_or(30_000)] {
        let bytes = refill_bytes(leases);
        println!("{leases} leases: {bytes} bytes");
        assert!(bytes < MOST_BYTES, "{bytes} bytes for {leases} leases");
    }
}
