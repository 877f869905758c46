//! Subnets, shared networks, pools, groups and hosts.

use super::options::hex;
use super::settings::{Settings, Taken};
use super::{Found, WITHOUT_LOSS, peer};
use crate::dhcpd::syntax::{Statement, Word};
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// Addresses to give out, with the failover peer that stands beside them.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) first: Ipv4Addr,
    pub(super) last: Ipv4Addr,
    pub(super) peer: Option<String>,
    statement: Statement,
}

/// A subnet.
#[derive(Clone, Debug)]
pub(super) struct Subnet {
    pub(super) net: Ipv4Net,
    pub(super) shared_network: Option<String>,
    pub(super) settings: Settings,
    pub(super) ranges: Vec<Range>,
    /// Those of them with a fixed address in this subnet.
    pub(super) hosts: Vec<Host>,
}

/// A client with a fixed address.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// A line of TOML that names the client.
    pub(super) client: String,
    pub(super) address: Ipv4Addr,
    /// What the declaration itself sets.
    pub(super) settings: Settings,
    statement: Statement,
}

/// Reads the statements of one block, of the file first. `shared` is the shared network they are in.
pub(super) fn read(
    found: &mut Found,
    statements: &[Statement],
    outer: &Settings,
    shared: Option<&str>,
) {
    // A setting counts for the whole block, wherever in it it stands.
    let settings = take_settings(found, statements, outer.clone());
    for statement in statements {
        if is_setting(statement) {
            continue;
        } else if statement.begins(&["failover", "peer"]) {
            // With a block it declares, without it a pool is meant.
            match statement.block {
                Some(_) => peer::read(found, statement),
                None => found.leave_out(statement, "only a pool can name its failover peer"),
            }
        } else if statement.begins(&["shared-network"]) {
            let name = statement.words.get(1).map(Word::text).unwrap_or_default();
            read(found, statement.inner(), &settings, Some(&name));
        } else if statement.begins(&["group"]) {
            read(found, statement.inner(), &settings, shared);
        } else if statement.begins(&["subnet"]) {
            subnet(found, statement, &settings, shared);
        } else if statement.begins(&["pool"]) {
            let ranges = pool(found, statement);
            found.loose.extend(ranges);
        } else if statement.begins(&["host"]) {
            host(found, statement);
        } else if !WITHOUT_LOSS.iter().any(|keyword| statement.begins(&[keyword])) {
            found.leave_out(statement, "no counterpart");
        }
    }
}

fn is_setting(statement: &Statement) -> bool {
    !matches!(Settings::default().take(statement), Taken::No)
}

fn take_settings(found: &mut Found, statements: &[Statement], mut settings: Settings) -> Settings {
    for statement in statements {
        if let Taken::Refused(why) = settings.take(statement) {
            found.leave_out(statement, &why);
        }
    }
    settings
}

fn subnet(found: &mut Found, whole: &Statement, outer: &Settings, shared: Option<&str>) {
    let word = |at: usize| whole.words.get(at)?.text().parse::<Ipv4Addr>().ok();
    let net = word(1).zip(word(3)).and_then(|(net, mask)| Ipv4Net::with_netmask(net, mask).ok());
    let Some(net) = net.filter(|_| whole.words.get(2).is_some_and(|it| it.is("netmask"))) else {
        return found.leave_out(whole, "not a subnet with its netmask");
    };
    let settings = take_settings(found, whole.inner(), outer.clone());
    let mut ranges = Vec::new();
    for statement in whole.inner() {
        if is_setting(statement) {
            continue;
        } else if statement.begins(&["range"]) {
            ranges.extend(range(found, statement, None));
        } else if statement.begins(&["pool"]) {
            ranges.extend(pool(found, statement));
        } else if statement.begins(&["host"]) {
            host(found, statement);
        } else if !WITHOUT_LOSS.iter().any(|keyword| statement.begins(&[keyword])) {
            found.leave_out(statement, "no counterpart");
        }
    }
    found.subnets.push(Subnet {
        net: net.trunc(),
        shared_network: shared.map(str::to_owned),
        settings,
        ranges,
        hosts: Vec::new(),
    });
}

