//! The lease crate: grant, whether an address may be given, conflicts, balance.

use std::hint::black_box;

use super::Case;
use dhcp_failover_lease::{
    Allocator, Binding, BindingStatus, Client, ConflictRules, Control, Expiries, GrantTerms,
    HardwareAddress, LeaseInstant, LeaseLimit, LeaseSpan, PoolCounts, PoolShare, Receiver, Role,
    Selection, Update, balance, grant, resolve,
};

pub(super) const CASES: &[Case] = &[
    ("lease/grant", grant_case),
    ("lease/check", check_case),
    ("lease/conflict-taken", taken_case),
    ("lease/conflict-refused", refused_case),
    ("lease/balance-1000", balance_case),
];

const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_800_000_000);
const HOUR: LeaseSpan = LeaseSpan::from_s(3_600);

fn client(last: u8) -> Client {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]);
    Client::new(None, hardware.expect("six bytes"))
}

fn grant_case() -> Box<dyn FnMut()> {
    let desired = LeaseSpan::from_s(86_400);
    let limit = LeaseLimit::Mclt(HOUR);
    let terms = GrantTerms { now: NOW, desired, limit, renewal_percent: 50 };
    let expiries = Expiries { acked_potential: NOW + HOUR, ..Expiries::default() };
    Box::new(move || {
        black_box(grant(black_box(&terms), black_box(&expiries)));
    })
}

fn check_case() -> Box<dyn FnMut()> {
    let control = Control::PartnerDown { since: NOW };
    let allocator =
        Allocator { role: Role::Secondary, control, mclt: HOUR, now: NOW, storage_lost: None };
    let (binding, client) = (Binding::unused([10, 0, 0, 1].into()), client(1));
    Box::new(move || {
        black_box(allocator.check(black_box(&binding), black_box(&client))).expect_err("too early");
    })
}

fn update() -> Update {
    Update {
        client: Some(client(7)),
        lease_earliest: NOW + HOUR,
        lease_latest: NOW + HOUR,
        last_transaction: Some(NOW),
        ..Update::new([10, 0, 0, 1].into(), BindingStatus::Active)
    }
}

fn receiver(role: Role, lease_ends: LeaseInstant) -> Receiver {
    let rules = ConflictRules::Draft12;
    Receiver {
        role,
        now: NOW,
        lease_ends,
        instance: 1,
        rules,
        reserved_here: None,
        fetches_all: false,
    }
}

fn taken_case() -> Box<dyn FnMut()> {
    let (own, update) = (Binding::unused([10, 0, 0, 1].into()), update());
    let receiver = receiver(Role::Secondary, LeaseInstant::ZERO);
    Box::new(move || {
        black_box(resolve(black_box(&own), black_box(&update), &receiver));
    })
}

fn refused_case() -> Box<dyn FnMut()> {
    let own = Binding {
        status: BindingStatus::Active,
        client: Some(client(8)),
        expiries: Expiries { lease: NOW + HOUR, ..Expiries::default() },
        version: 1,
        ..Binding::unused([10, 0, 0, 1].into())
    };
    let (update, receiver) = (update(), receiver(Role::Primary, NOW + HOUR));
    Box::new(move || {
        black_box(resolve(black_box(&own), black_box(&update), &receiver));
    })
}

fn balance_case() -> Box<dyn FnMut()> {
    let pool: Vec<_> = (0..1_000).map(|it| Binding::unused((0x0a00_0000 | it).into())).collect();
    Box::new(move || {
        let counts = PoolCounts::of(black_box(&pool), |_| false);
        let transfer = balance(counts, PoolShare::new(50));
        let mut selection = Selection::new(transfer, 512).expect("all are FREE");
        pool.iter().for_each(|binding| selection.consider(binding, |_| Role::Primary));
        black_box(selection.into_addresses());
    })
}
