//! Many leases: bounded work in a call, bounded memory, and nothing left behind by a broken link.

use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_proto::{Bindings, EndpointConfig};
use dhcp_failover_sim::bulk::{Bulk, table};

/// No call of an endpoint looks at more leases.
const MOST_PER_CALL: usize = 1_024;

fn config(role: Role) -> EndpointConfig {
    EndpointConfig {
        mclt: LeaseSpan::from_s(60),
        ..EndpointConfig::new("bulk", role, [192, 0, 2, 1].into())
    }
}

fn configs(batch: usize) -> [EndpointConfig; 2] {
    [Role::Primary, Role::Secondary].map(|role| EndpointConfig { max_batch: batch, ..config(role) })
}

fn assert_alike(pair: &Bulk) {
    let [a, b] = &pair.sides;
    let leases = |table: &dhcp_failover_proto::BindingTable| -> Vec<_> {
        table.used_after(None).map(|it| (it.address, it.status, it.client.clone())).collect()
    };
    assert!(leases(&a.table) == leases(&b.table), "the tables differ");
}

fn assert_bounded(pair: &Bulk) {
    for side in &pair.sides {
        assert!(side.most_examined <= MOST_PER_CALL, "{} leases in one call", side.most_examined);
    }
}

/// §5.16, §7.4, H20: UPDREQALL brings every lease and every address that is not FREE, a bounded
/// number of leases looked at in each call, whether the pools are large or all leased.
#[test]
fn a_refill_looks_at_no_more_than_1024_leases_in_a_call() {
    for (addresses, leases) in [(20_000, 0), (20_000, 10_000), (9_000, 9_000)] {
        let tables = [table(addresses, leases), table(addresses, 0)];
        let mut pair = Bulk::new(configs(128), tables, [None, None]);
        assert!(pair.run_until_quiet(600), "{addresses}, {leases}");
        assert_alike(&pair);
        assert_bounded(&pair);
    }
}
