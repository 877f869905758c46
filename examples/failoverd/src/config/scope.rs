//! The tables `[[scope]]`.

use super::options;
use super::reader::{Place, Section, list, suggest};
use super::relationship::seconds;
use super::server::non_empty;
use super::types::{Reservation, ReservedFor, Scope};
use super::value::Value;
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// The longest time in this file: ten years, so that sums of times stay far inside 32 bits.
const TIME_MAX_S: u32 = 10 * 365 * 86400;
/// The room for `file` in a packet, without its final NUL.
const BOOT_FILE_MAX: usize = 127;

/// One `[[scope]]` and the places of what is compared with other scopes.
pub(super) struct Found {
    pub(super) subnet: Option<(Ipv4Net, Place)>,
    pub(super) ranges: Vec<(RangeInclusive<Ipv4Addr>, Place)>,
    pub(super) exclude: Vec<(RangeInclusive<Ipv4Addr>, Place)>,
    pub(super) reservations: Vec<(Reservation, Place)>,
    pub(super) shared_network: Option<String>,
    pub(super) value: Option<Scope>,
}

pub(super) fn read(table: Section<'_>, relationships: &[&str]) -> Found {
    let subnet = table
        .require("subnet", "add a subnet, such as subnet = \"192.0.2.0/24\"")
        .and_then(|value| subnet(&value).map(|subnet| (subnet, value.place())));
    let (ranges, ranges_good) = ranges(table.get("ranges"));
    let (exclude, exclude_good) = self::ranges(table.get("exclude"));
    let (reservations, reservations_good) = reservations(table.get("reservations"));
    let shared_network = table
        .get("shared_network")
        .map(|value| non_empty(&value, "write the name of the wire").map(str::to_owned));
    let mut found = Found {
        subnet,
        ranges,
        exclude,
        reservations,
        shared_network: shared_network.clone().flatten(),
        value: None,
    };
    let value = complete(&table, relationships, &found);
    if ranges_good && exclude_good && reservations_good && shared_network != Some(None) {
        found.value = value;
    }
    table.report_unknown();
    found
}

fn complete(table: &Section<'_>, relationships: &[&str], found: &Found) -> Option<Scope> {
    let leases = lease_times(table);
    let relationship = match table.get("relationship") {
        Some(value) => relationship(&value, relationships).map(Some),
        None => Some(None),
    };
    let active = table.get("active").map_or(Some(true), |value| value.boolean());
    let options = match table.get("options") {
        Some(value) => options::read(&value),
        None => Some(Default::default()),
    };
    let next_server = address(table, "next_server");
    let boot_file = match table.get("boot_file") {
        Some(value) => boot_file(&value).map(Some),
        None => Some(None),
    };
    let server_identifier = address(table, "server_identifier");
    let offer_hold_s = seconds(table, "offer_hold_s", 1..=3600, 60);
    let decline_hold_s = seconds(table, "decline_hold_s", 1..=TIME_MAX_S, 86400);
    let load_balance_delay_s = seconds(table, "load_balance_delay_s", 0..=65535, 3);
    let (lease_s, min_lease_s, max_lease_s) = leases?;
    Some(Scope {
        subnet: found.subnet.as_ref()?.0,
        ranges: found.ranges.iter().map(|(range, _)| range.clone()).collect(),
        exclude: found.exclude.iter().map(|(range, _)| range.clone()).collect(),
        lease_s,
        min_lease_s,
        max_lease_s,
        active: active?,
        relationship: relationship?,
        shared_network: found.shared_network.clone(),
        options: options?,
        next_server: next_server?,
        boot_file: boot_file?,
        server_identifier: server_identifier?,
        reservations: found.reservations.iter().map(|(it, _)| it.clone()).collect(),
        offer_hold_s: offer_hold_s?,
        decline_hold_s: decline_hold_s?,
        load_balance_delay_s: load_balance_delay_s?,
    })
}

fn subnet(value: &Value<'_>) -> Option<Ipv4Net> {
    let remedy = "write an IPv4 network with its prefix length, such as \"192.0.2.0/24\"";
    let net: Ipv4Net = value.parsed("an IPv4 network", remedy)?;
    if net.addr() != net.network() {
        let problem = "the address has bits outside the prefix";
        value.error(problem, format!("write \"{}\"", net.trunc()));
        return None;
    }
    Some(net)
}

/// Ranges with their places, and whether all were understood.
fn ranges(value: Option<Value<'_>>) -> (Vec<(RangeInclusive<Ipv4Addr>, Place)>, bool) {
    let remedy = "write a list such as [\"192.0.2.10-192.0.2.99\", \"192.0.2.120\"]";
    let Some(value) = value else { return (Vec::new(), true) };
    let Some(items) = value.items(remedy) else { return (Vec::new(), false) };
    let count = items.len();
    let found: Vec<_> =
        items.iter().filter_map(|item| range(item).map(|range| (range, item.place()))).collect();
    let good = found.len() == count;
    (found, good)
}

fn range(value: &Value<'_>) -> Option<RangeInclusive<Ipv4Addr>> {
    let remedy = "write two IPv4 addresses with a hyphen between them, such as \
                  \"192.0.2.10-192.0.2.99\", or one address";
    let text = value.string(remedy)?;
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (Ok(first), Ok(last)) = (first.trim().parse::<Ipv4Addr>(), last.trim().parse::<Ipv4Addr>())
    else {
        value.error("this is not a range of IPv4 addresses", remedy);
        return None;
    };
    if first > last {
        value.error(
            "the range ends before it begins",
            format!("write the lower address first: \"{last}-{first}\""),
        );
        return None;
    }
    Some(first..=last)
}

