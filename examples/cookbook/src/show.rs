//! A failover message in one line.

use dhcp_failover::wire::{Dialect, OptionCode, RawMessage, decode};
use std::fmt::Write;

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
        let _ = write!(line, "{} {}", option.code, option.describe(dialect));
    }
    if let Err(error) = decode(frame, dialect) {
        let _ = write!(line, "  MALFORMED: {error}");
    }
    line
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
             client-hardware-address 1/02:00:00:00:00:01, lease-expiration-time 1970-01-01T00:05:16Z, \
             start-time-of-state 1970-01-01T00:04:16Z"
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
        let hex = "ab".repeat(30);
        let shown = format!("server-state 0102, 999 {hex}, message \"\\u{{1b}}[2J\"");
        assert!(line.contains(&shown), "{line}");
    }
}
