//! The tables `[[relationship]]`.

use super::options::hex;
use super::reader::{Place, Section};
use super::server::{non_empty, path};
use super::types::{Dialect, Mode, Relationship, Role, Secret, StartupPolicy, TimePolicy};
use super::value::Value;
use super::windows;
use dhcp_failover_relationship::MAX_NAME_LEN;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;

/// The port a partner listens on unless the file says otherwise (draft-12 §8.1).
pub(super) const FAILOVER_PORT: u16 = 647;
/// Longest host name, in bytes.
const HOST_NAME_MAX: usize = 255;
/// Longest shared secret, in bytes.
const SECRET_MAX: usize = 1024;
const YEAR_S: u32 = 365 * 86400;

pub(super) const STARTUP_POLICIES: &[(&str, StartupPolicy)] = &[
    ("wait", StartupPolicy::Wait),
    ("resume", StartupPolicy::Resume),
    ("partner-down", StartupPolicy::PartnerDown),
];
pub(super) const TIME_POLICIES: &[(&str, TimePolicy)] = &[
    ("correct", TimePolicy::Correct),
    ("refuse", TimePolicy::Refuse),
    ("close", TimePolicy::Close),
];
/// Those that need no settings.
pub(super) const DIALECTS: &[(&str, Dialect)] =
    &[("auto", Dialect::Auto), ("draft12", Dialect::Draft12), ("isc", Dialect::Isc)];

/// One `[[relationship]]`: complete only if it had no mistake.
pub(super) struct Found {
    pub(super) name: Option<String>,
    pub(super) name_place: Place,
    pub(super) partner_place: Place,
    pub(super) value: Option<Relationship>,
}

pub(super) fn read(table: Section<'_>, directory: &Path) -> Found {
    let remedy = "add the name both partners use, such as name = \"lab\"";
    let named = table.require("name", remedy);
    let name = named.as_ref().and_then(|value| name(value, remedy));
    let name_place = named.map_or_else(|| table.missing("name"), |value| value.place());
    let partner = table.require("partner", "add the partner's address, such as \"192.0.2.2:647\"");
    let partner_place = partner.as_ref().map_or_else(|| table.missing("partner"), Value::place);
    let value = complete(&table, name.clone(), partner, directory);
    table.report_unknown();
    Found { name, name_place, partner_place, value }
}

fn complete(
    table: &Section<'_>,
    name: Option<String>,
    partner: Option<Value<'_>>,
    directory: &Path,
) -> Option<Relationship> {
    let role =
        table.require("role", "add role = \"primary\" or role = \"secondary\"").and_then(|value| {
            value.one_of(&[("primary", Role::Primary), ("secondary", Role::Secondary)])
        });
    let partner = partner.as_ref().and_then(socket_or_address);
    let partner_name = match table.get("partner_name") {
        Some(value) => partner_name(&value).map(Some),
        None => Some(None),
    };
    let mode = mode(table);
    let mclt_s = seconds(table, "mclt_s", 1..=7 * 86400, 3600);
    let safe_period_s = match table.get("safe_period_s") {
        Some(value) => value.seconds(1..=YEAR_S).map(Some),
        None => Some(None),
    };
    let secret = match table.get("secret_file") {
        Some(value) => secret(&value, directory).map(Some),
        None => Some(None),
    };
    let second_secret = second_secret(table, &secret, directory);
    let dialect = dialect(table);
    if let (Some(Some(secret)), Some(Dialect::Microsoft(_)), Some(value)) =
        (&secret, dialect, table.get("secret_file"))
        && std::str::from_utf8(secret.bytes()).is_err()
    {
        value.error("the secret of a Windows server is text", "write a file with a text in UTF-8");
    }
    if let (Some(Some(_)), Some(Dialect::Isc), Some(value)) =
        (&secret, dialect, table.get("dialect"))
    {
        value.error(
            "ISC dhcpd signs no messages, so it could never authenticate with secret_file",
            "remove secret_file, or write another dialect",
        );
    }
    let (time_policy, max_time_difference_s) = time_policy(table, dialect);
    let receive_timer_s = seconds(table, "receive_timer_s", 2..=3600, 60);
    let startup_s = seconds(table, "startup_s", 0..=3600, 10);
    let startup_policy = match table.get("startup_policy") {
        Some(value) => value.one_of(STARTUP_POLICIES),
        None => Some(StartupPolicy::Wait),
    };
    let max_unacked_bndupd = match table.get("max_unacked_bndupd") {
        Some(value) => value.integer(1..=10_000, "").and_then(|number| u32::try_from(number).ok()),
        None => Some(100),
    };
    Some(Relationship {
        name: name?,
        role: role?,
        partner: partner?,
        partner_name: partner_name?,
        mode: mode?,
        mclt_s: mclt_s?,
        safe_period_s: safe_period_s?,
        secret: secret?,
        second_secret: second_secret?,
        time_policy: time_policy?,
        max_time_difference_s: max_time_difference_s?,
        dialect: dialect?,
        receive_timer_s: receive_timer_s?,
        startup_s: startup_s?,
        startup_policy: startup_policy?,
        max_unacked_bndupd: max_unacked_bndupd?,
    })
}

