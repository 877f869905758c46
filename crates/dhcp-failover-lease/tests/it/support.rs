//! What the tests are built from.

use dhcp_failover_lease::*;

pub(crate) const NOW: LeaseInstant = LeaseInstant::from_unix_s(10_000);

pub(crate) fn s(seconds: u64) -> LeaseInstant {
    LeaseInstant::from_unix_s(seconds)
}

pub(crate) fn span(seconds: u64) -> LeaseSpan {
    LeaseSpan::from_s(seconds)
}

pub(crate) fn client(last: u8) -> Client {
    Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
}

/// Every set of statuses.
pub(crate) fn every_status_set() -> impl Iterator<Item = StatusSet> {
    (0..128u8).map(|bits| {
        let members = BindingStatus::ALL.into_iter().enumerate();
        members
            .filter(|(index, _)| bits & (1 << index) != 0)
            .fold(StatusSet::EMPTY, |set, (_, status)| set.with(status))
    })
}

/// A binding of client 1 that the partner has acknowledged.
pub(crate) fn own(status: BindingStatus, lease: u64, heard: u64) -> Binding {
    Binding {
        status,
        client: Some(client(1)),
        expiries: Expiries { lease: s(lease), ..Expiries::default() },
        start_of_state: s(heard),
        last_transaction: Some(s(heard)),
        version: 5,
        knowledge: Knowledge {
            agreed: status,
            told: StatusSet::EMPTY,
            acked_version: 5,
            instance: 1,
            crossed: false,
        },
        ..Binding::unused([192, 0, 2, 1].into())
    }
}

pub(crate) fn update(status: BindingStatus, who: u8, heard: u64) -> Update {
    Update {
        client: Some(client(who)),
        lease_earliest: s(20_000),
        lease_latest: s(20_002),
        potential_earliest: s(29_999),
        potential_latest: s(30_001),
        start_of_state: s(heard),
        last_transaction: Some(s(heard)),
        ..Update::new([192, 0, 2, 1].into(), status)
    }
}

pub(crate) fn receiver(role: Role, own: &Binding) -> Receiver {
    Receiver {
        role,
        now: NOW,
        lease_ends: own.expiries.lease,
        instance: 1,
        rules: ConflictRules::Draft12,
        reserved_here: None,
        fetches_all: false,
    }
}
