//! Many leases: bounded work in a call, bounded memory, and nothing left behind by a broken link.

use dhcp_failover_lease::{Binding, BindingStatus, LeaseSpan, Role};
use dhcp_failover_proto::{Bindings, EndpointConfig};
use dhcp_failover_sim::Host;
use dhcp_failover_sim::bulk::{Bulk, table};
use dhcp_failover_wire::MessageLimit;
use dhcp_failover_wire::digest::{Key, Scheme};

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

/// How many bindings a side must still tell, by what is on record.
fn untold(pair: &Bulk, host: Host) -> usize {
    let side = &pair.sides[host.index()];
    let instance = side.record.map_or(0, |record| record.instance);
    side.table.iter().filter(|binding| binding.needs_telling(instance)).count()
}

/// isc-U01, isc-U02, L2: whatever message is the last one of a connection, afterwards exactly what
/// was not acknowledged is to be told, the window is free, and the next connection brings it all.
#[test]
fn u01_nothing_leaks_whatever_message_the_link_breaks_at() {
    for (batch, window) in [(1, 1), (3, 2), (128, 100)] {
        let configs =
            configs(batch).map(|config| EndpointConfig { max_unacked_bndupd: window, ..config });
        let mut cuts = 0;
        for cut_at in 1.. {
            let tables = [table(40, 12), table(40, 0)];
            let mut pair = Bulk::new(configs.clone(), tables, [None, None]);
            pair.cut_at = Some(cut_at);
            pair.run_until_quiet(30);
            if pair.up {
                break; // it was all said before
            }
            cuts += 1;
            pair.run_s(1);
            for host in Host::BOTH {
                let pending = pair.sides[host.index()].endpoint.status().pending;
                assert_eq!(pending, untold(&pair, host), "{host:?}, {batch}, cut at {cut_at}");
            }
            // Once more, while it is being made good.
            (pair.up, pair.cut_at) = (true, Some(pair.frames + cut_at));
            pair.run_until_quiet(60);
            (pair.up, pair.cut_at) = (true, None);
            // After RECOVER-WAIT at the latest.
            assert!(pair.run_until_quiet(300), "{batch}, cut at {cut_at}");
            assert_alike(&pair);
            for host in Host::BOTH {
                assert_eq!(untold(&pair, host), 0, "{host:?}, {batch}, cut at {cut_at}");
                assert_eq!(pair.sides[host.index()].endpoint.status().disputed, 0);
            }
        }
        assert!(cuts >= 10, "{cuts} cuts with batches of {batch}");
    }
}

/// H7, L7: two servers that each refuse the other's record do not play ping-pong: some attempts,
/// silence, and both say that they disagree. When nothing stands in the way any more, a new
/// connection settles it.
#[test]
fn l07_two_servers_that_refuse_each_other_fall_silent() {
    let mut pair = Bulk::new(configs(128), [table(10, 0), table(10, 0)], [None, None]);
    assert!(pair.run_until_quiet(600));
    let contested = pair.sides[0].table.available(0, BindingStatus::Free).next().expect("FREE");
    let [a, b] = &mut pair.sides;
    for (side, status) in [(&mut *a, BindingStatus::Free), (&mut *b, BindingStatus::Backup)] {
        // On offer to a client at both, each of which takes it for its own.
        let now = side.endpoint.lease_now();
        let known = side.table.get(contested).expect("in the pool");
        let version = known.version + 1;
        side.table.apply(Binding { version, ..known.made_available(status, now) });
        side.table.pin(contested);
    }
    let tables = [a.table.clone(), b.table.clone()];
    let mut pair = Bulk::new(configs(128), tables, [a.record, b.record]);
    let sent = |pair: &Bulk| -> u64 {
        pair.sides.iter().map(|side| side.endpoint.stats().bndupd_sent).sum()
    };
    pair.run_s(3_600);
    let after_an_hour = sent(&pair);
    assert!((2..=20).contains(&after_an_hour), "{after_an_hour} updates");
    pair.run_s(7_200);
    assert_eq!(sent(&pair), after_an_hour, "silence");
    for side in &mut pair.sides {
        let disputes: Vec<_> = side.endpoint.disputes().map(|(address, _)| address).collect();
        assert_eq!(disputes, [contested]);
        side.table.unpin(contested);
    }
    pair.cut();
    pair.run_s(5);
    pair.up = true;
    assert!(pair.run_until_quiet(600));
    assert!(pair.sides.iter().all(|side| side.endpoint.status().disputed == 0));
    assert_alike(&pair);
}

/// §6.1, §12.29: two servers of ours that both read longer messages agree on the smaller limit;
/// else messages have the draft's length. A call looks at no more leases for that.
#[test]
fn longer_messages_are_agreed_on_by_both() {
    for (limits, agreed) in [
        ([8_192, 8_192], 8_192),
        ([8_192, 4_096], 4_096),
        ([4_096, 60_000], 4_096),
        ([60_000, 60_000], 8_192),
        ([8_192, 2_048], 2_048),
        ([0, 8_192], 2_048),
    ] {
        let [a, b] = configs(128);
        let [a, b] = [(a, limits[0]), (b, limits[1])].map(|(config, limit)| EndpointConfig {
            longest_message: MessageLimit::new(limit),
            secret: Some(Key::new(Scheme::HMAC_SHA256, "secret")),
            ..config
        });
        let mut pair = Bulk::new([a, b], [table(4_000, 2_000), table(4_000, 0)], [None, None]);
        assert!(pair.run_until_quiet(600), "{limits:?}");
        let longest = pair.longest_frame;
        assert!(longest <= agreed && longest * 10 > agreed * 8, "{longest} bytes, {limits:?}");
        assert_alike(&pair);
        assert_bounded(&pair);
    }
}

/// L2: more news than the set of addresses to be told holds are found again.
#[test]
fn every_renewal_is_told_even_if_more_than_the_set_holds() {
    let leases = 70_000;
    let tables = [table(leases, leases), table(leases, 0)];
    let mut pair = Bulk::new(configs(128), tables, [None, None]);
    assert!(pair.run_until_quiet(600));
    pair.cut();
    for number in 0..leases {
        assert!(pair.renew(Host::A, number, LeaseSpan::from_s(86_400)), "{number}");
    }
    let before = pair.sides[1].endpoint.stats().bndack_sent;
    pair.up = true;
    assert!(pair.run_until_quiet(600));
    let [a, b] = &pair.sides;
    let instance = a.record.map_or(0, |record| record.instance);
    assert_eq!(a.table.iter().filter(|it| it.needs_telling(instance)).count(), 0);
    assert_eq!(b.endpoint.stats().bndack_sent - before, u64::from(leases));
    assert_bounded(&pair);
}
