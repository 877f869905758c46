//! This host's addresses.

use nix::ifaddrs::getifaddrs;
use std::io;
use std::net::Ipv4Addr;

/// The IPv4 addresses of one interface, or of all.
pub(super) fn addresses(interface: Option<&str>) -> io::Result<Vec<Ipv4Addr>> {
    let wanted = |name: &str| interface.is_none_or(|wanted| wanted == name);
    let addresses = getifaddrs()?.filter(|found| wanted(&found.interface_name));
    Ok(addresses.filter_map(|found| Some(found.address?.as_sockaddr_in()?.ip())).collect())
}
