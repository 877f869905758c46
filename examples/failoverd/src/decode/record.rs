//! What is shown of a message.

use std::{
    fmt::Write as _,
    io,
    time::{Duration, SystemTime},
};

use dhcp_failover_capture::{Found, What};
use dhcp_failover_wire::{
    Dialect, Message, OptionCode, RawMessage, RawOption, decode,
    digest::{self, DigestError, Key, Scheme},
    rules,
};
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

/// A message, or bytes that are none; `options` are in the order of the message.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    pub(super) frame: u64,
    #[serde(skip)]
    pub(super) captured: SystemTime,
    /// Seconds since 1970 with six decimals, which a float would not keep.
    time: Box<RawValue>,
    pub(super) src: String,
    pub(super) dst: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) xid: Option<u32>,
    pub(super) sent_time: Option<u32>,
    pub(super) dialect: String,
    pub(super) length: u64,
    pub(super) options: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bindings: Option<Vec<Map<String, Value>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

/// One option.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) code: u16,
    pub(super) name: String,
    pub(super) hex: String,
    pub(super) value: String,
}

impl Record {
    pub(super) fn new(found: &Found, checker: Option<&Checker>) -> Self {
        let mut record = Self {
            frame: found.frame,
            captured: SystemTime::UNIX_EPOCH + Duration::from_micros(found.time.unix_us),
            time: RawValue::from_string(found.time.to_string()).unwrap_or_default(),
            src: found.source.to_string(),
            dst: found.destination.to_string(),
            kind: None,
            xid: None,
            sent_time: None,
            dialect: found.dialect.to_string(),
            length: 0,
            options: Vec::new(),
            bindings: None,
            digest: None,
            error: None,
        };
        match &found.what {
            What::Message(bytes) => record.message(bytes, found.dialect, checker),
            What::Skipped { bytes, why } => {
                record.length = *bytes;
                record.error = Some(format!("{bytes} bytes skipped: {why}"));
            }
        }
        record
    }

    fn message(&mut self, bytes: &[u8], dialect: Dialect, checker: Option<&Checker>) {
        self.length = bytes.len() as u64;
        // The header says what it was meant to be, even if the rest is broken.
        if let Some([_, _, kind, _, t0, t1, t2, t3, x0, x1, x2, x3]) = bytes.first_chunk() {
            let kind = dhcp_failover_wire::MessageType(*kind);
            self.kind = Some(kind.name().map_or_else(|| format!("TYPE-{kind}"), str::to_owned));
            self.sent_time = Some(u32::from_be_bytes([*t0, *t1, *t2, *t3]));
            self.xid = Some(u32::from_be_bytes([*x0, *x1, *x2, *x3]));
        }
        let raw = match RawMessage::parse(bytes) {
            Ok(raw) => raw,
            Err(error) => {
                self.error = Some(error.to_string());
                return;
            }
        };
        self.options = raw.options().map(|option| shown(option, dialect)).collect();
        self.digest = checker.map(|checker| checker.check(bytes, dialect));
        match decode(bytes, dialect) {
            Ok(packet) => {
                self.bindings = bindings(raw, &packet.message, dialect);
                self.error = rules::check_message(dialect, raw, &packet.message)
                    .err()
                    .map(|violation| violation.to_string());
            }
            Err(error) => self.error = Some(error.to_string()),
        }
    }

    pub(super) fn write_json(&self, out: &mut impl io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

fn shown(option: RawOption<'_>, dialect: Dialect) -> Shown {
    Shown {
        code: option.code.0,
        name: name(option.code, dialect),
        hex: option.value.iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        }),
        value: option.describe(dialect).to_string(),
    }
}

/// The name the dialect has for an option.
fn name(code: OptionCode, dialect: Dialect) -> String {
    match code.name() {
        Some(name) if dialect.knows(code) => name.to_owned(),
        _ => format!("option-{}", code.0),
    }
}

/// The bindings of a BNDUPD or BNDACK: the options of each by name, and what they come to.
fn bindings(
    raw: RawMessage<'_>,
    message: &Message,
    dialect: Dialect,
) -> Option<Vec<Map<String, Value>>> {
    let outcomes: Vec<(&str, String)> = match message {
        Message::BndUpd(updates) => {
            updates.iter().map(|update| ("status", update.status.to_string())).collect()
        }
        Message::BndAck(acks) => acks
            .iter()
            .map(|ack| {
                let rejected = ack.reject.as_ref();
                ("answer", rejected.map_or_else(|| "accept".into(), |it| it.reason.to_string()))
            })
            .collect(),
        _ => return None,
    };
    let mut found: Vec<Map<String, Value>> = Vec::new();
    let mut before = Map::new();
    for option in raw.options().filter(|option| option.code != OptionCode::MESSAGE_DIGEST) {
        if option.code == OptionCode::ASSIGNED_IP_ADDRESS {
            found.push(Map::new());
        }
        // Only dhcpd's order is free: what comes before its only address belongs to it too.
        let binding = found.last_mut().unwrap_or(&mut before);
        let value = option.describe(dialect).to_string();
        binding.insert(name(option.code, dialect), value.into());
    }
    for (binding, (key, value)) in found.iter_mut().zip(outcomes) {
        binding.append(&mut before);
        binding.insert(key.to_owned(), value.into());
    }
    Some(found)
}

/// Checks digests with one secret, by the scheme of the dialect and the type that was sent.
pub(super) struct Checker {
    md5: Key,
    sha256: Key,
    windows: Key,
}

impl Checker {
    pub(super) fn new(secret: &[u8]) -> Self {
        let windows = match std::str::from_utf8(secret) {
            Ok(text) => Key::new(Scheme::WINDOWS, text),
            Err(_) => Key::from_bytes(Scheme::WINDOWS, secret),
        };
        Self {
            md5: Key::from_bytes(Scheme::HMAC_MD5, secret),
            sha256: Key::from_bytes(Scheme::HMAC_SHA256, secret),
            windows,
        }
    }

    fn check(&self, frame: &[u8], dialect: Dialect) -> String {
        let checked = if dialect.windows().is_some() {
            digest::verify(frame, &self.windows)
        } else {
            match digest::verify(frame, &self.sha256) {
                Err(DigestError::WrongType { .. }) => digest::verify(frame, &self.md5),
                checked => checked,
            }
        };
        match checked {
            Ok(()) => "ok".to_owned(),
            Err(DigestError::Missing) => "missing".to_owned(),
            Err(DigestError::Mismatch) => "mismatch".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}
