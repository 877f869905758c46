//! A lease file of dhcpd as the beginning of a store.
//!
//! What clients hold is carried over: leases with their times, addresses that are not free yet, and
//! addresses found in use. In scopes with failover nothing is claimed about the partner: a server that
//! starts on an imported store knows leases, but is new to the relationship, so that it fetches
//! everything and waits as the draft says before it serves. Who owns which free address is
//! therefore not carried over; the partner, or an operator's partner-down, decides that.

use super::leases::{BindingState, Lease, LeaseFile, Moment};
use crate::config::{Config, Scope};
use crate::core::BINDING_FORMAT;
use crate::dhcp::noted;
use crate::dhcp::option::{HOST_NAME, RELAY_AGENT};
use crate::store::{LeaseStore, RecordError, RedbStore, StoreError, Write, encode};
use dhcp_failover_lease::{
    Binding, BindingFlags, BindingStatus, Client, Expiries, HardwareAddress, Knowledge,
    LeaseInstant, LeaseSpan, StatusSet,
};
use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Records in one transaction of the store.
const BATCH: usize = 10_000;

/// What is known of an address of the file, or why it was left out.
type Taken = Result<Option<Binding>, String>;

/// What became of a lease file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The records, by ascending address.
    pub bindings: Vec<Binding>,
    /// How many there are of each state.
    pub counts: BTreeMap<&'static str, usize>,
    /// Free addresses that had nothing to be remembered.
    pub unremarkable: usize,
    /// What was not carried over, with the line.
    pub left_out: Vec<String>,
}

/// Why a lease file was not imported. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store has a past of its own.
    #[error(
        "store {} already holds {bindings} addresses and {relationships} relationships; leases are \
         imported into an empty store only: move it away first if it is not needed", path.display()
    )]
    NotEmpty {
        /// The store.
        path: PathBuf,
        /// Addresses in it.
        bindings: usize,
        /// Relationships in it.
        relationships: usize,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A lease cannot be written.
    #[error("the lease of {address} cannot be stored: {error}")]
    Record {
        /// Its address.
        address: Ipv4Addr,
        /// Why.
        error: RecordError,
    },
}

impl Imported {
    /// The leases of `file` as this configuration sees them at `now`. Never fails: what cannot be
    /// carried over is [left out](Self::left_out).
    #[must_use]
    pub fn new(config: &Config, file: &LeaseFile, now: LeaseInstant) -> Self {
        let mut imported = Self {
            left_out: file.problems.iter().map(ToString::to_string).collect(),
            ..Self::default()
        };
        for (&address, lease) in &file.leases {
            match binding(config, address, lease, now) {
                Ok(Some(binding)) => {
                    *imported.counts.entry(binding.status.name()).or_default() += 1;
                    imported.bindings.push(binding);
                }
                Ok(None) => imported.unremarkable += 1,
                Err(why) => {
                    imported.left_out.push(format!("line {}: {address}: {why}", lease.line));
                }
            }
            if lease.reserved {
                let what = "the reservation of its client; give it one in the configuration";
                imported.left_out.push(format!("line {}: {address}: {what}", lease.line));
            }
        }
        imported
    }

    /// Writes the records into the empty store of the configuration.
    ///
    /// # Errors
    /// If the store is not empty, is in use, or cannot be written.
    pub fn store(&self, config: &Config) -> Result<(), ImportError> {
        let path = &config.server.store;
        let mut store = RedbStore::open(path, None)?;
        let there = store.load()?;
        if !there.bindings.is_empty() || !there.endpoints.is_empty() {
            return Err(ImportError::NotEmpty {
                path: path.clone(),
                bindings: there.bindings.len(),
                relationships: there.endpoints.len(),
            });
        }
        let writes: Vec<Write> = self.bindings.iter().map(write).collect::<Result<_, _>>()?;
        for batch in writes.chunks(BATCH) {
            store.commit(batch)?;
        }
        Ok(())
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} addresses imported", self.bindings.len())?;
        for (number, (name, count)) in self.counts.iter().enumerate() {
            write!(f, "{} {count} {name}", if number == 0 { ":" } else { "," })?;
        }
        write!(f, "; {} free ones had nothing to carry over", self.unremarkable)
    }
}

fn write(binding: &Binding) -> Result<Write, ImportError> {
    let address = binding.address;
    encode(BINDING_FORMAT, binding)
        .map(|record| Write::Binding { address, record })
        .map_err(|error| ImportError::Record { address, error })
}

