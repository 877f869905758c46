//! Pools of every size and share, their alarms, and how much of them one call looks at (draft-12
//! §5.4, §7.6).

use crate::normal;
use crate::scripted::Scripted;
use crate::support::in_normal;
use dhcp_failover_lease::{BindingStatus, PoolCounts, PoolShare, Role, Supply, Transfer, balance};
use dhcp_failover_proto::{Balance, Bindings, EndpointConfig, Event, RequestClass};
use dhcp_failover_sim::bulk::{Bulk, table};
use dhcp_failover_sim::{Host, Pair, Rng, Setup};
use dhcp_failover_wire::{BindingUpdate, Message};
use std::net::Ipv4Addr;

fn counts(pair: &Pair) -> PoolCounts {
    let count = |host, status| u32::try_from(pair.count(host, status)).unwrap();
    let counts = PoolCounts {
        free: count(Host::A, BindingStatus::Free),
        backup: count(Host::A, BindingStatus::Backup),
    };
    let other = PoolCounts {
        free: count(Host::B, BindingStatus::Free),
        backup: count(Host::B, BindingStatus::Backup),
    };
    assert_eq!(counts, other, "{}", pair.log_text());
    counts
}

fn moves(pair: &Pair) -> u32 {
    let moved = Host::BOTH.map(|host| {
        let stats = pair.endpoint(host).expect("it runs").stats();
        u32::try_from(stats.addresses_to_secondary + stats.addresses_to_primary).unwrap()
    });
    // What came by a POOLREQ both have counted.
    moved[0]
}

/// L4, L8, H11: a pair of any size and share comes to rest with the configured shares after so many
/// messages at most, from the start, from any number of leases and after they have all ended; then
/// nothing moves any more.
#[test]
fn l4_pools_of_every_size_and_share_come_to_rest() {
    let seed = std::env::var("DHCP_FAILOVER_SIM_SEED").ok();
    let seed = seed.and_then(|it| u64::from_str_radix(it.trim_start_matches("0x"), 16).ok());
    let seeds = std::env::var("DHCP_FAILOVER_SIM_SEEDS").ok().and_then(|it| it.parse().ok());
    let (first, seeds) = seed.map_or((0x9001, seeds.unwrap_or(8)), |seed| (seed, 1));
    for seed in first..first + seeds {
        println!("DHCP_FAILOVER_SIM_SEED={seed:#x}");
        let mut rng = Rng::new(seed);
        let pool = 1 + u8::try_from(rng.below(120)).unwrap();
        let percent = match rng.below(8) {
            0 => 0,
            1 => 100,
            2 => 1,
            3 => 99,
            _ => u8::try_from(rng.below(101)).unwrap(),
        };
        let balance_by = if rng.percent(50) {
            Balance::HotStandby { reserve_percent: percent }
        } else {
            Balance::LoadBalance { primary_percent: 100 - percent }
        };
        let clients = usize::try_from(rng.below(u64::from(pool) + 1)).unwrap();
        let setup = Setup { pool: pool.into(), clients, balance: balance_by, ..Setup::new(seed) };
        let mut pair = normal(Setup { lease_s: 600, mclt_s: 60, ..setup });
        let share = PoolShare::new(percent);
        let said = format!("seed {seed:#x}: {pool} addresses, {percent} %");
        assert_eq!(counts(&pair).backup, share.target(u32::from(pool)), "{said}");
        assert!(pair.sent(Host::A, "BNDUPD") <= u64::from(pool), "{said}");
        assert!(pair.sent(Host::B, "POOLREQ") <= 2, "{said}");
        for number in 0..clients {
            pair.join(number);
        }
        pair.run_s(200);
        for number in 0..clients {
            pair.mute(number);
        }
        pair.run_s(5);
        assert_eq!(balance(counts(&pair), share), Transfer::None, "{said}\n{}", pair.log_text());
        pair.run_s(700);
        pair.check_convergence(60);
        let after = counts(&pair);
        assert_eq!(after.free + after.backup, u32::from(pool), "{said}");
        assert_eq!(balance(after, share), Transfer::None, "{said}");
        let moved = moves(&pair);
        pair.check_silence(900);
        assert_eq!(moves(&pair), moved, "{said}: ping-pong");
        pair.assert_clean();
    }
}

