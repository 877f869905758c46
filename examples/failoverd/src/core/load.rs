//! From the configuration and the store to running domains.

use super::clock::Clock;
use super::connections::role;
use super::domain::Domain;
use super::live::had_partner;
use super::stored;
use crate::config::{
    self, Config, Dialect, Former, Live, LiveError, Mode, Related, Relationship, Secret,
    StartupPolicy, TimePolicy,
};
use crate::dhcp::network::{ALONE, Networks, Scope};
use crate::store::{Contents, RecordError};
use dhcp_failover_lease::{Binding, BindingStatus, Expiries, Knowledge, LeaseInstant, LeaseSpan};
use dhcp_failover_proto::{
    self as proto, Balance, BindingTable, Endpoint, EndpointConfig, EndpointRecord, PoolDigest,
    Subnet, TableError,
};
use dhcp_failover_relationship::DEFAULT_MCLT_S;
use dhcp_failover_wire::digest::{Key, Scheme};
use dhcp_loadbalance::HashBuckets;
use ipnet::Ipv4Net;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

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
    /// What operators changed while the server ran.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The same, on its way to the store.
    #[error("what operators changed cannot be stored: {0}")]
    Record(RecordError),
    /// Two pools overlap.
    #[error("the pools overlap: {0}")]
    Pools(#[from] TableError),
}

/// What is stored of relationships, by name.
pub(super) type Records = HashMap<String, EndpointRecord>;

/// Brings what `live` knows of the scopes' relationships up to date: those that left one since the
/// server ran last come into `live.former`, for what their partner may have leased is waited for, too
/// (S1).
///
/// # Errors
/// When a scope would come into another relationship before that is over.
pub(super) fn note_those_that_left(
    config: &Config,
    contents: &Contents,
    records: &Records,
    live: &mut Live,
    now: LeaseInstant,
) -> Result<(), LoadError> {
    carry_over_to_other_sizes(config, live);
    match live.related.clone() {
        Some(related) => note_changed(&related, config, records, live, now),
        None => note_known_to_partners(config, contents, records, live, now)?,
    }
    too_soon(config, records, live)?;
    let related = Related::of(config);
    live.related = (!related.is_empty() || live.related.is_some()).then_some(related);
    Ok(())
}

/// Relationships that scopes have come into since the server ran last compare all of them with the
/// partner's before new clients are served: what was whose there may have changed.
pub(super) fn compare_where_scopes_joined(config: &Config, live: &Live, records: &mut Records) {
    let Some(before) = &live.related else { return };
    for (scope, new) in Related::of(config) {
        if before.get(&scope).is_none_or(|old| old.relationship != new.relationship)
            && let Some(record) = records.get_mut(&new.relationship)
        {
            record.pools_differ = true;
        }
    }
}

/// Whether a scope would come from one partner to another at once.
///
/// # Errors
/// The first that would.
pub(super) fn too_soon(config: &Config, records: &Records, live: &Live) -> Result<(), LiveError> {
    for (scope, new) in &Related::of(config) {
        let mut last = live.related.iter().flatten().filter(|(it, _)| overlap(it, scope));
        let last = last.find(|(_, it)| had_partner(records.get(&it.relationship)));
        let last = last.map(|(_, related)| related);
        let mut former = live.former.iter().filter(|(it, _)| overlap(it, scope));
        let former = former.find_map(|(_, it)| it.related.as_ref());
        let other = match last {
            // A partner may have got another address.
            Some(last) => Some(last).filter(|it| it.relationship != new.relationship),
            None => former,
        };
        if let Some(other) = other.filter(|it| !it.is_same_pair(new)) {
            let (name, former) = (new.relationship.clone(), other.relationship.clone());
            return Err(LiveError::TooSoon { scope: *scope, name, former });
        }
    }
    Ok(())
}

/// What is waited for in a scope that is not in the file any more is waited for in those that have its
/// addresses now.
fn carry_over_to_other_sizes(config: &Config, live: &mut Live) {
    for (old, former) in live.former.clone() {
        if config.scopes.iter().any(|it| it.subnet == old) {
            continue;
        }
        let here = config.scopes.iter().filter(|it| overlap(&it.subnet, &old));
        for scope in here.filter(|it| it.relationship.is_none()) {
            live.former.remove(&old);
            live.former.entry(scope.subnet).or_insert_with(|| former.clone());
        }
    }
}

