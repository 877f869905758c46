//! The demo's judge: compares what clients were told with what two servers say they know.
//!
//! Pure: a ledger and two lease tables in, findings out. It shares no code with the servers.

use super::ledger::Ack;
use super::packet::Identity;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// The most by which two tables may differ about when a lease ends, in seconds: both servers round
/// to whole seconds, each on its own clock.
pub const EXPIRES_TOLERANCE_S: u64 = 2;

/// One row of a server's lease table, as its admin socket tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The address.
    pub address: Ipv4Addr,
    /// The binding status, such as `ACTIVE`.
    pub status: String,
    /// Option 61 of the client in hexadecimal digits, if it sends one.
    pub client_id: Option<String>,
    /// The hardware address of the client in hexadecimal digits.
    pub hardware: Option<String>,
    /// When the lease ends, in Unix seconds; absent when there is none.
    pub expires_unix_s: Option<u64>,
}

/// A lease table.
pub type Table = BTreeMap<Ipv4Addr, Row>;

/// Everything that is judged.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Every DHCPACK, in the order of arrival.
    pub acks: &'a [Ack],
    /// When the tables were read, on the clock of `acks`.
    pub now_ms: u64,
    /// The same moment in Unix milliseconds.
    pub now_unix_ms: u64,
    /// The two tables, with the names of their servers.
    pub tables: [(&'a str, &'a Table); 2],
}

/// What was found; every list holds sentences for people and is empty when all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// An address that two clients held at one instant.
    pub duplicate_addresses: Vec<String>,
    /// An unexpired lease that a server does not know.
    pub lost_leases: Vec<String>,
    /// A client that got another address than it had.
    pub changed_addresses: Vec<String>,
    /// An address about which the servers disagree.
    pub table_differences: Vec<String>,
    /// How many leases were unexpired when the tables were read.
    pub live_leases: usize,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.duplicate_addresses.is_empty()
            && self.lost_leases.is_empty()
            && self.changed_addresses.is_empty()
            && self.table_differences.is_empty()
    }
}

/// Judges `evidence`.
pub fn judge(evidence: &Evidence<'_>) -> Findings {
    let live = live_leases(evidence);
    let mut lost_leases = Vec::new();
    for (name, table) in evidence.tables {
        lost_leases.extend(live.iter().filter_map(|ack| lost(evidence, ack, name, table)));
    }
    let [first, second] = evidence.tables;
    Findings {
        duplicate_addresses: duplicate_addresses(evidence.acks),
        lost_leases,
        changed_addresses: changed_addresses(evidence.acks),
        table_differences: table_differences(first, second),
        live_leases: live.len(),
    }
}

/// Every pair of clients that held one address at the same instant.
///
/// A client holds an address from the arrival of a DHCPACK until the lease time after it had sent its
/// request, or until it gave the address back.
pub fn duplicate_addresses(acks: &[Ack]) -> Vec<String> {
    let mut by_address: BTreeMap<Ipv4Addr, Vec<&Ack>> = BTreeMap::new();
    for ack in acks {
        by_address.entry(ack.address).or_default().push(ack);
    }
    let mut found = Vec::new();
    for (address, mut acks) in by_address {
        acks.sort_by_key(|ack| ack.received_ms);
        let mut latest: Option<&Ack> = None;
        for ack in acks {
            if let Some(held) = latest
                && held.client != ack.client
                && held.ends_ms() > ack.received_ms
            {
                found.push(format!(
                    "{address} was given to {} by {} at {} ms although {} held it until {} ms (from {})",
                    client(&ack.client),
                    ack.server,
                    ack.received_ms,
                    client(&held.client),
                    held.ends_ms(),
                    held.server,
                ));
            }
            if latest.is_none_or(|held| held.ends_ms() < ack.ends_ms()) {
                latest = Some(ack);
            }
        }
    }
    found
}

/// Every client that was given more than one address.
pub fn changed_addresses(acks: &[Ack]) -> Vec<String> {
    let mut first: BTreeMap<[u8; 6], Ipv4Addr> = BTreeMap::new();
    let mut found = Vec::new();
    for ack in acks {
        let before = *first.entry(ack.client.hardware).or_insert(ack.address);
        if before != ack.address {
            found.push(format!(
                "{} had {before} and was given {} by {} at {} ms",
                client(&ack.client),
                ack.address,
                ack.server,
                ack.received_ms,
            ));
        }
    }
    found
}

