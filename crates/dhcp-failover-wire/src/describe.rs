//! Option values as people read them.

mod time;

use core::{
    fmt::{self, Display as _, Write},
    net::Ipv4Addr,
};

use crate::{
    BindingStatus, Dialect, IpFlags, OptionCode, RawOption, RejectReason, ServerFlags, ServerState,
    windows::{ClientType, Flags, RejectText, Status, text::write_utf16},
};

impl<'a> RawOption<'a> {
    /// The value in words, for logs and tools: addresses, times in UTC, states and reasons by name
    /// in the numbers of the dialect. A value whose length is not that of its format, and options
    /// nobody knows, show as hex digits.
    ///
    /// What a peer wrote as text comes in quotes and with everything escaped that is not printable,
    /// so it may go to a terminal.
    ///
    /// ```
    /// use dhcp_failover_wire::{Dialect, RawMessage};
    ///
    /// let frame = [0, 29, 10, 12, 0, 0, 0, 0, 0, 0, 0, 1, 0, 24, 0, 1, 2, 0, 25, 0, 4, 101, 0, 0, 0,
    ///              0, 23, 0, 0];
    /// let raw = RawMessage::parse(&frame)?;
    /// let shown: Vec<_> =
    ///     raw.options().map(|it| format!("{} {}", it.code, it.describe(Dialect::Draft12))).collect();
    /// assert_eq!(shown, [
    ///     "server-state NORMAL",
    ///     "start-time-of-state 2023-09-12T06:06:56Z",
    ///     "server-flags (empty)",
    /// ]);
    /// # Ok::<(), dhcp_failover_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn describe(self, dialect: Dialect) -> Description<'a> {
        Description { option: self, dialect }
    }
}

/// What [`RawOption::describe`] gives; `Display` writes it.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    option: RawOption<'a>,
    dialect: Dialect,
}

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.option.value;
        if !self.dialect.knows(self.option.code) {
            return hex(value, f);
        }
        match self.known(f) {
            Some(written) => written,
            None => hex(value, f),
        }
    }
}

