//! The name of a DHCP message, for logs and metrics.

/// The end of the fixed part and the magic cookie (RFC 2131 §2, §3).
const OPTIONS_AT: usize = 240;
const PAD: u8 = 0;
const END: u8 = 255;
const MESSAGE_TYPE: u8 = 53;

/// The name of the message in a packet, which may be anything at all.
pub(super) fn message_name(packet: &[u8]) -> &'static str {
    let mut rest = packet.get(OPTIONS_AT..).unwrap_or_default();
    loop {
        rest = match rest {
            [PAD, rest @ ..] => rest,
            [MESSAGE_TYPE, 1, kind, ..] => return name(*kind),
            [code, length, rest @ ..] if *code != END => {
                rest.get(usize::from(*length)..).unwrap_or_default()
            }
            _ => return "other",
        }
    }
}

const fn name(kind: u8) -> &'static str {
    match kind {
        1 => "DISCOVER",
        2 => "OFFER",
        3 => "REQUEST",
        4 => "DECLINE",
        5 => "ACK",
        6 => "NAK",
        7 => "RELEASE",
        8 => "INFORM",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_behind_other_options_and_in_no_rubbish() {
        let packet = |options: &[u8]| [&[0; OPTIONS_AT], options].concat();
        assert_eq!(message_name(&packet(&[0, 61, 2, 53, 1, 53, 1, 5, 255])), "ACK");
        for rubbish in [&[][..], &[53], &[53, 1], &[61, 200, 1], &[255, 53, 1, 1], &[53, 1, 99]] {
            assert_eq!(message_name(&packet(rubbish)), "other");
        }
        assert_eq!(message_name(&[1; 20]), "other");
    }
}