/// An optional number of seconds.
pub(super) fn seconds(
    table: &Section<'_>,
    name: &'static str,
    range: RangeInclusive<u32>,
    default: u32,
) -> Option<u32> {
    table.get(name).map_or(Some(default), |value| value.seconds(range))
}

fn name(value: &Value<'_>, remedy: &str) -> Option<String> {
    let text = non_empty(value, remedy)?;
    if text.encode_utf16().count() > MAX_NAME_LEN || text.chars().any(char::is_control) {
        value.error(
            "this cannot be a relationship name",
            format!("write at most {MAX_NAME_LEN} characters, none of them a control character"),
        );
        return None;
    }
    Some(text.to_owned())
}

fn partner_name(value: &Value<'_>) -> Option<String> {
    let remedy = "write the partner's host name, such as \"dhcp2.example.org\"";
    let text = non_empty(value, remedy)?;
    if text.len() > HOST_NAME_MAX || text.chars().any(char::is_control) {
        value.error("this cannot be a host name", remedy);
        return None;
    }
    Some(text.to_owned())
}

fn socket_or_address(value: &Value<'_>) -> Option<SocketAddr> {
    let remedy = "write the partner's IP address, with a port unless it is 647, such as \"192.0.2.2\" \
                  or \"192.0.2.2:1647\"";
    let text = value.string(remedy)?;
    let address = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, FAILOVER_PORT)));
    match address {
        Ok(address) if address.ip().is_unspecified() || address.port() == 0 => {
            value.error("nobody can be reached at this address", remedy);
            None
        }
        Ok(address) => Some(address),
        Err(_) => {
            value.error("this is not an address", remedy);
            None
        }
    }
}

fn mode(table: &Section<'_>) -> Option<Mode> {
    #[derive(Clone, Copy)]
    enum Kind {
        LoadBalance,
        HotStandby,
    }
    let kind = match table.get("mode") {
        Some(value) => {
            value.one_of(&[("load-balance", Kind::LoadBalance), ("hot-standby", Kind::HotStandby)])
        }
        None => Some(Kind::LoadBalance),
    };
    let balance = table.get("load_balance_percent");
    let buckets = table.get("hash_buckets");
    let reserve = table.get("reserve_percent");
    let stray = |value: &Option<Value<'_>>, mode: &str| {
        if let Some(value) = value {
            let problem = format!("this has no meaning in mode {mode:?}");
            value.error(problem, "remove it or change mode");
        }
    };
    let percent = |value: &Option<Value<'_>>, default: u8| match value {
        Some(value) => value.integer(0..=100, " of percent").and_then(|n| u8::try_from(n).ok()),
        None => Some(default),
    };
    match kind? {
        Kind::LoadBalance => {
            stray(&reserve, "load-balance");
            if let Some(buckets) = &buckets {
                return bucket_map(buckets, &balance);
            }
            Some(Mode::LoadBalance { primary_percent: percent(&balance, 50)? })
        }
        Kind::HotStandby => {
            stray(&balance, "hot-standby");
            stray(&buckets, "hot-standby");
            Some(Mode::HotStandby { reserve_percent: percent(&reserve, 5)? })
        }
    }
}