impl Description<'_> {
    /// `None` if the length is not that of the format.
    fn known(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        use OptionCode as O;
        let value = self.option.value;
        let windows = self.dialect.windows();
        Some(match self.option.code {
            O::ADDRESSES_TRANSFERRED | O::MAX_UNACKED_BNDUPD => word(value)?.fmt(f),
            O::MCLT | O::RECEIVE_TIMER => write!(f, "{} s", word(value)?),
            O::DELAYED_SERVICE_PARAMETER => write!(f, "{} s", byte(value)?),
            O::PROTOCOL_VERSION | O::CLIENT_NAP_CAPABLE => byte(value)?.fmt(f),
            O::ASSIGNED_IP_ADDRESS | O::CLIENT_SUBNET_MASK | O::SERVER_IP_ADDRESS => {
                Ipv4Addr::from_bits(word(value)?).fmt(f)
            }
            O::BINDING_STATUS if windows.is_some() => windows_status(Status(byte(value)?), f),
            O::BINDING_STATUS => BindingStatus(byte(value)?).fmt(f),
            O::CLIENT_HARDWARE_ADDRESS if windows.is_some() => {
                let (scope, hardware) = value.split_first_chunk()?;
                write!(f, "{} ", Ipv4Addr::from_bits(u32::from_le_bytes(*scope)))
                    .and_then(|()| hardware_address(hardware, f).unwrap_or(Ok(())))
            }
            O::CLIENT_HARDWARE_ADDRESS => hardware_address(value, f)?,
            O::CLIENT_LAST_TRANSACTION_TIME
            | O::LEASE_EXPIRATION_TIME
            | O::POTENTIAL_EXPIRATION_TIME
            | O::START_TIME_OF_STATE => time::write_utc(word(value)?, f),
            O::CLIENT_REQUEST_OPTIONS | O::CLIENT_REPLY_OPTIONS => dhcp_options(value, f)?,
            O::DDNS => ddns(value, f)?,
            O::HASH_BUCKET_ASSIGNMENT => buckets(value.try_into().ok()?, f),
            O::IP_FLAGS if windows.is_some() => none_or(byte(value)? == 0, Flags(byte(value)?), f),
            O::IP_FLAGS => {
                let flags = match *value {
                    [low] => u16::from(low),
                    _ => u16::from_be_bytes(value.try_into().ok()?),
                };
                none_or(flags == 0, IpFlags(flags), f)
            }
            O::MESSAGE => match windows {
                Some(settings) if settings.reject_text == RejectText::Utf16 => utf16(value, f),
                _ => text(value, f),
            },
            O::MESSAGE_DIGEST => digest(value, f)?,
            O::REJECT_REASON => {
                let reason = byte(value)?;
                write!(f, "{reason} ({})", RejectReason(reason))
            }
            O::RELATIONSHIP_NAME | O::VENDOR_CLASS_IDENTIFIER if windows.is_some() => {
                utf16(value, f)
            }
            O::RELATIONSHIP_NAME | O::VENDOR_CLASS_IDENTIFIER => text(value, f),
            O::SERVER_FLAGS => none_or(byte(value)? == 0, ServerFlags(byte(value)?), f),
            O::SERVER_STATE => {
                let number = byte(value)?;
                windows.map_or(ServerState(number), |it| it.server_state(number)).fmt(f)
            }
            O::TLS_REPLY => tls(byte(value)?, ["no TLS", "TLS", "?"], f),
            O::TLS_REQUEST => tls(byte(value)?, ["no TLS", "TLS wanted", "TLS required"], f),
            O::SCOPE_ID_LIST => scope_ids(value, f)?,
            O::CLIENT_NAME | O::CLIENT_DESCRIPTION | O::SERVER_NAME | O::CLIENT_MATCHED_POLICY => {
                utf16(value.strip_suffix(&[0, 0]).unwrap_or(value), f)
            }
            O::CLIENT_TYPE => ClientType(byte(value)?).fmt(f),
            _ => return None,
        })
    }
}

fn byte(value: &[u8]) -> Option<u8> {
    match *value {
        [byte] => Some(byte),
        _ => None,
    }
}

fn word(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

fn hex(value: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_empty() {
        return f.write_str("(empty)");
    }
    value.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn none_or(none: bool, flags: impl fmt::Display, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if none { f.write_str("none") } else { flags.fmt(f) }
}

/// In quotes, escaped; bytes that are no text as `\x..`.
fn text(value: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for chunk in value.utf8_chunks() {
        escaped(chunk.valid(), f)?;
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
    }
    f.write_char('"')
}

fn utf16(value: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    write_utf16(value, &mut Escaping(f))?;
    f.write_char('"')
}

fn escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().flat_map(char::escape_debug).try_for_each(|c| f.write_char(c))
}

/// Escapes what is written through it.
struct Escaping<'f, 'a>(&'f mut fmt::Formatter<'a>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escaped(text, self.0)
    }
}

/// Hardware type and address.
fn hardware_address(value: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (htype, address) = value.split_first()?;
    let written = write!(f, "{htype}/").and_then(|()| {
        let mut separator = "";
        address.iter().try_for_each(|byte| {
            write!(f, "{separator}{byte:02x}")?;
            separator = ":";
            Ok(())
        })
    });
    Some(written)
}