/// The scopes that are in no relationship any more, or not in the file.
fn note_changed(
    related: &BTreeMap<Ipv4Net, Related>,
    config: &Config,
    records: &Records,
    live: &mut Live,
    now: LeaseInstant,
) {
    for (subnet, old) in related {
        let Some(record) = records.get(&old.relationship).filter(|it| had_partner(Some(it))) else {
            continue;
        };
        let former = left_in_the_file(Some(old.clone()), record.mclt.for_waits(), now);
        // Its addresses may be in a scope of another size now, or in several.
        let here: Vec<_> = config.scopes.iter().filter(|it| overlap(&it.subnet, subnet)).collect();
        for scope in here.iter().filter(|it| it.relationship.is_none()) {
            note(live, scope.subnet, former.clone());
        }
        if here.is_empty() {
            note(live, *subnet, former);
        }
    }
}

fn overlap(one: &Ipv4Net, other: &Ipv4Net) -> bool {
    one.contains(other) || other.contains(one)
}

/// The same, where it is not known which scopes were in one: those of which something is known that
/// only a partner tells.
fn note_known_to_partners(
    config: &Config,
    contents: &Contents,
    records: &Records,
    live: &mut Live,
    now: LeaseInstant,
) -> Result<(), LoadError> {
    let is_gone = |name: &String| config.relationships.iter().all(|it| it.name != *name);
    let gone = records.iter().filter(|(name, _)| is_gone(name));
    let mclt = gone.map(|(_, record)| record.mclt.for_waits()).max();
    let mclt = mclt.unwrap_or(LeaseSpan::from_s(DEFAULT_MCLT_S.into()));
    let alone = config.scopes.iter().filter(|scope| scope.relationship.is_none());
    let alone: BTreeMap<Ipv4Addr, Ipv4Net> =
        alone.map(|scope| (scope.subnet.network(), scope.subnet)).collect();
    for (address, record) in &contents.bindings {
        let subnet = alone.range(..=*address).next_back().map(|(_, subnet)| *subnet);
        let Some(subnet) = subnet.filter(|it| it.contains(address)) else { continue };
        if live.former.contains_key(&subnet) {
            continue;
        }
        let binding = stored::binding(record)
            .map_err(|error| LoadError::Binding { address: *address, error })?;
        // Without failover nothing is known of what a partner knows.
        if binding.knowledge != Knowledge::default() {
            note(live, subnet, left_in_the_file(None, mclt, now));
        }
    }
    Ok(())
}

fn note(live: &mut Live, subnet: Ipv4Net, left: Former) {
    let wait_s = left.mclt.as_s();
    tracing::warn!(%subnet, wait_s, "the scope is in no relationship any more: addresses that its \
        partner may have leased are waited for");
    live.former.insert(subnet, left);
}

fn left_in_the_file(related: Option<Related>, mclt: LeaseSpan, since: LeaseInstant) -> Former {
    let role = related.as_ref().map_or(dhcp_failover_lease::Role::Primary, |it| it.role);
    Former { related, role, since, without_data: true, mclt, storage_lost: None }
}

/// The domains of a configuration with what the store remembers of them.
pub(super) fn domains(
    config: &Config,
    networks: &Networks,
    contents: &Contents,
    records: &Records,
    former: &BTreeMap<Ipv4Net, Former>,
    clock: &Clock,
) -> Result<Vec<Domain>, LoadError> {
    let mut tables = tables(networks)?;
    let Config { relationships, .. } = config;
    tables.resize(relationships.len() + former.len() + 1, BindingTable::new());
    load_bindings(networks, contents, &mut tables)?;
    let mut tables = tables.into_iter();
    let mut domains = vec![Domain::alone(tables.next().unwrap_or_default())];
    for (relationship, table) in relationships.iter().zip(&mut tables) {
        let stored = records.get(&relationship.name).copied();
        let pools = networks.pools(domains.len());
        domains.push(failover(relationship.clone(), pools, table, stored, clock));
    }
    let left = former.values().cloned().zip(tables);
    domains.extend(left.map(|(former, table)| Domain::former(table, former)));
    Ok(domains)
}

