use super::*;
use alloc::vec::Vec;
use dhcp_failover_lease::{BindingFlags, Client, HardwareAddress};

fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

fn client(last: u8) -> Client {
    Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
}

#[test]
fn indexes_follow_every_change_of_a_binding() {
    let mut table = BindingTable::new();
    let pool = table.add_pool([ip(10)..=ip(12)]).unwrap();
    let mut lease = Binding {
        status: BindingStatus::Active,
        client: Some(client(1)),
        version: 1,
        ..Binding::unused(ip(10))
    };
    lease.expiries.lease = LeaseInstant::from_unix_s(50);
    assert!(table.apply(lease.clone()));
    assert_eq!(table.counts(pool).free, 2);
    assert_eq!(table.addresses_of(&client(1)).collect::<Vec<_>>(), [ip(10)]);
    assert_eq!(table.ended(LeaseInstant::from_unix_s(49)).count(), 0);
    assert_eq!(table.ended(LeaseInstant::from_unix_s(50)).count(), 1);

    let freed = Binding { version: 2, ..lease.clone() }
        .made_available(BindingStatus::Backup, LeaseInstant::from_unix_s(60));
    assert!(table.apply(freed));
    assert_eq!(table.counts(pool), PoolCounts { free: 2, backup: 1 });
    assert_eq!(table.ended(LeaseInstant::NEVER).count(), 0);
    let taken = Binding { version: 3, client: Some(client(2)), ..table.get(ip(10)).unwrap() };
    assert!(table.apply(taken));
    assert_eq!(table.addresses_of(&client(1)).count(), 0);
}

#[test]
fn addresses_outside_the_pools_are_refused() {
    let mut table = BindingTable::new();
    table.add_pool([ip(10)..=ip(12)]).unwrap();
    assert!(!table.apply(Binding { version: 1, ..Binding::unused(ip(13)) }));
    assert_eq!(table.get(ip(9)), None);
    assert_eq!(table.add_pool([ip(1)..=ip(10)]), Err(TableError::Overlap(ip(10))));
    assert_eq!(table.add_pool([ip(11)..=ip(11)]), Err(TableError::Overlap(ip(11))));
    assert!(table.add_pool([ip(13)..=ip(13)]).is_ok());
}

/// §5.13, §5.14: what is not to be balanced does not count, whatever order it is told in
/// (isc-L04: the counts are always those of a recount).
#[test]
fn reserved_and_bootp_addresses_are_in_nobodys_share() {
    let mut table = BindingTable::new();
    table.set_reserved(ip(11), true);
    let pool = table.add_pool([ip(10)..=ip(15)]).unwrap();
    let recount = |table: &BindingTable| {
        let all: Vec<_> = (10..=15).filter_map(|last| table.get(ip(last))).collect();
        PoolCounts::of(&all, |binding| table.is_reserved(binding.address))
    };
    assert_eq!(table.counts(pool), PoolCounts { free: 5, backup: 0 });
    table.set_reserved(ip(12), true);
    table.set_reserved(ip(12), true);
    let flags = |bootp, reserved| BindingFlags { bootp, reserved };
    let changed =
        |last, status, flags| Binding { version: 1, status, flags, ..Binding::unused(ip(last)) };
    for (last, status, flags) in [
        (11, BindingStatus::Backup, flags(false, true)),
        (12, BindingStatus::Backup, flags(false, false)),
        (13, BindingStatus::Free, flags(true, false)),
        (14, BindingStatus::Backup, flags(false, true)),
        (15, BindingStatus::Backup, flags(false, false)),
        (15, BindingStatus::Active, flags(false, false)),
    ] {
        assert!(table.apply(changed(last, status, flags)));
        assert_eq!(table.counts(pool), recount(&table), "{last} {status}");
    }
    assert_eq!(table.counts(pool), PoolCounts { free: 1, backup: 0 });
    table.set_reserved(ip(12), false);
    assert_eq!(table.counts(pool), PoolCounts { free: 1, backup: 1 });
    assert_eq!(table.counts(pool), recount(&table));
    table.set_reserved(ip(99), true);
    assert_eq!(table.available(pool, BindingStatus::Backup).count(), 3, "all can be given");
}

