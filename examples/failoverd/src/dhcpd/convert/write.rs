//! The result as TOML.

use super::Found;
use super::declarations::{Host, Subnet};
use super::options::quoted;
use super::peer::Peer;
use super::settings::Settings;
use dhcp_loadbalance::HashBuckets;
use std::fmt::Write;

/// Writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($words:tt)*) => {
        let _ = writeln!($out, $($words)*);
    };
}

pub(super) fn toml(found: &Found) -> String {
    let mut out = String::from(
        "# Made from a dhcpd.conf. Look it through, then: failoverd check --config THIS\n\n",
    );
    server(&mut out, found);
    found.peers.iter().for_each(|peer| relationship(&mut out, peer));
    found.subnets.iter().for_each(|subnet| scope(&mut out, found, subnet));
    if !found.left_out.is_empty() {
        line!(out, "\n# Not carried over:");
        for left in &found.left_out {
            line!(out, "# {left}");
        }
    }
    out
}

fn server(out: &mut String, found: &Found) {
    line!(out, "[server]");
    line!(out, "name = \"failoverd\"");
    line!(out, "# The interfaces dhcpd was started with, if clients are attached directly.");
    line!(out, "#interfaces = [\"eth0\"]");
    line!(out, "store = \"/var/lib/failoverd/leases.redb\"");
    line!(out, "admin_socket = \"/run/failoverd/admin.sock\"");
    let first = found.peers.first();
    if let Some((own, port)) = first.and_then(|peer| Some((peer.own?, peer.port))) {
        line!(out, "failover_listen = \"{own}:{port}\"");
    }
}

fn relationship(out: &mut String, peer: &Peer) {
    let role = if peer.primary { "primary" } else { "secondary" };
    line!(out, "\n[[relationship]]");
    line!(out, "name = {}", quoted(&peer.name));
    line!(out, "role = \"{role}\"");
    match peer.partner {
        Some(partner) => {
            line!(out, "partner = \"{partner}:{}\"", peer.partner_port);
        }
        None => {
            line!(out, "partner = \"0.0.0.0\" # the partner's address was not in the file");
        }
    }
    if let Some(buckets) = peer.buckets {
        line!(out, "{}", clients(buckets));
    }
    let numbers = [
        ("mclt_s", peer.mclt_s),
        ("receive_timer_s", peer.receive_timer_s),
        ("max_unacked_bndupd", peer.max_unacked),
        ("safe_period_s", peer.safe_period_s),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            line!(out, "{name} = {number}");
        }
    }
}

/// A percentage where one says it exactly, for people read that better.
fn clients(buckets: HashBuckets) -> String {
    let exact = (0..=100)
        .find(|percent| HashBuckets::from_percent(*percent).is_ok_and(|same| same == buckets));
    match exact {
        Some(percent) => format!("load_balance_percent = {percent}"),
        None => {
            let digits: String =
                buckets.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            format!("hash_buckets = \"hex:{digits}\"")
        }
    }
}

fn scope(out: &mut String, found: &Found, subnet: &Subnet) {
    let Settings { next_server, boot_file, server_identifier, options, .. } = &subnet.settings;
    line!(out, "\n[[scope]]");
    line!(out, "subnet = \"{}\"", subnet.net);
    let ranges: Vec<_> =
        subnet.ranges.iter().map(|it| format!("\"{}-{}\"", it.first, it.last)).collect();
    line!(out, "ranges = [{}]", ranges.join(", "));
    let (shortest, usual, longest) = subnet.settings.leases_s();
    line!(out, "lease_s = {usual}");
    line!(out, "min_lease_s = {shortest}");
    line!(out, "max_lease_s = {longest}");
    let peer = subnet.ranges.first().and_then(|range| range.peer.as_deref());
    if let Some(name) = peer {
        line!(out, "relationship = {}", quoted(name));
        let delay_s = found.peers.iter().find(|it| it.name == name).and_then(|it| it.delay_s);
        if let Some(delay_s) = delay_s {
            line!(out, "load_balance_delay_s = {delay_s}");
        }
    }
    if let Some(name) = &subnet.shared_network {
        line!(out, "shared_network = {}", quoted(name));
    }
    if let Some(address) = next_server {
        line!(out, "next_server = \"{address}\"");
    }
    if let Some(file) = boot_file {
        line!(out, "boot_file = {}", quoted(file));
    }
    if let Some(address) = server_identifier {
        line!(out, "server_identifier = \"{address}\"");
    }
    if !options.is_empty() {
        line!(out, "\n[scope.options]");
        for (name, value) in options {
            line!(out, "{name} = {value}");
        }
    }
    subnet.hosts.iter().for_each(|host| reservation(out, host));
}

fn reservation(out: &mut String, host: &Host) {
    line!(out, "\n[[scope.reservations]]");
    line!(out, "{}", host.client);
    line!(out, "address = \"{}\"", host.address);
    let options = &host.settings.options;
    if !options.is_empty() {
        let options: Vec<_> =
            options.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        line!(out, "options = {{ {} }}", options.join(", "));
    }
}
