use super::*;
use crate::store::decode;
use dhcp_failover_lease::{
    BindingFlags, Client, GrantTerms, HardwareAddress, LeaseLimit, LeaseSpan, Role, grant,
};
use dhcp_failover_proto::{EndpointConfig, LinkSide, StartupPolicy, State};
use dhcp_failover_wire as wire;
use dhcp_failover_wire::{BindingUpdate, Connect, Dialect, Message, Packet};

const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_000);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

fn relationship(name: &str) -> Relationship {
    Relationship::new(name, crate::config::Role::Primary, "192.0.2.2:647".parse().unwrap())
}

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
fn without_failover_a_lease_is_free_two_seconds_after_its_end() {
    let mut domain = domain();
    domain.handle(Monotonic::default(), NOW, granted(1, 0));
    let end = NOW + LeaseSpan::from_s(60);
    let expired = || Input::Lease(LeaseEvent::Expired { address: ADDRESS });
    for early in [NOW, end, end + LeaseSpan::from_s(1)] {
        assert!(domain.ended(early).is_empty(), "the client may still count");
        assert!(domain.handle(Monotonic::default(), early, expired()).is_empty());
    }
    let over = end + LeaseSpan::from_s(2);
    assert_eq!(domain.ended(over), [ADDRESS]);
    domain.handle(Monotonic::default(), over, expired());
    let freed = domain.table.get(ADDRESS).unwrap();
    assert_eq!(freed.status, BindingStatus::Free);
    assert!(freed.is_for(&client(1)), "so that it can have it back");
}

const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);

/// A primary that takes its partner for down once its startup is over, with more addresses than one
/// search for ended leases returns.
fn partner_is_down() -> Domain {
    failover(Role::Primary)
}

fn failover(role: Role) -> Domain {
    let mut table = BindingTable::new();
    table.add_pool([FIRST..=Ipv4Addr::new(10, 0, 31, 255)]).unwrap();
    let config = EndpointConfig {
        startup_policy: StartupPolicy::PartnerDown,
        ..EndpointConfig::new("lab", role, [192, 0, 2, 2].into())
    };
    let endpoint = Endpoint::new(config, None, Monotonic::default(), NOW);
    Domain::failover(relationship("lab"), table, endpoint, None)
}

/// Lets time pass, on a disk that is done at once.
fn pass(domain: &mut Domain, seconds: u64) -> LeaseInstant {
    let (at, now) = (Monotonic::from_ms(seconds * 1000), NOW + LeaseSpan::from_s(seconds));
    let mut inputs = VecDeque::from([None]);
    while let Some(ticket) = inputs.pop_front() {
        let input = ticket.map_or(Input::Tick, Input::Persisted);
        for effect in domain.handle(at, now, input) {
            if let Effect::Persist { ticket, .. } = effect {
                inputs.push_back(Some(ticket));
            }
        }
    }
    now
}

/// A lease that ended one second after [`NOW`], or later if the clocks of the servers differ.
fn lease(domain: &mut Domain, number: u32, latest_s: u64) -> Ipv4Addr {
    let address = Ipv4Addr::from_bits(FIRST.to_bits() + number);
    let mut binding = Binding::unused(address);
    binding.status = BindingStatus::Active;
    binding.client = Some(client(1));
    binding.version = 1;
    // After any loss of storage there may have been.
    binding.last_transaction = Some(NOW + LeaseSpan::from_s(10));
    binding.expiries.lease = NOW + LeaseSpan::from_s(1);
    binding.expiries.lease_latest = NOW + LeaseSpan::from_s(latest_s);
    assert!(domain.table.apply(binding));
    address
}

#[test]
fn s7_a_server_that_serves_nobody_finds_no_lease_ended() {
    let mut domain = partner_is_down();
    let ended = lease(&mut domain, 0, 1);
    let now = pass(&mut domain, 1);
    assert_eq!(domain.status().unwrap().state, State::Startup);
    assert!(domain.ended(now + LeaseSpan::from_s(5)).is_empty());
    let now = pass(&mut domain, 60);
    assert_eq!(domain.status().unwrap().state, State::PartnerDown);
    assert_eq!(domain.ended(now), [ended]);
    let beyond = domain.endpoint().unwrap().view().deadline() + LeaseSpan::from_s(1);
    assert!(domain.ended(beyond).is_empty(), "nor one that stood still for too long");
}

#[test]
fn leases_that_are_held_longer_do_not_keep_others_from_ending() {
    let mut domain = partner_is_down();
    let held = u32::try_from(ENDED_MAX).unwrap() + 1;
    for number in 0..held {
        lease(&mut domain, number, 10_000);
    }
    let last = lease(&mut domain, held, 1);
    let now = pass(&mut domain, 60);
    assert_eq!(domain.ended(now), [last]);
}

