//! The lease arithmetic, and the balance of a large pool beside a plain scan of the same memory.

use std::hint::black_box;

use benches::{Goal, Ratios};
use criterion::Criterion;
use dhcp_failover_lease::{
    Binding, BindingStatus, Client, ConflictRules, Expiries, GrantTerms, HardwareAddress,
    Knowledge, LeaseInstant, LeaseLimit, LeaseSpan, PoolCounts, PoolShare, Receiver, Role,
    Selection, Transfer, Update, balance, grant, resolve,
};

/// A /16.
const POOL: u32 = 65_536;
/// How many addresses a server moves in one go.
const AT_MOST: usize = 512;

const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_800_000_000);
const HOUR: LeaseSpan = LeaseSpan::from_s(3_600);

fn client(number: u32) -> Client {
    let [_, _, high, low] = number.to_be_bytes();
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, high, low]);
    Client::new(None, hardware.expect("six bytes"))
}

/// A pool in which every status occurs, every second address is available and one in `backup_every`
/// of these is the secondary's; each has had a client.
fn pool(backup_every: u32) -> Vec<Binding> {
    (0..POOL)
        .map(|number| {
            let status = match number % 8 {
                0 => BindingStatus::Expired,
                2 | 4 | 6 => BindingStatus::Active,
                _ if number / 2 % backup_every == 0 => BindingStatus::Backup,
                _ => BindingStatus::Free,
            };
            Binding {
                status,
                client: Some(client(number)),
                version: 1,
                knowledge: Knowledge { agreed: status, ..Knowledge::default() },
                ..Binding::unused((0x0a00_0000 | number).into())
            }
        })
        .collect()
}

/// What any look at the pool costs at least: one byte of each binding.
fn scan(pool: &[Binding]) -> usize {
    pool.iter().filter(|binding| binding.status == BindingStatus::Active).count()
}

/// Count, compare, choose.
fn rebalance(pool: &[Binding], share: PoolShare) -> usize {
    let counts = PoolCounts::of(pool, |_| false);
    let Some(mut selection) = Selection::new(balance(counts, share), AT_MOST) else { return 0 };
    for binding in pool {
        if selection.is_complete() {
            break;
        }
        selection.consider(binding, |client| match client.balance_key().last() {
            Some(last) if last % 4 < 2 => Role::Primary,
            _ => Role::Secondary,
        });
    }
    selection.into_addresses().len()
}

fn update() -> Update {
    Update {
        client: Some(client(7)),
        lease_earliest: NOW + HOUR,
        lease_latest: NOW + HOUR,
        potential_earliest: NOW + HOUR + HOUR,
        potential_latest: NOW + HOUR + HOUR,
        start_of_state: NOW,
        last_transaction: Some(NOW),
        ..Update::new([10, 0, 0, 7].into(), BindingStatus::Active)
    }
}

const RECEIVER: Receiver = Receiver {
    role: Role::Secondary,
    now: NOW,
    lease_ends: LeaseInstant::ZERO,
    instance: 1,
    rules: ConflictRules::Draft12,
    reserved_here: None,
    fetches_all: false,
};

const TERMS: GrantTerms = GrantTerms {
    now: NOW,
    desired: LeaseSpan::from_s(86_400),
    limit: LeaseLimit::Mclt(HOUR),
    renewal_percent: 50,
};

fn ratios() -> Ratios {
    let mut ratios = Ratios::new();
    let half = PoolShare::new(50);
    for (name, backup_every) in [
        ("balance, nothing to move", 2),
        ("balance, 512 to move", 1_000),
        ("balance, none FREE", 1),
    ] {
        let pool = pool(backup_every);
        let moved = rebalance(&pool, half);
        assert_eq!(moved, if backup_every == 2 { 0 } else { AT_MOST }, "{name}");
        ratios.time(
            name,
            &mut || {
                black_box(rebalance(black_box(&pool), half));
            },
            "plain scan",
            &mut || {
                black_box(scan(black_box(&pool)));
            },
            Goal::AtMost(3.0),
        );
    }
    ratios
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("grant", |b| {
        let expiries = Expiries { acked_potential: NOW + HOUR, ..Expiries::default() };
        b.iter(|| grant(black_box(&TERMS), black_box(&expiries)));
    });
    let update = update();
    criterion.bench_function("conflict decision, taken", |b| {
        let own = Binding::unused(update.address);
        b.iter(|| resolve(black_box(&own), black_box(&update), &RECEIVER));
    });
    criterion.bench_function("conflict decision, refused", |b| {
        let own = Binding {
            status: BindingStatus::Active,
            client: Some(client(8)),
            expiries: Expiries { lease: NOW + HOUR, ..Expiries::default() },
            version: 1,
            ..Binding::unused(update.address)
        };
        let primary = Receiver { role: Role::Primary, lease_ends: NOW + HOUR, ..RECEIVER };
        b.iter(|| resolve(black_box(&own), black_box(&update), &primary));
    });
    criterion.bench_function("balance of counts", |b| {
        let counts = PoolCounts { free: 40_000, backup: 20_000 };
        b.iter(|| -> Transfer { balance(black_box(counts), PoolShare::new(50)) });
    });
    criterion.final_summary();
    println!("{}", ratios());
}
