//! A failover message in one line.

use dhcp_failover::wire::{
    BindingStatus, Dialect, IpFlags, OptionCode, RawMessage, RawOption, RejectReason, ServerFlags,
    ServerState, decode,
};
use std::fmt::Write;
use std::net::Ipv4Addr;

/// Bytes of an option shown as hex digits, at most.
const MAX_HEX: usize = 24;

/// One message: type, transaction id, and every option in the order of the message.
///
/// The borrowed view shows any message whose structure is sound, in every dialect and with options
/// nobody knows. Then the typed decoder has its say: what an endpoint would refuse is marked.
#[must_use]
pub fn message(frame: &[u8], dialect: Dialect) -> String {
    let raw = match RawMessage::parse(frame) {
        Ok(raw) => raw,
        Err(error) => return format!("MALFORMED: {error}"),
    };
    let header = raw.header();
    let mut line = format!("{:<10} xid {}", header.message_type, header.xid);
    for option in raw.options() {
        let begins_binding = option.code == OptionCode::ASSIGNED_IP_ADDRESS;
        line.push_str(if begins_binding { " | " } else { ", " });
        // Writing to a string cannot fail.
        let _ = write!(line, "{} {}", option.code, value(option, header.time));
    }
    if let Err(error) = decode(frame, dialect) {
        let _ = write!(line, "  MALFORMED: {error}");
    }
    line
}

/// The value of an option, read by what its code says; hex digits if it has another length.
fn value(option: RawOption<'_>, sent: u32) -> String {
    let readable = match option.code {
        OptionCode::ASSIGNED_IP_ADDRESS => {
            option.value.try_into().ok().map(|b: [u8; 4]| Ipv4Addr::from(b).to_string())
        }
        OptionCode::BINDING_STATUS => byte(option).map(|n| BindingStatus(n).to_string()),
        OptionCode::SERVER_STATE => byte(option).map(|n| ServerState(n).to_string()),
        OptionCode::SERVER_FLAGS => byte(option).map(flags),
        OptionCode::REJECT_REASON => byte(option).map(|n| format!("{n} ({})", RejectReason(n))),
        OptionCode::PROTOCOL_VERSION
        | OptionCode::TLS_REQUEST
        | OptionCode::TLS_REPLY
        | OptionCode::DELAYED_SERVICE_PARAMETER => byte(option).map(|n| n.to_string()),
        OptionCode::IP_FLAGS => {
            option.value.try_into().ok().map(|b| IpFlags(u16::from_be_bytes(b)).to_string())
        }
        OptionCode::ADDRESSES_TRANSFERRED | OptionCode::MAX_UNACKED_BNDUPD => {
            word(option).map(|n| n.to_string())
        }
        OptionCode::MCLT | OptionCode::RECEIVE_TIMER => word(option).map(|n| format!("{n} s")),
        OptionCode::LEASE_EXPIRATION_TIME
        | OptionCode::POTENTIAL_EXPIRATION_TIME
        | OptionCode::START_TIME_OF_STATE
        | OptionCode::CLIENT_LAST_TRANSACTION_TIME => word(option).map(|n| time(n, sent)),
        OptionCode::RELATIONSHIP_NAME
        | OptionCode::VENDOR_CLASS_IDENTIFIER
        | OptionCode::MESSAGE => text(option.value),
        OptionCode::CLIENT_HARDWARE_ADDRESS => hardware(option.value),
        OptionCode::HASH_BUCKET_ASSIGNMENT => {
            let set: u32 = option.value.iter().map(|byte| byte.count_ones()).sum();
            Some(format!("{set} of {} buckets", option.value.len() * 8))
        }
        _ => None,
    };
    readable.unwrap_or_else(|| hex(option.value))
}

fn byte(option: RawOption<'_>) -> Option<u8> {
    match *option.value {
        [byte] => Some(byte),
        _ => None,
    }
}

fn word(option: RawOption<'_>) -> Option<u32> {
    option.value.try_into().ok().map(u32::from_be_bytes)
}

/// A time on the sender's clock, which the header shows too: the distance says more than the
/// number.
fn time(at: u32, sent: u32) -> String {
    match (at, i64::from(at) - i64::from(sent)) {
        (0, _) => "none".to_owned(),
        (u32::MAX, _) => "never".to_owned(),
        (_, 0) => "now".to_owned(),
        (_, distance) => format!("now{distance:+} s"),
    }
}

fn flags(bits: u8) -> String {
    if bits == 0 { "none".to_owned() } else { ServerFlags(bits).to_string() }
}

/// In quotes, if it is printable.
fn text(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let printable = !text.chars().any(char::is_control);
    printable.then(|| format!("{text:?}"))
}

fn hardware(value: &[u8]) -> Option<String> {
    let (htype, address) = value.split_first()?;
    let bytes: Vec<String> = address.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{htype}/{}", bytes.join(":")))
}

fn hex(value: &[u8]) -> String {
    if value.is_empty() {
        return "(empty)".to_owned();
    }
    let shown = value.iter().take(MAX_HEX).map(|byte| format!("{byte:02x}")).collect::<String>();
    match value.len() {
        length if length > MAX_HEX => format!("{shown}.. ({length} bytes)"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(message_type: u8, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut frame = vec![0, 0, message_type, 12, 0, 0, 1, 0, 0, 0, 0, 7];
        for (code, value) in options {
            frame.extend(code.to_be_bytes());
            frame.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            frame.extend(*value);
        }
        let length = u16::try_from(frame.len()).unwrap();
        frame[..2].copy_from_slice(&length.to_be_bytes());
        frame
    }

    #[test]
    fn a_binding_update_reads_like_a_sentence() {
        let frame = frame(
            3,
            &[
                (2, &[192, 0, 2, 9]),
                (3, &[2]),
                (5, &[1, 2, 0, 0, 0, 0, 1]),
                (13, &[0, 0, 1, 60]),
                (25, &[0, 0, 1, 0]),
            ],
        );
        assert_eq!(
            message(&frame, Dialect::Draft12),
            "BNDUPD     xid 7 | assigned-IP-address 192.0.2.9, binding-status ACTIVE, \
             client-hardware-address 1/02:00:00:00:00:01, lease-expiration-time now+60 s, \
             start-time-of-state now"
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let no_status = message(&frame(3, &[(2, &[192, 0, 2, 9])]), Dialect::Draft12);
        assert!(no_status.contains("MALFORMED: BNDUPD at offset 12 lacks option binding-status"));
        let mut overrun = frame(10, &[(24, &[2])]);
        overrun[15] = 9;
        let overrun = message(&overrun, Dialect::Draft12);
        assert!(overrun.contains("server-state at offset 12 needs 9 bytes and has 1"), "{overrun}");
        assert!(message(&[0, 12, 11], Dialect::Draft12).starts_with("MALFORMED"));
    }

    #[test]
    fn unknown_and_ill_sized_options_are_shown_as_they_are() {
        let odd = frame(11, &[(24, &[1, 2]), (999, &[0xab; 30]), (16, b"\x1b[2J")]);
        let line = message(&odd, Dialect::Draft12);
        assert!(line.contains("server-state 0102, 999 abab"), "{line}");
        assert!(line.contains(".. (30 bytes), message 1b5b324a"), "{line}");
    }
}
