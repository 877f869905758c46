//! The scopes of the configuration, arranged for looking up.
//!
//! A *wire* is a set of scopes whose clients share one link: a shared network, or a scope alone.
//! A *domain* is a set of scopes whose leases are kept in one table: those of one failover
//! relationship, those that have left one, or, under the number [`ALONE`], those without failover. A
//! scope can move to another domain while the server runs; numbers of domains are never used again.

use super::option;
use super::ranges::Ranges;
use super::reply::Parameters;
use crate::config::{self, ReservedFor};
use dhcp_failover_lease::{Client, LeaseSpan};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// The domain of the scopes without failover.
pub const ALONE: usize = 0;

/// Names a scope: its place in the configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ScopeIndex(usize);

/// One scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    /// As configured.
    pub config: config::Scope,
    /// Which table holds its leases.
    pub domain: usize,
    /// The pool of its free addresses in that table.
    pub pool: usize,
    /// The options clients get.
    parameters: Parameters,
    by_client: BTreeMap<ReservedFor, Reserved>,
    by_address: BTreeMap<Ipv4Addr, ReservedFor>,
    /// The addresses to give to anyone: the ranges without excluded and reserved ones.
    free: Ranges,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Reserved {
    address: Ipv4Addr,
    /// If they differ from those of the scope.
    parameters: Option<Parameters>,
}

impl Scope {
    /// The lease time for a client that asks for `asked_s` seconds.
    #[must_use]
    pub fn lease_time(&self, asked_s: Option<u32>) -> LeaseSpan {
        let scope = &self.config;
        let bounded = |asked: u32| asked.clamp(scope.min_lease_s, scope.max_lease_s);
        LeaseSpan::from_dhcp_s(asked_s.map_or(scope.lease_s, bounded))
    }

    /// The address kept for this client, if any: by its identifier, else by its hardware address,
    /// whether it sends an identifier or not.
    #[must_use]
    pub fn reserved_for(&self, client: &Client) -> Option<Ipv4Addr> {
        self.reservation(client).map(|reserved| reserved.address)
    }

    /// Whether the address is kept for a client other than this one.
    #[must_use]
    pub fn is_reserved_for_other(&self, address: Ipv4Addr, client: &Client) -> bool {
        self.by_address.contains_key(&address) && self.reserved_for(client) != Some(address)
    }

    /// Whether the address is kept for some client.
    #[must_use]
    pub fn is_reserved(&self, address: Ipv4Addr) -> bool {
        self.by_address.contains_key(&address)
    }

    /// Whether anyone may be given the address: it is in a range, not excluded and not reserved.
    #[must_use]
    pub fn is_dynamic(&self, address: Ipv4Addr) -> bool {
        self.free.contains(address)
    }

    /// Whether a host of the subnet can have the address: it is neither the subnet's own nor its
    /// broadcast address. Subnets of two or fewer addresses have neither (RFC 3021).
    #[must_use]
    pub fn is_host(&self, address: Ipv4Addr) -> bool {
        let subnet = self.config.subnet;
        subnet.contains(&address)
            && (subnet.prefix_len() > 30
                || address != subnet.network() && address != subnet.broadcast())
    }

    /// The configuration for a client that has `address`.
    #[must_use]
    pub fn parameters(&self, client: &Client, address: Ipv4Addr) -> &Parameters {
        let reserved = self.reservation(client).filter(|reserved| reserved.address == address);
        reserved.and_then(|reserved| reserved.parameters.as_ref()).unwrap_or(&self.parameters)
    }

    /// The addresses of its pools. Reserved addresses have leases too, but a pool of their own:
    /// nobody draws from it.
    #[must_use]
    pub fn pools(&self) -> Vec<Vec<RangeInclusive<Ipv4Addr>>> {
        let reserved: Vec<_> = self.by_address.keys().map(|it| *it..=*it).collect();
        let reserved = (!reserved.is_empty()).then_some(reserved);
        [self.free.as_vec()].into_iter().chain(reserved).collect()
    }