fn pool(found: &mut Found, whole: &Statement) -> Vec<Range> {
    let peer = whole.inner().iter().find(|it| it.begins(&["failover", "peer"]));
    let peer = peer.and_then(|it| it.words.get(2)).map(Word::text);
    let mut ranges = Vec::new();
    for statement in whole.inner() {
        if statement.begins(&["range"]) {
            ranges.extend(range(found, statement, peer.clone()));
        } else if is_setting(statement) {
            found.leave_out(statement, "settings of one pool; failoverd has them for a subnet");
        } else if !statement.begins(&["failover", "peer"]) {
            found.leave_out(statement, "no counterpart: every client may have any address");
        }
    }
    ranges
}

fn range(found: &mut Found, statement: &Statement, peer: Option<String>) -> Option<Range> {
    let words = statement.words.iter().skip(1).filter(|word| !word.is("dynamic-bootp"));
    let addresses: Option<Vec<Ipv4Addr>> = words.map(|word| word.text().parse().ok()).collect();
    let (first, last) = match addresses.as_deref() {
        Some([only]) => (*only, *only),
        Some([first, last]) if first <= last => (*first, *last),
        _ => {
            found.leave_out(statement, "not one or two IPv4 addresses in order");
            return None;
        }
    };
    Some(Range { first, last, peer, statement: statement.clone() })
}

fn host(found: &mut Found, whole: &Statement) {
    let mut settings = Settings::default();
    let (mut client, mut addresses) = (None, Vec::<Ipv4Addr>::new());
    for statement in whole.inner() {
        let words = &statement.words;
        if statement.begins(&["hardware", "ethernet"]) && words.len() == 3 {
            let address = words.last().map(Word::text).unwrap_or_default();
            client.get_or_insert(format!("hw_address = \"{}\"", full_bytes(&address)));
        } else if statement.begins(&["option", "dhcp-client-identifier"]) && words.len() == 3 {
            let id = words.last().and_then(Word::octets).unwrap_or_default();
            // It says more of the client than the hardware address does.
            client = Some(format!("client_id = \"{}\"", hex(&id)));
        } else if statement.begins(&["fixed-address"]) {
            let parsed = words.iter().skip(1).filter_map(|word| word.text().parse().ok());
            addresses.extend::<Vec<Ipv4Addr>>(parsed.collect());
        } else {
            match settings.take(statement) {
                Taken::Yes => {}
                Taken::No => found.leave_out(statement, "no counterpart"),
                Taken::Refused(why) => found.leave_out(statement, &why),
            }
        }
    }
    let Some(client) = client else {
        return found.leave_out(whole, "neither hardware ethernet nor client identifier");
    };
    if addresses.is_empty() {
        return found.leave_out(whole, "no fixed-address that is an IPv4 address");
    }
    for address in addresses {
        let (client, settings) = (client.clone(), settings.clone());
        found.hosts.push(Host { client, address, settings, statement: whole.clone() });
    }
}

/// dhcpd reads `2:a:0:0:0:1` too.
fn full_bytes(address: &str) -> String {
    let bytes: Vec<_> = address.split(':').map(|byte| format!("{byte:0>2}")).collect();
    bytes.join(":")
}

/// Puts loose ranges and hosts into the subnets they belong to.
pub(super) fn place(found: &mut Found) {
    for range in std::mem::take(&mut found.loose) {
        match found.subnets.iter_mut().find(|subnet| subnet.net.contains(&range.first)) {
            Some(subnet) => subnet.ranges.push(range),
            None => found.leave_out(&range.statement, "in no subnet of this file"),
        }
    }
    for host in std::mem::take(&mut found.hosts) {
        match found.subnets.iter_mut().find(|subnet| subnet.net.contains(&host.address)) {
            Some(subnet) => subnet.hosts.push(host),
            None => found.leave_out(&host.statement, "its address is in no subnet of this file"),
        }
    }
    for index in 0..found.subnets.len() {
        let subnet = &mut found.subnets[index];
        // A scope has one partner, or none.
        let peer = subnet.ranges.first().and_then(|range| range.peer.clone());
        let (kept, other): (_, Vec<Range>) =
            std::mem::take(&mut subnet.ranges).into_iter().partition(|range| range.peer == peer);
        subnet.ranges = kept;
        for range in other {
            let why = "the subnet's first pool has another failover peer; a scope has one";
            found.leave_out(&range.statement, why);
        }
    }
}