/// The domain of a scope at the start: after the one for scopes without failover come the
/// relationships in the order of the configuration, then the scopes that have left one.
pub(super) fn domain_of(config: &Config, live: &Live, scope: &config::Scope) -> usize {
    let left = || live.former.keys().position(|it| *it == scope.subnet);
    match scope.relationship {
        Some(relationship) => ALONE + 1 + relationship,
        None => left().map_or(ALONE, |at| ALONE + 1 + config.relationships.len() + at),
    }
}

/// A relationship with what is on disk of it, if it is not new.
pub(super) fn failover(
    relationship: Relationship,
    pools: &[Pool],
    table: BindingTable,
    stored: Option<EndpointRecord>,
    clock: &Clock,
) -> Domain {
    let config = endpoint_config(&relationship, pools);
    let endpoint = Endpoint::with_clock(config, stored, clock.monotonic(), clock.lease());
    Domain::failover(relationship, table, endpoint, stored)
}

/// The ranges of a pool.
pub(super) type Pool = Vec<RangeInclusive<Ipv4Addr>>;

/// A number that changes with the addresses of a relationship (FNV-1a over their ranges).
fn digest(pools: &[Pool]) -> u64 {
    let mut ranges: Vec<_> = pools.iter().flatten().map(|it| (*it.start(), *it.end())).collect();
    ranges.sort_unstable();
    let bytes = ranges.into_iter().flat_map(|(first, last)| [first.octets(), last.octets()]);
    bytes.flatten().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

pub(super) fn endpoint_records(contents: &Contents) -> Result<Records, LoadError> {
    let decoded = contents.endpoints.iter().map(|(name, record)| {
        let record = stored::endpoint(record)
            .map_err(|error| LoadError::Endpoint { name: name.clone(), error })?;
        Ok((name.clone(), record))
    });
    decoded.collect()
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
    networks: &Networks,
    contents: &Contents,
    tables: &mut [BindingTable],
) -> Result<(), LoadError> {
    let mut outside = 0usize;
    for (address, record) in &contents.bindings {
        let mut binding = stored::binding(record)
            .map_err(|error| LoadError::Binding { address: *address, error })?;
        let domain = networks.scope_of(*address).map(|scope| scope.domain);
        if domain == Some(ALONE) {
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
    for (_, scope) in networks.scopes() {
        if let Some(table) = tables.get_mut(scope.domain) {
            reserve(table, scope);
        }
    }
    Ok(())
}

/// Has the table know which addresses of a scope are reserved, and for whom.
pub(super) fn reserve(table: &mut BindingTable, scope: &Scope) {
    // Neither server's to move: whoever the client meets gives it (§5.13, H3).
    for reservation in &scope.config.reservations {
        table.set_reserved(reservation.address, true);
    }
    // For which clients they are must be the same at both servers, too (H3, S15).
    let Some(first) = scope.config.reservations.first() else { return };
    if let Some(pool) = table.pool_of(first.address) {
        let all = scope.config.reservations.iter();
        let settings = all.fold(PoolDigest::new(), |digest, it| {
            digest.with_reservation(it.address, &it.client.to_bytes())
        });
        table.set_pool_settings(pool, settings);
    }
}

/// A binding whose scope has no partner (any more): nobody is left to agree or to own a share.
pub(super) fn without_failover(binding: Binding) -> Binding {
    let mut binding = match binding.status {
        // A partner of before may have given its client all that this server had agreed to.
        BindingStatus::Active | BindingStatus::Abandoned => {
            let lease = binding.expiries.latest();
            Binding { expiries: Expiries { lease, ..Expiries::default() }, ..binding }
        }
        _ => {
            let since = binding.start_of_state;
            binding.made_available(BindingStatus::Free, since)
        }
    };
    binding.knowledge = Knowledge::default();
    binding
}

/// What the endpoint of a relationship with these pools works by.
pub(super) fn endpoint_config(it: &Relationship, pools: &[Pool]) -> EndpointConfig {
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
        pools_digest: digest(pools),
        ..EndpointConfig::new(&it.name, role(it.role), it.partner.ip())
    }
}