    fn reservation(&self, client: &Client) -> Option<&Reserved> {
        if self.by_client.is_empty() {
            return None;
        }
        let identifier = client.identifier().map(|id| ReservedFor::ClientId(id.to_vec()));
        let by_identifier = identifier.and_then(|key| self.by_client.get(&key));
        by_identifier.or_else(|| {
            let hardware = client.hardware();
            let address = hardware.as_bytes().to_vec();
            self.by_client.get(&ReservedFor::Hardware { htype: hardware.hardware_type(), address })
        })
    }

    /// `count` addresses from all over the free pool; which, depends on `seed`.
    pub(super) fn sample(&self, seed: u64, count: u64) -> impl Iterator<Item = Ipv4Addr> {
        self.free.walk(seed, count)
    }
}

/// Where the pools of a scope were before it moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moved {
    /// The former domain.
    pub from: usize,
    /// The number its first pool had there.
    pub first: usize,
    /// How many pools it has.
    pub count: usize,
}

/// All scopes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Networks {
    scopes: Vec<Scope>,
    /// By wire: the scopes on it.
    wires: Vec<Vec<ScopeIndex>>,
    /// First address of a subnet to its scope and wire.
    by_subnet: BTreeMap<Ipv4Addr, (ScopeIndex, usize)>,
    /// By domain: the addresses of each pool.
    pools: Vec<Vec<Vec<RangeInclusive<Ipv4Addr>>>>,
}

impl Networks {
    /// Arranges scopes; `domain_of` says in which domain each is.
    #[must_use]
    pub fn new(scopes: &[config::Scope], domain_of: impl Fn(&config::Scope) -> usize) -> Self {
        let mut networks = Self {
            scopes: Vec::new(),
            wires: Vec::new(),
            by_subnet: BTreeMap::new(),
            pools: vec![Vec::new()],
        };
        let mut shared = BTreeMap::new();
        for scope in scopes {
            let index = ScopeIndex(networks.scopes.len());
            let own_wire = networks.wires.len();
            let wire = match &scope.shared_network {
                Some(name) => *shared.entry(name.as_str()).or_insert(own_wire),
                None => own_wire,
            };
            if wire == own_wire {
                networks.wires.push(Vec::new());
            }
            networks.wires[wire].push(index);
            networks.by_subnet.insert(scope.subnet.network(), (index, wire));
            networks.add(scope, domain_of(scope));
        }
        networks
    }

    fn add(&mut self, config: &config::Scope, domain: usize) {
        let mut scope = Scope {
            domain,
            pool: 0,
            parameters: parameters(config, None),
            by_client: BTreeMap::new(),
            by_address: BTreeMap::new(),
            free: Ranges::default(),
            config: config.clone(),
        };
        for reservation in &config.reservations {
            let differs = !reservation.options.is_empty();
            let parameters = differs.then(|| parameters(config, Some(&reservation.options)));
            let address = reservation.address;
            scope.by_client.insert(reservation.client.clone(), Reserved { address, parameters });
            scope.by_address.insert(address, reservation.client.clone());
        }
        let reserved = scope.by_address.keys().map(|address| *address..=*address);
        let holes = config.exclude.iter().cloned().chain(reserved);
        scope.free = Ranges::new(&config.ranges, holes);
        self.join(&mut scope, domain);
        self.scopes.push(scope);
    }

    /// Puts the pools of a scope behind those of a domain.
    fn join(&mut self, scope: &mut Scope, domain: usize) {
        if self.pools.len() <= domain {
            self.pools.resize(domain + 1, Vec::new());
        }
        scope.domain = domain;
        scope.pool = self.pools[domain].len();
        self.pools[domain].extend(scope.pools());
    }

    /// Moves the scope with this subnet to another domain: its pools come last there, and those
    /// behind them in the former domain are numbered lower, as
    /// [`BindingTable::remove_pool`](dhcp_failover_proto::BindingTable::remove_pool) and
    /// [`add_pool`](dhcp_failover_proto::BindingTable::add_pool) do it. `None` if there is no such
    /// scope.
    pub fn move_scope(&mut self, subnet: Ipv4Net, domain: usize) -> Option<Moved> {
        let at = self.scopes.iter().position(|scope| scope.config.subnet == subnet)?;
        let (from, first) = (self.scopes[at].domain, self.scopes[at].pool);
        let count = self.scopes[at].pools().len();
        self.pools[from].drain(first..first + count);
        for scope in self.scopes.iter_mut().filter(|it| it.domain == from && it.pool > first) {
            scope.pool -= count;
        }
        let mut scope = self.scopes[at].clone();
        self.join(&mut scope, domain);
        self.scopes[at] = scope;
        Some(Moved { from, first, count })
    }