/// For each client and address the DHCPACK that lasts longest, if it is unexpired and not given back.
pub fn live_leases<'a>(evidence: &Evidence<'a>) -> Vec<&'a Ack> {
    let mut last: BTreeMap<([u8; 6], Ipv4Addr), &Ack> = BTreeMap::new();
    for ack in evidence.acks {
        let entry = last.entry((ack.client.hardware, ack.address)).or_insert(ack);
        if entry.ends_ms() <= ack.ends_ms() {
            *entry = ack;
        }
    }
    last.into_values().filter(|ack| ack.ends_ms() > evidence.now_ms).collect()
}

/// Why `table` does not do justice to the unexpired `ack`, if so.
fn lost(evidence: &Evidence<'_>, ack: &Ack, name: &str, table: &Table) -> Option<String> {
    let address = ack.address;
    let who = client(&ack.client);
    let Some(row) = table.get(&address) else {
        return Some(format!("{name} has no entry for {address}, leased to {who}"));
    };
    if row.status != "ACTIVE" {
        return Some(format!("{name} has {address} as {}, but {who} holds a lease", row.status));
    }
    if !is_of(row, &ack.client) {
        return Some(format!(
            "{name} has {address} ACTIVE for client_id {:?} hwaddr {:?}, but {who} holds a lease",
            row.client_id, row.hardware
        ));
    }
    let left_ms = ack.ends_ms().saturating_sub(evidence.now_ms);
    let ends_unix_s = (evidence.now_unix_ms + left_ms) / 1000;
    match row.expires_unix_s {
        Some(expires) if expires + EXPIRES_TOLERANCE_S < ends_unix_s => Some(format!(
            "{name} lets {address} end at {expires}, but {who} was told until {ends_unix_s}"
        )),
        Some(_) => None,
        None => Some(format!("{name} has no expiry for {address}, leased to {who}")),
    }
}

fn is_of(row: &Row, client: &Identity) -> bool {
    match &client.client_id {
        Some(id) => row.client_id.as_deref() == Some(hex(id).as_str()),
        None => {
            row.client_id.is_none()
                && row.hardware.as_deref() == Some(hex(&client.hardware).as_str())
        }
    }
}

/// Every address the two tables tell differently.
pub fn table_differences(first: (&str, &Table), second: (&str, &Table)) -> Vec<String> {
    let addresses: BTreeSet<_> = first.1.keys().chain(second.1.keys()).collect();
    let mut found = Vec::new();
    for address in addresses {
        match (first.1.get(address), second.1.get(address)) {
            (Some(a), Some(b)) if same(a, b) => {}
            (Some(a), Some(b)) => found.push(format!(
                "{address}: {} says {}, {} says {}",
                first.0,
                describe(a),
                second.0,
                describe(b)
            )),
            (Some(a), None) => {
                found.push(format!(
                    "{address}: {} says {}, {} nothing",
                    first.0,
                    describe(a),
                    second.0
                ));
            }
            (None, Some(b)) => {
                found.push(format!(
                    "{address}: {} says {}, {} nothing",
                    second.0,
                    describe(b),
                    first.0
                ));
            }
            (None, None) => {}
        }
    }
    found
}

/// Whether two rows tell the same. An expiry counts only while there is a lease: the end of one that
/// is over is history, which a server may forget.
fn same(a: &Row, b: &Row) -> bool {
    if a.status != b.status {
        return false;
    }
    if a.status != "ACTIVE" {
        return true;
    }
    let close = match (a.expires_unix_s, b.expires_unix_s) {
        (Some(a), Some(b)) => a.abs_diff(b) <= EXPIRES_TOLERANCE_S,
        (a, b) => a == b,
    };
    close && a.client_id == b.client_id && a.hardware == b.hardware
}

fn describe(row: &Row) -> String {
    let client = row.client_id.as_deref().or(row.hardware.as_deref()).unwrap_or("nobody");
    match row.expires_unix_s {
        Some(expires) => format!("{} for {client} until {expires}", row.status),
        None => format!("{} for {client}", row.status),
    }
}

fn client(identity: &Identity) -> String {
    let parts: Vec<String> = identity.hardware.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("client {}", parts.join(":"))
}

/// Lower-case hexadecimal digits without separators.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