/// L4, isc-L05: with clients that come and go for a day, addresses move no more often than leases
/// begin and end, and the secondary asks once a minute at most.
#[test]
fn h11_a_long_run_has_no_ping_pong() {
    let mut pair = normal(Setup { pool: 40, clients: 36, lease_s: 1_200, ..Setup::new(0x9100) });
    let before = moves(&pair);
    let hours = 6u64;
    for round in 0..hours * 6 {
        for number in 0..36 {
            match (number + round as usize) % 3 {
                0 => pair.join(number),
                1 if pair.lease_of(number).is_some() => {
                    pair.release(number);
                    pair.mute(number);
                }
                _ => {}
            }
        }
        pair.run_s(600);
    }
    let asked = pair.sent(Host::B, "POOLREQ");
    assert!(asked <= hours * 60 + 40, "{asked} POOLREQ in {hours} h");
    let moved = moves(&pair) - before;
    let leases = u32::try_from(hours * 6 * 24).unwrap();
    assert!(moved <= leases, "{moved} moves for at most {leases} leases begun and ended");
    pair.assert_clean();
}

/// H11, §5.4: a little more on one side than its share moves nothing; more than a tenth does.
#[test]
fn h11_a_small_imbalance_moves_nothing() {
    let mut pair = normal(Setup { pool: 40, clients: 8, ..Setup::new(0x9102) });
    let before = moves(&pair);
    for number in 0..8 {
        pair.set_reach(number, Host::B, false);
    }
    (0..4).for_each(|number| pair.join(number));
    pair.run_s(300);
    let counted = counts(&pair);
    assert_eq!((counted.free, counted.backup), (16, 20), "{}", pair.log_text());
    assert_eq!(moves(&pair), before, "{}", pair.log_text());
    (4..8).for_each(|number| pair.join(number));
    pair.run_s(300);
    assert!(moves(&pair) > before, "{}", pair.log_text());
    pair.assert_clean();
}

/// §5.4, isc-L37: after a burst that empties one side the other gives at once, not at the next
/// period.
#[test]
fn l37_a_burst_that_empties_one_side_is_answered_at_once() {
    let mut pair = normal(Setup { pool: 20, clients: 10, ..Setup::new(0x9101) });
    pair.run_s(61);
    for number in 0..10 {
        assert!(pair.ask(number, RequestClass::NamesThisServer, &[Host::A], None));
    }
    assert_eq!(pair.count(Host::A, BindingStatus::Free), 0);
    pair.run_ms(1_000);
    assert_eq!(counts(&pair), PoolCounts { free: 5, backup: 5 }, "{}", pair.log_text());
    pair.assert_clean();
}

fn shortages(pair: &Pair, host: Host) -> Vec<(u64, Event)> {
    let is_about =
        |event: &Event| matches!(event, Event::PoolShort(_) | Event::PoolSupplied { .. });
    pair.events_of(host).filter(|(_, it)| is_about(it)).map(|(at, it)| (at, it.clone())).collect()
}

/// isc-L01: a server that runs out without contact says so once, with the counts of both and what
/// to do, before it is too late if it can; and says when it is over.
#[test]
fn l01_a_side_that_runs_out_without_contact_raises_an_alarm_and_takes_it_back() {
    let mut pair = normal(Setup { pool: 60, clients: 30, lease_s: 90_000, ..Setup::new(0x9102) });
    pair.partition(true);
    pair.run_s(60);
    for number in 0..30 {
        pair.set_reach(number, Host::B, false);
        pair.join(number);
        pair.run_s(30);
    }
    let raised = shortages(&pair, Host::A);
    let [(_, Event::PoolShort(shortage))] = &raised[..] else { panic!("{raised:?}") };
    assert_eq!((shortage.side, shortage.counts.backup), (Role::Primary, 30));
    assert!(shortage.counts.free > 0, "before it is too late: {shortage}");
    assert!(matches!(shortage.supply, Supply::Low { .. }));
    let text = shortage.to_string();
    assert!(text.contains("pool 0: the primary has") && text.contains("partner-down"), "{text}");
    assert_eq!(shortages(&pair, Host::B), []);
    pair.partition(false);
    pair.run_s(120);
    let events = shortages(&pair, Host::A);
    assert!(matches!(events[..], [_, (_, Event::PoolSupplied { pool: 0, .. })]), "{events:?}");
    pair.assert_clean();
}

