use super::*;
use crate::dhcp::testing::{CONFIG, config};
use dhcp_failover_lease::HardwareAddress;
use dhcp_failover_proto::BindingTable;

fn ip(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn client(last: u8, identifier: Option<&[u8]>) -> Client {
    Client::new(identifier, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
}

#[test]
fn links_are_found_by_any_of_their_addresses() {
    let networks = config(CONFIG).networks();
    let wire = networks.wire_of(ip("192.0.2.1")).unwrap();
    assert_eq!(wire.scopes().count(), 1);
    let shared = networks.wire_of(ip("10.2.0.9")).unwrap();
    let subnets: Vec<_> = shared.scopes().map(|scope| scope.config.subnet.to_string()).collect();
    assert_eq!(subnets, ["10.1.0.0/24", "10.2.0.0/24"]);
    assert!(shared.scope_of(ip("10.1.0.200")).is_some());
    assert!(shared.scope_of(ip("192.0.2.10")).is_none());
    for outside in ["0.0.0.0", "9.255.255.255", "10.1.1.0", "192.0.3.0", "255.255.255.255"] {
        assert!(networks.wire_of(ip(outside)).is_none(), "{outside}");
    }
}

#[test]
fn excluded_and_reserved_addresses_are_not_in_the_free_pool() {
    let networks = config(CONFIG).networks();
    let pools = networks.pools(1);
    assert_eq!(
        pools,
        [
            vec![ip("192.0.2.10")..=ip("192.0.2.11"), ip("192.0.2.14")..=ip("192.0.2.19")],
            vec![ip("192.0.2.5")..=ip("192.0.2.5"), ip("192.0.2.13")..=ip("192.0.2.13")],
        ]
    );
    assert_eq!(networks.pools(ALONE).len(), 2);
    let pools: Vec<_> = networks.scopes().map(|(_, scope)| (scope.domain, scope.pool)).collect();
    assert_eq!(pools, [(1, 0), (0, 0), (0, 1)]);
}

#[test]
fn reservations_know_their_client_by_identifier_or_hardware() {
    let networks = config(CONFIG).networks();
    let scope = networks.scope_of(ip("192.0.2.5")).unwrap();
    let by_hardware = client(0x99, None);
    let with_identifier = client(0x99, Some(&[0, 8]));
    let by_identifier = client(1, Some(&[0, 7]));
    assert_eq!(scope.reserved_for(&by_hardware), Some(ip("192.0.2.5")));
    assert_eq!(scope.reserved_for(&with_identifier), Some(ip("192.0.2.5")));
    assert_eq!(scope.reserved_for(&by_identifier), Some(ip("192.0.2.13")));
    assert_eq!(scope.reserved_for(&client(1, None)), None);
    assert!(scope.is_reserved_for_other(ip("192.0.2.5"), &by_identifier));
    assert!(!scope.is_reserved_for_other(ip("192.0.2.5"), &by_hardware));
    assert!(!scope.is_reserved_for_other(ip("192.0.2.10"), &by_hardware));
    let own = scope.parameters(&by_hardware, ip("192.0.2.5"));
    assert_eq!(own.options.get(&15).map(Vec::as_slice), Some(b"kept.example".as_slice()));
    let elsewhere = scope.parameters(&by_hardware, ip("192.0.2.10"));
    assert_eq!(elsewhere.options.get(&15).map(Vec::as_slice), Some(b"example.org".as_slice()));
}

#[test]
fn lease_times_are_kept_inside_their_bounds() {
    let networks = config(CONFIG).networks();
    let scope = networks.scope_of(ip("192.0.2.5")).unwrap();
    let time = |asked| scope.lease_time(asked).as_s();
    assert_eq!(
        (time(None), time(Some(1)), time(Some(700)), time(Some(9000))),
        (600, 300, 700, 900)
    );
}

#[test]
fn a_scope_that_moves_takes_its_pools_along_as_the_tables_do() {
    let mut networks = config(CONFIG).networks();
    let subnet = |text: &str| text.parse::<Ipv4Net>().unwrap();
    let mut tables: Vec<BindingTable> = (0..2).map(|_| BindingTable::new()).collect();
    for (domain, table) in tables.iter_mut().enumerate() {
        for pool in networks.pools(domain) {
            table.add_pool(pool.iter().cloned()).unwrap();
        }
    }
    for (scope, to) in [("10.1.0.0/24", 1), ("192.0.2.0/24", 0), ("10.1.0.0/24", 0)] {
        let moved = networks.move_scope(subnet(scope), to).unwrap();
        for _ in 0..moved.count {
            tables[moved.from].remove_pool(moved.first);
        }
        for pool in networks.scope(subnet(scope)).unwrap().pools() {
            tables[to].add_pool(pool).unwrap();
        }
        for (_, scope) in networks.scopes() {
            let first = *scope.config.ranges[0].start();
            assert_eq!(tables[scope.domain].pool_of(first), Some(scope.pool), "{first}");
        }
    }
    assert_eq!(networks.pools(1).len(), 0);
    assert_eq!(networks.move_scope(subnet("10.9.0.0/24"), 1), None);
}
