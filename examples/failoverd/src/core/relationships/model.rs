//! Relationships of the configuration as Windows models them, and back.

use crate::config::{Dialect, Mode, Relationship, Role, Secret};
use dhcp_failover_relationship as model;
use dhcp_failover_relationship::cmdlet::LocalServer;
use dhcp_failover_relationship::{Changes, Errors, ModeName, Percent, ServerType};
use nix::ifaddrs::getifaddrs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Stands in for an address that a relationship of Windows cannot have: that of a partner reached over
/// IPv6, or of a server that shares its partner's (the dummy address of RFC 7600).
const STAND_IN: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);
/// The longest MCLT and the longest safe period of a configuration, in seconds.
const MCLT_MAX_S: u32 = 7 * 86_400;
const SAFE_PERIOD_MAX_S: u32 = 365 * 86_400;

/// A relationship as Windows has it.
pub(super) fn to_model(
    it: &Relationship,
    local: &LocalServer,
    scopes: impl IntoIterator<Item = Ipv4Addr>,
) -> Result<model::Relationship, Errors> {
    let partner = match it.partner.ip() {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => STAND_IN,
    };
    let partner_name = it.partner_name.clone().unwrap_or_else(|| match it.partner {
        SocketAddr::V4(_) => String::new(),
        SocketAddr::V6(address) => address.ip().to_string(),
    });
    let own = if partner == local.address { STAND_IN } else { local.address };
    let (own, other) = ((own, local.name.as_str()), (partner, partner_name.as_str()));
    let (server_type, primary, secondary) = match it.role {
        Role::Primary => (ServerType::Primary, own, other),
        Role::Secondary => (ServerType::Secondary, other, own),
    };
    // Only that there is one matters here. A key of any bytes may hold what a text of Windows cannot.
    let secret = it.secret.as_ref();
    let secret = secret.map(|it| String::from_utf8_lossy(it.bytes()).replace('\0', "\u{fffd}"));
    model::Relationship::builder(it.name.as_str(), primary.0, secondary.0)
        .server_names(primary.1, secondary.1)
        .server_type(server_type)
        .mode(mode(it.mode)?)
        .mclt_s(it.mclt_s)
        .safe_period_s(it.safe_period_s)
        .shared_secret(
            secret.map(model::SharedSecret::new).transpose().map_err(model::Error::from)?,
        )
        .scopes(scopes)
        .may_be_empty()
        .build()
}

fn mode(mode: Mode) -> Result<model::Mode, Errors> {
    let (name, percent) = match mode {
        Mode::LoadBalance { primary_percent } => (ModeName::LoadBalance, primary_percent.into()),
        Mode::Buckets { primary } => {
            let set: u32 = primary.iter().map(|byte| byte.count_ones()).sum();
            (ModeName::LoadBalance, (set * 100 + 128) / 256)
        }
        Mode::HotStandby { reserve_percent } => (ModeName::HotStandby, reserve_percent.into()),
    };
    Ok(model::Mode::new(name, Percent::new(percent).map_err(model::Error::from)?))
}

/// The configuration of a new relationship whose partner listens there.
pub(super) fn new_relationship(
    it: &model::Relationship,
    partner_name: &str,
    partner: SocketAddr,
) -> Relationship {
    let role = match it.server_type() {
        ServerType::Primary => Role::Primary,
        ServerType::Secondary => Role::Secondary,
    };
    let named = partner_name.parse::<IpAddr>().is_err();
    Relationship {
        partner_name: named.then(|| partner_name.to_owned()),
        mode: from_mode(it.mode()),
        mclt_s: it.mclt_s(),
        safe_period_s: it.safe_period_s(),
        secret: secret(it.shared_secret()),
        ..Relationship::new(it.name(), role, partner)
    }
}

/// The configuration with changes that the model has taken to be `new`.
pub(super) fn changed(
    old: &Relationship,
    new: &model::Relationship,
    changes: &Changes,
) -> Relationship {
    let mut it = old.clone();
    // A map of buckets stays one as long as nobody asks for percent.
    if changes.mode.is_some() || changes.percentage.is_some() {
        it.mode = from_mode(new.mode());
    }
    it.mclt_s = new.mclt_s();
    it.safe_period_s = new.safe_period_s();
    if let Some(given) = &changes.shared_secret {
        it.secret = secret(given.as_ref());
        it.second_secret = it
            .second_secret
            .filter(|second| it.secret.is_some() && it.secret.as_ref() != Some(second));
    }
    it
}

const fn from_mode(mode: model::Mode) -> Mode {
    let percent = mode.percentage().get();
    match mode.name() {
        ModeName::LoadBalance => Mode::LoadBalance { primary_percent: percent },
        ModeName::HotStandby => Mode::HotStandby { reserve_percent: percent },
    }
}