/// S15: what makes two pools the same, and what does not.
#[test]
fn s15_a_digest_is_that_of_the_addresses_and_settings() {
    let digest = |ranges: &[RangeInclusive<Ipv4Addr>]| {
        let mut table = BindingTable::new();
        let pool = table.add_pool(ranges.iter().cloned()).unwrap();
        (table.pool_digest(pool).unwrap(), table)
    };
    let (whole, mut table) = digest(&[ip(10)..=ip(20)]);
    for same in [[ip(10)..=ip(14), ip(15)..=ip(20)], [ip(12)..=ip(20), ip(10)..=ip(11)]] {
        assert_eq!(digest(&same).0, whole);
    }
    for other in [[ip(10)..=ip(14), ip(16)..=ip(20)], [ip(10)..=ip(20), ip(22)..=ip(22)]] {
        assert_ne!(digest(&other).0, whole);
    }
    // Which addresses are reserved the servers tell each other one by one (H3).
    table.set_reserved(ip(11), true);
    assert_eq!(table.pool_digest(0), Some(whole));
    table.set_pool_settings(0, PoolDigest::new().with_setting("bootp", 1));
    assert_ne!(table.pool_digest(0), Some(whole));
    table.set_pool_settings(0, PoolDigest::new());
    assert_eq!(table.pool_digest(0), Some(whole));
}

/// S15: a pool that is taken out leaves nothing behind, and comes again as it was.
#[test]
fn s15_a_removed_pool_leaves_no_trace() {
    let mut table = BindingTable::new();
    table.add_pool([ip(10)..=ip(12)]).unwrap();
    let other = table.clone();
    table.add_pool([ip(20)..=ip(22), ip(30)..=ip(31)]).unwrap();
    table.add_pool([ip(25)..=ip(26)]).unwrap();
    table.remove_pool(0);
    let mut lease = Binding { version: 1, client: Some(client(1)), ..Binding::unused(ip(21)) };
    lease.status = BindingStatus::Active;
    lease.flags.reserved = true;
    assert!(table.apply(lease.clone()));
    table.pin(ip(22));
    assert_eq!(table.misreserved().count(), 1);
    assert_eq!((table.pool_of(ip(21)), table.pool_of(ip(25))), (Some(0), Some(1)));

    assert_eq!(table.remove_pool(5), []);
    assert_eq!(table.remove_pool(0), [lease.clone()]);
    assert_eq!((table.pool_of(ip(21)), table.pool_of(ip(25))), (None, Some(0)));
    assert!(!table.apply(lease.clone()));
    assert_eq!(table.counts(0), PoolCounts { free: 2, backup: 0 });
    assert_eq!(table.remove_pool(0), []);
    assert_eq!(table, BindingTable::new());

    table.add_pool([ip(10)..=ip(12)]).unwrap();
    assert_eq!(table, other);
    table.add_pool([ip(20)..=ip(22)]).unwrap();
    assert!(table.apply(lease));
    assert_eq!(table.addresses_of(&client(1)).collect::<Vec<_>>(), [ip(21)]);
}

#[test]
fn a_search_for_addresses_goes_on_where_it_stopped() {
    let mut table = BindingTable::new();
    let pool = table.add_pool([ip(10)..=ip(13)]).unwrap();
    let at = |last| table.get(ip(last)).map(|it| (it.start_of_state, it.address));
    let rest =
        |after| -> Vec<_> { table.available_after(pool, BindingStatus::Free, after).collect() };
    assert_eq!(rest(at(11)), [ip(12), ip(13)]);
    assert!(rest(at(13)).is_empty());
}

#[test]
fn addresses_unused_for_longest_come_first() {
    let mut table = BindingTable::new();
    let pool = table.add_pool([ip(10)..=ip(12)]).unwrap();
    for (last, freed) in [(10, 90), (11, 80)] {
        let freed = LeaseInstant::from_unix_s(freed);
        table.apply(Binding { version: 1, start_of_state: freed, ..Binding::unused(ip(last)) });
    }
    let order: Vec<_> = table.available(pool, BindingStatus::Free).collect();
    assert_eq!(order, [ip(12), ip(11), ip(10)]);
}
