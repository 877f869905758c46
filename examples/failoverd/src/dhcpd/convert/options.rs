//! `option NAME VALUE;` with failoverd's names and values.

use crate::dhcpd::syntax::{Statement, Word};
use std::fmt;
use std::net::Ipv4Addr;

/// The value of an option, as TOML writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Number(i64),
    Flag(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Texts(texts) => {
                let quoted: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
                write!(f, "[{}]", quoted.join(", "))
            }
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            it if it.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(it))),
            it => out.push(it),
        }
    }
    out.push('"');
    out
}

#[derive(Clone, Copy)]
enum Form {
    Address,
    Addresses,
    Text,
    Number,
    Flag,
    Domains,
    Bytes,
}

/// dhcpd's names, failoverd's, and how the value is written.
const NAMES: &[(&str, &str, Form)] = &[
    ("subnet-mask", "subnet_mask", Form::Address),
    ("time-offset", "time_offset", Form::Number),
    ("routers", "router", Form::Addresses),
    ("time-servers", "time_server", Form::Addresses),
    ("domain-name-servers", "dns", Form::Addresses),
    ("log-servers", "log_server", Form::Addresses),
    ("lpr-servers", "lpr_server", Form::Addresses),
    ("host-name", "host_name", Form::Text),
    ("boot-size", "boot_file_size", Form::Number),
    ("domain-name", "domain_name", Form::Text),
    ("root-path", "root_path", Form::Text),
    ("ip-forwarding", "ip_forwarding", Form::Flag),
    ("default-ip-ttl", "default_ttl", Form::Number),
    ("interface-mtu", "interface_mtu", Form::Number),
    ("broadcast-address", "broadcast_address", Form::Address),
    ("nis-domain", "nis_domain", Form::Text),
    ("nis-servers", "nis", Form::Addresses),
    ("ntp-servers", "ntp", Form::Addresses),
    ("vendor-encapsulated-options", "vendor_specific", Form::Bytes),
    ("netbios-name-servers", "netbios_name_server", Form::Addresses),
    ("netbios-node-type", "netbios_node_type", Form::Number),
    ("netbios-scope", "netbios_scope", Form::Text),
    ("dhcp-renewal-time", "renewal_time_s", Form::Number),
    ("dhcp-rebinding-time", "rebinding_time_s", Form::Number),
    ("tftp-server-name", "tftp_server_name", Form::Text),
    ("bootfile-name", "boot_file_name", Form::Text),
    ("smtp-server", "smtp_server", Form::Addresses),
    ("pcode", "posix_timezone", Form::Text),
    ("tcode", "tzdb_timezone", Form::Text),
    ("v6-only-preferred", "ipv6_only_preferred_s", Form::Number),
    ("default-url", "captive_portal", Form::Text),
    ("domain-search", "domain_search", Form::Domains),
];

/// Name and value.
///
/// # Errors
/// Why it cannot be carried over.
pub(super) fn read(statement: &Statement) -> Result<(String, Value), String> {
    let name = statement.words.get(1).map(Word::text).unwrap_or_default();
    let found = NAMES.iter().find(|(theirs, _, _)| name.eq_ignore_ascii_case(theirs));
    let Some((_, ours, form)) = found else {
        return Err("no counterpart by name; write it by number, such as \"224\"".to_owned());
    };
    let words = statement.words.get(2..).unwrap_or_default();
    let value = value(*form, words).ok_or_else(|| {
        "only plain values are carried over; no names of hosts, no expressions".to_owned()
    })?;
    Ok(((*ours).to_owned(), value))
}

fn value(form: Form, words: &[Word]) -> Option<Value> {
    let single = || match words {
        [word] => Some(word),
        _ => None,
    };
    let address = |word: &Word| word.text().parse::<Ipv4Addr>().ok().map(|it| it.to_string());
    Some(match form {
        Form::Address => Value::Text(address(single()?)?),
        Form::Addresses => Value::Texts(items(words).map(address).collect::<Option<_>>()?),
        Form::Domains => Value::Texts(items(words).map(Word::text).collect()),
        Form::Text => text(single()?),
        Form::Number => Value::Number(single()?.text().parse().ok()?),
        Form::Flag => match single()?.text().to_ascii_lowercase().as_str() {
            "true" | "on" => Value::Flag(true),
            "false" | "off" => Value::Flag(false),
            _ => return None,
        },
        Form::Bytes => match single()? {
            word if word.quoted => text(word),
            word => Value::Text(hex(&word.octets()?)),
        },
    })
}

/// A text, or its bytes in hexadecimal if it is none.
fn text(word: &Word) -> Value {
    match std::str::from_utf8(&word.bytes) {
        Ok(text) if !text.starts_with("hex:") => Value::Text(text.to_owned()),
        _ => Value::Text(hex(&word.bytes)),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    format!("hex:{}", crate::demo::checker::hex(bytes))
}

/// The items of a list with commas.
fn items(words: &[Word]) -> impl Iterator<Item = &Word> {
    words.iter().filter(|word| !word.is(","))
}
