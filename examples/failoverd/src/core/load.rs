//! From the configuration and the store to running domains.

use super::clock::Clock;
use super::connections::role;
use super::domain::Domain;
use crate::config::{Config, Dialect, Mode, Relationship, Secret, StartupPolicy, TimePolicy};
use crate::dhcp::network::Networks;
use crate::store::{Contents, RecordError, decode};
use dhcp_failover_lease::{
    Binding, BindingFlags, BindingStatus, Client, Expiries, Knowledge, LeaseInstant, LeaseSpan,
    StatusSet,
};
use dhcp_failover_proto::{
    self as proto, Balance, BindingTable, Endpoint, EndpointConfig, EndpointRecord, PoolDigest,
    Subnet, TableError,
};
use dhcp_failover_wire::digest::{Key, Scheme};
use dhcp_loadbalance::HashBuckets;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;

/// The format of a stored [`Binding`].
pub(crate) const BINDING_FORMAT: u8 = 3;
/// That of a [`Binding`] whose [`Knowledge`] had no last field, whether leases crossed.
const BINDING_FORMAT_WITHOUT_CROSSED: u8 = 2;
/// The same without the binding's last field, the state of DNS records.
const BINDING_FORMAT_WITHOUT_DDNS: u8 = 1;
/// The format of a stored [`EndpointRecord`].
pub(super) const ENDPOINT_FORMAT: u8 = 6;
/// That of one without its last field, the number of connections, and with a stamp of the partner's in
/// the place of such a number.
const ENDPOINT_FORMAT_WITHOUT_CONNECTIONS: u8 = 5;

/// Why the stored state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The record of an address.
    #[error(
        "the store's record of address {address} cannot be read: {error}; restore the store \
             from a copy, or remove it to fetch everything from the partner"
    )]
    Binding {
        /// The address.
        address: Ipv4Addr,
        /// What is wrong with it.
        error: RecordError,
    },
    /// The record of a relationship.
    #[error(
        "the store's record of relationship {name:?} cannot be read: {error}; restore the \
             store from a copy, or remove it to fetch everything from the partner"
    )]
    Endpoint {
        /// The relationship.
        name: String,
        /// What is wrong with it.
        error: RecordError,
    },
    /// Two pools overlap.
    #[error("the pools overlap: {0}")]
    Pools(#[from] TableError),
}

/// The domains of a configuration with what the store remembers of them, and the clock they share.
pub(super) fn domains(
    config: &Config,
    networks: &Networks,
    contents: &Contents,
    trust_wall: bool,
) -> Result<(Vec<Domain>, Clock), LoadError> {
    let records = endpoint_records(contents)?;
    let clock = Clock::start(records.values(), trust_wall);
    let mut tables = tables(networks)?;
    load_bindings(config, networks, contents, &mut tables)?;
    let alone = tables.pop().unwrap_or_default();
    let mut domains: Vec<Domain> = config
        .relationships
        .iter()
        .zip(tables)
        .enumerate()
        .map(|(number, (relationship, table))| {
            let endpoint = Endpoint::with_clock(
                EndpointConfig {
                    pools_digest: digest(networks.pools(number)),
                    ..endpoint_config(relationship)
                },
                records.get(&relationship.name).copied(),
                clock.monotonic(),
                clock.lease(),
            );
            Domain::failover(relationship.name.clone(), table, endpoint)
        })
        .collect();
    domains.push(Domain::alone(alone));
    Ok((domains, clock))
}