#[test]
fn the_records_of_an_endpoint_survive_the_store() {
    use dhcp_failover_proto::{EndpointConfig, EndpointRecord};
    let config = EndpointConfig::new("pair", Role::Primary, ADDRESS.into());
    let endpoint = Endpoint::new(config, None, Monotonic::default(), NOW);
    let mut domain = Domain::failover(relationship("pair"), BindingTable::new(), endpoint, None);
    let effects = domain.handle(
        Monotonic::default(),
        NOW,
        Input::Command(dhcp_failover_proto::Command::PartnerDown),
    );
    let stored = effects.iter().find_map(|effect| match effect {
        Effect::Persist { write: Write::Endpoint { relationship, record }, .. } => {
            assert_eq!(relationship, "pair");
            Some(decode::<EndpointRecord>(ENDPOINT_FORMAT, record).unwrap())
        }
        _ => None,
    });
    assert_eq!(stored.map(|record| record.state), Some(dhcp_failover_proto::State::PartnerDown));
}

/// isc-S15: every state there is can be read back from the store.
#[test]
fn s15_every_state_survives_the_store() {
    use crate::store::encode;
    use dhcp_failover_proto::{EndpointConfig, EndpointRecord, Record, State};
    let config = EndpointConfig::new("pair", Role::Primary, ADDRESS.into());
    let mut endpoint = Endpoint::new(config.clone(), None, Monotonic::default(), NOW);
    let order = Input::Command(dhcp_failover_proto::Command::PartnerDown);
    endpoint.handle(Monotonic::default(), order, &BindingTable::new());
    let record = std::iter::from_fn(|| match endpoint.poll_output() {
        dhcp_failover_proto::Output::Wait(_) => None,
        output => Some(output),
    })
    .find_map(|output| match output {
        dhcp_failover_proto::Output::Persist { record: Record::Endpoint(record), .. } => {
            Some(record)
        }
        _ => None,
    })
    .unwrap();
    for state in State::ALL {
        for partner_state in State::ALL.into_iter().map(Some).chain([None]) {
            let record = EndpointRecord { state, partner_state, ..record };
            let stored = encode(ENDPOINT_FORMAT, &record).unwrap();
            let read = decode::<EndpointRecord>(ENDPOINT_FORMAT, &stored).unwrap();
            assert_eq!(read, record);
            // Whatever is there, a server starts from it.
            let again = Endpoint::new(config.clone(), Some(read), Monotonic::default(), NOW);
            assert_eq!(again.status().state, State::Startup);
        }
    }
}

/// draft-12 §5.12: what a partner tells of DNS records shows that it updates DNS; the operator is told,
/// once.
#[test]
fn a_partner_that_updates_dns_is_told_of_once() {
    let mut domain = failover(Role::Secondary);
    let now = NOW.as_wire_s();
    let link = LinkId(1);
    let mut told = 0;
    let mut feed = |input: Input<'_>| {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in domain.handle(Monotonic::default(), NOW, input) {
                match effect {
                    Effect::Persist { ticket, .. } => inputs.push_back(Input::Persisted(ticket)),
                    Effect::PartnerUpdatesDns => told += 1,
                    _ => {}
                }
            }
        }
        told
    };
    let mut xid = 0;
    let mut frame = |message: Message| {
        xid += 1;
        let mut bytes = Vec::new();
        wire::encode(&Packet { time: now, xid, message }, Dialect::Draft12, &mut bytes).unwrap();
        bytes
    };
    let lease = |number: u32, ddns: Option<Vec<u8>>| {
        Message::BndUpd(vec![BindingUpdate {
            client_hardware_address: Some(wire::HardwareAddress { htype: 1, bytes: vec![2; 6] }),
            lease_expiration_time: Some(now + 60),
            potential_expiration_time: Some(now + 60),
            client_last_transaction_time: Some(now),
            ddns,
            ..BindingUpdate::new(
                Ipv4Addr::from_bits(FIRST.to_bits() + number),
                wire::BindingStatus::ACTIVE,
            )
        }])
    };
    feed(Input::LinkUp { link, side: LinkSide::Accepted });
    let connect = Message::Connect(Connect {
        relationship_name: b"lab".to_vec(),
        max_unacked_bndupd: Some(10),
        receive_timer: Some(60),
        protocol_version: 1,
        tls_request: Some(0),
        mclt: Some(3_600),
        hash_buckets: Some([0xff; 32]),
        ..Connect::default()
    });
    let state = Message::State(wire::State {
        server_state: State::Normal.to_wire(),
        server_flags: wire::ServerFlags::NONE,
        start_time_of_state: now,
    });
    for message in [connect, state, lease(0, None)] {
        let bytes = frame(message);
        assert_eq!(feed(Input::Frame { link, bytes: &bytes }), 0);
    }
    for number in [1, 2] {
        let bytes = frame(lease(number, Some(vec![0, 3])));
        assert_eq!(feed(Input::Frame { link, bytes: &bytes }), 1);
    }
}