/// The primary's buckets one by one, instead of a percentage.
fn bucket_map(value: &Value<'_>, percentage: &Option<Value<'_>>) -> Option<Mode> {
    if percentage.is_some() {
        value.error("load_balance_percent says the same in another way", "remove one of the two");
        return None;
    }
    let remedy = "write 64 hexadecimal digits, such as \"hex:ff00...\": bucket 0 is the least bit of \
                  the first byte, and set means the primary's";
    let text = value.string(remedy)?;
    let bytes = if text.starts_with("hex:") { hex(value, text)? } else { Vec::new() };
    let primary = bytes.try_into().ok();
    if primary.is_none() {
        value.error("this is not 32 bytes", remedy);
    }
    Some(Mode::Buckets { primary: primary? })
}

fn dialect(table: &Section<'_>) -> Option<Dialect> {
    let settings = table.get("windows");
    let windows = windows::read(settings.as_ref())?;
    let found = table.get("dialect").map_or(Some(Dialect::Auto), |value| {
        let microsoft = [("microsoft", Dialect::Microsoft(windows))];
        value.one_of(&[DIALECTS, &microsoft].concat())
    })?;
    if let (Some(value), false) = (settings, matches!(found, Dialect::Microsoft(_))) {
        value.error(
            "this is only for a partner that is known to be Windows",
            "write dialect = \"microsoft\", or remove this",
        );
    }
    Some(found)
}

/// The secret that is accepted as well while another one takes its place.
fn second_secret(
    table: &Section<'_>,
    first: &Option<Option<Secret>>,
    directory: &Path,
) -> Option<Option<Secret>> {
    let Some(value) = table.get("second_secret_file") else { return Some(None) };
    let found = secret(&value, directory)?;
    match first {
        Some(None) => value.error(
            "this is only for changing secret_file, and there is none",
            "write secret_file, or remove this",
        ),
        Some(Some(first)) if *first == found => value.error(
            "this holds the same key as secret_file",
            "write the file of the other key, or remove this",
        ),
        _ => return Some(Some(found)),
    }
    None
}

/// What to do about the partner's clock, and from which difference on. Windows ends the connection
/// above 60 s, so there is nothing to be had from correcting more.
fn time_policy(table: &Section<'_>, dialect: Option<Dialect>) -> (Option<TimePolicy>, Option<u32>) {
    let usual = match dialect {
        Some(Dialect::Microsoft(_)) => TimePolicy::Close,
        _ => TimePolicy::Correct,
    };
    let policy = match table.get("time_policy") {
        Some(value) => value.one_of(TIME_POLICIES),
        None => Some(usual),
    };
    let limit = seconds(table, "max_time_difference_s", 1..=86400, 60);
    if let (Some(TimePolicy::Correct), Some(value)) = (policy, table.get("max_time_difference_s")) {
        value.error(
            "this has no meaning with time_policy = \"correct\"",
            "remove it, or write time_policy = \"refuse\" or \"close\"",
        );
        return (policy, None);
    }
    (policy, limit)
}

/// The key in a file: its content without one newline at the end.
fn secret(value: &Value<'_>, directory: &Path) -> Option<Secret> {
    let path = path(value, directory)?;
    let remedy = format!("write the path of a readable file of 1 to {SECRET_MAX} bytes");
    let mut bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            value.error(format!("{} cannot be read: {error}", path.display()), remedy);
            return None;
        }
    };
    if bytes.pop_if(|byte| *byte == b'\n').is_some() {
        bytes.pop_if(|byte| *byte == b'\r');
    }
    if bytes.is_empty() || bytes.len() > SECRET_MAX {
        value.error(format!("{} holds {} bytes", path.display(), bytes.len()), remedy);
        return None;
    }
    Some(Secret(bytes))
}