/// A number that changes with the addresses of a relationship (FNV-1a over their ranges).
fn digest(pools: &[Vec<std::ops::RangeInclusive<Ipv4Addr>>]) -> u64 {
    let mut ranges: Vec<_> = pools.iter().flatten().map(|it| (*it.start(), *it.end())).collect();
    ranges.sort_unstable();
    let bytes = ranges.into_iter().flat_map(|(first, last)| [first.octets(), last.octets()]);
    bytes.flatten().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn endpoint_records(contents: &Contents) -> Result<HashMap<String, EndpointRecord>, LoadError> {
    let decoded = contents.endpoints.iter().map(|(name, record)| {
        let record =
            endpoint(record).map_err(|error| LoadError::Endpoint { name: name.clone(), error })?;
        Ok((name.clone(), record))
    });
    decoded.collect()
}

/// A stored record of a relationship, of this version's format or of the one before.
fn endpoint(record: &[u8]) -> Result<EndpointRecord, RecordError> {
    match record.split_first() {
        Some((&ENDPOINT_FORMAT_WITHOUT_CONNECTIONS, body)) => {
            let record = [&[ENDPOINT_FORMAT], body, &[0]].concat();
            let record: EndpointRecord = decode(ENDPOINT_FORMAT, &record)?;
            Ok(EndpointRecord { partner_connection: 0, ..record })
        }
        _ => decode(ENDPOINT_FORMAT, record),
    }
}

fn tables(networks: &Networks) -> Result<Vec<BindingTable>, TableError> {
    (0..networks.domain_count())
        .map(|domain| {
            let mut table = BindingTable::new();
            for pool in networks.pools(domain) {
                table.add_pool(pool.iter().cloned())?;
            }
            for (_, scope) in networks.scopes().filter(|(_, scope)| scope.domain == domain) {
                let subnet = scope.config.subnet;
                table.add_subnet(Subnet::new(subnet.network(), subnet.prefix_len()));
            }
            Ok(table)
        })
        .collect()
}

fn load_bindings(
    config: &Config,
    networks: &Networks,
    contents: &Contents,
    tables: &mut [BindingTable],
) -> Result<(), LoadError> {
    let alone = config.relationships.len();
    let mut outside = 0usize;
    for (address, record) in &contents.bindings {
        let mut binding =
            binding(record).map_err(|error| LoadError::Binding { address: *address, error })?;
        let domain = networks.scope_of(*address).map(|scope| scope.domain);
        if domain == Some(alone) {
            binding = without_failover(binding);
        }
        let known = domain.and_then(|domain| tables.get_mut(domain));
        if !known.is_some_and(|table| table.apply(binding)) {
            outside += 1;
        }
    }
    if outside > 0 {
        tracing::warn!(
            "{outside} addresses in the store are in no configured range; they are kept, not served"
        );
    }
    // Neither server's to move: whoever the client meets gives it (§5.13, H3).
    for (_, scope) in networks.scopes() {
        for reservation in &scope.config.reservations {
            if let Some(table) = tables.get_mut(scope.domain) {
                table.set_reserved(reservation.address, true);
            }
        }
        // For which clients they are must be the same at both servers, too (H3, S15).
        let Some(first) = scope.config.reservations.first() else { continue };
        let Some(table) = tables.get_mut(scope.domain) else { continue };
        if let Some(pool) = table.pool_of(first.address) {
            let all = scope.config.reservations.iter();
            let settings = all.fold(PoolDigest::new(), |digest, it| {
                digest.with_reservation(it.address, &it.client.to_bytes())
            });
            table.set_pool_settings(pool, settings);
        }
    }
    Ok(())
}

/// A stored binding, of this version's format or of one before.
fn binding(record: &[u8]) -> Result<Binding, RecordError> {
    match record.split_first() {
        Some((&BINDING_FORMAT_WITHOUT_DDNS, body)) => {
            // Nothing is known of them: an empty sequence.
            former(&[&[BINDING_FORMAT_WITHOUT_CROSSED], body, &[0]].concat())
        }
        Some((&BINDING_FORMAT_WITHOUT_CROSSED, _)) => former(record),
        _ => decode(BINDING_FORMAT, record),
    }
}

/// The fields of a [`Binding`] as they were stored before: a tuple is encoded as a structure.
type Former = (
    (Ipv4Addr, BindingStatus, Option<Client>, Expiries, LeaseInstant),
    (Option<LeaseInstant>, BindingFlags, u64, (BindingStatus, StatusSet, u64, u32)),
    (Vec<u8>, Vec<u8>, Vec<u8>),
);

fn former(record: &[u8]) -> Result<Binding, RecordError> {
    let (lease, (last_transaction, flags, version, known), opaque) =
        decode::<Former>(BINDING_FORMAT_WITHOUT_CROSSED, record)?;
    let (address, status, client, expiries, start_of_state) = lease;
    let (agreed, told, acked_version, instance) = known;
    let (request_options, reply_options, ddns) = opaque;
    let knowledge = Knowledge { agreed, told, acked_version, instance, crossed: false };
    Ok(Binding {
        address,
        status,
        client,
        expiries,
        start_of_state,
        last_transaction,
        flags,
        version,
        knowledge,
        request_options,
        reply_options,
        ddns,
    })
}

/// A binding whose scope has no partner (any more): nobody is left to agree or to own a share.
fn without_failover(binding: Binding) -> Binding {
    let mut binding = match binding.status {
        BindingStatus::Active | BindingStatus::Abandoned => binding,
        _ => {
            let since = binding.start_of_state;
            binding.made_available(BindingStatus::Free, since)
        }
    };
    binding.knowledge = Knowledge::default();
    binding
}

fn endpoint_config(it: &Relationship) -> EndpointConfig {
    let seconds = |s: u32| LeaseSpan::from_s(u64::from(s));
    // The stronger of the two kinds; the draft's HMAC-MD5 only for a partner that knows no other.
    let key = |secret: &Secret| match it.dialect {
        Dialect::Microsoft(windows) => {
            Key::new(windows.digest, &String::from_utf8_lossy(secret.bytes()))
        }
        _ => Key::from_bytes(Scheme::HMAC_SHA256, secret.bytes()),
    };
    let limit = seconds(it.max_time_difference_s);
    EndpointConfig {
        balance: match it.mode {
            Mode::LoadBalance { primary_percent } => Balance::LoadBalance { primary_percent },
            Mode::Buckets { primary } => {
                Balance::Buckets { primary: HashBuckets::from_bytes(primary) }
            }
            Mode::HotStandby { reserve_percent } => Balance::HotStandby { reserve_percent },
        },
        mclt: seconds(it.mclt_s),
        safe_period: it.safe_period_s.map(seconds),
        receive_timer: seconds(it.receive_timer_s),
        max_unacked_bndupd: it.max_unacked_bndupd,
        startup: seconds(it.startup_s),
        startup_policy: match it.startup_policy {
            StartupPolicy::Wait => proto::StartupPolicy::Wait,
            StartupPolicy::Resume => proto::StartupPolicy::Resume,
            StartupPolicy::PartnerDown => proto::StartupPolicy::PartnerDown,
        },
        secret: it.secret.as_ref().map(key),
        second_secret: it.second_secret.as_ref().map(key),
        time_policy: match it.time_policy {
            TimePolicy::Correct => proto::TimePolicy::Correct,
            TimePolicy::Refuse => proto::TimePolicy::Refuse { limit },
            TimePolicy::Close => proto::TimePolicy::Close { limit },
        },
        // The hasher of the standard library has a random key.
        seed: RandomState::new().hash_one(&it.name),
        dialect: match it.dialect {
            Dialect::Auto => None,
            Dialect::Draft12 => Some(dhcp_failover_wire::Dialect::Draft12),
            Dialect::Isc => Some(dhcp_failover_wire::Dialect::IscDhcpd),
            Dialect::Microsoft(windows) => {
                Some(dhcp_failover_wire::Dialect::Microsoft(windows.settings))
            }
        },
        ..EndpointConfig::new(&it.name, role(it.role), it.partner.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::encode;
    use dhcp_failover_lease::{HardwareAddress, Role};
    use dhcp_failover_proto::{Command, Input, Monotonic, Output, Record};

    /// What former versions stored is read: every field, nothing known of DNS records in the oldest, and
    /// no leases that crossed.
    #[test]
    fn bindings_in_the_former_formats_are_read() {
        let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 7]).unwrap();
        let knowledge = Knowledge {
            agreed: BindingStatus::Active,
            told: StatusSet::EMPTY.with(BindingStatus::Expired),
            acked_version: 8,
            instance: 1_700_000_001,
            crossed: false,
        };
        let it = Binding {
            status: BindingStatus::Active,
            client: Some(Client::new(Some(b"seven"), hardware)),
            start_of_state: LeaseInstant::from_unix_s(1_700_000_000),
            version: 9,
            knowledge,
            request_options: vec![99, 130, 83, 99, 12, 1, b'a'],
            reply_options: vec![99, 130, 83, 99],
            ddns: vec![0, 3],
            ..Binding::unused([192, 0, 2, 7].into())
        };
        // Field by field, so that a field that is new does not get in here unseen.
        let known = (knowledge.agreed, knowledge.told, knowledge.acked_version, knowledge.instance);
        let lease = (
            (it.address, it.status, &it.client, it.expiries, it.start_of_state),
            (it.last_transaction, it.flags, it.version, known),
        );
        let opaque = (&it.request_options, &it.reply_options);
        let second = encode(BINDING_FORMAT_WITHOUT_CROSSED, &(lease, (opaque, &it.ddns))).unwrap();
        assert_eq!(binding(&second), Ok(it.clone()));
        let first = encode(BINDING_FORMAT_WITHOUT_DDNS, &(lease, opaque)).unwrap();
        assert_eq!(binding(&first), Ok(Binding { ddns: Vec::new(), ..it.clone() }));
        let crossed = Knowledge { crossed: true, ..knowledge };
        let present = Binding { knowledge: crossed, ..it };
        let record = encode(BINDING_FORMAT, &present).unwrap();
        assert_eq!(binding(&record), Ok(present));
        assert!(matches!(binding(&[4, 0]), Err(RecordError::Format { found: 4, .. })));
    }

    /// What the version before stored of a relationship is read, but for the partner's stamp.
    #[test]
    fn endpoint_records_in_the_former_format_are_read() {
        let config = EndpointConfig::new("pair", Role::Primary, [192, 0, 2, 2].into());
        let mut endpoint = Endpoint::new(config, None, Monotonic::default(), LeaseInstant::ZERO);
        endpoint.handle(
            Monotonic::default(),
            Input::Command(Command::PartnerDown),
            &BindingTable::new(),
        );
        let stored = std::iter::from_fn(|| match endpoint.poll_output() {
            Output::Wait(_) => None,
            output => Some(output),
        });
        let record = stored.filter_map(|output| match output {
            Output::Persist { record: Record::Endpoint(record), .. } => Some(record),
            _ => None,
        });
        let it = EndpointRecord { partner_connection: 0, connection: 0, ..record.last().unwrap() };
        let told = EndpointRecord { partner_connection: 1_700_000_000, ..it };
        let mut former = encode(ENDPOINT_FORMAT, &told).unwrap();
        assert_eq!(former.pop(), Some(0), "the last field");
        former[0] = ENDPOINT_FORMAT_WITHOUT_CONNECTIONS;
        assert_eq!(super::endpoint(&former), Ok(it));
        let newest = EndpointRecord { connection: 7, ..told };
        assert_eq!(super::endpoint(&encode(ENDPOINT_FORMAT, &newest).unwrap()), Ok(newest));
    }
}