    /// Says whether the scope with this subnet is served at all.
    pub fn set_active(&mut self, subnet: Ipv4Net, active: bool) {
        let scope = self.scopes.iter_mut().find(|scope| scope.config.subnet == subnet);
        scope.into_iter().for_each(|scope| scope.config.active = active);
    }

    /// The scope with this subnet.
    #[must_use]
    pub fn scope(&self, subnet: Ipv4Net) -> Option<&Scope> {
        self.scopes.iter().find(|scope| scope.config.subnet == subnet)
    }

    /// How many domains there are, or the highest number of one that has scopes, and one more.
    #[must_use]
    pub fn domain_count(&self) -> usize {
        self.pools.len()
    }

    /// The pools of a domain, to be added to its table in this order
    /// ([`BindingTable::add_pool`](dhcp_failover_proto::BindingTable::add_pool)).
    #[must_use]
    pub fn pools(&self, domain: usize) -> &[Vec<RangeInclusive<Ipv4Addr>>] {
        self.pools.get(domain).map_or(&[], Vec::as_slice)
    }

    /// The scopes in the order of the configuration.
    pub fn scopes(&self) -> impl Iterator<Item = (ScopeIndex, &Scope)> {
        self.scopes.iter().enumerate().map(|(index, scope)| (ScopeIndex(index), scope))
    }

    /// The scope whose subnet holds `address`.
    #[must_use]
    pub fn scope_of(&self, address: Ipv4Addr) -> Option<&Scope> {
        self.find(address).map(|(index, _)| &self.scopes[index.0])
    }

    /// Whether the address is kept for some client. The pin of such an address is for ever: the
    /// caller sets it when it makes its tables.
    #[must_use]
    pub fn is_reserved(&self, address: Ipv4Addr) -> bool {
        self.scope_of(address).is_some_and(|scope| scope.is_reserved(address))
    }

    /// The scopes on the link that `address` belongs to.
    #[must_use]
    pub fn wire_of(&self, address: Ipv4Addr) -> Option<Wire<'_>> {
        self.find(address).map(|(_, wire)| Wire { networks: self, scopes: &self.wires[wire] })
    }

    fn find(&self, address: Ipv4Addr) -> Option<(ScopeIndex, usize)> {
        let (_, &(index, wire)) = self.by_subnet.range(..=address).next_back()?;
        self.scopes[index.0].config.subnet.contains(&address).then_some((index, wire))
    }
}

/// The scopes on one link.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'a> {
    networks: &'a Networks,
    scopes: &'a [ScopeIndex],
}

impl<'a> Wire<'a> {
    /// Its scopes, in the order of the configuration.
    pub fn scopes(self) -> impl Iterator<Item = &'a Scope> {
        self.scopes.iter().map(move |index| &self.networks.scopes[index.0])
    }

    /// The scope on this wire whose subnet holds `address`.
    #[must_use]
    pub fn scope_of(self, address: Ipv4Addr) -> Option<&'a Scope> {
        self.scopes().find(|scope| scope.config.subnet.contains(&address))
    }
}

fn parameters(scope: &config::Scope, own: Option<&BTreeMap<u8, Vec<u8>>>) -> Parameters {
    let mut options = scope.options.clone();
    options.extend(own.into_iter().flatten().map(|(code, value)| (*code, value.clone())));
    let mask = options.get(&option::SUBNET_MASK);
    let mask: Option<[u8; 4]> = mask.and_then(|mask| mask.as_slice().try_into().ok());
    Parameters {
        subnet_mask: mask.map_or(scope.subnet.netmask(), Ipv4Addr::from),
        next_server: scope.next_server.unwrap_or(Ipv4Addr::UNSPECIFIED),
        boot_file: scope.boot_file.clone().unwrap_or_default().into_bytes(),
        options,
    }
}

#[cfg(test)]
mod tests;