fn binding(config: &Config, address: Ipv4Addr, lease: &Lease, now: LeaseInstant) -> Taken {
    let scope = config
        .scopes
        .iter()
        .find(|scope| serves(scope, address))
        .ok_or("it is in no range of the configuration")?;
    let client = client(lease);
    let status = match lease.state {
        BindingState::Active => BindingStatus::Active,
        BindingState::Expired => BindingStatus::Expired,
        BindingState::Released => BindingStatus::Released,
        BindingState::Reset => BindingStatus::Reset,
        BindingState::Abandoned => BindingStatus::Abandoned,
        BindingState::Free | BindingState::Backup => BindingStatus::Free,
    };
    if status == BindingStatus::Active && client.is_none() {
        return Err("a lease that names no client".to_owned());
    }
    // Free addresses of a relationship are the partner's to tell.
    if status == BindingStatus::Free && (client.is_none() || scope.relationship.is_some()) {
        return Ok(None);
    }
    Ok(Some(Binding {
        status,
        client,
        expiries: expiries(lease, status, scope, now),
        start_of_state: instant(lease.starts),
        last_transaction: lease.cltt.or(lease.starts).map(|at| instant(Some(at))),
        flags: BindingFlags { reserved: false, bootp: lease.bootp },
        version: 1,
        knowledge: knowledge(lease, scope),
        request_options: noted::encode(requested(lease)),
        ..Binding::unused(address)
    }))
}

/// A partner may have been told anything: nothing is undone behind its back (H10), and what it may have
/// leased is waited for if it is a partner no more (S1). Only a dhcpd with a partner writes what that one
/// said (tsfp, atsfp); what it would tell one (tstp) it writes without one, too.
fn knowledge(lease: &Lease, scope: &Scope) -> Knowledge {
    let had_partner = lease.tsfp.is_some() || lease.atsfp.is_some();
    let mut knowledge = Knowledge::default();
    if had_partner || scope.relationship.is_some() {
        knowledge.told = BindingStatus::ALL.into_iter().fold(StatusSet::EMPTY, StatusSet::with);
    }
    knowledge
}

fn serves(scope: &Scope, address: Ipv4Addr) -> bool {
    let within =
        |ranges: &[RangeInclusive<Ipv4Addr>]| ranges.iter().any(|it| it.contains(&address));
    let reserved = scope.reservations.iter().any(|reservation| reservation.address == address);
    reserved || within(&scope.ranges) && !within(&scope.exclude)
}

/// What was promised is waited for; new leases count on none of it, because nothing shows that the
/// partner still remembers (S2).
fn expiries(lease: &Lease, status: BindingStatus, scope: &Scope, now: LeaseInstant) -> Expiries {
    let promised = instant(lease.tsfp).max(instant(lease.atsfp));
    let ends = match status {
        // dhcpd says since when it is in use; it is tried again as late as one found today.
        BindingStatus::Abandoned => now + LeaseSpan::from_s(scope.decline_hold_s.into()),
        _ => instant(lease.ends),
    };
    Expiries {
        lease: ends,
        sent_potential: instant(lease.tstp),
        received_potential_latest: promised,
        ..Expiries::default()
    }
}

fn client(lease: &Lease) -> Option<Client> {
    if lease.hardware.is_none() && lease.uid.is_none() {
        return None;
    }
    let (kind, bytes) = lease.hardware.as_ref().map_or((0, &[][..]), |it| (it.0, &it.1[..]));
    let hardware = HardwareAddress::new(kind, bytes)?;
    Some(Client::new(lease.uid.as_deref(), hardware))
}

fn instant(moment: Option<Moment>) -> LeaseInstant {
    match moment {
        None => LeaseInstant::ZERO,
        Some(Moment::At(unix_s)) => LeaseInstant::from_unix_s(unix_s),
        Some(Moment::Never) => LeaseInstant::NEVER,
    }
}

/// The options of the client's requests that dhcpd wrote down.
fn requested(lease: &Lease) -> Vec<(u8, Vec<u8>)> {
    let mut options = Vec::new();
    options.extend(lease.hostname.clone().map(|name| (HOST_NAME, name)));
    let mut relay = Vec::new();
    for (name, value) in &lease.agent {
        // RFC 3046, 3527, 3993, 5107; others have no name in dhcpd.
        let code = match name.as_str() {
            "circuit-id" => 1,
            "remote-id" => 2,
            "link-selection" => 5,
            "subscriber-id" => 6,
            "server-id-override" => 11,
            other => match other.strip_prefix("unknown-").and_then(|code| code.parse().ok()) {
                Some(code) => code,
                None => continue,
            },
        };
        if let Ok(length) = u8::try_from(value.len()) {
            relay.extend([code, length]);
            relay.extend_from_slice(value);
        }
    }
    if !relay.is_empty() {
        options.push((RELAY_AGENT, relay));
    }
    options
}

#[cfg(test)]
mod tests;