/// A partner that is in contact and gives nothing: the alarm comes after half a minute, once.
#[test]
fn a_partner_that_gives_nothing_is_an_alarm() {
    let mut it = in_normal(Role::Secondary);
    it.pass_in_contact_s(20);
    let short = |it: &Scripted| {
        it.events.iter().filter(|event| matches!(event, Event::PoolShort(_))).count()
    };
    assert_eq!(short(&it), 0);
    it.pass_in_contact_s(60);
    assert_eq!(short(&it), 1);
    let asked = it.said.iter().filter(|packet| packet.message == Message::PoolReq).count();
    assert!((7..=9).contains(&asked), "every ten seconds while it is empty: {asked}");
}

/// §7.6.2: a primary should not ask; one that does gets what is beyond the secondary's share, and
/// only that. dhcpd gives and takes by nothing else.
#[test]
fn a_primary_that_asks_gets_what_the_secondary_has_too_much() {
    let mut it = in_normal(Role::Secondary);
    for last in 1..=4 {
        let backup = wire_binding(last, dhcp_failover_wire::BindingStatus::BACKUP, it.wire_now());
        it.say(Message::BndUpd(vec![backup]));
    }
    assert_eq!(it.table.counts(0), PoolCounts { free: 0, backup: 4 });
    it.say(Message::PoolReq);
    it.pass_in_contact_s(1);
    let transferred = it.said.iter().find_map(|packet| match &packet.message {
        Message::PoolResp(answer) => Some(answer.addresses_transferred),
        _ => None,
    });
    assert_eq!(transferred, Some(2), "half of the pool is the primary's");
    let freed = |it: &Scripted| {
        let updates = it.said.iter().filter_map(|packet| match &packet.message {
            Message::BndUpd(updates) => Some(updates.clone()),
            _ => None,
        });
        updates.flatten().filter(|it| it.status == dhcp_failover_wire::BindingStatus::FREE).count()
    };
    assert_eq!(freed(&it), 2);
    // S4: what was told to be the primary's is given away, answered or not.
    let view = it.endpoint.view();
    let now = it.endpoint.lease_now();
    let allocatable = (1..=4).filter(|last| {
        let binding = it.table.get(Ipv4Addr::new(192, 0, 2, *last)).unwrap();
        view.may_allocate(&binding, &someone(), now).is_ok()
    });
    assert_eq!(allocatable.count(), 2);
    it.say(Message::PoolReq);
    it.pass_in_contact_s(1);
    assert_eq!(freed(&it), 2);
}

fn someone() -> dhcp_failover_lease::Client {
    let hardware = dhcp_failover_lease::HardwareAddress::new(1, &[2, 0, 0, 0, 9, 9]).unwrap();
    dhcp_failover_lease::Client::new(None, hardware)
}

fn wire_binding(last: u8, status: dhcp_failover_wire::BindingStatus, now: u32) -> BindingUpdate {
    BindingUpdate {
        start_time_of_state: Some(now),
        ..BindingUpdate::new(Ipv4Addr::new(192, 0, 2, last), status)
    }
}

/// L8: however large a pool, one call looks at 1,024 bindings at most, and the whole share still
/// arrives, to the last address; also with thousands of addresses at the front that are on offer.
#[test]
fn l8_one_call_looks_at_a_bounded_part_of_a_large_pool() {
    let configs = [Role::Primary, Role::Secondary]
        .map(|role| EndpointConfig::new("bulk", role, [192, 0, 2, 1].into()));
    let mut pair = Bulk::new(configs, [table(10_000, 0), table(10_000, 0)], [None, None]);
    for number in 0..3_000u32 {
        pair.sides[0].table.pin(Ipv4Addr::from_bits(0x0a00_0000 + number));
    }
    let share = PoolCounts { free: 5_000, backup: 5_000 };
    let has_share = |pair: &Bulk| pair.sides.iter().all(|it| it.table.counts(0) == share);
    assert!(pair.run_until(60, has_share));
    let most = pair.sides.each_ref().map(|side| side.most_examined);
    assert!(most[0] >= 500 && most.iter().all(|most| *most <= 1_024), "{most:?}");
}