fn secret(secret: Option<&model::SharedSecret>) -> Option<Secret> {
    secret.and_then(|secret| Secret::new(secret.expose().as_bytes().to_vec()))
}

/// What the configuration refuses and Windows does not: what is wrong, and the remedy.
pub(super) fn refused(it: &Relationship) -> Vec<(String, &'static str)> {
    let mut problems = Vec::new();
    if it.mclt_s > MCLT_MAX_S {
        let text = format!("MaxClientLeadTime of {} s is longer than {MCLT_MAX_S} s", it.mclt_s);
        problems.push((text, "use 7 days at most"));
    }
    if let Some(period) = it.safe_period_s.filter(|period| *period > SAFE_PERIOD_MAX_S) {
        let text =
            format!("StateSwitchInterval of {period} s is longer than {SAFE_PERIOD_MAX_S} s");
        problems.push((text, "use 365 days at most, or 0 to turn it off"));
    }
    if it.name.chars().any(char::is_control) {
        let text = format!("Name {:?} has control characters", it.name);
        problems.push((text, "use a name of visible characters"));
    }
    if it.secret.is_some() && it.dialect == Dialect::Isc {
        let text = format!("relationship {:?} is with ISC dhcpd, which signs no messages", it.name);
        problems.push((text, "leave SharedSecret out"));
    }
    if it.secret.as_ref().is_some_and(|secret| secret.bytes().len() > 1024) {
        problems.push(("SharedSecret is longer than 1024 bytes".to_owned(), "use a shorter one"));
    }
    problems
}

/// This server as the partner at that address sees it.
pub(super) fn local_server(
    configured_name: &str,
    listens: Option<SocketAddr>,
    partner: Option<SocketAddr>,
) -> LocalServer {
    let listens = listens.map(|address| address.ip()).filter(|address| !address.is_unspecified());
    let listens = match listens {
        Some(IpAddr::V4(address)) => Some(address),
        _ => None,
    };
    let interfaces = getifaddrs().into_iter().flatten();
    let own = interfaces.filter_map(|it| Some(it.address?.as_sockaddr_in()?.ip()));
    let addresses: Vec<Ipv4Addr> = own.chain(listens).collect();
    let any = || addresses.iter().copied().find(|address| !address.is_loopback());
    let address = listens.or_else(|| towards(partner?)).or_else(any).unwrap_or(Ipv4Addr::LOCALHOST);
    LocalServer { name: server_name(configured_name), addresses, address }
}

/// The address from which this machine would talk to another. Nothing is sent.
fn towards(partner: SocketAddr) -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(partner).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_unspecified() => Some(address),
        _ => None,
    }
}

/// The name of the configuration, if it has one, or else the machine's.
fn server_name(configured: &str) -> String {
    if configured != crate::config::DEFAULT_SERVER_NAME {
        return configured.to_owned();
    }
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => configured.to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of random bytes as a key, and both servers on one machine.
    #[test]
    fn any_key_and_any_partner_of_a_configuration_can_be_shown() {
        let address = Ipv4Addr::LOCALHOST;
        let local = LocalServer { name: "a".to_owned(), addresses: vec![address], address };
        let pair = Relationship {
            secret: Secret::new(vec![0, 0xff, b'k', 0]),
            ..Relationship::new("pair", Role::Primary, "127.0.0.1:1647".parse().unwrap())
        };
        let shown = to_model(&pair, &local, []).unwrap();
        assert!(shown.shared_secret().is_some());
        assert_eq!((shown.primary_server(), shown.secondary_server()), (STAND_IN, address));
    }

    #[test]
    fn a_map_of_buckets_is_shown_in_percent_and_stays_a_map() {
        let local = LocalServer {
            name: "a".to_owned(),
            addresses: Vec::new(),
            address: Ipv4Addr::LOCALHOST,
        };
        let partner = "192.0.2.2:647".parse().unwrap();
        for (bits, percent) in [(0u8, 0), (0xff, 100), (0x0f, 50), (0x01, 13)] {
            let buckets = Relationship {
                mode: Mode::Buckets { primary: [bits; 32] },
                ..Relationship::new("pair", Role::Secondary, partner)
            };
            let shown = to_model(&buckets, &local, []).unwrap();
            assert_eq!(shown.mode().percentage().get(), percent);
            let changes = Changes { mclt_s: Some(9), ..Changes::default() };
            let after = changed(&buckets, &shown, &changes);
            assert_eq!(after.mode, buckets.mode);
            let changes = Changes { percentage: Some(Percent::new(40).unwrap()), ..changes };
            assert!(matches!(changed(&after, &shown, &changes).mode, Mode::LoadBalance { .. }));
        }
    }
}
