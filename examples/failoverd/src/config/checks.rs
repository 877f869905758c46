//! What only shows when several tables are compared.

use super::reader::{Place, Problems};
use super::types::{Reservation, ReservedFor};
use super::{relationship, scope, server};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// The most addresses one server manages; each takes memory whether it is leased or not.
const ADDRESSES_MAX: u64 = 1 << 22;

/// Names differ, and no partner is this server itself.
pub(super) fn relationships(
    problems: &Problems<'_>,
    server: Option<&server::Found>,
    all: &[relationship::Found],
) {
    let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
    for one in all {
        let Some(name) = one.name.as_deref() else { continue };
        if let Some(first) = seen.insert(name, &one.name_place) {
            problems.report(
                &one.name_place,
                format!("{} has the same name", first.key),
                "give each relationship a name of its own",
            );
        }
    }
    let Some(server) = server else { return };
    let most = server.value.max_relationships;
    if let Some(one) = all.get(most).filter(|_| most > 0) {
        problems.report(
            &one.name_place,
            format!("this is one relationship more than the {most} that are allowed"),
            "write a larger server.max_relationships, or 0 for no limit",
        );
    }
    let own = server.value.failover_listen.unwrap_or(server::DEFAULT_FAILOVER_LISTEN);
    for one in all {
        let Some(partner) = one.value.as_ref().map(|value| value.partner) else { continue };
        let everywhere = own.ip().is_unspecified() && partner.ip().is_loopback();
        if partner.port() == own.port() && (partner.ip() == own.ip() || everywhere) {
            let whose = server.failover_listen.as_ref().map_or("the default", |it| it.key.as_str());
            problems.report(
                &one.partner_place,
                format!("this is where this server itself listens ({own}, from {whose})"),
                "write the address of the other server",
            );
        }
    }
}

/// Subnets and ranges are disjoint, everything is inside its subnet, reservations are unique.
pub(super) fn scopes(problems: &Problems<'_>, all: &[scope::Found]) {
    subnets(problems, all);
    for one in all {
        inside(problems, one);
    }
    overlaps(problems, all);
    reservations(problems, all);
    total(problems, all);
}

fn subnets(problems: &Problems<'_>, all: &[scope::Found]) {
    let known: Vec<&(Ipv4Net, Place)> = all.iter().filter_map(|one| one.subnet.as_ref()).collect();
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by_key(|index| known.get(*index).map(|(net, _)| (net.network(), *index)));
    // In the order of addresses, a subnet overlaps another only if it lies in the widest so far.
    let mut widest: Option<&(Ipv4Net, Place)> = None;
    for here in order.iter().filter_map(|index| known.get(*index)) {
        match widest {
            Some((net, place)) if net.contains(&here.0.network()) => problems.report(
                &here.1,
                format!("this overlaps {} = \"{net}\"", place.key),
                "give each scope a subnet of its own",
            ),
            _ => widest = Some(here),
        }
    }
}

fn inside(problems: &Problems<'_>, one: &scope::Found) {
    let Some((net, place)) = &one.subnet else { return };
    let example = usable(net);
    for (range, at) in one.ranges.iter().chain(&one.exclude) {
        if !net.contains(range.start()) || !net.contains(range.end()) {
            problems.report(
                at,
                format!("this is not inside {} = \"{net}\"", place.key),
                format!("write addresses from {} to {}", example.start(), example.end()),
            );
        }
    }
    for (range, at) in &one.ranges {
        let inside = net.contains(range.start()) && net.contains(range.end());
        let odd = [net.network(), net.broadcast()].into_iter().find(|it| range.contains(it));
        if let (true, Some(odd), true) = (inside, odd, net.prefix_len() <= 30) {
            problems.report(
                at,
                format!("this holds {odd}, which no client can have in {net}"),
                format!("write addresses from {} to {}", example.start(), example.end()),
            );
        }
    }
    for (reservation, at) in &one.reservations {
        let address = reservation.address;
        let host = net.prefix_len() > 30 || ![net.network(), net.broadcast()].contains(&address);
        if !net.contains(&address) || !host {
            problems.report(
                at,
                format!("{address} is no host of {} = \"{net}\"", place.key),
                format!("write an address from {} to {}", example.start(), example.end()),
            );
        }
    }
}

/// The hosts of a subnet.
fn usable(net: &Ipv4Net) -> RangeInclusive<Ipv4Addr> {
    let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
    if net.prefix_len() > 30 {
        return net.network()..=net.broadcast();
    }
    Ipv4Addr::from(first.saturating_add(1))..=Ipv4Addr::from(last.saturating_sub(1))
}

fn overlaps(problems: &Problems<'_>, all: &[scope::Found]) {
    let mut ranges: Vec<_> = all.iter().flat_map(|one| &one.ranges).collect();
    ranges.sort_by_key(|(range, _)| *range.start());
    let mut furthest: Option<&(RangeInclusive<Ipv4Addr>, Place)> = None;
    for here in ranges {
        if let Some((range, place)) = furthest.filter(|(range, _)| range.end() >= here.0.start()) {
            problems.report(
                &here.1,
                format!("this overlaps {} = \"{}-{}\"", place.key, range.start(), range.end()),
                "give each address in one range only",
            );
        }
        if furthest.is_none_or(|(range, _)| range.end() < here.0.end()) {
            furthest = Some(here);
        }
    }
}

fn reservations(problems: &Problems<'_>, all: &[scope::Found]) {
    let mut addresses: BTreeMap<Ipv4Addr, &Place> = BTreeMap::new();
    let mut clients: BTreeMap<(Wire<'_>, &ReservedFor), &Place> = BTreeMap::new();
    for (index, one) in all.iter().enumerate() {
        let wire = one.shared_network.as_deref().map_or(Wire::Alone(index), Wire::Shared);
        for (Reservation { client, address, .. }, place) in &one.reservations {
            if let Some(first) = addresses.insert(*address, place) {
                problems.report(
                    place,
                    format!("{} reserves {address} too", first.key),
                    "reserve each address for one client",
                );
            }
            if let Some(first) = clients.insert((wire, client), place) {
                problems.report(
                    place,
                    format!("{} is for the same client on the same wire", first.key),
                    "reserve one address for each client of a wire",
                );
            }
        }
    }
}

/// What a client is attached to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wire<'a> {
    /// A scope without a shared network, by its index.
    Alone(usize),
    /// A shared network.
    Shared(&'a str),
}

fn total(problems: &Problems<'_>, all: &[scope::Found]) {
    let mut sum = 0u64;
    for (range, place) in all.iter().flat_map(|one| &one.ranges) {
        sum += u64::from(u32::from(*range.end()).saturating_sub(u32::from(*range.start()))) + 1;
        if sum > ADDRESSES_MAX {
            problems.report(
                place,
                format!("with this range there are {sum} addresses"),
                format!("write smaller ranges, {ADDRESSES_MAX} addresses in all"),
            );
            return;
        }
    }
}