/// Magic cookie, then code and length of each option (draft-12 §12.7, §12.8).
fn dhcp_options(value: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (cookie, mut rest) = value.split_first_chunk::<4>()?;
    if *cookie != [99, 130, 83, 99] {
        return None;
    }
    let mut separator = "";
    let written = loop {
        rest = match rest {
            [] | [255, ..] => break Ok(()),
            [0, after @ ..] => after,
            [code, length, after @ ..] => {
                let length = usize::from(*length);
                let Some(after) = after.get(length..) else {
                    break write!(f, "{separator}option {code} cut off");
                };
                if let Err(error) = write!(f, "{separator}option {code} of {length} bytes") {
                    break Err(error);
                }
                separator = ", ";
                after
            }
            [code] => break write!(f, "{separator}option {code} cut off"),
        };
    };
    if value.len() == cookie.len() {
        return Some(f.write_str("no options"));
    }
    Some(written)
}

/// Flags and name (draft-12 §12.9).
fn ddns(value: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (flags, mut labels) = value.split_first_chunk()?;
    let flags = u16::from_be_bytes(*flags);
    Some((|| {
        let names = ["A done", "A ours", "PTR done", "PTR ours"];
        for (bit, name) in names.iter().enumerate() {
            if flags >> bit & 1 != 0 {
                write!(f, "{name}, ")?;
            }
        }
        f.write_char('"')?;
        let mut separator = "";
        while let [length @ 1..=63, rest @ ..] = labels {
            let Some((label, rest)) = rest.split_at_checked(usize::from(*length)) else { break };
            f.write_str(separator)?;
            for byte in label {
                write!(f, "{}", byte.escape_ascii())?;
            }
            separator = ".";
            labels = rest;
        }
        f.write_char('"')
    })())
}

/// How many buckets, and which, as ranges.
fn buckets(map: [u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let set: u32 = map.iter().map(|byte| byte.count_ones()).sum();
    write!(f, "{set} of 256")?;
    if set == 0 || set == 256 {
        return Ok(());
    }
    let holds = |bucket: u16| {
        map.get(usize::from(bucket / 8)).is_some_and(|byte| byte >> (bucket % 8) & 1 != 0)
    };
    let (mut start, mut ranges) = (None, 0_u32);
    for bucket in 0..=256 {
        match start {
            None if holds(bucket) => start = Some(bucket),
            Some(first) if !holds(bucket) => {
                start = None;
                ranges = ranges.saturating_add(1);
                if ranges > 8 {
                    return f.write_str(", ...");
                }
                let separator = if ranges == 1 { ": " } else { ", " };
                match bucket.saturating_sub(1) {
                    last if last == first => write!(f, "{separator}{first}")?,
                    last => write!(f, "{separator}{first}-{last}")?,
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Type and digest.
fn digest(value: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (kind, digest) = value.split_first()?;
    let name = match (kind, digest.len()) {
        (1, 16) => "HMAC-MD5",
        (2, 32) => "HMAC-SHA-256",
        _ => "unknown",
    };
    Some(write!(f, "{kind} ({name}) ").and_then(|()| hex(digest, f)))
}

fn tls(value: u8, names: [&str; 3], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = names.get(usize::from(value)).unwrap_or(&"?");
    write!(f, "{value} ({name})")
}

fn scope_ids(value: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (ids, []) = value.as_chunks::<4>() else { return None };
    let mut separator = "";
    Some(ids.iter().try_for_each(|id| {
        write!(f, "{separator}{}", Ipv4Addr::from_bits(u32::from_le_bytes(*id)))?;
        separator = ", ";
        Ok(())
    }))
}

/// Both readings of a byte that only the rest of the update can tell apart.
fn windows_status(status: Status, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{:#04x} (lease {:?}, DHCID {:?}", status.0, status.lease_state(), status.dhcid())?;
    for (bit, name) in [
        (Status::DNS_CLEANUP, "cleanup"),
        (Status::DNS_BOTH_RECORDS, "both records"),
        (Status::DNS_UNREGISTERED, "unregistered"),
        (Status::DNS_DELETED, "deleted"),
    ] {
        if status.dns() & bit != 0 {
            write!(f, ", DNS {name}")?;
        }
    }
    match status.ownership_name() {
        Some(name) => write!(f, "; or ownership {name})"),
        None => f.write_char(')'),
    }
}
