use super::*;
use crate::store::decode;
use dhcp_failover_lease::{
    BindingFlags, Client, GrantTerms, HardwareAddress, LeaseLimit, LeaseSpan, grant,
};

const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_000);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

fn client(last: u8) -> Client {
    Client::new(Some(&[1, last]), HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
}

fn domain() -> Domain {
    let mut table = BindingTable::new();
    table.add_pool([ADDRESS..=ADDRESS]).unwrap();
    Domain::alone(table)
}

fn granted(token: u64, version: u64) -> Input<'static> {
    let terms = GrantTerms {
        now: NOW,
        desired: LeaseSpan::from_s(60),
        limit: LeaseLimit::Unlimited,
        renewal_percent: 50,
    };
    Input::Lease(LeaseEvent::Granted {
        token: Token(token),
        address: ADDRESS,
        client: client(1),
        grant: grant(&terms, &Expiries::default()),
        version,
        epoch: 0,
        flags: BindingFlags::default(),
        request_options: Vec::new(),
    })
}

#[test]
fn s5_without_failover_too_an_answer_waits_for_its_record() {
    let mut domain = domain();
    let effects = domain.handle(Monotonic::default(), NOW, granted(7, 0));
    let [Effect::Persist { ticket, write: Write::Binding { record, .. } }] = &effects[..] else {
        panic!("{effects:?}");
    };
    let stored: Binding = decode(BINDING_FORMAT, record).unwrap();
    assert_eq!(domain.table.get(ADDRESS), Some(stored));
    let effects = domain.handle(Monotonic::default(), NOW, Input::Persisted(*ticket));
    assert!(matches!(&effects[..], [Effect::Confirm(Token(7))]), "{effects:?}");
}

#[test]
fn a_grant_decided_on_an_older_binding_is_refused() {
    let mut domain = domain();
    domain.handle(Monotonic::default(), NOW, granted(1, 0));
    let effects = domain.handle(Monotonic::default(), NOW, granted(2, 0));
    assert!(matches!(&effects[..], [Effect::Refuse(Token(2), Stale::Binding)]), "{effects:?}");
}

#[test]
fn without_failover_a_lease_that_ends_is_free_at_once() {
    let mut domain = domain();
    domain.handle(Monotonic::default(), NOW, granted(1, 0));
    assert!(domain.ended(NOW).is_empty());
    let end = NOW + LeaseSpan::from_s(60);
    assert_eq!(domain.ended(end), [ADDRESS]);
    domain.handle(
        Monotonic::default(),
        end,
        Input::Lease(LeaseEvent::Expired { address: ADDRESS }),
    );
    let freed = domain.table.get(ADDRESS).unwrap();
    assert_eq!(freed.status, BindingStatus::Free);
    assert!(freed.is_for(&client(1)), "so that it can have it back");
}