/// Default, shortest and longest lease.
fn lease_times(table: &Section<'_>) -> Option<(u32, u32, u32)> {
    let lease_s = table
        .require("lease_s", "add the lease time in seconds, such as lease_s = 3600")
        .and_then(|value| value.seconds(1..=TIME_MAX_S));
    let bound = |name| {
        let value = table.get(name);
        let number = value.as_ref().map(|value| value.seconds(1..=TIME_MAX_S));
        (value, number)
    };
    let (min_value, min) = bound("min_lease_s");
    let (max_value, max) = bound("max_lease_s");
    let lease_s = lease_s?;
    let min = min.unwrap_or(Some(lease_s))?;
    let max = max.unwrap_or(Some(lease_s))?;
    if let Some(value) = min_value.filter(|_| min > lease_s) {
        value.error(
            format!("the shortest lease is longer than lease_s, {lease_s}"),
            format!("write a number of seconds from 1 to {lease_s}"),
        );
    }
    if let Some(value) = max_value.filter(|_| max < lease_s) {
        value.error(
            format!("the longest lease is shorter than lease_s, {lease_s}"),
            format!("write a number of seconds from {lease_s} to {TIME_MAX_S}"),
        );
    }
    Some((lease_s, min, max))
}

fn relationship(value: &Value<'_>, known: &[&str]) -> Option<usize> {
    let remedy = "write the name of a [[relationship]]";
    let name = value.string(remedy)?;
    let index = known.iter().position(|it| *it == name);
    if index.is_none() {
        let remedy = match known {
            [] => "add a [[relationship]] with this name, or remove the key".to_owned(),
            [_] => suggest(name, known),
            _ => format!("the relationships are {}", list(known)),
        };
        value.error("there is no relationship with this name", remedy);
    }
    index
}

fn address(table: &Section<'_>, name: &'static str) -> Option<Option<Ipv4Addr>> {
    match table.get(name) {
        Some(value) => value
            .parsed("an IPv4 address", "write an IPv4 address, such as \"192.0.2.1\"")
            .map(Some),
        None => Some(None),
    }
}

fn boot_file(value: &Value<'_>) -> Option<String> {
    let text = non_empty(value, "write the name of a file")?;
    if text.len() > BOOT_FILE_MAX || text.contains('\0') {
        value.error(
            format!("this has {} bytes or a NUL among them", text.len()),
            format!("write at most {BOOT_FILE_MAX} bytes without NUL"),
        );
        return None;
    }
    Some(text.to_owned())
}

fn reservations(value: Option<Value<'_>>) -> (Vec<(Reservation, Place)>, bool) {
    let remedy = "write tables such as \
                  { hw_address = \"02:00:00:00:00:01\", address = \"192.0.2.5\" }";
    let Some(value) = value else { return (Vec::new(), true) };
    let Some(items) = value.items(remedy) else { return (Vec::new(), false) };
    let count = items.len();
    let found: Vec<_> = items
        .iter()
        .filter_map(|item| {
            let section = item.section(remedy)?;
            reservation(section).map(|reservation| (reservation, item.place()))
        })
        .collect();
    let good = found.len() == count;
    (found, good)
}

fn reservation(table: Section<'_>) -> Option<Reservation> {
    let hardware = table.get("hw_address");
    let client_id = table.get("client_id");
    let client = match (hardware, client_id) {
        (Some(value), None) => hw_address(&value),
        (None, Some(value)) => options::bytes(&value, 2..=255).map(ReservedFor::ClientId),
        (Some(_), Some(value)) => {
            value.error("a reservation names its client once", "keep hw_address or client_id");
            None
        }
        (None, None) => {
            let remedy = "add hw_address = \"02:00:00:00:00:01\" or client_id = \"hex:0102ab\"";
            table.require("hw_address", remedy);
            None
        }
    };
    let remedy = "add the address, such as address = \"192.0.2.5\"";
    let address =
        table.require("address", remedy).and_then(|value| value.parsed("an IPv4 address", remedy));
    let options = match table.get("options") {
        Some(value) => options::read(&value),
        None => Some(Default::default()),
    };
    table.report_unknown();
    Some(Reservation { client: client?, address: address?, options: options? })
}

/// `02:00:00:00:00:01`, or with a hardware type other than Ethernet's `6/01:02:03`.
fn hw_address(value: &Value<'_>) -> Option<ReservedFor> {
    let remedy = "write up to 16 bytes in hexadecimal, such as \"02:00:00:00:00:01\", with the \
                  hardware type before a slash unless it is 1 (Ethernet), such as \"6/02:00:01\"";
    let text = value.string(remedy)?;
    let (htype, digits) = text.split_once('/').unwrap_or(("1", text));
    let address: Option<Vec<u8>> =
        digits.split([':', '-']).map(|pair| hex_byte(pair.as_bytes())).collect();
    match (htype.parse::<u8>(), address) {
        (Ok(htype), Some(address)) if (1..=16).contains(&address.len()) => {
            Some(ReservedFor::Hardware { htype, address })
        }
        _ => {
            value.error("this is not a hardware address", remedy);
            None
        }
    }
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        [low] => digit(low),
        _ => None,
    }
}
