//! The table `[server]`.

use super::reader::{Place, Section};
use super::types::{Group, LogFormat, LogLevel, Server};
use super::value::Value;
use dhcp_failover_relationship::MAX_RELATIONSHIPS;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};

/// Where partners connect to unless the file says otherwise (draft-12 §8.1: port 647).
pub(super) const DEFAULT_FAILOVER_LISTEN: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 647);
const DEFAULT_DHCP_LISTEN: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 67);
/// What a server without a name is called.
pub(super) const DEFAULT_NAME: &str = "failoverd";
/// The longest path of a Unix socket on Linux, in bytes.
const SOCKET_PATH_MAX: usize = 107;
/// The longest name of an interface on Linux, in bytes.
const INTERFACE_NAME_MAX: usize = 15;

/// A `[server]` table without mistakes, and where the failover address came from.
pub(super) struct Found {
    pub(super) value: Server,
    pub(super) failover_listen: Option<Place>,
}

pub(super) fn read(table: Section<'_>, directory: &Path) -> Option<Found> {
    let name = match table.get("name") {
        Some(value) => non_empty(&value, "write a name for this server, such as \"dhcp-a\""),
        None => Some(DEFAULT_NAME),
    };
    let socket = "write an IPv4 address and a port, such as \"0.0.0.0:67\"";
    let dhcp_listen = match table.get("dhcp_listen") {
        Some(value) => value.parsed("an IPv4 address with a port", socket),
        None => Some(DEFAULT_DHCP_LISTEN),
    };
    let relay_port = match table.get("relay_port") {
        Some(value) => value.integer(1..=65535, "").and_then(|port| u16::try_from(port).ok()),
        None => Some(67),
    };
    let interfaces = table.get("interfaces").map_or(Some(Vec::new()), |value| interfaces(&value));
    let failover = table.get("failover_listen");
    let failover_listen = optional(failover.as_ref(), |value| listen(value, "0.0.0.0:647"));
    let metrics = table.get("metrics_listen");
    let metrics_listen = optional(metrics.as_ref(), |value| listen(value, "127.0.0.1:9647"));
    let store = table
        .require("store", "add the lease file, such as store = \"/var/lib/failoverd/leases.redb\"")
        .and_then(|value| path(&value, directory));
    let admin_socket = table
        .require("admin_socket", "add a path, such as admin_socket = \"/run/failoverd.sock\"")
        .and_then(|value| socket_path(&value, directory));
    let admin_group = optional(table.get("admin_group").as_ref(), group);
    let reader = table.get("reader_socket");
    let reader_socket = optional(reader.as_ref(), |value| {
        let path = socket_path(value, directory)?;
        if admin_socket.as_ref() == Some(&path) {
            value.error("this is admin_socket, too", "write another path, or remove this key");
            return None;
        }
        Some(path)
    });
    let reader_group = optional(table.get("reader_group").as_ref(), |value| {
        if reader.is_none() {
            value.error("there is no reader_socket", "add reader_socket, or remove this key");
            return None;
        }
        group(value)
    });
    let log_level = match table.get("log_level") {
        Some(value) => value.one_of(&[
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("info", LogLevel::Info),
            ("debug", LogLevel::Debug),
            ("trace", LogLevel::Trace),
        ]),
        None => Some(LogLevel::Info),
    };
    let log_format = match table.get("log_format") {
        Some(value) => value.one_of(&[("text", LogFormat::Text), ("json", LogFormat::Json)]),
        None => Some(LogFormat::Text),
    };
    let max_relationships = match table.get("max_relationships") {
        Some(value) => value.integer(0..=10_000, "").and_then(|most| usize::try_from(most).ok()),
        None => Some(MAX_RELATIONSHIPS),
    };
    table.report_unknown();
    let value = Server {
        name: name?.to_owned(),
        dhcp_listen: dhcp_listen?,
        relay_port: relay_port?,
        interfaces: interfaces?,
        failover_listen: failover_listen?,
        store: store?,
        admin_socket: admin_socket?,
        admin_group: admin_group?,
        reader_socket: reader_socket?,
        reader_group: reader_group?,
        metrics_listen: metrics_listen?,
        max_relationships: max_relationships?,
        log_level: log_level?,
        log_format: log_format?,
    };
    Some(Found { value, failover_listen: failover.map(|value| value.place()) })
}

/// A string with something in it.
pub(super) fn non_empty<'a>(value: &Value<'a>, remedy: &str) -> Option<&'a str> {
    let text = value.string(remedy)?;
    if text.trim().is_empty() {
        value.error("this is empty", remedy);
        return None;
    }
    Some(text)
}

/// A path, relative to the directory of the file.
pub(super) fn path(value: &Value<'_>, directory: &Path) -> Option<PathBuf> {
    non_empty(value, "write the path of a file").map(|text| directory.join(text))
}

/// A key that need not be there: no value is no mistake.
fn optional<T>(
    value: Option<&Value<'_>>,
    read: impl FnOnce(&Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    value.map_or(Some(None), |value| read(value).map(Some))
}

/// A group that this machine has.
fn group(value: &Value<'_>) -> Option<Group> {
    let remedy = "write the name of a group of this machine, such as \"adm\"";
    let name = non_empty(value, remedy)?;
    match nix::unistd::Group::from_name(name) {
        Ok(Some(found)) => return Some(Group { name: name.to_owned(), id: found.gid.as_raw() }),
        Ok(None) => value.error("there is no such group", remedy),
        Err(error) => value.error(format!("the groups cannot be looked up: {error}"), remedy),
    }
    None
}

fn socket_path(value: &Value<'_>, directory: &Path) -> Option<PathBuf> {
    let path = path(value, directory)?;
    let length = path.as_os_str().len();
    if length > SOCKET_PATH_MAX {
        value.error(
            format!(
                "this makes a path of {length} bytes, and a Unix socket allows {SOCKET_PATH_MAX}"
            ),
            "write a shorter path",
        );
        return None;
    }
    Some(path)
}

fn listen(value: &Value<'_>, example: &str) -> Option<SocketAddr> {
    value.parsed(
        "an address with a port",
        &format!("write an IP address and a port, such as {example:?}"),
    )
}

fn interfaces(value: &Value<'_>) -> Option<Vec<String>> {
    let remedy = "write a list of interface names, such as [\"eth0\"], or [] for all";
    let mut names = Vec::new();
    let mut complete = true;
    for item in value.items(remedy)? {
        match non_empty(&item, remedy) {
            Some(name) if name.len() > INTERFACE_NAME_MAX || name.contains(['/', ' ']) => {
                item.error("this cannot be the name of an interface", remedy);
                complete = false;
            }
            Some(name) if names.iter().any(|known| known == name) => {
                item.error("this interface is listed twice", "list it once");
                complete = false;
            }
            Some(name) => names.push(name.to_owned()),
            None => complete = false,
        }
    }
    complete.then_some(names)
}
