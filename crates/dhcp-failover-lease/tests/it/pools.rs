//! Sharing what is available.

use crate::support::{client, span};
use dhcp_failover_lease::BindingStatus::{Active, Backup, Free};
use dhcp_failover_lease::*;
use proptest::prelude::*;

fn after(counts: PoolCounts, transfer: Transfer) -> PoolCounts {
    let PoolCounts { free, backup } = counts;
    match transfer {
        Transfer::None => counts,
        Transfer::ToSecondary(n) => PoolCounts { free: free - n, backup: backup + n },
        Transfer::ToPrimary(n) => PoolCounts { free: free + n, backup: backup - n },
    }
}

/// L4, exhaustively: every percentage and every pool of up to 80 addresses; one transfer, then
/// silence, also when only a part of it could be made.
#[test]
fn l4_enumerated_after_a_transfer_there_is_silence() {
    let mut cases = 0u32;
    for percent in 0..=100 {
        let share = PoolShare::new(percent);
        for total in 0..=80 {
            for backup in 0..=total {
                let counts = PoolCounts { free: total - backup, backup };
                let transfer = balance(counts, share);
                assert_eq!(balance(after(counts, transfer), share), Transfer::None, "{counts:?}");
                // Pieces go the same way until it is done.
                let mut piecemeal = counts;
                for _ in 0..=total {
                    let piece = match balance(piecemeal, share) {
                        Transfer::None => break,
                        Transfer::ToSecondary(_) => Transfer::ToSecondary(1),
                        Transfer::ToPrimary(_) => Transfer::ToPrimary(1),
                    };
                    let same_way = matches!(
                        (transfer, piece),
                        (Transfer::ToSecondary(_), Transfer::ToSecondary(_))
                            | (Transfer::ToPrimary(_), Transfer::ToPrimary(_))
                    );
                    assert!(same_way, "{counts:?} {percent}");
                    piecemeal = after(piecemeal, piece);
                }
                assert_eq!(balance(piecemeal, share), Transfer::None, "{counts:?} {percent}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 101 * 81 * 82 / 2);
}

/// No client's coming or going makes more than one transfer, and no pair of events that undo each
/// other makes two with a threshold between them.
#[test]
fn h11_one_address_too_many_is_not_worth_a_move() {
    for percent in 1..100 {
        let share = PoolShare::new(percent);
        for total in 2..=80u32 {
            let target = share.target(total);
            for backup in [target - 1, target, target + 1] {
                let counts = PoolCounts { free: total.saturating_sub(backup), backup };
                let starves = backup == 0 || counts.free == 0;
                let is_pool = counts.free + backup == total;
                if is_pool && !starves {
                    assert_eq!(balance(counts, share), Transfer::None, "{counts:?} {percent}");
                }
            }
        }
    }
    // Beyond a tenth it is.
    let half = PoolShare::new(50);
    assert_eq!(balance(PoolCounts { free: 60, backup: 40 }, half), Transfer::None);
    assert_eq!(balance(PoolCounts { free: 61, backup: 39 }, half), Transfer::ToSecondary(11));
    assert_eq!(balance(PoolCounts { free: 40, backup: 60 }, half), Transfer::None);
    assert_eq!(balance(PoolCounts { free: 39, backup: 61 }, half), Transfer::ToPrimary(11));
}

/// L4: dhcpd gives addresses of its own away to the server that answers their last clients, until it
/// lacks a tenth of all (max-lease-ownership) of a half. Taken for too many they would come back, and go
/// each minute. (Dialect seed 0x89dde89ecf1661dd.)
#[test]
fn h11_what_dhcpd_gives_away_does_not_come_back() {
    for total in 2..=1_000 {
        let tenth = (total * 10 + 50) / 100;
        let lacks = |dhcpds: i32| (dhcpds - (total - dhcpds)) / 2;
        let mut dhcpds = total / 2;
        while lacks(dhcpds) > -tenth {
            dhcpds -= 1;
        }
        let [free, backup] = [total - dhcpds, dhcpds].map(|it| u32::try_from(it).unwrap());
        if backup > 0 {
            let kept = balance(PoolCounts { free, backup }, PoolShare::new(50));
            assert_eq!(kept, Transfer::None, "of {total} it has {dhcpds}");
        }
    }
}

#[test]
fn the_smallest_pools_are_shared_too() {
    let transfer =
        |percent, free, backup| balance(PoolCounts { free, backup }, PoolShare::new(percent));
    // One address: it is the primary's, unless everything is the secondary's.
    assert_eq!(transfer(50, 1, 0), Transfer::None);
    assert_eq!(transfer(50, 0, 1), Transfer::ToPrimary(1));
    assert_eq!(transfer(99, 1, 0), Transfer::None);
    assert_eq!(transfer(100, 1, 0), Transfer::ToSecondary(1));
    assert_eq!(transfer(100, 0, 1), Transfer::None);
    assert_eq!(transfer(0, 0, 1), Transfer::ToPrimary(1));
    // Two: one each, however small a share.
    for percent in 1..100 {
        assert_eq!(transfer(percent, 2, 0), Transfer::ToSecondary(1));
        assert_eq!(transfer(percent, 1, 1), Transfer::None);
        assert_eq!(transfer(percent, 0, 2), Transfer::ToPrimary(1));
    }
    // A reserve of 5 % of ten addresses is one.
    assert_eq!(transfer(5, 10, 0), Transfer::ToSecondary(1));
    assert_eq!(transfer(95, 0, 10), Transfer::ToPrimary(1));
    assert_eq!(PoolShare::new(200).backup_percent(), 100);
    assert_eq!(PoolShare::new(30).target(10), 3);
    assert_eq!(PoolShare::new(0).target(10), 0);
    assert_eq!(PoolShare::new(100).target(10), 10);
}

fn available(last: u8, status: BindingStatus, who: Option<u8>) -> Binding {
    Binding {
        status,
        client: who.map(client),
        knowledge: Knowledge { agreed: status, ..Knowledge::default() },
        ..Binding::unused([192, 0, 2, last].into())
    }
}

/// Clients with odd numbers are the secondary's.
fn served_by(client: &Client) -> Role {
    let last = *client.balance_key().last().unwrap();
    if last % 2 == 1 { Role::Secondary } else { Role::Primary }
}

fn select(transfer: Transfer, at_most: usize, candidates: &[Binding]) -> Vec<u8> {
    let mut selection = Selection::new(transfer, at_most).unwrap();
    candidates.iter().for_each(|candidate| selection.consider(candidate, served_by));
    selection.into_addresses().into_iter().map(|address| address.octets()[3]).collect()
}

#[test]
fn addresses_whose_last_client_is_the_receivers_go_first() {
    let free = [
        available(1, Free, Some(2)),
        available(2, Free, None),
        available(3, Free, Some(5)),
        available(4, Free, Some(4)),
        available(5, Free, Some(7)),
        available(6, Free, Some(9)),
    ];
    assert_eq!(select(Transfer::ToSecondary(2), 512, &free), [3, 5]);
    assert_eq!(select(Transfer::ToSecondary(5), 512, &free), [3, 5, 6, 1, 2]);
    assert_eq!(select(Transfer::ToSecondary(9), 512, &free), [3, 5, 6, 1, 2, 4]);
    assert_eq!(select(Transfer::ToSecondary(9), 1, &free), [3]);
    assert_eq!(select(Transfer::ToPrimary(9), 512, &free), [], "they are the primary's already");
    let backup = free.map(|it| {
        available(
            it.address.octets()[3],
            Backup,
            it.client.map(|c| *c.balance_key().last().unwrap()),
        )
    });
    assert_eq!(select(Transfer::ToPrimary(3), 512, &backup), [1, 4, 2]);
    assert_eq!(Selection::new(Transfer::None, 512), None);
    let mut selection = Selection::new(Transfer::ToSecondary(1), 512).unwrap();
    assert!(!selection.is_complete());
    selection.consider(&available(1, Free, Some(2)), served_by);
    assert!(!selection.is_complete(), "a better one may come");
    selection.consider(&available(3, Free, Some(5)), served_by);
    assert!(selection.is_complete());
    selection.consider(&available(5, Free, Some(7)), |_| panic!("nobody needs to know"));
    assert_eq!(selection.into_addresses(), [std::net::Ipv4Addr::new(192, 0, 2, 3)]);
}

#[test]
fn reserved_bootp_and_unsettled_addresses_stay() {
    let mut pool: Vec<_> = (1..=6).map(|last| available(last, Free, None)).collect();
    pool[0].flags.reserved = true;
    pool[1].flags.bootp = true;
    pool[2].knowledge.agreed = Backup;
    pool[3].knowledge.told = StatusSet::EMPTY.with(Backup);
    pool[4].status = Active;
    assert_eq!(select(Transfer::ToSecondary(6), 512, &pool), [6]);
    let counts = PoolCounts::of(&pool, |_| false);
    assert_eq!(counts, PoolCounts { free: 3, backup: 0 });
    pool[2].status = Backup;
    assert_eq!(PoolCounts::of(&pool, |_| false), PoolCounts { free: 2, backup: 1 });
    let offered = pool[5].address;
    let counts = PoolCounts::of(&pool, |it| it.address == offered);
    assert_eq!(counts, PoolCounts { free: 1, backup: 1 });
}

#[test]
fn alarms_come_before_the_last_address_and_do_not_flutter() {
    let (hour, day) = (span(3_600), span(86_400));
    let low = |time_left| Supply::Low { time_left };
    assert_eq!(Supply::of(0, 0, hour, day, false), Supply::Empty);
    assert_eq!(Supply::of(23, 1, hour, day, false), low(span(23 * 3_600)));
    assert_eq!(Supply::of(24, 1, hour, day, false), Supply::Ample);
    assert_eq!(Supply::of(24, 1, hour, day, true), low(day));
    assert_eq!(Supply::of(47, 1, hour, day, true), low(span(47 * 3_600)));
    assert_eq!(Supply::of(48, 1, hour, day, true), Supply::Ample);
    assert_eq!(Supply::of(1, 0, hour, day, true), Supply::Ample);
    assert_eq!(time_left(7, 2, span(3)), span(10));
    assert_eq!(time_left(1, 1, LeaseSpan::INFINITE), LeaseSpan::INFINITE);
    assert_eq!(time_left(2, 1, span(u64::MAX / 2)), span(u64::MAX - 1));
    assert_eq!(time_left(3, 1, span(u64::MAX / 2)), LeaseSpan::INFINITE);
    assert_eq!(time_left(1, 2, span(u64::MAX - 1)), span(u64::MAX / 2));
}

proptest! {
    #[test]
    fn l4_holds_for_pools_of_any_size(free in any::<u32>(), backup in any::<u32>(), percent in 0u8..=101) {
        let share = PoolShare::new(percent);
        let free = free.min(u32::MAX - backup);
        let counts = PoolCounts { free, backup };
        let moved = after(counts, balance(counts, share));
        prop_assert_eq!(u64::from(moved.free) + u64::from(moved.backup), u64::from(free) + u64::from(backup));
        prop_assert_eq!(balance(moved, share), Transfer::None);
        // More than there can be addresses does not panic.
        let _ = balance(PoolCounts { free: u32::MAX, backup: u32::MAX }, share);
    }
}
